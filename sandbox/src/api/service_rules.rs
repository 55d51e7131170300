//! What ECS refuses of a service.

use super::ApiError;
use super::strategy_rules::check_groups;
use crate::world::World;
use crate::world::configuration::{Settings, StrategyItem, Workload};
use crate::world::task_definition::ContainerDefinition;

/// As many tasks as a service may have, and as many target groups (Amazon ECS service quotas).
const MOST_TASKS: i64 = 5_000;
const MOST_GROUPS: usize = 5;

/// The refusal of a count for a daemon service.
pub(super) const DAEMON_COUNT: &str = "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.";

/// What ECS refuses of a daemon service (Amazon ECS API reference, `CreateService`: no Fargate, no
/// placement strategy, no more than one task on an instance).
pub(super) fn check_daemon(workload: &Workload, settings: &Settings) -> Result<(), ApiError> {
    let refused = if workload.is_on_fargate() {
        "The daemon scheduling strategy is not supported for Fargate."
    } else if !settings.placement_strategy.is_empty() {
        "Placement strategies are not supported for the daemon scheduling strategy."
    } else if settings.deployment.maximum_percent != 100 {
        "The daemon scheduling strategy does not support values for maximumPercent other than 100."
    } else if settings.rebalancing == "ENABLED" {
        "Availability Zone rebalancing is not supported for the daemon scheduling strategy."
    } else {
        return Ok(());
    };
    Err(ApiError::invalid(refused))
}

/// Letters, digits, hyphens and underscores, up to 255 of them (Amazon ECS API reference,
/// `CreateService`).
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    if name.is_empty() {
        return Err(ApiError::invalid("Service name cannot be empty."));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.len() > 255 || !name.chars().all(fits) {
        return Err(ApiError::invalid(
            "The specified service name is invalid. Up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed.",
        ));
    }
    Ok(())
}

pub(super) fn check_count(desired: i64) -> Result<(), ApiError> {
    if desired > MOST_TASKS {
        return Err(ApiError::invalid(format!(
            "The desired count {desired} exceeds the limit of {MOST_TASKS} tasks for each service."
        )));
    }
    Ok(())
}

/// What takes the place of a launch type that nobody gave.
fn default_strategy(world: &World, cluster: &str) -> Vec<StrategyItem> {
    let found = world.clusters.get(cluster);
    let items = found.map(|found| found.default_strategy.clone());
    let items = serde_json::to_value(items.unwrap_or_default());
    items
        .ok()
        .and_then(|items| serde_json::from_value(items).ok())
        .unwrap_or_default()
}

/// The capacity-provider strategy of a request: its own, or the cluster's where it names no launch type
/// either.
pub(super) fn strategy(
    world: &World,
    cluster: &str,
    launch_type: Option<&String>,
    mut own: Vec<StrategyItem>,
) -> Result<Vec<StrategyItem>, ApiError> {
    if launch_type.is_some() && !own.is_empty() {
        return Err(ApiError::invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    if launch_type.is_none() && own.is_empty() {
        own = default_strategy(world, cluster);
    }
    check_strategy(world, cluster, &own)?;
    Ok(own)
}

/// What ECS refuses of settings beside the workload they are for.
pub(super) fn check_together(
    world: &World,
    workload: &Workload,
    settings: &Settings,
    what: &str,
) -> Result<(), ApiError> {
    if workload.is_on_fargate() && !settings.placement_strategy.is_empty() {
        return Err(ApiError::invalid(
            "Placement strategies are not supported with FARGATE launch type.",
        ));
    }
    check_groups(workload, &settings.deployment)?;
    let definition = world.task_definition(&workload.task_definition);
    let role = definition.is_some_and(|found| !found.text("taskRoleArn").is_empty());
    if settings.exec && !role {
        return Err(ApiError::invalid(format!(
            "The service couldn't be {what} because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again."
        )));
    }
    let room = settings.deployment.maximum_percent > 100;
    if world.switches.rebalancing_needs_room && settings.rebalancing == "ENABLED" && !room {
        return Err(ApiError::invalid(
            "Availability Zone rebalancing does not support a maximumPercent of 100 or less. Specify a maximumPercent greater than 100, or disable Availability Zone rebalancing.",
        ));
    }
    Ok(())
}

pub(super) fn check_strategy(
    world: &World,
    cluster: &str,
    strategy: &[StrategyItem],
) -> Result<(), ApiError> {
    let attached = world
        .clusters
        .get(cluster)
        .map(|c| c.providers.as_slice())
        .unwrap_or_default();
    if strategy
        .iter()
        .any(|item| !attached.contains(&item.capacity_provider))
    {
        return Err(ApiError::invalid(
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.",
        ));
    }
    let of_fargate = |item: &&StrategyItem| item.capacity_provider.starts_with("FARGATE");
    let fargate = strategy.iter().filter(of_fargate).count();
    if fargate != 0 && fargate != strategy.len() {
        return Err(ApiError::invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate.",
        ));
    }
    if strategy.iter().filter(|item| item.base > 0).count() > 1 {
        return Err(ApiError::invalid(
            "Only one capacity provider in a capacity provider strategy can have a base defined.",
        ));
    }
    if !strategy.is_empty() && strategy.iter().all(|item| item.weight == 0) {
        return Err(ApiError::invalid(
            "At least one capacity provider in the strategy must have a weight greater than 0.",
        ));
    }
    Ok(())
}

/// What ECS refuses of a service's workload.
pub(super) fn check_workload(world: &World, workload: &Workload) -> Result<(), ApiError> {
    let Some(definition) = world.task_definition(&workload.task_definition) else {
        return Err(ApiError::client("TaskDefinition not found."));
    };
    let awsvpc = definition.text("networkMode") == "awsvpc";
    let fargate = workload.is_on_fargate();
    let subnets = workload.network_configuration.as_ref();
    let subnets = subnets.and_then(|n| n.pointer("/awsvpcConfiguration/subnets")?.as_array());
    if fargate && !awsvpc {
        return Err(ApiError::invalid(
            "Task definition does not support launch_type FARGATE.",
        ));
    }
    if awsvpc && subnets.is_none_or(Vec::is_empty) {
        return Err(ApiError::invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    if !awsvpc && subnets.is_some() {
        return Err(ApiError::invalid(
            "Network Configuration is not valid for the given networkMode of this task definition.",
        ));
    }
    if subnets.is_some_and(|list| list.len() > 16) {
        return Err(ApiError::invalid("subnets can have at most 16 items."));
    }
    check_balancers(world, workload, &definition.containers())
}

fn check_balancers(
    world: &World,
    workload: &Workload,
    containers: &[ContainerDefinition],
) -> Result<(), ApiError> {
    if workload.load_balancers.len() > MOST_GROUPS {
        return Err(ApiError::invalid(format!(
            "loadBalancers can have at most {MOST_GROUPS} items."
        )));
    }
    for balancer in &workload.load_balancers {
        if let Some(group) = balancer
            .target_group_arn
            .as_ref()
            .filter(|group| world.is_missing(group))
        {
            return Err(ApiError::invalid(format!(
                "The target group with targetGroupArn {group} does not exist."
            )));
        }
        let (name, port) = (&balancer.container_name, balancer.container_port);
        let Some(container) = containers.iter().find(|container| container.name == *name) else {
            return Err(ApiError::invalid(format!(
                "The container {name} does not exist in the task definition."
            )));
        };
        let mapped = container.port_mappings.iter();
        match mapped
            .filter(|mapping| mapping.container_port == port)
            .count()
        {
            1 => {}
            0 => {
                return Err(ApiError::invalid(format!(
                    "The container {name} did not have a container port {port} defined."
                )));
            }
            _ => {
                return Err(ApiError::invalid(format!(
                    "The container {name} and container port {port} are used in more than one port mapping."
                )));
            }
        }
    }
    Ok(())
}
