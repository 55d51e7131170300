//! The autoscaling of a service, flattened and normalised.
//!
//! A cool-down that is not set is 300 seconds for ECS (Application Auto Scaling API reference,
//! `TargetTrackingScalingPolicyConfiguration`).

use serde_json::Value;

use super::Fields;
use crate::plan::Effect;
use crate::platform::ecs::settings::{ScalableTarget, ScalingPolicy, ScheduledAction};
use crate::spec::patch::under;

/// The compared fields of a scalable target.
pub(crate) fn target(target: &ScalableTarget) -> Fields {
    let mut fields = Fields::default();
    fields.put("min", target.min_capacity.to_string(), Effect::Scales);
    fields.put("max", target.max_capacity.to_string(), Effect::Scales);
    if let Some(state) = target.suspended_state {
        let said: Vec<&str> = state.said().map(|(word, _)| word).collect();
        let said = Some(said.join(", ")).filter(|said| !said.is_empty());
        fields.put_or("suspended", said, "nothing", Effect::Scales);
    }
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

/// The compared fields of a policy. One that tracks a metric known by name shows what people say of it,
/// any other all that it says, leaf by leaf.
pub(crate) fn policy(policy: &ScalingPolicy) -> Fields {
    let at = |what: &str| format!("policies.{}.{what}", policy.policy_name);
    let mut fields = Fields::default();
    let (Some(tracking), Some(metric)) = (policy.tracking(), policy.metric()) else {
        let said = serde_json::to_value(policy.configuration.clone().normal());
        leaves(&said.unwrap_or_default(), &at(""), &mut fields);
        return fields;
    };
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

/// All that is said within a value, under its path.
fn leaves(value: &Value, path: &str, fields: &mut Fields) {
    let below = |key: &str| under(path.trim_end_matches('.'), key);
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                leaves(value, &below(key), fields);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &below(&index.to_string()), fields);
            }
        }
        Value::String(text) => fields.put(path, text, Effect::Scales),
        other => fields.put(path, other.to_string(), Effect::Scales),
    }
}
