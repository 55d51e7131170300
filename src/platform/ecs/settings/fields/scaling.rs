//! The autoscaling of a service, flattened and normalised.
//!
//! A cool-down that is not set is 300 seconds for ECS (Application Auto Scaling API reference,
//! `TargetTrackingScalingPolicyConfiguration`).

use super::Fields;
use crate::plan::Effect;
use crate::platform::ecs::settings::{ScalableTarget, ScalingPolicy, ScheduledAction};

/// The compared fields of a scalable target.
pub(crate) fn target(target: &ScalableTarget) -> Fields {
    let mut fields = Fields::default();
    fields.put("min", target.min_capacity.to_string(), Effect::Scales);
    fields.put("max", target.max_capacity.to_string(), Effect::Scales);
    fields
}

/// The compared fields of a scheduled action.
pub(crate) fn scheduled(action: &ScheduledAction) -> Fields {
    let at = |what: &str| format!("schedules.{}.{what}", action.scheduled_action_name);
    let sets = &action.scalable_target_action;
    let mut fields = Fields::default();
    fields.put(at("schedule"), &action.schedule, Effect::Scales);
    fields.put_or(
        at("timezone"),
        action.timezone.as_ref(),
        "UTC",
        Effect::Scales,
    );
    for (what, bound) in [("min", sets.min_capacity), ("max", sets.max_capacity)] {
        if let Some(bound) = bound {
            fields.put(at(what), bound.to_string(), Effect::Scales);
        }
    }
    for (what, time) in [("start", action.start_time), ("end", action.end_time)] {
        if let Some(time) = time {
            fields.put(at(what), time.to_string(), Effect::Scales);
        }
    }
    fields
}

/// The compared fields of a policy.
pub(crate) fn policy(policy: &ScalingPolicy) -> Fields {
    let tracking = &policy.target_tracking_scaling_policy_configuration;
    let metric = &tracking.predefined_metric_specification;
    let at = |what: &str| format!("policies.{}.{what}", policy.policy_name);
    let mut fields = Fields::default();
    fields.put(
        at("target"),
        tracking.target_value.to_string(),
        Effect::Scales,
    );
    fields.put(at("metric"), &metric.predefined_metric_type, Effect::Scales);
    if let Some(label) = &metric.resource_label {
        fields.put(at("resourceLabel"), label, Effect::Scales);
    }
    fields.put_or(
        at("scaleInCooldown"),
        tracking.scale_in_cooldown,
        "300",
        Effect::Invisible,
    );
    fields.put_or(
        at("scaleOutCooldown"),
        tracking.scale_out_cooldown,
        "300",
        Effect::Invisible,
    );
    fields.put_or(
        at("disableScaleIn"),
        tracking.disable_scale_in,
        "false",
        Effect::Scales,
    );
    fields
}
