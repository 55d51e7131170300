//! How a scaling policy scales, as Application Auto Scaling tells it. Pure.

use aws_sdk_applicationautoscaling::types as sdk;

use crate::platform::ecs::settings::sdk::word;
use crate::spec::policy::{
    Configuration, CustomMetric, DataQuery, Dimension, Metric, MetricStat, NamedMetric,
    PredictedMetric, PredictiveScaling, Queries, StepAdjustment, StepScaling, TargetTracking,
};

/// How it scales; `None`: in a way that this program does not know.
pub(super) fn configuration(read: &sdk::ScalingPolicy) -> Option<Configuration> {
    if let Some(it) = &read.target_tracking_scaling_policy_configuration {
        return tracking(it).map(Configuration::TargetTracking);
    }
    if let Some(it) = &read.step_scaling_policy_configuration {
        return step(it).map(Configuration::Step);
    }
    let predictive = read.predictive_scaling_policy_configuration.as_ref()?;
    Some(Configuration::Predictive(forecasting(predictive)))
}

/// Queries of either kind of policy: the API has the same shapes under two names.
macro_rules! queries {
    ($name:ident, $query:ident, $dimension:ident) => {
        fn $name(read: &[sdk::$query]) -> Vec<DataQuery> {
            let dimension = |read: &sdk::$dimension| Dimension {
                name: read.name.clone(),
                value: read.value.clone(),
            };
            let all = read.iter().map(|read| DataQuery {
                id: read.id.clone(),
                expression: read.expression.clone(),
                label: read.label.clone(),
                metric_stat: read.metric_stat.as_ref().map(|stat| MetricStat {
                    metric: stat
                        .metric
                        .as_ref()
                        .map(|metric| NamedMetric {
                            dimensions: metric.dimensions().iter().map(dimension).collect(),
                            metric_name: metric.metric_name.clone(),
                            namespace: metric.namespace.clone(),
                        })
                        .unwrap_or_default(),
                    stat: stat.stat.clone(),
                    unit: stat.unit.clone(),
                }),
                return_data: read.return_data,
            });
            all.collect()
        }
    };
}

queries!(
    tracked,
    TargetTrackingMetricDataQuery,
    TargetTrackingMetricDimension
);
queries!(
    predicted,
    PredictiveScalingMetricDataQuery,
    PredictiveScalingMetricDimension
);

fn tracking(read: &sdk::TargetTrackingScalingPolicyConfiguration) -> Option<TargetTracking> {
    let predefined = read.predefined_metric_specification.as_ref();
    let custom = read.customized_metric_specification.as_ref();
    if predefined.is_none() && custom.is_none() {
        return None;
    }
    Some(TargetTracking {
        target_value: read.target_value,
        predefined_metric_specification: predefined.map(|metric| Metric {
            predefined_metric_type: word(&metric.predefined_metric_type),
            resource_label: metric.resource_label.clone(),
        }),
        customized_metric_specification: custom.map(customized),
        scale_out_cooldown: read.scale_out_cooldown,
        scale_in_cooldown: read.scale_in_cooldown,
        disable_scale_in: read.disable_scale_in,
    })
}

fn customized(read: &sdk::CustomizedMetricSpecification) -> CustomMetric {
    let dimension = |read: &sdk::MetricDimension| Dimension {
        name: read.name.clone(),
        value: read.value.clone(),
    };
    CustomMetric {
        metric_name: read.metric_name.clone(),
        namespace: read.namespace.clone(),
        dimensions: read.dimensions().iter().map(dimension).collect(),
        statistic: read.statistic.as_ref().map(word),
        unit: read.unit.clone(),
        metrics: tracked(read.metrics()),
    }
}

fn step(read: &sdk::StepScalingPolicyConfiguration) -> Option<StepScaling> {
    let steps = read.step_adjustments().iter().map(|step| StepAdjustment {
        metric_interval_lower_bound: step.metric_interval_lower_bound,
        metric_interval_upper_bound: step.metric_interval_upper_bound,
        scaling_adjustment: step.scaling_adjustment,
    });
    Some(StepScaling {
        adjustment_type: read.adjustment_type.as_ref().map(word)?,
        step_adjustments: steps.collect(),
        min_adjustment_magnitude: read.min_adjustment_magnitude,
        cooldown: read.cooldown,
        metric_aggregation_type: read.metric_aggregation_type.as_ref().map(word),
    })
}

fn forecasting(read: &sdk::PredictiveScalingPolicyConfiguration) -> PredictiveScaling {
    let breach = read.max_capacity_breach_behavior.as_ref();
    PredictiveScaling {
        metric_specifications: read.metric_specifications.iter().map(forecast).collect(),
        mode: read.mode.as_ref().map(word),
        scheduling_buffer_time: read.scheduling_buffer_time,
        max_capacity_breach_behavior: breach.map(word),
        max_capacity_buffer: read.max_capacity_buffer,
    }
}

fn forecast(read: &sdk::PredictiveScalingMetricSpecification) -> PredictedMetric {
    /// A metric by name; the three have the same shape under three names.
    macro_rules! named {
        ($metric:expr) => {
            $metric.as_ref().map(|metric| Metric {
                predefined_metric_type: metric.predefined_metric_type.clone(),
                resource_label: metric.resource_label.clone(),
            })
        };
    }
    let own = |read: &Option<sdk::PredictiveScalingCustomizedMetricSpecification>| {
        read.as_ref().map(|read| Queries {
            metric_data_queries: predicted(&read.metric_data_queries),
        })
    };
    PredictedMetric {
        target_value: read.target_value,
        predefined_metric_pair_specification: named!(read.predefined_metric_pair_specification),
        predefined_scaling_metric_specification: named!(
            read.predefined_scaling_metric_specification
        ),
        predefined_load_metric_specification: named!(read.predefined_load_metric_specification),
        customized_scaling_metric_specification: own(&read.customized_scaling_metric_specification),
        customized_load_metric_specification: own(&read.customized_load_metric_specification),
        customized_capacity_metric_specification: own(
            &read.customized_capacity_metric_specification
        ),
    }
}
