//! Rollouts that fail: the breaker, alarms, and every way they can end.

use aws_sdk_ecs::types::{
    DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentRolloutState,
    ServiceDeploymentRollbackMonitorsStatus as Monitor, ServiceDeploymentStatus as Status,
    ThresholdType,
};

use super::super::{Behaviour, Ending, FailedEntry, Switches};
use super::{Cloud, breaker, checked, primary, sleep, world};

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
    ours.retain(|task| task.started_by == Some(bad.clone()));
    assert_eq!(ours.len(), 3);
    for task in ours {
        assert_eq!(task.stop_code.unwrap().as_str(), "TaskFailedToStart");
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
    let ours = stopped
        .iter()
        .find(|task| task.started_by == Some(bad.clone()))
        .unwrap();
    assert_eq!(
        ours.stopped_reason.as_deref(),
        Some("Task failed container health checks")
    );
    let health = ours.containers.as_ref().unwrap()[0]
        .health_status
        .clone()
        .unwrap();
    assert_eq!(health.as_str(), "UNHEALTHY");
}

#[tokio::test(start_paused = true)]
async fn without_rollback_each_possible_ending_can_be_had() {
    let endings = [
        (Ending::Stopped, Status::Stopped, Monitor::Triggered),
        (
            Ending::RollbackFailed,
            Status::RollbackFailed,
            Monitor::Triggered,
        ),
        (Ending::InProgress, Status::InProgress, Monitor::Triggered),
        (Ending::Unchanged, Status::InProgress, Monitor::Monitoring),
    ];
    for (ending, status, monitor) in endings {
        let switches = Switches {
            breaker_without_rollback: ending,
            ..Switches::default()
        };
        let cloud = Cloud::of(world().with_switches(switches));
        cloud.settled().await;
        cloud
            .updating()
            .deployment_configuration(breaker(false))
            .send()
            .await
            .unwrap();
        let bad = cloud.deploy("api:crash").await;
        sleep(120_000).await;
        let record = cloud.record(&bad).await;
        assert_eq!(record.status, Some(status));
        assert_eq!(
            record.deployment_circuit_breaker.unwrap().status,
            Some(monitor)
        );
        let service = cloud.service().await;
        assert_eq!(primary(&service).id, Some(bad));
        assert_eq!(
            primary(&service).rollout_state,
            Some(DeploymentRolloutState::Failed)
        );
        assert_eq!(service.running_count, 2, "the old tasks serve on");
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_has_nothing_to_roll_back_to() {
    for (ending, status) in [
        (Ending::RollbackFailed, Status::RollbackFailed),
        (Ending::Stopped, Status::Stopped),
    ] {
        let switches = Switches {
            no_rollback_candidate: ending,
            ..Switches::default()
        };
        let cloud = Cloud::of(world().with_switches(switches));
        let bad = cloud.create("api:crash").await;
        cloud.wait(&bad, status).await;
        sleep(60_000).await;
        let service = cloud.service().await;
        assert_eq!(
            primary(&service).rollout_state,
            Some(DeploymentRolloutState::Failed)
        );
        assert_eq!(
            service.running_count + service.pending_count,
            0,
            "no new tasks"
        );
    }
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
        sleep(2_500).await;
        cloud.change(|world| {
            world.set_image(
                "*:shaky",
                Behaviour::Crash {
                    exit_code: 3,
                    after_ms: None,
                },
            )
        });
        sleep(1_400).await;
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

#[tokio::test(start_paused = true)]
async fn a_rollback_that_fails_too_is_not_rolled_back() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let bad = cloud.deploy("api:crash").await;
    cloud.wait(&bad, Status::RollbackInProgress).await;
    cloud.change(|world| world.set_image("api:v1", Behaviour::Missing));
    cloud.updating().desired_count(6).send().await.unwrap();
    for task in cloud.tasks("RUNNING").await {
        cloud
            .ecs
            .stop_task()
            .cluster("main")
            .task(task.task_arn.unwrap())
            .send()
            .await
            .unwrap();
    }
    cloud.wait(&bad, Status::RollbackFailed).await;
}

#[tokio::test(start_paused = true)]
async fn an_update_during_a_rollback_supersedes_it_and_has_no_candidate() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let bad = cloud.deploy("api:crash").await;
    cloud.wait(&bad, Status::RollbackInProgress).await;
    let next = cloud.deploy("api:missing").await;
    assert_eq!(cloud.record(&bad).await.status, Some(Status::Stopped));
    cloud.wait(&next, Status::RollbackFailed).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_entry_can_vanish_or_stay() {
    for (entry, while_rolling, at_the_end) in [
        (FailedEntry::Vanishes, false, false),
        (FailedEntry::Stays, true, true),
    ] {
        let switches = Switches {
            failed_entry: entry,
            ..Switches::default()
        };
        let cloud = Cloud::of(world().with_switches(switches));
        cloud.settled().await;
        let bad = cloud.deploy("api:crash").await;
        cloud.wait(&bad, Status::RollbackInProgress).await;
        let shown = async || {
            cloud
                .service()
                .await
                .deployments
                .unwrap()
                .iter()
                .any(|d| d.id == Some(bad.clone()))
        };
        assert_eq!(shown().await, while_rolling);
        cloud.wait(&bad, Status::RollbackSuccessful).await;
        sleep(10_000).await;
        assert_eq!(shown().await, at_the_end);
    }
}

#[tokio::test(start_paused = true)]
async fn exits_and_placement_count_only_as_the_switches_say() {
    let switches = Switches {
        crash_exits_count: false,
        placement_failures_count: false,
        ..Switches::default()
    };
    let cloud = Cloud::of(world().with_switches(switches));
    cloud.settled().await;
    for image in ["api:crash", "api:nowhere"] {
        cloud.change(|world| world.set_image("api:nowhere", Behaviour::NoCapacity));
        let bad = cloud.deploy(image).await;
        sleep(300_000).await;
        assert_eq!(
            cloud.record(&bad).await.status,
            Some(Status::InProgress),
            "{image}"
        );
        assert!(primary(&cloud.service().await).failed_tasks > 3);
    }
    let events = cloud.events().await;
    let placed = events
        .iter()
        .filter(|event| event.contains("was unable to place a task. Reason: Capacity"));
    assert_eq!(
        placed.count(),
        1,
        "the same warning is not repeated for hours"
    );
}
