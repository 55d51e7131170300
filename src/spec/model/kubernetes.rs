//! The part of a service, and of a place, that only Kubernetes knows.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Architecture;
use crate::names::{AccountId, Arn, EcsName, KubeLabel, KubeName, Region};

/// A namespace of a Kubernetes cluster, and how the cluster is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct KubePlace {
    /// The AWS account: on EKS refused elsewhere, before any write; otherwise for references only.
    pub account: Option<AccountId>,
    /// The AWS Region: where the EKS cluster is, and of the secrets that are referred to.
    pub region: Option<Region>,
    /// How the cluster is reached.
    pub reach: Reach,
    /// The namespace that holds everything of ours.
    pub namespace: KubeLabel,
    /// Whether the namespace is made where it is missing.
    pub create_namespace: bool,
    /// The External Secrets store that fills the Secret; `None`: the Secret must exist already.
    pub secret_store: Option<SecretStore>,
}

/// How a cluster is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Reach {
    /// By a kubeconfig; where there is none, by the service account of the pod we run in.
    Kubeconfig {
        /// The file; `None`: `KUBECONFIG`, else `~/.kube/config`.
        path: Option<PathBuf>,
        /// The context; `None`: the current one.
        context: Option<String>,
        /// The name that the kubeconfig must have for the cluster; any other is refused before any write.
        cluster: Option<String>,
    },
    /// It is reached by AWS credentials and nothing else.
    Eks {
        /// The cluster's name (Amazon EKS API reference, `CreateCluster`: letters, digits, `-`, `_`).
        cluster: EcsName,
        /// For emulators: takes the place of the AWS endpoints.
        endpoint: Option<String>,
    },
}

/// An External Secrets store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretStore {
    /// The kind is `SecretStore` or `ClusterSecretStore`.
    pub kind: String,
    /// The name of the store.
    pub name: KubeName,
}

/// What only Kubernetes knows about a service.
#[derive(Debug, Clone, PartialEq)]
pub struct KubeOwn {
    /// The name of the Deployment, the Service, the autoscaler and the disruption budget; also the
    /// value of their label `app`.
    pub name: KubeLabel,
    /// The service account of the pods; `None`: the namespace's own `default`.
    pub service_account: Option<KubeName>,
    /// The IAM role of that service account (IRSA).
    pub role: Option<Arn>,
    /// The Secret that fills the environment from `secrets`.
    pub secret: KubeName,
    /// The port of the Service; 0 where the service listens on none, and there is no Service.
    pub service_port: u16,
    /// Pods go to nodes of this architecture only; `None`: to any.
    pub architecture: Option<Architecture>,
    /// What the scheduler reserves for the main container.
    pub requests: Resources,
    /// What the main container may use at most.
    pub limits: Resources,
    /// When a pod counts as ready; `None`: as soon as it runs.
    pub readiness: Option<Probe>,
    /// When a container is killed and started again; `None`: only when it exits.
    pub liveness: Option<Probe>,
    /// Holds the other two back until a slow container has started; `None`: they begin at once.
    pub startup: Option<Probe>,
    /// A pod counts as available once it was ready for so long, in whole seconds.
    pub min_ready: Duration,
    /// Most pods above the desired number during a rollout.
    pub max_surge: Share,
    /// Most pods missing from the desired number during a rollout.
    pub max_unavailable: Share,
    /// Most pods that an eviction (a drained node) may take away at once; `None`: no budget.
    pub disruption: Option<Share>,
    /// Whether pods are spread over zones and nodes, as far as they can be.
    pub spread: bool,
    /// A pod that is to end goes on serving for so long before it is told, so that load balancers
    /// have stopped sending to it; in whole seconds.
    pub drain: Duration,
    /// The Ingress; `None`: the service is not reached from outside of the cluster.
    pub ingress: Option<Ingress>,
    /// Annotations of the pods.
    pub pod_annotations: BTreeMap<String, String>,
}

/// Amounts of CPU and memory that are requested or allowed; `None` asks for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resources {
    /// CPU is counted in thousandths.
    pub cpu: Option<u32>,
    /// Memory is counted in MiB.
    pub memory: Option<u32>,
}

impl Resources {
    /// Units of 1/1024 vCPU as thousandths of a CPU, rounded to the nearest.
    pub fn millis(units: u32) -> u32 {
        let thousandths = (u64::from(units) * 1000 + 512) / 1024;
        u32::try_from(thousandths).unwrap_or(u32::MAX)
    }
}

/// A probe of the kubelet's (Kubernetes documentation, liveness, readiness and startup probes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The check that each probe makes.
    pub check: Check,
    /// Before the first one, in whole seconds.
    pub delay: Duration,
    /// Between two, in whole seconds, at least 1.
    pub period: Duration,
    /// How long one may take, in whole seconds, at least 1.
    pub timeout: Duration,
    /// Failures in a row that count.
    pub failures: u32,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// An HTTP GET that must answer 200 to 399.
    Http(HttpProbe),
    /// A shell line in the container that must exit with 0.
    Command(String),
    /// The port accepts connections.
    Tcp(u16),
}

/// Where an HTTP check sends its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpProbe {
    /// The path, with its slash.
    pub path: String,
    /// The port of the container that answers.
    pub port: u16,
}

/// How the outside reaches a service: an Ingress of the AWS Load Balancer Controller, or of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// The name of the Ingress.
    pub name: KubeName,
    /// The class that a controller of the cluster serves; `None`: the cluster's own default.
    pub class: Option<KubeName>,
    /// The host name that leads to the service.
    pub host: Option<String>,
    /// The certificate that proves the host name.
    pub certificate: Option<Arn>,
    /// Whether the load balancer faces the Internet; else it is internal.
    pub public: bool,
    /// The path prefix that it takes.
    pub path: String,
    /// Annotations in place of, or beside, the derived ones.
    pub annotations: BTreeMap<String, String>,
}

impl Ingress {
    /// Whether the AWS Load Balancer Controller serves it.
    pub fn is_alb(&self) -> bool {
        self.class
            .as_ref()
            .is_some_and(|class| class.as_str() == ALB)
    }
}

/// The class that the AWS Load Balancer Controller makes for itself (AWS Load Balancer Controller
/// documentation, `IngressClass`).
pub const ALB: &str = "alb";

/// The numbers in `user` or `user:group`; `None`: they are names, or too large for an id (Kubernetes
/// documentation, security context for a pod).
pub fn user_ids(user: &str) -> Option<(u32, Option<u32>)> {
    let id = |word: &str| {
        let id: u32 = word.parse().ok()?;
        (id <= i32::MAX.unsigned_abs() && !word.starts_with('+')).then_some(id)
    };
    match user.split_once(':') {
        Some((user, group)) => Some((id(user)?, Some(id(group)?))),
        None => Some((id(user)?, None)),
    }
}

/// A number of pods, or a share of the desired number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// A fixed number of pods.
    Pods(u32),
    /// A percentage of the desired number.
    Percent(u32),
}
