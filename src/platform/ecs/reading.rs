//! The tables of judgement for ECS: what one [`View`] says of *our* rollout. Pure.
//!
//! The `ServiceDeployment` decides where there is one. Where there is none, the classic
//! deployment of our id does: what it says of our id itself counts at once, what could only be
//! concluded from our id's absence waits for [`RECORD_DELAY`].

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::view::{DeploymentView, Record, RecordView, ServiceView, View};
use crate::rollout::Standing;

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
pub struct Ours {
    /// The id of the PRIMARY deployment in the answer to our own call.
    pub id: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// What ran before.
    pub former: Option<String>,
    /// Our call started no deployment: only counts move, and so many recent failures are too many.
    pub count_only: Option<usize>,
    /// It may itself be the rollback of a failed deployment, which has no record of its own.
    pub is_rollback: bool,
    /// When ECS made it, by its own clock: events before that tell of something else.
    pub begun: Option<Timestamp>,
    /// It was there when we came: our call did not start it.
    pub found: bool,
}

impl Ours {
    /// A rollout of which only the id is known.
    pub fn found(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            task_definition: String::new(),
            former: None,
            count_only: None,
            is_rollback: false,
            begun: None,
            found: true,
        }
    }
}

/// What earlier looks showed, and later ones may not show any more.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing that was seen"
)]
pub struct Memory {
    /// The first look.
    pub begun: Option<Timestamp>,
    /// The service was not there, without a break since then.
    pub gone_since: Option<Timestamp>,
    /// Our deployment, or one made after it, was seen: answers are no longer older than our call.
    pub seen_ours: bool,
    /// The record names a revision before ours.
    pub had_source: bool,
    /// Our deployment was seen FAILED, first then.
    pub failed_since: Option<Timestamp>,
    /// Its reason.
    pub failed_reason: Option<String>,
    /// Somebody who is not us asked for it to stop.
    pub stopped_by_other: bool,
    /// We asked for it to stop.
    pub stopped_by_us: bool,
    /// It was being stopped when we came. Whoever asked, and be it a run of ours that was killed,
    /// that took the place of nothing we did.
    pub stopped_before: bool,
    /// It was seen STOPPED, first then.
    pub stopped_since: Option<Timestamp>,
    /// Words that told of a rollback were seen.
    pub rolling_back: Option<String>,
    /// Tasks of ours failed since the last look.
    pub fresh_failures: bool,
    /// When tasks of ours failed.
    pub failed_at: Vec<Timestamp>,
    /// ECS called our deployment complete: it counts no failures any more, so that we do.
    pub complete: Option<Complete>,
}

/// Our deployment after ECS called it complete.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Complete {
    /// First seen so.
    pub since: Timestamp,
    /// So many of our tasks had failed until then.
    pub failures: usize,
    /// The last look that showed another one, or fewer of them running than before.
    pub relapsed: Option<Timestamp>,
    /// So many of its tasks ran at the last look.
    pub running: u32,
}

/// What this look says of our rollout. `memory` takes in what later looks may not show.
pub fn read(view: &View, ours: &Ours, memory: &mut Memory) -> Standing {
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
        return counted(service, view.at, limit, ours, memory);
    }
    match &view.record {
        Record::Found(record) if !record.is_ours => by_end(record, service, view.at, ours, memory),
        Record::Found(record) => by_record(record, service, view.at, ours, memory),
        Record::Missing | Record::Unavailable => {
            classic::by_deployments(service, view.at, ours, memory)
        }
    }
}

fn remember(view: &View, service: &ServiceView, ours: &Ours, memory: &mut Memory) {
    if let Some(deployment) = service.deployment(&ours.id)
        && deployment.rollout.as_deref() == Some("FAILED")
        && memory.failed_since.is_none()
    {
        memory.failed_since = Some(view.at);
        memory.failed_reason.clone_from(&deployment.reason);
    }
    let newer = service.primary().and_then(|primary| primary.created) > ours.begun;
    memory.seen_ours |= service.deployment(&ours.id).is_some() || (ours.begun.is_some() && newer);
    if let Record::Found(record) = &view.record {
        remember_stop(record, view.at, ours, memory);
        memory.had_source |= record.has_source;
        if record.is_ours && platform_pulled(record) && memory.failed_since.is_none() {
            memory.failed_since = Some(view.at);
            memory.failed_reason = record.reason.clone().or_else(|| breaker_words(record));
        }
    }
    if memory.rolling_back.is_none() && !is_early(view.at, memory) {
        memory.rolling_back = rollback_words(service, ours, memory.begun);
    }
}

fn remember_stop(record: &RecordView, at: Timestamp, ours: &Ours, memory: &mut Memory) {
    let status = record.status.as_str();
    if status == "STOPPED" {
        memory.stopped_since.get_or_insert(at);
    }
    let came_later = ours.found && memory.begun == Some(at);
    if came_later && (status.starts_with("ROLLBACK_") || status == "STOP_REQUESTED") {
        memory.stopped_before = true;
    }
    memory.stopped_by_other |= matches!(status, "ROLLBACK_REQUESTED" | "STOP_REQUESTED")
        && !memory.stopped_by_us
        && !memory.stopped_before
        && !platform_pulled(record);
}

/// Words in the PRIMARY deployment's reason, or in an event since our begin, that tell of a rollback.
fn rollback_words(service: &ServiceView, ours: &Ours, begun: Option<Timestamp>) -> Option<String> {
    let primary = service.primary().filter(|primary| primary.id != ours.id)?;
    let tells = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["rolling back", "rolled back", "rollback"]
            .iter()
            .any(|words| text.contains(words))
    };
    if let Some(reason) = primary.reason.as_deref().filter(|reason| tells(reason)) {
        return Some(reason.to_owned());
    }
    let early = || {
        let slack = SignedDuration::try_from(RECORD_DELAY).ok()?;
        begun?.checked_sub(slack).ok()
    };
    let since = ours.begun.or_else(early)?;
    let event = service
        .events
        .iter()
        .find(|event| event.at >= since && tells(&event.text))?;
    Some(event.text.clone())
}

/// Counts alone: they are reached, or tasks keep failing.
fn counted(
    service: &ServiceView,
    at: Timestamp,
    limit: usize,
    ours: &Ours,
    memory: &Memory,
) -> Standing {
    let recent = memory
        .failed_at
        .iter()
        .filter(|failed| !passed(**failed, BACK_OFF, at))
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

/// Our deployment may be the rollback that ends another's record: it is, if it was made before
/// that record was over.
fn by_end(
    record: &RecordView,
    service: &ServiceView,
    at: Timestamp,
    ours: &Ours,
    memory: &mut Memory,
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

fn by_record(
    record: &RecordView,
    service: &ServiceView,
    at: Timestamp,
    ours: &Ours,
    memory: &mut Memory,
) -> Standing {
    let reason = || {
        record
            .reason
            .clone()
            .or_else(|| record.rollback_reason.clone())
    };
    match record.status.as_str() {
        "SUCCESSFUL" => successful(record, service, at, ours, memory),
        "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "STOP_REQUESTED" => Standing::Tripping {
            reason: reason().or_else(|| breaker_words(record)),
        },
        "ROLLBACK_SUCCESSFUL" if stopped_by_other(record, memory) => Standing::Superseded {
            by: reason()
                .unwrap_or_else(|| "somebody asked for this deployment to be stopped".into()),
        },
        "ROLLBACK_SUCCESSFUL" => Standing::RolledBack {
            reason: reason().or_else(|| breaker_words(record)),
            to: record.rollback_to.clone(),
        },
        "ROLLBACK_FAILED" => Standing::NotRolledBack { reason: reason() },
        "STOPPED" => stopped(record, service, at, ours, memory),
        // Under way, or a word that is new to us. A breaker that fired without a rollback to come
        // may leave the status as it is, for ever.
        word => match failed(record, memory) {
            Some(words) => classic::after_failure(Some(words), service, at, ours, memory),
            None => Standing::Going(word.to_owned()),
        },
    }
}

/// The record says that it is done. That is believed at once; while it bakes, tasks must be there.
fn successful(
    record: &RecordView,
    service: &ServiceView,
    at: Timestamp,
    ours: &Ours,
    memory: &mut Memory,
) -> Standing {
    if let Some(standing) = relapse(service.deployment(&ours.id), at, memory) {
        return standing;
    }
    let baking = memory.complete.is_some_and(|complete| complete.since < at);
    if baking && service.running < service.desired {
        return Standing::Going("SUCCESSFUL, but tasks are missing".into());
    }
    Standing::Ready {
        proven: record.requested > 0 || service.desired > 0,
    }
}

/// What became of our tasks since ECS called our deployment complete; `None`: all is well. Where
/// stopped tasks may not be read, their going shows in the counts.
fn relapse(
    deployment: Option<&DeploymentView>,
    at: Timestamp,
    memory: &mut Memory,
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

fn stopped(
    record: &RecordView,
    service: &ServiceView,
    at: Timestamp,
    ours: &Ours,
    memory: &Memory,
) -> Standing {
    if let Some(newer) = &record.newer {
        return Standing::Superseded {
            by: format!("a newer deployment, {newer}"),
        };
    }
    let reason = record.reason.clone();
    if platform_pulled(record) || memory.failed_since.is_some() {
        let words = reason
            .or_else(|| breaker_words(record))
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

/// The breaker or an alarm fired: this is the platform's own doing.
fn platform_pulled(record: &RecordView) -> bool {
    record
        .breaker
        .as_ref()
        .is_some_and(|breaker| breaker.status == "TRIGGERED")
        || record.alarm_status.as_deref() == Some("TRIGGERED")
}

fn stopped_by_other(record: &RecordView, memory: &Memory) -> bool {
    if memory.stopped_by_us || memory.stopped_before || platform_pulled(record) {
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
fn failed(record: &RecordView, memory: &Memory) -> Option<String> {
    let words = if platform_pulled(record) {
        record.reason.clone().or_else(|| breaker_words(record))
    } else {
        memory.failed_since?;
        memory.failed_reason.clone()
    };
    Some(words.unwrap_or_else(|| "the deployment failed".into()))
}

fn breaker_words(record: &RecordView) -> Option<String> {
    let breaker = record
        .breaker
        .as_ref()
        .filter(|breaker| breaker.status == "TRIGGERED");
    match (breaker, record.alarms.as_slice()) {
        (Some(breaker), _) => Some(format!(
            "the circuit breaker counted {} failures of {}",
            breaker.failures, breaker.threshold
        )),
        (None, []) => None,
        (None, alarms) => Some(format!("alarm {} fired", alarms.join(", "))),
    }
}

/// Whether answers may still be older than our own call.
fn is_early(at: Timestamp, memory: &Memory) -> bool {
    !memory.seen_ours
        && memory
            .begun
            .is_some_and(|begun| !passed(begun, RECORD_DELAY, at))
}

fn passed(since: Timestamp, wait: Duration, at: Timestamp) -> bool {
    SignedDuration::try_from(wait).is_ok_and(|wait| at.duration_since(since) >= wait)
}

mod classic;
#[cfg(test)]
mod rows;
