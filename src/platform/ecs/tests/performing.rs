//! Plans performed: races, autoscaling, going back, restarting.

use super::*;
use crate::platform::FailureKind;

#[tokio::test(start_paused = true)]
async fn a_new_service_gets_its_rollout_from_the_answer() {
    let cloud = Cloud::new().await;
    let plan = cloud.plan(&service()).await.unwrap().plan;
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert!(started.ours.former.is_none() && started.ours.count_only.is_none());
    assert!(started.ours.id.starts_with("ecs-svc/"));
    assert!(
        started
            .ours
            .task_definition
            .ends_with("task-definition/api-service:1")
    );
    assert_eq!(started.desired, 2);
}

#[tokio::test(start_paused = true)]
async fn autoscaling_follows_a_healthy_rollout_on_an_update() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let changed = service_with(&[("api:v1", "api:v2"), ("max = 20", "max = 30")]);
    let plan = cloud.plan(&changed).await.unwrap().plan;
    let from = cloud.asked();
    cloud.perform(&plan).await.unwrap();
    assert!(
        !cloud
            .operations(from)
            .contains(&"RegisterScalableTarget".into())
    );
    cloud.settle(&plan).await.unwrap();
    assert!(
        cloud
            .operations(from)
            .contains(&"RegisterScalableTarget".into())
    );
    cloud.rest().await;
    assert!(cloud.plan(&changed).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn autoscaling_that_leaves_the_file_is_removed_with_its_count() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let without = service_with(&[
        ("scaling = { min = 2, max = 20, cpu = 70 }\n", ""),
        ("replicas = 2", "replicas = 4"),
    ]);
    let plan = cloud.plan(&without).await.unwrap().plan;
    assert_eq!(
        words(&plan),
        [
            "remove autoscaling of api-service",
            "set the count of api-service to 4"
        ]
    );
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    assert!(cloud.plan(&without).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_leaves_the_file_is_removed() {
    let cloud = Cloud::new().await;
    let two = service_with(&[("cpu = 70", "cpu = 70, memory = 80")]);
    cloud.deploy(&two).await;
    let plan = cloud.plan(&service()).await.unwrap().plan;
    assert_eq!(words(&plan), ["remove scaling policy api-memory-scaling"]);
    cloud.perform(&plan).await.unwrap();
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn somebody_who_was_faster_is_not_overrun() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let ours = service_with(&[("api:v1", "api:v2")]);
    let plan = cloud.plan(&ours).await.unwrap().plan;
    cloud.deploy(&service_with(&[("api:v1", "api:v3")])).await;
    let before = cloud.performed("UpdateService");
    let error = cloud.perform(&plan).await.unwrap_err();
    assert_eq!(error.source.kind, FailureKind::Refused);
    // What was written before the refusal is told.
    assert!(!error.nothing_changed);
    assert_eq!(error.performed, ["register task definition api-service"]);
    assert_eq!(error.change, "update service api-service");
    assert!(
        error.source.message.contains("api-service:2"),
        "{}",
        error.source
    );
    assert_eq!(cloud.performed("UpdateService"), before);
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_is_performed_exactly_or_refused() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let changed = service_with(&[("api:v1", "api:v2")]);
    let plan = cloud.plan(&changed).await.unwrap().plan;
    let saved = serde_json::to_string(&plan).unwrap();
    let read: EcsPlan = serde_json::from_str(&saved).unwrap();
    assert_eq!(read, plan);
    let now = cloud.plan(&changed).await.unwrap().plan;
    assert_eq!(read.basis.differs(&now.basis), None);
    cloud.perform(&read).await.unwrap();
    let now = cloud.plan(&changed).await.unwrap().plan;
    assert_eq!(
        read.basis.differs(&now.basis).as_deref(),
        Some("api-service runs api-service:2 now, no longer api-service:1")
    );
}

#[tokio::test(start_paused = true)]
async fn going_back_takes_the_last_revision_that_succeeded() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.deploy(&service_with(&[("api:v1", "api:v2")])).await;
    let broken = service_with(&[("api:v1", "api:crash")]);
    let plan = cloud.plan(&broken).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    cloud.rest().await;
    let back = Intent {
        back_to: Some(crate::platform::BackTo::LastGood),
        ..Intent::default()
    };
    let plan = cloud.plan_to(&broken, &back).await.unwrap().plan;
    assert_eq!(
        shown(&plan),
        ["service taskDefinition: api-service:2 -> api-service:1 (restarts)"]
    );
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert!(started.ours.task_definition.ends_with(":1"));
    let named = Intent {
        back_to: Some(crate::platform::BackTo::Revision("3".into())),
        ..Intent::default()
    };
    let plan = cloud.plan_to(&broken, &named).await.unwrap().plan;
    assert_eq!(
        shown(&plan),
        ["service taskDefinition: api-service:1 -> api-service:3 (restarts)"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_deregistered_revision_is_registered_again_on_the_way_back() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let second = service_with(&[("api:v1", "api:v2")]);
    cloud.deploy(&second).await;
    let api = cloud.ecs.ecs().deregister_task_definition();
    api.task_definition("api-service:1").send().await.unwrap();
    let cloud = Cloud::of(&cloud).await;
    let back = Intent {
        back_to: Some(crate::platform::BackTo::LastGood),
        ..Intent::default()
    };
    let plan = cloud.plan_to(&second, &back).await.unwrap().plan;
    assert_eq!(
        words(&plan),
        [
            "register task definition api-service",
            "update service api-service"
        ]
    );
    let note = plan
        .notes
        .iter()
        .find(|note| note.code == "registered_again");
    assert_eq!(
        note.map(|note| note.text.as_str()),
        Some("api-service:1 was deregistered; it is registered again.")
    );
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert!(started.ours.task_definition.ends_with(":3"));
    cloud.rest().await;
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
    // Once more, what was registered again is used.
    cloud.deploy(&second).await;
    let plan = cloud.plan_to(&second, &back).await.unwrap().plan;
    assert_eq!(words(&plan), ["update service api-service"]);
}

#[tokio::test(start_paused = true)]
async fn a_revision_that_is_not_there_is_named() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let named = Intent {
        back_to: Some(crate::platform::BackTo::Revision("99".into())),
        ..Intent::default()
    };
    let missing = cloud.plan_to(&service(), &named).await.unwrap_err();
    assert_eq!(missing.kind, FailureKind::Wrong);
    let told = "there is no revision api-service:99; there are api-service:1";
    assert_eq!(missing.message, told);
}

#[tokio::test(start_paused = true)]
async fn restart_rolls_the_same_revision() {
    let cloud = Cloud::new().await;
    let first = cloud.deploy(&service()).await;
    let restart = Intent {
        restart: true,
        ..Intent::default()
    };
    let plan = cloud.plan_to(&service(), &restart).await.unwrap().plan;
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert_eq!(started.ours.task_definition, first.ours.task_definition);
    assert_ne!(started.ours.id, first.ours.id);
    assert!(started.ours.count_only.is_none());
}

#[tokio::test(start_paused = true)]
async fn scaling_goes_through_the_bounds_of_an_autoscaler() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let plan = cloud.plan_to(&service(), &counting(15)).await.unwrap().plan;
    assert_eq!(
        shown(&plan),
        [
            "autoscaling min: 2 -> 15 (scales)",
            "service desiredCount: 2 -> 15 (scales)"
        ]
    );
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert!(started.ours.count_only.is_some());
    assert_eq!(started.desired, 15);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_capacity_forces_new_tasks_in_the_same_call() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let spot = service_with(&[(
        "family = ",
        "capacity = [{ provider = \"fargate_spot\", weight = 1 }]\nfamily = ",
    )]);
    let started = cloud.deploy(&spot).await;
    assert!(started.ours.count_only.is_none());
    assert!(cloud.plan(&spot).await.unwrap().plan.is_empty());
    // And back to the launch type.
    let started = cloud.deploy(&service()).await;
    assert!(started.ours.count_only.is_none());
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_file_goes_back_to_its_default() {
    let cloud = Cloud::new().await;
    let rich = service_with(&[
        (
            "family = ",
            "exec = true\nhealth_grace = \"90s\"\nalarms = [\"errors\"]\nmaximum_percent = 150\nplatform_version = \"1.4.0\"\nfamily = ",
        ),
        (
            "scaling = ",
            "rollout = { breaker = { threshold = 7, reset_on_healthy = false } }\nscaling = ",
        ),
    ]);
    cloud.deploy(&rich).await;
    assert!(cloud.plan(&rich).await.unwrap().plan.is_empty());
    let group = "target_group = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef\"\n";
    for plain in [service(), service_with(&[(group, "")])] {
        let left = cloud.plan(&plain).await.unwrap().plan;
        assert!(!left.is_empty());
        cloud.deploy(&plain).await;
        let again = cloud.plan(&plain).await.unwrap().plan;
        assert_eq!(shown(&again), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn percentages_that_let_no_task_start_are_warned_of() {
    let cloud = Cloud::new().await;
    let stuck = |image: &str| {
        service_with(&[
            ("api:v1", image),
            ("scaling = { min = 2, max = 20, cpu = 70 }\n", ""),
            ("replicas = 2", "replicas = 5"),
            ("family = ", "maximum_percent = 110\nfamily = "),
        ])
    };
    let codes = |plan: &EcsPlan| -> Vec<String> {
        plan.notes.iter().map(|note| note.code.clone()).collect()
    };
    // Nothing is there yet that would have to make room.
    let first = cloud.plan(&stuck("api:v1")).await.unwrap().plan;
    assert!(!codes(&first).contains(&"deadlock".into()));
    cloud.deploy(&stuck("api:v1")).await;
    let update = cloud.plan(&stuck("api:v2")).await.unwrap().plan;
    assert!(codes(&update).contains(&"deadlock".into()));
}
