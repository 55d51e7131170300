//! Settings that only hold together, added and removed in any order: whatever changes in one file at
//! once, the plan after it is empty.

use super::*;

const SERVICE: &str = r#"
project = "shop"
[service.api]
image = "api:v1"
port = 8080
replicas = 2
cpu = 0.5
memory = "1GiB"
"#;

const OF_ECS: &str = r#"[service.api.ecs]
execution_role = "arn:aws:iam::123456789012:role/execution"
task_role = "arn:aws:iam::123456789012:role/api"
"#;

/// A line of the service, or of its table for ECS.
enum Setting {
    Service(&'static str),
    Ecs(&'static str),
}

const SETTINGS: [Setting; 11] = [
    Setting::Ecs(
        "target_group = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef\"",
    ),
    Setting::Ecs("health_grace = \"90s\""),
    Setting::Ecs("exec = true"),
    Setting::Ecs(
        "capacity = [{ provider = \"fargate\", base = 1 }, { provider = \"fargate_spot\", weight = 4 }]",
    ),
    Setting::Ecs("alarms = [\"errors\"]"),
    // Rebalancing between zones, which a new service has, needs more room.
    Setting::Ecs("minimum_healthy_percent = 0\nmaximum_percent = 100"),
    Setting::Ecs("platform_version = \"1.4.0\""),
    Setting::Ecs("log_group = \"/ecs/api\""),
    Setting::Service("scaling = { min = 2, max = 20, cpu = 70 }"),
    Setting::Service("rollout = { breaker = { threshold = 7, reset_on_healthy = false } }"),
    Setting::Service("tags = { team = \"checkout\" }"),
];

fn with(chosen: &[usize]) -> EcsService {
    let (mut service, mut ecs) = (SERVICE.to_owned(), OF_ECS.to_owned());
    for index in chosen {
        let (text, line) = match &SETTINGS[*index] {
            Setting::Service(line) => (&mut service, line),
            Setting::Ecs(line) => (&mut ecs, line),
        };
        text.push_str(line);
        text.push('\n');
    }
    services_of(&spec(&format!("{service}{ecs}"), TARGET)).remove(0)
}

async fn converges(cloud: &Cloud, chosen: &[usize]) {
    let wanted = with(chosen);
    let plan = cloud.plan(&wanted).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    cloud.rest().await;
    cloud.settle(&plan).await.unwrap();
    cloud.rest().await;
    let again = cloud.plan(&wanted).await.unwrap().plan;
    assert_eq!(shown(&again), Vec::<String>::new(), "{chosen:?}");
    assert_eq!(words(&again), Vec::<String>::new(), "{chosen:?}");
}

/// From each pair to nothing and back at once, and to one of the two and to the other.
#[tokio::test(start_paused = true)]
async fn every_pair_of_settings_comes_and_goes_in_one_change() {
    let cloud = Cloud::new().await;
    for first in 0..SETTINGS.len() {
        for second in first + 1..SETTINGS.len() {
            converges(&cloud, &[first, second]).await;
            converges(&cloud, &[second]).await;
            converges(&cloud, &[first]).await;
            converges(&cloud, &[]).await;
        }
    }
}
