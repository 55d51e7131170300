//! An EKS cluster by its name and AWS credentials: `DescribeCluster` says where it is and who it is.

use aws_credential_types::provider::SharedCredentialsProvider;
use base64::Engine as _;
use http::Uri;
use kube::config::Config;

use aws_sdk_eks::types::{Cluster, ClusterStatus, VpcConfigResponse};

use super::token::{Signer, Tokens};
use super::{Access, certificates, proxy, unusable};
use crate::clock::Clock;
use crate::names::Region;
use crate::platform::aws::{self, Connection, Renewing, ServerTime};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::associations::Eks;
use crate::spec::{KubePlace, Owner};

/// Everybody may connect: the default of a public endpoint (Amazon EKS user guide, cluster API
/// server endpoint).
const ANYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The cluster `name` of the place's account and Region.
pub(super) async fn find(
    place: &KubePlace,
    name: &str,
    endpoint: Option<&str>,
    clock: Clock,
) -> Result<Access, Failed> {
    let region = place.region.as_ref().ok_or_else(|| {
        let why = "the target's file has no `region`";
        Failed::new(
            format!("find EKS cluster {name}"),
            FailureKind::Invalid,
            why,
        )
    })?;
    let connection = aws::connect_to(region.as_str(), endpoint, None, clock).await;
    // An emulator has a clock of its own, and does not check tokens.
    let time = match endpoint {
        Some(_) => ServerTime::new(clock),
        None => connection.time.clone(),
    };
    let source = endpoint.map_or(Owner::Aws, Owner::of);
    found(&connection, place, (name, region), (source, time)).await
}

/// The cluster of this name and Region, over a connection to AWS.
pub(super) async fn found(
    connection: &Connection,
    place: &KubePlace,
    (name, region): (&str, &Region),
    (source, time): (Owner, ServerTime),
) -> Result<Access, Failed> {
    let client = client(connection);
    let cluster = describe(&client, name, region).await?;
    check_owner(connection, &cluster, place, region).await?;
    let url = ready(&cluster, name)?;
    let mut config = Config::new(url);
    config.root_cert = Some(authority(&cluster, name)?);
    config.proxy_url = proxy::from_environment(&config.cluster_url);
    let own = source == Owner::Aws;
    let (provider, renewing) = signs(connection, source, &config.cluster_url, name)?;
    let signer = Signer {
        region: region.to_string(),
        // A local cluster on an Outpost is known by its id; only AWS itself may choose for which one
        // a token is.
        cluster: cluster
            .id
            .clone()
            .filter(|_| own)
            .unwrap_or_else(|| name.to_owned()),
        provider,
        renewing,
        time,
    };
    Ok(Access {
        config,
        cluster: cluster.arn.clone().unwrap_or_else(|| name.to_owned()),
        tokens: Some(Tokens::new(signer)),
        plugin: None,
        hint: cluster.resources_vpc_config.as_ref().and_then(hint),
        eks: Some(Eks::of(client, name)),
    })
}

/// Who signs tokens for the cluster. A token is good for whatever its signer may do: where not AWS but
/// something at the target's `endpoint` says where the cluster is, a real one stays on this machine.
fn signs(
    connection: &Connection,
    source: Owner,
    cluster: &Uri,
    name: &str,
) -> Result<(SharedCredentialsProvider, Option<Renewing>), Failed> {
    let here = [source, Owner::of(&cluster.to_string())] == [Owner::Ourselves; 2];
    if source != Owner::Aws && !here {
        return Ok((aws::made_up(), None));
    }
    let provider = connection.settings.credentials_provider().ok_or_else(|| {
        let why = "no AWS credentials are set up";
        Failed::new(
            format!("sign in to EKS cluster {name}"),
            FailureKind::NoCredentials,
            why,
        )
    })?;
    Ok((provider, connection.credentials.clone()))
}

/// A client of EKS.
fn client(connection: &Connection) -> aws_sdk_eks::Client {
    let settings = aws_sdk_eks::config::Builder::from(&connection.settings)
        .interceptor(connection.time.clone())
        .interceptor(aws::Whole)
        .interceptor(aws::Requests::new(connection.time.clock()))
        .retry_classifier(aws::Whole)
        .build();
    aws_sdk_eks::Client::from_conf(settings)
}

async fn describe(
    client: &aws_sdk_eks::Client,
    name: &str,
    region: &Region,
) -> Result<Cluster, Failed> {
    let operation = format!("find EKS cluster {name}");
    let answer = client.describe_cluster().name(name).send().await;
    let answer = answer.map_err(|error| {
        let mut failed = aws::failed(operation.clone(), error);
        if failed.kind == FailureKind::Missing {
            failed.kind = FailureKind::ClusterMissing;
            failed.message = format!("there is none of this name in {region}");
        }
        failed
    })?;
    answer.cluster.ok_or_else(|| {
        Failed::new(
            operation,
            FailureKind::Unsupported,
            "the answer holds no cluster",
        )
    })
}

/// Refuses another account or Region than the target's; asks STS only where the ARN does not tell.
async fn check_owner(
    connection: &Connection,
    cluster: &Cluster,
    place: &KubePlace,
    region: &Region,
) -> Result<(), Failed> {
    let part = |index: usize| {
        let arn = cluster.arn.as_deref()?;
        arn.split(':').nth(index).filter(|part| !part.is_empty())
    };
    let refused = |what: &str, why: String| Err(Failed::new(what, FailureKind::Refused, why));
    if let Some(seen) = part(3)
        && seen != region.as_str()
    {
        let why = format!("the cluster is in {seen}; the target says {region}");
        return refused("work in this Region", why);
    }
    let Some(wanted) = &place.account else {
        return Ok(());
    };
    let seen = if let Some(seen) = part(4) {
        Some(seen.to_owned())
    } else {
        let settings = aws_sdk_sts::config::Builder::from(&connection.settings)
            .interceptor(aws::Whole)
            .interceptor(aws::Requests::new(connection.time.clock()))
            .retry_classifier(aws::Whole)
            .build();
        let sts = aws_sdk_sts::Client::from_conf(settings);
        let answer = sts.get_caller_identity().send().await;
        answer
            .map_err(|error| aws::failed("ask whose credentials these are", error))?
            .account
    };
    match seen {
        Some(seen) if seen == wanted.as_str() => Ok(()),
        Some(seen) => refused(
            "work in this account",
            format!("the cluster belongs to account {seen}; the target says {wanted}"),
        ),
        None => Err(aws::nobody()),
    }
}

/// Where it is, if it is in a state to be worked with.
fn ready(cluster: &Cluster, name: &str) -> Result<Uri, Failed> {
    let not_now = |kind: FailureKind, why: &str| {
        Err(Failed::new(format!("reach EKS cluster {name}"), kind, why))
    };
    match &cluster.status {
        Some(ClusterStatus::Creating | ClusterStatus::Pending) => {
            return not_now(
                FailureKind::Conflict,
                "it is still being created, which takes about ten minutes; run the same command again then",
            );
        }
        Some(ClusterStatus::Deleting) => {
            return not_now(FailureKind::ClusterMissing, "it is being deleted");
        }
        Some(ClusterStatus::Failed) => {
            return not_now(
                FailureKind::Conflict,
                "its creation failed; the EKS console names the reason under its health issues",
            );
        }
        _ => {}
    }
    let Some(endpoint) = cluster.endpoint.as_deref() else {
        return not_now(FailureKind::Conflict, "it has no endpoint (yet)");
    };
    let url: Uri = endpoint
        .parse()
        .map_err(|error: http::uri::InvalidUri| unusable(name, &error))?;
    if url.scheme_str() != Some("https") {
        return not_now(
            FailureKind::Refused,
            "its endpoint is no https URL, as that of every EKS cluster is: no token is sent there",
        );
    }
    Ok(url)
}

fn authority(cluster: &Cluster, name: &str) -> Result<Vec<Vec<u8>>, Failed> {
    let wrong = |why: String| {
        Failed::new(
            format!("reach EKS cluster {name}"),
            FailureKind::Invalid,
            why,
        )
    };
    let data = cluster
        .certificate_authority
        .as_ref()
        .and_then(|authority| authority.data.as_deref())
        .ok_or_else(|| wrong("its certificate authority is not known (yet)".into()))?;
    let pem = base64::engine::general_purpose::STANDARD
        .decode(data)
        .map_err(|error| wrong(format!("its certificate authority is no base64: {error}")))?;
    certificates(&pem)
        .map_err(|error| wrong(format!("its certificate authority is no PEM: {error}")))
}

/// Why no connection may come about.
fn hint(network: &VpcConfigResponse) -> Option<String> {
    if !network.endpoint_public_access {
        return Some(
            "Its endpoint is private: run this inside its VPC or a network connected to it, or allow public access"
                .into(),
        );
    }
    let admitted = network.public_access_cidrs();
    let everybody = admitted.is_empty()
        || admitted
            .iter()
            .any(|range| ANYWHERE.contains(&range.as_str()));
    (!everybody).then(|| format!("Its public endpoint admits only {}", admitted.join(", ")))
}
