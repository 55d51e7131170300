//! What the file says in the API's own spelling.

use super::super::origin::Origin;
use super::*;
use crate::platform::ecs::settings::render::{Setting, render};
use crate::platform::ecs::settings::unmanaged;

/// [`DEPLOY`] with a patch of its task definition.
fn patched(with: &str) -> EcsService {
    let text = format!("{DEPLOY}{with}");
    services_of(&spec(&text, TARGET)).remove(0)
}

const SCRATCH: &str = r#"
[service.api.ecs.patch.task]
volumes = [{ name = "scratch" }]
[[service.api.ecs.patch.task.containerDefinitions]]
name = "api"
mountPoints = [{ containerPath = "/scratch", sourceVolume = "scratch" }]
ulimits = [{ name = "nofile", softLimit = 1024, hardLimit = 4096 }]
stopTimeout = 90
environment = [{ name = "MODE", value = "strict" }]
"#;

async fn rolled_out(cloud: &Cloud, service: &EcsService) -> Vec<String> {
    let plan = cloud.plan(service).await.unwrap().plan;
    let saved = serde_json::to_string(&plan.changes).unwrap();
    let mut again = plan.clone();
    again.changes = serde_json::from_str(&saved).unwrap();
    cloud.perform(&again).await.unwrap();
    cloud.rest().await;
    cloud.settle(&plan).await.unwrap();
    shown(&plan)
}

async fn left_alone(cloud: &Cloud, service: &EcsService) -> Vec<String> {
    let notes = cloud.plan(service).await.unwrap().plan.notes;
    let notes = notes.into_iter().filter(|note| note.code == "left_alone");
    notes.map(|note| note.text).collect()
}

#[test]
fn a_patch_is_laid_over_what_the_words_make() {
    let service = patched(SCRATCH);
    let setting = Setting {
        tenant: &tenant(),
        place: &place_of(&spec(DEPLOY, TARGET)),
        origin: &Origin::default(),
    };
    let desired = render(&service, &setting).task_definition;
    assert_eq!(
        desired.container_definitions[0].process.stop_timeout,
        Some(90)
    );
    let made = unmanaged::merge(&desired, None).unwrap();
    let container = &made.container_definitions()[0];
    assert_eq!(made.volumes()[0].name(), Some("scratch"));
    assert_eq!(container.mount_points()[0].source_volume(), Some("scratch"));
    assert_eq!(container.ulimits()[0].hard_limit(), 4096);
    assert_eq!(container.image(), Some("api:v1"));
    let names = container.environment().iter();
    assert!(names.clone().any(|one| one.name() == Some("SESSION_TOKEN")));
    assert!(names.clone().any(|one| one.name() == Some("MODE")));
    let without = SCRATCH.replace("stopTimeout = 90", "logConfiguration = false");
    let desired = render(&patched(&without), &setting).task_definition;
    let made = unmanaged::merge(&desired, None).unwrap();
    assert_eq!(made.container_definitions()[0].log_configuration(), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_patched_is_deployed_once_and_changes_like_any_field() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let service = patched(SCRATCH);
    assert_eq!(
        rolled_out(&cloud, &service).await,
        [
            "task definition containers.api.environment.MODE: - -> strict (restarts)",
            "task definition containers.api.mountPoints./scratch.sourceVolume: - -> scratch (restarts)",
            "task definition containers.api.stopTimeout: 30 -> 90 (restarts)",
            "task definition containers.api.ulimits.nofile.hardLimit: - -> 4096 (restarts)",
            "task definition containers.api.ulimits.nofile.softLimit: - -> 1024 (restarts)",
            "task definition volumes.scratch: - -> scratch (restarts)",
        ]
    );
    assert!(cloud.plan(&service).await.unwrap().plan.is_empty());
    assert_eq!(left_alone(&cloud, &service).await, Vec::<String>::new());
    let more = patched(&SCRATCH.replace("hardLimit = 4096", "hardLimit = 8192"));
    assert_eq!(
        rolled_out(&cloud, &more).await,
        ["task definition containers.api.ulimits.nofile.hardLimit: 4096 -> 8192 (restarts)"]
    );
    assert!(cloud.plan(&more).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn false_takes_away_and_what_leaves_the_file_goes_with_its_words() {
    let cloud = Cloud::new().await;
    cloud.deploy(&patched(SCRATCH)).await;
    assert!(cloud.plan(&patched(SCRATCH)).await.unwrap().plan.is_empty());
    let fewer = SCRATCH.replace(
        "ulimits = [{ name = \"nofile\", softLimit = 1024, hardLimit = 4096 }]",
        "ulimits = false",
    );
    let fewer = patched(&fewer);
    let shown = rolled_out(&cloud, &fewer).await;
    assert!(
        shown[0].starts_with("task definition containers.api.ulimits.nofile.hardLimit: 4096"),
        "{shown:?}"
    );
    assert!(shown[0].ends_with("-> - (restarts)"), "{shown:?}");
    assert!(cloud.plan(&fewer).await.unwrap().plan.is_empty());
    rolled_out(&cloud, &patched(SCRATCH)).await;
    let plain = service();
    rolled_out(&cloud, &plain).await;
    assert!(cloud.plan(&plain).await.unwrap().plan.is_empty());
    assert_eq!(left_alone(&cloud, &plain).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn members_of_the_service_are_patched_when_it_is_made_and_later() {
    let cloud = Cloud::new().await;
    let with = |tags: &str| {
        patched(&format!(
            "[service.api.ecs.patch.service]\nenableECSManagedTags = true\n{tags}\n"
        ))
    };
    let service = with("propagateTags = \"SERVICE\"");
    cloud.deploy(&service).await;
    assert_eq!(left_alone(&cloud, &service).await, Vec::<String>::new());
    assert!(cloud.plan(&service).await.unwrap().plan.is_empty());
    let other = with("propagateTags = false");
    assert_eq!(
        rolled_out(&cloud, &other).await,
        ["service propagateTags: SERVICE -> - (nothing visible)"]
    );
    assert!(cloud.plan(&other).await.unwrap().plan.is_empty());
    let connected = with("serviceConnectConfiguration = { enabled = true, namespace = \"shop\" }");
    assert_eq!(
        rolled_out(&cloud, &connected).await,
        [
            "service serviceConnectConfiguration.enabled: - -> true (restarts)",
            "service serviceConnectConfiguration.namespace: - -> shop (restarts)",
        ]
    );
    assert!(cloud.plan(&connected).await.unwrap().plan.is_empty());
}
