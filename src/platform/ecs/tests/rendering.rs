//! What ECS is asked for.

use std::path::Path;

use super::super::origin::Origin;
use super::*;
use crate::platform::ecs::settings::render::{Setting, render};
use crate::spec::Disk;

fn rendered(spec: &Spec) -> String {
    let setting = Setting {
        tenant: &Tenant::of(spec),
        place: &place_of(spec),
        origin: &Origin::default(),
    };
    let desired = render(&services_of(spec)[0], &setting).masked();
    serde_json::to_string_pretty(&desired).unwrap()
}

#[test]
fn the_example_becomes_these_requests() {
    let loaded = load(
        &Disk,
        &Request::new(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy.example.toml"),
            &"ecs".parse().unwrap(),
        ),
    )
    .unwrap();
    insta::assert_snapshot!(rendered(&loaded.spec));
}

#[test]
fn everything_that_ecs_alone_knows() {
    let deploy = r#"
project = "shop"
[service.api]
image = "api@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
port = 8080
cpu = 1
memory = "2GiB"
architecture = "arm64"
read_only_root = true
stop_timeout = "60s"
env = { SESSION_TOKEN = "not for everybody" }
scaling = { min = 1, max = 4, requests = 500 }
rollout = { breaker = { threshold = 5, rollback = false } }
[service.api.sidecar.proxy]
image = "proxy:1"
essential = false
[service.api.ecs]
capacity = [{ provider = "fargate", base = 1, weight = 1 }, { provider = "fargate_spot", weight = 4 }]
ephemeral_storage = "40GiB"
exec = true
alarms = ["too-many-errors"]
target_group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef"
load_balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/front/fedcba9876543210"
task_role = "arn:aws:iam::123456789012:role/api"
"#;
    insta::assert_snapshot!(rendered(&spec(deploy, TARGET)));
}

#[test]
fn the_shortest_rollout_is_as_many_health_checks_as_waves() {
    let checked = |more: &str| {
        let deploy = format!(
            "project = \"shop\"\n[service.api]\nimage = \"api:v1\"\nreplicas = 4\ncpu = 0.5\nmemory = \"1GiB\"\n\
             health = {{ command = \"true\", interval = \"20s\" }}\n[service.api.ecs]\n{more}\n"
        );
        let service = services_of(&spec(&deploy, TARGET)).remove(0);
        crate::platform::ecs::plan::advice::shortest(&service, 4).map(|time| time.as_secs())
    };
    assert_eq!(checked(""), Some(20));
    assert_eq!(checked("maximum_percent = 125"), Some(80));
    assert_eq!(checked("maximum_percent = 120"), None);
}

#[test]
fn a_rollout_that_shifts_traffic_becomes_this_request() {
    let deploy = r#"
project = "shop"
[service.api]
image = "api@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
port = 8080
cpu = 1
memory = "2GiB"
[service.api.ecs]
strategy = { linear = "12.5%", step_bake = "3m" }
bake = "15m"
hooks = [
  { stages = ["pre_scale_up", "post_test_traffic_shift"], lambda = "arn:aws:lambda:us-east-1:123456789012:function:smoke", role = "ecsHooks", details = { suite = "smoke", tries = 2 }, timeout = "30m" },
  { stages = ["pre_production_traffic_shift"], pause = true, on_timeout = "continue" },
]
target_group = { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef", alternate = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api-2/0123456789abcdef", production_rule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/front/1/2/3", role = "ecsTraffic" }
"#;
    insta::assert_snapshot!(rendered(&spec(deploy, TARGET)));
}
