//! Bounds that come at a time.

use aws_sdk_applicationautoscaling::types as scaling;
use serde_json::json;

use super::super::origin::Origin;
use super::*;
use crate::platform::ecs::settings::render::{Setting, render};

const CPU: &str = "cpu = 70 }";
const NIGHT: &str = r#"cpu = 70, schedule = [{ name = "night", at = "cron(0 22 * * ? *)", time_zone = "Europe/Berlin", min = 1, max = 2, end = "2040-01-01T00:00:00Z" }] }"#;

fn scheduled() -> EcsService {
    service_with(&[(CPU, NIGHT)])
}

impl Cloud {
    /// Plans, performs, waits, and does what comes once it is healthy.
    async fn apply(&self, service: &EcsService) -> EcsPlan {
        let plan = self.plan(service).await.unwrap().plan;
        self.perform(&plan).await.unwrap();
        self.rest().await;
        self.settle(&plan).await.unwrap();
        self.rest().await;
        plan
    }

    async fn bounds(&self, min: i32, max: i32) {
        let request = self.ecs.scaling().register_scalable_target();
        let request = request
            .service_namespace(scaling::ServiceNamespace::Ecs)
            .resource_id("service/main/api-service")
            .scalable_dimension(scaling::ScalableDimension::EcsServiceDesiredCount);
        let request = request.min_capacity(min).max_capacity(max);
        request.send().await.unwrap();
        self.rest().await;
    }

    async fn schedule(&self, name: &str) {
        let request = self.ecs.scaling().put_scheduled_action();
        let sets = scaling::ScalableTargetAction::builder().min_capacity(1);
        request
            .service_namespace(scaling::ServiceNamespace::Ecs)
            .resource_id("service/main/api-service")
            .scalable_dimension(scaling::ScalableDimension::EcsServiceDesiredCount)
            .scheduled_action_name(name)
            .schedule("rate(3 hours)")
            .scalable_target_action(sets.max_capacity(2).build())
            .send()
            .await
            .unwrap();
    }

    async fn names(&self) -> Vec<String> {
        let there = self.ecs.read_scaling("api-service").await.unwrap();
        let names = there.schedules.into_iter();
        names.map(|one| one.scheduled_action_name).collect()
    }
}

#[test]
fn a_schedule_becomes_this_request() {
    let spec = spec(&DEPLOY.replace(CPU, NIGHT), TARGET);
    let setting = Setting {
        tenant: &Tenant::of(&spec),
        place: &place_of(&spec),
        origin: &Origin::default(),
    };
    let desired = render(&services_of(&spec)[0], &setting);
    assert_eq!(
        json!(desired.scheduled_actions),
        json!([{
            "ScheduledActionName": "api-night-schedule",
            "ServiceNamespace": "ecs",
            "ResourceId": "service/main/api-service",
            "ScalableDimension": "ecs:service:DesiredCount",
            "Schedule": "cron(0 22 * * ? *)",
            "Timezone": "Europe/Berlin",
            "EndTime": "2040-01-01T00:00:00Z",
            "ScalableTargetAction": { "MinCapacity": 1, "MaxCapacity": 2 },
        }])
    );
}

#[tokio::test(start_paused = true)]
async fn a_schedule_is_set_changed_and_removed() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let plan = cloud.apply(&scheduled()).await;
    assert_eq!(words(&plan), ["set scheduled action api-night-schedule"]);
    assert_eq!(cloud.names().await, ["api-night-schedule"]);
    assert!(cloud.plan(&scheduled()).await.unwrap().plan.is_empty());
    let status = cloud.ecs.status(&scheduled(), &cloud.events).await;
    let policies = status.unwrap().unwrap().scaling.unwrap().policies;
    let told = "api-night-schedule: cron(0 22 * * ? *) Europe/Berlin: min 1, max 2";
    assert_eq!(policies.last().map(String::as_str), Some(told));

    let later = NIGHT.replace(", time_zone = \"Europe/Berlin\"", "");
    let later = service_with(&[(CPU, &later)]);
    let plan = cloud.apply(&later).await;
    assert_eq!(
        shown(&plan),
        ["autoscaling schedules.api-night-schedule.timezone: Europe/Berlin -> UTC (scales)"]
    );
    assert!(cloud.plan(&later).await.unwrap().plan.is_empty());

    let plan = cloud.apply(&service()).await;
    assert_eq!(words(&plan), ["remove scheduled action api-night-schedule"]);
    assert_eq!(cloud.names().await, Vec::<String>::new());
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn bounds_that_a_schedule_has_set_hold() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.apply(&scheduled()).await;
    cloud.bounds(1, 2).await;
    let plan = cloud.plan(&scheduled()).await.unwrap().plan;
    assert!(plan.is_empty(), "{:?}", shown(&plan));
    let note = plan
        .notes
        .iter()
        .find(|note| note.code == "schedule_in_force");
    assert!(note.unwrap().text.contains("1 to 2 tasks"));
    // Others' bounds are a difference as ever, and so are the schedule's once it is gone.
    let plan = cloud.plan(&service()).await.unwrap().plan;
    assert!(words(&plan).contains(&"set autoscaling bounds of api-service".to_owned()));
    cloud.bounds(3, 5).await;
    let plan = cloud.plan(&scheduled()).await.unwrap().plan;
    assert_eq!(words(&plan), ["set autoscaling bounds of api-service"]);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_of_others_is_left_alone_and_taken_by_its_name() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.schedule("black-friday").await;
    let plan = cloud.plan(&service()).await.unwrap().plan;
    assert!(plan.is_empty());
    assert!(
        plan.notes
            .iter()
            .any(|note| note.code == "schedules_left_alone")
    );
    let taken = r#"cpu = 70, schedule = [{ name = "black-friday", at = "rate(3 hours)", min = 1, max = 2 }] }"#;
    let plan = cloud
        .plan(&service_with(&[(CPU, taken)]))
        .await
        .unwrap()
        .plan;
    assert!(plan.is_empty(), "{:?}", shown(&plan));
}

#[tokio::test(start_paused = true)]
async fn the_description_of_a_service_has_its_schedules() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    cloud.schedule("black-friday").await;
    let found = cloud.ecs.described("api-service").await.unwrap().unwrap();
    assert_eq!(found.scaling.schedules.len(), 1);
}
