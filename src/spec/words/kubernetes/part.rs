//! What only Kubernetes knows about one container of a pod.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::spec::findings::Findings;
use crate::spec::shape::{At, Switch, table, words};
use crate::spec::words::Placed;
use crate::spec::words::health::HealthCheck;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::hooks::{Hook, HookTable, hook};
use crate::spec::words::kubernetes::probe::{Probe, ProbeTable};
use crate::spec::words::kubernetes::probes::{Health, beside, probes};
use crate::spec::words::kubernetes::security::{WrittenSecurity, of_container};
use crate::spec::words::ports::{Port, Protocol};
use crate::spec::words::resources::{Resources, ResourcesTable, Size, Usual, resources};

table! {
    /// What only Kubernetes knows about a sidecar.
    "[service.NAME.sidecar.NAME.kubernetes]" KubeSidecarTable {
        /// What is reserved for it, or false. Default: its `cpu` and `memory`.
        requests: Switch<ResourcesTable>,
        /// What it may use at most, or false. Default: its `memory`.
        limits: Switch<ResourcesTable>,
        /// When it counts as ready, or false. Default: as its `health` says, where it is essential.
        readiness: Switch<ProbeTable>,
        /// When it is started anew, or false. Default: as its `health` says.
        liveness: Switch<ProbeTable>,
        /// Holds the other two back until it has passed once. Default: none.
        startup: Switch<ProbeTable>,
        /// What it may do: "restricted", or fields. Default: what the service's word of a standard asks for.
        security: WrittenSecurity,
        /// What it does before it is told to end, in place of `drain`.
        pre_stop: HookTable,
        /// What it does when it has started.
        post_start: HookTable,
        /// When its image is pulled: "Always", `IfNotPresent` or "Never".
        pull_policy: PullPolicy,
    }
}

/// When an image is pulled (Kubernetes documentation, image pull policy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PullPolicy {
    /// Each time that a container starts.
    Always,
    /// Where the node does not have it.
    IfNotPresent,
    /// The node has it.
    Never,
}

words!(PullPolicy, "a pull policy",
    "Always" => PullPolicy::Always,
    "IfNotPresent" => PullPolicy::IfNotPresent,
    "Never" => PullPolicy::Never,
);

impl PullPolicy {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// What only Kubernetes knows about one container.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct KubePart {
    /// What the scheduler reserves for it.
    pub(crate) requests: Resources,
    /// What it may use at most.
    pub(crate) limits: Resources,
    /// When it counts as ready; `None`: as soon as it runs.
    pub(crate) readiness: Option<Probe>,
    /// When it is killed and started again; `None`: only when it exits.
    pub(crate) liveness: Option<Probe>,
    /// Holds the other two back until a slow container has started; `None`: they begin at once.
    pub(crate) startup: Option<Probe>,
    /// Its security context in the API's form, beside `user` and `read_only_root`.
    pub(crate) security: Json,
    /// What it does before it is told to end, in place of draining.
    pub(crate) pre_stop: Option<Hook>,
    /// What it does when it has started.
    pub(crate) post_start: Option<Hook>,
    /// `None`: as the image's tag asks for.
    pub(crate) pull_policy: Option<PullPolicy>,
}

/// The first port of a container that speaks TCP.
pub(in crate::spec) fn tcp(ports: &[At<Port>]) -> Option<u16> {
    let mut tcp = ports.iter().filter(|at| at.value.protocol == Protocol::Tcp);
    tcp.next().map(|at| at.value.number)
}

/// What is said of each sidecar.
pub(in crate::spec) fn sidecars(
    containers: &[Placed],
    main: Option<&At<WrittenSecurity>>,
    findings: &mut Findings,
) -> BTreeMap<String, KubePart> {
    let sidecars = containers.iter().skip(1);
    let each = sidecars.map(|placed| (placed.name.to_string(), sidecar(placed, main, findings)));
    each.collect()
}

/// What is said of a sidecar; `main`: what is said of what the main container may do.
fn sidecar(
    placed: &Placed,
    main: Option<&At<WrittenSecurity>>,
    findings: &mut Findings,
) -> KubePart {
    let none = KubeSidecarTable::default();
    let raw = placed.kubernetes.as_ref().map_or(&none, |at| &at.value);
    let container = placed.container.as_ref();
    let usual = Usual {
        cpu: container.and_then(|one| one.cpu).map(Resources::millis),
        memory: container.and_then(|one| one.memory).map(Resources::bytes),
    };
    let (requests, limits) = resources(raw.requests.as_ref(), raw.limits.as_ref(), usual, findings);
    let health: Option<&HealthCheck> = container.and_then(|one| one.health.as_ref());
    let port = tcp(&placed.ports);
    let probes = beside(raw, health, (port, placed.essential), findings);
    let user = placed.user.as_ref().map(|at| at.spot);
    KubePart {
        requests,
        limits,
        readiness: probes.readiness,
        liveness: probes.liveness,
        startup: probes.startup,
        security: of_container(raw.security.as_ref(), main, user, findings),
        pre_stop: hook(raw.pre_stop.as_ref(), port, findings),
        post_start: hook(raw.post_start.as_ref(), port, findings),
        pull_policy: raw.pull_policy.as_ref().map(|at| at.value),
    }
}

/// What is said of the main container of a pod of this size.
pub(in crate::spec) fn main(
    raw: &KubernetesTable,
    (health, size): (&Health, Size),
    containers: &[Placed],
    findings: &mut Findings,
) -> KubePart {
    let placed = containers.first();
    let ports = placed.map(|placed| placed.ports.as_slice());
    let ports = ports.unwrap_or_default();
    let usual = size.rest(containers);
    let (requests, limits) = resources(raw.requests.as_ref(), raw.limits.as_ref(), usual, findings);
    let probes = probes(raw, health, ports, findings);
    let user = placed.and_then(|placed| placed.user.as_ref());
    let port = tcp(ports);
    KubePart {
        requests,
        limits,
        readiness: probes.readiness,
        liveness: probes.liveness,
        startup: probes.startup,
        security: of_container(
            raw.security.as_ref(),
            None,
            user.map(|at| at.spot),
            findings,
        ),
        pre_stop: hook(raw.pre_stop.as_ref(), port, findings),
        post_start: hook(raw.post_start.as_ref(), port, findings),
        pull_policy: raw.pull_policy.as_ref().map(|at| at.value),
    }
}
