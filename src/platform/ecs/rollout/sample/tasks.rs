//! Looks at the stopped tasks of the service when they may tell something new.

use std::time::Duration;

use aws_sdk_ecs::types::{DesiredStatus, Task};
use jiff::{SignedDuration, Timestamp};

use super::Sampler;
use super::stopped::{is_ours, stopped_task};
use crate::platform::ecs::live::tasks::Tasks;
use crate::platform::ecs::live::view::DeploymentView;
use crate::platform::ecs::rollout::Watched;
use crate::platform::ecs::rollout::causes;
use crate::platform::ecs::rollout::look::{Record, View};
use crate::platform::failure::{Failed, FailureKind};

/// Stopped tasks are looked at when a counter moves, and every so often all the same: a task that
/// failed and was replaced between two looks moves none.
const LOOK_AGAIN: Duration = Duration::from_secs(4);

/// Pages of stopped tasks listed in one look. Where tasks keep failing there may be many more, for
/// ECS shows them for an hour, in no order that it promises: the next look goes on from there.
const PAGES: usize = 3;

impl Sampler<'_> {
    pub(super) async fn look_at_tasks(
        &self,
        rollout: &mut Watched,
        view: &View,
    ) -> Result<(), Failed> {
        rollout.memory.failed_lately = false;
        if !worth_a_look(rollout, view) {
            return Ok(());
        }
        rollout.seen.looked = Some(view.at);
        let stopped = match self.stopped(rollout).await {
            Ok(stopped) => stopped,
            Err(error) if matches!(error.kind, FailureKind::Denied | FailureKind::Unsupported) => {
                self.lacks(rollout, "stopped tasks", &error, "no causes of failures");
                return Ok(());
            }
            // The record judges without them; next time they may be had again.
            Err(error) if matches!(view.record, Record::Found(_)) => {
                rollout.seen.looked = None;
                self.lacks(rollout, "stopped tasks", &error, "asked again next time");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        rollout.seen.missing.remove("stopped tasks");
        // Among those that are still to be listed may be failures of ours.
        rollout.memory.failed_lately |= !rollout.seen.listed;
        for task in &stopped {
            let ours = is_ours(task, rollout);
            let task = stopped_task(task);
            rollout.seen.tasks.insert(task.arn.clone());
            let failure =
                causes::failure(&task, &rollout.subject.essential, view.by_theirs(view.at));
            let failure = failure.filter(|failure| ours && !is_before(rollout, failure.at));
            if let Some(failure) = failure {
                rollout.memory.failed_lately = true;
                rollout.memory.failed_at.push(failure.at);
                rollout.seen.failures.insert(failure.id.clone(), failure);
            }
        }
        Ok(())
    }

    /// Stopped tasks of the service that were not looked at before.
    async fn stopped(&self, rollout: &mut Watched) -> Result<Vec<Task>, Failed> {
        let tasks = Tasks {
            client: self.client,
            cluster: self.cluster,
            service: &rollout.service,
            desired: DesiredStatus::Stopped,
        };
        // What is new is likely to be listed first; the rest follows from look to look.
        let (mut arns, after) = tasks.page(None).await?;
        let mut next = rollout.seen.unlisted.take().or(after);
        for _ in 1..PAGES {
            let Some(token) = next.take() else { break };
            let (more, after) = tasks.page(Some(token)).await?;
            arns.extend(more);
            next = after;
        }
        arns.retain(|arn| !rollout.seen.tasks.contains(arn));
        let stopped = tasks.describe(&arns).await?;
        rollout.seen.listed |= next.is_none();
        rollout.seen.unlisted = next;
        Ok(stopped)
    }
}

/// Whether it happened before the count was set that is followed: the deployment is older.
fn is_before(rollout: &Watched, at: Timestamp) -> bool {
    rollout.ours.count_only.is_some() && rollout.seen.begun.is_some_and(|begun| at < begun)
}

fn worth_a_look(rollout: &mut Watched, view: &View) -> bool {
    let Some(service) = &view.service else {
        return false;
    };
    let ours = service.deployment(&rollout.ours.id);
    let count = |read: fn(&DeploymentView) -> u32| ours.map_or(0, read);
    let breaker = match &view.record {
        Record::Found(record) => record
            .breaker
            .as_ref()
            .map_or(0, |breaker| breaker.failures),
        _ => 0,
    };
    let newest = u32::try_from(rollout.seen.events.len()).unwrap_or(u32::MAX);
    let counters = [
        count(|d| d.running),
        count(|d| d.pending),
        count(|d| d.failed),
        breaker,
        newest,
    ];
    let first = rollout.seen.counters.is_none();
    let moved = rollout.seen.counters.replace(counters) != Some(counters);
    let long_ago = SignedDuration::try_from(LOOK_AGAIN).is_ok_and(|wait| {
        rollout
            .seen
            .looked
            .is_none_or(|looked| view.at.duration_since(looked) >= wait)
    });
    // Without a record, and while it bakes, readiness itself rests on there being no fresh failure.
    let decisive = !matches!(view.record, Record::Found(_)) || rollout.memory.complete.is_some();
    let unfinished = rollout.seen.unlisted.is_some();
    (moved && !first) || long_ago || decisive || unfinished
}
