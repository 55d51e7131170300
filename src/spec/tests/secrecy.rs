//! Values that may be secrets are never shown, wherever they stand and whatever is wrong around
//! them; and what overlays and variables do.

use proptest::prelude::*;

use super::super::SecretRef;
use super::{Arguments, ECS, load_with, read, told, with};

/// So unlike anything else that finding it in an output is finding it leaked.
const PEARL: &str = "Zq7xPearl9wVv3";

/// Everything that could be printed about a refusal.
fn printed(deploy: &str, target: &str) -> String {
    let arguments = Arguments {
        environment: vec![("PEARL", PEARL)],
        ..Arguments::default()
    };
    match load_with(deploy, target, &arguments) {
        // Whether an answer without problems may be printed is another test's question.
        Ok(_) => String::new(),
        Err(problems) => {
            let json = serde_json::to_string(&problems).unwrap();
            format!(
                "{}\n{}\n{json}\n{problems:?}",
                problems.render(false),
                problems.render(true)
            )
        }
    }
}

/// Files in which the pearl stands where a secret may stand.
fn places() -> Vec<String> {
    let mut places = vec![
        with(&format!("env = {{ DB_PASSWORD = \"{PEARL}\" }}\n")),
        with(&format!("env = {{ DB = \"postgres://u:{PEARL}@db/x\" }}\n")),
        with(&format!(
            "env = {{ DB_PASSWORD = \"\"\"\n{PEARL}\n\"\"\" }}\n"
        )),
        with(&format!("environment = {{ DB_PASSWORD = \"{PEARL}\" }}\n")),
        with(&format!("secrets = {{ DB_PASSWORD = \"{PEARL}\" }}\n")),
        with(&format!(
            "secrets = {{ DB_PASSWORD = {{ arn = \"{PEARL}\" }} }}\n"
        )),
        with(&format!(
            "secrets = {{ DB_PASSWORD = {{ value = \"{PEARL}\" }} }}\n"
        )),
        with(&format!(
            "[service.api.env]\nimage = \"{PEARL}\"\nport = \"{PEARL}\"\n"
        )),
        with(&format!(
            "[service.api.sidecar.log]\nimage = \"x\"\nenv.DB_PASSWORD = \"{PEARL}\"\n"
        )),
        with(&format!("command = [\"--url=redis://:{PEARL}@cache\"]\n")),
        with("env = { DB_PASSWORD = \"${PEARL}\" }\n"),
    ];
    // The same in files that cannot be read: the caret may fall on any of these lines.
    for place in places.clone() {
        places.push(place.replacen(&format!("{PEARL}\""), PEARL, 1));
        places.push(place.replacen("project = \"shop\"", "project = \"shop", 1));
        places.push(format!("{place}\n[[\n= \n"));
    }
    places
}

#[test]
fn a_value_that_may_be_secret_is_never_printed() {
    for place in places() {
        let printed = printed(&place, ECS);
        assert!(!printed.contains(PEARL), "{place}\n---\n{printed}");
    }
}

#[test]
fn a_masked_value_is_not_in_the_debug_form_either() {
    let deploy = with(&format!("env = {{ DB_PASSWORD = \"{PEARL}\" }}\n"));
    let loaded = read(&deploy).unwrap();
    assert_eq!(
        loaded.spec.services[0].main().env["DB_PASSWORD"].expose(),
        PEARL
    );
    assert!(!format!("{loaded:?}").contains(PEARL));
}

#[test]
fn a_targets_variables_are_as_private() {
    let deploy = with("env = { DB_PASSWORD = \"${DB}\" }\n");
    for target in [
        format!("{ECS}vars = {{ DB = \"{PEARL}\" }}\n"),
        format!("{ECS}vars = {{ DB = \"{PEARL}\" }}\nunknown = 1\n"),
        format!("{ECS}vars = {{ DB = \"{PEARL}\", OTHER = \"${{NO}}\" }}\n"),
        format!("{ECS}vars = {{ DB = \"{PEARL} }}\n"),
        format!("{ECS}[vars]\nDB = \"{PEARL}\"\nregion = {PEARL}\n"),
    ] {
        let printed = printed(&deploy, &target);
        assert!(!printed.contains(PEARL), "{target}\n---\n{printed}");
    }
}

proptest! {
    /// Breaking a file anywhere does not bring a secret to light.
    #[test]
    fn no_damage_uncovers_a_secret(place in 0..11_usize, at in any::<usize>(), junk in "[\\[\\]{}=\"'#\n,.a]{1,3}") {
        let mut text = places()[place].clone();
        let pearl = text.find(PEARL).unwrap_or(0);
        let mut at = at % (text.len() + 1);
        // Damage around the secret, not within it: what is left of one is another text.
        if at > pearl && at < pearl + PEARL.len() {
            at = pearl + PEARL.len();
        }
        text.insert_str(at, &junk);
        let printed = printed(&text, ECS);
        prop_assert!(!printed.contains(PEARL), "{}\n---\n{}", text, printed);
    }
}

#[test]
fn a_vouched_name_may_hold_what_looks_like_a_secret() {
    let refused = with("env = { URL = \"redis://:pw@cache\" }\n");
    assert_eq!(
        told(&read(&refused)),
        ["secret-literal: `URL` holds a password in a URL"]
    );
    let loaded = read(&with(
        "env = { URL = \"redis://:pw@cache\" }\nallow_plain = [\"URL\"]\n",
    ))
    .unwrap();
    let literal = &loaded.spec.services[0].main().env["URL"];
    assert!(literal.is_sensitive());
    assert_eq!(literal.expose(), "redis://:pw@cache");
}

#[test]
fn what_came_from_a_promising_variable_is_masked() {
    let arguments = Arguments {
        environment: vec![("DB_PASSWORD", "x"), ("MODE", "y")],
        ..Arguments::default()
    };
    let target = format!("{ECS}vars = {{ DB = \"${{DB_PASSWORD}}\" }}\n");
    let deploy = with("env = { A = \"${DB}\", B = \"${MODE}\" }\n");
    let loaded = load_with(&deploy, &target, &arguments).unwrap();
    let env = &loaded.spec.services[0].main().env;
    assert!(env["A"].is_sensitive() && !env["B"].is_sensitive());
}

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
    let env = &loaded.spec.services[0].main().env;
    let values: Vec<&str> = env.values().map(|literal| literal.expose()).collect();
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
    let api = &loaded.spec.services[0];
    let env: Vec<&str> = api
        .main()
        .env
        .values()
        .map(|literal| literal.expose())
        .collect();
    assert_eq!((api.replicas, env), (3, vec!["1", "2"]));
    assert_eq!(api.main().command, ["c"]);
    assert_eq!(api.rollout.policy.deadline.as_secs(), 600);
    assert!(!api.rollout.breaker.enabled);
}

#[test]
fn an_image_argument_replaces_the_files_and_its_variables() {
    let deploy = "project = \"shop\"\n[service.api]\nimage = \"api:${TAG:?}\"\ncpu = 0.25\nmemory = \"512MiB\"\n";
    let arguments = Arguments {
        images: vec![("api", "registry:5000/api:v2")],
        ..Arguments::default()
    };
    let loaded = load_with(deploy, ECS, &arguments).unwrap();
    assert_eq!(
        loaded.spec.services[0].main().image.as_str(),
        "registry:5000/api:v2"
    );
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
    let loaded = read(&deploy).unwrap_or_else(|problems| panic!("{problems}"));
    let api = &loaded.spec.services[0];
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
        .ecs
        .target_groups
        .iter()
        .map(|group| (group.container.as_str(), group.port))
        .collect();
    assert_eq!(groups, [("api", 8080), ("proxy", 9000)]);
    assert_eq!(api.ecs.ephemeral_storage, Some(30));
    let shares: Vec<(u32, u32)> = api
        .ecs
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
