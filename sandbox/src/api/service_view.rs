//! A service as `DescribeServices` shows it.

use serde_json::{Value, json};

use super::{tags, time};
use crate::world::World;
use crate::world::deployment::{Deployment, RolloutState};
use crate::world::service::Service;

/// The service of this key; null when there is none.
pub(super) fn view(world: &World, key: &str, with_tags: bool) -> Value {
    let Some(service) = world.services.get(key) else {
        return Value::Null;
    };
    let workload = &service.workload;
    let (running, pending) = counts(world, key, None);
    let settings = &service.settings;
    let mut view = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": world.ecs_arn(&format!("cluster/{}", service.cluster)),
        "loadBalancers": workload.load_balancers,
        "serviceRegistries": workload.service_registries,
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": pending,
        "launchType": workload.launch_type,
        "platformVersion": workload.platform_version,
        "platformFamily": "Linux",
        "taskDefinition": workload.task_definition,
        "deploymentConfiguration": settings.deployment,
        "deployments": deployments(world, service),
        "roleArn": format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", world.account),
        "events": events(service),
        "createdAt": time(service.created_at),
        "placementConstraints": settings.placement_constraints,
        "placementStrategy": settings.placement_strategy,
        "networkConfiguration": workload.network_configuration,
        "healthCheckGracePeriodSeconds": settings.grace_seconds,
        "schedulingStrategy": if service.daemon { "DAEMON" } else { "REPLICA" },
        "deploymentController": {"type": "ECS"},
        "createdBy": service.created_by,
        "enableECSManagedTags": settings.managed_tags,
        "propagateTags": settings.propagate,
        "enableExecuteCommand": settings.exec,
        "availabilityZoneRebalancing": settings.rebalancing,
        "resourceManagementType": "CUSTOMER",
    });
    if let Some(view) = view.as_object_mut() {
        if !workload.capacity_provider_strategy.is_empty() {
            view.insert(
                "capacityProviderStrategy".to_owned(),
                json!(workload.capacity_provider_strategy),
            );
        }
        if with_tags && let Some(found) = world.tags.get(&service.arn) {
            view.insert("tags".to_owned(), tags::view(found));
        }
        add_current(world, service, view);
    }
    view
}

fn add_current(world: &World, service: &Service, view: &mut serde_json::Map<String, Value>) {
    let record = if world.switches.stale_current_deployment {
        service.previous_record.as_ref()
    } else {
        service.current_record.as_ref()
    };
    let shown = record.and_then(|arn| world.deployments.get(arn));
    if let Some(shown) = shown.filter(|record| record.visible_at <= world.now) {
        view.insert("currentServiceDeployment".to_owned(), json!(shown.arn));
    }
    let mut revisions = Vec::new();
    for deployment in &service.deployments {
        let summary = world.summary(&service.key(), &deployment.revision);
        if !revisions.contains(&summary) {
            revisions.push(summary);
        }
    }
    view.insert("currentServiceRevisions".to_owned(), json!(revisions));
}

fn counts(world: &World, key: &str, deployment: Option<&str>) -> (i64, i64) {
    let (mut running, mut pending) = (0, 0);
    let mine = world
        .tasks
        .of_service(key)
        .filter(|task| task.is_active() && deployment.is_none_or(|id| task.deployment == id));
    for task in mine {
        if task.is_running() {
            running += 1;
        } else {
            pending += 1;
        }
    }
    (running, pending)
}

fn deployments(world: &World, service: &Service) -> Vec<Value> {
    let all = service.deployments.iter().enumerate();
    all.map(|(index, deployment)| one(world, service, deployment, index == 0))
        .collect()
}

fn one(world: &World, service: &Service, deployment: &Deployment, primary: bool) -> Value {
    let (running, pending) = counts(world, &service.key(), Some(&deployment.id));
    let wanted = match (primary, deployment.state) {
        (_, RolloutState::Failed) => 0,
        (true, _) => service.desired,
        (false, _) => running + pending,
    };
    let workload = &deployment.workload;
    let reason = world.switches.rollout_reasons.then_some(&deployment.reason);
    let strategy = &workload.capacity_provider_strategy;
    json!({
        "id": deployment.id,
        "status": if primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": workload.task_definition,
        "desiredCount": wanted,
        "pendingCount": pending,
        "runningCount": running,
        "failedTasks": deployment.failed_tasks,
        "createdAt": time(deployment.created_at),
        "updatedAt": time(deployment.updated_at),
        "launchType": workload.launch_type,
        "capacityProviderStrategy": (!strategy.is_empty()).then_some(strategy),
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "networkConfiguration": workload.network_configuration,
        "serviceConnectConfiguration": workload.service_connect_configuration,
        "volumeConfigurations": workload.volume_configurations,
        "vpcLatticeConfigurations": workload.vpc_lattice_configurations,
        "rolloutState": deployment.state,
        "rolloutStateReason": reason,
    })
}

fn events(service: &Service) -> Vec<Value> {
    let show = |event: &crate::world::service::ServiceEvent| json!({"id": event.id, "createdAt": time(event.at), "message": event.message});
    service.events.iter().map(show).collect()
}
