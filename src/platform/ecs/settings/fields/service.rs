//! A service, flattened and normalised.
//!
//! Defaults are those of the Amazon ECS API reference, CreateService: platform version `LATEST`,
//! no public address, 200 and 100 percent, breaker off, threshold of 50 bounded percent that a
//! healthy task resets.

use super::Fields;
use crate::plan::Effect;
use crate::platform::ecs::settings::{
    Alarms, CircuitBreaker, DeploymentConfiguration, NetworkConfiguration, ServiceConfig,
};

/// The path of the count, which an autoscaler may own.
pub const COUNT: &str = "desiredCount";

/// The compared fields of a service. The task definition is compared by its own fields, tags by
/// [`tags`].
pub fn fields(service: &ServiceConfig) -> Fields {
    let mut fields = Fields::default();
    if let Some(count) = service.desired_count {
        fields.put(COUNT, count.to_string(), Effect::Scales);
    }
    put_capacity(&mut fields, service);
    fields.put_or(
        "platformVersion",
        service.platform_version.as_ref(),
        "LATEST",
        Effect::Restarts,
    );
    if let Some(network) = &service.network_configuration {
        put_network(&mut fields, network);
    }
    for balancer in &service.load_balancers {
        fields.put(
            format!("loadBalancers.{}", short(&balancer.target_group_arn)),
            format!(
                "{}:{} ({})",
                balancer.container_name, balancer.container_port, balancer.target_group_arn
            ),
            Effect::Restarts,
        );
    }
    if !service.load_balancers.is_empty() {
        fields.put_or(
            "healthCheckGracePeriodSeconds",
            service.health_check_grace_period_seconds,
            "0",
            Effect::Invisible,
        );
    }
    fields.put_or(
        "enableExecuteCommand",
        service.enable_execute_command,
        "false",
        Effect::Restarts,
    );
    let nothing_said = DeploymentConfiguration::default();
    put_deployment(
        &mut fields,
        service
            .deployment_configuration
            .as_ref()
            .unwrap_or(&nothing_said),
    );
    fields
}

/// A target group's name within its ARN.
fn short(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

fn put_capacity(fields: &mut Fields, service: &ServiceConfig) {
    if service.capacity_provider_strategy.is_empty() {
        fields.put_or(
            "launchType",
            service.launch_type.as_ref(),
            "FARGATE",
            Effect::Restarts,
        );
    }
    for item in &service.capacity_provider_strategy {
        fields.put(
            format!("capacity.{}", item.capacity_provider),
            format!("base {}, weight {}", item.base, item.weight),
            Effect::Restarts,
        );
    }
}

fn put_network(fields: &mut Fields, network: &NetworkConfiguration) {
    let vpc = &network.awsvpc_configuration;
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list.dedup();
        list.join(", ")
    };
    fields.put("network.subnets", sorted(&vpc.subnets), Effect::Restarts);
    let groups = sorted(&vpc.security_groups);
    fields.put_or("network.securityGroups", Some(groups), "", Effect::Restarts);
    fields.put_or(
        "network.assignPublicIp",
        vpc.assign_public_ip.as_ref(),
        "DISABLED",
        Effect::Restarts,
    );
}

fn put_deployment(fields: &mut Fields, deployment: &DeploymentConfiguration) {
    let quiet = Effect::Invisible;
    fields.put_or(
        "deployment.maximumPercent",
        deployment.maximum_percent,
        "200",
        quiet,
    );
    fields.put_or(
        "deployment.minimumHealthyPercent",
        deployment.minimum_healthy_percent,
        "100",
        quiet,
    );
    put_breaker(fields, deployment.deployment_circuit_breaker.as_ref());
    put_alarms(fields, deployment.alarms.as_ref());
}

/// A breaker that is off has no other settings that matter.
fn put_breaker(fields: &mut Fields, breaker: Option<&CircuitBreaker>) {
    let quiet = Effect::Invisible;
    let on = breaker.filter(|breaker| breaker.enable);
    fields.put_or("deployment.circuitBreaker", on.map(|_| "on"), "off", quiet);
    let Some(breaker) = on else { return };
    fields.put_or(
        "deployment.circuitBreaker.rollback",
        Some(breaker.rollback),
        "false",
        quiet,
    );
    fields.put_or(
        "deployment.circuitBreaker.resetOnHealthyTask",
        breaker.reset_on_healthy_task,
        "true",
        quiet,
    );
    fields.put_or(
        "deployment.circuitBreaker.threshold",
        breaker
            .threshold_configuration
            .as_ref()
            .map(|threshold| format!("{} {}", threshold.r#type, threshold.value)),
        "BOUNDED_PERCENT 50",
        quiet,
    );
}

/// Alarms that are off are none.
fn put_alarms(fields: &mut Fields, alarms: Option<&Alarms>) {
    let Some(alarms) = alarms.filter(|alarms| alarms.enable && !alarms.alarm_names.is_empty())
    else {
        return;
    };
    let mut names = alarms.alarm_names.clone();
    names.sort();
    fields.put("deployment.alarms", names.join(", "), Effect::Invisible);
    fields.put_or(
        "deployment.alarms.rollback",
        Some(alarms.rollback),
        "false",
        Effect::Invisible,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_fills_in_is_no_difference() {
        let asked = ServiceConfig::default();
        let read = ServiceConfig {
            platform_version: Some("LATEST".into()),
            launch_type: Some("FARGATE".into()),
            health_check_grace_period_seconds: Some(0),
            enable_execute_command: Some(false),
            deployment_configuration: Some(DeploymentConfiguration {
                deployment_circuit_breaker: Some(CircuitBreaker {
                    enable: false,
                    rollback: false,
                    reset_on_healthy_task: Some(true),
                    threshold_configuration: None,
                }),
                maximum_percent: Some(200),
                minimum_healthy_percent: Some(100),
                alarms: Some(Alarms::default()),
            }),
            ..ServiceConfig::default()
        };
        assert_eq!(fields(&read).differences(&fields(&asked)), []);
    }
}
