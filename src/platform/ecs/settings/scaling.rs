//! The autoscaling half: the shapes of `RegisterScalableTarget` and `PutScalingPolicy`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A scalable target: the bounds of a service's count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScalableTarget {
    /// `ecs`.
    pub(crate) service_namespace: String,
    /// `service/CLUSTER/SERVICE`.
    pub(crate) resource_id: String,
    /// `ecs:service:DesiredCount`.
    pub(crate) scalable_dimension: String,
    pub(crate) min_capacity: i32,
    pub(crate) max_capacity: i32,
    /// Taken only when the target is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
}

/// A scaling policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScalingPolicy {
    /// Its name, unique for the service.
    pub(crate) policy_name: String,
    /// `ecs`.
    pub(crate) service_namespace: String,
    /// `service/CLUSTER/SERVICE`.
    pub(crate) resource_id: String,
    /// `ecs:service:DesiredCount`.
    pub(crate) scalable_dimension: String,
    /// `TargetTrackingScaling`.
    pub(crate) policy_type: String,
    /// What it aims at.
    pub(crate) target_tracking_scaling_policy_configuration: TargetTracking,
}

/// Bounds that are set at a time.
#[expect(
    clippy::struct_field_names,
    reason = "they are called as the API calls them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ScheduledAction {
    /// Its name, unique for the service.
    pub(crate) scheduled_action_name: String,
    /// `ecs`.
    pub(crate) service_namespace: String,
    /// `service/CLUSTER/SERVICE`.
    pub(crate) resource_id: String,
    /// `ecs:service:DesiredCount`.
    pub(crate) scalable_dimension: String,
    /// `at(…)`, `rate(…)` or `cron(…)`.
    pub(crate) schedule: String,
    /// Absent: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<Timestamp>,
    /// What it sets.
    pub(crate) scalable_target_action: TargetAction,
}

/// The bounds that are set; one that is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetAction {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min_capacity: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_capacity: Option<i32>,
}

/// What a target-tracking policy aims at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetTracking {
    /// Percent, or requests per target and minute.
    pub(crate) target_value: f64,
    /// Of which metric.
    pub(crate) predefined_metric_specification: Metric,
    /// Seconds; absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scale_out_cooldown: Option<i32>,
    /// Seconds; absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scale_in_cooldown: Option<i32>,
    /// Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disable_scale_in: Option<bool>,
}

/// A metric that Application Auto Scaling knows by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Metric {
    /// `ECSServiceAverageCPUUtilization` and its kin.
    pub(crate) predefined_metric_type: String,
    /// `app/LB/ID/targetgroup/TG/ID`, for requests per target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource_label: Option<String>,
}
