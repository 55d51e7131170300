//! What the `ServiceDeployment` says of our rollout, row by row. Pure.

use jiff::Timestamp;

use super::classic;
use super::failures::{Failures, RECORD_DELAY, passed, relapse};
use crate::platform::ecs::live::view::{RecordView, ServiceView};
use crate::platform::ecs::rollout::started::RolloutId;
use crate::rollout::Standing;

/// ECS does not tell who asked.
const ON_REQUEST: &str = "somebody asked ECS to stop this deployment (StopServiceDeployment)";

/// What goes back although neither breaker nor alarm fired, and without a reason, was asked to.
fn on_request(record: &RecordView) -> Option<String> {
    (!record.platform_pulled()).then(|| ON_REQUEST.to_owned())
}

/// Our deployment may be the rollback that ends another's record: it is, if it was made before
/// that record was over.
pub(super) fn by_end(
    record: &RecordView,
    service: &ServiceView,
    at: Timestamp,
    ours: &RolloutId,
    memory: &mut Failures,
) -> Standing {
    let made = service
        .deployment(&ours.id)
        .and_then(|deployment| deployment.created);
    let is_its_end =
        made.is_some_and(|made| record.finished.is_some_and(|finished| made <= finished));
    match record.status.as_str() {
        "ROLLBACK_SUCCESSFUL" if is_its_end => Standing::Ready {
            proven: service.desired > 0,
        },
        "ROLLBACK_FAILED" if is_its_end => Standing::NotRolledBack {
            reason: record.reason.clone(),
        },
        _ => classic::by_deployments(service, at, ours, memory),
    }
}

pub(super) fn by_record(
    record: &RecordView,
    service: &ServiceView,
    at: Timestamp,
    ours: &RolloutId,
    memory: &mut Failures,
) -> Standing {
    let reason = || {
        let said = record.reason.clone();
        said.or_else(|| record.rollback_reason.clone())
            .or_else(|| record.breaker_words())
            .or_else(|| record.stage.refusal())
            .or_else(|| on_request(record))
    };
    match record.status.as_str() {
        "SUCCESSFUL" => successful(service, at, ours, memory),
        "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "STOP_REQUESTED" => {
            Standing::Tripping { reason: reason() }
        }
        "ROLLBACK_SUCCESSFUL" if stopped_by_other(record, memory) => Standing::Superseded {
            by: reason().unwrap_or_else(|| ON_REQUEST.to_owned()),
        },
        "ROLLBACK_SUCCESSFUL" => Standing::RolledBack {
            reason: reason(),
            to: record.rollback_to.clone(),
        },
        "ROLLBACK_FAILED" => Standing::NotRolledBack {
            reason: beside_refusal(record, reason()),
        },
        "STOPPED" => stopped(record, service, at, ours, memory),
        // Under way, or a word that is new to us. A breaker that fired without a rollback to come
        // may leave the status as it is, for ever.
        word => match failed(record, memory) {
            Some(words) => classic::after_failure(Some(words), service, at, ours, memory),
            None => Standing::Going(record.stage.beside(word)),
        },
    }
}

/// Why a rollback failed tells nothing of why there was one: a hook that ended the rollout is told too.
fn beside_refusal(record: &RecordView, reason: Option<String>) -> Option<String> {
    match (record.stage.refusal(), reason) {
        (Some(refusal), Some(reason)) if reason != refusal => Some(format!("{refusal}; {reason}")),
        (_, reason) => reason,
    }
}

/// The record says that it is done. That is believed at once of what our own call started; while it
/// bakes, tasks must be there.
///
/// Whoever comes later cannot tell whether a count was set between the record's end and the moment at
/// which ECS calls the deployment complete, as a run does that was killed right after: the record says
/// nothing of that count, so its tasks must be there too.
fn successful(
    service: &ServiceView,
    at: Timestamp,
    ours: &RolloutId,
    memory: &mut Failures,
) -> Standing {
    if let Some(standing) = relapse(service.deployment(&ours.id), at, memory) {
        return standing;
    }
    let baking = memory.complete.is_some_and(|complete| complete.since < at);
    // Only what is ours still counts: somebody else's tasks make up no count of ours.
    let primary = service.primary().filter(|primary| primary.id == ours.id);
    let lacks = primary.is_some_and(|primary| primary.running < service.desired);
    let complete = primary.is_some_and(|it| it.rollout.as_deref() == Some("COMPLETED"));
    memory.counts |= ours.found && lacks && !complete;
    if (memory.counts && lacks) || (baking && service.running < service.desired) {
        return Standing::Going("SUCCESSFUL, but tasks are missing".into());
    }
    Standing::Ready {
        proven: service.desired > 0,
    }
}

fn stopped(
    record: &RecordView,
    service: &ServiceView,
    at: Timestamp,
    ours: &RolloutId,
    memory: &Failures,
) -> Standing {
    if let Some(newer) = &record.newer {
        return Standing::Superseded {
            by: format!("a newer deployment, {newer}"),
        };
    }
    let reason = record.reason.clone();
    if record.platform_pulled() || memory.failed_since.is_some() {
        let words = reason
            .or_else(|| record.breaker_words())
            .or_else(|| memory.failed_reason.clone());
        return Standing::NotRolledBack { reason: words };
    }
    if memory.stopped_by_us {
        return Standing::NotRolledBack {
            reason: reason.or(Some("stopped, as we asked".into())),
        };
    }
    // The record of what took its place may not be listed yet.
    let others = service.primary().filter(|primary| primary.id != ours.id);
    if let Some(superseded @ Standing::Superseded { .. }) =
        others.map(|primary| classic::by_other(service, primary, ours))
    {
        return superseded;
    }
    let late = |since| passed(since, RECORD_DELAY, at);
    if !memory.stopped_since.is_some_and(late) {
        return Standing::Going("STOPPED".into());
    }
    let words = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    Standing::Unclear(format!("{} is STOPPED{words}", ours.id))
}

fn stopped_by_other(record: &RecordView, memory: &Failures) -> bool {
    let own = record.platform_pulled() || record.stage.refusal().is_some();
    if memory.stopped_by_us || memory.stopped_before || own {
        return false;
    }
    let says_so = [&record.reason, &record.rollback_reason]
        .into_iter()
        .flatten()
        .any(|reason| {
            let reason = reason.to_ascii_lowercase();
            reason.contains("stopservicedeployment")
                || reason.contains("stop service deployment")
                || reason.contains("user request")
                || reason.contains("requested by")
        });
    memory.stopped_by_other || says_so
}

/// Why our deployment failed, if it did although its status does not say so.
fn failed(record: &RecordView, memory: &Failures) -> Option<String> {
    let words = if record.platform_pulled() {
        record.reason.clone().or_else(|| record.breaker_words())
    } else {
        memory.failed_since?;
        memory.failed_reason.clone()
    };
    Some(words.unwrap_or_else(|| "the deployment failed".into()))
}
