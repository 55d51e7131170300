//! EKS: which clusters there are, and how one is reached.

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, page, read, time};
use crate::eks::EksCluster;
use crate::world::World;

pub(super) fn perform(world: &mut World, operation: &str, input: &Value) -> Answer {
    match operation {
        "DescribeCluster" => describe(world, input),
        "ListClusters" => list(world, input),
        _ => super::pod_identity::perform(world, operation, input),
    }
}

/// The refusal of a name that no cluster has.
pub(super) fn no_cluster(name: &str) -> ApiError {
    ApiError {
        status: 404,
        code: "ResourceNotFoundException".to_owned(),
        message: format!("No cluster found for name: {name}."),
    }
}

#[derive(Deserialize)]
struct Describe {
    name: String,
}

fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    let Some(cluster) = world.eks.get(&input.name) else {
        return Err(no_cluster(&input.name));
    };
    Ok(json!({"cluster": view(world, cluster)}))
}

/// A cluster that is being created has neither endpoint nor authority yet.
fn view(world: &World, cluster: &EksCluster) -> Value {
    let arn = cluster.arn.clone().unwrap_or_else(|| {
        let (region, account) = (&world.region, &world.account);
        format!("arn:aws:eks:{region}:{account}:cluster/{}", cluster.name)
    });
    let there = cluster.status != "CREATING";
    let authority = there.then(|| json!({"data": authority(&cluster.certificate_authority)}));
    json!({
        "name": cluster.name,
        "arn": arn,
        "createdAt": time(world.started),
        "version": cluster.version,
        "endpoint": there.then_some(&cluster.endpoint),
        "certificateAuthority": authority,
        "status": cluster.status,
        "platformVersion": "eks.1",
        "resourcesVpcConfig": {
            "subnetIds": [],
            "securityGroupIds": [],
            "endpointPublicAccess": cluster.public,
            "endpointPrivateAccess": !cluster.public,
            "publicAccessCidrs": cluster.public_cidrs,
        },
        "accessConfig": {"authenticationMode": "API"},
        "tags": {},
    })
}

fn authority(text: &str) -> String {
    if text.trim_start().starts_with("-----BEGIN") {
        base64::engine::general_purpose::STANDARD.encode(text)
    } else {
        text.to_owned()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    next_token: Option<String>,
    max_results: Option<String>,
}

fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let names: Vec<&String> = world.eks.keys().collect();
    let size = input.max_results.and_then(|size| size.parse().ok());
    let (names, next) = page(names, input.next_token.as_deref(), size, 100)?;
    Ok(json!({"clusters": names, "nextToken": next}))
}
