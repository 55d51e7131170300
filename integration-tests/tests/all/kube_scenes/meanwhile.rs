//! What others do while a rollout is under way, or beside it: it is followed to its true end, and nothing of theirs is
//! taken for ours.

use std::time::Duration;

use integration_tests::cluster::{Cluster, Options, objects};
use integration_tests::program::Signal;
use integration_tests::project::PATIENCE;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use super::{QUICK, assert_converged, counted};
use crate::kube::{Bench, all_here, assert_says, until};
use crate::shop::assert_verdict;

trials! { "kube_scenes":
    pods_of_others_with_the_same_label_are_not_ours,
    notes_that_others_attach_meanwhile_change_nothing,
    a_variable_that_others_set_meanwhile_supersedes,
    a_deployment_that_somebody_paused_is_waited_for,
    pods_that_are_deleted_again_and_again_come_up_in_the_end,
    pods_that_are_evicted_meanwhile_come_up_in_the_end,
    a_node_that_is_lost_is_told_and_comes_back,
}

/// The other Deployment's pods crash, and are seen nowhere.
fn pods_of_others_with_the_same_label_are_not_ours() -> Outcome {
    let bench = Bench::new("same-label")?;
    let mut other = objects::deployment("api-cron", "registry.test/cron:crash", 2);
    let label = json!({"app": "api"});
    other["spec"]["selector"]["matchLabels"] = label.clone();
    other["spec"]["template"]["metadata"]["labels"] = label;
    bench.namespace.create(&other)?;
    until("their pods crash", || {
        let pods = bench.namespace.pods("app=api")?;
        Ok(pods
            .iter()
            .any(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(0)))
    })?;
    for tag in ["v1", "v2"] {
        let done = bench.apply(tag)?;
        assert_verdict(&done, "healthy", None, 0)?;
        assert_eq!(counted(&done)?, 0, "{done}");
        assert!(!done.says("api-cron"), "{done}");
        assert_converged(&bench, tag)?;
    }
    let status = bench.run("status")?;
    let seen = status.event("status", "api")?;
    assert_eq!(
        (&seen["running"], &seen["desired"]),
        (&json!(2), &json!(2)),
        "{status}"
    );
    for words in ["status", "logs", "history"] {
        let told = bench.tell(words)?;
        assert_eq!(told.exit, 0, "{told}");
        assert!(!told.says("api-cron"), "{told}");
    }
    // And they outlive us.
    assert_eq!(bench.run("destroy --yes")?.exit, 0);
    assert_eq!(bench.namespace.names("deployments")?, ["api-cron"]);
    Ok(())
}

fn notes_that_others_attach_meanwhile_change_nothing() -> Outcome {
    let bench = Bench::serving("notes", "v1")?;
    let running = bench.rolling("v2-slow")?;
    let notes = json!({"metadata": {"annotations": {"note": "x"}, "labels": {"extra": "1"}}});
    bench.namespace.change("deployments", "api", &notes)?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_converged(&bench, "v2-slow")?;
    let metadata = bench.deployment()?["metadata"].take();
    assert_eq!(
        (
            &metadata["annotations"]["note"],
            &metadata["labels"]["extra"]
        ),
        (&json!("x"), &json!("1"))
    );
    Ok(())
}

fn a_variable_that_others_set_meanwhile_supersedes() -> Outcome {
    let bench = Bench::serving("their-env", "v1")?;
    let running = bench.rolling("v2-slow")?;
    let container = json!({"name": "api", "env": [{"name": "DEBUG", "value": "1"}]});
    let patch = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
    let path = format!(
        "{}/api?fieldManager=kubectl-set",
        bench.namespace.path("deployments")
    );
    bench.namespace.cluster().api().strategic(&path, &patch)?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "superseded", None, 12)?;
    assert_says(&done, &["kubectl-set"]);
    // Nobody goes back over what somebody else did.
    assert_eq!(bench.tag()?, "v2-slow", "{done}");
    assert_eq!(bench.rolls(), 1, "{:?}", bench.writes());
    bench.namespace.rolled_out("api")?;
    // The same file asks for nothing that is not there: a variable of theirs is not ours to remove.
    assert_verdict(&bench.apply("v2-slow")?, "unchanged", None, 0)
}

fn a_deployment_that_somebody_paused_is_waited_for() -> Outcome {
    let bench = Bench::serving("paused-before", "v1")?;
    let pause = |paused: bool| {
        let patch = json!({"spec": {"paused": paused}});
        bench.namespace.change("deployments", "api", &patch)
    };
    pause(true)?;
    let plan = bench.tell("plan --set TAG=v2")?;
    assert_says(&plan, &["paused"]);
    let mut running = bench.rolling("v2")?;
    running.line(Duration::from_mins(1), |line| {
        line.contains("paused").then_some(())
    })?;
    pause(false)?;
    assert_verdict(&running.wait(PATIENCE)?, "healthy", None, 0)?;
    assert_converged(&bench, "v2")
}

/// The pods of a tag that are there and stay.
fn pods(bench: &Bench, tag: &str) -> Outcome<Vec<String>> {
    let mut pods = bench.namespace.pods("app=api")?;
    pods.retain(|pod| {
        let image = pod["spec"]["containers"][0]["image"].as_str();
        let runs = !pod["status"]["containerStatuses"][0]["state"]["running"].is_null();
        runs && pod["metadata"]["deletionTimestamp"].is_null()
            && image.is_some_and(|image| image.ends_with(tag))
    });
    let names = pods
        .iter()
        .filter_map(|pod| pod["metadata"]["name"].as_str());
    Ok(names.map(str::to_owned).collect())
}

/// Takes the new pods away three times over by `take`, before they are ready.
fn taken_away(stem: &str, take: impl Fn(&Bench, &str) -> Outcome) -> Outcome {
    let bench = Bench::serving(stem, "v1")?;
    let keys = format!("{QUICK}\nenv = {{ SIM_READY_AFTER = \"2s\" }}");
    bench.describe(&keys, "disruption = 2")?;
    let running = bench.rolling("v2")?;
    let mut gone: Vec<String> = Vec::new();
    for _ in 0..3 {
        until("new pods run", || {
            let fresh = pods(&bench, "v2")?;
            Ok(fresh.iter().any(|name| !gone.contains(name)))
        })?;
        for name in pods(&bench, "v2")? {
            take(&bench, &name)?;
            gone.push(name);
        }
    }
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(counted(&done)?, 0, "{done}");
    assert_eq!(bench.serve()?, ["v2", "v2"], "{done}");
    assert_converged(&bench, "v2")
}

fn pods_that_are_deleted_again_and_again_come_up_in_the_end() -> Outcome {
    taken_away("deleted", |bench, name| {
        bench.namespace.delete("pods", name)
    })
}

/// What `kubectl drain` asks for.
fn pods_that_are_evicted_meanwhile_come_up_in_the_end() -> Outcome {
    taken_away("drained", |bench, name| {
        let path = format!("{}/{name}/eviction", bench.namespace.path("pods"));
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": bench.namespace.name}});
        // `kubectl drain` asks again, too, while the budget is still being worked out.
        until("it may be evicted", || {
            match bench.namespace.cluster().api().post(&path, &body) {
                Ok(_) => Ok(true),
                Err(error) if error.to_string().contains("disruption budget") => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
    })
}

/// Nobody renews the leases of the nodes any more: the pods are there, and not ready.
fn a_node_that_is_lost_is_told_and_comes_back() -> Outcome {
    let cluster = Cluster::start(&Options {
        nodes: 2,
        controllers_flags: vec!["--node-monitor-grace-period=16s".into()],
        ..Options::default()
    })?;
    let bench = Bench::on(&cluster, "lost", &all_here())?;
    bench.describe(&QUICK.replace("60s", "20s"), "")?;
    let bench = bench.served("v1")?;
    cluster.signal("kwok", Signal::STOP)?;
    until("the nodes are lost", || Ok(bench.serve()?.is_empty()))?;
    let status = bench.run("status")?;
    let seen: Value = status.event("status", "api")?;
    assert_eq!(
        (&seen["running"], &seen["desired"]),
        (&json!(0), &json!(2)),
        "{status}"
    );
    // Our revision serves no longer, and a new one finds no node: neither is healthy.
    let done = bench.apply("v2")?;
    assert_eq!(done.exit, 11, "{done}");
    assert_says(&done, &["nodes are available"]);
    cluster.signal("kwok", Signal::CONT)?;
    bench.namespace.rolled_out("api")?;
    assert_eq!(bench.serve()?, ["v1", "v1"]);
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2", "v2"]);
    assert_converged(&bench, "v2")
}
