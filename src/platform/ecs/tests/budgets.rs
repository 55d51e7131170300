//! How many requests it takes, and in how many round trips.

use super::*;

#[tokio::test(start_paused = true)]
async fn nothing_to_do_takes_one_round_trip_of_five_reads() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let from = cloud.asked();
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
    let mut operations = cloud.operations(from);
    operations.sort();
    assert_eq!(
        operations,
        [
            "DescribeScalableTargets",
            "DescribeScalingPolicies",
            "DescribeScheduledActions",
            "DescribeServices",
            "DescribeTaskDefinition"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn another_revision_of_the_family_takes_one_more_read() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let aside = service_with(&[("api:v1", "api:v9")]);
    let plan = cloud.plan(&aside).await.unwrap().plan;
    let register = plan.changes.iter().take(1).cloned().collect();
    let only_register = EcsPlan {
        changes: register,
        ..plan
    };
    cloud.perform(&only_register).await.unwrap();
    // Another process: nothing is known of any revision.
    let other = Cloud::of(&cloud).await;
    let from = other.asked();
    assert!(other.plan(&service()).await.unwrap().plan.is_empty());
    assert_eq!(other.operations(from).len(), 6);
}

#[tokio::test(start_paused = true)]
async fn an_update_is_answered_within_eight_requests() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let from = cloud.asked();
    let changed = service_with(&[("api:v1", "api:v2")]);
    let plan = cloud.plan(&changed).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    let operations = cloud.operations(from);
    assert!(operations.len() <= 8, "{operations:?}");
    assert_eq!(operations.last().map(String::as_str), Some("UpdateService"));
    let writes = ["RegisterTaskDefinition", "UpdateService"];
    assert_eq!(
        operations
            .iter()
            .filter(|operation| writes.contains(&operation.as_str()))
            .count(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn warnings_take_no_more_than_four_reads() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let broken = service_with(&[("api:v1", "api:crash")]);
    let plan = cloud.plan(&broken).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    cloud.rest().await;
    let from = cloud.asked();
    let notes = cloud.ecs.failed_before(&broken).await.unwrap();
    assert!(cloud.operations(from).len() <= 4);
    assert_eq!(notes[0].code, "tripped_before");
    let text = &notes[0].text;
    assert!(text.contains("circuit breaker"), "{text}");
    assert!(text.starts_with("This very specification"), "{text}");
    assert_eq!(cloud.ecs.failed_before(&service()).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_that_tripped_is_warned_of_whatever_its_record_says() {
    use sandbox::Ending;
    for ending in [Ending::Stopped, Ending::RollbackFailed] {
        let cloud = Cloud::new().await;
        cloud
            .sandbox
            .with_world(|world| world.switches_mut().no_rollback_candidate = ending)
            .unwrap();
        let broken = service_with(&[("api:v1", "api:crash")]);
        let plan = cloud.plan(&broken).await.unwrap().plan;
        cloud.perform(&plan).await.unwrap();
        cloud.rest().await;
        let from = cloud.asked();
        let notes = cloud.ecs.failed_before(&broken).await.unwrap();
        assert!(cloud.operations(from).len() <= 4);
        let text = &notes[0].text;
        assert!(
            text.starts_with("This very specification"),
            "{ending:?}: {text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_images_with_other_settings_are_not_called_the_same() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let broken = service_with(&[("api:v1", "api:crash")]);
    let plan = cloud.plan(&broken).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    cloud.rest().await;
    let other = service_with(&[
        ("api:v1", "api:crash"),
        ("SESSION_TOKEN = \"abc\"", "DEBUG = \"1\""),
    ]);
    let notes = cloud.ecs.failed_before(&other).await.unwrap();
    let text = &notes[0].text;
    assert!(text.starts_with("These images"), "{text}");
    // What was only overtaken did not trip.
    let cloud = Cloud::new().await;
    let plan = cloud.plan(&service()).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.deploy(&service_with(&[("api:v1", "api:v2")])).await;
    assert_eq!(cloud.ecs.failed_before(&service()).await.unwrap(), []);
}
