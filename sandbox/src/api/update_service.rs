//! `UpdateService`: what is absent stays as it is, lists are replaced whole, and only a change of
//! the workload (or force) starts a deployment.

use serde::Deserialize;
use serde_json::{Value, json};

use super::create_service::{usable_definition, with_public_ip};
use super::service_rules::{
    DAEMON_COUNT, check_count, check_daemon, check_strategy, check_together, check_workload,
};
use super::strategy_rules::{self, StrategyInput};
use super::{Answer, ApiError, read, service_view, services};
use crate::world::World;
use crate::world::agenda::Due;
use crate::world::configuration::{
    Alarms, DeploymentConfiguration, LoadBalancer, Settings, StrategyItem, Threshold, Workload,
};

const STRATEGY_NEEDS_FORCE: &str = "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    cluster: Option<String>,
    service: Option<String>,
    desired_count: Option<i64>,
    #[serde(default)]
    force_new_deployment: bool,
    #[serde(flatten)]
    workload: WorkloadInput,
    #[serde(flatten)]
    settings: SettingsInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkloadInput {
    task_definition: Option<String>,
    capacity_provider_strategy: Option<Vec<StrategyItem>>,
    platform_version: Option<String>,
    load_balancers: Option<Vec<LoadBalancer>>,
    service_registries: Option<Vec<Value>>,
    network_configuration: Option<Value>,
    service_connect_configuration: Option<Value>,
    volume_configurations: Option<Vec<Value>>,
    vpc_lattice_configurations: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsInput {
    deployment_configuration: Option<ConfigurationInput>,
    health_check_grace_period_seconds: Option<i64>,
    enable_execute_command: Option<bool>,
    #[serde(rename = "enableECSManagedTags")]
    enable_ecs_managed_tags: Option<bool>,
    propagate_tags: Option<String>,
    availability_zone_rebalancing: Option<String>,
    placement_constraints: Option<Vec<Value>>,
    placement_strategy: Option<Vec<Value>>,
}

/// A `deploymentConfiguration` as requests carry it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigurationInput {
    deployment_circuit_breaker: Option<BreakerInput>,
    maximum_percent: Option<i64>,
    minimum_healthy_percent: Option<i64>,
    alarms: Option<Alarms>,
    #[serde(flatten)]
    strategy: StrategyInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BreakerInput {
    #[serde(default)]
    enable: bool,
    #[serde(default)]
    rollback: bool,
    reset_on_healthy_task: Option<bool>,
    threshold_configuration: Option<Threshold>,
}

/// Merges what was given into what is: member by member, the breaker's required members replaced
/// and its optional ones kept.
pub(super) fn merge(
    into: &mut DeploymentConfiguration,
    given: &ConfigurationInput,
    members: bool,
) -> Result<(), ApiError> {
    if !members {
        *into = DeploymentConfiguration::default();
    }
    if let Some(breaker) = &given.deployment_circuit_breaker {
        let slot = &mut into.deployment_circuit_breaker;
        slot.enable = breaker.enable;
        slot.rollback = breaker.rollback;
        if let Some(reset) = breaker.reset_on_healthy_task {
            slot.reset_on_healthy_task = reset;
        }
        if let Some(threshold) = &breaker.threshold_configuration {
            slot.threshold_configuration = threshold.clone();
        }
    }
    into.maximum_percent = given.maximum_percent.unwrap_or(into.maximum_percent);
    into.minimum_healthy_percent = given
        .minimum_healthy_percent
        .unwrap_or(into.minimum_healthy_percent);
    if let Some(alarms) = &given.alarms {
        into.alarms = alarms.clone();
    }
    strategy_rules::merge(into, &given.strategy)?;
    check(into)
}

fn check(configuration: &DeploymentConfiguration) -> Result<(), ApiError> {
    let (least, most) = (
        configuration.minimum_healthy_percent,
        configuration.maximum_percent,
    );
    if least < 0 || most < 0 || most < least {
        return Err(ApiError::invalid(
            "The maximumPercent must be greater than or equal to the minimumHealthyPercent.",
        ));
    }
    if most == 100 && least == 100 {
        return Err(ApiError::invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    let threshold = &configuration
        .deployment_circuit_breaker
        .threshold_configuration;
    let percent = threshold.kind != "COUNT";
    if threshold.value < 1 || (percent && threshold.value > 100) {
        return Err(ApiError::invalid(
            "The circuit breaker threshold value is out of its range.",
        ));
    }
    Ok(())
}

pub(super) fn update(world: &mut World, input: &Value) -> Answer {
    let input: Update = read(input)?;
    let key = services::active(world, input.cluster.as_deref(), input.service.as_deref())?;
    let Some(service) = world.services.get(&key).cloned() else {
        return Err(services::not_found());
    };
    if input.desired_count.is_some_and(|count| count < 0) {
        return Err(ApiError::invalid("The desired count cannot be negative."));
    }
    check_count(input.desired_count.unwrap_or(0))?;
    let workload = new_workload(world, &service.workload, &input.workload)?;
    let strategy = &workload.capacity_provider_strategy;
    check_strategy(world, &service.cluster, strategy)?;
    check_workload(world, &workload)?;
    let other_strategy = *strategy != service.workload.capacity_provider_strategy;
    if other_strategy && !input.force_new_deployment {
        return Err(ApiError::invalid(STRATEGY_NEEDS_FORCE));
    }
    let mut settings = service.settings.clone();
    new_settings(world, &mut settings, &input.settings)?;
    // Even an empty list is refused.
    if let Some(strategy) = &input.settings.placement_strategy {
        if workload.is_on_fargate() {
            return Err(ApiError::invalid(
                "Placement strategies are not supported with FARGATE launch type.",
            ));
        }
        settings.placement_strategy.clone_from(strategy);
    }
    if settings.grace_seconds > 0 && workload.load_balancers.is_empty() {
        return Err(ApiError::invalid(
            "Health check grace period is only valid for services configured to use load balancers.",
        ));
    }
    check_together(world, &workload, &settings, "updated")?;
    if service.daemon {
        if input.desired_count.is_some() {
            return Err(ApiError::invalid(DAEMON_COUNT));
        }
        check_daemon(&workload, &settings)?;
    }
    let starts = input.force_new_deployment || workload != service.workload;
    if let Some(service) = world.services.get_mut(&key) {
        service.workload = workload;
        service.settings = settings;
        service.desired = input.desired_count.unwrap_or(service.desired);
    }
    if starts {
        world.start_deployment(&key);
    }
    let service = key.clone();
    world.later(0, Due::Reconcile { service });
    Ok(json!({"service": service_view::view(world, &key, false)}))
}

fn new_workload(
    world: &World,
    former: &Workload,
    input: &WorkloadInput,
) -> Result<Workload, ApiError> {
    let mut workload = former.clone();
    if let Some(reference) = &input.task_definition {
        workload.task_definition = usable_definition(world, reference)?;
    }
    if let Some(strategy) = &input.capacity_provider_strategy {
        let none = strategy.is_empty();
        let launch = former
            .launch_type
            .clone()
            .unwrap_or_else(|| "FARGATE".to_owned());
        workload.launch_type = none.then_some(launch);
        workload.capacity_provider_strategy.clone_from(strategy);
    }
    let set = |slot: &mut Vec<Value>, given: &Option<Vec<Value>>| {
        if let Some(given) = given {
            slot.clone_from(given);
        }
    };
    set(&mut workload.service_registries, &input.service_registries);
    set(
        &mut workload.volume_configurations,
        &input.volume_configurations,
    );
    set(
        &mut workload.vpc_lattice_configurations,
        &input.vpc_lattice_configurations,
    );
    if let Some(version) = &input.platform_version {
        workload.platform_version.clone_from(version);
    }
    if let Some(balancers) = &input.load_balancers {
        workload.load_balancers.clone_from(balancers);
    }
    if let Some(network) = &input.network_configuration {
        workload.network_configuration = Some(with_public_ip(network.clone()));
    }
    if let Some(connect) = &input.service_connect_configuration {
        workload.service_connect_configuration = Some(connect.clone());
    }
    Ok(workload)
}

fn new_settings(
    world: &World,
    settings: &mut Settings,
    input: &SettingsInput,
) -> Result<(), ApiError> {
    if let Some(given) = &input.deployment_configuration {
        merge(
            &mut settings.deployment,
            given,
            world.switches.merge_deployment_configuration,
        )?;
    }
    settings.grace_seconds = input
        .health_check_grace_period_seconds
        .unwrap_or(settings.grace_seconds);
    settings.exec = input.enable_execute_command.unwrap_or(settings.exec);
    settings.managed_tags = input
        .enable_ecs_managed_tags
        .unwrap_or(settings.managed_tags);
    if let Some(propagate) = &input.propagate_tags {
        settings.propagate.clone_from(propagate);
    }
    if let Some(rebalancing) = &input.availability_zone_rebalancing {
        settings.rebalancing.clone_from(rebalancing);
    }
    if let Some(constraints) = &input.placement_constraints {
        settings.placement_constraints.clone_from(constraints);
    }
    Ok(())
}
