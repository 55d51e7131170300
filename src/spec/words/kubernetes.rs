//! What only Kubernetes knows about a service, with what it makes of the words of every platform.

pub(in crate::spec) mod added;
pub(in crate::spec) mod probes;
pub(in crate::spec) mod share;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::names::{Arn, KubeLabel, KubeName, label_value};
use crate::spec::findings::Findings;
use crate::spec::manifests::Manifest;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::{Ground, arns, or};
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Switch, Table, table};
use crate::spec::units::Time;
use crate::spec::words::ServiceTable;
use crate::spec::words::architecture::Architecture;
use crate::spec::words::ingress::{Ingress, IngressTable, ingress};
use crate::spec::words::kubernetes::added::Added;
use crate::spec::words::kubernetes::probes::{Health, Probe, ProbeTable, probes};
use crate::spec::words::kubernetes::share::{Share, disruption, shares};
use crate::spec::words::patch::kubernetes::{KubePatch, KubePatchTable, Made, patches};
use crate::spec::words::ports::{Port, Protocol};
use crate::spec::words::resources::{Resources, ResourcesTable, Size, resources};
use crate::spec::words::rollout::{RolloutTable, policy};
use crate::spec::words::tags::{AnnotationKey, MANAGED_BY, annotations, is_ours};
use crate::spec::words::target::namespace::KubePlace;
use crate::spec::words::{secret, user};
use crate::spec::{resolve, units};

table! {
    /// What only Kubernetes knows about a service.
    "[service.NAME.kubernetes]" KubernetesTable {
        /// Name of the Deployment, the Service, the autoscaler and the disruption budget. Default: the service's own.
        name: KubeLabel,
        /// The service account of the pods; made where it is missing. Default: the namespace's own.
        service_account: KubeName,
        /// ARN of the IAM role of that service account (IRSA). Default: none.
        role: Arn,
        /// The Secret that fills the environment from `secrets`. Default: NAME-secrets.
        secret: KubeName,
        /// The port of the Service. Default: 80, or the service's own where that is UDP.
        service_port: Whole<1, 65_535>,
        /// What is reserved for the main container. Default: `cpu` and `memory` of the service, less the sidecars' shares.
        requests: ResourcesTable,
        /// What the main container may use at most. Default: `memory` as above, and any CPU.
        limits: ResourcesTable,
        /// When a pod counts as ready, or false. Default: `health` every 5s, else that the port is open.
        readiness: Switch<ProbeTable>,
        /// When the container is started anew, or false. Default: as `health` says, else only when it exits.
        liveness: Switch<ProbeTable>,
        /// Holds the other two back until it has passed once. Default: none.
        startup: Switch<ProbeTable>,
        /// A pod counts as available once it was ready for so long. Default: 5s.
        min_ready: Time<0, 3600>,
        /// Most pods above the desired number during a rollout: a number or a share. Default: "25%".
        max_surge: Share,
        /// Most pods missing from the desired number during a rollout. Default: 0.
        max_unavailable: Share,
        /// Most pods that drained nodes may take away at once, or false. Default: 1.
        disruption: Switch<Share>,
        /// Whether pods are spread over zones and nodes as far as they can be. Default: true.
        spread: bool,
        /// A pod that ends goes on serving for so long, until nothing is sent to it any more. Default: 5s with a port, else 0s.
        drain: Time<0, 600>,
        /// The Ingress that `expose` asks for.
        ingress: IngressTable,
        /// Annotations of the pods.
        pod_annotations: Map<String, AnnotationKey>,
        /// The labels by which the Deployment and the Service find the pods; they never change. Default: { app = NAME }.
        selector: Map<Filled, AnnotationKey>,
        /// What the Kubernetes API knows and this format has no word for, in the API's own spelling.
        patch: KubePatchTable,
        /// Files of manifests whose objects are carried along, relative to the deploy file: "k8s/*.yaml". `${NAME}` in them is left as it is.
        manifests: Vec<At<Filled>>,
    }
}

/// What only Kubernetes knows about a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KubeOwn {
    /// The name of the Deployment, the Service, the autoscaler and the disruption budget.
    pub(crate) name: KubeLabel,
    /// The service account of the pods; `None`: the namespace's own `default`.
    pub(crate) service_account: Option<KubeName>,
    /// The IAM role of that service account (IRSA).
    pub(crate) role: Option<Arn>,
    /// The Secret that fills the environment from `secrets`.
    pub(crate) secret: KubeName,
    /// The port of the Service; 0 where the service listens on none, and there is no Service.
    pub(crate) service_port: u16,
    /// Pods go to nodes of this architecture only; `None`: to any.
    pub(crate) architecture: Option<Architecture>,
    /// What the scheduler reserves for the main container.
    pub(crate) requests: Resources,
    /// What the main container may use at most.
    pub(crate) limits: Resources,
    /// When a pod counts as ready; `None`: as soon as it runs.
    pub(crate) readiness: Option<Probe>,
    /// When a container is killed and started again; `None`: only when it exits.
    pub(crate) liveness: Option<Probe>,
    /// Holds the other two back until a slow container has started; `None`: they begin at once.
    pub(crate) startup: Option<Probe>,
    /// A pod counts as available once it was ready for so long, in whole seconds.
    pub(crate) min_ready: Duration,
    /// Most pods above the desired number during a rollout.
    pub(crate) max_surge: Share,
    /// Most pods missing from the desired number during a rollout.
    pub(crate) max_unavailable: Share,
    /// Most pods that an eviction (a drained node) may take away at once; `None`: no budget.
    pub(crate) disruption: Option<Share>,
    /// Whether pods are spread over zones and nodes, as far as they can be.
    pub(crate) spread: bool,
    /// A pod that is to end goes on serving for so long before it is told, so that load balancers
    /// have stopped sending to it; in whole seconds.
    pub(crate) drain: Duration,
    /// The Ingress; `None`: the service is not reached from outside of the cluster.
    pub(crate) ingress: Option<Ingress>,
    /// Annotations of the pods.
    pub(crate) pod_annotations: BTreeMap<String, String>,
    /// The labels by which the Deployment and the Service find the pods.
    pub(crate) selector: BTreeMap<String, String>,
    /// What is laid over the objects in the API's own spelling.
    pub(crate) patch: KubePatch,
    /// Objects that are carried along; filled in once their files are read.
    pub(crate) manifests: Vec<Manifest>,
}

impl KubeOwn {
    /// The labels that select the pods, as a query says them.
    pub(crate) fn selecting(&self) -> String {
        let labels = self.selector.iter();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        labels.join(",")
    }
}

pub(in crate::spec) type Scene<'a> = resolve::Scene<'a, KubePlace>;

impl Ground for KubePlace {
    type Own = KubeOwn;
    const ECS: bool = false;

    fn own(raw: &mut ServiceTable, scene: &Scene<'_>, findings: &mut Findings) -> Option<KubeOwn> {
        let own = kubernetes(raw, scene, findings)?;
        (raw.cpu.is_some() && raw.memory.is_some()).then_some(own)
    }

    fn objects(own: &KubeOwn) -> Vec<(&'static str, String)> {
        let ingress = own.ingress.as_ref();
        let ingress = ingress.map(|ingress| ("Ingress", ingress.name.to_string()));
        let deployment = [("Deployment", own.name.to_string())];
        deployment.into_iter().chain(ingress).collect()
    }
}

/// A pod that is ready for a moment before it crashes would let a whole rollout through.
const MIN_READY: Duration = Duration::from_secs(5);

/// Until the load balancers and the nodes have heard that a pod is to end.
const DRAIN: Duration = Duration::from_secs(5);

/// Resolves `[service.NAME.kubernetes]`; an absent table is an empty one.
fn kubernetes(
    common: &mut ServiceTable,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Option<KubeOwn> {
    let raw = common.kubernetes.take();
    let mut raw = raw.map_or_else(KubernetesTable::default, |at| at.value);
    let ports = scene.containers.first()?.ports.as_slice();
    let added = Added::of(&raw);
    let default = |suffix: &str| format!("{}{suffix}", scene.name).parse::<KubeName>();
    let secret = or(raw.secret.take(), default("-secrets").ok()?);
    secret::for_kubernetes(scene, &secret, findings);
    user::for_kubernetes(scene, findings);
    role(&raw, scene.place, findings);
    let name = name(&mut raw, scene, ports, findings)?;
    let service_port = service_port(&raw, ports, scene.head, findings);
    let (requests, limits) = resources(
        raw.requests.take(),
        raw.limits.take(),
        size(common),
        scene.containers,
        findings,
    );
    let health = Health::of(common.health.as_ref());
    let probes = probes(&mut raw, &health, ports, findings);
    let (max_surge, max_unavailable) = shares(&raw, findings);
    let min_ready = min_ready(&raw, deadline(common.rollout.as_ref()), findings);
    let selector = selector(raw.selector.take(), &name, findings);
    let disruption = disruption(raw.disruption.as_ref(), findings);
    let mut made = Made::of(common, &raw, ports);
    made.pdb = disruption.is_some();
    let selecting = (&selector, scene.containers);
    let resolved = KubeOwn {
        patch: patches(raw.patch.take(), &made, selecting, findings),
        selector,
        name,
        service_account: raw.service_account.take().map(|at| at.value),
        role: raw.role.take().map(|at| at.value),
        secret,
        service_port,
        architecture: common.architecture.take().map(|at| at.value),
        requests,
        limits,
        readiness: probes.readiness,
        liveness: probes.liveness,
        startup: probes.startup,
        min_ready,
        max_surge,
        max_unavailable,
        disruption,
        spread: or(raw.spread.take(), true),
        drain: drain(&raw, !ports.is_empty()),
        ingress: ingress(
            raw.ingress.take(),
            common.expose.take(),
            scene,
            default("-ingress").ok()?,
            findings,
        ),
        pod_annotations: annotations(raw.pod_annotations.take(), findings),
        manifests: Vec::new(),
    };
    added.tell(&resolved, scene.name, findings);
    Some(resolved)
}

/// What a pod may use, where the table of Kubernetes says nothing else.
fn size(common: &ServiceTable) -> Size {
    Size {
        cpu: common.cpu.as_ref().map(|at| Resources::millis(at.value.0)),
        memory: common.memory.as_ref().map(|at| at.value.0),
    }
}

impl Made {
    /// What the words ask for; of a disruption budget they say more than whether there is one.
    fn of(common: &ServiceTable, raw: &KubernetesTable, ports: &[At<Port>]) -> Self {
        Self {
            service: !ports.is_empty(),
            ingress: common.expose.is_some(),
            hpa: common.scaling.is_some(),
            pdb: true,
            service_account: raw.service_account.is_some(),
        }
    }
}

/// What listens on no port is sent nothing that it had to go on serving.
fn drain(raw: &KubernetesTable, listens: bool) -> Duration {
    let usual = if listens { DRAIN } else { Duration::ZERO };
    raw.drain.as_ref().map_or(usual, |at| at.value.0)
}

/// A Service has a DNS label that starts with a letter (Kubernetes documentation, Service).
fn name(
    raw: &mut KubernetesTable,
    scene: &Scene<'_>,
    ports: &[At<Port>],
    findings: &mut Findings,
) -> Option<KubeLabel> {
    let (name, spot) = match raw.name.take() {
        Some(at) => (at.value, at.spot),
        None => (scene.name.as_str().parse().ok()?, scene.head),
    };
    if name.as_str().starts_with(|c: char| c.is_ascii_digit()) && !ports.is_empty() {
        let problem = Problem::new("bad-value", "a Service's name starts with a letter").at(spot);
        findings.problem(problem.help("give it another: kubernetes.name = \"…\""));
    }
    Some(name)
}

/// Of every Deployment in the namespace another: `app`, and the name, unless the file says it.
fn selector(
    raw: Option<At<Map<Filled, AnnotationKey>>>,
    name: &KubeLabel,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let Some(raw) = raw else {
        return BTreeMap::from([("app".to_owned(), name.to_string())]);
    };
    if raw.value.0.is_empty() {
        findings.bad_value(raw.spot, "without a label it would select every pod");
    }
    let mut found = BTreeMap::new();
    for (key, at) in raw.value.0 {
        if is_ours(&key) || key == MANAGED_BY {
            findings.bad_value(at.head, "this label is ours: it tells whose an object is");
        }
        if label_value(&at.value.0) != at.value.0 {
            let why = "a label has at most 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends";
            findings.bad_value(at.spot, why);
        }
        found.insert(key, at.value.0);
    }
    found
}

/// The port of the Service: 80 unless said otherwise, and none without a port to send to.
fn service_port(
    raw: &KubernetesTable,
    ports: &[At<Port>],
    head: Spot,
    findings: &mut Findings,
) -> u16 {
    let written = raw.service_port.as_ref();
    let Some(first) = ports.first().map(|at| at.value) else {
        if let Some(at) = written {
            findings.problem(
                Problem::new("missing-key", "`port` is missing")
                    .at(at.head)
                    .also(head, "the service")
                    .label("there is nothing that it could send to"),
            );
        }
        return 0;
    };
    let usual = match first.protocol {
        Protocol::Tcp => 80,
        Protocol::Udp => first.number,
    };
    let port = written
        .and_then(|at| u16::try_from(at.value.0).ok())
        .unwrap_or(usual);
    let same = |at: &&At<Port>| at.value.number == port && at.value.protocol == first.protocol;
    if let Some(at) = ports.iter().skip(1).find(same) {
        let message =
            format!("the Service would have port {port} twice: it is also the first one's");
        let problem = Problem::new("duplicate-port", message).at(at.spot);
        findings.problem(problem.help("give the first another: kubernetes.service_port = …"));
    }
    port
}

fn deadline(raw: Option<&At<RolloutTable>>) -> Duration {
    let written = raw.and_then(|at| at.value.deadline.as_ref());
    written.map_or(policy(KubePlace::ECS).deadline, |at| at.value.0)
}

fn min_ready(raw: &KubernetesTable, deadline: Duration, findings: &mut Findings) -> Duration {
    let Some(at) = &raw.min_ready else {
        return MIN_READY;
    };
    if at.value.0 >= deadline {
        let message = "must be shorter than the deadline of a rollout";
        let problem = Problem::new("conflict", message).at(at.spot);
        let seconds = units::written(deadline.as_secs());
        findings.problem(problem.label(format!("the deadline is {seconds}")));
    }
    at.value.0
}

fn role(raw: &KubernetesTable, place: &KubePlace, findings: &mut Findings) {
    let Some(role) = &raw.role else { return };
    arns::kind(role, "iam", "role/", "a role", findings);
    arns::home("role", &role.value, place.into(), findings);
    if !raw.has(&["service_account"]) {
        findings.problem(
            Problem::new("missing-key", "`service_account` is missing")
                .at(role.head)
                .label("pods get this role through a service account")
                .help("service_account = \"api-sa\""),
        );
    }
}
