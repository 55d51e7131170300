//! How a cluster is reached: by a kubeconfig, from within a pod, or by AWS credentials alone.

use std::fmt;

use crate::clock::Clock;
use crate::platform::aws::ServerTime;
use crate::platform::failure::{Failed, Kind};
use crate::spec::KubePlace;

/// A connection to one cluster.
#[derive(Clone)]
pub struct Link {
    /// Sends the requests, with credentials that are renewed.
    pub client: kube::Client,
    /// The cluster as people and plans name it: an ARN on EKS, else the server's URL.
    pub cluster: String,
    /// How far the server's clock is from ours, as its answers show it.
    pub time: ServerTime,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.cluster)
    }
}

/// Reaches the cluster of `place`; no request is sent to it yet.
pub async fn connect(place: &KubePlace, clock: Clock) -> Result<Link, Failed> {
    let wrong = |error: &dyn std::error::Error| {
        Failed::new(
            format!("reach the cluster of namespace {}", place.namespace),
            Kind::Invalid,
            error.to_string(),
        )
    };
    let config = kube::Config::infer().await.map_err(|error| wrong(&error))?;
    let cluster = config.cluster_url.to_string();
    let client = kube::Client::try_from(config).map_err(|error| wrong(&error))?;
    Ok(Link {
        client,
        cluster,
        time: ServerTime::new(clock),
    })
}
