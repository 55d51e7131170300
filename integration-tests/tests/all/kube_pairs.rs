//! Settings that only hold together, added and removed in any order: whatever changes in one file at once, the rollout
//! is healthy, the run after it writes nothing, and once all of it is gone nothing of it is left. Needs a control plane.

use std::collections::BTreeSet;

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::Bench;

trials! { "kube":
    every_pair_of_settings_comes_and_goes_in_one_change,
    whole_shapes_of_a_service_take_each_others_place,
}

/// Lines of the service, of its table for Kubernetes, or of a table after both.
enum Setting {
    Service(&'static str),
    Kube(&'static str),
    Table(&'static str),
}

use Setting::{Kube, Service, Table};

const SETTINGS: [Setting; 18] = [
    Service("ports = [8080, \"9090/tcp\", \"53/udp\"]"),
    Service("scaling = { min = 1, max = 3, cpu = 70 }"),
    Service("expose = { host = \"api.example.com\" }"),
    Service("env = { MODE = \"a\", LEVEL = \"1\" }"),
    Service(
        "secrets = { TOKEN = { secret = \"others\", key = \"token\" }, KEY = { secret = \"others\" } }",
    ),
    Service("tags = { team = \"checkout\" }"),
    Service("health = { path = \"/health\", grace = \"5s\" }"),
    Service(
        "user = \"1000:2000\"\nread_only_root = true\nworking_dir = \"/srv\"\nstop_timeout = \"60s\"",
    ),
    Service("command = [\"serve\", \"--quiet\"]"),
    Kube("service_account = \"api-sa\""),
    Kube("max_surge = 0\nmax_unavailable = 1"),
    Kube("disruption = false\nspread = false"),
    Kube("service_port = 8081"),
    Kube("readiness = { command = \"true\", period = \"1s\", timeout = \"1s\" }"),
    Kube(
        "liveness = { path = \"/live\", port = 8080 }\nstartup = { command = \"true\", period = \"1s\" }",
    ),
    Kube("pod_annotations = { \"prometheus.io/scrape\" = \"true\" }"),
    Kube(
        "requests = { cpu = \"50m\", memory = \"32Mi\" }\nlimits = { cpu = \"100m\", memory = \"64Mi\" }",
    ),
    Table(
        "[service.api.sidecar.proxy]\nimage = \"registry.test/web:v1\"\nessential = false\nenv = { UP = \"8080\" }",
    ),
];

/// `deploy.toml` with the settings whose bits are set.
fn file(chosen: usize) -> String {
    let chosen = |index: &usize| chosen & (1 << index) != 0;
    let on = || {
        (0..SETTINGS.len())
            .filter(chosen)
            .map(|index| &SETTINGS[index])
    };
    let lines =
        |pick: fn(&Setting) -> Option<&'static str>| on().filter_map(pick).collect::<Vec<_>>();
    let service = lines(|one| {
        if let Service(lines) = one {
            Some(lines)
        } else {
            None
        }
    });
    let kube = lines(|one| {
        if let Kube(lines) = one {
            Some(lines)
        } else {
            None
        }
    });
    let tables = lines(|one| {
        if let Table(lines) = one {
            Some(lines)
        } else {
            None
        }
    });
    let port = if chosen(&0) { "" } else { "port = 8080\n" };
    of(
        &format!("{port}{}", service.join("\n")),
        &kube.join("\n"),
        &tables.join("\n"),
    )
}

fn of(service: &str, kube: &str, tables: &str) -> String {
    format!(
        "project = \"shop\"\n[service.api]\nimage = \"registry.test/web:v1\"\ncpu = 0.1\nmemory = \"64MiB\"\n\
         rollout = {{ deadline = \"60s\" }}\n{service}\n[service.api.kubernetes]\nmin_ready = \"1s\"\n\
         drain = \"0s\"\n{kube}\n{tables}\n"
    )
}

/// Two settings that change in one step, each with whether it comes.
type Together = ((usize, bool), (usize, bool));

/// What changes together from one choice to the next.
fn together(from: usize, to: usize) -> BTreeSet<Together> {
    let changed = from ^ to;
    let changed: Vec<(usize, bool)> = (0..SETTINGS.len())
        .filter(|index| changed & (1 << index) != 0)
        .map(|index| (index, to & (1 << index) != 0))
        .collect();
    let pairs = changed
        .iter()
        .enumerate()
        .flat_map(|(at, one)| changed[at + 1..].iter().map(move |other| (*one, *other)));
    pairs.collect()
}

/// A way from nothing back to nothing on which every two settings change in one step, in each of the four directions.
fn way() -> Vec<usize> {
    let all = SETTINGS.len();
    let mut open: BTreeSet<Together> = BTreeSet::new();
    for one in 0..all {
        for other in one + 1..all {
            for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
                open.insert(((one, first), (other, second)));
            }
        }
    }
    let mut random: u64 = 1;
    let mut way = vec![0];
    let mut here = 0;
    while !open.is_empty() {
        let mut best = (0, 0);
        for _ in 0..400 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let next = usize::try_from(random >> 40).unwrap_or_default() % (1 << all);
            let new = together(here, next).intersection(&open).count();
            best = best.max((new, next));
        }
        for done in together(here, best.1) {
            open.remove(&done);
        }
        here = best.1;
        way.push(here);
    }
    way.push(0);
    way
}

/// Applies a file to its end, and once more.
fn converges(bench: &Bench, text: &str) -> Outcome {
    bench.project.write("deploy.toml", text)?;
    let done = bench.run("apply --yes")?;
    assert_eq!(done.exit, 0, "{text}\n{done}");
    bench.gate.forget();
    let again = bench.run("apply --yes")?;
    assert_eq!(again.exit, 0, "{text}\n{again}");
    assert_eq!(
        again.event("outcome", "api")?["verdict"],
        "unchanged",
        "{text}\n{again}"
    );
    assert_eq!(bench.writes(), Vec::<String>::new(), "{text}\n{again}");
    Ok(())
}

/// What stands there, without what counts how often it was changed.
fn stands(bench: &Bench) -> Outcome<Value> {
    let mut all = Vec::new();
    for resource in [
        "deployments",
        "services",
        "ingresses",
        "horizontalpodautoscalers",
        "poddisruptionbudgets",
    ] {
        for object in bench.namespace.list(resource)? {
            all.push(json!([
                resource,
                object["metadata"]["name"],
                object["spec"]
            ]));
        }
    }
    Ok(Value::Array(all))
}

fn bench(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    bench.needs_simulation("probes of programs that are not there")?;
    let secret = objects::secret("others", &json!({"token": "t", "KEY": "k"}));
    bench.namespace.create(&secret)?;
    Ok(bench)
}

fn every_pair_of_settings_comes_and_goes_in_one_change() -> Outcome {
    let bench = bench("pairs")?;
    let mut before = None;
    for chosen in way() {
        converges(&bench, &file(chosen))?;
        if chosen == 0 {
            let now = stands(&bench)?;
            assert_eq!(*before.get_or_insert_with(|| now.clone()), now);
        }
    }
    Ok(())
}

/// Shapes whose parts only hold together: without a port there is no Service, without that no Ingress, and who decides
/// the count is one of three.
fn whole_shapes_of_a_service_take_each_others_place() -> Outcome {
    let bench = bench("shapes")?;
    let shapes = [
        of(
            "replicas = 2\nhealth = { command = \"true\", interval = \"5s\" }",
            "",
            "",
        ),
        of(
            "port = 8080\nhealth = { path = \"/up\" }\nexpose = { host = \"api.example.com\" }\n\
             scaling = { min = 2, max = 4, cpu = 70 }",
            "service_port = 8081\nreadiness = { path = \"/ready\", port = 8080, period = \"1s\" }\n\
             service_account = \"api-sa\"",
            "",
        ),
        of(
            "port = 9090\nreplicas = \"external\"",
            "max_surge = 0\nmax_unavailable = \"50%\"",
            "",
        ),
        of(
            "ports = [9090, \"8080/tcp\"]\nscaling = { min = 1, max = 2, memory = 80 }",
            "readiness = { path = \"/ready\", port = 8080, period = \"1s\" }\nmax_surge = \"100%\"",
            "",
        ),
    ];
    // Each after each other one.
    for at in [0, 1, 0, 2, 1, 2, 0, 3, 1, 3, 2, 3, 0] {
        converges(&bench, &shapes[at])?;
    }
    Ok(())
}
