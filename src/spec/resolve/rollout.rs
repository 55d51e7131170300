//! Scaling, and how a rollout is judged.

use std::time::Duration;

use super::super::findings::Findings;
use super::super::model::{Breaker, Rollout, Scaling, Threshold};
use super::super::problem::{Problem, Spot};
use super::super::raw::rollout as raw;
use super::super::scalar::{Replicas, Whole};
use super::super::shape::{At, Table};
use super::super::units;
use super::or;
use crate::rollout::{Patience, Policy};

/// Application Auto Scaling rests so long for ECS when nothing else is said, and the autoscaler of
/// Kubernetes before it scales in (Kubernetes documentation, Horizontal Pod Autoscaling, stabilization
/// window).
const COOLDOWN: Duration = Duration::from_mins(5);

/// How many tasks run, and who decides that.
pub(super) struct Count {
    /// The bounds of scaling.
    pub(super) scaling: Option<Scaling>,
    /// The number of tasks to begin with.
    pub(super) replicas: u32,
    /// Whether others decide from then on.
    pub(super) by_others: bool,
}

/// The bounds of scaling and the number of tasks to begin with.
pub(super) fn scaling(
    raw: Option<At<raw::Scaling>>,
    replicas: Option<&At<Replicas>>,
    ecs: bool,
    findings: &mut Findings,
) -> Count {
    let alone = alone(replicas);
    let Some(At {
        value: raw, head, ..
    }) = raw
    else {
        return alone;
    };
    if !raw.has(&["cpu", "memory", "requests"]) {
        let why = "scaling needs something to aim at: `cpu`, `memory` or `requests`";
        findings.missing(head, "cpu", why);
    }
    let (Some(min), Some(max)) = (raw.min.clone(), raw.max.clone()) else {
        return alone;
    };
    let (fewest, most) = (min.value.0, max.value.0);
    bounds(&min, &max, findings);
    if !ecs {
        super::autoscaler::check(&raw, findings);
    }
    // On Kubernetes the window looks back: any length of it delays the first step out.
    let out = if ecs { COOLDOWN } else { Duration::ZERO };
    if let Some(at) = replicas {
        fits(at, (fewest, most), head, findings);
    }
    let scaling = Scaling {
        min: fewest,
        max: most,
        cpu: raw.cpu.map(|at| at.value.0),
        memory: raw.memory.map(|at| at.value.0),
        requests: raw.requests.map(|at| at.value.0),
        scale_in_cooldown: raw.scale_in_cooldown.map_or(COOLDOWN, |at| at.value.0),
        scale_out_cooldown: raw.scale_out_cooldown.map_or(out, |at| at.value.0),
    };
    Count {
        scaling: Some(scaling),
        replicas: replicas.and_then(number).unwrap_or(fewest),
        by_others: false,
    }
}

/// The count of a service that nothing scales.
fn alone(replicas: Option<&At<Replicas>>) -> Count {
    Count {
        scaling: None,
        replicas: replicas.and_then(number).unwrap_or(1),
        by_others: replicas.is_some_and(|at| matches!(at.value, Replicas::External)),
    }
}

fn number(replicas: &At<Replicas>) -> Option<u32> {
    match replicas.value {
        Replicas::Count(count) => Some(count),
        Replicas::External => None,
    }
}

/// The number to begin with is within the bounds, and nobody else decides beside the autoscaler.
fn fits(replicas: &At<Replicas>, (fewest, most): (u32, u32), head: Spot, findings: &mut Findings) {
    let message = match number(replicas) {
        None => "`scaling` decides the count: leave `replicas` out, or `scaling`".to_owned(),
        Some(count) if fewest <= most && !(fewest..=most).contains(&count) => {
            format!("must be within `scaling`: from {fewest} to {most}")
        }
        Some(_) => return,
    };
    let problem = Problem::new("conflict", message).at(replicas.spot);
    findings.problem(problem.also(head, "the bounds"));
}

fn bounds(min: &At<Whole<0, 5000>>, max: &At<Whole<1, 5000>>, findings: &mut Findings) {
    if min.value.0 == 0 {
        findings.problem(
            Problem::new("bad-value", "must be at least 1")
                .at(min.spot)
                .label("where nothing runs, there is no CPU to measure: it could never scale out again"),
        );
    }
    if min.value.0 > max.value.0 {
        let problem = Problem::new("conflict", "`min` is above `max`").at(min.spot);
        findings.problem(problem.also(max.spot, "below it"));
    }
}

/// How a rollout is judged; `None` where it cannot be told.
pub(super) fn rollout(
    raw: Option<At<raw::Rollout>>,
    defaults: Policy,
    findings: &mut Findings,
) -> Option<Rollout> {
    let Some(At { value: raw, .. }) = raw else {
        return Some(Rollout {
            policy: defaults,
            breaker: breaker(None, findings)?,
            on_cancel: crate::spec::OnCancel::default(),
        });
    };
    let bake = raw.bake.as_ref().map_or(defaults.bake, |at| at.value.0);
    let deadline = raw
        .deadline
        .as_ref()
        .map_or(defaults.deadline, |at| at.value.0);
    if bake >= deadline
        && let Some(at) = &raw.bake
    {
        let problem =
            Problem::new("conflict", "`bake` must be shorter than the deadline").at(at.spot);
        findings.problem(match &raw.deadline {
            Some(deadline) => problem.also(deadline.spot, "the deadline"),
            None => problem.label(format!(
                "the deadline is {} by default",
                units::written(defaults.deadline.as_secs())
            )),
        });
    } else if bake >= deadline {
        findings.bad_value(
            raw.deadline.as_ref()?.spot,
            "the deadline must be longer than `bake`",
        );
    }
    Some(Rollout {
        policy: Policy {
            deadline,
            bake,
            blindness: raw.blindness.map_or(defaults.blindness, |at| at.value.0),
            patience: patience(raw.patience, defaults.patience),
        },
        breaker: breaker(raw.breaker, findings)?,
        on_cancel: or(raw.on_cancel, crate::spec::OnCancel::default()),
    })
}

fn patience(raw: Option<At<raw::Patience>>, defaults: Patience) -> Patience {
    let Some(At { value: raw, .. }) = raw else {
        return defaults;
    };
    Patience {
        certain: raw.certain.map_or(defaults.certain, |at| at.value.0),
        likely: raw.likely.map_or(defaults.likely, |at| at.value.0),
        uncertain: raw.uncertain.map_or(defaults.uncertain, |at| at.value.0),
    }
}

/// The breaker is on, with rollback, at 50 % bounded, unless the file says otherwise.
fn breaker(raw: Option<At<raw::Breaker>>, findings: &mut Findings) -> Option<Breaker> {
    let mut breaker = Breaker {
        enabled: true,
        rollback: true,
        threshold: Threshold::BoundedPercent(50),
        reset_on_healthy: true,
    };
    let table = match raw.map(|at| at.value) {
        None => return Some(breaker),
        Some(raw::Breaker::Off) => {
            breaker.enabled = false;
            breaker.rollback = false;
            return Some(breaker);
        }
        Some(raw::Breaker::On(table)) => table,
    };
    let bounded = table.bounded.as_ref().is_none_or(|at| at.value);
    breaker.threshold = match table.threshold.map(|at| at.value) {
        Some(raw::Threshold::Count(count)) => {
            if let Some(at) = table.bounded.filter(|at| at.value) {
                let message = "only a percentage is bounded, not a number of failures";
                findings.bad_value(at.spot, message);
                return None;
            }
            Threshold::Count(count)
        }
        Some(raw::Threshold::Percent(percent)) if bounded => Threshold::BoundedPercent(percent),
        Some(raw::Threshold::Percent(percent)) => Threshold::UnboundedPercent(percent),
        None if bounded => Threshold::BoundedPercent(50),
        None => Threshold::UnboundedPercent(50),
    };
    breaker.rollback = or(table.rollback, true);
    breaker.reset_on_healthy = or(table.reset_on_healthy, true);
    Some(breaker)
}
