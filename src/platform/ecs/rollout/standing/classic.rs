//! What the classic deployments of `DescribeServices` say of ours: after a failure that its record
//! does not tell, and where there is no record at all. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::failures::{Failures, RECORD_DELAY, is_early, passed, relapse};
use crate::platform::ecs::live::view::{DeploymentView, ServiceView};
use crate::platform::ecs::rollout::started::RolloutId;
use crate::rollout::Standing;

/// A failed deployment is followed by its rollback within moments; after so long none is coming.
const ROLLBACK_DELAY: Duration = Duration::from_mins(2);

/// Our deployment failed. Whether a rollback follows depends on the settings and on there being
/// something to go back to; where one should, it is waited for a little.
pub(super) fn after_failure(
    reason: Option<String>,
    service: &ServiceView,
    at: Timestamp,
    ours: &RolloutId,
    memory: &Failures,
) -> Standing {
    let known = |primary: &DeploymentView| {
        memory.rolling_back.is_some()
            || ours.former.is_none()
            || ours.former.as_ref() == Some(&primary.task_definition)
            || primary.task_definition == ours.task_definition
    };
    match service.primary() {
        // Somebody was faster than the rollback, or mended it.
        Some(primary) if primary.id != ours.id && !known(primary) => {
            by_other(service, primary, ours)
        }
        Some(primary) if primary.id != ours.id => match primary.rollout.as_deref() {
            Some("COMPLETED") => Standing::RolledBack {
                reason,
                to: Some(primary.task_definition.clone()),
            },
            Some("FAILED") => Standing::NotRolledBack { reason },
            _ => Standing::Tripping { reason },
        },
        _ if !(service.rolls_back || memory.stopped_by_us)
            || !(ours.former.is_some() || memory.had_source) =>
        {
            Standing::NotRolledBack { reason }
        }
        _ if memory
            .failed_since
            .is_some_and(|since| passed(since, ROLLBACK_DELAY, at)) =>
        {
            Standing::NotRolledBack { reason }
        }
        _ => Standing::Tripping { reason },
    }
}

/// Without a record: the classic deployments.
pub(super) fn by_deployments(
    service: &ServiceView,
    at: Timestamp,
    ours: &RolloutId,
    memory: &mut Failures,
) -> Standing {
    if memory.failed_since.is_some() {
        return after_failure(memory.failed_reason.clone(), service, at, ours, memory);
    }
    match (service.deployment(&ours.id), service.primary()) {
        (Some(deployment), _) if deployment.is_primary() => {
            ours_is_primary(deployment, service, at, ours, memory)
        }
        (_, Some(primary)) => match &memory.rolling_back {
            Some(words) => rolled_back(primary, words),
            None => by_other(service, primary, ours),
        },
        (_, None)
            if memory
                .begun
                .is_some_and(|begun| passed(begun, RECORD_DELAY, at)) =>
        {
            Standing::Unclear("the service shows no deployment at all".into())
        }
        (_, None) => Standing::Unknown,
    }
    .unless_early(at, memory)
}

fn ours_is_primary(
    deployment: &DeploymentView,
    service: &ServiceView,
    at: Timestamp,
    ours: &RolloutId,
    memory: &mut Failures,
) -> Standing {
    let word = deployment.rollout.as_deref().unwrap_or("PRIMARY");
    if word == "COMPLETED" && deployment.task_definition == ours.task_definition {
        if let Some(standing) = relapse(Some(deployment), at, memory) {
            return standing;
        }
        let done = deployment.running == deployment.desired
            // Tasks of the old revision serve until they stop.
            && service.running == service.desired
            && !memory.failed_lately;
        if done {
            return Standing::Ready {
                proven: deployment.desired > 0,
            };
        }
    }
    Standing::Going(word.to_owned())
}

fn rolled_back(primary: &DeploymentView, words: &str) -> Standing {
    let reason = Some(words.to_owned());
    match primary.rollout.as_deref() {
        Some("COMPLETED") => Standing::RolledBack {
            reason,
            to: Some(primary.task_definition.clone()),
        },
        Some("FAILED") => Standing::NotRolledBack { reason },
        _ => Standing::Tripping { reason },
    }
}

/// Our id is not PRIMARY, and nothing told of a rollback.
pub(super) fn by_other(
    service: &ServiceView,
    primary: &DeploymentView,
    ours: &RolloutId,
) -> Standing {
    let known = primary.task_definition == ours.task_definition
        || Some(&primary.task_definition) == ours.former.as_ref();
    if known || ours.task_definition.is_empty() {
        let newest = service
            .events
            .iter()
            // What came before ours tells of something else.
            .find(|event| ours.begun.is_none_or(|begun| event.at >= begun))
            .map_or("none of ours", |event| event.text.as_str());
        return Standing::Unclear(format!(
            "{} is no longer PRIMARY, {} is, with {}; newest event: {newest}",
            ours.id, primary.id, primary.task_definition
        ));
    }
    Standing::Superseded {
        by: format!("{} with {}", primary.id, primary.task_definition),
    }
}

impl Standing {
    /// What our id's absence seems to say waits until our id was seen once, or until a late
    /// record, or a late answer, had time to show up; what cannot be told always waits so long.
    fn unless_early(self, at: Timestamp, memory: &Failures) -> Self {
        let late = memory
            .begun
            .is_none_or(|begun| passed(begun, RECORD_DELAY, at));
        match self {
            Self::Unclear(_) if !late => Self::Unknown,
            Self::Superseded { .. }
            | Self::RolledBack { .. }
            | Self::NotRolledBack { .. }
            | Self::Tripping { .. }
                if is_early(at, memory) =>
            {
                Self::Unknown
            }
            other => other,
        }
    }
}
