//! From our own types to the SDK's: the requests that are sent. Pure.

use aws_sdk_applicationautoscaling::types as scaling;
use aws_sdk_ecs::types as ecs;
use aws_smithy_types::error::operation::BuildError;

use super::{
    Alarms, CapacityProviderStrategyItem, CircuitBreaker, DeploymentConfiguration, LoadBalancer,
    NetworkConfiguration, ScalingPolicy, Tag,
};
use crate::platform::{Failed, Kind};

/// A request that the SDK finds incomplete before it is sent.
pub fn incomplete(error: BuildError) -> Failed {
    Failed::new("put the request together", Kind::Invalid, error.to_string()).caused_by(error)
}

/// Tags; `None` when there are none, since an empty list is refused.
pub fn tags(tags: &[Tag]) -> Option<Vec<ecs::Tag>> {
    (!tags.is_empty()).then(|| {
        tags.iter()
            .map(|tag| ecs::Tag::builder().key(&tag.key).value(&tag.value).build())
            .collect()
    })
}

/// A capacity-provider strategy; an empty one goes back to the launch type.
pub fn capacity(
    items: &[CapacityProviderStrategyItem],
) -> Result<Vec<ecs::CapacityProviderStrategyItem>, Failed> {
    items
        .iter()
        .map(|item| {
            ecs::CapacityProviderStrategyItem::builder()
                .capacity_provider(&item.capacity_provider)
                .weight(item.weight)
                .base(item.base)
                .build()
                .map_err(incomplete)
        })
        .collect()
}

/// Target groups; an empty list takes the service off all of them.
pub fn load_balancers(balancers: &[LoadBalancer]) -> Vec<ecs::LoadBalancer> {
    balancers
        .iter()
        .map(|balancer| {
            ecs::LoadBalancer::builder()
                .target_group_arn(&balancer.target_group_arn)
                .container_name(&balancer.container_name)
                .container_port(balancer.container_port)
                .build()
        })
        .collect()
}

/// Subnets and security groups.
pub fn network(network: &NetworkConfiguration) -> Result<ecs::NetworkConfiguration, Failed> {
    let vpc = &network.awsvpc_configuration;
    let vpc = ecs::AwsVpcConfiguration::builder()
        .set_subnets(Some(vpc.subnets.clone()))
        .set_security_groups(Some(vpc.security_groups.clone()))
        .set_assign_public_ip(
            vpc.assign_public_ip
                .as_deref()
                .map(ecs::AssignPublicIp::from),
        )
        .build()
        .map_err(incomplete)?;
    Ok(ecs::NetworkConfiguration::builder()
        .awsvpc_configuration(vpc)
        .build())
}

/// How a rollout goes.
pub fn deployment(
    deployment: &DeploymentConfiguration,
) -> Result<ecs::DeploymentConfiguration, Failed> {
    Ok(ecs::DeploymentConfiguration::builder()
        .set_maximum_percent(deployment.maximum_percent)
        .set_minimum_healthy_percent(deployment.minimum_healthy_percent)
        .set_deployment_circuit_breaker(
            deployment
                .deployment_circuit_breaker
                .as_ref()
                .map(breaker)
                .transpose()?,
        )
        .set_alarms(deployment.alarms.as_ref().map(alarms).transpose()?)
        .build())
}

fn breaker(breaker: &CircuitBreaker) -> Result<ecs::DeploymentCircuitBreaker, Failed> {
    let threshold = breaker
        .threshold_configuration
        .as_ref()
        .map(|threshold| {
            ecs::ThresholdConfiguration::builder()
                .r#type(threshold.r#type.as_str().into())
                .value(threshold.value)
                .build()
                .map_err(incomplete)
        })
        .transpose()?;
    Ok(ecs::DeploymentCircuitBreaker::builder()
        .enable(breaker.enable)
        .rollback(breaker.rollback)
        .set_reset_on_healthy_task(breaker.reset_on_healthy_task)
        .set_threshold_configuration(threshold)
        .build())
}

fn alarms(alarms: &Alarms) -> Result<ecs::DeploymentAlarms, Failed> {
    ecs::DeploymentAlarms::builder()
        .set_alarm_names(Some(alarms.alarm_names.clone()))
        .enable(alarms.enable)
        .rollback(alarms.rollback)
        .build()
        .map_err(incomplete)
}

/// What a target-tracking policy aims at.
pub fn tracking(
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
