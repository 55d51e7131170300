//! Each write with its reply lost, refused, throttled, or never sent: the world ends the same.

use super::*;
use sandbox::{Action, Effect, Planned, When};

/// What there is in the end, without what no two runs share.
async fn world(cloud: &Cloud) -> String {
    let observed = cloud.plan(&service_v2()).await.unwrap().observed;
    let there = observed.service.unwrap();
    format!(
        "{:?}\n{:?}\n{:?}\n{}",
        there.config,
        observed.running.unwrap().config,
        observed.scaling,
        there.view.running
    )
}

fn service_v2() -> EcsService {
    service_with(&[("api:v1", "api:v2"), ("max = 20", "max = 30")])
}

/// The writes of a first deployment and of an update.
const WRITES: [&str; 6] = [
    "RegisterTaskDefinition",
    "CreateService",
    "RegisterScalableTarget",
    "PutScalingPolicy",
    "UpdateService",
    "TagResource",
];

async fn both(effect: Option<(&str, Effect)>) -> Cloud {
    let cloud = Cloud::new().await;
    if let Some((operation, effect)) = effect {
        cloud.break_with(Fault {
            operation: Some(operation.into()),
            ..Fault::new(effect)
        });
    }
    cloud.deploy(&service()).await;
    cloud.deploy(&service_v2()).await;
    cloud
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_changes_nothing_about_the_end() {
    let without = world(&both(None).await).await;
    for operation in WRITES {
        for effect in [
            Effect::LoseReply,
            Effect::DropRequest,
            Effect::Refuse,
            Effect::Throttle,
            Effect::ServerError,
            Effect::ServerErrorAfter,
        ] {
            let cloud = both(Some((operation, effect.clone()))).await;
            assert_eq!(world(&cloud).await, without, "{operation} {effect:?}");
            let times = |operation: &str| cloud.performed(operation);
            assert_eq!(times("CreateService"), 1, "{operation} {effect:?}");
            assert_eq!(times("UpdateService"), 1, "{operation} {effect:?}");
            assert_eq!(times("RegisterTaskDefinition"), 2, "{operation} {effect:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_after_any_write_a_second_run_ends_the_same() {
    let without = world(&both(None).await).await;
    let writes = {
        let cloud = Cloud::new().await;
        cloud.plan(&service()).await.unwrap().plan.changes.len()
    };
    for after in 1..writes {
        let cloud = Cloud::new().await;
        let plan = cloud.plan(&service()).await.unwrap().plan;
        let first = EcsPlan {
            changes: plan.changes[..after].to_vec(),
            ..plan
        };
        cloud.perform(&first).await.unwrap();
        let again = cloud.plan(&service()).await.unwrap().plan;
        cloud.perform(&again).await.unwrap();
        cloud.rest().await;
        cloud.deploy(&service_v2()).await;
        assert_eq!(world(&cloud).await, without, "killed after {after}");
        assert_eq!(cloud.performed("CreateService"), 1);
        assert_eq!(cloud.performed("RegisterTaskDefinition"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_what_was_changed_and_what_remains() {
    let cloud = Cloud::new().await;
    cloud.break_with(Fault {
        operation: Some("PutScalingPolicy".into()),
        times: 0,
        ..Fault::new(Effect::AccessDenied)
    });
    let plan = cloud.plan(&service()).await.unwrap().plan;
    let error = cloud.perform(&plan).await.unwrap_err();
    assert!(!error.nothing_changed);
    assert_eq!(error.remaining, ["set scaling policy api-cpu-scaling"]);
    assert_eq!(error.performed.len(), 3);
    assert_eq!(error.source.kind, crate::platform::FailureKind::Denied);
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_was_registered_before_a_refusal_is_told() {
    let cloud = Cloud::new().await;
    cloud.break_with(Fault {
        operation: Some("CreateService".into()),
        times: 0,
        ..Fault::new(Effect::AccessDenied)
    });
    let plan = cloud.plan(&service()).await.unwrap().plan;
    let error = cloud.perform(&plan).await.unwrap_err();
    assert!(!error.nothing_changed);
    assert_eq!(error.performed, ["register task definition api-service"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_over_somebody_elses_deployment_is_not_asked_again() {
    for (effect, after) in [
        (Effect::LoseReply, "UpdateService"),
        (Effect::DropRequest, "RegisterTaskDefinition"),
    ] {
        let cloud = Cloud::new().await;
        cloud.deploy(&service()).await;
        cloud.break_with(Fault {
            operation: Some("UpdateService".into()),
            ..Fault::new(effect.clone())
        });
        let theirs = Planned {
            when: When::After {
                operation: after.into(),
                nth: 1,
                delay_ms: 0,
            },
            action: Action::Deploy {
                cluster: "main".into(),
                service: "api-service".into(),
                image: "api:theirs".into(),
            },
            seen: 0,
        };
        let plan = cloud.plan(&service_v2()).await.unwrap().plan;
        cloud
            .sandbox
            .with_world(|world| world.add_planned(theirs))
            .unwrap();
        let error = cloud.perform(&plan).await.unwrap_err();
        // Whether ours was performed before theirs, nobody can tell.
        assert_eq!(
            error.source.kind,
            crate::platform::FailureKind::Lost,
            "{effect:?}"
        );
        assert!(!error.nothing_changed, "{effect:?}");
        let words = &error.source.message;
        assert!(words.contains("somebody else deployed"), "{words}");
        cloud.rest().await;
        let observed = cloud.plan(&service_v2()).await.unwrap().observed;
        let running = observed.running.unwrap().config;
        assert_eq!(
            running.container_definitions[0].image.image, "api:theirs",
            "{effect:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_lost_request_proves_nothing() {
    use crate::platform::FailureKind;
    for effect in [
        Effect::AccessDenied,
        Effect::Throttle,
        Effect::Refuse,
        Effect::DropRequest,
        Effect::Html { status: 404 },
    ] {
        let cloud = Cloud::new().await;
        cloud.deploy(&service()).await;
        cloud.break_with(Fault::on("UpdateService", Effect::DropRequest));
        cloud.break_with(Fault::on("UpdateService", effect.clone()).nth(2).times(0));
        let restart = Intent {
            restart: true,
            ..Intent::default()
        };
        let plan = cloud.plan_to(&service(), &restart).await.unwrap().plan;
        let from = cloud.asked();
        let error = cloud.perform(&plan).await.unwrap_err();
        assert_eq!(error.source.kind, FailureKind::Lost, "{effect:?}");
        assert!(!error.nothing_changed, "{effect:?}");
        let asked = cloud.operations(from);
        let last = asked.last().map(String::as_str);
        assert_eq!(last, Some("DescribeServices"), "{effect:?}: {asked:?}");
    }
}
