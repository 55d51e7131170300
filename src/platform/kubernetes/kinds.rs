//! The closed set of kinds that we make, with where the API server has them: known beforehand, so
//! that nothing has to be discovered.

pub mod autoscaler;
pub mod deployment;
pub mod desired;
mod ingress;
pub mod render;
pub mod service;

use std::fmt;

use kube::api::ApiResource;
use serde::{Deserialize, Serialize};

/// A kind of object, in the order in which objects are applied: what pods need comes before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Made where the target says so; never changed or deleted.
    Namespace,
    /// Whom the pods are.
    ServiceAccount,
    /// What fills the Secret from AWS (External Secrets Operator, `external-secrets.io/v1`).
    ExternalSecret,
    /// Before the pods, whose readiness may depend on its targets (AWS Load Balancer Controller
    /// documentation, pod readiness gate).
    Service,
    /// Likewise.
    Ingress,
    /// How many pods an eviction may take.
    PodDisruptionBudget,
    /// The pods themselves.
    Deployment,
    /// What moves their number; applied last, and on an update only once they are healthy.
    HorizontalPodAutoscaler,
}

impl Kind {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Namespace,
        Self::ServiceAccount,
        Self::ExternalSecret,
        Self::Service,
        Self::Ingress,
        Self::PodDisruptionBudget,
        Self::Deployment,
        Self::HorizontalPodAutoscaler,
    ];

    /// Those that have the service's own name.
    pub const NAMED: [Self; 4] = [
        Self::Service,
        Self::PodDisruptionBudget,
        Self::Deployment,
        Self::HorizontalPodAutoscaler,
    ];

    /// Group, version and plural.
    pub(super) fn place(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Namespace => ("", "v1", "namespaces"),
            Self::ServiceAccount => ("", "v1", "serviceaccounts"),
            Self::ExternalSecret => ("external-secrets.io", "v1", "externalsecrets"),
            Self::Service => ("", "v1", "services"),
            Self::Ingress => ("networking.k8s.io", "v1", "ingresses"),
            Self::PodDisruptionBudget => ("policy", "v1", "poddisruptionbudgets"),
            Self::Deployment => ("apps", "v1", "deployments"),
            Self::HorizontalPodAutoscaler => ("autoscaling", "v2", "horizontalpodautoscalers"),
        }
    }

    /// Its name in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ServiceAccount => "ServiceAccount",
            Self::ExternalSecret => "ExternalSecret",
            Self::Service => "Service",
            Self::Ingress => "Ingress",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::Deployment => "Deployment",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
        }
    }

    /// `apiVersion` in manifests: `v1`, `apps/v1`.
    pub fn api_version(self) -> String {
        match self.place() {
            ("", version, _) => version.to_owned(),
            (group, version, _) => format!("{group}/{version}"),
        }
    }

    /// Where the API server has it.
    pub fn resource(self) -> ApiResource {
        let (group, version, plural) = self.place();
        ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: self.api_version(),
            kind: self.as_str().to_owned(),
            plural: plural.to_owned(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One object, within the namespace: `Deployment api`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}
