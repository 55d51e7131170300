//! Rollouts that end well, and what can be seen on the way.

use aws_sdk_ecs::types::{
    AvailabilityZoneRebalancing, CapacityProviderStrategyItem, DeploymentConfiguration,
    DeploymentRolloutState, KeyValuePair, LoadBalancer, ServiceDeploymentStatus as Status,
};

use super::super::{SuccessfulOrder, Switches};
use super::{Cloud, GROUP, client, container, primary, sleep, world};

#[tokio::test(start_paused = true)]
async fn a_first_deployment_goes_from_pending_to_successful_and_then_completed() {
    let cloud = Cloud::new();
    let id = cloud.create("api:v1").await;
    assert_eq!(cloud.rollout().await, "IN_PROGRESS");
    let record = cloud.wait(&id, Status::Successful).await;
    assert_eq!(
        cloud.rollout().await,
        "IN_PROGRESS",
        "SUCCESSFUL comes before COMPLETED"
    );
    let target = record.target_service_revision.unwrap();
    assert_eq!(
        (target.requested_task_count, target.running_task_count),
        (2, 2)
    );
    assert!(
        target
            .arn
            .unwrap()
            .ends_with(id.trim_start_matches("ecs-svc/"))
    );
    let took = record.finished_at.unwrap().as_secs_f64() - record.created_at.unwrap().as_secs_f64();
    assert!((1.5..6.0).contains(&took), "{took} s");
    sleep(3_000).await;
    assert_eq!(cloud.rollout().await, "COMPLETED");
    let events = cloud.events().await;
    assert_eq!(events[0], "(service api) has reached a steady state.");
    assert_eq!(
        events[1],
        format!("(service api) (deployment {id}) deployment completed.")
    );
    assert!(
        events
            .last()
            .unwrap()
            .starts_with("(service api) has started 2 tasks: (task ")
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_starts_new_tasks_first_and_drains_the_old_ones() {
    let cloud = Cloud::new();
    let first = cloud.settled().await;
    let second = cloud.deploy("api:v2").await;
    let mut most = 0;
    while cloud.rollout().await == "IN_PROGRESS" {
        let service = cloud.service().await;
        let healthy = service.running_count;
        assert!(healthy >= 2, "never fewer than the lower percentage");
        most = most.max(healthy + service.pending_count);
        assert_eq!(primary(&service).id.as_deref(), Some(second.as_str()));
        sleep(100).await;
    }
    assert_eq!(most, 4, "up to 200 %");
    let service = cloud.service().await;
    let deployments = service.deployments.unwrap();
    assert_eq!(
        deployments.len(),
        1,
        "the old deployment is gone once it has drained"
    );
    let record = cloud.record(&second).await;
    let sources = record.source_service_revisions.unwrap();
    assert_eq!(sources.len(), 1);
    assert!(
        sources[0]
            .arn
            .as_ref()
            .unwrap()
            .ends_with(first.trim_start_matches("ecs-svc/"))
    );
    assert_eq!(sources[0].running_task_count, 2);
    for task in cloud.tasks("STOPPED").await {
        assert_eq!(
            task.stop_code.unwrap().as_str(),
            "ServiceSchedulerInitiated"
        );
        assert!(
            task.stopped_reason
                .unwrap()
                .starts_with("Scaling activity initiated by (deployment ecs-svc/")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn successful_can_come_after_completed() {
    let switches = Switches {
        successful: SuccessfulOrder::AfterCompleted,
        ..Switches::default()
    };
    let cloud = Cloud::of(world().with_switches(switches));
    let id = cloud.create("api:v1").await;
    while cloud.rollout().await == "IN_PROGRESS" {
        assert_ne!(cloud.record(&id).await.status, Some(Status::Successful));
        sleep(50).await;
    }
    cloud.wait(&id, Status::Successful).await;
}

#[tokio::test(start_paused = true)]
async fn a_count_alone_starts_no_deployment() {
    let cloud = Cloud::new();
    let id = cloud.settled().await;
    let updated = cloud
        .updating()
        .desired_count(4)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    assert_eq!(primary(&updated).id.as_deref(), Some(id.as_str()));
    sleep(5_000).await;
    let service = cloud.service().await;
    assert_eq!((service.running_count, service.desired_count), (4, 4));
    cloud.updating().desired_count(0).send().await.unwrap();
    sleep(5_000).await;
    assert_eq!(cloud.service().await.running_count, 0);
}

#[tokio::test(start_paused = true)]
async fn the_same_task_definition_again_changes_nothing_unless_forced() {
    let cloud = Cloud::new();
    let id = cloud.settled().await;
    let definition = cloud.service().await.task_definition.unwrap();
    let same = cloud
        .updating()
        .task_definition(definition)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    assert_eq!(primary(&same).id.as_deref(), Some(id.as_str()));
    let forced = cloud
        .updating()
        .force_new_deployment(true)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    assert_ne!(primary(&forced).id.as_deref(), Some(id.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_newer_update_stops_the_one_under_way_at_once() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let second = cloud.deploy("api:v2").await;
    let arn = cloud.record(&second).await.service_deployment_arn.unwrap();
    let third = cloud.deploy("api:v3").await;
    let stopped = cloud.record_of(&arn).await;
    assert_eq!(stopped.status, Some(Status::Stopped));
    assert!(stopped.finished_at.is_some() && stopped.stopped_at.is_some());
    cloud.wait(&third, Status::Successful).await;
    assert_eq!(cloud.image().await, "api:v3");
}

#[tokio::test(start_paused = true)]
async fn percentages_that_round_to_no_room_never_start_a_task() {
    let cloud = Cloud::new();
    let definition = cloud.register("api:v1").await;
    cloud
        .creation(&definition)
        .desired_count(5)
        .send()
        .await
        .unwrap();
    sleep(10_000).await;
    let tight = DeploymentConfiguration::builder()
        .maximum_percent(110)
        .minimum_healthy_percent(100);
    cloud
        .updating()
        .deployment_configuration(tight.build())
        .send()
        .await
        .unwrap();
    cloud.deploy("api:v2").await;
    sleep(600_000).await;
    let service = cloud.service().await;
    let new = primary(&service);
    assert_eq!((new.running_count, new.pending_count), (0, 0));
    assert_eq!(new.rollout_state, Some(DeploymentRolloutState::InProgress));
    let told = cloud.events().await;
    let told = told
        .iter()
        .filter(|event| event.contains("because of the service deployment configuration"));
    assert_eq!(told.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_half_as_lower_bound_old_tasks_make_room() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let tight = DeploymentConfiguration::builder()
        .maximum_percent(100)
        .minimum_healthy_percent(50);
    cloud
        .updating()
        .deployment_configuration(tight.build())
        .availability_zone_rebalancing(AvailabilityZoneRebalancing::Disabled)
        .send()
        .await
        .unwrap();
    let id = cloud.deploy("api:v2").await;
    let mut least = 2;
    while cloud.record(&id).await.status != Some(Status::Successful) {
        let service = cloud.service().await;
        assert!(service.running_count + service.pending_count <= 2);
        least = least.min(service.running_count);
        sleep(100).await;
    }
    assert_eq!(least, 1);
}

/// Address and state of each target of a group.
async fn targets(cloud: &Cloud, group: &str) -> Vec<(String, String)> {
    let elb = client!(aws_sdk_elasticloadbalancingv2, cloud.sandbox);
    let output = elb
        .describe_target_health()
        .target_group_arn(group)
        .send()
        .await
        .unwrap();
    let all = output
        .target_health_descriptions
        .unwrap_or_default()
        .into_iter();
    all.map(|found| {
        let state = found.target_health.unwrap().state.unwrap();
        (found.target.unwrap().id.unwrap(), state.as_str().to_owned())
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn targets_are_registered_become_healthy_and_drain() {
    let cloud = Cloud::new();
    let group = GROUP;
    let balancer = LoadBalancer::builder()
        .target_group_arn(group)
        .container_name("api");
    let balancer = balancer.container_port(8080).build();
    let definition = cloud.register("api:v1").await;
    cloud
        .creation(&definition)
        .load_balancers(balancer)
        .send()
        .await
        .unwrap();
    let states = async || {
        let mut states: Vec<String> = targets(&cloud, group)
            .await
            .into_iter()
            .map(|t| t.1)
            .collect();
        states.sort();
        states
    };
    assert!(states().await.is_empty());
    sleep(1_300).await;
    assert_eq!(states().await, ["initial", "initial"]);
    sleep(1_000).await;
    assert_eq!(states().await, ["healthy", "healthy"]);
    sleep(5_000).await;
    cloud.deploy("api:v2").await;
    let mut drained = false;
    while cloud.rollout().await == "IN_PROGRESS" {
        drained |= states().await.iter().any(|state| state == "draining");
        sleep(100).await;
    }
    assert!(drained);
    let task = cloud.tasks("RUNNING").await.remove(0);
    let details = task.attachments.unwrap().remove(0).details.unwrap();
    let named = |d: &KeyValuePair| d.name.as_deref() == Some("privateIPv4Address");
    let address = details.into_iter().find(named).unwrap().value.unwrap();
    assert!(
        targets(&cloud, group)
            .await
            .iter()
            .any(|target| target.0 == address)
    );
}

#[tokio::test(start_paused = true)]
async fn providers_get_their_base_and_then_their_share() {
    let cloud = Cloud::new();
    let definition = cloud.register_with(container("api:v1")).await;
    let item = |name: &str, base, weight| {
        CapacityProviderStrategyItem::builder()
            .capacity_provider(name)
            .base(base)
            .weight(weight)
            .build()
            .unwrap()
    };
    let mut creation = cloud.creation(&definition).desired_count(5);
    creation = creation.set_launch_type(None);
    creation
        .capacity_provider_strategy(item("FARGATE", 1, 1))
        .capacity_provider_strategy(item("FARGATE_SPOT", 0, 3))
        .send()
        .await
        .unwrap();
    sleep(5_000).await;
    let tasks = cloud.tasks("RUNNING").await;
    let spot = tasks
        .iter()
        .filter(|t| t.capacity_provider_name.as_deref() == Some("FARGATE_SPOT"));
    assert_eq!((tasks.len(), spot.count()), (5, 3));
    let service = cloud.service().await;
    assert!(service.launch_type.is_none());
    assert_eq!(service.capacity_provider_strategy.unwrap().len(), 2);
}
