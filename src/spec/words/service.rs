//! One service: what every platform understands.

use std::collections::BTreeMap;

use crate::names::{ContainerName, ImageRef, ServiceName};
use crate::rollout::Policy;
use crate::spec::findings::Findings;
use crate::spec::resolve::{Ground, Scene};
use crate::spec::scalar::{Filled, Plain, Replicas};
use crate::spec::shape::{At, Map, table};
use crate::spec::tree::Node;
use crate::spec::units::{CpuUnits, Mebibytes, Time};
use crate::spec::words::architecture::Architecture;
use crate::spec::words::container::{Container, Placed, SidecarTable};
use crate::spec::words::depends_on::DependsOn;
use crate::spec::words::ecs::{EcsOwn, EcsTable};
use crate::spec::words::env::EnvName;
use crate::spec::words::health::HealthTable;
use crate::spec::words::ingress::ExposeTable;
use crate::spec::words::kubernetes::{KubeOwn, KubernetesTable};
use crate::spec::words::ports::WrittenPort;
use crate::spec::words::rollout::{Rollout, RolloutTable};
use crate::spec::words::scaling::{Scaling, ScalingTable};
use crate::spec::words::secret::Secret;
use crate::spec::words::tags::tags;
use crate::spec::words::{container, depends_on, env, ports, rollout, scaling};

table! {
    /// One service: what every platform understands.
    "[service.NAME]" ServiceTable {
        /// The main container's image. Also given by `--image NAME=REF`.
        image: ImageRef = required,
        /// The port it listens on: 8080, or "53/udp".
        port: WrittenPort,
        /// Several ports instead of one; the first is the service's.
        ports: Vec<At<WrittenPort>>,
        /// Tasks at creation, and for ever where nothing scales it; "external": one at creation, and from
        /// then on whatever others set. Default: `scaling.min`, else 1.
        replicas: Replicas,
        /// CPU of one task in vCPU: 0.5, or "500m".
        cpu: CpuUnits = required,
        /// Memory of one task: "512MiB", "1GiB".
        memory: Mebibytes = required,
        /// The processors the image is built for. Default: `x86_64`; on Kubernetes: any node's.
        architecture: Architecture,
        /// Environment of the main container: NAME = "value".
        env: Map<Plain, EnvName>,
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

/// One service as the files describe it, with all defaults filled in; `own` is what only its platform
/// knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Service<Own> {
    /// Its key in deploy.toml; also the name of its main container.
    pub(crate) name: ServiceName,
    /// Tasks at creation, and for ever where nothing scales it.
    pub(crate) replicas: u32,
    /// Whether people or other tools decide how many tasks run, once it is made.
    pub(crate) counted_by_others: bool,
    /// The main container first, then the sidecars by name.
    pub(crate) containers: Vec<Container>,
    /// Absent: the count is `replicas`, for ever.
    pub(crate) scaling: Option<Scaling>,
    /// How its rollout is judged and what follows.
    pub(crate) rollout: Rollout,
    /// Tags of the user's own, on everything we make for this service.
    pub(crate) tags: BTreeMap<String, String>,
    /// What only its platform knows.
    pub(crate) own: Own,
}

/// A service as ECS needs it.
pub(crate) type EcsService = Service<EcsOwn>;

/// A service as Kubernetes needs it.
pub(crate) type KubeService = Service<KubeOwn>;

impl<Own> Service<Own> {
    /// The container that carries the service's name, port and health.
    pub(crate) fn main(&self) -> &Container {
        &self.containers[0]
    }

    pub(in crate::spec) fn contents(&self) -> (&ServiceName, &[Container]) {
        (&self.name, &self.containers)
    }
}

/// Resolves one service; what is wrong with it is found even where it cannot be made.
pub(in crate::spec) fn service<P: Ground>(
    name: &str,
    raw: At<ServiceTable>,
    node: &Node,
    place: &P,
    findings: &mut Findings,
) -> Option<Service<P::Own>> {
    let head = raw.head;
    // A name that cannot be was told where it was read: any other will do to find what else is wrong.
    let name: ServiceName = name.parse().or_else(|_| "unnamed".parse()).ok()?;
    findings.service = Some(name.clone());
    let mut raw = raw.value;
    env::check(node, raw.allow_plain.as_ref(), findings);
    let containers = container::all(&name, &mut raw, head, P::ECS, findings);
    depends_on::check(&containers, findings);
    ports::check(&containers, findings);
    shares(&raw, &containers, findings);
    let tags = tags(raw.tags.take(), P::ECS, findings);
    let scene = Scene {
        name: &name,
        head,
        containers: &containers,
        place,
    };
    let own = P::own(&mut raw, &scene, findings);
    let rollout = rollout::rollout(raw.rollout.take(), policy(P::ECS), findings);
    let replicas = raw.replicas.take();
    let count = scaling::scaling(raw.scaling.take(), replicas.as_ref(), P::ECS, findings);
    Some(Service {
        name,
        replicas: count.replicas,
        counted_by_others: count.by_others,
        containers: container::whole(containers)?,
        scaling: count.scaling,
        rollout: rollout?,
        tags,
        own: own?,
    })
}

pub(in crate::spec) fn policy(ecs: bool) -> Policy {
    if ecs {
        Policy::ecs()
    } else {
        Policy::kubernetes()
    }
}

/// What containers reserve and are limited to comes out of the task's.
fn shares(raw: &ServiceTable, containers: &[Placed], findings: &mut Findings) {
    let sum = |of: fn(&Placed) -> Option<u32>| -> u64 {
        containers.iter().filter_map(of).map(u64::from).sum()
    };
    let reserved = sum(|placed| placed.container.as_ref()?.cpu);
    if let Some(at) = raw
        .cpu
        .as_ref()
        .filter(|at| reserved > u64::from(at.value.0))
    {
        let message = "the containers reserve more CPU than all of them together have";
        findings.bad_value(at.spot, message);
    }
    let limits = sum(|placed| placed.container.as_ref()?.memory);
    if let Some(at) = raw
        .memory
        .as_ref()
        .filter(|at| limits > u64::from(at.value.0))
    {
        let message = "the containers may use more memory than all of them together have";
        findings.bad_value(at.spot, message);
    }
}
