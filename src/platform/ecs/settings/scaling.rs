//! The autoscaling half: the shapes of `RegisterScalableTarget` and `PutScalingPolicy`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::spec::policy::{Configuration, Metric, TargetTracking};

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
    /// What rests; absent: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suspended_state: Option<SuspendedState>,
    /// Taken only when the target is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
}

impl ScalableTarget {
    /// What of it another says as well: where that leaves open what rests, so does this.
    #[must_use]
    pub(crate) fn as_far_as(&self, other: &Self) -> Self {
        Self {
            suspended_state: self
                .suspended_state
                .filter(|_| other.suspended_state.is_some()),
            ..self.clone()
        }
    }
}

/// What of scaling rests. All three are said: whether an absent one stays as it is, the API does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SuspendedState {
    #[serde(default)]
    pub(crate) dynamic_scaling_in_suspended: bool,
    #[serde(default)]
    pub(crate) dynamic_scaling_out_suspended: bool,
    #[serde(default)]
    pub(crate) scheduled_scaling_suspended: bool,
}

impl SuspendedState {
    /// What rests, each as the file says it and as people read it.
    pub(crate) fn said(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let parts = [
            (
                self.dynamic_scaling_in_suspended,
                ("scale_in", "scaling in"),
            ),
            (
                self.dynamic_scaling_out_suspended,
                ("scale_out", "scaling out"),
            ),
            (
                self.scheduled_scaling_suspended,
                ("schedules", "scheduled scaling"),
            ),
        ];
        parts
            .into_iter()
            .filter_map(|(is, said)| is.then_some(said))
    }
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
    /// `TargetTrackingScaling`, `StepScaling` or `PredictiveScaling`.
    pub(crate) policy_type: String,
    /// How it scales, under the name that its type has.
    #[serde(flatten)]
    pub(crate) configuration: Configuration,
}

impl ScalingPolicy {
    /// What it keeps at a value, where it does.
    pub(crate) fn tracking(&self) -> Option<&TargetTracking> {
        self.configuration.tracking()
    }

    /// The metric that Application Auto Scaling knows by name, where it tracks one.
    pub(crate) fn metric(&self) -> Option<&Metric> {
        self.tracking()?.predefined_metric_specification.as_ref()
    }
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
