//! One service: what is written for it, with all defaults filled in, wherever it runs.

use std::collections::BTreeMap;

use crate::names::ServiceName;
use crate::spec::findings::Findings;
use crate::spec::resolve::{Ground, Scene};
use crate::spec::shape::At;
use crate::spec::tree::Node;
use crate::spec::words::container::Container;
use crate::spec::words::ecs::EcsOwn;
use crate::spec::words::ecs::launch::NetworkMode;
use crate::spec::words::kubernetes::KubeOwn;
use crate::spec::words::rollout::Rollout;
use crate::spec::words::scaling::{Aims, Scaling};
use crate::spec::words::tags::tags;
use crate::spec::words::volumes::{Volume, volumes};
use crate::spec::words::{Placed, ServiceTable};
use crate::spec::words::{container, depends_on, ecs, env, kubernetes, ports, rollout, scaling};

/// One service as the files describe it, with all defaults filled in; `own` is what only its platform
/// knows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Service<Own> {
    /// Its key in deploy.toml; also the name of its main container, unless `container` says another.
    pub(crate) name: ServiceName,
    /// Tasks at creation, and for ever where nothing scales it.
    pub(crate) replicas: u32,
    /// Whether people or other tools decide how many tasks run, once it is made.
    pub(crate) counted_by_others: bool,
    /// The main container first, then the sidecars by name.
    pub(crate) containers: Vec<Container>,
    /// What the containers can mount.
    pub(crate) volumes: BTreeMap<String, Volume>,
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
    // These were followed before this was read.
    (raw.like, raw.targets) = (None, None);
    env::check(node, raw.allow_plain.as_ref(), findings);
    let containers = container::all(&name, &mut raw, head, P::ECS, findings);
    depends_on::check(&containers, findings);
    let mode = raw.ecs.as_ref().filter(|_| P::ECS);
    let mode = mode.and_then(|ecs| ecs.value.network_mode.as_ref());
    let apart = mode.is_some_and(|at| at.value == NetworkMode::Bridge);
    ports::check(&containers, apart, findings);
    shares(&raw, &containers, findings);
    let own = raw.kubernetes.as_ref().filter(|_| !P::ECS);
    let claims = own.and_then(|own| own.value.claims.as_ref());
    let claims = claims
        .iter()
        .flat_map(|at| at.value.0.iter().map(|(name, _)| name.clone()));
    let beside = (P::ECS, claims.collect());
    let tags = tags(raw.tags.take(), P::ECS, findings);
    let scene = Scene {
        name: &name,
        head,
        containers: &containers,
        place,
    };
    let aims = if P::ECS {
        let own = raw.ecs.as_ref();
        own.map_or(Aims::Nothing, |at| ecs::autoscaler::aims(&at.value))
    } else {
        own.map_or(Aims::Nothing, |at| kubernetes::autoscaler::aims(&at.value))
    };
    let own = P::own(&mut raw, &scene, findings);
    let volumes = volumes(raw.volumes.take(), &containers, beside, findings);
    let rollout = rollout::rollout(raw.rollout.take(), rollout::policy(P::ECS), findings);
    let replicas = raw.replicas.take();
    let count = scaling::scaling(
        raw.scaling.take(),
        replicas.as_ref(),
        (P::ECS, aims),
        findings,
    );
    Some(Service {
        name,
        replicas: count.replicas,
        counted_by_others: count.by_others || own.as_ref().is_some_and(P::counts_itself),
        containers: container::whole(containers)?,
        volumes,
        scaling: count.scaling,
        rollout: rollout?,
        tags,
        own: own?,
    })
}

/// The containers can reserve no more CPU units than the task has.
pub(in crate::spec) fn holds(raw: &ServiceTable, reserved: u64, findings: &mut Findings) {
    let cpu = raw.cpu.as_ref();
    if let Some(at) = cpu.filter(|at| reserved > u64::from(at.value.0)) {
        let message = "the containers reserve more CPU than all of them together have";
        findings.bad_value(at.spot, message);
    }
}

/// What containers reserve and are limited to comes out of the task's.
fn shares(raw: &ServiceTable, containers: &[Placed], findings: &mut Findings) {
    let sum = |of: fn(&Placed) -> Option<u32>| -> u64 {
        containers.iter().filter_map(of).map(u64::from).sum()
    };
    let reserved = sum(|placed| placed.container.as_ref()?.cpu);
    holds(raw, reserved, findings);
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
