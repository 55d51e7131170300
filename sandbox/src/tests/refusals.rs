//! What ECS refuses of task definitions and services, in raw requests: an SDK would not send some.

use aws_sdk_ecs::types::{HealthCheck, LoadBalancer, ServiceDeploymentStatus as Status};
use serde_json::{Value, json};

use super::super::api::perform;
use super::super::{Switches, Timings, World};
use super::{Cloud, sleep, world};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x-AbCdEf";

fn with(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

fn registered(world: &mut World, container: &Value, task: &Value) -> Result<String, String> {
    let container = with(json!({"name": "api", "image": "api:v1"}), container);
    let input = json!({
        "family": "api", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "executionRoleArn": "role",
        "containerDefinitions": [container],
    });
    let answer = perform(world, "ecs", "RegisterTaskDefinition", &with(input, task));
    let arn = answer.map_err(|error| format!("{}: {}", error.code, error.message))?;
    let arn = arn["taskDefinition"]["taskDefinitionArn"].as_str();
    Ok(arn.unwrap().to_owned())
}

#[test]
fn a_task_definition_is_refused_for_what_ecs_refuses() {
    let secret = json!({"name": "A", "valueFrom": SECRET});
    let many: Vec<Value> = (0..20)
        .map(|n| json!({"name": format!("A{n}"), "value": "x".repeat(4_000)}))
        .collect();
    let check = |more: &Value| json!({"healthCheck": with(json!({"command": ["CMD", "x"]}), more)});
    let cases = [
        (
            json!({"environment": [{"name": "A", "value": "1"}], "secrets": [secret]}),
            "The secret name must be unique",
        ),
        (json!({"secrets": [secret, secret]}), "must be unique"),
        (
            json!({"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
            "must be unique",
        ),
        (check(&json!({"command": []})), "must not be empty"),
        (check(&json!({"interval": 1})), "between 5 and 300"),
        (check(&json!({"timeout": 1})), "between 2 and 60"),
        (check(&json!({"retries": 11})), "between 1 and 10"),
        (check(&json!({"startPeriod": 400})), "between 0 and 300"),
        (
            json!({"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-region": "r"}}}),
            "requires options: awslogs-group",
        ),
        (json!({"stopTimeout": 300}), "'stopTimeout'"),
        (json!({"memory": 4096}), "greater than the 512 MiB"),
        (json!({"memory": 128, "memoryReservation": 256}), "at least"),
        (json!({"cpu": 512}), "'cpu' of the task"),
        (json!({"links": ["b"]}), "Links are not supported"),
        (
            json!({"portMappings": [{"containerPort": 53}, {"containerPort": 53}]}),
            "more than one port mapping",
        ),
        (
            json!({"environment": many}),
            "Max allowed length is '65536'",
        ),
    ];
    let mut world = world();
    for (container, words) in &cases {
        let refused = registered(&mut world, container, &json!({})).unwrap_err();
        let right = refused.starts_with("ClientException") && refused.contains(words);
        assert!(right, "{words}: {refused}");
    }
    let fine = [
        json!({"portMappings": [{"containerPort": 53}, {"containerPort": 53, "protocol": "udp"}]}),
        json!({"stopTimeout": 120, "memory": 512, "cpu": 256}),
        check(&json!({"interval": 5, "timeout": 2, "retries": 1, "startPeriod": 300})),
    ];
    for container in &fine {
        registered(&mut world, container, &json!({})).unwrap();
    }
    world.switches_mut().variable_twice = true;
    registered(&mut world, &cases[2].0, &json!({})).unwrap();
}

fn creation(more: &Value) -> Value {
    let base = json!({
        "cluster": "main", "serviceName": "api", "taskDefinition": "api", "desiredCount": 1,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a"]}},
    });
    with(base, more)
}

fn asked(world: &mut World, operation: &str, input: &Value) -> Result<Value, String> {
    let answer = perform(world, "ecs", operation, input);
    answer.map_err(|error| format!("{}: {}", error.code, error.message))
}

#[test]
fn a_service_is_refused_for_what_ecs_refuses() {
    let mut world = world();
    let both =
        json!({"portMappings": [{"containerPort": 53}, {"containerPort": 53, "protocol": "udp"}]});
    registered(&mut world, &both, &json!({})).unwrap();
    world.set_missing("*:targetgroup/gone/*");
    let balancer = |group: &str| {
        let arn = format!("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{group}/1");
        json!({"targetGroupArn": arn, "containerName": "api", "containerPort": 53})
    };
    let cases = [
        (json!({"serviceName": "a b"}), "name is invalid"),
        (json!({"serviceName": "a".repeat(256)}), "name is invalid"),
        (json!({"desiredCount": 5_001}), "limit of 5000 tasks"),
        (json!({"enableExecuteCommand": true}), "valid taskRoleArn"),
        (
            json!({"loadBalancers": [balancer("there")]}),
            "more than one port mapping",
        ),
        (
            json!({"loadBalancers": [balancer("gone")]}),
            "does not exist",
        ),
        (
            json!({"loadBalancers": vec![balancer("there"); 6]}),
            "at most 5",
        ),
        (
            json!({
                "availabilityZoneRebalancing": "ENABLED",
                "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0},
            }),
            "rebalancing",
        ),
        (
            json!({"tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}),
            "Duplicate tag keys",
        ),
    ];
    for (more, words) in cases {
        let refused = asked(&mut world, "CreateService", &creation(&more)).unwrap_err();
        let right = refused.starts_with("InvalidParameterException") && refused.contains(words);
        assert!(right, "{words}: {refused}");
    }
    asked(&mut world, "CreateService", &creation(&json!({}))).unwrap();
    for (more, words) in [
        (json!({"desiredCount": 99_999}), "limit of 5000 tasks"),
        (json!({"enableExecuteCommand": true}), "valid taskRoleArn"),
        (
            json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}}),
            "rebalancing",
        ),
    ] {
        let update = with(json!({"cluster": "main", "service": "api"}), &more);
        let refused = asked(&mut world, "UpdateService", &update).unwrap_err();
        assert!(refused.contains(words), "{words}: {refused}");
    }
}

#[test]
fn rebalancing_is_on_by_default_only_where_another_task_may_run() {
    let one_at_most =
        json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}});
    for (more, needs_room, expected) in [
        (&json!({}), true, "ENABLED"),
        (&one_at_most, true, "DISABLED"),
        (&one_at_most, false, "ENABLED"),
    ] {
        let mut world = world().with_switches(Switches {
            rebalancing_needs_room: needs_room,
            ..Switches::default()
        });
        registered(&mut world, &json!({}), &json!({})).unwrap();
        let made = asked(&mut world, "CreateService", &creation(more)).unwrap();
        assert_eq!(made["service"]["availabilityZoneRebalancing"], expected);
    }
}

#[test]
fn a_cluster_default_strategy_takes_the_place_of_a_launch_type() {
    let mut world = world();
    registered(&mut world, &json!({}), &json!({})).unwrap();
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 1}]);
    let put = json!({
        "cluster": "main", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": strategy,
    });
    asked(&mut world, "PutClusterCapacityProviders", &put).unwrap();
    let mut silent = creation(&json!({}));
    silent.as_object_mut().unwrap().remove("launchType");
    let made = asked(&mut world, "CreateService", &silent).unwrap();
    assert_eq!(made["service"]["capacityProviderStrategy"], strategy);
    assert_eq!(made["service"]["launchType"], Value::Null);
    let named = creation(&json!({"serviceName": "named"}));
    let made = asked(&mut world, "CreateService", &named).unwrap();
    assert_eq!(made["service"]["launchType"], "FARGATE");
}

#[test]
fn instances_have_placement_and_no_network_of_their_own() {
    let mut world = world();
    let on_instances =
        json!({"requiresCompatibilities": ["EC2"], "networkMode": "bridge", "memory": null});
    let refused = registered(&mut world, &json!({}), &on_instances).unwrap_err();
    assert!(refused.contains("At least one of 'memory'"), "{refused}");
    let reserved = json!({"memoryReservation": 128, "portMappings": [{"containerPort": 80}]});
    registered(&mut world, &reserved, &on_instances).unwrap();
    let strategy = json!([{"type": "binpack", "field": "memory"}]);
    let mut wanted = creation(&json!({"launchType": "EC2", "placementStrategy": strategy}));
    let refused = asked(&mut world, "CreateService", &wanted).unwrap_err();
    assert!(refused.contains("not valid for the given networkMode"));
    wanted
        .as_object_mut()
        .unwrap()
        .remove("networkConfiguration");
    let made = asked(&mut world, "CreateService", &wanted).unwrap();
    assert_eq!(made["service"]["launchType"], "EC2");
    assert_eq!(made["service"]["placementStrategy"], strategy);
    let none = json!({"cluster": "main", "service": "api", "placementStrategy": []});
    let changed = asked(&mut world, "UpdateService", &none).unwrap();
    assert_eq!(changed["service"]["placementStrategy"], json!([]));
    registered(&mut world, &json!({}), &json!({})).unwrap();
    let fargate = creation(&json!({"serviceName": "fargate"}));
    asked(&mut world, "CreateService", &fargate).unwrap();
    let none = json!({"cluster": "main", "service": "fargate", "placementStrategy": []});
    let refused = asked(&mut world, "UpdateService", &none).unwrap_err();
    assert!(refused.contains("not supported with FARGATE"), "{refused}");
}

#[test]
fn tags_stay_within_fifty_also_one_by_one() {
    let mut world = world();
    let arn = registered(&mut world, &json!({}), &json!({})).unwrap();
    let tags = |from: usize, to: usize| -> Vec<Value> {
        let tag = |n| json!({"key": format!("k{n}"), "value": ""});
        (from..to).map(tag).collect()
    };
    let mut tag = |tags: Vec<Value>| {
        let input = json!({"resourceArn": arn, "tags": tags});
        asked(&mut world, "TagResource", &input)
    };
    tag(tags(0, 50)).unwrap();
    tag(tags(3, 9)).unwrap();
    assert!(tag(tags(49, 51)).unwrap_err().contains("Too many tags"));
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_log_group_is_missing_does_not_start() {
    let mut world = world();
    world.set_missing("/ecs/*");
    let cloud = Cloud::of(world);
    let id = cloud.create("api:v1").await;
    cloud.wait(&id, Status::RollbackFailed).await;
    let stopped = cloud.tasks("STOPPED").await;
    let reason = stopped[0].stopped_reason.as_deref().unwrap();
    assert!(
        reason.contains("The specified log group does not exist"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_container_that_crashes_is_never_found_well_before() {
    let timings = Timings {
        steady_ms: 100,
        target_healthy_ms: 100,
        ..Timings::default()
    };
    for (checked, group) in [(false, false), (true, false), (false, true)] {
        let cloud = Cloud::of(world().with_timings(timings.clone()));
        let mut container = super::container("api:crash");
        if checked {
            let check = HealthCheck::builder()
                .command("CMD")
                .command("true")
                .interval(5);
            container.health_check = Some(check.build().unwrap());
        }
        let definition = cloud.register_with(container).await;
        let balancer = LoadBalancer::builder()
            .target_group_arn(super::GROUP)
            .container_name("api")
            .container_port(8080)
            .build();
        let created = cloud
            .creation(&definition)
            .set_load_balancers(group.then(|| vec![balancer]));
        let created = created.send().await.unwrap().service.unwrap();
        let id = super::primary(&created).id.clone().unwrap();
        sleep(40_000).await;
        let record = cloud.record(&id).await;
        assert_eq!(record.status, Some(Status::RollbackFailed), "{group}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_without_any_check_trips_when_it_crashes() {
    for desired in [1, 2, 7] {
        let cloud = Cloud::new();
        let definition = cloud.register("api:crash").await;
        let created = cloud.creation(&definition).desired_count(desired);
        let created = created.send().await.unwrap().service.unwrap();
        let id = super::primary(&created).id.clone().unwrap();
        sleep(40_000).await;
        let record = cloud.record(&id).await;
        assert_eq!(record.status, Some(Status::RollbackFailed), "{desired}");
    }
}
