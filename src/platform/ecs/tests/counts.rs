//! Counts that bounds move, and counts of zero.

use aws_sdk_applicationautoscaling::types as scaling;

use super::*;
use crate::platform::FailureKind;

const BOUNDS: &str = "min = 2, max = 20";

impl Cloud {
    /// Somebody else sets the count.
    async fn counts(&self, count: i32) {
        let request = self.ecs.ecs().update_service().cluster("main");
        let request = request.service("api-service").desired_count(count);
        request.send().await.unwrap();
        self.rest().await;
    }

    /// Somebody else lets the service sleep: no task, and none that the autoscaler must have.
    async fn sleeps(&self) {
        let request = self.ecs.scaling().register_scalable_target();
        request
            .service_namespace(scaling::ServiceNamespace::Ecs)
            .resource_id("service/main/api-service")
            .scalable_dimension(scaling::ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(0)
            .send()
            .await
            .unwrap();
        self.counts(0).await;
    }
}

fn update(plan: &EcsPlan) -> Option<i32> {
    plan.changes.iter().find_map(|change| match change {
        crate::platform::ecs::plan::change::Change::UpdateService { update } => {
            update.desired_count
        }
        _ => None,
    })
}

fn note(plan: &EcsPlan, code: &str) -> Option<String> {
    let mut notes = plan.notes.iter();
    Some(notes.find(|note| note.code == code)?.text.clone())
}

#[tokio::test(start_paused = true)]
async fn a_rollout_at_zero_takes_the_count_with_it_that_new_bounds_would_start() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.sleeps().await;
    let awake = service_with(&[("api:v1", "api:v2")]);
    let plan = cloud.plan(&awake).await.unwrap().plan;
    assert_eq!(update(&plan), Some(2));
    assert_eq!(note(&plan, "desired_zero"), None);
    assert!(shown(&plan).contains(&"service desiredCount: 0 -> 2 (scales)".to_owned()));
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert_eq!(
        (started.desired, started.ours.count_only.is_some()),
        (2, false)
    );
    cloud.rest().await;
    // What is done once it is healthy starts nothing more.
    assert_eq!(cloud.settle(&plan).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn bounds_that_start_tasks_after_a_rollout_have_them_watched() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let more = service_with(&[
        ("api:v1", "api:v2"),
        (BOUNDS, "min = 3, max = 20"),
        ("replicas = 2", "replicas = 3"),
    ]);
    let plan = cloud.plan(&more).await.unwrap().plan;
    assert_eq!(update(&plan), None, "what runs can be gone back to");
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    let settled = cloud.settle(&plan).await.unwrap().unwrap();
    assert_eq!(
        (settled.desired, settled.ours.count_only.is_some()),
        (3, true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_max_below_the_live_count_says_what_becomes_of_it() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.counts(9).await;
    let fewer = service_with(&[(BOUNDS, "min = 2, max = 4")]);
    let plan = cloud.plan(&fewer).await.unwrap().plan;
    let said = note(&plan, "bounds_move_the_count").unwrap();
    assert!(said.contains("9 → 4 tasks"), "{said}");
    assert!(shown(&plan).contains(&"service desiredCount: 9 -> 4 (scales)".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn scaling_a_service_at_zero_to_the_min_that_it_has_raises_the_count() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.counts(0).await;
    let plan = cloud.plan_to(&service(), &counting(2)).await.unwrap().plan;
    assert_eq!(shown(&plan), ["service desiredCount: 0 -> 2 (scales)"]);
    assert!(
        note(&plan, "autoscaler_decides")
            .unwrap()
            .contains("0 → 2 tasks")
    );
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    // Where as many are wanted, it says what it leaves alone.
    let again = cloud.plan_to(&service(), &counting(2)).await.unwrap().plan;
    assert!(again.is_empty());
    assert!(
        note(&again, "autoscaler_decides")
            .unwrap()
            .contains("min is 2 already")
    );
}

#[tokio::test(start_paused = true)]
async fn a_count_above_what_is_allowed_is_refused() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let unscaled = service_with(&[("scaling = { min = 2, max = 20, cpu = 70 }\n", "")]);
    for (service, count, why) in [
        (service(), 21, "its autoscaler allows at most 20"),
        (unscaled, 5_001, "at most 5000 tasks"),
    ] {
        let refused = cloud.plan_to(&service, &counting(count)).await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Refused);
        assert!(refused.message.contains(why), "{refused}");
    }
}
