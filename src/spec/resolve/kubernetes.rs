//! What only Kubernetes knows about a service, with what it makes of the portable words.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::findings::Findings;
use super::super::model::{
    ALB, Architecture, Ingress, KubePlace, Kubernetes, Port, Protocol, Reach, SecretRef, Share,
    user_ids,
};
use super::super::problem::{Problem, Spot};
use super::super::raw::kubernetes::{self as table, Switch};
use super::super::raw::{self, rollout::Rollout};
use super::super::shape::{At, Map, Table};
use super::probes::{self, Health};
use super::resources::{self, Size};
use super::{Scene, arns, or, policy};
use crate::names::{Arn, KubeLabel, KubeName, is_annotation_key};

/// A pod that is ready for a moment before it crashes would let a whole rollout through.
const MIN_READY: Duration = Duration::from_secs(5);

/// Until the load balancers and the nodes have heard that a pod is to end.
const DRAIN: Duration = Duration::from_secs(5);

/// What the portable keys say to Kubernetes, read before others take them away.
pub(super) struct Portable {
    health: Health,
    expose: Option<Exposed>,
    size: Size,
    architecture: Option<Architecture>,
    deadline: Duration,
}

/// What `expose` says.
struct Exposed {
    head: Spot,
    host: Option<(String, Spot)>,
    certificate: Option<At<Arn>>,
    says_public: bool,
}

impl Portable {
    pub(super) fn of(raw: &raw::Service, ecs: bool) -> Self {
        let cpu = raw.cpu.as_ref().map(|at| resources::millis(at.value.0));
        let memory = raw.memory.as_ref().map(|at| at.value.0);
        Self {
            health: Health::of(raw.health.as_ref()),
            expose: raw.expose.as_ref().map(|at| Exposed {
                head: at.head,
                host: at
                    .value
                    .host
                    .as_ref()
                    .map(|at| (at.value.0.clone(), at.spot)),
                certificate: at.value.certificate.clone(),
                says_public: at.value.has(&["public"]),
            }),
            size: Size { cpu, memory },
            architecture: raw.architecture.as_ref().map(|at| at.value),
            deadline: deadline(raw.rollout.as_ref(), ecs),
        }
    }
}

fn deadline(raw: Option<&At<Rollout>>, ecs: bool) -> Duration {
    let written = raw.and_then(|at| at.value.deadline.as_ref());
    written.map_or(policy(ecs).deadline, |at| at.value.0)
}

/// Resolves `[service.NAME.kubernetes]`; an absent table is an empty one.
pub(super) fn kubernetes(
    raw: Option<At<table::Kubernetes>>,
    scene: &Scene<'_>,
    place: &KubePlace,
    findings: &mut Findings,
) -> Option<Kubernetes> {
    let mut raw = raw.map_or_else(table::Kubernetes::default, |at| at.value);
    let main = scene.containers.first()?;
    let ports = main.ports.as_slice();
    let added = Added::of(&raw);
    let default = |suffix: &str| format!("{}{suffix}", scene.name).parse::<KubeName>();
    let secret = or(raw.secret.take(), default("-secrets").ok()?);
    references(scene, place, &secret, findings);
    users(scene, findings);
    role(&raw, place, findings);
    let name = name(&mut raw, scene, ports, findings)?;
    let service_port = service_port(&raw, ports, scene.head, findings);
    let (requests, limits) = resources::resources(
        raw.requests.take(),
        raw.limits.take(),
        scene.portable.size,
        scene.containers,
        findings,
    );
    let probes = probes::probes(&mut raw, &scene.portable.health, ports, findings);
    let (max_surge, max_unavailable) = shares(&raw, findings);
    let min_ready = min_ready(&raw, scene.portable.deadline, findings);
    let drain = if ports.is_empty() {
        Duration::ZERO
    } else {
        DRAIN
    };
    let resolved = Kubernetes {
        name,
        service_account: raw.service_account.take().map(|at| at.value),
        role: raw.role.take().map(|at| at.value),
        secret,
        service_port,
        architecture: scene.portable.architecture,
        requests,
        limits,
        readiness: probes.readiness,
        liveness: probes.liveness,
        startup: probes.startup,
        min_ready,
        max_surge,
        max_unavailable,
        disruption: disruption(raw.disruption.take(), findings),
        spread: or(raw.spread.take(), true),
        drain: raw.drain.take().map_or(drain, |at| at.value.0),
        ingress: ingress(
            raw.ingress.take(),
            scene,
            place,
            default("-ingress").ok()?,
            findings,
        ),
        pod_annotations: annotations(raw.pod_annotations.take(), findings),
    };
    added.tell(&resolved, findings);
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

fn role(raw: &table::Kubernetes, place: &KubePlace, findings: &mut Findings) {
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

/// Whether what `secrets` refers to can get into the Secret.
fn references(scene: &Scene<'_>, place: &KubePlace, secret: &KubeName, findings: &mut Findings) {
    let all: Vec<_> = scene
        .containers
        .iter()
        .flat_map(|placed| &placed.secrets)
        .collect();
    // Keys of a Secret (Kubernetes documentation, Secrets, constraints on names and data).
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    for (name, at) in &all {
        if !name.chars().all(plain) {
            let message = "on Kubernetes such a name has letters, digits and `-_.`";
            findings.bad_value(at.head, message);
        }
    }
    arns::secrets(scene.containers, place.into(), findings);
    let Some((name, first)) = all.first() else {
        return;
    };
    let Some(store) = &place.secret_store else {
        let message = format!(
            "the target has no `secret_store`: the Secret `{secret}` must exist, and what `secrets` refers to ({name}{}) is not read",
            if all.len() > 1 { "…" } else { "" },
        );
        findings.note("secret-by-hand", message);
        return;
    };
    let parameter = |secret: &SecretRef| matches!(secret, SecretRef::Parameter(_));
    let mut others = all.iter().map(|(_, at)| at);
    if let Some(at) = others.find(|at| parameter(&at.value) != parameter(&first.value)) {
        findings.problem(
            Problem::new(
                "conflict",
                "one store cannot fill a Secret from both services",
            )
            .at(at.spot)
            .also(first.spot, "this one is in the other service")
            .help("keep all of a service's secrets in Secrets Manager, or all in Parameter Store"),
        );
    } else if parameter(&first.value) {
        let message = format!("the store `{}` must be one of Parameter Store", store.name);
        findings.note("parameter-store", message);
    }
}

fn users(scene: &Scene<'_>, findings: &mut Findings) {
    for at in scene
        .containers
        .iter()
        .filter_map(|placed| placed.user.as_ref())
    {
        if user_ids(&at.value).is_none() {
            let message =
                "on Kubernetes a user is a number: \"1000\", or \"1000:1000\" with a group";
            findings.bad_value(at.spot, message);
        }
    }
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

fn disruption(raw: Option<At<Switch<Share>>>, findings: &mut Findings) -> Option<Share> {
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
                let problem = Problem::new("bad-value", "must let at least one pod go").at(spot);
                let why = "with 0 no node could ever be drained";
                findings.problem(
                    problem
                        .label(why)
                        .help("`disruption = false` makes no budget"),
                );
            }
            Some(share)
        }
    }
}

fn ingress(
    raw: Option<At<table::Ingress>>,
    scene: &Scene<'_>,
    place: &KubePlace,
    default: KubeName,
    findings: &mut Findings,
) -> Option<Ingress> {
    let Some(exposed) = &scene.portable.expose else {
        if raw.is_some() {
            findings.note("not-honoured", "`ingress` makes none without `expose`");
        }
        return None;
    };
    let raw = raw.map(|at| at.value).unwrap_or_default();
    let alb = matches!(place.reach, Reach::Eks { .. })
        .then(|| ALB.parse().ok())
        .flatten();
    if let Some(at) = raw.path.as_ref().filter(|at| !at.value.0.starts_with('/')) {
        findings.bad_value(at.spot, "a path starts with `/`");
    }
    let ingress = Ingress {
        name: or(raw.name, default),
        class: raw.class.map(|at| at.value).or(alb),
        path: raw.path.map_or_else(|| "/".to_owned(), |at| at.value.0),
        annotations: annotations(raw.annotations, findings),
    };
    exposure(exposed, &ingress, scene, findings);
    if let Some(at) = &exposed.certificate {
        arns::kind(at, "acm", "certificate/", "a certificate", findings);
        arns::home("certificate", &at.value, place.into(), findings);
    }
    Some(ingress)
}

/// Whether the Ingress can be what `expose` asks for.
fn exposure(exposed: &Exposed, ingress: &Ingress, scene: &Scene<'_>, findings: &mut Findings) {
    let first = scene
        .containers
        .first()
        .and_then(|placed| placed.ports.first());
    let known = scene
        .containers
        .first()
        .is_some_and(|placed| placed.ports_known);
    if known && first.is_none_or(|at| at.value.protocol != Protocol::Tcp) {
        let why = "an Ingress sends to the service's port, which must be a TCP one";
        findings.missing(exposed.head, "port", why);
    }
    if let Some((host, spot)) = &exposed.host
        && host
            .strip_prefix("*.")
            .unwrap_or(host)
            .parse::<KubeName>()
            .is_err()
    {
        findings.bad_value(*spot, "this is not a host name such as \"api.example.com\"");
    }
    if ingress.is_alb() {
        return;
    }
    let keys = [
        (exposed.certificate.is_some(), "certificate"),
        (exposed.says_public, "public"),
    ];
    for (_, key) in keys.into_iter().filter(|(said, _)| *said) {
        let message = format!(
            "`expose.{key}` changes nothing here: only an Ingress of class `{ALB}` takes it; what yours takes goes into `ingress.annotations`"
        );
        findings.note("not-honoured", message);
    }
}

fn annotations(raw: Option<At<Map<String>>>, findings: &mut Findings) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, at) in raw.map(|at| at.value.0).unwrap_or_default() {
        if !is_annotation_key(&key) {
            let message =
                "this cannot be the key of an annotation: it is like `team` or `example.com/team`";
            findings.bad_value(at.head, message);
        }
        found.insert(key, at.value);
    }
    found
}

/// Which parts nobody has asked for: they are told, with the key that changes each.
struct Added {
    readiness: bool,
    liveness: bool,
    min_ready: bool,
    disruption: bool,
    spread: bool,
    drain: bool,
}

impl Added {
    fn of(raw: &table::Kubernetes) -> Self {
        let silent = |key: &str| !raw.has(&[key]);
        Self {
            readiness: silent("readiness"),
            liveness: silent("liveness"),
            min_ready: silent("min_ready"),
            disruption: silent("disruption"),
            spread: silent("spread"),
            drain: silent("drain"),
        }
    }

    fn tell(&self, resolved: &Kubernetes, findings: &mut Findings) {
        let drains = !resolved.drain.is_zero();
        let parts = [
            (self.readiness && resolved.readiness.is_some(), "readiness"),
            (self.liveness && resolved.liveness.is_some(), "liveness"),
            (self.min_ready, "min_ready"),
            (self.disruption, "disruption"),
            (self.spread, "spread"),
            (self.drain && drains, "drain"),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(added, _)| *added)
            .map(|(_, key)| said(key, resolved))
            .collect();
        if !said.is_empty() {
            let list = said.join(", ");
            let message = format!(
                "added for rollouts that can be judged: {list}; [service.NAME.kubernetes] has a key for each"
            );
            findings.note("added", message);
        }
    }
}

fn said(key: &str, resolved: &Kubernetes) -> String {
    let every = |probe: Option<&super::super::model::Probe>| {
        probe.map_or(0, |probe| probe.period.as_secs())
    };
    match key {
        "readiness" => format!(
            "a readiness probe every {} s (`readiness`)",
            every(resolved.readiness.as_ref())
        ),
        "liveness" => format!(
            "a liveness probe every {} s (`liveness`)",
            every(resolved.liveness.as_ref())
        ),
        "min_ready" => format!(
            "{} s of readiness before a pod counts (`min_ready`)",
            resolved.min_ready.as_secs()
        ),
        "disruption" => "a disruption budget of one pod (`disruption`)".to_owned(),
        "spread" => "pods spread over zones and nodes (`spread`)".to_owned(),
        _ => format!("{} s of draining (`drain`)", resolved.drain.as_secs()),
    }
}
