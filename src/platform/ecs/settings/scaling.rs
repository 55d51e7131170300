//! The autoscaling half: the shapes of `RegisterScalableTarget` and `PutScalingPolicy`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A scalable target: the bounds of a service's count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScalableTarget {
    /// `ecs`.
    pub service_namespace: String,
    /// `service/CLUSTER/SERVICE`.
    pub resource_id: String,
    /// `ecs:service:DesiredCount`.
    pub scalable_dimension: String,
    /// Fewest.
    pub min_capacity: i32,
    /// Most.
    pub max_capacity: i32,
    /// Taken only when the target is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A scaling policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScalingPolicy {
    /// Its name, unique for the service.
    pub policy_name: String,
    /// `ecs`.
    pub service_namespace: String,
    /// `service/CLUSTER/SERVICE`.
    pub resource_id: String,
    /// `ecs:service:DesiredCount`.
    pub scalable_dimension: String,
    /// `TargetTrackingScaling`.
    pub policy_type: String,
    /// What it aims at.
    pub target_tracking_scaling_policy_configuration: TargetTracking,
}

/// What a target-tracking policy aims at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetTracking {
    /// Percent, or requests per target and minute.
    pub target_value: f64,
    /// Of which metric.
    pub predefined_metric_specification: Metric,
    /// Seconds; absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_out_cooldown: Option<i32>,
    /// Seconds; absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_in_cooldown: Option<i32>,
    /// Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_scale_in: Option<bool>,
}

/// A metric that Application Auto Scaling knows by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// `ECSServiceAverageCPUUtilization` and its kin.
    pub predefined_metric_type: String,
    /// `app/LB/ID/targetgroup/TG/ID`, for requests per target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_label: Option<String>,
}
