//! The shipped files resolve to what they promise.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{
    Approve, Check, Disk, Loaded, Problems, Reach, Request, Threshold, Workload, load, manual,
    schemas, targets,
};
use super::{ecs, sound};
use crate::rollout::Policy;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shipped(target: &str) -> Result<Loaded, Problems> {
    let file = root().join("deploy.example.toml");
    load(&Disk, &Request::new(&file, &target.parse().unwrap()))
}

#[test]
fn the_example_resolves_for_ecs() {
    let loaded = sound(shipped("ecs"));
    let spec = &loaded.spec;
    assert_eq!((spec.project.as_str(), spec.services().len()), ("shop", 1));
    let api = ecs(&loaded);
    let main = api.main();
    assert_eq!(
        main.image.as_str(),
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/api:latest"
    );
    assert_eq!(
        (api.own.cpu, api.own.memory, api.replicas),
        (Some(512), Some(1024), 2)
    );
    assert_eq!(main.ports[0].number, 8080);
    assert_eq!(main.env["ENVIRONMENT"].expose(), "production");
    assert_eq!(
        main.secrets["DATABASE_URL"].value_from(),
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-url"
    );
    let health = main.health.as_ref().unwrap();
    assert_eq!(
        health.command,
        "curl -f http://localhost:8080/health || exit 1"
    );
    let times = [health.interval, health.timeout, health.grace].map(|time| time.as_secs());
    assert_eq!((times, health.retries), ([30, 5, 60], 3));
    let scaling = api.scaling.as_ref().unwrap();
    assert_eq!((scaling.min, scaling.max, scaling.cpu), (2, 20, Some(70.0)));
    assert_eq!(scaling.scale_in_cooldown, Duration::from_mins(5));
    assert_eq!(scaling.scale_out_cooldown, Duration::from_mins(1));
    assert_eq!(api.rollout.policy, Policy::ecs());
    assert!(api.rollout.breaker.enabled && api.rollout.breaker.rollback);
    assert_eq!(api.rollout.breaker.threshold, Threshold::BoundedPercent(50));
    let ecs = &api.own;
    assert_eq!(
        (ecs.service.as_str(), ecs.family.as_str()),
        ("api-service", "api-service")
    );
    let logs = ecs.logs.as_ref().unwrap();
    assert_eq!(
        (logs.group.as_str(), logs.prefix.as_str()),
        ("/ecs/api-service", "ecs")
    );
    assert_eq!(
        (ecs.target_groups.len(), ecs.target_groups[0].port),
        (1, 8080)
    );
    assert_eq!(
        (ecs.minimum_healthy_percent, ecs.maximum_percent),
        (100, 200)
    );
    assert!(ecs.capacity.is_empty());
}

#[test]
fn the_example_resolves_for_eks() {
    let loaded = sound(shipped("eks"));
    let spec = &loaded.spec;
    let (place, services) = spec.kubernetes().unwrap();
    let Reach::Eks { cluster, endpoint } = &place.reach else {
        panic!("{:?}", place.reach);
    };
    assert_eq!((cluster.as_str(), endpoint), ("main", &None));
    assert_eq!(place.namespace.as_str(), "production");
    assert_eq!(place.secret_store.as_ref().unwrap().name.as_str(), "aws");
    assert!(!place.create_namespace && spec.target.approve == Approve::Ask);
    let api = &services[0].own;
    let names = [api.name.as_str(), api.secret.as_str()];
    assert_eq!(names, ["api", "api-secrets"]);
    assert_eq!(
        (
            api.main.requests.cpu,
            api.main.requests.memory,
            api.service_port()
        ),
        (Some(250), Some(256 << 20), 80)
    );
    assert_eq!(
        (api.main.limits.cpu, api.main.limits.memory),
        (Some(500), Some(512 << 20))
    );
    let [ready, live] =
        [&api.main.readiness, &api.main.liveness].map(|probe| probe.as_ref().unwrap());
    assert_eq!((ready.delay.as_secs(), ready.period.as_secs()), (0, 5));
    assert_eq!((live.delay.as_secs(), live.period.as_secs()), (30, 10));
    assert!(
        matches!(&live.check, Check::Http(http) if http.path == "/health" && http.port == 8080)
    );
    let ingress = api.ingress.as_ref().unwrap();
    assert!(ingress.is_alb() && ingress.name.as_str() == "api-ingress");
}

#[test]
fn the_example_on_kind_needs_no_aws() {
    let loaded = sound(shipped("kind"));
    let (place, services) = loaded.spec.kubernetes().unwrap();
    let current = Reach::Kubeconfig {
        path: None,
        context: None,
        cluster: None,
    };
    assert_eq!(place.reach, current);
    assert!(place.create_namespace && place.secret_store.is_none());
    let api = &services[0].own;
    assert_eq!(api.ingress.as_ref().unwrap().class, None);
}

#[test]
fn every_shipped_target_takes_the_example() {
    for target in targets(&Disk, &root().join("deploy.example.toml")) {
        let loaded = sound(shipped(target.as_str()));
        assert_eq!(loaded.spec.target.name, target);
    }
}

#[test]
fn the_sandbox_needs_no_file_and_never_asks() {
    let file = root().join("src/deploy.toml");
    let texts = super::Texts(BTreeMap::from([("deploy.toml", super::SMALL.to_owned())]));
    assert_eq!(
        targets(&texts, Path::new("deploy.toml"))[0].as_str(),
        "sandbox"
    );
    assert!(
        targets(&Disk, &file)
            .iter()
            .any(|target| target.as_str() == "sandbox")
    );
    let loaded = load(
        &texts,
        &Request::new(Path::new("deploy.toml"), &"sandbox".parse().unwrap()),
    )
    .unwrap();
    let Workload::Ecs { place, sandbox, .. } = loaded.spec.workload else {
        panic!("{:?}", loaded.spec);
    };
    assert!(sandbox);
    assert_eq!(place.account.as_ref().unwrap().as_str(), "123456789012");
    assert_eq!(
        (place.region.as_str(), place.cluster.as_str()),
        ("us-east-1", "main")
    );
    assert_eq!(loaded.spec.target.approve, Approve::Yes);
}

/// The example with the key of one of its commented rows in place of what stands in its table under that key, and
/// that row: what people do who take a row in.
fn with_rows() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("deploy.example.toml")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let first = |line: &str| {
        let key = line.split_once('=')?.0.trim();
        let key = key.split('.').next()?;
        key.chars()
            .all(|c| c.is_ascii_lowercase() || c == '_')
            .then(|| key.to_owned())
    };
    let head = |at: usize| {
        let is_head = |line: &&str| line.trim_start_matches("# ").starts_with('[');
        lines[..at].iter().rposition(is_head).unwrap_or(0)
    };
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let row = line.strip_prefix("# ");
        let Some((row, key)) = row.and_then(|row| Some((row, first(row)?))) else {
            continue;
        };
        let start = head(at);
        // A table that is commented out comes with all of its rows.
        let whole = lines[start].starts_with("# ");
        let taken = lines.iter().enumerate().map(|(place, line)| {
            let within = place >= start && head(place) == start || place == start;
            let bare = line.strip_prefix("# ").unwrap_or(line);
            if place == at || whole && within && (place == start || first(bare).is_some()) {
                bare
            } else if place > start && place < at && first(line).as_ref() == Some(&key) {
                ""
            } else {
                line
            }
        });
        found.push((taken.collect::<Vec<_>>().join("\n"), row.to_owned()));
    }
    found
}

/// Rows that lean on others, or on services and targets that are not there.
const LEANING: [&str; 5] = [
    "like ",
    "targets ",
    "depends_on ",
    "mounts ",
    "replicas = \"external",
];

#[test]
fn every_row_of_the_example_can_be_taken_in() {
    let (mut taken, mut refused) = (0, Vec::new());
    let target = |target: &str| {
        let path = root().join(format!("config/{target}.toml"));
        std::fs::read_to_string(path).unwrap()
    };
    let targets = [target("ecs"), target("eks")];
    for (deploy, row) in with_rows() {
        let codes: Vec<Vec<String>> = targets
            .iter()
            .map(
                |target| match super::load_with(&deploy, target, &super::Arguments::default()) {
                    Ok(_) => Vec::new(),
                    Err(problems) => vec![problems.render(false)],
                },
            )
            .collect();
        let leans = LEANING.iter().any(|key| row.starts_with(key));
        if !leans && !codes.iter().any(Vec::is_empty) {
            refused.push(format!("{row}\n{}", codes.concat().join("\n")));
        }
        taken += 1;
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(taken > 50, "{taken}");
}

/// Services of other kinds, each of which fits on one screen and is taken at every target that it is for.
#[test]
fn the_examples_of_other_services_are_short_and_sound() {
    const FILES: [(&str, &[&str]); 6] = [
        ("web-and-proxy", &["sandbox", "eks"]),
        ("worker", &["sandbox", "eks"]),
        ("two-processes", &["sandbox", "eks"]),
        ("stages", &["dev", "stage", "prod", "sandbox", "eks"]),
        ("hardened", &["sandbox", "eks"]),
        ("on-instances", &["sandbox"]),
    ];
    let examples = root().join("docs/examples");
    let there = std::fs::read_dir(&examples).unwrap();
    let there = there.filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension().is_some_and(|end| end == "toml")
    });
    assert_eq!(there.count(), FILES.len());
    let tag = BTreeMap::from([("TAG".to_owned(), "v1".to_owned())]);
    for (name, targets) in FILES {
        let file = examples.join(format!("{name}.toml"));
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 35, "{name} has {lines} lines");
        for target in targets {
            let target = target.parse().unwrap();
            let request = Request {
                set: &tag,
                ..Request::new(&file, &target)
            };
            let loaded = sound(load(&Disk, &request));
            assert!(!loaded.spec.services().is_empty(), "{name} at {target}");
        }
    }
}

/// The manual is told from the words themselves, so that it names every key as it is read.
#[test]
fn the_checked_in_manual_is_that_of_the_program() {
    let path = root().join("docs/format.md");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let fresh = manual();
    assert!(
        text == fresh,
        "{} is out of date: `deployer schema format` prints what it should be",
        path.display()
    );
    let mut missing = Vec::new();
    for schema in [schemas().deploy, schemas().target] {
        keys(&schema, &mut |key| {
            if !fresh.contains(&format!("| `{key}` |")) {
                missing.push(key.to_owned());
            }
        });
    }
    assert_eq!(missing, Vec::<String>::new());
}

fn keys(schema: &serde_json::Value, each: &mut dyn FnMut(&str)) {
    match schema {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::Object(properties)) = map.get("properties") {
                properties.keys().for_each(|key| each(key));
            }
            map.values().for_each(|value| keys(value, each));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, each)),
        _ => {}
    }
}

#[test]
fn the_checked_in_schemas_are_those_of_the_program() {
    for (name, schema) in [("deploy", schemas().deploy), ("target", schemas().target)] {
        let path = root().join(format!("config/schema/{name}.schema.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let fresh = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        assert!(
            text == fresh,
            "{} is out of date: `deployer schema {name}` prints what it should be",
            path.display()
        );
    }
}

/// Every key that the schemas offer is one that the reader takes, at its place.
#[test]
fn the_schemas_offer_no_key_that_the_reader_refuses() {
    let mut paths = Vec::new();
    let whole = schemas().deploy;
    offered(&whole, &whole, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 120, "only {} keys", paths.len());
    for path in paths {
        // A date is never right, so that nothing but the key itself can please the reader.
        let deploy = nested(&path, "1979-05-27");
        let problems = super::read(&deploy).expect_err("a date is no value of ours");
        let unknown = problems.list().iter().find(|p| p.code == "unknown-key");
        assert_eq!(unknown, None, "{deploy}\n{problems}");
        let misspelt = deploy.replacen(" = 1979", "zzz = 1979", 1);
        let problems = super::read(&misspelt).expect_err("nor is an unknown key");
        let count = problems
            .list()
            .iter()
            .filter(|p| p.code == "unknown-key")
            .count();
        assert_eq!(count, 1, "{misspelt}\n{problems}");
    }
}

fn offered(
    whole: &serde_json::Value,
    schema: &serde_json::Value,
    at: &mut Vec<String>,
    paths: &mut Vec<Vec<String>>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        let told = whole.pointer(reference.trim_start_matches('#'));
        offered(whole, told.expect(reference), at, paths);
    }
    let alternatives = ["anyOf", "allOf"].map(|word| schema[word].as_array());
    for alternative in alternatives.into_iter().flatten().flatten() {
        offered(whole, alternative, at, paths);
    }
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        at.push(key.clone());
        paths.push(at.clone());
        offered(whole, schema, at, paths);
        at.pop();
    }
    for (step, inner) in [("name", "additionalProperties"), ("[]", "items")] {
        if schema[inner].is_object() {
            at.push(step.to_owned());
            offered(whole, &schema[inner], at, paths);
            at.pop();
        }
    }
}

/// `a = { b = [{ c = VALUE }] }` for the path a, b, [], c.
fn nested(path: &[String], value: &str) -> String {
    let Some((first, rest)) = path.split_first() else {
        return value.to_owned();
    };
    let inner = nested(rest, value);
    let inner = match rest.first().map(String::as_str) {
        None | Some("[]") => inner,
        Some(_) => format!("{{ {inner} }}"),
    };
    match first.as_str() {
        "[]" => format!("[{inner}]"),
        key => format!("{key} = {inner}"),
    }
}
