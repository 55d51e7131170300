//! Scaling policies in the form of the Application Auto Scaling API: the shapes of `PutScalingPolicy`. A
//! file says them, requests are made of them, and what is there is read into them.

use serde::{Deserialize, Serialize};

/// A policy as a file says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyForm {
    pub(crate) policy_name: String,
    /// `TargetTrackingScaling`, `StepScaling` or `PredictiveScaling`.
    pub(crate) policy_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_tracking_scaling_policy_configuration: Option<TargetTracking>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step_scaling_policy_configuration: Option<StepScaling>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predictive_scaling_policy_configuration: Option<PredictiveScaling>,
}

/// How a policy scales.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Configuration {
    /// Keeps a metric at a value.
    #[serde(rename = "TargetTrackingScalingPolicyConfiguration")]
    TargetTracking(TargetTracking),
    /// By steps, when an alarm calls it.
    #[serde(rename = "StepScalingPolicyConfiguration")]
    Step(StepScaling),
    /// By what a metric was at such times before.
    #[serde(rename = "PredictiveScalingPolicyConfiguration")]
    Predictive(PredictiveScaling),
}

impl Configuration {
    /// The word of the API for it.
    pub(crate) fn policy_type(&self) -> &'static str {
        match self {
            Self::TargetTracking(_) => "TargetTrackingScaling",
            Self::Step(_) => "StepScaling",
            Self::Predictive(_) => "PredictiveScaling",
        }
    }

    /// What it keeps at a value, where it does.
    pub(crate) fn tracking(&self) -> Option<&TargetTracking> {
        match self {
            Self::TargetTracking(tracking) => Some(tracking),
            _ => None,
        }
    }

    /// The same, with all defaults said, and in one order: what says the same is the same (Application
    /// Auto Scaling API reference, the defaults of each member).
    #[must_use]
    pub(crate) fn normal(mut self) -> Self {
        match &mut self {
            Self::TargetTracking(tracking) => tracking.normalise(),
            Self::Step(step) => step.normalise(),
            Self::Predictive(predictive) => predictive.normalise(),
        }
        self
    }
}

/// Seconds that ECS rests for where nothing else is said.
const REST: i32 = 300;

/// What a target-tracking policy aims at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetTracking {
    /// Percent, requests per target and minute, or what the metric counts.
    pub(crate) target_value: f64,
    /// Of which metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predefined_metric_specification: Option<Metric>,
    /// Of which metric of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customized_metric_specification: Option<CustomMetric>,
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

impl TargetTracking {
    fn normalise(&mut self) {
        self.scale_out_cooldown.get_or_insert(REST);
        self.scale_in_cooldown.get_or_insert(REST);
        self.disable_scale_in.get_or_insert(false);
        if let Some(metric) = &mut self.customized_metric_specification {
            metric.dimensions.sort();
            metric.metrics.iter_mut().for_each(DataQuery::normalise);
        }
    }
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

/// A metric of one's own, or several with an expression.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CustomMetric {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dimensions: Vec<Dimension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) statistic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    /// Metric math.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metrics: Vec<DataQuery>,
}

/// What tells one metric of a name from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A metric, or an expression over others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DataQuery {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expression: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric_stat: Option<MetricStat>,
    /// Absent: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) return_data: Option<bool>,
}

impl DataQuery {
    fn normalise(&mut self) {
        self.return_data.get_or_insert(true);
        if let Some(stat) = &mut self.metric_stat {
            stat.metric.dimensions.sort();
        }
    }
}

/// A metric and its statistic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetricStat {
    pub(crate) metric: NamedMetric,
    pub(crate) stat: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
}

/// A metric of CloudWatch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedMetric {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dimensions: Vec<Dimension>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
}

/// Steps that an alarm sets off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StepScaling {
    /// `ChangeInCapacity`, `PercentChangeInCapacity` or `ExactCapacity`.
    pub(crate) adjustment_type: String,
    pub(crate) step_adjustments: Vec<StepAdjustment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min_adjustment_magnitude: Option<i32>,
    /// Seconds; absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cooldown: Option<i32>,
    /// Absent: Average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric_aggregation_type: Option<String>,
}

impl StepScaling {
    fn normalise(&mut self) {
        self.cooldown.get_or_insert(REST);
        let average = || "Average".to_owned();
        self.metric_aggregation_type.get_or_insert_with(average);
        let from = |step: &StepAdjustment| step.metric_interval_lower_bound.unwrap_or(f64::MIN);
        let steps = &mut self.step_adjustments;
        steps.sort_by(|one, other| from(one).total_cmp(&from(other)));
    }
}

/// How far to go where the metric is so far beyond the alarm's threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StepAdjustment {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric_interval_lower_bound: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric_interval_upper_bound: Option<f64>,
    pub(crate) scaling_adjustment: i32,
}

/// A forecast of what was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PredictiveScaling {
    pub(crate) metric_specifications: Vec<PredictedMetric>,
    /// Absent: `ForecastOnly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<String>,
    /// Seconds; absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scheduling_buffer_time: Option<i32>,
    /// Absent: `HonorMaxCapacity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_capacity_breach_behavior: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_capacity_buffer: Option<i32>,
}

impl PredictiveScaling {
    fn normalise(&mut self) {
        self.mode.get_or_insert_with(|| "ForecastOnly".to_owned());
        self.scheduling_buffer_time.get_or_insert(REST);
        let honor = || "HonorMaxCapacity".to_owned();
        self.max_capacity_breach_behavior.get_or_insert_with(honor);
        for metric in &mut self.metric_specifications {
            let all = [
                &mut metric.customized_scaling_metric_specification,
                &mut metric.customized_load_metric_specification,
                &mut metric.customized_capacity_metric_specification,
            ];
            for queries in all.into_iter().flatten() {
                let queries = &mut queries.metric_data_queries;
                queries.iter_mut().for_each(DataQuery::normalise);
            }
        }
    }
}

/// A metric that is forecast, and the value to keep it at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PredictedMetric {
    pub(crate) target_value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predefined_metric_pair_specification: Option<Metric>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predefined_scaling_metric_specification: Option<Metric>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predefined_load_metric_specification: Option<Metric>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customized_scaling_metric_specification: Option<Queries>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customized_load_metric_specification: Option<Queries>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customized_capacity_metric_specification: Option<Queries>,
}

/// Metric math of a forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Queries {
    pub(crate) metric_data_queries: Vec<DataQuery>,
}
