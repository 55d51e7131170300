//! What the kubelet asks the main container: from `health`, and from the keys of the probes.

use std::time::Duration;

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Switch, Table, table};
use crate::spec::units::Time;
use crate::spec::words::health::HealthTable;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::ports::{Port, Protocol};

table! {
    /// What the kubelet asks a container, and how often.
    "a probe" ProbeTable {
        /// Path of an HTTP check.
        path: Filled,
        /// A shell line that runs inside of the container.
        command: Filled,
        /// The port that is asked; without a `path` it must be open. Default: the service's own.
        port: Whole<1, 65_535>,
        /// Before the first. Default: 0s; of liveness: `health.grace`.
        delay: Time<0, 3600>,
        /// Between two. Default: 5s; of liveness: `health.interval`.
        period: Time<1, 3600>,
        /// How long one may take. Default: `health.timeout`.
        timeout: Time<1, 600>,
        /// Failures in a row that count. Default: `health.retries`; of startup: 60.
        retries: Whole<1, 1000>,
    }
}

/// A probe of the kubelet's (Kubernetes documentation, liveness, readiness and startup probes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// The check that each probe makes.
    pub(crate) check: Check,
    /// Before the first one, in whole seconds.
    pub(crate) delay: Duration,
    /// Between two, in whole seconds, at least 1.
    pub(crate) period: Duration,
    /// How long one may take, in whole seconds, at least 1.
    pub(crate) timeout: Duration,
    /// Failures in a row that count.
    pub(crate) failures: u32,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Check {
    /// An HTTP GET that must answer 200 to 399.
    Http(HttpProbe),
    /// A shell line in the container that must exit with 0.
    Command(String),
    /// The port accepts connections.
    Tcp(u16),
}

/// Where an HTTP check sends its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpProbe {
    /// The path, with its slash.
    pub(crate) path: String,
    /// The port of the container that answers.
    pub(crate) port: u16,
}

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
    raw: &mut KubernetesTable,
    health: &Health,
    ports: &[At<Port>],
    findings: &mut Findings,
) -> Probes {
    let mut tcp = ports.iter().filter(|at| at.value.protocol == Protocol::Tcp);
    let port = tcp.next().map(|at| at.value.number);
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
    let startup = raw.startup.take();
    Probes {
        readiness: ready.probe(raw.readiness.take(), findings),
        liveness: live.probe(raw.liveness.take(), findings),
        startup: startup.and_then(|at| start.probe(Some(at), findings)),
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
    let path = path.clone();
    Some(Check::Http(HttpProbe { path, port }))
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
    fn probe(&self, raw: Option<At<Switch<ProbeTable>>>, findings: &mut Findings) -> Option<Probe> {
        let (raw, head) = match raw {
            Some(At {
                value: Switch::Off, ..
            }) => return None,
            Some(At {
                value: Switch::On(raw),
                head,
                ..
            }) => (raw, head),
            None => return Some(self.with(self.check.clone()?, &ProbeTable::default())),
        };
        let check = self.check(&raw, head, findings)?;
        Some(self.with(check, &raw))
    }

    fn with(&self, check: Check, raw: &ProbeTable) -> Probe {
        Probe {
            check,
            delay: raw.delay.as_ref().map_or(self.delay, |at| at.value.0),
            period: raw.period.as_ref().map_or(self.period, |at| at.value.0),
            timeout: raw.timeout.as_ref().map_or(self.timeout, |at| at.value.0),
            failures: raw.retries.as_ref().map_or(self.failures, |at| at.value.0),
        }
    }

    /// What is asked: `path`, `command` or `port` of the probe's own, else the usual.
    fn check(&self, raw: &ProbeTable, head: Spot, findings: &mut Findings) -> Option<Check> {
        let port = raw.port.as_ref().map(|at| at.value.0);
        let port = port.and_then(|port| u16::try_from(port).ok());
        if let Some(command) = &raw.command {
            let others = [
                raw.path.as_ref().map(|at| (at.head, "path")),
                raw.port.as_ref().map(|at| (at.head, "port")),
            ];
            for (spot, key) in others.into_iter().flatten() {
                let message = format!("`command` and `{key}` exclude each other");
                let problem = Problem::new("conflict", message).at(command.head);
                findings.problem(problem.also(spot, "the other one"));
            }
            return Some(Check::Command(command.value.0.clone()));
        }
        if let Some(path) = &raw.path {
            if !path.value.0.starts_with('/') {
                findings.bad_value(path.spot, "a path starts with `/`");
            }
            let Some(port) = port.or(self.port) else {
                findings.missing(head, "port", "an HTTP check needs a port to ask");
                return None;
            };
            let path = path.value.0.clone();
            return Some(Check::Http(HttpProbe { path, port }));
        }
        let usual = match (&self.check, port) {
            (Some(Check::Http(http)), Some(port)) => Some(Check::Http(HttpProbe {
                path: http.path.clone(),
                port,
            })),
            (_, Some(port)) => Some(Check::Tcp(port)),
            (usual, None) => usual.clone(),
        };
        if usual.is_none() && !raw.has(&["path", "command", "port"]) {
            let why = "a probe needs a `path`, a `command` or a `port`";
            findings.missing(head, "path", why);
        }
        usual
    }
}
