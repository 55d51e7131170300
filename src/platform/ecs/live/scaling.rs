//! What scales a service, as Application Auto Scaling tells it. Pure.

use aws_sdk_applicationautoscaling::types as scaling;

use crate::platform::ecs::settings::sdk::{time, word};
use crate::platform::ecs::settings::{
    Metric, ScalableTarget, ScalingPolicy, ScheduledAction, TargetAction, TargetTracking,
};

/// What scales a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LiveScaling {
    /// The bounds; `None`: nothing scales it.
    pub(crate) target: Option<ScalableTarget>,
    /// Policies in our words.
    pub(crate) policies: Vec<ScalingPolicy>,
    /// The names of policies of other kinds.
    pub(crate) others: Vec<String>,
    /// Its scheduled actions; none where they may not be read.
    pub(crate) schedules: Vec<ScheduledAction>,
    /// They may not be read.
    pub(crate) schedules_unread: bool,
    /// What of it somebody suspended, in words.
    pub(crate) suspended: Vec<&'static str>,
}

impl LiveScaling {
    /// From the answers.
    pub(crate) fn read(
        target: Option<&scaling::ScalableTarget>,
        policies: Vec<scaling::ScalingPolicy>,
        schedules: Option<Vec<scaling::ScheduledAction>>,
    ) -> Self {
        let mut scaling = Self {
            suspended: target.map(suspended).unwrap_or_default(),
            target: target.map(scalable_target),
            schedules_unread: schedules.is_none(),
            schedules: schedules.iter().flatten().map(scheduled).collect(),
            ..Self::default()
        };
        for read in policies {
            match policy(&read) {
                Some(ours) => scaling.policies.push(ours),
                None => scaling.others.push(read.policy_name),
            }
        }
        scaling
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
        tags: std::collections::BTreeMap::new(),
    }
}

/// What of the scaling of a target is suspended, in words (Application Auto Scaling API reference,
/// `SuspendedState`).
fn suspended(read: &scaling::ScalableTarget) -> Vec<&'static str> {
    let state = read.suspended_state.as_ref();
    let parts = [
        (
            state.and_then(|state| state.dynamic_scaling_in_suspended),
            "scaling in",
        ),
        (
            state.and_then(|state| state.dynamic_scaling_out_suspended),
            "scaling out",
        ),
        (
            state.and_then(|state| state.scheduled_scaling_suspended),
            "scheduled scaling",
        ),
    ];
    let is = |(is, words): (Option<bool>, &'static str)| is.unwrap_or(false).then_some(words);
    parts.into_iter().filter_map(is).collect()
}

/// A target-tracking policy on a predefined metric; `None` for every other kind, which the file
/// format has no word for.
fn policy(read: &scaling::ScalingPolicy) -> Option<ScalingPolicy> {
    let tracking = read.target_tracking_scaling_policy_configuration.as_ref()?;
    let metric = tracking.predefined_metric_specification.as_ref()?;
    Some(ScalingPolicy {
        policy_name: read.policy_name.clone(),
        service_namespace: word(&read.service_namespace),
        resource_id: read.resource_id.clone(),
        scalable_dimension: word(&read.scalable_dimension),
        policy_type: word(&read.policy_type),
        target_tracking_scaling_policy_configuration: TargetTracking {
            target_value: tracking.target_value,
            predefined_metric_specification: Metric {
                predefined_metric_type: word(&metric.predefined_metric_type),
                resource_label: metric.resource_label.clone(),
            },
            scale_out_cooldown: tracking.scale_out_cooldown,
            scale_in_cooldown: tracking.scale_in_cooldown,
            disable_scale_in: tracking.disable_scale_in,
        },
    })
}
