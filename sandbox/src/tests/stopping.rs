//! `StopServiceDeployment`, and what else ends things on purpose.

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{
    ServiceDeploymentStatus as Status, StopServiceDeploymentStopType as Stop,
};

use super::super::{DeploymentApi, Switches};
use super::{Cloud, primary, sleep, world};

#[tokio::test(start_paused = true)]
async fn a_stop_request_rolls_back_and_can_be_repeated() {
    let cloud = Cloud::new();
    let good = cloud.settled().await;
    let id = cloud.deploy("api:slow").await;
    let arn = cloud.record(&id).await.service_deployment_arn.unwrap();
    for _ in 0..2 {
        let stop = cloud
            .ecs
            .stop_service_deployment()
            .service_deployment_arn(&arn);
        stop.stop_type(Stop::Rollback).send().await.unwrap();
        assert_eq!(
            cloud.record_of(&arn).await.status,
            Some(Status::RollbackRequested)
        );
    }
    cloud.wait(&id, Status::RollbackInProgress).await;
    cloud
        .ecs
        .stop_service_deployment()
        .service_deployment_arn(&arn)
        .send()
        .await
        .unwrap();
    let record = cloud.wait(&id, Status::RollbackSuccessful).await;
    assert!(
        record
            .status_reason
            .unwrap()
            .contains("stop service deployment request")
    );
    let number = good.trim_start_matches("ecs-svc/");
    assert!(
        record
            .rollback
            .unwrap()
            .service_revision_arn
            .unwrap()
            .ends_with(number)
    );
    assert_eq!(cloud.image().await, "api:v1");
}

#[tokio::test(start_paused = true)]
async fn a_finished_or_unknown_deployment_cannot_be_stopped_nor_any_aborted() {
    let cloud = Cloud::new();
    let id = cloud.settled().await;
    let arn = cloud.record(&id).await.service_deployment_arn.unwrap();
    let code = async |arn: &str, kind: Stop| {
        let stop = cloud
            .ecs
            .stop_service_deployment()
            .service_deployment_arn(arn)
            .stop_type(kind);
        let error = stop.send().await.unwrap_err().into_service_error();
        error.code().unwrap().to_owned()
    };
    assert_eq!(code(&arn, Stop::Rollback).await, "ConflictException");
    assert_eq!(code(&arn, Stop::Abort).await, "InvalidParameterException");
    let other = format!("{arn}x");
    assert_eq!(
        code(&other, Stop::Rollback).await,
        "ServiceDeploymentNotFoundException"
    );
}

#[tokio::test(start_paused = true)]
async fn the_calls_about_deployments_can_be_absent_denied_or_empty() {
    for (api, code) in [
        (DeploymentApi::Unknown, "UnknownOperationException"),
        (DeploymentApi::Denied, "AccessDeniedException"),
    ] {
        let switches = Switches {
            deployment_api: api,
            ..Switches::default()
        };
        let cloud = Cloud::of(world().with_switches(switches));
        cloud.settled().await;
        let listed = cloud
            .ecs
            .list_service_deployments()
            .cluster("main")
            .service("api")
            .send();
        let error = listed.await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some(code));
    }
    let switches = Switches {
        deployment_api: DeploymentApi::Empty,
        ..Switches::default()
    };
    let cloud = Cloud::of(world().with_switches(switches));
    cloud.settled().await;
    let listed = cloud
        .ecs
        .list_service_deployments()
        .cluster("main")
        .service("api")
        .send();
    assert!(
        listed
            .await
            .unwrap()
            .service_deployments
            .unwrap()
            .is_empty()
    );
    assert!(cloud.service().await.current_service_deployment.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_record_shows_up_late() {
    let switches = Switches {
        record_delay_ms: 20_000,
        ..Switches::default()
    };
    let cloud = Cloud::of(world().with_switches(switches));
    let id = cloud.settled().await;
    let listed = cloud
        .ecs
        .list_service_deployments()
        .cluster("main")
        .service("api")
        .send();
    assert!(
        listed
            .await
            .unwrap()
            .service_deployments
            .unwrap()
            .is_empty()
    );
    sleep(11_000).await;
    assert_eq!(cloud.record(&id).await.status, Some(Status::Successful));
}

#[tokio::test(start_paused = true)]
async fn deleting_drains_and_then_leaves_an_inactive_service() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let delete = || cloud.ecs.delete_service().cluster("main").service("api");
    let refused = delete().send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_exception());
    let draining = delete().force(true).send().await.unwrap().service.unwrap();
    assert_eq!(draining.status.as_deref(), Some("DRAINING"));
    let definition = draining.task_definition.unwrap();
    let again = cloud
        .creation(&definition)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(
        again.message(),
        Some("Unable to Start a service that is still Draining.")
    );
    let update = cloud
        .updating()
        .desired_count(1)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(update.is_service_not_active_exception());
    sleep(3_000).await;
    assert_eq!(cloud.service().await.status.as_deref(), Some("INACTIVE"));
    let created = cloud
        .creation(&definition)
        .send()
        .await
        .unwrap()
        .service
        .unwrap();
    assert_eq!(created.status.as_deref(), Some("ACTIVE"));
    let id = primary(&created).id.clone().unwrap();
    cloud.wait(&id, Status::Successful).await;
}
