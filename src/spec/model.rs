//! The resolved specification: every default filled in, every name parsed, every cross-check
//! made. Pure data; what a platform does with it is decided under `platform/`.

use crate::names::ServiceName;

pub(crate) use super::words::architecture::Architecture;
pub(crate) use super::words::capacity::{Capacity, SPOT};
pub(crate) use super::words::container::Container;
pub(crate) use super::words::depends_on::Dependency;
pub(crate) use super::words::ecs::EcsOwn;
pub(crate) use super::words::ecs::autoscaler::Suspended;
pub(crate) use super::words::ecs::hooks::{Asked, HOOK_WAIT, StageHook};
pub(crate) use super::words::ecs::launch::{LaunchType, NetworkMode};
pub(crate) use super::words::ecs::log::{ContainerLog, Log};
pub(crate) use super::words::ecs::policy;
pub(crate) use super::words::ecs::scheduling::usual_percentages;
pub(crate) use super::words::ecs::strategy::{Strategy, TrafficShift};
pub(crate) use super::words::env::Literal;
pub(crate) use super::words::env::refs::{EnvFrom, EnvRef, EnvSource};
pub(crate) use super::words::gateway::rules::{RouteBackend, RouteRule};
pub(crate) use super::words::health::HealthCheck;
pub(crate) use super::words::ingress::Ingress;
pub(crate) use super::words::ingress::rules::{Backend, BackendPort, IngressPath};
pub(crate) use super::words::kubernetes::KubeOwn;
pub(crate) use super::words::kubernetes::autoscaler::Autoscaling;
pub(crate) use super::words::kubernetes::bindings::Binding;
pub(crate) use super::words::kubernetes::disruption::{Bound, Unhealthy};
pub(crate) use super::words::kubernetes::hooks::Hook;
pub(crate) use super::words::kubernetes::keda::triggers::{ReferenceKind, Trigger};
pub(crate) use super::words::kubernetes::keda::{FallbackBehavior, Keda, Paused};
pub(crate) use super::words::kubernetes::kind::WorkloadKind;
pub(crate) use super::words::kubernetes::network_policy::{NAMESPACE, Peer, PolicyRule};
pub(crate) use super::words::kubernetes::nodes::{
    CAPACITY, DO_NOT_DISRUPT, GROUP, GROUP_CAPACITY, POOL,
};
pub(crate) use super::words::kubernetes::part::{KubePart, PullPolicy};
pub(crate) use super::words::kubernetes::probe::{Check, HttpProbe, Probe};
pub(crate) use super::words::kubernetes::service::ServicePort;
pub(crate) use super::words::kubernetes::share::Share;
pub(crate) use super::words::kubernetes::stateful::{Claim, PodManagement};
pub(crate) use super::words::kubernetes::strategy::KubeStrategy;
pub(crate) use super::words::logs::AwsLogs;
pub(crate) use super::words::ports::{Port, Protocol};
pub(crate) use super::words::resources::Resources;
pub(crate) use super::words::rollout::{Breaker, OnCancel, Threshold};
pub(crate) use super::words::scaling::Scaling;
pub(crate) use super::words::schedule::Schedule;
pub(crate) use super::words::secret::SecretRef;
pub(crate) use super::words::service::{EcsService, KubeService, Service};
pub(crate) use super::words::target::cluster::EcsPlace;
pub(crate) use super::words::target::namespace::{KubePlace, Reach};
pub(crate) use super::words::target::{Approve, Target};
pub(crate) use super::words::target_groups::GroupShift;
pub(crate) use super::words::user::user_ids;
pub(crate) use super::words::volumes::{Documents, Efs, Volume};

/// What one command works on: the chosen services, at one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    /// A label and a tag on everything we own.
    pub(crate) project: String,
    /// What every target has, wherever it is.
    pub(crate) target: Target,
    /// The place, and the services as its platform needs them.
    pub(crate) workload: Workload,
}

/// Where services can run, with those that run there in the order of the file; there is no other
/// place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Workload {
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
    #[cfg(test)]
    pub(crate) fn ecs(&self) -> Option<(&EcsPlace, &[EcsService])> {
        match &self.workload {
            Workload::Ecs {
                place, services, ..
            } => Some((place, services)),
            Workload::Kubernetes { .. } => None,
        }
    }

    /// The place and its services, where that is Kubernetes.
    pub(crate) fn kubernetes(&self) -> Option<(&KubePlace, &[KubeService])> {
        match &self.workload {
            Workload::Kubernetes { place, services } => Some((place, services)),
            Workload::Ecs { .. } => None,
        }
    }

    /// The name and the containers of each service, wherever they run.
    pub(crate) fn services(&self) -> Vec<(&ServiceName, &[Container])> {
        match &self.workload {
            Workload::Ecs { services, .. } => services.iter().map(Service::contents).collect(),
            Workload::Kubernetes { services, .. } => {
                services.iter().map(Service::contents).collect()
            }
        }
    }
}
