//! The words of the format: in each file how a setting is written, what it comes to, and how the one
//! becomes the other. Here is what many of them look at: all that is written for a service, and its
//! containers with their places.

pub(super) mod aims;
pub(super) mod architecture;
pub(super) mod capabilities;
pub(super) mod capacity;
pub(super) mod container;
pub(super) mod depends_on;
pub(super) mod ecs;
pub(super) mod env;
pub(super) mod gateway;
pub(super) mod health;
pub(super) mod ingress;
pub(super) mod kubernetes;
pub(super) mod logs;
pub(super) mod network;
pub(crate) mod patch;
pub(super) mod ports;
pub(super) mod resources;
pub(super) mod rollout;
pub(super) mod scaling;
pub(super) mod schedule;
pub(super) mod secret;
pub(super) mod service;
pub(crate) mod size;
pub(super) mod tags;
pub(super) mod target;
pub(super) mod target_groups;
pub(super) mod user;
pub(super) mod volumes;

use crate::names::{ContainerName, EcsName, ImageRef, ServiceName};
use crate::spec::problem::Spot;
use crate::spec::scalar::{Filled, Replicas};
use crate::spec::shape::{At, Map, table};
use crate::spec::units::{CpuUnits, Mebibytes, Time};
use crate::spec::words::architecture::Architecture;
use crate::spec::words::container::{Container, SidecarTable};
use crate::spec::words::depends_on::{Dependency, DependsOn};
use crate::spec::words::ecs::EcsTable;
use crate::spec::words::ecs::container::OfEcs;
use crate::spec::words::env::EnvName;
use crate::spec::words::env::refs::{EnvFromTable, EnvValue};
use crate::spec::words::health::HealthTable;
use crate::spec::words::ingress::ExposeTable;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::part::KubeSidecarTable;
use crate::spec::words::ports::{Port, WrittenPort};
use crate::spec::words::rollout::RolloutTable;
use crate::spec::words::scaling::ScalingTable;
use crate::spec::words::secret::{Secret, SecretRef};
use crate::spec::words::volumes::{Mount, Mounts, VolumeTable};

table! {
    /// One service: what every platform understands.
    "[service.NAME]" ServiceTable {
        /// Another service of this file, whose keys it has as well, but for `targets`, names of objects,
        /// `kubernetes.selector` and `kubernetes.manifests`; its own are laid over them.
        like: ServiceName,
        /// The targets at which it runs. Default: all of them.
        targets: Vec<At<Filled>>,
        /// The main container's image. Also given by `--image NAME=REF`.
        image: ImageRef = required,
        /// The port it listens on: 8080, "53/udp", or { port = 8080, name = "http" }.
        port: WrittenPort,
        /// Several ports instead of one; the first is the service's.
        ports: Vec<At<WrittenPort>>,
        /// Tasks at creation, and for ever where nothing scales it; "external": one at creation, and from
        /// then on whatever others set. Default: `scaling.min`, else 1.
        replicas: Replicas,
        /// CPU of one task in vCPU: 0.5, or "500m". Must be there, but on instances of one's own on ECS.
        cpu: CpuUnits,
        /// Memory of one task: "512MiB", "1GiB". Must be there, but on instances of one's own on ECS.
        memory: Mebibytes,
        /// The processors the image is built for. Default: `x86_64`; on Kubernetes: any node's.
        architecture: Architecture,
        /// Environment of the main container: NAME = "value"; on Kubernetes also { field = "status.podIP" }, {
        /// resource = "limits.memory" }, { config = "NAME", key = "KEY" } and { expand = "$(NAME)" }.
        env: Map<EnvValue, EnvName>,
        /// `ConfigMaps` and Secrets that fill its environment whole, on Kubernetes: [{ config = "NAME" }].
        env_from: Vec<At<EnvFromTable>>,
        /// Environment filled from a secret store: NAME = "arn:aws:secretsmanager:…", "<ssm:/path>" or a table; on
        /// Kubernetes also { secret = "NAME", key = "KEY" }.
        secrets: Map<Secret, EnvName>,
        /// Names in `env` that look like secrets and are none.
        allow_plain: Vec<At<Filled>>,
        /// How it is found to be healthy.
        health: HealthTable,
        /// Scaling by target tracking. Absent: the count is `replicas`.
        scaling: ScalingTable,
        /// How the outside reaches it.
        expose: ExposeTable,
        /// How a rollout is judged, and what follows.
        rollout: RolloutTable,
        /// Overrides the image's command.
        command: Vec<At<String>>,
        /// Overrides the image's entry point.
        entrypoint: Vec<At<String>>,
        /// The user it runs as: "user", "user:group"; on Kubernetes in numbers. Default: the image's.
        user: Filled,
        /// Its working directory. Default: the image's.
        working_dir: Filled,
        /// Whether its root file system cannot be written. Default: false.
        read_only_root: bool,
        /// Time between TERM and KILL, 2s to 120s. Default: the platform's 30s.
        stop_timeout: Time<2, 120>,
        /// Sidecars that must have got that far before it starts: { NAME = "healthy" }.
        depends_on: DependsOn,
        /// What its containers can mount, each under its name.
        volumes: Map<VolumeTable, EcsName>,
        /// Where the main container has volumes: { "/path" = "NAME" }.
        mounts: Mounts,
        /// Tags on everything that is made for this service.
        tags: Map<String>,
        /// Containers that run beside the main one, each under its name.
        sidecar: Map<SidecarTable, ContainerName>,
        /// What only ECS knows.
        ecs: EcsTable,
        /// What only Kubernetes knows.
        kubernetes: KubernetesTable,
    }
}

/// A container, with the places that later checks point at.
pub(in crate::spec) struct Placed {
    pub(in crate::spec) name: ContainerName,
    pub(in crate::spec) head: Spot,
    /// `None` where something essential is missing, which was told.
    pub(in crate::spec) container: Option<Container>,
    pub(in crate::spec) depends_on: Vec<(String, At<Dependency>)>,
    pub(in crate::spec) ports: Vec<At<Port>>,
    /// Whether these are all that were written.
    pub(in crate::spec) ports_known: bool,
    pub(in crate::spec) essential: bool,
    pub(in crate::spec) checked: bool,
    pub(in crate::spec) secrets: Vec<(String, At<SecretRef>)>,
    pub(in crate::spec) user: Option<At<String>>,
    pub(in crate::spec) mounts: Vec<(String, At<Mount>)>,
    pub(in crate::spec) ecs: OfEcs,
    /// Where environment stands that only Kubernetes fills in.
    pub(in crate::spec) filled: Vec<Spot>,
    /// What only Kubernetes knows about a sidecar.
    pub(in crate::spec) kubernetes: Option<At<KubeSidecarTable>>,
}
