//! The tables of judgement for ECS: what one [`View`] says of *our* rollout. Pure.
//!
//! The `ServiceDeployment` decides where there is one. Where there is none, the classic
//! deployment of our id does: what it says of our id itself counts at once, what could only be
//! concluded from our id's absence waits for [`RECORD_DELAY`].

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::look::{DeploymentView, Record, ServiceView, View};
use crate::rollout::Standing;

mod classic;
pub mod failures;
mod record;
#[cfg(test)]
mod tests;

use self::failures::remember;
pub use self::failures::{Complete, Failures};
use self::record::{by_end, by_record};

/// A record of a new rollout shows up with a delay; after so long we go on without.
pub const RECORD_DELAY: Duration = Duration::from_secs(15);

/// ECS waits up to 15 minutes between attempts to start tasks that keep failing (Amazon ECS
/// developer guide, service throttle logic): failures older than that say nothing of now.
const BACK_OFF: Duration = Duration::from_mins(15);

/// So many failures after its completion are no coincidence: the breaker's own smallest threshold
/// (Amazon ECS developer guide, deployment circuit breaker).
const RELAPSES: usize = 3;

/// Without another failure for so long, a complete deployment is believed again.
const QUIET: Duration = Duration::from_secs(15);

/// Which rollout is ours.
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutId {
    /// The id of the PRIMARY deployment in the answer to our own call.
    pub id: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// What ran before.
    pub former: Option<String>,
    /// Our call started no deployment: only counts move, and so many recent failures are too many.
    pub count_only: Option<usize>,
    /// When a count was set while it was under way, by ECS's clock: it is well once that is reached
    /// too.
    pub count_set: Option<Timestamp>,
    /// It may itself be the rollback of a failed deployment, which has no record of its own.
    pub is_rollback: bool,
    /// When ECS made it, by its own clock: events before that tell of something else.
    pub begun: Option<Timestamp>,
    /// Ids of what ECS had said before our call, as far as its answer told.
    pub said: BTreeSet<String>,
    /// It was there when we came: our call did not start it.
    pub found: bool,
}

impl RolloutId {
    /// A rollout of which only the id is known.
    pub fn found(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            task_definition: String::new(),
            former: None,
            count_only: None,
            count_set: None,
            is_rollback: false,
            begun: None,
            said: BTreeSet::new(),
            found: true,
        }
    }
}

/// What this look says of our rollout. `memory` takes in what later looks may not show.
pub fn read(view: &View, ours: &RolloutId, memory: &mut Failures) -> Standing {
    memory.begun.get_or_insert(view.at);
    let Some(service) = view
        .service
        .as_ref()
        .filter(|service| service.status != "INACTIVE")
    else {
        // An answer may be older than our own call.
        let since = *memory.gone_since.get_or_insert(view.at);
        return if passed(since, RECORD_DELAY, view.at) {
            Standing::Superseded {
                by: "the service was deleted".into(),
            }
        } else {
            Standing::Unknown
        };
    };
    memory.gone_since = None;
    if service.status == "DRAINING" {
        return Standing::Superseded {
            by: "the service is being deleted".into(),
        };
    }
    remember(view, service, ours, memory);
    if let Some(limit) = ours.count_only {
        return counted(service, view.by_theirs(view.at), limit, ours, memory);
    }
    let standing = match &view.record {
        Record::Found(record) if !record.is_ours => by_end(record, service, view.at, ours, memory),
        Record::Found(record) => by_record(record, service, view.at, ours, memory),
        Record::Missing | Record::Unavailable => {
            classic::by_deployments(service, view.at, ours, memory)
        }
    };
    match standing {
        // The record may have been over before the count was set, and says nothing of that.
        Standing::Ready { .. } if ours.count_set.is_some() => {
            counted(service, view.by_theirs(view.at), RELAPSES, ours, memory)
        }
        standing => standing,
    }
}

/// Counts alone: they are reached, or tasks keep failing. `at` is by the platform's clock, as the
/// times of failures are.
fn counted(
    service: &ServiceView,
    at: Timestamp,
    limit: usize,
    ours: &RolloutId,
    memory: &Failures,
) -> Standing {
    let recent = memory
        .failed_at
        .iter()
        .filter(|failed| !passed(**failed, BACK_OFF, at))
        // What failed on the way of a rollout says nothing of a count that was set after it.
        .filter(|failed| ours.count_set.is_none_or(|set| **failed >= set))
        .count();
    match service.primary() {
        Some(primary) if primary.id != ours.id => classic::by_other(service, primary, ours),
        _ if service.running == service.desired && !memory.fresh_failures => Standing::Ready {
            proven: service.desired > 0,
        },
        _ if recent >= limit => Standing::NotRolledBack {
            reason: Some(format!(
                "{} of {} tasks run, and {recent} failed lately",
                service.running, service.desired
            )),
        },
        _ => Standing::Going(format!(
            "{} of {} tasks run",
            service.running, service.desired
        )),
    }
}

/// What became of our tasks since ECS called our deployment complete; `None`: all is well. Where
/// stopped tasks may not be read, their going shows in the counts.
fn relapse(
    deployment: Option<&DeploymentView>,
    at: Timestamp,
    memory: &mut Failures,
) -> Option<Standing> {
    let failures = memory.failed_at.len();
    let (running, desired) = deployment.map_or((0, 0), |ours| (ours.running, ours.desired));
    let complete = memory.complete.get_or_insert(Complete {
        since: at,
        failures,
        relapsed: None,
        running,
    });
    let fell = running < desired.min(std::mem::replace(&mut complete.running, running));
    if fell || (memory.fresh_failures && complete.since < at) {
        complete.relapsed = Some(at);
    }
    let later = failures.saturating_sub(complete.failures);
    if later >= RELAPSES {
        let reason = format!("it was complete, and {later} tasks have failed since then");
        return Some(Standing::NotRolledBack {
            reason: Some(reason),
        });
    }
    let restless = complete
        .relapsed
        .is_some_and(|relapsed| !passed(relapsed, QUIET, at));
    restless.then(|| Standing::Going("complete, but tasks fail".into()))
}

/// Whether answers may still be older than our own call.
fn is_early(at: Timestamp, memory: &Failures) -> bool {
    !memory.seen_ours
        && memory
            .begun
            .is_some_and(|begun| !passed(begun, RECORD_DELAY, at))
}

fn passed(since: Timestamp, wait: Duration, at: Timestamp) -> bool {
    SignedDuration::try_from(wait).is_ok_and(|wait| at.duration_since(since) >= wait)
}
