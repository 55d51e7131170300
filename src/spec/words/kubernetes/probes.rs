//! What the kubelet asks containers: from `health`, and from the keys of the probes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, Switch, Table};
use crate::spec::words::health::{HealthCheck, HealthTable};
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::part::{KubeSidecarTable, tcp};
use crate::spec::words::kubernetes::probe::{Check, HttpProbe, Probe, ProbeTable, http_probe};
use crate::spec::words::ports::Port;

/// Readiness is asked for so often, whatever `health.interval` says: a rollout waits for it.
const READINESS: Duration = Duration::from_secs(5);

/// What `health` says, with its defaults.
#[derive(Clone)]
pub(in crate::spec) struct Health {
    path: Option<(String, Spot)>,
    command: Option<String>,
    interval: Duration,
    timeout: Duration,
    retries: u32,
    grace: Duration,
}

impl Health {
    pub(in crate::spec) fn of(raw: Option<&At<HealthTable>>) -> Self {
        let raw = raw.map(|at| &at.value);
        let path = raw.and_then(|raw| raw.path.as_ref());
        let command = raw.and_then(|raw| raw.command.as_ref());
        let grace = raw.and_then(|raw| raw.grace.as_ref());
        let retries = raw.and_then(|raw| raw.retries.as_ref());
        let interval = raw.and_then(|raw| raw.interval.as_ref());
        let timeout = raw.and_then(|raw| raw.timeout.as_ref());
        Self {
            path: path.map(|at| (at.value.0.clone(), at.spot)),
            command: command.map(|at| at.value.0.clone()),
            interval: interval.map_or(Duration::from_secs(30), |at| at.value.0),
            timeout: timeout.map_or(Duration::from_secs(5), |at| at.value.0),
            retries: retries.map_or(3, |at| at.value.0),
            grace: grace.map_or(Duration::ZERO, |at| at.value.0),
        }
    }
}

/// The three probes that the kubelet knows.
pub(in crate::spec) struct Probes {
    pub(in crate::spec) readiness: Option<Probe>,
    pub(in crate::spec) liveness: Option<Probe>,
    pub(in crate::spec) startup: Option<Probe>,
}

/// The probes of a main container that listens on these ports.
pub(in crate::spec) fn probes(
    raw: &KubernetesTable,
    health: &Health,
    ports: &[At<Port>],
    findings: &mut Findings,
) -> Probes {
    let port = tcp(ports);
    let http = http(health, port, findings);
    let command = health.command.clone().map(Check::Command);
    let within = [command.clone(), http.clone()].into_iter().flatten().next();
    let outside = [http, command].into_iter().flatten().next();
    let usual = |check: Option<Check>, delay, period, failures| Usual {
        port,
        check,
        delay,
        period,
        timeout: health.timeout,
        failures,
    };
    let open = port.map(Check::Tcp);
    let ready = usual(
        outside.clone().or(open),
        Duration::ZERO,
        READINESS,
        health.retries,
    );
    let live = usual(within, health.grace, health.interval, health.retries);
    let start = usual(outside, Duration::ZERO, READINESS, 60);
    let startup = raw.startup.as_ref();
    let found = Probes {
        readiness: ready.probe(raw.readiness.as_ref(), findings),
        liveness: live.probe(raw.liveness.as_ref(), findings),
        startup: startup.and_then(|at| start.probe(Some(at), findings)),
    };
    one_success(&[raw.liveness.as_ref(), startup], findings);
    found
}

/// The probes of a sidecar: what stays unhealthy is started anew, and an essential one keeps its pod from
/// being ready.
pub(in crate::spec) fn beside(
    raw: &KubeSidecarTable,
    health: Option<&HealthCheck>,
    (port, essential): (Option<u16>, bool),
    findings: &mut Findings,
) -> Probes {
    let usual = Usual {
        port,
        check: health.map(|health| Check::Command(health.command.clone())),
        delay: health.map_or(Duration::ZERO, |health| health.grace),
        period: health.map_or(READINESS, |health| health.interval),
        timeout: health.map_or(Duration::from_secs(5), |health| health.timeout),
        failures: health.map_or(3, |health| health.retries),
    };
    let (ready, startup) = (raw.readiness.as_ref(), raw.startup.as_ref());
    let found = Probes {
        readiness: (ready.is_some() || essential)
            .then(|| usual.probe(ready, findings))
            .flatten(),
        liveness: usual.probe(raw.liveness.as_ref(), findings),
        startup: startup.and_then(|at| {
            let start = Usual {
                failures: 60,
                delay: Duration::ZERO,
                ..usual
            };
            start.probe(Some(at), findings)
        }),
    };
    one_success(&[raw.liveness.as_ref(), startup], findings);
    found
}

/// Of liveness and startup one success is enough (Kubernetes API reference, `Probe`).
fn one_success(raw: &[Option<&At<Switch<ProbeTable>>>], findings: &mut Findings) {
    for at in raw.iter().flatten() {
        let Switch::On(own) = &at.value else { continue };
        if let Some(at) = own.successes.as_ref().filter(|at| at.value.0 > 1) {
            findings.bad_value(at.spot, "must be 1, but for readiness");
        }
    }
}

fn http(health: &Health, port: Option<u16>, findings: &mut Findings) -> Option<Check> {
    let (path, spot) = health.path.as_ref()?;
    let Some(port) = port else {
        findings.problem(
            Problem::new("missing-key", "`health.path` needs a TCP port to ask")
                .at(*spot)
                .help("give the service `port = 8080`, or whatever it listens on"),
        );
        return None;
    };
    Some(Check::Http(HttpProbe::of(path.clone(), port)))
}

/// What a probe is where its keys say nothing else.
struct Usual {
    /// The port of the service itself.
    port: Option<u16>,
    check: Option<Check>,
    delay: Duration,
    period: Duration,
    timeout: Duration,
    failures: u32,
}

impl Usual {
    fn probe(
        &self,
        raw: Option<&At<Switch<ProbeTable>>>,
        findings: &mut Findings,
    ) -> Option<Probe> {
        let (raw, head) = match raw {
            Some(At {
                value: Switch::Off, ..
            }) => return None,
            Some(At {
                value: Switch::On(raw),
                head,
                ..
            }) => (raw, *head),
            None => return Some(self.with(self.check.clone()?, &ProbeTable::default())),
        };
        let check = self.check(raw, head, findings)?;
        Some(self.with(check, raw))
    }

    fn with(&self, check: Check, raw: &ProbeTable) -> Probe {
        Probe {
            check,
            delay: raw.delay.as_ref().map_or(self.delay, |at| at.value.0),
            period: raw.period.as_ref().map_or(self.period, |at| at.value.0),
            timeout: raw.timeout.as_ref().map_or(self.timeout, |at| at.value.0),
            failures: raw.retries.as_ref().map_or(self.failures, |at| at.value.0),
            successes: raw.successes.as_ref().map(|at| at.value.0),
            termination_grace: raw.termination_grace.as_ref().map(|at| at.value.0),
        }
    }

    /// What is asked: what the probe's own keys say, else the usual.
    fn check(&self, raw: &ProbeTable, head: Spot, findings: &mut Findings) -> Option<Check> {
        one_of(raw, findings);
        let port = raw.port.as_ref().map(|at| at.value.0);
        let port = port.and_then(|port| u16::try_from(port).ok());
        if let Some(argv) = &raw.exec {
            let words = argv.value.iter().map(|at| at.value.clone());
            return Some(Check::Exec(words.collect()));
        }
        if let Some(command) = &raw.command {
            return Some(Check::Command(command.value.0.clone()));
        }
        if let Some(grpc) = &raw.grpc {
            let Some(port) = port.or(self.port) else {
                findings.missing(head, "port", "a gRPC check needs a port to ask");
                return None;
            };
            let service = grpc.value.0.clone();
            return Some(Check::Grpc { port, service });
        }
        if let Some(path) = &raw.path {
            let Some(port) = port.or(self.port) else {
                findings.missing(head, "port", "an HTTP check needs a port to ask");
                return None;
            };
            let more = (raw.scheme.as_ref(), raw.host.as_ref(), raw.headers.as_ref());
            return Some(Check::Http(http_probe(path, port, more, findings)));
        }
        let usual = match (&self.check, port) {
            (Some(Check::Http(http)), port) => Some(Check::Http(HttpProbe {
                port: port.unwrap_or(http.port),
                scheme: raw.scheme.as_ref().map(|at| at.value),
                host: raw.host.as_ref().map(|at| at.value.0.clone()),
                headers: headers(raw),
                ..http.clone()
            })),
            (_, Some(port)) => Some(Check::Tcp(port)),
            (usual, None) => usual.clone(),
        };
        if usual.is_none() && !raw.has(&["path", "command", "port", "exec", "grpc"]) {
            let why = "a probe needs a `path`, a `command` or a `port`";
            findings.missing(head, "path", why);
        }
        usual
    }
}

fn headers(raw: &ProbeTable) -> BTreeMap<String, String> {
    let all = raw.headers.iter().flat_map(|at| &at.value.0);
    all.map(|(name, at)| (name.clone(), at.value.clone()))
        .collect()
}

/// A command asks no port, and what asks is one of them.
fn one_of(raw: &ProbeTable, findings: &mut Findings) {
    let heads = [
        (raw.command.as_ref().map(|at| at.head), "command"),
        (raw.exec.as_ref().map(|at| at.head), "exec"),
        (raw.path.as_ref().map(|at| at.head), "path"),
        (raw.grpc.as_ref().map(|at| at.head), "grpc"),
        (raw.port.as_ref().map(|at| at.head), "port"),
    ];
    let mut said = heads.into_iter().filter_map(|(at, key)| Some((at?, key)));
    let Some((head, first)) = said.next() else {
        return;
    };
    for (spot, key) in said {
        if key == "port" && ["path", "grpc"].contains(&first) || first == "port" {
            continue;
        }
        let message = format!("`{first}` and `{key}` exclude each other");
        let problem = Problem::new("conflict", message).at(head);
        findings.problem(problem.also(spot, "the other one"));
    }
}
