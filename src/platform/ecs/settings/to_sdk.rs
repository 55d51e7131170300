//! From our own types to the SDK's: the requests that are sent. Pure.

use aws_sdk_applicationautoscaling::types as scaling;
use aws_sdk_ecs::types as ecs;

use super::sdk::incomplete;
use super::{ScalingPolicy, Tag};
use crate::platform::Failed;

/// Tags; `None` when there are none, since an empty list is refused.
pub(crate) fn tags(tags: &[Tag]) -> Option<Vec<ecs::Tag>> {
    (!tags.is_empty()).then(|| {
        tags.iter()
            .map(|tag| ecs::Tag::builder().key(&tag.key).value(&tag.value).build())
            .collect()
    })
}

/// What a target-tracking policy aims at.
pub(crate) fn tracking(
    policy: &ScalingPolicy,
) -> Result<scaling::TargetTrackingScalingPolicyConfiguration, Failed> {
    let tracking = &policy.target_tracking_scaling_policy_configuration;
    let metric = &tracking.predefined_metric_specification;
    let metric = scaling::PredefinedMetricSpecification::builder()
        .predefined_metric_type(metric.predefined_metric_type.as_str().into())
        .set_resource_label(metric.resource_label.clone())
        .build()
        .map_err(incomplete)?;
    scaling::TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(tracking.target_value)
        .predefined_metric_specification(metric)
        .set_scale_in_cooldown(tracking.scale_in_cooldown)
        .set_scale_out_cooldown(tracking.scale_out_cooldown)
        .set_disable_scale_in(tracking.disable_scale_in)
        .build()
        .map_err(incomplete)
}
