//! The tables of judgement for ECS: what one [`View`] says of *our* rollout. Pure.
//!
//! The `ServiceDeployment` decides where there is one. Where there is none, the classic
//! deployment of our id does: what it says of our id itself counts at once, what could only be
//! concluded from our id's absence waits for [`RECORD_DELAY`].

use std::time::Duration;

use jiff::Timestamp;

use super::look::{Record, View};
use super::started::RolloutId;
use crate::platform::ecs::live::view::ServiceView;
use crate::rollout::Standing;

mod classic;
pub(crate) mod failures;
mod record;
#[cfg(test)]
mod tests;

use self::failures::{Failures, RECORD_DELAY, RELAPSES, passed, remember};
use self::record::{by_end, by_record};

/// ECS waits up to 15 minutes between attempts to start tasks that keep failing (Amazon ECS
/// developer guide, service throttle logic): failures older than that say nothing of now.
const BACK_OFF: Duration = Duration::from_mins(15);

/// What this look says of our rollout. `memory` takes in what later looks may not show.
pub(crate) fn read(view: &View, ours: &RolloutId, memory: &mut Failures) -> Standing {
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
        _ if service.running == service.desired && !memory.failed_lately => Standing::Ready {
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
