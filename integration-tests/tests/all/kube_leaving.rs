//! What goes away, and what it is waited for: finalizers of others, and a namespace that is being deleted. Needs a control
//! plane.

use std::time::Duration;

use integration_tests::cluster::Gate;
use integration_tests::program::{Running, Signal};
use integration_tests::project::PATIENCE;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says, until};
use crate::shop::assert_verdict;

trials! { "kube":
    what_leaves_the_file_is_waited_for_where_others_hold_it,
    a_timeout_ends_the_wait_for_what_others_hold_with_words,
    an_interrupt_ends_the_wait_for_what_others_hold_with_words,
    a_timeout_ends_the_wait_of_destroy_with_words,
    nothing_is_done_in_a_namespace_that_is_being_deleted,
}

const EXPOSED: &str =
    "replicas = 2\nexpose = { host = \"api.example.com\" }\nrollout = { deadline = \"60s\" }";

const HOLDER: &str = "example.com/load-balancer";

fn hold(bench: &Bench, resource: &str, name: &str, by: &Value) -> Outcome {
    let finalizers = json!({"metadata": {"finalizers": by}});
    bench.namespace.change(resource, name, &finalizers)?;
    Ok(())
}

/// A service whose Ingress the controller of a load balancer holds, and whose file has none any more.
fn held(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    bench.describe(EXPOSED, "")?;
    let bench = bench.served("v1")?;
    hold(&bench, "ingresses", "api-ingress", &json!([HOLDER]))?;
    bench.describe(USUAL, "")?;
    Ok(bench)
}

fn is_told(running: &mut Running) -> Outcome {
    let says = |line: &str| {
        line.contains("waiting for Ingress api-ingress")
            .then_some(())
    };
    running.line(PATIENCE, says)
}

/// Its end is on record, and others may deploy, while it is waited for.
fn is_closed(bench: &Bench) -> Outcome {
    until("the revision is on record as healthy", || {
        let record = bench.namespace.get("secrets", "deployer.api.v2")?;
        Ok(record["metadata"]["annotations"]["deployer/state"] == "healthy")
    })?;
    until("the lock is given back", || {
        let lease = bench.namespace.get("leases", "deployer.api")?;
        Ok(lease["spec"]["holderIdentity"].as_str().unwrap_or_default() == "")
    })
}

fn what_leaves_the_file_is_waited_for_where_others_hold_it() -> Outcome {
    let bench = held("prunes")?;
    let mut running = bench.start("v2")?;
    is_told(&mut running)?;
    is_closed(&bench)?;
    hold(&bench, "ingresses", "api-ingress", &Value::Null)?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_says(&done, &[HOLDER, "such as a load balancer"]);
    assert_eq!(bench.namespace.find("ingresses", "api-ingress")?, None);
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)
}

fn a_timeout_ends_the_wait_for_what_others_hold_with_words() -> Outcome {
    let bench = held("prunelate")?;
    let done = bench.run("apply --yes --set TAG=v2 --timeout 20s")?;
    assert_verdict(&done, "undetermined", None, 13)?;
    let words = [
        "the service serves",
        "still goes away: Ingress api-ingress",
        HOLDER,
    ];
    assert_says(&done, &words);
    is_closed(&bench)?;
    hold(&bench, "ingresses", "api-ingress", &Value::Null)
}

fn an_interrupt_ends_the_wait_for_what_others_hold_with_words() -> Outcome {
    let bench = held("pruneint")?;
    let mut running = bench.start("v2")?;
    is_told(&mut running)?;
    running.signal(Signal::INT)?;
    let done = running.wait(Duration::from_secs(10))?;
    assert_verdict(&done, "interrupted", None, 130)?;
    let words = [
        "the service serves",
        "goes on going away: Ingress api-ingress",
    ];
    assert_says(&done, &words);
    is_closed(&bench)?;
    hold(&bench, "ingresses", "api-ingress", &Value::Null)
}

fn a_timeout_ends_the_wait_of_destroy_with_words() -> Outcome {
    let bench = Bench::serving("destroylate", "v1")?;
    hold(&bench, "services", "api", &json!([HOLDER]))?;
    let done = bench.run("destroy --yes --timeout 12s")?;
    assert_verdict(&done, "undetermined", None, 13)?;
    assert_says(&done, &["it still goes away: Service api", HOLDER]);
    hold(&bench, "services", "api", &Value::Null)
}

fn nothing_is_done_in_a_namespace_that_is_being_deleted() -> Outcome {
    let bench = Bench::serving("terminates", "v1")?;
    let stuck = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "stuck", "finalizers": ["example.com/wait"]}});
    bench.namespace.create(&stuck)?;
    // Its own user goes with it: from here on the administrator deploys.
    let cluster = bench.namespace.cluster();
    let gate = Gate::for_all(cluster)?;
    let way = bench.project.path().join("admin");
    gate.write_kubeconfig(&way, &bench.namespace.name)?;
    bench
        .project
        .kubernetes_target("kube", &way, &bench.namespace.name)?;
    let space = format!("/api/v1/namespaces/{}", bench.namespace.name);
    hold(&bench, "deployments", "api", &json!([HOLDER]))?;
    cluster.api().delete(&space)?;
    let status = bench.run("status")?;
    assert_eq!(status.exit, 0, "{status}");
    let leaves = format!("Namespace {} is being deleted", bench.namespace.name);
    assert_says(&status, &[&leaves]);
    hold(&bench, "deployments", "api", &Value::Null)?;
    for words in [
        "plan --set TAG=v2",
        "apply --yes --set TAG=v2",
        "apply --yes",
    ] {
        let done = bench.run(words)?;
        assert_eq!(done.exit, 4, "{done}");
        let anew = format!("kubectl create namespace {}", bench.namespace.name);
        assert_says(
            &done,
            &["it is being deleted, and with it everything", &anew],
        );
    }
    let writes = gate.passed();
    let writes: Vec<_> = writes.iter().filter(|one| one.is_write()).collect();
    assert!(writes.is_empty(), "{writes:?}");
    let gone = bench.run("destroy --yes")?;
    assert_eq!(gone.exit, 0, "{gone}");
    assert_says(&gone, &["is being deleted, and with it", "it is gone"]);
    let loose = json!({"metadata": {"finalizers": null}});
    bench.namespace.change("configmaps", "stuck", &loose)?;
    Ok(())
}
