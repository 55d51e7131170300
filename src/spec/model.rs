//! The resolved specification: every default filled in, every name parsed, every cross-check
//! made. Pure data; what a platform does with it is decided under `platform/`.

mod ecs;
mod kubernetes;
mod secret;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::names::{AccountId, ContainerName, EcsName, ImageRef, Region, ServiceName, TargetName};
use crate::rollout::Policy;

pub use self::ecs::{AwsLogs, Capacity, EcsOwn, Provider, TargetGroup};
pub use self::kubernetes::{
    ALB, Check, HttpProbe, Ingress, KubeOwn, KubePlace, Probe, Reach, Resources, SecretStore,
    Share, user_ids,
};
pub use self::secret::SecretRef;

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

/// One file of `config/`, or the built-in sandbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// A target is named by the stem of its file.
    pub name: TargetName,
    /// Whether `apply` asks before it writes.
    pub approve: Approve,
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

/// An ECS cluster and how tasks are wired up there.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsPlace {
    /// In another account every command is refused before it writes. With `None` nothing is checked.
    pub account: Option<AccountId>,
    /// The Region of every call and of derived names.
    pub region: Region,
    /// The services run in the cluster of this name.
    pub cluster: EcsName,
    /// For emulators: takes the place of every AWS endpoint.
    pub endpoint: Option<String>,
    /// The network that every service here is attached to.
    pub network: Network,
}

/// The network that the tasks of a service are attached to (`awsvpc` mode).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// 1 to 16 subnets (Amazon ECS API reference, `AwsVpcConfiguration`).
    pub subnets: Vec<String>,
    /// The security groups of the tasks' interfaces; ECS takes at most 5.
    pub security_groups: Vec<String>,
    /// Whether tasks get a public address.
    pub public_ip: bool,
}

/// Whether `apply` asks before it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Approve {
    /// It asks on a terminal; without one it is refused, unless `--yes` is given.
    #[default]
    Ask,
    /// It goes on without asking.
    Yes,
}

/// One service as the files describe it, with all defaults filled in; `own` is what only its platform
/// knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Service<Own> {
    /// Its key in deploy.toml; also the name of its main container.
    pub name: ServiceName,
    /// Tasks at creation, and for ever where nothing scales it.
    pub replicas: u32,
    /// Whether people or other tools decide how many tasks run, once it is made.
    pub counted_by_others: bool,
    /// The main container first, then the sidecars by name.
    pub containers: Vec<Container>,
    /// Absent: the count is `replicas`, for ever.
    pub scaling: Option<Scaling>,
    /// How its rollout is judged and what follows.
    pub rollout: Rollout,
    /// Tags of the user's own, on everything we make for this service.
    pub tags: BTreeMap<String, String>,
    /// What only its platform knows.
    pub own: Own,
}

/// A service as ECS needs it.
pub type EcsService = Service<EcsOwn>;

/// A service as Kubernetes needs it.
pub type KubeService = Service<KubeOwn>;

impl<Own> Service<Own> {
    /// The container that carries the service's name, port and health.
    pub fn main(&self) -> &Container {
        &self.containers[0]
    }

    fn contents(&self) -> (&ServiceName, &[Container]) {
        (&self.name, &self.containers)
    }
}

/// The processors an image is built for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// The image is built for processors of Intel and AMD.
    #[default]
    X86_64,
    /// The image is built for ARM, which is Graviton on AWS.
    Arm64,
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// The service's name for the main one.
    pub name: ContainerName,
    /// The image that the container runs.
    pub image: ImageRef,
    /// Ports it listens on, TCP unless said otherwise; the main container's first is the service's.
    pub ports: Vec<Port>,
    /// Overrides the image's entry point when not empty.
    pub entrypoint: Vec<String>,
    /// Overrides the image's command when not empty.
    pub command: Vec<String>,
    /// The environment whose values stand in the files.
    pub env: BTreeMap<String, Literal>,
    /// Environment filled by the platform from a secret store.
    pub secrets: BTreeMap<String, SecretRef>,
    /// Health check run inside the container. Absent: none.
    pub health: Option<HealthCheck>,
    /// Whether the task ends when this container does.
    pub essential: bool,
    /// Containers that must have got that far before this one starts.
    pub depends_on: BTreeMap<ContainerName, Dependency>,
    /// CPU units reserved for this container alone; `None`: shares the task's.
    pub cpu: Option<u32>,
    /// Hard limit of this container in MiB; `None`: the task's.
    pub memory: Option<u32>,
    /// Whether its root file system cannot be written.
    pub read_only_root: bool,
    /// The user it runs as, `user` or `user:group`; with `None` the image decides.
    pub user: Option<String>,
    /// The directory it starts in; with `None` the image decides.
    pub working_dir: Option<String>,
    /// Seconds between TERM and KILL, at most 120 on Fargate; `None`: the platform's 30.
    pub stop_timeout: Option<Duration>,
}

/// A port a container listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// The port lies between 1 and 65535.
    pub number: u16,
    /// The transport that the port is opened for.
    pub protocol: Protocol,
}

/// The transport of a port.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// A stream, which is what nearly every service speaks.
    #[default]
    Tcp,
    /// Single datagrams.
    Udp,
}

/// A literal environment value.
#[derive(Clone, PartialEq, Eq)]
pub struct Literal {
    value: String,
    sensitive: bool,
}

impl Literal {
    /// `sensitive` values are masked in everything that is printed.
    pub fn new(value: impl Into<String>, sensitive: bool) -> Self {
        Self {
            value: value.into(),
            sensitive,
        }
    }

    /// The value itself, for the request that sets it.
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Whether it may be a secret.
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }
}

/// Never shows a value that may be a secret.
impl std::fmt::Debug for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.sensitive {
            f.write_str("(masked)")
        } else {
            self.value.fmt(f)
        }
    }
}

/// A health check run inside a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// The shell line that is run in the container (`CMD-SHELL`).
    pub command: String,
    /// Between two checks, 5 to 300 s.
    pub interval: Duration,
    /// How long one may take, 2 to 120 s.
    pub timeout: Duration,
    /// Failures in a row that make it unhealthy, 1 to 10.
    pub retries: u32,
    /// At the start, failures do not count, 0 to 300 s.
    pub grace: Duration,
}

/// How far another container must have got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dependency {
    /// It must have started.
    Start,
    /// It must have ended, with whatever exit code.
    Complete,
    /// It must have ended with exit code 0.
    Success,
    /// It must have passed its health check.
    Healthy,
}

/// Target tracking between two bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// Scaling in leaves at least so many tasks.
    pub min: u32,
    /// Scaling out makes at most so many tasks.
    pub max: u32,
    /// The average CPU to aim at, in percent.
    pub cpu: Option<f64>,
    /// The average memory to aim at, in percent.
    pub memory: Option<f64>,
    /// Load-balancer requests per target to aim at, per minute.
    pub requests: Option<f64>,
    /// After scaling in, it rests for so long.
    pub scale_in_cooldown: Duration,
    /// After scaling out, it rests for so long.
    pub scale_out_cooldown: Duration,
}

/// How a rollout is judged and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Deadline, bake, blindness and patience.
    pub policy: Policy,
    /// The breaker says how many failures a rollout may have.
    pub breaker: Breaker,
    /// What the first SIGINT or SIGTERM does.
    pub on_cancel: OnCancel,
}

/// The failure budget of a rollout, in the same words on both platforms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breaker {
    /// Off: only patience and the deadline trip.
    pub enabled: bool,
    /// Whether a trip is followed by going back to the last good revision.
    pub rollback: bool,
    /// How many failures trip.
    pub threshold: Threshold,
    /// Whether a healthy task sets the count back to zero.
    pub reset_on_healthy: bool,
}

/// How many failures trip the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// `clamp(ceil(percent of desired), 3, 200)` (Amazon ECS developer guide, deployment circuit breaker).
    BoundedPercent(u32),
    /// So many failures trip: `ceil(percent of desired)`, without bounds.
    UnboundedPercent(u32),
    /// This number of failures trips, however many tasks are desired.
    Count(u32),
}

/// What the first signal does to a rollout under way.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OnCancel {
    /// The command ends and leaves the rollout to itself.
    #[default]
    Detach,
    /// The command asks for a rollback before it ends.
    Rollback,
}
