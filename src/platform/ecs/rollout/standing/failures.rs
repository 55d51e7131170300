//! What earlier looks showed of a rollout, and later ones may not show any more. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::platform::ecs::live::view::{
    DeploymentView, RecordView, ServiceView, tells_of_rollback,
};
use crate::platform::ecs::rollout::look::{Record, View};
use crate::platform::ecs::rollout::started::RolloutId;
use crate::rollout::Standing;

/// A record of a new rollout shows up with a delay; after so long we go on without.
pub(crate) const RECORD_DELAY: Duration = Duration::from_secs(15);

/// So many failures after its completion are no coincidence: the breaker's own smallest threshold
/// (Amazon ECS developer guide, deployment circuit breaker).
pub(super) const RELAPSES: usize = 3;

/// Without another failure for so long, a complete deployment is believed again.
const QUIET: Duration = Duration::from_secs(15);

/// What earlier looks showed, and later ones may not show any more.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing that was seen"
)]
pub(crate) struct Failures {
    /// The first look.
    pub(crate) begun: Option<Timestamp>,
    /// The service was not there, without a break since then.
    pub(crate) gone_since: Option<Timestamp>,
    /// Our deployment, or one made after it, was seen: answers are no longer older than our call.
    pub(crate) seen_ours: bool,
    /// The record names a revision before ours.
    pub(crate) had_source: bool,
    /// Our deployment was seen FAILED, first then.
    pub(crate) failed_since: Option<Timestamp>,
    pub(crate) failed_reason: Option<String>,
    /// Somebody who is not us asked for it to stop.
    pub(crate) stopped_by_other: bool,
    /// We asked for it to stop.
    pub(crate) stopped_by_us: bool,
    /// It was being stopped when we came. Whoever asked, and be it a run of ours that was killed,
    /// that took the place of nothing we did.
    pub(crate) stopped_before: bool,
    /// It was seen STOPPED, first then.
    pub(crate) stopped_since: Option<Timestamp>,
    /// Words that told of a rollback were seen.
    pub(crate) rolling_back: Option<String>,
    /// Tasks of ours failed since the last look.
    pub(crate) failed_lately: bool,
    /// When tasks of ours failed, by the platform's clock.
    pub(crate) failed_at: Vec<Timestamp>,
    /// ECS called our deployment complete: it counts no failures any more, so that we do.
    pub(crate) complete: Option<Complete>,
    /// Its record was over when we came, and tasks were missing: a count moves since then.
    pub(crate) counts: bool,
}

/// Our deployment after ECS called it complete.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Complete {
    /// First seen so.
    pub(crate) since: Timestamp,
    /// So many of our tasks had failed until then.
    pub(crate) failures: usize,
    /// The last look that showed another one, or fewer of them running than before.
    pub(crate) relapsed: Option<Timestamp>,
    /// So many of its tasks ran at the last look.
    pub(crate) running: u32,
}

pub(super) fn remember(
    view: &View,
    service: &ServiceView,
    ours: &RolloutId,
    memory: &mut Failures,
) {
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
        if record.is_ours && record.platform_pulled() && memory.failed_since.is_none() {
            memory.failed_since = Some(view.at);
            memory.failed_reason = record.reason.clone().or_else(|| record.breaker_words());
        }
    }
    if memory.rolling_back.is_none() && !is_early(view.at, memory) {
        let begun = memory.begun.map(|begun| view.by_theirs(begun));
        memory.rolling_back = rollback_words(service, ours, begun);
    }
}

fn remember_stop(record: &RecordView, at: Timestamp, ours: &RolloutId, memory: &mut Failures) {
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
        && !record.platform_pulled()
        && record.stage.refusal().is_none();
}

/// Words in the PRIMARY deployment's reason, or in an event since our begin, by the platform's
/// clock, that tell of a rollback.
fn rollback_words(
    service: &ServiceView,
    ours: &RolloutId,
    begun: Option<Timestamp>,
) -> Option<String> {
    let primary = service.primary().filter(|primary| primary.id != ours.id)?;
    let reason = primary.reason.as_deref();
    if let Some(reason) = reason.filter(|reason| tells_of_rollback(reason)) {
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
        .find(|event| event.at >= since && tells_of_rollback(&event.text))?;
    Some(event.text.clone())
}

/// What became of our tasks since ECS called our deployment complete; `None`: all is well. Where
/// stopped tasks may not be read, their going shows in the counts.
pub(super) fn relapse(
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
    if fell || (memory.failed_lately && complete.since < at) {
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
pub(super) fn is_early(at: Timestamp, memory: &Failures) -> bool {
    !memory.seen_ours
        && memory
            .begun
            .is_some_and(|begun| !passed(begun, RECORD_DELAY, at))
}

pub(super) fn passed(since: Timestamp, wait: Duration, at: Timestamp) -> bool {
    SignedDuration::try_from(wait).is_ok_and(|wait| at.duration_since(since) >= wait)
}
