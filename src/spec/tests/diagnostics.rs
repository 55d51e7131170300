//! What the user sees when something is wrong: golden renderings, many problems in each.

use super::{Arguments, ECS, SMALL, load_with, read, told, with};

pub(super) fn drawn(deploy: &str, target: &str, arguments: &Arguments) -> String {
    let problems = load_with(deploy, target, arguments).expect_err("there should be problems");
    problems.render(false)
}

#[test]
fn unknown_keys_wrong_types_and_missing_keys() {
    let deploy = r#"
proyect = "shop"
region = "us-east-1"

[service.api]
imgae = "api:v1"
prot = 8080
cpu = "lots"
memory = 512
replicas = "two"
environment = { MODE = "production" }
task_role = "arn:aws:iam::123456789012:role/api"
efs = { id = "fs-1" }
health = { path = "health", interval = 30 }
architecture = "arm"
read_only_root = "yes"
stop_timeout = "5m"

[service.api.kubernetes]
service_acount = "api"
exec = true
requests = "250m"
readiness = true
max_surge = "half"
namespace = "shop"

[service.api.ecs]
replicas = 3
exec = 1
"#;
    insta::assert_snapshot!(drawn(deploy, ECS, &Arguments::default()));
}

#[test]
fn sizes_and_counts_that_cannot_be() {
    let deploy = r#"
project = "shop"
[service.api]
image = "api:v1"
cpu = 0.5
memory = "512MiB"
replicas = 30
scaling = { min = 0, max = 20 }
rollout = { deadline = "5m", bake = "10m", breaker = { threshold = 3, bounded = true } }
[service.api.sidecar.log]
image = "log:v1"
cpu = 1
memory = "2GiB"
[service.Web]
image = "web:v1"
cpu = 1
memory = "10GiB"
scaling = { min = 5, max = 2, cpu = 170, requests = 100 }
"#;
    insta::assert_snapshot!(drawn(deploy, ECS, &Arguments::default()));
}

#[test]
fn containers_that_do_not_fit_together() {
    let deploy = r#"
project = "shop"
[service.api]
image = "api:v1"
cpu = 0.5
memory = "1GiB"
port = 8080
env = { MODE = "x", "A=B" = "y" }
secrets = { MODE = "ssm:/mode" }
depends_on = { proxi = "start", migrate = "success", log = "healthy" }
[service.api.sidecar.proxy]
image = "proxy:v1"
ports = [8080]
depends_on = ["log"]
[service.api.sidecar.log]
image = "log:v1"
depends_on = ["proxy"]
[service.api.sidecar.migrate]
image = "api v1"
[service.api.sidecar.api]
image = "api:v2"
"#;
    insta::assert_snapshot!(drawn(deploy, ECS, &Arguments::default()));
}

#[test]
fn what_ecs_would_refuse() {
    let more = r#"
scaling = { min = 1, max = 2, requests = 100 }
[service.api.ecs]
task_role = "arn:aws:s3:::bucket"
log_group = "/ecs/api"
minimum_healthy_percent = 100
maximum_percent = 100
ephemeral_storage = "20GiB"
platform_version = "newest"
capacity = [{ provider = "FARGATE", base = 1 }, { provider = "FARGATE_SPOT", base = 1 }, { provider = "EC2" }]
target_groups = [
  { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/1", container = "apo" },
  { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/b/1" },
  { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/c/1", port = 80 },
]
alarms = ["5xx", "5xx"]
"#;
    insta::assert_snapshot!(drawn(&with(more), ECS, &Arguments::default()));
}

#[test]
fn a_target_that_is_wrong_points_to_its_own_file() {
    let target = r#"
platform = "ecs"
account = 123456789012
region = "useast1"
endpoint = "localhost:4566"
network = { subnets = [], security_groups = ["a", "b", "c", "d", "e", "e"] }
aproove = "yes"
[service.api]
port = 80
ports = [81]
[service.apj]
replicas = 3
[service.api.ecs]
memory = "1GiB"
"#;
    insta::assert_snapshot!(drawn(SMALL, target, &Arguments::default()));
}

#[test]
fn a_conflict_between_two_files_shows_both() {
    let deploy = with(
        "port = 8080\n[service.api.ecs]\ntarget_group = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/1\"\n",
    );
    let target = format!("{ECS}[service.api.ecs]\ntarget_groups = []\n");
    insta::assert_snapshot!(drawn(&deploy, &target, &Arguments::default()));
}

#[test]
fn variables_without_values() {
    let deploy = r#"
project = "${PROJECT:?name the shop}"
[service.api]
image = "${REGISTRY}/api:${TAG-1}"
cpu = 0.25
memory = "${MEMORY"
user = "\u0024{target.regoin}"
working_dir = "${target.cluster}/${SPECIAL_PATH}"
"#;
    let arguments = Arguments {
        set: vec![("REGISTRI", "example.com")],
        ..Arguments::default()
    };
    insta::assert_snapshot!(drawn(deploy, ECS, &arguments));
}

#[test]
fn several_syntax_errors_at_once_in_both_files() {
    let deploy = "project = \"shop\n[service.api]\nimage = \nreplicas 2\ncpu = 0.5\ncpu = 1\n";
    let target = "platform = ecs\naccount = \"123456789012\"\n";
    insta::assert_snapshot!(drawn(deploy, target, &Arguments::default()));
}

#[test]
fn a_key_said_twice_is_a_syntax_error_with_both_places() {
    let deploy = with("cpu = 1\n[service.api]\n");
    insta::assert_snapshot!(drawn(&deploy, ECS, &Arguments::default()));
}

#[test]
fn columns_count_characters_also_after_a_veiled_value() {
    let lines = [
        "env = { A = \"h\u{fc}nter\" }, x = 1",
        "health = { pfad = \"/\u{fc}\", comand = 1 }",
    ];
    for (line, wrong) in lines.iter().zip([", x", "comand"]) {
        let problems = read(&with(&format!("{line}\n"))).unwrap_err();
        let before = line.find(wrong).map(|at| line[..at].chars().count());
        let list = problems.list().iter();
        let columns: Vec<usize> = list
            .filter_map(|problem| Some(problem.position?.1))
            .collect();
        assert!(columns.contains(&(before.unwrap() + 1)), "{problems}");
    }
}

#[test]
fn a_deploy_file_that_is_not_there() {
    let texts = super::Texts([("config/ecs.toml", ECS.to_owned())].into());
    let problems = super::load(
        &texts,
        &super::Request::new(std::path::Path::new("deploy.toml"), &"ecs".parse().unwrap()),
    );
    insta::assert_snapshot!(problems.unwrap_err().render(false));
}

#[test]
fn arguments_that_name_nothing() {
    let arguments = Arguments {
        services: vec!["api", "wbe"],
        images: vec![("apo", "api:v2"), ("api", "api v2")],
        ..Arguments::default()
    };
    insta::assert_snapshot!(drawn(SMALL, ECS, &arguments));
}

#[test]
fn an_unknown_target_lists_those_there_are() {
    let texts = super::Texts(
        [
            ("deploy.toml", SMALL.to_owned()),
            ("config/ecs.toml", ECS.to_owned()),
        ]
        .into(),
    );
    let request = |target: &str| {
        let problems = super::load(
            &texts,
            &super::Request::new(
                std::path::Path::new("deploy.toml"),
                &target.parse().unwrap(),
            ),
        );
        problems.expect_err("there is no such target").render(false)
    };
    insta::assert_snapshot!(format!("{}\n\n{}", request("esc"), request("production")));
}

#[test]
fn secrets_in_files_are_refused_and_starred() {
    let deploy = r#"
project = "shop"
[service.api]
image = "api:v1"
cpu = 0.25
memory = "512MiB"
env = { DATABASE_URL = "postgres://shop:hunter2@db/shop", KEY_ID = "AKIAABCDEFGHIJKLMNOP" }
command = ["serve", "--db=postgres://shop:hunter2@db/shop"]
secrets = { API_TOKEN = "hunter2", OTHER = { arn = "hunter2" } }
[service.api.ecs]
execution_role = "arn:aws:iam::123456789012:role/x"
"#;
    insta::assert_snapshot!(drawn(deploy, ECS, &Arguments::default()));
}

#[test]
fn scripts_get_the_same_as_json() {
    let problems = read(&with("replicsa = 2\n")).unwrap_err();
    insta::assert_snapshot!(serde_json::to_string_pretty(&problems).unwrap());
}

#[test]
fn more_problems_than_can_be_read_are_counted() {
    let many: Vec<String> = (0..60).map(|n| format!("unknown{n} = 1\n")).collect();
    let problems = read(&with(&many.concat())).unwrap_err();
    assert_eq!(problems.list().len(), 60);
    assert!(problems.render(false).ends_with("and 10 more"));
}

#[test]
fn only_the_services_asked_for_need_their_variables() {
    let deploy =
        with("[service.web]\nimage = \"web:${WEB_TAG:?}\"\ncpu = 0.25\nmemory = \"512MiB\"\n");
    let arguments = Arguments {
        services: vec!["api"],
        ..Arguments::default()
    };
    let loaded = load_with(&deploy, ECS, &arguments).unwrap();
    assert_eq!(loaded.spec.services().len(), 1);
    assert_eq!(
        told(&read(&deploy)),
        ["unset-variable: `${WEB_TAG}` has no value"]
    );
}

/// The problems of a service with these keys, at the usual ECS target.
fn problems(more: &str) -> Vec<String> {
    told(&read(&with(more)))
}

#[test]
fn a_tag_by_which_we_know_what_is_ours_is_not_the_users() {
    let told = problems(
        "tags = { \"deployer:project\" = \"other\", \"Deployer/x\" = \"1\", team = \"a\" }\n",
    );
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|one| one.contains("are ours")), "{told:?}");
}

#[test]
fn what_ecs_surely_refuses_is_refused_beforehand() {
    let group = "target_group = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef\"";
    let both = problems(&format!(
        "ports = [53, \"53/udp\"]\n[service.api.ecs]\n{group}\n"
    ));
    assert_eq!(
        both,
        ["conflict: port 53 is both TCP and UDP, and a target group takes only one"]
    );
    // Without a target group, or on another port, nothing is wrong with it.
    let apart = format!("ports = [8080, 53, \"53/udp\"]\n[service.api.ecs]\n{group}\n");
    assert!(read(&with(&apart)).is_ok());
    let exec = problems("[service.api.ecs]\nexec = true\n");
    assert_eq!(exec, ["missing-key: `exec` needs `ecs.task_role`"]);
    let long = format!("env = {{ A = \"{}\" }}\n", "a b ".repeat(17_000));
    assert_eq!(
        problems(&long),
        ["too-large: the task definition would have 67 KiB; ECS takes 64 KiB at most"]
    );
}

#[test]
fn units_of_cpu_are_told_from_vcpu() {
    for written in ["512", "\"1024\"", "256.0"] {
        let deploy = SMALL.replace("0.25", written);
        let problems = load_with(&deploy, ECS, &Arguments::default()).unwrap_err();
        let drawn = problems.render(false);
        assert!(drawn.contains("are more than a machine has"), "{drawn}");
    }
    let deploy = SMALL.replace("0.25", "512");
    let problems = load_with(&deploy, ECS, &Arguments::default()).unwrap_err();
    assert!(problems.render(false).contains("512 units are 0.5"));
}

#[test]
fn an_image_in_capitals_is_refused() {
    let told = told(&read(&SMALL.replace("api:v1", "Shop/Api:v1")));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("small letters"), "{told:?}");
}

#[test]
fn two_services_that_come_to_one_object_are_refused() {
    let second = SMALL
        .replace("\nproject = \"shop\"\n", "")
        .replace("api]", "web]");
    let ecs = format!("{SMALL}{second}[service.web.ecs]\nservice = \"api\"\n");
    assert_eq!(
        told(&read(&ecs)),
        ["same-object: another service of this file comes to ECS service `api` too"]
    );
    // One family may well hold the revisions of two services.
    let family = ecs.replace("service = \"api\"", "family = \"api\"");
    assert!(read(&family).is_ok());
    let target = "platform = \"kubernetes\"\nnamespace = \"shop\"\n";
    let kubernetes = format!("{SMALL}{second}[service.web.kubernetes]\nname = \"api\"\n");
    let found = load_with(&kubernetes, target, &Arguments::default());
    assert_eq!(
        told(&found),
        ["same-object: another service of this file comes to Deployment `api` too"]
    );
}
