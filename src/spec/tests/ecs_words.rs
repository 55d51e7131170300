//! What ECS alone knows and does not fit where it is said.

use super::diagnostics::drawn;
use super::{Arguments, ECS, with};

#[test]
fn what_runs_elsewhere_than_on_fargate_and_does_not_fit() {
    let target = "platform = \"ecs\"\nregion = \"us-east-1\"\ncluster = \"main\"\n";
    let deploy = r#"
project = "shop"
[service.api]
image = "api:v1"
[service.api.ecs]
network_mode = "bridge"
placement = { strategies = ["binpack:disk"], constraints = ["memberof:x"] }
[service.web]
image = "web:v1"
cpu = 0.3
[service.web.ecs]
launch_type = "ec2"
platform_version = "1.4.0"
ephemeral_storage = "30GiB"
[service.mix]
image = "mix:v1"
[service.mix.ecs]
launch_type = "fargate"
network_mode = "host"
capacity = [{ provider = "own" }, { provider = "fargate_spot" }, { provider = "fargate_spott" }]
[service.lone]
image = "lone:v1"
[service.lone.ecs]
launch_type = "managed_instances"
network_mode = "none"
"#;
    insta::assert_snapshot!(drawn(deploy, target, &Arguments::default()));
}

#[test]
fn what_a_container_cannot_have_where_it_runs() {
    let more = r#"
port = { port = 8080, host = 80, name = "web port", app_protocol = "h2" }
[service.api.ecs]
execution_role = "not a role"
privileged = true
gpu = 1
shm_size = "64MiB"
links = ["db"]
hostname = "api"
log_group = "/ecs/api"
log = { driver = "json-file" }
log_options = { awslogs-region = "us-east-1" }
requests = { memory = "600MiB", cpu = 0.3 }
limits = { memory = "512MiB" }
pid_mode = "host"
[service.api.sidecar.router]
image = "router:1"
port = { port = 9000, host = 9001 }
[service.api.sidecar.router.ecs]
log = { driver = "awslogs", options = { awslogs-group = "a" } }
firelens = { router = "vector" }
ulimits = { nofile = { soft = 1 } }
restart = false
"#;
    insta::assert_snapshot!(drawn(&with(more), ECS, &Arguments::default()));
}

#[test]
fn what_a_daemon_cannot_have() {
    let more = r#"
replicas = 3
[service.api.ecs]
scheduling = "daemon"
execution_role = "pull"
maximum_percent = 150
az_rebalancing = true
placement = { strategies = ["random"] }
"#;
    insta::assert_snapshot!(drawn(&with(more), ECS, &Arguments::default()));
}

#[test]
fn what_does_not_fit_a_rollout_that_shifts_traffic() {
    let target = "platform = \"ecs\"\nregion = \"us-east-1\"\ncluster = \"main\"\nnetwork = { subnets = [\"subnet-0a\"] }\n";
    let deploy = r#"
project = "shop"
[service.api]
image = "api:v1"
port = 8080
cpu = 0.25
memory = "512MiB"
scaling = { min = 1, max = 2, requests = 100 }
[service.api.ecs]
strategy = { linear = "2%", canary = "5%", step_bake = "90s" }
load_balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/front/fedcba9876543210"
target_group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef"
hooks = [
  { stages = ["bake_time"], pause = true },
  { stages = ["test_traffic_shift"], pause = true, role = "r" },
  { stages = ["pre_scale_up", "pre_scale_up"], lambda = "arn:aws:sns:us-east-1:123456789012:x" },
  { stages = [] },
]
[service.web]
image = "web:v1"
port = 8080
cpu = 0.25
memory = "512MiB"
[service.web.ecs]
bake = "5m"
target_groups = [{ arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef", alternate = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef", production_rule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/x/1", role = "named" }]
[service.job]
image = "job:v1"
cpu = 0.25
memory = "512MiB"
[service.job.ecs]
strategy = "blue-green"
[service.lone]
image = "lone:v1"
cpu = 0.25
memory = "512MiB"
[service.lone.ecs]
strategy = { step_bake = "1m" }
"#;
    insta::assert_snapshot!(drawn(deploy, target, &Arguments::default()));
}

#[test]
fn what_does_not_fit_what_scales_a_service() {
    let more = r#"
scaling = { min = 2, max = 4, response_time = "2 minutes", queue = { name = "https://sqs/orders" }, schedule = [
  { name = "night", at = "cron(0 22 * * *)", min = 1 },
  { name = "night", at = "rate(3 hours)", time_zone = "Europe/Berlin", min = 9 },
  { name = "once", at = "at(2030-01-31T22:00:00)", start = "tomorrow" },
] }
[service.api.ecs]
autoscaler = { suspended = ["scale_up"], policies = [
  { PolicyName = "a", PolicyType = "StepScaling", StepScalingPolicyConfiguration = { AdjustmentTyp = "ChangeInCapacity", AdjustmentType = "ChangeInCapacity", StepAdjustments = [{ ScalingAdjustment = "two" }] } },
  { PolicyName = "b", PolicyType = "StepScaling", TargetTrackingScalingPolicyConfiguration = { TargetValue = 1 } },
  { PolicyType = "StepScaling" },
  { PolicyName = "cpu", PolicyType = "StepScaling" },
  { PolicyName = "c", PolicyType = "TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration = { TargetValue = 1 } },
] }
"#;
    insta::assert_snapshot!(drawn(&with(more), ECS, &Arguments::default()));
}

#[test]
fn what_a_volume_on_ebs_cannot_be() {
    let more = r#"
[service.api.volumes]
none = { ebs = { role = "arn:aws:iam::123456789012:role/r" } }
small = { ebs = { size = "512MiB", role = "arn:aws:iam::123456789012:role/r" } }
fast = { ebs = { size = "1GiB", type = "io2", throughput = 125 } }
"#;
    insta::assert_snapshot!(drawn(&with(more), ECS, &Arguments::default()));
}
