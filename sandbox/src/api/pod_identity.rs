//! EKS Pod Identity: which role a service account of a cluster is associated with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, ApiError, page, read, time};
use crate::world::{Millis, World};

/// The role of one service account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Association {
    id: String,
    cluster: String,
    namespace: String,
    service_account: String,
    role_arn: String,
    target_role_arn: Option<String>,
    disable_session_tags: bool,
    policy: Option<String>,
    tags: BTreeMap<String, String>,
    /// What made it: the same request again makes no other.
    token: Option<String>,
    created: Millis,
    modified: Millis,
}

pub(super) fn perform(world: &mut World, operation: &str, input: &Value) -> Answer {
    match operation {
        "CreatePodIdentityAssociation" => create(world, input),
        "ListPodIdentityAssociations" => list(world, input),
        "TagResource" => tag(world, input),
        _ => {
            let found = find(world, input)?;
            match operation {
                "DescribePodIdentityAssociation" => {}
                "UpdatePodIdentityAssociation" => update(world, &found, input)?,
                "DeletePodIdentityAssociation" => {
                    let gone = view(world, &found);
                    world.identities.remove(&found);
                    return Ok(json!({ "association": gone }));
                }
                _ => return Err(ApiError::unknown(operation)),
            }
            Ok(json!({ "association": view(world, &found) }))
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster_name: String,
    namespace: String,
    service_account: String,
    role_arn: String,
    target_role_arn: Option<String>,
    #[serde(default)]
    disable_session_tags: bool,
    policy: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    client_request_token: Option<String>,
}

fn create(world: &mut World, input: &Value) -> Answer {
    let input: Create = read(input)?;
    there(world, &input.cluster_name)?;
    is_role(&input.role_arn)?;
    input.target_role_arn.as_deref().map_or(Ok(()), is_role)?;
    let mut all = world.identities.values();
    let same = all.find(|one| {
        (&one.cluster, &one.namespace, &one.service_account)
            == (
                &input.cluster_name,
                &input.namespace,
                &input.service_account,
            )
    });
    if let Some(same) = same {
        if same.token.is_some() && same.token == input.client_request_token {
            return Ok(json!({ "association": view(world, &same.id) }));
        }
        return Err(ApiError {
            status: 409,
            code: "ResourceInUseException".to_owned(),
            message: format!("Association already exists: {}", same.id),
        });
    }
    let id = format!("a-{}", &world.rng.uuid().replace('-', "")[..17]);
    let association = Association {
        id: id.clone(),
        cluster: input.cluster_name,
        namespace: input.namespace,
        service_account: input.service_account,
        role_arn: input.role_arn,
        target_role_arn: input.target_role_arn,
        disable_session_tags: input.disable_session_tags,
        policy: input.policy,
        tags: input.tags,
        token: input.client_request_token,
        created: world.now,
        modified: world.now,
    };
    world.identities.insert(id.clone(), association);
    Ok(json!({ "association": view(world, &id) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    role_arn: Option<String>,
    target_role_arn: Option<String>,
    disable_session_tags: Option<bool>,
    policy: Option<String>,
}

fn update(world: &mut World, id: &str, input: &Value) -> Result<(), ApiError> {
    let input: Update = read(input)?;
    let roles = [&input.role_arn, &input.target_role_arn];
    roles
        .into_iter()
        .flatten()
        .try_for_each(|role| is_role(role))?;
    let now = world.now;
    if let Some(one) = world.identities.get_mut(id) {
        one.role_arn = input.role_arn.unwrap_or(std::mem::take(&mut one.role_arn));
        one.target_role_arn = input.target_role_arn.or(one.target_role_arn.take());
        one.policy = input.policy.or(one.policy.take());
        let off = input.disable_session_tags;
        one.disable_session_tags = off.unwrap_or(one.disable_session_tags);
        one.modified = now;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    namespace: Option<String>,
    service_account: Option<String>,
    next_token: Option<String>,
    max_results: Option<String>,
}

fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    there(world, &input.cluster_name)?;
    let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|one| one == is);
    let all = world.identities.values().filter(|one| {
        one.cluster == input.cluster_name
            && fits(&input.namespace, &one.namespace)
            && fits(&input.service_account, &one.service_account)
    });
    let all = all.map(|one| {
        json!({
            "clusterName": one.cluster,
            "namespace": one.namespace,
            "serviceAccount": one.service_account,
            "associationArn": arn(world, one),
            "associationId": one.id,
        })
    });
    let size = input.max_results.and_then(|size| size.parse().ok());
    let (all, next) = page(all.collect(), input.next_token.as_deref(), size, 100)?;
    Ok(json!({ "associations": all, "nextToken": next }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tag {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

fn tag(world: &mut World, input: &Value) -> Answer {
    let input: Tag = read(input)?;
    let id = super::short(&input.resource_arn);
    let one = world.identities.get_mut(id).ok_or_else(missing)?;
    one.tags.extend(input.tags);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cluster_name: String,
    association_id: String,
}

fn find(world: &World, input: &Value) -> Result<String, ApiError> {
    let input: Named = read(input)?;
    there(world, &input.cluster_name)?;
    let found = world.identities.get(&input.association_id);
    let found = found.filter(|one| one.cluster == input.cluster_name);
    found.map(|one| one.id.clone()).ok_or_else(missing)
}

fn there(world: &World, cluster: &str) -> Result<(), ApiError> {
    if world.eks.contains_key(cluster) {
        return Ok(());
    }
    Err(super::eks::no_cluster(cluster))
}

fn missing() -> ApiError {
    ApiError {
        status: 404,
        code: "ResourceNotFoundException".to_owned(),
        message: "Association not found.".to_owned(),
    }
}

/// A role that cannot be one is refused before anything else.
fn is_role(arn: &str) -> Result<(), ApiError> {
    if arn.starts_with("arn:aws") && arn.contains(":role/") {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "Role provided in the request is not valid: {arn}"
    )))
}

fn arn(world: &World, one: &Association) -> String {
    let (region, account) = (&world.region, &world.account);
    let (cluster, id) = (&one.cluster, &one.id);
    format!("arn:aws:eks:{region}:{account}:podidentityassociation/{cluster}/{id}")
}

fn view(world: &World, id: &str) -> Value {
    world.identities.get(id).map_or(Value::Null, |one| {
        json!({
            "clusterName": one.cluster,
            "namespace": one.namespace,
            "serviceAccount": one.service_account,
            "roleArn": one.role_arn,
            "targetRoleArn": one.target_role_arn,
            "disableSessionTags": one.disable_session_tags,
            "policy": one.policy,
            "associationArn": arn(world, one),
            "associationId": one.id,
            "tags": one.tags,
            "createdAt": time(one.created),
            "modifiedAt": time(one.modified),
        })
    })
}
