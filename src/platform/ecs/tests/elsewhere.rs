//! Services that run elsewhere than on Fargate.

use super::super::origin::Origin;
use super::*;
use crate::platform::FailureKind;
use crate::platform::ecs::settings::render::{Setting, render};
use serde_json::{Value, json};

const SERVICE: &str = r#"
project = "shop"
[service.api]
image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v1"
port = 8080
replicas = 2
memory = "512MiB"
"#;

const ON_INSTANCES: &str = r#"[service.api.ecs]
launch_type = "ec2"
network_mode = "bridge"
log_group = "/ecs/api"
placement = { strategies = ["spread:attribute:ecs.availability-zone", "spread:host", "binpack:memory"], constraints = ["distinctInstance", "memberOf:attribute:ecs.instance-type =~ t3.*"] }
"#;

fn of(table: &str) -> EcsService {
    services_of(&spec(&format!("{SERVICE}{table}"), TARGET)).remove(0)
}

/// The requests that make a service.
pub(super) fn requests(service: &EcsService, target: &str) -> Value {
    let setting = Setting {
        tenant: &tenant(),
        place: &place_of(&spec(DEPLOY, target)),
        origin: &Origin::default(),
    };
    render(service, &setting).requests()
}

async fn attach(cloud: &Cloud, providers: &[&str]) {
    let call = cloud.ecs.ecs().put_cluster_capacity_providers();
    let mut call = call
        .cluster("main")
        .set_default_capacity_provider_strategy(Some(Vec::new()));
    for provider in providers {
        call = call.capacity_providers(*provider);
    }
    call.send().await.unwrap();
}

async fn changes_nothing_more(cloud: &Cloud, service: &EcsService) {
    let plan = cloud.plan(service).await.unwrap().plan;
    assert_eq!(shown(&plan), Vec::<String>::new());
    assert_eq!(words(&plan), Vec::<String>::new());
}

#[test]
fn instances_are_asked_for_without_a_size_a_network_or_a_role() {
    let requests = requests(&of(ON_INSTANCES), TARGET);
    let task = &requests["taskDefinition"];
    assert_eq!(task["networkMode"], "bridge");
    assert_eq!(task["requiresCompatibilities"], json!(["EC2"]));
    assert_eq!(task["memory"], "512");
    assert_eq!(task.get("cpu"), None);
    assert_eq!(task.get("executionRoleArn"), None);
    let service = &requests["service"];
    assert_eq!(service["launchType"], "EC2");
    assert_eq!(service.get("networkConfiguration"), None);
    assert_eq!(service.get("platformVersion"), None);
    assert_eq!(
        service["placementStrategy"],
        json!([
            { "type": "spread", "field": "attribute:ecs.availability-zone" },
            { "type": "spread", "field": "instanceId" },
            { "type": "binpack", "field": "memory" },
        ])
    );
    assert_eq!(
        service["placementConstraints"],
        json!([
            { "type": "distinctInstance" },
            { "type": "memberOf", "expression": "attribute:ecs.instance-type =~ t3.*" },
        ])
    );
}

#[test]
fn providers_of_ones_own_say_what_tasks_are_launched_on() {
    let launched = |lines: &str| {
        let table = format!("[service.api.ecs]\nnetwork_mode = \"host\"\n{lines}\n");
        let requests = requests(&of(&table), TARGET);
        let service = requests["service"].clone();
        assert_eq!(service.get("launchType"), None);
        let fit = requests["taskDefinition"]["requiresCompatibilities"].clone();
        (service["capacityProviderStrategy"].clone(), fit)
    };
    let own =
        "capacity = [{ provider = \"asg-1\", base = 1 }, { provider = \"asg-2\", weight = 3 }]";
    assert_eq!(
        launched(own),
        (
            json!([
                { "capacityProvider": "asg-1", "weight": 1, "base": 1 },
                { "capacityProvider": "asg-2", "weight": 3, "base": 0 },
            ]),
            json!(["EC2"])
        )
    );
    let managed = "launch_type = \"managed_instances\"\ncapacity = [{ provider = \"managed\" }]";
    assert_eq!(launched(managed).1, json!(["MANAGED_INSTANCES"]));
}

#[tokio::test(start_paused = true)]
async fn a_service_on_instances_is_deployed_once_and_changes_like_any() {
    let cloud = Cloud::new().await;
    let service = of(ON_INSTANCES);
    cloud.deploy(&service).await;
    changes_nothing_more(&cloud, &service).await;
    let packed = ON_INSTANCES.replace("\"spread:host\", \"binpack:memory\"", "\"binpack:cpu\"");
    let packed = of(&packed);
    let plan = cloud.plan(&packed).await.unwrap().plan;
    assert_eq!(
        shown(&plan),
        [
            r#"service placementStrategy: [{"field":"attribute:ecs.availability-zone","type":"spread"},{"field":"instanceId","type":"spread"},{"field":"memory","type":"binpack"}] -> [{"field":"attribute:ecs.availability-zone","type":"spread"},{"field":"cpu","type":"binpack"}] (nothing visible)"#
        ]
    );
    cloud.perform(&plan).await.unwrap();
    changes_nothing_more(&cloud, &packed).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_on_providers_of_ones_own_is_deployed_once() {
    let cloud = Cloud::new().await;
    attach(&cloud, &["FARGATE", "asg-1", "asg-2"]).await;
    let service = of("[service.api.ecs]\ncapacity = [{ provider = \"asg-1\" }]\n");
    cloud.deploy(&service).await;
    changes_nothing_more(&cloud, &service).await;
    let other = of("[service.api.ecs]\ncapacity = [{ provider = \"asg-2\" }]\n");
    cloud.deploy(&other).await;
    changes_nothing_more(&cloud, &other).await;
}

#[tokio::test(start_paused = true)]
async fn what_ecs_never_changes_is_refused_with_what_to_do() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let moved = ON_INSTANCES.replace("launch_type", "service = \"api-service\"\nlaunch_type");
    let error = cloud.plan(&of(&moved)).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Refused);
    assert!(
        error
            .to_string()
            .contains("its launch type is FARGATE, not EC2, which ECS does not change"),
        "{error}"
    );
}
