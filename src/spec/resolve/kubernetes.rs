//! What only Kubernetes knows about a service, with what it makes of the portable words.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::findings::Findings;
use super::super::model::{KubeOwn, KubePlace, Port, Protocol, Resources, Share};
use super::super::problem::{Problem, Spot};
use super::super::raw::kubernetes::{self as table, Switch};
use super::super::raw::{self, rollout::Rollout};
use super::super::shape::{At, Map};
use super::added::Added;
use super::ingress::ingress;
use super::probes::{self, Health};
use super::resources::{self, Size};
use super::{Ground, OURS, contained, is_ours, or, policy};
use crate::names::{KubeLabel, KubeName, is_annotation_key};

pub(super) type Scene<'a> = super::Scene<'a, KubePlace>;

impl Ground for KubePlace {
    type Own = KubeOwn;
    const ECS: bool = false;

    fn own(raw: &mut raw::Service, scene: &Scene<'_>, findings: &mut Findings) -> Option<KubeOwn> {
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

fn deadline(raw: Option<&At<Rollout>>) -> Duration {
    let written = raw.and_then(|at| at.value.deadline.as_ref());
    written.map_or(policy(KubePlace::ECS).deadline, |at| at.value.0)
}

/// Resolves `[service.NAME.kubernetes]`; an absent table is an empty one.
fn kubernetes(
    common: &mut raw::Service,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Option<KubeOwn> {
    let raw = common.kubernetes.take();
    let mut raw = raw.map_or_else(table::Kubernetes::default, |at| at.value);
    let main = scene.containers.first()?;
    let ports = main.ports.as_slice();
    let added = Added::of(&raw);
    let default = |suffix: &str| format!("{}{suffix}", scene.name).parse::<KubeName>();
    let secret = or(raw.secret.take(), default("-secrets").ok()?);
    contained::check(&raw, scene, &secret, findings);
    let name = name(&mut raw, scene, ports, findings)?;
    let service_port = service_port(&raw, ports, scene.head, findings);
    let size = Size {
        cpu: common.cpu.as_ref().map(|at| Resources::millis(at.value.0)),
        memory: common.memory.as_ref().map(|at| at.value.0),
    };
    let (requests, limits) = resources::resources(
        raw.requests.take(),
        raw.limits.take(),
        size,
        scene.containers,
        findings,
    );
    let probes = probes::probes(
        &mut raw,
        &Health::of(common.health.as_ref()),
        ports,
        findings,
    );
    let (max_surge, max_unavailable) = shares(&raw, findings);
    let min_ready = min_ready(&raw, deadline(common.rollout.as_ref()), findings);
    let drain = if ports.is_empty() {
        Duration::ZERO
    } else {
        DRAIN
    };
    let resolved = KubeOwn {
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
        disruption: disruption(raw.disruption.as_ref(), findings),
        spread: or(raw.spread.take(), true),
        drain: raw.drain.take().map_or(drain, |at| at.value.0),
        ingress: ingress(
            raw.ingress.take(),
            common.expose.take(),
            scene,
            default("-ingress").ok()?,
            findings,
        ),
        pod_annotations: annotations(raw.pod_annotations.take(), findings),
    };
    added.tell(&resolved, scene.name, findings);
    Some(resolved)
}

/// A Service has a DNS label that starts with a letter (Kubernetes documentation, Service).
fn name(
    raw: &mut table::Kubernetes,
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

/// The port of the Service: 80 unless said otherwise, and none without a port to send to.
fn service_port(
    raw: &table::Kubernetes,
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

/// Bounds of a rollout; with none above and none below it could never begin.
fn shares(raw: &table::Kubernetes, findings: &mut Findings) -> (Share, Share) {
    let surge = raw.max_surge.as_ref();
    let missing = raw.max_unavailable.as_ref();
    let above = surge.map_or(Share::Percent(25), |at| at.value);
    let below = missing.map_or(Share::Pods(0), |at| at.value);
    let none = |share| matches!(share, Share::Pods(0) | Share::Percent(0));
    if let Some(at) = surge.or(missing).filter(|_| none(above) && none(below)) {
        let message =
            "with no pod above the desired number and none below it, a rollout could never begin";
        let problem = Problem::new("conflict", message).at(at.spot);
        findings.problem(problem.help("let `max_surge` or `max_unavailable` be 1"));
    }
    (above, below)
}

fn min_ready(raw: &table::Kubernetes, deadline: Duration, findings: &mut Findings) -> Duration {
    let Some(at) = &raw.min_ready else {
        return MIN_READY;
    };
    if at.value.0 >= deadline {
        let message = "must be shorter than the deadline of a rollout";
        let problem = Problem::new("conflict", message).at(at.spot);
        let seconds = super::super::units::written(deadline.as_secs());
        findings.problem(problem.label(format!("the deadline is {seconds}")));
    }
    at.value.0
}

fn disruption(raw: Option<&At<Switch<Share>>>, findings: &mut Findings) -> Option<Share> {
    match raw {
        None => Some(Share::Pods(1)),
        Some(At {
            value: Switch::Off, ..
        }) => None,
        Some(At {
            value: Switch::On(share),
            spot,
            ..
        }) => {
            if matches!(share, Share::Pods(0) | Share::Percent(0)) {
                let problem = Problem::new("bad-value", "must let at least one pod go").at(*spot);
                let why = "with 0 no node could ever be drained";
                findings.problem(
                    problem
                        .label(why)
                        .help("`disruption = false` makes no budget"),
                );
            }
            Some(*share)
        }
    }
}

/// Annotations, which the file gives with their whole keys.
pub(super) fn annotations(
    raw: Option<At<Map<String>>>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, at) in raw.map(|at| at.value.0).unwrap_or_default() {
        if !is_annotation_key(&key) {
            let message =
                "this cannot be the key of an annotation: it is like `team` or `example.com/team`";
            findings.bad_value(at.head, message);
        } else if is_ours(&key) {
            findings.bad_value(at.head, OURS);
        }
        found.insert(key, at.value);
    }
    found
}
