//! Every way in which a failed rollout can end, and what AWS leaves open about it.

use aws_sdk_ecs::types::{
    DeploymentRolloutState, ServiceDeploymentRollbackMonitorsStatus as Monitor,
    ServiceDeploymentStatus as Status,
};

use super::super::{Behaviour, Ending, FailedEntry, Switches};
use super::{Cloud, breaker, primary, sleep, world};

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

#[tokio::test(start_paused = true)]
async fn from_when_on_a_deployment_can_be_gone_back_to_is_a_switch() {
    for (at_once, end) in [
        (true, Status::RollbackSuccessful),
        (false, Status::RollbackFailed),
    ] {
        let switches = Switches {
            successful_is_candidate: at_once,
            ..Switches::default()
        };
        let cloud = Cloud::of(world().with_switches(switches));
        let first = cloud.create("api:v1").await;
        cloud.wait(&first, Status::Successful).await;
        assert_eq!(cloud.rollout().await, "IN_PROGRESS");
        let bad = cloud.deploy("api:missing").await;
        cloud.wait(&bad, end).await;
    }
}

#[tokio::test(start_paused = true)]
async fn reasons_can_be_absent_and_the_current_record_stale() {
    let switches = Switches {
        status_reasons: false,
        rollout_reasons: false,
        stale_current_deployment: true,
        ..Switches::default()
    };
    let cloud = Cloud::of(world().with_switches(switches));
    let first = cloud.settled().await;
    let former = cloud.record(&first).await.service_deployment_arn;
    let bad = cloud.deploy("api:crash").await;
    let record = cloud.wait(&bad, Status::RollbackSuccessful).await;
    assert_eq!(record.status_reason, None);
    let service = cloud.service().await;
    assert_eq!(primary(&service).rollout_state_reason, None);
    assert_eq!(service.current_service_deployment, former);
}

#[tokio::test(start_paused = true)]
async fn failing_starts_beside_running_tasks_count_only_by_switch() {
    for (count, end) in [
        (false, Status::InProgress),
        (true, Status::RollbackSuccessful),
    ] {
        let switches = Switches {
            start_failures_count_in_stage_two: count,
            ..Switches::default()
        };
        let cloud = Cloud::of(world().with_switches(switches));
        cloud.settled().await;
        let bad = cloud.deploy("api:v2").await;
        sleep(1_300).await;
        cloud.change(|world| world.set_image("api:v2", Behaviour::Missing));
        cloud.updating().desired_count(3).send().await.unwrap();
        sleep(9_000).await;
        assert_eq!(cloud.record(&bad).await.status, Some(end));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_can_take_over_the_tasks_that_still_run() {
    let switches = Switches {
        rollback_adopts_tasks: true,
        ..Switches::default()
    };
    let cloud = Cloud::of(world().with_switches(switches));
    let first = cloud.settled().await;
    let bad = cloud.deploy("api:crash").await;
    cloud.wait(&bad, Status::RollbackInProgress).await;
    let service = cloud.service().await;
    assert_eq!(primary(&service).running_count, 2);
    sleep(1_500).await;
    let service = cloud.service().await;
    let ids: Vec<_> = service
        .deployments
        .iter()
        .flatten()
        .map(|d| d.id.clone())
        .collect();
    assert!(
        !ids.contains(&Some(first)),
        "nothing is left of the old deployment"
    );
}
