//! `RunTask`: tasks that no service keeps.

use serde::Deserialize;
use serde_json::{Value, json};

use super::create_service::{usable_definition, with_public_ip};
use super::service_rules::{check_workload, strategy};
use super::{Answer, ApiError, read, tags, tasks};
use crate::world::World;
use crate::world::configuration::{StrategyItem, Workload};
use crate::world::launch::OneOff;

/// As many tasks as one request may run (Amazon ECS API reference, `RunTask`).
const MOST: i64 = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    cluster: Option<String>,
    task_definition: Option<String>,
    count: Option<i64>,
    launch_type: Option<String>,
    #[serde(default)]
    capacity_provider_strategy: Vec<StrategyItem>,
    platform_version: Option<String>,
    network_configuration: Option<Value>,
    group: Option<String>,
    started_by: Option<String>,
    overrides: Option<Value>,
    #[serde(default)]
    enable_execute_command: bool,
    tags: Option<Value>,
}

pub(super) fn run(world: &mut World, input: &Value) -> Answer {
    let input: Run = read(input)?;
    let cluster = super::cluster(world, input.cluster.as_deref())?;
    let tags = tags::given(input.tags.as_ref())?;
    let count = input.count.unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        return Err(ApiError::invalid(format!(
            "Count must be between 1 and {MOST}."
        )));
    }
    let workload = workload(world, &cluster, &input)?;
    let definition = world.task_definition(&workload.task_definition);
    let definition = definition.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    if input.enable_execute_command && definition.text("taskRoleArn").is_empty() {
        return Err(ApiError::invalid(
            "The task couldn't be run because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.",
        ));
    }
    let family = format!("family:{}", definition.family);
    check_overrides(definition, input.overrides.as_ref())?;
    let one_off = OneOff {
        cluster,
        group: input.group.unwrap_or(family),
        started_by: input.started_by.unwrap_or_default(),
        overrides: input.overrides.unwrap_or_default(),
        exec: input.enable_execute_command,
        tags,
    };
    let mut started = Vec::new();
    let mut failures = Vec::new();
    for _ in 0..count {
        let id = world.run_task(&workload, &one_off);
        match id {
            Ok(id) => started.extend(
                world
                    .tasks
                    .get(&id)
                    .map(|task| tasks::view(world, task, true)),
            ),
            Err(unplaced) => failures.push(json!({"reason": unplaced.reason()})),
        }
    }
    Ok(json!({"tasks": started, "failures": failures}))
}

fn workload(world: &World, cluster: &str, input: &Run) -> Result<Workload, ApiError> {
    let own = input.capacity_provider_strategy.clone();
    let strategy = strategy(world, cluster, input.launch_type.as_ref(), own)?;
    let launch = input.launch_type.clone();
    let launch = launch.unwrap_or_else(|| "EC2".to_owned());
    let reference = input.task_definition.as_deref().unwrap_or_default();
    let version = input.platform_version.clone();
    let workload = Workload {
        task_definition: usable_definition(world, reference)?,
        launch_type: strategy.is_empty().then_some(launch),
        capacity_provider_strategy: strategy,
        platform_version: version.unwrap_or_else(|| "LATEST".to_owned()),
        network_configuration: input.network_configuration.clone().map(with_public_ip),
        ..Workload::default()
    };
    check_workload(world, &workload)?;
    Ok(workload)
}

fn check_overrides(
    definition: &crate::world::task_definition::TaskDefinition,
    overrides: Option<&Value>,
) -> Result<(), ApiError> {
    let named = overrides.and_then(|overrides| overrides.get("containerOverrides")?.as_array());
    let containers = definition.containers();
    for container in named.into_iter().flatten() {
        let name = container.get("name").and_then(Value::as_str);
        if !containers
            .iter()
            .any(|found| Some(found.name.as_str()) == name)
        {
            return Err(ApiError::invalid(
                "Override for container named is not a container in the TaskDefinition.",
            ));
        }
    }
    Ok(())
}
