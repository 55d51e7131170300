//! Scaling policies, as the SDK has them. Pure.

use aws_sdk_applicationautoscaling::types as sdk;
use aws_smithy_types::error::operation::BuildError;

use crate::platform::Failed;
use crate::platform::ecs::settings::sdk::incomplete;
use crate::spec::policy::{
    Configuration, CustomMetric, Dimension, Metric, NamedMetric, PredictedMetric,
    PredictiveScaling, Queries, StepScaling, TargetTracking,
};

/// How a policy scales, as the member of the request that says so.
#[derive(Debug, Clone)]
pub(crate) enum Member {
    TargetTracking(sdk::TargetTrackingScalingPolicyConfiguration),
    Step(sdk::StepScalingPolicyConfiguration),
    Predictive(sdk::PredictiveScalingPolicyConfiguration),
}

/// The member of the request.
pub(crate) fn member(configuration: &Configuration) -> Result<Member, Failed> {
    let member = match configuration {
        Configuration::TargetTracking(it) => tracking(it).map(Member::TargetTracking),
        Configuration::Step(it) => step(it).map(Member::Step),
        Configuration::Predictive(it) => predictive(it).map(Member::Predictive),
    };
    member.map_err(incomplete)
}

/// What is there of a list; `None`: nothing, since an empty one is refused.
fn list<T>(all: Vec<T>) -> Option<Vec<T>> {
    (!all.is_empty()).then_some(all)
}

/// Queries of either kind of policy: the API has the same shapes under two names.
macro_rules! queries {
    ($name:ident, $query:ident, $stat:ident, $metric:ident, $dimension:ident) => {
        fn $name(
            queries: &[crate::spec::policy::DataQuery],
        ) -> Result<Vec<sdk::$query>, BuildError> {
            let dimensions = |all: &[Dimension]| {
                let all = all.iter().map(|one| {
                    let made = sdk::$dimension::builder();
                    made.name(&one.name).value(&one.value).build()
                });
                all.collect::<Result<Vec<_>, _>>().map(list)
            };
            let metric = |metric: &NamedMetric| {
                let made = sdk::$metric::builder()
                    .set_dimensions(dimensions(&metric.dimensions)?)
                    .set_metric_name(metric.metric_name.clone())
                    .set_namespace(metric.namespace.clone());
                Ok::<_, BuildError>(made.build())
            };
            let all = queries.iter().map(|query| {
                let stat = query.metric_stat.as_ref().map(|stat| {
                    sdk::$stat::builder()
                        .metric(metric(&stat.metric)?)
                        .stat(&stat.stat)
                        .set_unit(stat.unit.clone())
                        .build()
                });
                sdk::$query::builder()
                    .id(&query.id)
                    .set_expression(query.expression.clone())
                    .set_label(query.label.clone())
                    .set_metric_stat(stat.transpose()?)
                    .set_return_data(query.return_data)
                    .build()
            });
            all.collect()
        }
    };
}

queries!(
    tracked,
    TargetTrackingMetricDataQuery,
    TargetTrackingMetricStat,
    TargetTrackingMetric,
    TargetTrackingMetricDimension
);
queries!(
    predicted,
    PredictiveScalingMetricDataQuery,
    PredictiveScalingMetricStat,
    PredictiveScalingMetric,
    PredictiveScalingMetricDimension
);

fn tracking(
    tracking: &TargetTracking,
) -> Result<sdk::TargetTrackingScalingPolicyConfiguration, BuildError> {
    let predefined = tracking.predefined_metric_specification.as_ref();
    let predefined = predefined.map(|metric| {
        sdk::PredefinedMetricSpecification::builder()
            .predefined_metric_type(metric.predefined_metric_type.as_str().into())
            .set_resource_label(metric.resource_label.clone())
            .build()
    });
    let custom = tracking.customized_metric_specification.as_ref();
    sdk::TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(tracking.target_value)
        .set_predefined_metric_specification(predefined.transpose()?)
        .set_customized_metric_specification(custom.map(customized).transpose()?)
        .set_scale_in_cooldown(tracking.scale_in_cooldown)
        .set_scale_out_cooldown(tracking.scale_out_cooldown)
        .set_disable_scale_in(tracking.disable_scale_in)
        .build()
}

fn customized(metric: &CustomMetric) -> Result<sdk::CustomizedMetricSpecification, BuildError> {
    let dimensions = metric.dimensions.iter().map(|one| {
        let made = sdk::MetricDimension::builder();
        made.name(&one.name).value(&one.value).build()
    });
    let dimensions: Vec<_> = dimensions.collect::<Result<_, _>>()?;
    let statistic = metric.statistic.as_deref();
    let made = sdk::CustomizedMetricSpecification::builder()
        .set_metric_name(metric.metric_name.clone())
        .set_namespace(metric.namespace.clone())
        .set_dimensions(list(dimensions))
        .set_statistic(statistic.map(Into::into))
        .set_unit(metric.unit.clone())
        .set_metrics(list(tracked(&metric.metrics)?));
    Ok(made.build())
}

fn step(step: &StepScaling) -> Result<sdk::StepScalingPolicyConfiguration, BuildError> {
    let steps = step.step_adjustments.iter().map(|one| {
        sdk::StepAdjustment::builder()
            .set_metric_interval_lower_bound(one.metric_interval_lower_bound)
            .set_metric_interval_upper_bound(one.metric_interval_upper_bound)
            .scaling_adjustment(one.scaling_adjustment)
            .build()
    });
    let aggregation = step.metric_aggregation_type.as_deref();
    let made = sdk::StepScalingPolicyConfiguration::builder()
        .adjustment_type(step.adjustment_type.as_str().into())
        .set_step_adjustments(Some(steps.collect::<Result<_, _>>()?))
        .set_min_adjustment_magnitude(step.min_adjustment_magnitude)
        .set_cooldown(step.cooldown)
        .set_metric_aggregation_type(aggregation.map(Into::into));
    Ok(made.build())
}

fn predictive(
    predictive: &PredictiveScaling,
) -> Result<sdk::PredictiveScalingPolicyConfiguration, BuildError> {
    let metrics = predictive.metric_specifications.iter().map(forecast);
    let breach = predictive.max_capacity_breach_behavior.as_deref();
    sdk::PredictiveScalingPolicyConfiguration::builder()
        .set_metric_specifications(Some(metrics.collect::<Result<_, _>>()?))
        .set_mode(predictive.mode.as_deref().map(Into::into))
        .set_scheduling_buffer_time(predictive.scheduling_buffer_time)
        .set_max_capacity_breach_behavior(breach.map(Into::into))
        .set_max_capacity_buffer(predictive.max_capacity_buffer)
        .build()
}

fn forecast(
    metric: &PredictedMetric,
) -> Result<sdk::PredictiveScalingMetricSpecification, BuildError> {
    /// A metric by name; the three have the same shape under three names.
    macro_rules! named {
        ($metric:expr, $type:ident) => {{
            let made = |metric: &Metric| {
                sdk::$type::builder()
                    .predefined_metric_type(&metric.predefined_metric_type)
                    .set_resource_label(metric.resource_label.clone())
                    .build()
            };
            $metric.as_ref().map(made).transpose()?
        }};
    }
    let own = |queries: &Option<Queries>| {
        let made = queries.as_ref().map(|queries| {
            sdk::PredictiveScalingCustomizedMetricSpecification::builder()
                .set_metric_data_queries(Some(predicted(&queries.metric_data_queries)?))
                .build()
        });
        made.transpose()
    };
    sdk::PredictiveScalingMetricSpecification::builder()
        .target_value(metric.target_value)
        .set_predefined_metric_pair_specification(named!(
            metric.predefined_metric_pair_specification,
            PredictiveScalingPredefinedMetricPairSpecification
        ))
        .set_predefined_scaling_metric_specification(named!(
            metric.predefined_scaling_metric_specification,
            PredictiveScalingPredefinedScalingMetricSpecification
        ))
        .set_predefined_load_metric_specification(named!(
            metric.predefined_load_metric_specification,
            PredictiveScalingPredefinedLoadMetricSpecification
        ))
        .set_customized_scaling_metric_specification(own(
            &metric.customized_scaling_metric_specification
        )?)
        .set_customized_load_metric_specification(
            own(&metric.customized_load_metric_specification)?,
        )
        .set_customized_capacity_metric_specification(own(
            &metric.customized_capacity_metric_specification
        )?)
        .build()
}
