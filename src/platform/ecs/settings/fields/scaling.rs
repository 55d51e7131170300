//! The autoscaling of a service, flattened and normalised.
//!
//! A cool-down that is not set is 300 seconds for ECS (Application Auto Scaling API reference,
//! `TargetTrackingScalingPolicyConfiguration`).

use super::Fields;
use crate::plan::Effect;
use crate::platform::ecs::settings::{ScalableTarget, ScalingPolicy};

/// The compared fields of a scalable target.
pub(crate) fn target(target: &ScalableTarget) -> Fields {
    let mut fields = Fields::default();
    fields.put("min", target.min_capacity.to_string(), Effect::Scales);
    fields.put("max", target.max_capacity.to_string(), Effect::Scales);
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
