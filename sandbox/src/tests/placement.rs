//! Tasks on container instances: where they go, why they do not, and what brings room.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, ContainerInstance, PlacementConstraint, PlacementConstraintType,
    PlacementStrategy, PlacementStrategyType, SchedulingStrategy,
};

use super::*;
use crate::{InstanceKind, Provider};

fn kind(count: i64) -> InstanceKind {
    InstanceKind {
        count,
        cpu: 1_024,
        memory: 2_048,
        ..InstanceKind::default()
    }
}

fn pool(kinds: Vec<InstanceKind>) -> Cloud {
    let mut world = world();
    world.set_instances(kinds);
    Cloud::of(world)
}

/// A task definition on the bridge network.
async fn bridged(cloud: &Cloud, cpu: i32, memory: i32, host_port: i32) -> String {
    let mapping = PortMapping::builder()
        .container_port(8080)
        .host_port(host_port)
        .build();
    let container = ContainerDefinition::builder()
        .name("api")
        .image("api:v1")
        .cpu(cpu)
        .memory(memory)
        .port_mappings(mapping)
        .build();
    let registered = cloud
        .ecs
        .register_task_definition()
        .family("api")
        .network_mode(NetworkMode::Bridge)
        .requires_compatibilities(Compatibility::Ec2)
        .container_definitions(container)
        .send()
        .await
        .unwrap();
    registered
        .task_definition
        .unwrap()
        .task_definition_arn
        .unwrap()
}

fn creation(cloud: &Cloud, definition: &str, count: i32) -> CreateServiceFluentBuilder {
    cloud
        .ecs
        .create_service()
        .cluster("main")
        .service_name("api")
        .task_definition(definition)
        .desired_count(count)
        .launch_type(LaunchType::Ec2)
}

async fn instances(cloud: &Cloud) -> Vec<ContainerInstance> {
    let listed = cloud.ecs.list_container_instances().cluster("main");
    let arns = listed.send().await.unwrap().container_instance_arns;
    let described = cloud.ecs.describe_container_instances().cluster("main");
    let described = described.set_container_instances(arns).send().await;
    described.unwrap().container_instances.unwrap()
}

fn left(instance: &ContainerInstance, name: &str) -> i32 {
    let all = instance.remaining_resources().iter();
    let mut named = all.filter(|one| one.name() == Some(name));
    named.next().unwrap().integer_value
}

async fn told(cloud: &Cloud) -> String {
    let service = cloud.service().await;
    let texts = service.events().iter().filter_map(|event| event.message());
    let mut unplaced = texts.filter(|text| text.contains("unable to place"));
    unplaced.next().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn tasks_spread_over_zones_reserve_their_size_and_get_ports_of_their_own() {
    let cloud = Cloud::new();
    let definition = bridged(&cloud, 256, 512, 0).await;
    creation(&cloud, &definition, 4).send().await.unwrap();
    sleep(10_000).await;
    assert_eq!(cloud.service().await.running_count, 4);
    let all = instances(&cloud).await;
    let cpu: Vec<i32> = all.iter().map(|one| left(one, "CPU")).collect();
    assert_eq!(cpu, [8_192 - 512, 8_192 - 256, 8_192 - 256]);
    assert_eq!(left(&all[0], "MEMORY"), 31_589 - 1_024);
    let listed = cloud.ecs.list_tasks().cluster("main").service_name("api");
    let arns = listed.send().await.unwrap().task_arns;
    let tasks = cloud.ecs.describe_tasks().cluster("main").set_tasks(arns);
    let tasks = tasks.send().await.unwrap().tasks.unwrap();
    let first = all[0].container_instance_arn.clone();
    let mut ports: Vec<_> = tasks
        .iter()
        .filter(|task| task.container_instance_arn == first)
        .map(|task| task.containers()[0].network_bindings()[0].host_port)
        .collect();
    ports.sort();
    assert_eq!(ports, [Some(49_153), Some(49_154)]);
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_place_is_told_in_the_words_of_ecs() {
    const NO: &str = "(service api) was unable to place a task because no container instance met all of its requirements. ";
    for (kinds, cpu, memory, port, expected) in [
        (
            vec![kind(1)],
            2_048,
            512,
            0,
            "has insufficient CPU units available.",
        ),
        (
            vec![kind(1)],
            256,
            4_096,
            0,
            "has insufficient memory available.",
        ),
        (
            vec![kind(1)],
            256,
            512,
            80,
            "is already using a port required by your task.",
        ),
        (
            Vec::new(),
            256,
            512,
            0,
            "Reason: No Container Instances were found in your cluster.",
        ),
    ] {
        let cloud = pool(kinds);
        let definition = bridged(&cloud, cpu, memory, port).await;
        creation(&cloud, &definition, 2).send().await.unwrap();
        sleep(5_000).await;
        let told = told(&cloud).await;
        assert!(told.starts_with(NO) && told.contains(expected), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn constraints_hold_and_an_instance_that_comes_is_used() {
    let cloud = pool(vec![kind(1)]);
    let definition = bridged(&cloud, 256, 512, 0).await;
    let distinct = PlacementConstraint::builder().r#type(PlacementConstraintType::DistinctInstance);
    let creation = creation(&cloud, &definition, 2).placement_constraints(distinct.build());
    creation.send().await.unwrap();
    sleep(5_000).await;
    assert!(told(&cloud).await.contains("DistinctInstance"));
    assert_eq!(cloud.service().await.running_count, 1);
    cloud.change(|world| world.set_instances(vec![kind(2)]));
    sleep(30_000).await;
    assert_eq!(cloud.service().await.running_count, 2);
    assert_eq!(cloud.rollout().await, "COMPLETED");
}

#[tokio::test(start_paused = true)]
async fn packing_fills_one_instance_and_stopped_tasks_free_it() {
    let cloud = pool(vec![kind(3)]);
    let definition = bridged(&cloud, 256, 512, 0).await;
    let pack = PlacementStrategy::builder()
        .r#type(PlacementStrategyType::Binpack)
        .field("MEMORY");
    let creation = creation(&cloud, &definition, 4).placement_strategy(pack.build());
    creation.send().await.unwrap();
    sleep(10_000).await;
    let cpu =
        |all: Vec<ContainerInstance>| all.iter().map(|one| left(one, "CPU")).collect::<Vec<_>>();
    assert_eq!(cpu(instances(&cloud).await), [0, 1_024, 1_024]);
    cloud.updating().desired_count(0).send().await.unwrap();
    sleep(10_000).await;
    assert_eq!(cpu(instances(&cloud).await), [1_024, 1_024, 1_024]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_brings_an_instance_that_its_tasks_wait_for() {
    let mut world = world();
    world.set_instances(Vec::new());
    world.add_provider(Provider {
        name: "asg".to_owned(),
        most: 1,
        instance: kind(1),
    });
    let cloud = Cloud::of(world);
    let put = cloud.ecs.put_cluster_capacity_providers().cluster("main");
    let put = put.capacity_providers("asg");
    let put = put.set_default_capacity_provider_strategy(Some(Vec::new()));
    put.send().await.unwrap();
    let definition = bridged(&cloud, 256, 512, 0).await;
    let share = CapacityProviderStrategyItem::builder()
        .capacity_provider("asg")
        .weight(1)
        .build()
        .unwrap();
    let creation = creation(&cloud, &definition, 2).set_launch_type(None);
    let creation = creation.capacity_provider_strategy(share);
    creation.send().await.unwrap();
    sleep(1_000).await;
    assert_eq!(cloud.service().await.pending_count, 2);
    sleep(15_000).await;
    assert_eq!(told(&cloud).await, "");
    assert_eq!(cloud.service().await.running_count, 2);
    let all = instances(&cloud).await;
    assert_eq!(all[0].capacity_provider_name(), Some("asg"));
    let described = cloud
        .ecs
        .describe_capacity_providers()
        .capacity_providers("asg");
    let described = described.send().await.unwrap();
    assert_eq!(described.capacity_providers()[0].name(), Some("asg"));
}

#[tokio::test(start_paused = true)]
async fn a_daemon_has_one_task_on_each_instance_and_no_count() {
    let cloud = pool(vec![kind(2)]);
    let definition = bridged(&cloud, 256, 512, 80).await;
    let daemon =
        || creation(&cloud, &definition, 2).scheduling_strategy(SchedulingStrategy::Daemon);
    assert!(daemon().send().await.is_err());
    daemon().set_desired_count(None).send().await.unwrap();
    sleep(10_000).await;
    let service = cloud.service().await;
    assert_eq!((service.desired_count, service.running_count), (2, 2));
    assert_eq!(
        service.scheduling_strategy,
        Some(SchedulingStrategy::Daemon)
    );
    cloud.change(|world| world.set_instances(vec![kind(3)]));
    sleep(10_000).await;
    assert_eq!(cloud.service().await.running_count, 3);
    let next = bridged(&cloud, 256, 512, 80).await;
    cloud.updating().task_definition(next).send().await.unwrap();
    sleep(30_000).await;
    let service = cloud.service().await;
    assert_eq!((service.running_count, service.deployments().len()), (3, 1));
    assert_eq!(cloud.rollout().await, "COMPLETED");
    assert!(cloud.updating().desired_count(1).send().await.is_err());
}
