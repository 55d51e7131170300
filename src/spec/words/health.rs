//! The check that runs inside of a container.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::spec::findings::Findings;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Shape, Table, table};
use crate::spec::tree::{Node, Value};
use crate::spec::units::Time;
use crate::spec::words::ServiceTable;

table! {
    /// How the main container is found to be healthy.
    "health" HealthTable {
        /// Path of an HTTP check from outside, such as "/health": the kubelet's; on ECS the target group has its own.
        path: Filled,
        /// A shell line that runs inside of the container.
        command: Filled,
        /// Between two checks, 5s to 300s. Default: 30s.
        interval: Time<5, 300>,
        /// How long one may take, 2s to 120s. Default: 5s.
        timeout: Time<2, 120>,
        /// Failures in a row that make it unhealthy, 1 to 10. Default: 3.
        retries: Whole<1, 10>,
        /// At the start, failures do not count, 0s to 300s. Default: 0s.
        grace: Time<0, 300>,
    }
}

table! {
    /// A check that runs inside of a sidecar.
    "sidecar health" SidecarHealthTable {
        /// The shell line. Must be there, but where `ecs.health_command` is.
        command: Filled,
        /// Between two checks, 5s to 300s. Default: 30s.
        interval: Time<5, 300>,
        /// How long one may take, 2s to 120s. Default: 5s.
        timeout: Time<2, 120>,
        /// Failures in a row that make it unhealthy, 1 to 10. Default: 3.
        retries: Whole<1, 10>,
        /// At the start, failures do not count, 0s to 300s. Default: 0s.
        grace: Time<0, 300>,
    }
}

/// What is run to check: a shell line, or a program with its arguments.
#[derive(Clone)]
pub(in crate::spec) enum Line {
    /// Run by the shell of the image.
    Shell(String),
    /// Run as it is.
    Direct(Vec<String>),
}

impl Shape for Line {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if !matches!(node.value, Value::List(_)) {
            return Some(Self::Shell(Filled::read(node, findings)?.0));
        }
        let words = Vec::<At<Filled>>::read(node, findings)?;
        if words.is_empty() {
            findings.bad_value(node.spot, "there is no program to run");
            return None;
        }
        Some(Self::Direct(
            words.into_iter().map(|at| at.value.0).collect(),
        ))
    }

    fn schema() -> Json {
        json!({ "anyOf": [Filled::schema(), Vec::<At<Filled>>::schema()] })
    }
}

/// A health check run inside a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HealthCheck {
    /// The shell line that is run in the container (`CMD-SHELL`); empty where a program is run.
    pub(crate) command: String,
    /// The program that is run in the container, with its arguments (`CMD`).
    pub(crate) program: Vec<String>,
    /// Between two checks, 5 to 300 s.
    pub(crate) interval: Duration,
    /// How long one may take, 2 to 120 s.
    pub(crate) timeout: Duration,
    /// Failures in a row that make it unhealthy, 1 to 10.
    pub(crate) retries: u32,
    /// At the start, failures do not count, 0 to 300 s.
    pub(crate) grace: Duration,
}

/// The check inside of a sidecar: `ecs.health_command`, on ECS, before `health.command`.
pub(in crate::spec) fn sidecar_health(
    health: Option<At<SidecarHealthTable>>,
    own: Option<At<Line>>,
    findings: &mut Findings,
) -> Option<HealthCheck> {
    let head = health.as_ref().map(|at| at.head);
    let health = health.map(|at| at.value).unwrap_or_default();
    if let Some(head) = head.filter(|_| own.is_none() && !health.has(&["command"])) {
        findings.missing(head, "command", "sidecar health needs it");
    }
    let interval = health.interval.map(|at| at.value.0);
    let timeout = health.timeout.map(|at| at.value.0);
    let grace = health.grace.map(|at| at.value.0);
    let retries = health.retries.map(|at| at.value.0);
    let command = health.command.map(|at| Line::Shell(at.value.0));
    Some(check(
        own.map(|at| at.value).or(command)?,
        [interval, timeout, grace],
        retries,
    ))
}

/// The check inside of the main container: `ecs.health_command`, on ECS, before `health.command`.
pub(in crate::spec) fn main_health(
    raw: &ServiceTable,
    ecs: bool,
    findings: &mut Findings,
) -> Option<HealthCheck> {
    let typed = raw.ecs.as_ref().filter(|_| ecs);
    let own = typed.and_then(|ecs| ecs.value.health_command.clone());
    let Some(At {
        value: health,
        head,
        ..
    }) = &raw.health
    else {
        return own.map(|at| check(at.value, [None; 3], None));
    };
    if let Some(path) = &health.path
        && !path.value.0.starts_with('/')
    {
        findings.bad_value(path.spot, "a path starts with `/`");
    }
    let interval = health.interval.as_ref().map(|at| at.value.0);
    let timeout = health.timeout.as_ref().map(|at| at.value.0);
    let grace = health.grace.as_ref().map(|at| at.value.0);
    let retries = health.retries.as_ref().map(|at| at.value.0);
    let command = health.command.as_ref();
    let command = command.map(|at| Line::Shell(at.value.0.clone()));
    match own.map(|at| at.value).or(command) {
        Some(command) => Some(check(command, [interval, timeout, grace], retries)),
        None if health.path.is_some() => {
            if ecs {
                findings.note(
                    "not-honoured",
                    "no check runs inside of the container, since neither `ecs.health_command` nor `health.command` is given; \
                     on ECS `health.path` is the target group's own setting and is not changed",
                );
            }
            None
        }
        None if health.has(&["command"]) => None,
        None => {
            let why = "a check needs a `path` or a `command`";
            findings.missing(*head, "command", why);
            None
        }
    }
}

/// A check with the defaults of ECS: every 30 s, 5 s long, 3 times, no grace.
fn check(line: Line, times: [Option<Duration>; 3], retries: Option<u32>) -> HealthCheck {
    let [interval, timeout, grace] = times;
    let (command, program) = match line {
        Line::Shell(line) => (line, Vec::new()),
        Line::Direct(words) => (String::new(), words),
    };
    HealthCheck {
        command,
        program,
        interval: interval.unwrap_or(Duration::from_secs(30)),
        timeout: timeout.unwrap_or(Duration::from_secs(5)),
        retries: retries.unwrap_or(3),
        grace: grace.unwrap_or(Duration::ZERO),
    }
}
