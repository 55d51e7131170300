//! What scales a service, as Application Auto Scaling tells it. Pure.

use aws_sdk_applicationautoscaling::types as scaling;

use super::policy::configuration;
use crate::platform::ecs::settings::sdk::{time, word};
use crate::platform::ecs::settings::{
    ScalableTarget, ScalingPolicy, ScheduledAction, SuspendedState, TargetAction,
};

/// What scales a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LiveScaling {
    /// The bounds; `None`: nothing scales it.
    pub(crate) target: Option<ScalableTarget>,
    /// Policies that this program knows the kind of.
    pub(crate) policies: Vec<ScalingPolicy>,
    /// The names of those of other kinds.
    pub(crate) others: Vec<String>,
    /// Its scheduled actions; none where they may not be read.
    pub(crate) schedules: Vec<ScheduledAction>,
    /// They may not be read.
    pub(crate) schedules_unread: bool,
    /// Step policies that no alarm calls, with their ARNs.
    pub(crate) uncalled: Vec<(String, String)>,
}

impl LiveScaling {
    /// From the answers.
    pub(crate) fn read(
        target: Option<&scaling::ScalableTarget>,
        policies: Vec<scaling::ScalingPolicy>,
        schedules: Option<Vec<scaling::ScheduledAction>>,
    ) -> Self {
        let mut scaling = Self {
            target: target.map(scalable_target),
            schedules_unread: schedules.is_none(),
            schedules: schedules
                .into_iter()
                .flatten()
                .map(|one| scheduled(&one))
                .collect(),
            ..Self::default()
        };
        for read in policies {
            if read.policy_type == scaling::PolicyType::StepScaling && read.alarms().is_empty() {
                let uncalled = (read.policy_name.clone(), read.policy_arn.clone());
                scaling.uncalled.push(uncalled);
            }
            match policy(&read) {
                Some(ours) => scaling.policies.push(ours),
                None => scaling.others.push(read.policy_name),
            }
        }
        scaling
    }

    /// What of it somebody suspended, in words.
    pub(crate) fn suspended(&self) -> Vec<&'static str> {
        let target = self.target.as_ref();
        let state = target.and_then(|target| target.suspended_state);
        state
            .unwrap_or_default()
            .said()
            .map(|(_, words)| words)
            .collect()
    }

    /// The names of all its policies.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        let ours = self.policies.iter().map(|policy| &policy.policy_name);
        ours.chain(&self.others)
    }
}

fn scheduled(read: &scaling::ScheduledAction) -> ScheduledAction {
    let sets = read.scalable_target_action.as_ref();
    ScheduledAction {
        scheduled_action_name: read.scheduled_action_name.clone(),
        service_namespace: word(&read.service_namespace),
        resource_id: read.resource_id.clone(),
        scalable_dimension: read
            .scalable_dimension
            .as_ref()
            .map(word)
            .unwrap_or_default(),
        schedule: read.schedule.clone(),
        timezone: read.timezone.clone(),
        start_time: time(read.start_time.as_ref()),
        end_time: time(read.end_time.as_ref()),
        scalable_target_action: TargetAction {
            min_capacity: sets.and_then(|sets| sets.min_capacity),
            max_capacity: sets.and_then(|sets| sets.max_capacity),
        },
    }
}

/// A scalable target; its tags are not told.
fn scalable_target(read: &scaling::ScalableTarget) -> ScalableTarget {
    ScalableTarget {
        service_namespace: word(&read.service_namespace),
        resource_id: read.resource_id.clone(),
        scalable_dimension: word(&read.scalable_dimension),
        min_capacity: read.min_capacity,
        max_capacity: read.max_capacity,
        suspended_state: Some(suspended(read)),
        tags: std::collections::BTreeMap::new(),
    }
}

/// What of the scaling of a target rests.
fn suspended(read: &scaling::ScalableTarget) -> SuspendedState {
    let state = read.suspended_state.as_ref();
    let is = |part: Option<bool>| part.unwrap_or(false);
    SuspendedState {
        dynamic_scaling_in_suspended: is(state.and_then(|it| it.dynamic_scaling_in_suspended)),
        dynamic_scaling_out_suspended: is(state.and_then(|it| it.dynamic_scaling_out_suspended)),
        scheduled_scaling_suspended: is(state.and_then(|it| it.scheduled_scaling_suspended)),
    }
}

/// A policy; `None`: of a kind that this program does not know.
fn policy(read: &scaling::ScalingPolicy) -> Option<ScalingPolicy> {
    Some(ScalingPolicy {
        policy_name: read.policy_name.clone(),
        service_namespace: word(&read.service_namespace),
        resource_id: read.resource_id.clone(),
        scalable_dimension: word(&read.scalable_dimension),
        policy_type: word(&read.policy_type),
        configuration: configuration(read)?,
    })
}
