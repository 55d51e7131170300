//! The check that runs inside of a container.

use std::time::Duration;

use crate::spec::findings::Findings;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Table, table};
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
        /// The shell line.
        command: Filled = required,
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

/// A health check run inside a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HealthCheck {
    /// The shell line that is run in the container (`CMD-SHELL`).
    pub(crate) command: String,
    /// Between two checks, 5 to 300 s.
    pub(crate) interval: Duration,
    /// How long one may take, 2 to 120 s.
    pub(crate) timeout: Duration,
    /// Failures in a row that make it unhealthy, 1 to 10.
    pub(crate) retries: u32,
    /// At the start, failures do not count, 0 to 300 s.
    pub(crate) grace: Duration,
}

pub(in crate::spec) fn sidecar_health(health: SidecarHealthTable) -> Option<HealthCheck> {
    let interval = health.interval.map(|at| at.value.0);
    let timeout = health.timeout.map(|at| at.value.0);
    let grace = health.grace.map(|at| at.value.0);
    let retries = health.retries.map(|at| at.value.0);
    Some(check(
        health.command?.value.0,
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
        return own.map(|at| check(at.value.0, [None; 3], None));
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
    match own.or(health.command.clone()) {
        Some(command) => Some(check(command.value.0, [interval, timeout, grace], retries)),
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
fn check(command: String, times: [Option<Duration>; 3], retries: Option<u32>) -> HealthCheck {
    let [interval, timeout, grace] = times;
    HealthCheck {
        command,
        interval: interval.unwrap_or(Duration::from_secs(30)),
        timeout: timeout.unwrap_or(Duration::from_secs(5)),
        retries: retries.unwrap_or(3),
        grace: grace.unwrap_or(Duration::ZERO),
    }
}
