//! `CreateService`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::service_rules::{
    DAEMON_COUNT, check_count, check_daemon, check_name, check_together, check_workload, strategy,
};
use super::update_service::{ConfigurationInput, merge};
use super::{Answer, ApiError, read, service_view, tags};
use crate::world::World;
use crate::world::configuration::{
    DeploymentConfiguration, LoadBalancer, Settings, StrategyItem, Workload,
};
use crate::world::service::{Service, ServiceStatus};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster: Option<String>,
    service_name: Option<String>,
    task_definition: Option<String>,
    desired_count: Option<i64>,
    client_token: Option<String>,
    launch_type: Option<String>,
    capacity_provider_strategy: Option<Vec<StrategyItem>>,
    platform_version: Option<String>,
    #[serde(default)]
    load_balancers: Vec<LoadBalancer>,
    #[serde(default)]
    service_registries: Vec<Value>,
    network_configuration: Option<Value>,
    service_connect_configuration: Option<Value>,
    #[serde(default)]
    volume_configurations: Vec<Value>,
    #[serde(default)]
    vpc_lattice_configurations: Vec<Value>,
    deployment_configuration: Option<ConfigurationInput>,
    health_check_grace_period_seconds: Option<i64>,
    #[serde(default)]
    enable_execute_command: bool,
    #[serde(default, rename = "enableECSManagedTags")]
    enable_ecs_managed_tags: bool,
    propagate_tags: Option<String>,
    availability_zone_rebalancing: Option<String>,
    #[serde(default)]
    placement_constraints: Vec<Value>,
    #[serde(default)]
    placement_strategy: Vec<Value>,
    deployment_controller: Option<Value>,
    scheduling_strategy: Option<String>,
    tags: Option<Value>,
}

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let request = super::without_nulls(input.clone());
    let input: Create = read(input)?;
    let cluster = super::cluster(world, input.cluster.as_deref())?;
    let name = input.service_name.clone().unwrap_or_default();
    check_name(&name)?;
    let key = format!("{cluster}/{name}");
    if let Some(repeated) = existing(world, &key, &input, &request)? {
        return Ok(repeated);
    }
    let tags = tags::given(input.tags.as_ref())?;
    let desired = desired(&input)?;
    let controller = input
        .deployment_controller
        .as_ref()
        .and_then(|c| c.get("type"));
    if controller.is_some_and(|kind| kind != "ECS") {
        return Err(ApiError::new(
            "UnsupportedFeatureException",
            "Only the ECS deployment controller is offered here.",
        ));
    }
    let service = new_service(world, input, (cluster, name, desired), request)?;
    if !tags.is_empty() {
        world.tags.insert(service.arn.clone(), tags);
    }
    forget(world, &key);
    world.services.insert(key.clone(), service);
    world.count_instances(&key);
    world.start_deployment(&key);
    Ok(json!({"service": service_view::view(world, &key, true)}))
}

impl Create {
    fn is_daemon(&self) -> bool {
        self.scheduling_strategy.as_deref() == Some("DAEMON")
    }
}

/// The count of a request; a daemon service has that of its instances.
fn desired(input: &Create) -> Result<i64, ApiError> {
    if input.is_daemon() {
        return match input.desired_count {
            None => Ok(0),
            Some(_) => Err(ApiError::invalid(DAEMON_COUNT)),
        };
    }
    let desired = input.desired_count.filter(|count| *count >= 0);
    let desired = desired.ok_or_else(|| {
        ApiError::invalid("The desired count is required and cannot be negative.")
    })?;
    check_count(desired)?;
    Ok(desired)
}

fn new_service(
    world: &World,
    input: Create,
    (cluster, name, desired): (String, String, i64),
    request: Value,
) -> Result<Service, ApiError> {
    let workload = workload(world, &cluster, &input)?;
    let settings = settings(world, &input)?;
    check_workload(world, &workload)?;
    check_together(world, &workload, &settings, "created")?;
    if input.is_daemon() {
        check_daemon(&workload, &settings)?;
    }
    if input.health_check_grace_period_seconds.is_some() && workload.load_balancers.is_empty() {
        return Err(ApiError::invalid(
            "Health check grace period is only valid for services configured to use load balancers.",
        ));
    }
    Ok(Service {
        arn: world.ecs_arn(&format!("service/{cluster}/{name}")),
        settings,
        cluster,
        name,
        status: ServiceStatus::Active,
        created_at: world.now,
        created_by: format!("arn:aws:iam::{}:user/sandbox", world.account),
        inactive_at: None,
        desired,
        daemon: input.is_daemon(),
        workload,
        deployments: Vec::new(),
        completed: None,
        events: Vec::new(),
        client_token: input.client_token,
        request,
        current_record: None,
        previous_record: None,
    })
}

/// The answer to a repeated request; a different one for the same name is refused.
fn existing(
    world: &World,
    key: &str,
    input: &Create,
    request: &Value,
) -> Result<Option<Value>, ApiError> {
    let Some(found) = world.services.get(key) else {
        return Ok(None);
    };
    match found.status {
        ServiceStatus::Inactive => Ok(None),
        ServiceStatus::Draining => Err(ApiError::invalid(
            "Unable to Start a service that is still Draining.",
        )),
        ServiceStatus::Active => {
            let same = input.client_token.is_some() && found.request == *request;
            if same && found.client_token == input.client_token {
                return Ok(Some(
                    json!({"service": service_view::view(world, key, true)}),
                ));
            }
            Err(ApiError::invalid("Creation of service was not idempotent."))
        }
    }
}

/// Forgets the records of a deleted service whose name is used again.
fn forget(world: &mut World, key: &str) {
    world.forget_deployments(key);
}

fn workload(world: &World, cluster: &str, input: &Create) -> Result<Workload, ApiError> {
    let own = input.capacity_provider_strategy.clone().unwrap_or_default();
    let strategy = strategy(world, cluster, input.launch_type.as_ref(), own)?;
    let launch = input
        .launch_type
        .clone()
        .unwrap_or_else(|| "EC2".to_owned());
    let reference = input.task_definition.as_deref().unwrap_or_default();
    Ok(Workload {
        task_definition: usable_definition(world, reference)?,
        launch_type: strategy.is_empty().then_some(launch),
        capacity_provider_strategy: strategy,
        platform_version: input
            .platform_version
            .clone()
            .unwrap_or_else(|| "LATEST".to_owned()),
        load_balancers: input.load_balancers.clone(),
        service_registries: input.service_registries.clone(),
        network_configuration: input.network_configuration.clone().map(with_public_ip),
        service_connect_configuration: input.service_connect_configuration.clone(),
        volume_configurations: input.volume_configurations.clone(),
        vpc_lattice_configurations: input.vpc_lattice_configurations.clone(),
    })
}

fn settings(world: &World, input: &Create) -> Result<Settings, ApiError> {
    let mut deployment = DeploymentConfiguration::default();
    if input.is_daemon() {
        (
            deployment.minimum_healthy_percent,
            deployment.maximum_percent,
        ) = (0, 100);
    }
    if let Some(given) = &input.deployment_configuration {
        merge(
            &mut deployment,
            given,
            world.switches.merge_deployment_configuration,
        )?;
    }
    let rebalancing = input.availability_zone_rebalancing.clone();
    let possible = deployment.maximum_percent > 100 || !world.switches.rebalancing_needs_room;
    let usual = if possible { "ENABLED" } else { "DISABLED" };
    Ok(Settings {
        deployment,
        grace_seconds: input.health_check_grace_period_seconds.unwrap_or(0),
        exec: input.enable_execute_command,
        managed_tags: input.enable_ecs_managed_tags,
        propagate: input
            .propagate_tags
            .clone()
            .unwrap_or_else(|| "NONE".to_owned()),
        rebalancing: rebalancing.unwrap_or_else(|| usual.to_owned()),
        placement_constraints: input.placement_constraints.clone(),
        placement_strategy: input.placement_strategy.clone(),
    })
}

/// `assignPublicIp` reads back as DISABLED where it was not given.
pub(super) fn with_public_ip(mut network: Value) -> Value {
    let inner = network
        .get_mut("awsvpcConfiguration")
        .and_then(Value::as_object_mut);
    if let Some(inner) = inner {
        inner
            .entry("assignPublicIp")
            .or_insert_with(|| json!("DISABLED"));
        inner.entry("securityGroups").or_insert_with(|| json!([]));
    }
    network
}

/// The ARN of a task definition that a service may use.
pub(super) fn usable_definition(world: &World, reference: &str) -> Result<String, ApiError> {
    if reference.is_empty() {
        return Err(ApiError::invalid("TaskDefinition cannot be null."));
    }
    let found = world.task_definition(reference);
    let found = found.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
    if !found.active {
        return Err(ApiError::client("TaskDefinition is inactive."));
    }
    Ok(found.arn.clone())
}
