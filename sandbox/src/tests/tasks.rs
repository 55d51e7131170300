//! What single tasks do, and how it can be seen.

use aws_sdk_ecs::types::{
    Compatibility, ContainerCondition, ContainerDefinition, ContainerDependency, NetworkMode,
    ServiceDeploymentStatus as Status, Task,
};

use super::super::Behaviour;
use super::{Cloud, GROUP, checked, client, container, primary, sleep};

#[tokio::test(start_paused = true)]
async fn a_task_goes_its_way_and_names_its_deployment() {
    let cloud = Cloud::new();
    let id = cloud.create("api:v1").await;
    let mut seen = Vec::new();
    for _ in 0..30 {
        let task = cloud.tasks("RUNNING").await.pop();
        let status = task.as_ref().map(|task| task.last_status.clone().unwrap());
        if let Some(status) = status.filter(|status| seen.last() != Some(status)) {
            seen.push(status);
        }
        assert!(task.is_none_or(|task| task.started_by.as_deref() == Some(id.as_str())));
        sleep(100).await;
    }
    assert_eq!(seen, ["PROVISIONING", "PENDING", "RUNNING"]);
    let task = cloud.tasks("RUNNING").await.remove(0);
    let arn = task.task_arn.unwrap();
    cloud
        .ecs
        .stop_task()
        .cluster("main")
        .task(&arn)
        .reason("tidy up")
        .send()
        .await
        .unwrap();
    sleep(1_000).await;
    let stopped = cloud.tasks("STOPPED").await.remove(0);
    assert_eq!(stopped.stopped_reason.as_deref(), Some("tidy up"));
    assert_eq!(stopped.stop_code.unwrap().as_str(), "UserInitiated");
    assert_eq!(stopped.last_status.as_deref(), Some("STOPPED"));
    assert_eq!(stopped.containers.unwrap()[0].exit_code, Some(143));
    sleep(3_000).await;
    assert_eq!(
        cloud.service().await.running_count,
        2,
        "a stopped task is replaced"
    );
    sleep(3_600_000).await;
    assert!(
        cloud.tasks("STOPPED").await.is_empty(),
        "after an hour it is forgotten"
    );
}

#[tokio::test(start_paused = true)]
async fn each_failure_has_the_words_of_ecs() {
    let cases = [
        (Behaviour::PullDenied, "403 Forbidden"),
        (Behaviour::PullTimeout, "i/o timeout"),
        (Behaviour::PullRateLimited, "429 Too Many Requests"),
        (
            Behaviour::SecretMissing,
            "ResourceInitializationError: unable to pull secrets or registry auth",
        ),
        (Behaviour::Oom, "Essential container in task exited"),
    ];
    for (behaviour, words) in cases {
        let cloud = Cloud::new();
        cloud.change(|world| world.set_image("*", behaviour.clone()));
        cloud.create("api:v1").await;
        sleep(3_000).await;
        let task = cloud.tasks("STOPPED").await.remove(0);
        let reason = task.stopped_reason.unwrap();
        assert!(reason.contains(words), "{reason}");
        if behaviour == Behaviour::Oom {
            let container = task.containers.unwrap().remove(0);
            assert_eq!(container.exit_code, Some(137));
            assert!(container.reason.unwrap().starts_with("OutOfMemoryError"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_capacity_there_is_an_event_and_no_task_until_it_arrives() {
    let cloud = Cloud::new();
    cloud.change(|world| world.set_image("*", Behaviour::NoCapacity));
    let definition = cloud.register("api:v1").await;
    let off = super::breaker(false)
        .deployment_circuit_breaker
        .map(|mut breaker| {
            breaker.enable = false;
            breaker
        });
    let off =
        aws_sdk_ecs::types::DeploymentConfiguration::builder().set_deployment_circuit_breaker(off);
    cloud
        .creation(&definition)
        .deployment_configuration(off.build())
        .send()
        .await
        .unwrap();
    sleep(10_000).await;
    assert!(cloud.tasks("RUNNING").await.is_empty() && cloud.tasks("STOPPED").await.is_empty());
    let events = cloud.events().await;
    assert!(events.iter().any(|event| event.starts_with(
        "(service api) was unable to place a task. Reason: Capacity is unavailable at this time."
    )));
    cloud.change(|world| world.set_image("*", Behaviour::Healthy));
    sleep(60_000).await;
    assert_eq!(cloud.rollout().await, "COMPLETED");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_answers_wrongly_is_shown_and_its_task_replaced() {
    let cloud = Cloud::new();
    let unhealthy = Behaviour::TargetUnhealthy {
        reason: "Target.ResponseCodeMismatch".to_owned(),
        description: "Health checks failed with these codes: [503]".to_owned(),
    };
    cloud.change(|world| world.set_image("*", unhealthy));
    let definition = cloud.register("api:v1").await;
    let balancer = aws_sdk_ecs::types::LoadBalancer::builder().target_group_arn(GROUP);
    let balancer = balancer.container_name("api").container_port(8080).build();
    let creation = cloud.creation(&definition).load_balancers(balancer);
    creation
        .health_check_grace_period_seconds(60)
        .send()
        .await
        .unwrap();
    sleep(2_600).await;
    let elb = client!(aws_sdk_elasticloadbalancingv2, cloud.sandbox);
    let health = elb
        .describe_target_health()
        .target_group_arn(GROUP)
        .send()
        .await
        .unwrap();
    let target = health
        .target_health_descriptions
        .unwrap()
        .remove(0)
        .target_health
        .unwrap();
    assert_eq!(target.state.unwrap().as_str(), "unhealthy");
    assert_eq!(
        target.reason.unwrap().as_str(),
        "Target.ResponseCodeMismatch"
    );
    sleep(3_000).await;
    let event = format!(
        "(service api) (port 8080) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed with these codes: [503])"
    );
    assert!(cloud.events().await.contains(&event));
    let task = cloud.tasks("STOPPED").await.remove(0);
    assert_eq!(
        task.stopped_reason,
        Some(format!(
            "Task failed ELB health checks in (target-group {GROUP})"
        ))
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_container_writes_can_be_read_after_it_died() {
    let cloud = Cloud::new();
    cloud.create("api:crash").await;
    sleep(3_000).await;
    let task = cloud.tasks("STOPPED").await.remove(0);
    assert_eq!(task.containers.unwrap()[0].exit_code, Some(1));
    let id = task
        .task_arn
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let logs = client!(aws_sdk_cloudwatchlogs, cloud.sandbox);
    let stream = format!("ecs/api/{id}");
    let got = logs
        .get_log_events()
        .log_group_name("/ecs/api")
        .log_stream_name(&stream);
    let got = got.start_from_head(true).send().await.unwrap();
    let lines: Vec<String> = got
        .events
        .unwrap()
        .into_iter()
        .map(|e| e.message.unwrap())
        .collect();
    assert_eq!(
        lines.last().unwrap(),
        "error: cannot reach the database: connection refused"
    );
    let found = logs
        .filter_log_events()
        .log_group_name("/ecs/api")
        .filter_pattern("error");
    let found = found.send().await.unwrap().events.unwrap();
    assert!(
        found
            .iter()
            .any(|event| event.log_stream_name.as_ref() == Some(&stream))
    );
    let streams = logs
        .describe_log_streams()
        .log_group_name("/ecs/api")
        .log_stream_name_prefix(&stream);
    assert_eq!(streams.send().await.unwrap().log_streams.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn log_groups_exist_once_something_was_written() {
    let cloud = Cloud::new();
    let logs = client!(aws_sdk_cloudwatchlogs, cloud.sandbox);
    cloud.settled().await;
    let missing = logs
        .describe_log_streams()
        .log_group_name("/none")
        .send()
        .await
        .unwrap_err();
    assert!(
        missing
            .into_service_error()
            .is_resource_not_found_exception()
    );
    let groups = logs
        .describe_log_groups()
        .log_group_name_prefix("/ecs")
        .send()
        .await
        .unwrap();
    assert_eq!(
        groups.log_groups.unwrap()[0].log_group_name.as_deref(),
        Some("/ecs/api")
    );
}

/// `api`, which waits for `helper` in this way.
async fn with_helper(
    cloud: &Cloud,
    helper: ContainerDefinition,
    condition: ContainerCondition,
) -> String {
    let dependency = ContainerDependency::builder()
        .container_name("helper")
        .condition(condition);
    let mut main = container("api:v1");
    main.depends_on = Some(vec![dependency.build().unwrap()]);
    let output = cloud
        .ecs
        .register_task_definition()
        .family("api")
        .network_mode(NetworkMode::Awsvpc);
    let output = output
        .requires_compatibilities(Compatibility::Fargate)
        .cpu("512")
        .memory("1024");
    let output = output.execution_role_arn("arn:aws:iam::123456789012:role/x");
    let output = output
        .container_definitions(main)
        .container_definitions(helper)
        .send()
        .await;
    output
        .unwrap()
        .task_definition
        .unwrap()
        .task_definition_arn
        .unwrap()
}

fn helper(image: &str) -> ContainerDefinition {
    ContainerDefinition::builder()
        .name("helper")
        .image(image)
        .essential(false)
        .build()
}

#[tokio::test(start_paused = true)]
async fn sidecars_are_waited_for_and_only_essential_ones_end_the_task() {
    let cloud = Cloud::new();
    cloud.change(|world| world.set_image("migrate:*", Behaviour::Completes));
    let definition = with_helper(&cloud, helper("migrate:v1"), ContainerCondition::Success).await;
    let created = cloud
        .creation(&definition)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    let id = primary(&created).id.clone().unwrap();
    cloud.wait(&id, Status::Successful).await;
    let task = cloud.tasks("RUNNING").await.remove(0);
    let containers = task.containers.unwrap();
    let ended = containers
        .iter()
        .find(|c| c.name.as_deref() == Some("helper"))
        .unwrap();
    assert_eq!(
        (ended.exit_code, ended.last_status.as_deref()),
        (Some(0), Some("STOPPED"))
    );

    let definition = with_helper(&cloud, helper("side:crash"), ContainerCondition::Start).await;
    let updated = cloud
        .updating()
        .task_definition(definition)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    let id = primary(&updated).id.clone().unwrap();
    cloud.wait(&id, Status::Successful).await;

    let mut sick = checked("side:unhealthy");
    sick.name = Some("helper".to_owned());
    sick.port_mappings = None;
    let definition = with_helper(&cloud, sick, ContainerCondition::Healthy).await;
    let updated = cloud
        .updating()
        .task_definition(definition)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    let id = primary(&updated).id.clone().unwrap();
    cloud.wait(&id, Status::RollbackSuccessful).await;
    let stopped = cloud.tasks("STOPPED").await;
    assert!(stopped.iter().any(|task| {
        let reason = task.stopped_reason.as_deref().unwrap_or_default();
        reason.contains("container ordering dependency [helper] for target [api]")
    }));
}

#[tokio::test(start_paused = true)]
async fn a_spot_task_is_taken_away_and_replaced() {
    let cloud = Cloud::new();
    cloud.settled().await;
    cloud.change(|world| world.set_image("*", Behaviour::SpotInterrupted { after_ms: 5_000 }));
    cloud.deploy("api:v2").await;
    sleep(8_000).await;
    let stopped = cloud.tasks("STOPPED").await;
    let taken = |task: &&Task| task.stop_code.as_ref().unwrap().as_str() == "SpotInterruption";
    assert_eq!(stopped.iter().filter(taken).count(), 2);
    assert_eq!(cloud.tasks("RUNNING").await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_image_can_fail_its_health_check_long_after_it_was_healthy() {
    let cloud = Cloud::new();
    cloud.change(|world| world.set_image("*", Behaviour::UnhealthyLater { after_ms: 30_000 }));
    let definition = cloud.register_with(checked("api:v1")).await;
    cloud.creation(&definition).send().await.unwrap();
    sleep(20_000).await;
    assert_eq!(cloud.rollout().await, "COMPLETED");
    sleep(15_000).await;
    let events = cloud.events().await;
    assert!(
        events
            .iter()
            .any(|event| event.ends_with("failed container health checks."))
    );
    assert_eq!(
        cloud.rollout().await,
        "COMPLETED",
        "the rollout was long over"
    );
}
