//! What overlays, variables, arguments and the richer keys mean, and what earns a note.

use super::super::SecretRef;
use super::{Arguments, ECS, ecs, load_with, read, sound, told, with};

#[test]
fn variables_come_from_set_then_vars_then_the_environment() {
    let deploy = with(
        "env = { A = \"${A}\", B = \"${B}\", C = \"${C}\", D = \"${D:-${A}-d}\", E = \"${E:-e}\", F = \"$$C $C ${target.name}\" }\n",
    );
    let target = format!("{ECS}vars = {{ A = \"vars\", B = \"vars\" }}\n");
    let arguments = Arguments {
        set: vec![("A", "set")],
        environment: vec![
            ("A", "environment"),
            ("B", "environment"),
            ("C", "environment"),
            ("E", ""),
        ],
        ..Arguments::default()
    };
    let loaded = load_with(&deploy, &target, &arguments).unwrap();
    let env = &ecs(&loaded).main().env;
    let values: Vec<&str> = env
        .values()
        .map(super::super::words::env::Literal::expose)
        .collect();
    assert_eq!(
        values,
        ["set", "vars", "environment", "set-d", "e", "$C $C ecs"]
    );
}

#[test]
fn an_overlay_merges_tables_and_replaces_the_rest() {
    let deploy = with(
        "port = 80\ncommand = [\"a\", \"b\"]\nenv = { A = \"1\", B = \"1\" }\nrollout = { deadline = \"10m\", breaker = { rollback = false } }\n",
    );
    let target = format!(
        "{ECS}[service.api]\nreplicas = 3\ncommand = [\"c\"]\nenv = {{ B = \"2\" }}\nrollout.breaker = false\n"
    );
    let loaded = load_with(&deploy, &target, &Arguments::default()).unwrap();
    let api = ecs(&loaded);
    let env: Vec<&str> = api
        .main()
        .env
        .values()
        .map(super::super::words::env::Literal::expose)
        .collect();
    assert_eq!((api.replicas, env), (3, vec!["1", "2"]));
    assert_eq!(api.main().command, ["c"]);
    assert_eq!(api.rollout.policy.deadline.as_secs(), 600);
    assert!(!api.rollout.breaker.enabled);
}

#[test]
fn a_count_can_be_left_to_others_but_not_beside_an_autoscaler() {
    let external = with("replicas = \"external\"\n");
    let loaded = sound(load_with(&external, ECS, &Arguments::default()));
    let api = ecs(&loaded);
    assert_eq!((api.replicas, api.counted_by_others), (1, true));
    let usual = sound(load_with(&with(""), ECS, &Arguments::default()));
    assert!(!ecs(&usual).counted_by_others);
    let scaling = "replicas = \"external\"\nscaling = { min = 2, max = 4, cpu = 70 }\n";
    let refused = told(&load_with(&with(scaling), ECS, &Arguments::default()));
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(
        refused[0].contains("`scaling` decides the count"),
        "{refused:?}"
    );
}

#[test]
fn an_image_argument_replaces_the_files_and_its_variables() {
    let deploy = "project = \"shop\"\n[service.api]\nimage = \"api:${TAG:?}\"\ncpu = 0.25\nmemory = \"512MiB\"\n";
    let arguments = Arguments {
        images: vec![("api", "registry:5000/api:v2")],
        ..Arguments::default()
    };
    let loaded = load_with(deploy, ECS, &arguments).unwrap();
    assert_eq!(ecs(&loaded).main().image.as_str(), "registry:5000/api:v2");
}

#[test]
fn a_task_of_several_containers() {
    let deploy = with(
        r#"
port = 8080
architecture = "arm64"
depends_on = { proxy = "healthy", migrate = "success" }
[service.api.ecs]
execution_role = "arn:aws:iam::123456789012:role/x"
capacity = [{ provider = "FARGATE", base = 1 }, { provider = "FARGATE_SPOT", weight = 3 }]
ephemeral_storage = "30GiB"
target_groups = [
  { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/1" },
  { arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/b/1", container = "proxy", port = 9000 },
]
[service.api.sidecar.proxy]
image = "proxy:v1"
ports = [8443, 9000, "53/udp"]
cpu = "100m"
health = { command = "true", retries = 5 }
secrets = { TOKEN = { arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:token", key = "value" } }
[service.api.sidecar.migrate]
image = "api:v1"
essential = false
command = ["migrate"]
"#,
    );
    let loaded = sound(read(&deploy));
    let api = ecs(&loaded);
    let names: Vec<&str> = api
        .containers
        .iter()
        .map(|container| container.name.as_str())
        .collect();
    assert_eq!(names, ["api", "migrate", "proxy"]);
    let proxy = &api.containers[2];
    assert_eq!(
        (proxy.cpu, proxy.essential, api.containers[1].essential),
        (Some(102), true, false)
    );
    assert_eq!(proxy.health.as_ref().unwrap().interval.as_secs(), 30);
    assert!(
        matches!(&proxy.secrets["TOKEN"], SecretRef::SecretsManager { key: Some(key), .. } if key == "value")
    );
    let groups: Vec<(&str, u16)> = api
        .own
        .target_groups
        .iter()
        .map(|group| (group.container.as_str(), group.port))
        .collect();
    assert_eq!(groups, [("api", 8080), ("proxy", 9000)]);
    assert_eq!(api.own.ephemeral_storage, Some(30));
    let shares: Vec<(u32, u32)> = api
        .own
        .capacity
        .iter()
        .map(|item| (item.base, item.weight))
        .collect();
    assert_eq!(shares, [(1, 1), (0, 3)]);
}

#[test]
fn what_stops_nothing_is_a_note() {
    let deploy = r#"
project = "shop"
[service.api]
image = "api:latest"
cpu = 3
memory = "5GiB"
health = { path = "/health" }
expose = { public = true }
[service.api.ecs]
task_role = "arn:aws:iam::210987654321:role/x"
exec = true
"#;
    let loaded = read(deploy).unwrap();
    let notes: Vec<String> = loaded
        .notes
        .iter()
        .map(|note| format!("{}: {}", note.code, note.message))
        .collect();
    insta::assert_snapshot!(notes.join("\n"));
}
