//! What others made in ways of their own, and what becomes of it once it is taken over.

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use super::{assert_converged, container};
use crate::kube::{Bench, USUAL, assert_says, deploy};
use crate::shop::assert_verdict;

trials! { "kube_scenes":
    a_deployment_that_recreates_is_adopted,
    probes_of_another_kind_make_room,
    a_selector_of_others_is_refused_before_any_write,
    an_ingress_with_its_class_in_an_annotation_is_adopted,
    a_service_port_with_a_name_is_adopted_at_the_same_number,
}

/// Makes what is there before us, by `kubectl create` and its like.
fn there(bench: &Bench, resource: &str, object: &Value) -> Outcome {
    let path = format!(
        "{}?fieldManager=kubectl-create",
        bench.namespace.path(resource)
    );
    bench.namespace.cluster().api().post(&path, object)?;
    Ok(())
}

/// Somebody's Deployment of the same name, changed by `change`.
fn deployed(stem: &str, change: impl FnOnce(&mut Value)) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    let mut object = objects::deployment("api", &bench.namespace.cluster().image("v1"), 2);
    change(&mut object);
    there(&bench, "deployments", &object)?;
    bench.namespace.rolled_out("api")?;
    Ok(bench)
}

fn a_deployment_that_recreates_is_adopted() -> Outcome {
    let bench = deployed("recreates", |object| {
        object["spec"]["strategy"] = json!({"type": "Recreate"});
    })?;
    let plan = bench.run("plan --adopt")?;
    assert_eq!(plan.exit, 0, "{plan}");
    assert_says(&plan, &["Recreate"]);
    let done = bench.run("apply --yes --adopt --set TAG=v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let strategy = bench.deployment()?["spec"]["strategy"].take();
    assert_eq!(strategy["type"], "RollingUpdate", "{strategy}");
    assert_converged(&bench, "v2")
}

/// The file of a service with this health check and no more said of probes.
fn checked(bench: &Bench, health: &str) -> Outcome {
    let text = deploy(USUAL, "");
    let lines = text.lines().filter_map(|line| match line {
        line if line.starts_with("health ") => Some(health),
        line if line.starts_with("readiness ") => None,
        line => Some(line),
    });
    let lines: Vec<_> = lines.collect();
    bench.project.write("deploy.toml", &lines.join("\n"))
}

fn probes_of_another_kind_make_room() -> Outcome {
    let bench = deployed("probes", |object| {
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        container["livenessProbe"] = json!({"httpGet": {"path": "/live", "port": 8080}});
        container["readinessProbe"] = json!({"tcpSocket": {"port": 8080}});
    })?;
    checked(&bench, "health = { command = \"true\", interval = \"5s\" }")?;
    let done = bench.run("apply --yes --adopt --set TAG=v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let kinds = |what: &str| -> Outcome<Vec<String>> {
        let probe = container(&bench)?[what].take();
        let mut kinds = Vec::new();
        for kind in ["exec", "httpGet", "tcpSocket"] {
            if !probe[kind].is_null() {
                kinds.push(kind.to_owned());
            }
        }
        Ok(kinds)
    };
    assert_eq!(
        (kinds("livenessProbe")?, kinds("readinessProbe")?),
        (vec!["exec".into()], vec!["exec".into()])
    );
    assert_converged(&bench, "v1")?;
    // From a command to a path, and to none at all.
    let path = "health = { path = \"/up\", interval = \"5s\" }";
    let steps = [(path, "httpGet"), ("", "tcpSocket")];
    for (health, kind) in steps {
        checked(&bench, health)?;
        assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
        assert_eq!(kinds("readinessProbe")?, [kind]);
        assert_converged(&bench, "v1")?;
    }
    Ok(())
}

fn a_selector_of_others_is_refused_before_any_write() -> Outcome {
    let bench = deployed("selector", |object| {
        let labels = json!({"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "prod"});
        object["spec"]["selector"]["matchLabels"] = labels.clone();
        object["spec"]["template"]["metadata"]["labels"] = labels;
    })?;
    for words in ["plan --adopt", "apply --yes --adopt"] {
        let done = bench.run(words)?;
        assert_eq!(done.exit, 4, "{done}");
        assert_says(
            &done,
            &["selector", "Kubernetes never changes one", "another `name`"],
        );
    }
    assert_eq!(bench.writes(), Vec::<String>::new());
    Ok(())
}

fn an_ingress_with_its_class_in_an_annotation_is_adopted() -> Outcome {
    let bench = Bench::new("old-class")?;
    let backend = json!({"service": {"name": "api", "port": {"name": "http"}}});
    let paths = json!([{"path": "/", "pathType": "ImplementationSpecific", "backend": backend}]);
    there(
        &bench,
        "ingresses",
        &json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "api-ingress", "annotations": {"kubernetes.io/ingress.class": "nginx"}},
            "spec": {"rules": [{"host": "api.example.com", "http": {"paths": paths}}]},
        }),
    )?;
    let classed = |class: &str| {
        let keys = format!("{USUAL}\nexpose = {{ host = \"api.example.com\" }}");
        bench.describe(&keys, &format!("ingress = {{ class = \"{class}\" }}"))
    };
    classed("nginx")?;
    let done = bench.run("apply --yes --adopt --set TAG=v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_converged(&bench, "v1")?;
    classed("alb")?;
    let changed = bench.apply("v1")?;
    assert_eq!(changed.exit, 0, "{changed}");
    let ingress = bench.namespace.get("ingresses", "api-ingress")?;
    assert_eq!(ingress["spec"]["ingressClassName"], "alb", "{ingress}");
    // One of the two says which controller serves it.
    let annotations = ingress["metadata"]["annotations"].to_string();
    assert!(
        !annotations.contains("kubernetes.io/ingress.class"),
        "{annotations}"
    );
    assert_converged(&bench, "v1")
}

fn a_service_port_with_a_name_is_adopted_at_the_same_number() -> Outcome {
    let bench = deployed("named-port", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["ports"] =
            json!([{"name": "http", "containerPort": 3000}]);
    })?;
    let mut service = objects::service("api");
    service["spec"]["ports"] = json!([{"name": "http", "port": 80, "targetPort": "http"}]);
    there(&bench, "services", &service)?;
    let done = bench.run("apply --yes --adopt --set TAG=v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let ports = bench.namespace.get("services", "api")?["spec"]["ports"].take();
    assert_eq!(ports.as_array().map(Vec::len), Some(1), "{ports}");
    assert_eq!(ports[0]["port"], 80, "{ports}");
    assert_converged(&bench, "v2")
}
