//! Services with one task on each instance, and tasks that no instance takes.

use super::elsewhere::requests;
use super::*;
use crate::platform::{FailureKind, Gone};
use sandbox::InstanceKind;

const DAEMON: &str = r#"
project = "shop"
[service.agent]
image = "agent:v1"
memory = "128MiB"
[service.agent.ecs]
launch_type = "ec2"
network_mode = "bridge"
scheduling = "daemon"
"#;

const PORT: &str = r#"
project = "shop"
[service.web]
image = "web:v1"
memory = "128MiB"
port = { port = 8080, host = 80 }
replicas = 2
[service.web.ecs]
launch_type = "ec2"
network_mode = "bridge"
"#;

fn of(text: &str) -> EcsService {
    services_of(&spec(text, TARGET)).remove(0)
}

fn pool(cloud: &Cloud, count: i64) {
    let kind = InstanceKind {
        count,
        ..InstanceKind::default()
    };
    let sandbox = &cloud.sandbox;
    sandbox
        .with_world(|world| world.set_instances(vec![kind]))
        .unwrap();
}

#[test]
fn a_daemon_asks_for_no_count_and_for_room_on_each_instance() {
    let requests = requests(&of(DAEMON), TARGET);
    let service = &requests["service"];
    assert_eq!(service["schedulingStrategy"], "DAEMON");
    assert_eq!(service.get("desiredCount"), None);
    let percent = |which: &str| service["deploymentConfiguration"][which].clone();
    assert_eq!(percent("maximumPercent"), 100);
    assert_eq!(percent("minimumHealthyPercent"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_is_deployed_changed_and_destroyed_but_not_scaled() {
    let cloud = Cloud::new().await;
    pool(&cloud, 2);
    let service = of(DAEMON);
    cloud.deploy(&service).await;
    let status = |service: EcsService| {
        let cloud = &cloud;
        async move {
            cloud
                .ecs
                .status(&service, &cloud.events)
                .await
                .unwrap()
                .unwrap()
        }
    };
    let told = status(service.clone()).await;
    assert_eq!((told.desired, told.running), (2, 2));
    assert_eq!(
        shown(&cloud.plan(&service).await.unwrap().plan),
        Vec::<String>::new()
    );
    pool(&cloud, 3);
    cloud.rest().await;
    assert_eq!(
        shown(&cloud.plan(&service).await.unwrap().plan),
        Vec::<String>::new()
    );
    cloud
        .deploy(&of(&DAEMON.replace("agent:v1", "agent:v2")))
        .await;
    assert_eq!(status(service.clone()).await.running, 3);

    let error = cloud.plan_to(&service, &counting(5)).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Refused);
    assert!(error.to_string().contains("it is a daemon"), "{error}");
    let counted = of(&DAEMON.replace("scheduling = \"daemon\"", ""));
    let error = cloud.plan(&counted).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Refused);
    let why = "its scheduling strategy is DAEMON, not REPLICA, which ECS does not change";
    assert!(error.to_string().contains(why), "{error}");

    let plan = cloud.plan_to(&service, &destroying()).await.unwrap().plan;
    cloud.perform(&plan).await.unwrap();
    let deadline = cloud.clock.now() + Duration::from_mins(10);
    let gone = cloud
        .ecs
        .drained(&service, deadline, std::future::pending(), &cloud.events);
    assert_eq!(gone.await.unwrap(), Gone::Done);
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_that_a_host_port_needs_room() {
    let cloud = Cloud::new().await;
    pool(&cloud, 2);
    cloud.deploy(&of(PORT)).await;
    let next = PORT.replace("web:v1", "web:v2");
    let notes = |text: String| {
        let cloud = &cloud;
        async move {
            let plan = cloud.plan(&of(&text)).await.unwrap().plan;
            let notes = plan.notes.into_iter();
            notes.filter(|note| note.code == "host_port").count()
        }
    };
    assert_eq!(notes(next.clone()).await, 1);
    let lower = format!("{next}minimum_healthy_percent = 50\nmaximum_percent = 100\n");
    assert_eq!(notes(lower.clone()).await, 0);
    // With them it comes to its end though both instances are taken.
    cloud.deploy(&of(&lower)).await;
    let status = cloud.ecs.status(&of(&lower), &cloud.events).await;
    let status = status.unwrap().unwrap();
    assert_eq!((status.running, status.deployments.len()), (2, 1));
    assert_eq!(status.revision, "web:2");
}
