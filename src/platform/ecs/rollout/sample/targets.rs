//! Has the health of the targets read while failing ones are still there.

use std::time::Duration;

use jiff::SignedDuration;

use super::Sampler;
use crate::platform::ecs::rollout::Watched;
use crate::platform::ecs::rollout::look::View;
use crate::rollout::Cause;

/// Between two reads while tasks of ours run and their rollout is not over. A target that fails is
/// found so by at least two checks, 5 seconds apart or more (Elastic Load Balancing user guide,
/// health checks for target groups), before ECS stops its task.
const AGAIN: Duration = Duration::from_secs(10);

impl Sampler<'_> {
    /// Begins to read them where that may tell something; never waits for it.
    pub(super) fn look_at_targets(&self, rollout: &mut Watched, view: &View) {
        let none = rollout.subject.target_groups.is_empty();
        if none || rollout.seen.targets.suffice() || !is_due(rollout, view) {
            return;
        }
        rollout.seen.targets_asked = Some(view.at);
        let groups = &rollout.subject.target_groups;
        let targets = &rollout.seen.targets;
        targets.read(self.load_balancers, groups, view.at);
    }
}

fn is_due(rollout: &mut Watched, view: &View) -> bool {
    let failures = &rollout.seen.failures;
    let by_target = |cause: Cause| cause == Cause::TargetUnhealthy;
    if rollout.memory.failed_lately && failures.values().any(|one| by_target(one.cause)) {
        return true;
    }
    let service = view.service.as_ref();
    let ours = service.and_then(|service| service.deployment(&rollout.ours.id));
    let runs = ours.is_some_and(|ours| ours.running > 0);
    if !runs || rollout.memory.complete.is_some() {
        return false;
    }
    // New targets get the time that a good one takes to be seen as such.
    let last = *rollout.seen.targets_asked.get_or_insert(view.at);
    SignedDuration::try_from(AGAIN).is_ok_and(|wait| view.at.duration_since(last) >= wait)
}
