//! Rollouts that fail: the breaker, alarms, and every way they can end.

use aws_sdk_ecs::types::{
    DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentRolloutState,
    ServiceDeploymentRollbackMonitorsStatus as Monitor, ServiceDeploymentStatus as Status,
    ThresholdType,
};

use super::super::Behaviour;
use super::{Cloud, checked, primary, sleep};

#[tokio::test(start_paused = true)]
async fn crashes_trip_the_breaker_and_roll_back_to_the_completed_revision() {
    let cloud = Cloud::new();
    let good = cloud.settled().await;
    let bad = cloud.deploy("api:crash").await;
    let record = cloud.wait(&bad, Status::RollbackInProgress).await;
    let state = record.deployment_circuit_breaker.unwrap();
    assert_eq!(state.status, Some(Monitor::Triggered));
    assert_eq!((state.failure_count, state.threshold), (3, 3));
    let service = cloud.service().await;
    let back = primary(&service).clone();
    assert!(
        back.id != Some(bad.clone()) && back.id != Some(good.clone()),
        "a rollback has a new id"
    );
    assert_eq!(
        back.rollout_state_reason.unwrap(),
        format!("ECS deployment circuit breaker: rolling back to deploymentId {good}.")
    );
    assert_eq!(cloud.image().await, "api:v1");
    let deployments = service.deployments.unwrap();
    let failed = deployments
        .iter()
        .find(|d| d.id == Some(bad.clone()))
        .unwrap();
    assert_eq!(failed.rollout_state, Some(DeploymentRolloutState::Failed));
    assert_eq!(failed.status.as_deref(), Some("ACTIVE"));
    let record = cloud.wait(&bad, Status::RollbackSuccessful).await;
    let rollback = record.rollback.unwrap();
    assert!(
        rollback
            .service_revision_arn
            .unwrap()
            .ends_with(good.trim_start_matches("ecs-svc/"))
    );
    assert_eq!(
        record.status_reason.as_deref(),
        Some("Service deployment rolled back because the circuit breaker threshold was exceeded."),
    );
    let took = record.finished_at.unwrap().as_secs_f64() - record.created_at.unwrap().as_secs_f64();
    assert!((4.0..10.0).contains(&took), "{took} s");
    sleep(3_000).await;
    assert_eq!(
        (
            cloud.rollout().await.as_str(),
            cloud.service().await.deployments.unwrap().len()
        ),
        ("COMPLETED", 1)
    );
    let listed = cloud
        .ecs
        .list_service_deployments()
        .cluster("main")
        .service("api")
        .send()
        .await;
    assert_eq!(
        listed.unwrap().service_deployments.unwrap().len(),
        2,
        "a rollback is no record of its own"
    );
}

#[tokio::test(start_paused = true)]
async fn images_that_cannot_be_pulled_trip_the_first_stage() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let bad = cloud.deploy("api:missing").await;
    cloud.wait(&bad, Status::RollbackSuccessful).await;
    let mut ours: Vec<_> = cloud.tasks("STOPPED").await;
    // The fourth was on its way when the third failed, and is stopped by the rollback.
    ours.retain(|task| {
        let failed = task.stop_code.as_ref().unwrap().as_str() == "TaskFailedToStart";
        failed && task.started_by == Some(bad.clone())
    });
    assert_eq!(ours.len(), 3);
    for task in ours {
        let reason = task.stopped_reason.unwrap();
        assert!(
            reason.starts_with("CannotPullContainerError: ") && reason.contains("manifest unknown"),
            "{reason}"
        );
        assert!(task.started_at.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn failing_health_checks_trip_the_second_stage() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let definition = cloud.register_with(checked("api:unhealthy")).await;
    let updated = cloud
        .updating()
        .task_definition(definition)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    let bad = primary(&updated).id.clone().unwrap();
    cloud.wait(&bad, Status::RollbackSuccessful).await;
    let events = cloud.events().await;
    assert!(
        events
            .iter()
            .any(|event| event.ends_with("failed container health checks."))
    );
    let stopped = cloud.tasks("STOPPED").await;
    let cause = Some("Task failed container health checks");
    let ours = stopped
        .iter()
        .find(|task| task.stopped_reason.as_deref() == cause)
        .unwrap();
    assert_eq!(ours.started_by, Some(bad));
    let health = ours.containers.as_ref().unwrap()[0]
        .health_status
        .clone()
        .unwrap();
    assert_eq!(health.as_str(), "UNHEALTHY");
}

#[tokio::test(start_paused = true)]
async fn without_a_breaker_failures_go_on_ever_more_slowly() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let off = DeploymentCircuitBreaker::builder()
        .enable(false)
        .rollback(false)
        .build();
    let off = DeploymentConfiguration::builder()
        .deployment_circuit_breaker(off)
        .build();
    cloud
        .updating()
        .deployment_configuration(off)
        .send()
        .await
        .unwrap();
    let bad = cloud.deploy("api:crash").await;
    sleep(60_000).await;
    let early = primary(&cloud.service().await).failed_tasks;
    sleep(60_000).await;
    let late = primary(&cloud.service().await).failed_tasks;
    assert!(
        early > 6 && late > early && late < 2 * early,
        "{early} {late}"
    );
    let record = cloud.record(&bad).await;
    assert_eq!(record.status, Some(Status::InProgress));
    assert_eq!(
        record.deployment_circuit_breaker.unwrap().status,
        Some(Monitor::Disabled)
    );
}

#[tokio::test(start_paused = true)]
async fn a_healthy_task_resets_the_count_unless_told_otherwise() {
    for (reset, status) in [
        (true, Status::Successful),
        (false, Status::RollbackSuccessful),
    ] {
        let cloud = Cloud::new();
        cloud.settled().await;
        let counting = DeploymentCircuitBreaker::builder()
            .enable(true)
            .rollback(true)
            .reset_on_healthy_task(reset)
            .build();
        let counting = DeploymentConfiguration::builder()
            .deployment_circuit_breaker(counting)
            .build();
        cloud
            .updating()
            .deployment_configuration(counting)
            .desired_count(4)
            .send()
            .await
            .unwrap();
        sleep(5_000).await;
        // Of the first four, two crash; the two that follow crash as well, when two are healthy.
        cloud.change(|world| world.set_image("*:shaky", Behaviour::CrashesFirst { times: 2 }));
        let id = cloud.deploy("api:shaky").await;
        sleep(1_500).await;
        cloud.change(|world| {
            world.set_image(
                "*:shaky",
                Behaviour::Crash {
                    exit_code: 3,
                    after_ms: None,
                },
            );
        });
        sleep(2_000).await;
        cloud.change(|world| world.set_image("*:shaky", Behaviour::Healthy));
        cloud.wait(&id, status).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_threshold_can_be_a_count_and_follows_the_latest_desired_count() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let threshold = aws_sdk_ecs::types::ThresholdConfiguration::builder()
        .r#type(ThresholdType::Count)
        .value(7)
        .build();
    let counting = DeploymentCircuitBreaker::builder()
        .enable(true)
        .rollback(true)
        .threshold_configuration(threshold.unwrap())
        .build();
    let counting = DeploymentConfiguration::builder()
        .deployment_circuit_breaker(counting)
        .build();
    cloud
        .updating()
        .deployment_configuration(counting)
        .send()
        .await
        .unwrap();
    let bad = cloud.deploy("api:crash").await;
    let record = cloud.wait(&bad, Status::RollbackInProgress).await;
    let state = record.deployment_circuit_breaker.unwrap();
    assert_eq!((state.failure_count, state.threshold), (7, 7));

    let cloud = Cloud::new();
    cloud.settled().await;
    let bad = cloud.deploy("api:crash").await;
    cloud.updating().desired_count(10).send().await.unwrap();
    let record = cloud.wait(&bad, Status::RollbackInProgress).await;
    assert_eq!(record.deployment_circuit_breaker.unwrap().threshold, 5);
}

#[tokio::test(start_paused = true)]
async fn an_alarm_rolls_back_unless_it_was_firing_from_the_start() {
    let alarms = aws_sdk_ecs::types::DeploymentAlarms::builder()
        .alarm_names("errors")
        .enable(true)
        .rollback(true);
    let watched = DeploymentConfiguration::builder()
        .alarms(alarms.build().unwrap())
        .build();
    for firing_before in [false, true] {
        let cloud = Cloud::new();
        cloud.settled().await;
        cloud
            .updating()
            .deployment_configuration(watched.clone())
            .send()
            .await
            .unwrap();
        cloud.change(|world| world.set_alarm("errors", firing_before));
        let id = cloud.deploy("api:v2").await;
        sleep(1_000).await;
        cloud.change(|world| world.set_alarm("errors", true));
        let end = if firing_before {
            Status::Successful
        } else {
            Status::RollbackSuccessful
        };
        let record = cloud.wait(&id, end).await;
        let triggered = record
            .alarms
            .unwrap()
            .triggered_alarm_names
            .unwrap_or_default();
        assert_eq!(triggered.is_empty(), firing_before);
    }
}
