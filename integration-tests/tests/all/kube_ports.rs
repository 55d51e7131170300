//! Ports that move: at every moment each pod is reached on the port that it listens on. Needs a control plane.

use std::collections::BTreeMap;
use std::fmt::Display;

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says, deploy};
use crate::shop::assert_verdict;

trials! { "kube":
    a_port_moves_and_every_pod_is_reached_on_its_own,
    a_port_without_a_name_is_named_before_it_moves,
    a_service_with_another_named_port_is_adopted,
}

/// The file of a service that listens on this port, from now on.
fn listens_on(bench: &Bench, port: impl Display, kube: &str) -> Outcome {
    let text = deploy(USUAL, kube).replace("= 8080", &format!("= {port}"));
    bench.project.write("deploy.toml", &text)
}

/// The slices of endpoints from a moment on.
struct Since {
    version: String,
    /// How many were ready in each then.
    ready: BTreeMap<String, usize>,
}

impl Since {
    fn now(bench: &Bench) -> Outcome<Self> {
        let version = bench.namespace.version("endpointslices")?;
        let slices = bench.namespace.list("endpointslices")?;
        let ready = slices
            .iter()
            .map(|slice| (named(slice), ready(slice).len()))
            .collect();
        Ok(Self { version, ready })
    }

    /// Somebody was served at all times, and everybody on a port of its own.
    fn assert_served(mut self, bench: &Bench) -> Outcome {
        let sets = bench.namespace.list("replicasets")?;
        let listens: BTreeMap<&str, &Value> = sets
            .iter()
            .filter_map(|set| {
                let container = &set["spec"]["template"]["spec"]["containers"][0];
                Some((
                    set["metadata"]["name"].as_str()?,
                    &container["ports"][0]["containerPort"],
                ))
            })
            .collect();
        let changes = bench.namespace.changes("endpointslices", &self.version)?;
        assert!(!changes.is_empty(), "nothing became of the slices");
        for slice in &changes {
            for endpoint in ready(slice) {
                let pod = endpoint["targetRef"]["name"].as_str().unwrap_or_default();
                let set = pod.rsplit_once('-').map_or("", |(set, _)| set);
                assert_eq!(
                    Some(&&slice["ports"][0]["port"]),
                    listens.get(set),
                    "{pod}: {slice:#}"
                );
            }
            self.ready.insert(named(slice), ready(slice).len());
            assert!(
                self.ready.values().sum::<usize>() > 0,
                "nobody is served: {slice:#}"
            );
        }
        Ok(())
    }
}

fn named(slice: &Value) -> String {
    slice["metadata"]["name"].to_string()
}

fn ready(slice: &Value) -> Vec<&Value> {
    let endpoints = slice["endpoints"].as_array().into_iter().flatten();
    endpoints
        .filter(|one| one["conditions"]["ready"] == true)
        .collect()
}

fn target(bench: &Bench) -> Outcome<Value> {
    let mut service = bench.namespace.get("services", "api")?;
    Ok(service["spec"]["ports"][0]["targetPort"].take())
}

fn a_port_moves_and_every_pod_is_reached_on_its_own() -> Outcome {
    let bench = Bench::serving("portmoves", "v1")?;
    let before = Since::now(&bench)?;
    listens_on(&bench, 9090, "")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)?;
    let back = bench.run("rollback --yes --to 1 --set TAG=v2")?;
    assert_verdict(&back, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{back}");
    // One that fails goes back under the same roof.
    let tripped = bench.apply("v2-crash")?;
    assert_verdict(&tripped, "tripped", Some(true), 10)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{tripped}");
    before.assert_served(&bench)
}

/// What an older version left: a Service that sends to a number, and pods that do not name their port.
fn unnamed(bench: &Bench) -> Outcome {
    for (resource, kind, version) in [
        ("services", "Service", "v1"),
        ("deployments", "Deployment", "apps/v1"),
    ] {
        let mut live = bench.namespace.get(resource, "api")?;
        let mut object = json!({
            "apiVersion": version, "kind": kind,
            "metadata": {"name": "api", "labels": live["metadata"]["labels"].take()},
            "spec": live["spec"].take(),
        });
        if kind == "Service" {
            object["spec"]["ports"][0]["targetPort"] = json!(8080);
        } else {
            let port = &mut object["spec"]["template"]["spec"]["containers"][0]["ports"][0];
            *port = json!({"containerPort": 8080, "protocol": "TCP"});
        }
        bench.namespace.apply(&object, "deployer")?;
    }
    bench.namespace.rolled_out("api")?;
    Ok(())
}

fn a_port_without_a_name_is_named_before_it_moves() -> Outcome {
    let bench = Bench::serving("portnames", "v1")?;
    unnamed(&bench)?;
    bench.gate.forget();
    listens_on(&bench, 9090, "")?;
    let refused = bench.apply("v2")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["{ port = 8080, name", "change the number then"]);
    assert_eq!(bench.changes(), Vec::<String>::new(), "{refused}");
    // What is there makes no new pods for the sake of a name.
    listens_on(&bench, 8080, "")?;
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
    let before = Since::now(&bench)?;
    listens_on(&bench, "{ port = 8080, name = \"http\" }", "")?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    // It is right for all pods: a load balancer's targets stay as they are.
    assert_eq!(target(&bench)?, 8080);
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)?;
    listens_on(&bench, "{ port = 9090, name = \"http\" }", "")?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_eq!(target(&bench)?, "http");
    before.assert_served(&bench)
}

fn a_service_with_another_named_port_is_adopted() -> Outcome {
    let bench = Bench::new("adoptport")?;
    let mut deployment = objects::deployment("api", &bench.namespace.cluster().image("v1"), 2);
    deployment["spec"]["template"]["spec"]["containers"][0]["ports"][0]["name"] = json!("http");
    let mut service = objects::service("api");
    service["spec"]["ports"][0] = json!({"name": "http", "port": 80, "targetPort": "http"});
    for (resource, object) in [("deployments", deployment), ("services", service)] {
        let path = format!(
            "{}?fieldManager=kubectl-client-side-apply",
            bench.namespace.path(resource)
        );
        bench.namespace.cluster().api().post(&path, &object)?;
    }
    bench.namespace.rolled_out("api")?;
    listens_on(&bench, 9090, "service_port = 8081")?;
    let plan = bench.run("plan --adopt")?;
    assert_eq!(plan.exit, 0, "{plan}");
    let done = bench.run("apply --yes --adopt --set TAG=v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let service = bench.namespace.get("services", "api")?;
    let ports = &service["spec"]["ports"];
    assert_eq!(ports.as_array().map(Vec::len), Some(1), "{ports}");
    // As the pods called it that were there.
    assert_eq!(
        (&ports[0]["port"], &ports[0]["targetPort"]),
        (&json!(8081), &json!("http")),
        "{ports}"
    );
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)
}
