//! The resolved specification: every default filled in, every name parsed, every cross-check
//! made. Pure data; what a platform does with it is decided under `platform/`.

use crate::names::ServiceName;

pub use super::words::architecture::Architecture;
pub use super::words::capacity::{Capacity, Provider};
pub use super::words::cluster::EcsPlace;
pub use super::words::container::Container;
pub use super::words::depends_on::Dependency;
pub use super::words::ecs::EcsOwn;
pub use super::words::env::Literal;
pub use super::words::health::HealthCheck;
pub use super::words::ingress::Ingress;
pub use super::words::kubernetes::KubeOwn;
pub use super::words::logs::AwsLogs;
pub use super::words::namespace::{KubePlace, Reach, SecretStore};
pub use super::words::network::Network;
pub use super::words::ports::{Port, Protocol};
pub use super::words::probes::{Check, HttpProbe, Probe};
pub use super::words::resources::Resources;
pub use super::words::rollout::{Breaker, OnCancel, Rollout, Threshold};
pub use super::words::scaling::Scaling;
pub use super::words::secret::SecretRef;
pub use super::words::service::{EcsService, KubeService, Service};
pub use super::words::share::Share;
pub use super::words::target::{Approve, Target};
pub use super::words::target_groups::TargetGroup;
pub use super::words::user::user_ids;

/// What one command works on: the chosen services, at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// A label and a tag on everything we own.
    pub project: String,
    /// What every target has, wherever it is.
    pub target: Target,
    /// The place, and the services as its platform needs them.
    pub workload: Workload,
}

/// Where services can run, with those that run there in the order of the file; there is no other
/// place.
#[derive(Debug, Clone, PartialEq)]
pub enum Workload {
    /// ECS in an AWS account, or behind an emulator's endpoint.
    Ecs {
        /// The cluster.
        place: EcsPlace,
        /// Whether it is the embedded ECS: then nothing leaves the machine.
        sandbox: bool,
        /// What runs there.
        services: Vec<EcsService>,
    },
    /// A namespace of a Kubernetes cluster, EKS or any other.
    Kubernetes {
        /// The namespace.
        place: KubePlace,
        /// What runs there.
        services: Vec<KubeService>,
    },
}

impl Spec {
    /// The place and its services, where that is ECS.
    pub fn ecs(&self) -> Option<(&EcsPlace, &[EcsService])> {
        match &self.workload {
            Workload::Ecs {
                place, services, ..
            } => Some((place, services)),
            Workload::Kubernetes { .. } => None,
        }
    }

    /// The place and its services, where that is Kubernetes.
    pub fn kubernetes(&self) -> Option<(&KubePlace, &[KubeService])> {
        match &self.workload {
            Workload::Kubernetes { place, services } => Some((place, services)),
            Workload::Ecs { .. } => None,
        }
    }

    /// The name and the containers of each service, wherever they run.
    pub fn services(&self) -> Vec<(&ServiceName, &[Container])> {
        match &self.workload {
            Workload::Ecs { services, .. } => services.iter().map(Service::contents).collect(),
            Workload::Kubernetes { services, .. } => {
                services.iter().map(Service::contents).collect()
            }
        }
    }
}
