//! `[defaults]`, `like`, `targets`, and what `false` takes away.

use super::super::EcsService;
use super::{Arguments, ECS, load_with, read, sound, told};

const TWO: &str = r#"
project = "shop"
[defaults]
memory = "1GiB"
rollout = { deadline = "20m", bake = "30s" }
tags = { team = "checkout" }
[defaults.ecs]
log_group = "/ecs/shop"
execution_role = "arn:aws:iam::123456789012:role/x"
[service.web]
image = "shop:${TAG:-v1}"
port = 8080
cpu = 0.5
health = { path = "/health", command = "true" }
env = { MODE = "web", DEBUG = "1" }
rollout = { deadline = "10m" }
ecs = { service = "shop-web", log_prefix = "web", exec = true, task_role = "arn:aws:iam::123456789012:role/t" }
[service.worker]
like = "web"
port = false
health = false
command = ["worker"]
cpu = 0.25
env = { MODE = "worker", DEBUG = false }
tags = { team = false, kind = "worker" }
ecs = { exec = false }
"#;

fn services(deploy: &str, target: &str, arguments: &Arguments) -> Vec<EcsService> {
    let loaded = sound(load_with(deploy, target, arguments));
    loaded.spec.ecs().unwrap().1.to_vec()
}

#[test]
fn a_service_has_from_others_what_it_does_not_say() {
    let all = services(TWO, ECS, &Arguments::default());
    let [web, worker] = all.as_slice() else {
        panic!("{} services", all.len())
    };
    assert_eq!(
        (web.own.memory, worker.own.memory),
        (Some(1024), Some(1024))
    );
    assert_eq!((web.own.cpu, worker.own.cpu), (Some(512), Some(256)));
    for service in [web, worker] {
        assert_eq!(service.rollout.policy.deadline.as_secs(), 600);
        assert_eq!(service.rollout.policy.bake.as_secs(), 30);
        let logs = service.own.logs.as_ref().unwrap();
        assert_eq!(
            (logs.group.as_str(), logs.prefix.as_str()),
            ("/ecs/shop", "web")
        );
    }
    assert_eq!(web.main().image, worker.main().image);
    assert_eq!(worker.main().command, ["worker"]);
    // Names of objects stay with the one that they are said of.
    assert_eq!(web.own.service.as_str(), "shop-web");
    assert_eq!(worker.own.service.as_str(), "worker");
}

#[test]
fn false_takes_away_what_others_say_and_stays_a_value_where_it_is_one() {
    let all = services(TWO, ECS, &Arguments::default());
    let [web, worker] = all.as_slice() else {
        panic!("{} services", all.len())
    };
    assert!(worker.main().ports.is_empty() && worker.main().health.is_none());
    assert_eq!(web.main().ports.len(), 1);
    let names: Vec<&str> = worker.main().env.keys().map(String::as_str).collect();
    assert_eq!(names, ["MODE"]);
    assert_eq!(worker.main().env["MODE"].expose(), "worker");
    let tags: Vec<&str> = worker.tags.keys().map(String::as_str).collect();
    assert_eq!(tags, ["kind"]);
    assert!(web.own.exec && !worker.own.exec);
    // A target takes away as well, whatever was said where.
    let target = format!("{ECS}[service.web]\nhealth = false\nport = false\n");
    let all = services(TWO, &target, &Arguments::default());
    assert!(all[0].main().ports.is_empty() && all[0].main().health.is_none());
    // Where nothing is below, `false` is a value of the wrong type.
    let alone = "project = \"shop\"\n[service.api]\nimage = \"api:v1\"\ncpu = 0.25\nmemory = \"512MiB\"\nport = false\n";
    assert!(told(&read(alone))[0].starts_with("wrong-type"));
}

#[test]
fn an_image_on_the_command_line_is_that_of_all_who_have_it_from_there() {
    let more = format!("{TWO}[service.cron]\nlike = \"worker\"\nimage = \"cron:v1\"\n");
    let arguments = Arguments {
        images: vec![("web", "shop:v9")],
        ..Arguments::default()
    };
    let all = services(&more, ECS, &arguments);
    let images: Vec<&str> = all.iter().map(|one| one.main().image.as_str()).collect();
    assert_eq!(images, ["shop:v9", "shop:v9", "cron:v1"]);
}

#[test]
fn a_service_runs_only_at_its_targets() {
    let only = TWO.replace("like = \"web\"", "like = \"web\"\ntargets = [\"sandbox\"]");
    let all = services(&only, ECS, &Arguments::default());
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["web"]);
    let arguments = Arguments {
        services: vec!["worker"],
        ..Arguments::default()
    };
    let refused = told(&load_with(&only, ECS, &arguments));
    assert!(
        refused[0].contains("does not run at target `ecs`"),
        "{refused:?}"
    );
    let struck = format!("{ECS}[service]\nweb = false\n");
    let all = services(TWO, &struck, &Arguments::default());
    assert_eq!(all.len(), 1);
    let none = format!("{ECS}[service]\nweb = false\nworker = false\n");
    let refused = told(&load_with(TWO, &none, &Arguments::default()));
    assert!(
        refused[0].contains("no service of the deploy file runs at"),
        "{refused:?}"
    );
    let typo = TWO.replace("like = \"web\"", "like = \"web\"\ntargets = [\"sanbox\"]");
    let refused = told(&read(&typo));
    assert!(refused[0].contains("no target `sanbox`"), "{refused:?}");
}

#[test]
fn what_cannot_be_had_from_others_is_told_where_it_is_written() {
    for (from, to, what) in [
        (
            "like = \"web\"",
            "like = \"wed\"",
            "unknown-service: no service `wed`",
        ),
        ("like = \"web\"", "like = \"worker\"", "circle: "),
        (
            "[defaults]\n",
            "[defaults]\nlike = \"web\"\n",
            "misplaced-key: `like`",
        ),
        (
            "[defaults]\n",
            "[defaults]\nmemry = \"1GiB\"\n",
            "unknown-key: unknown key `memry`",
        ),
        (
            "memory = \"1GiB\"\n",
            "",
            "missing-key: `memory` is missing",
        ),
    ] {
        let refused = told(&read(&TWO.replace(from, to)));
        assert!(
            refused.iter().any(|one| one.starts_with(what)),
            "{what}: {refused:?}"
        );
    }
    let target = format!("{ECS}[service.web]\nlike = \"worker\"\n");
    let refused = told(&load_with(TWO, &target, &Arguments::default()));
    assert!(refused[0].starts_with("misplaced-key"), "{refused:?}");
}
