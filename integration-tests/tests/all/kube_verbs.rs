//! The daily verbs on Kubernetes, in the layout that they have on ECS. Needs a control plane.

use std::time::Duration;

use integration_tests::program::Finished;
use integration_tests::project::PATIENCE;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says, told, until};
use crate::shop::assert_verdict;

trials! { "kube":
    status_tells_what_runs,
    history_tells_how_each_ended,
    rollback_goes_to_the_last_good_revision,
    rollback_goes_where_it_is_told,
    a_rollback_brings_back_what_the_file_had,
    restart_rolls_the_same_again,
    scale_changes_the_number,
    scale_moves_the_bounds_of_an_autoscaler,
    cancel_goes_back,
    cancel_leaves_it_alone_by_default,
    watch_with_nothing_to_watch,
    logs_tell_every_pod,
    destroy_takes_just_ours,
    destroy_waits_for_finalizers_and_names_them,
    what_does_not_exist_is_told,
}

/// What an asking verb answers.
fn answered(finished: &Finished, kind: &str) -> Outcome<Value> {
    assert_eq!(finished.exit, 0, "{finished}");
    finished.event(kind, "api")
}

fn status_tells_what_runs() -> Outcome {
    let bench = Bench::serving("status", "v1")?;
    let status = answered(&bench.run("status")?, "status")?;
    assert_eq!(status["ours"], true, "{status}");
    assert_eq!(
        (&status["desired"], &status["running"]),
        (&json!(2), &json!(2)),
        "{status}"
    );
    let image = bench.namespace.cluster().image("v1");
    assert_eq!(
        status["images"],
        json!([{"container": "api", "image": image}])
    );
    let text = bench.tell("status")?;
    assert!(text.stdout.contains(&image), "{text}");
    // While it rolls, both are there.
    let running = bench.rolling("v2-slow")?;
    let status = answered(&bench.run("status")?, "status")?;
    assert_eq!(
        status["deployments"].as_array().map(Vec::len),
        Some(2),
        "{status}"
    );
    // What still serves is not told as this revision's.
    let newest = &status["deployments"][0];
    assert_eq!(status["running"], newest["running"], "{status}");
    running.wait(PATIENCE)?;
    assert_eq!(bench.changes().len(), 1, "{:?}", bench.writes());
    Ok(())
}

fn history(bench: &Bench) -> Outcome<Vec<Value>> {
    let history = answered(&bench.run("history")?, "history")?;
    Ok(history["deployments"]
        .as_array()
        .cloned()
        .unwrap_or_default())
}

fn history_tells_how_each_ended() -> Outcome {
    let bench = Bench::new("history")?;
    bench.needs_simulation("pods that fail as told")?;
    let mut command = bench.project.command()?;
    command
        .envs([("DEPLOYER_BY", "alice"), ("DEPLOYER_COMMIT", "0123abc")])
        .args([
            "apply",
            "--yes",
            "--target",
            "kube",
            "--output",
            "json",
            "-m",
            "the first one",
        ]);
    let first = integration_tests::program::Running::start(command)?.wait(PATIENCE)?;
    assert_verdict(&first, "healthy", None, 0)?;
    assert_eq!(bench.apply("v2-crash")?.exit, 10);
    let [failed, good] = history(&bench)?
        .try_into()
        .map_err(|all| fail(format_args!("{all:?}")))?;
    assert_eq!(failed["outcome"], "rolled_back", "{failed}");
    assert_eq!(
        failed["images"]["api"],
        bench.namespace.cluster().image("v2-crash")
    );
    assert_eq!(good["outcome"], "healthy", "{good}");
    assert_eq!(
        (&good["by"], &good["commit"], &good["why"]),
        (&json!("alice"), &json!("0123abc"), &json!("the first one"))
    );
    assert_eq!(
        (&good["current"], &failed["current"]),
        (&json!(true), &json!(false))
    );
    assert!(
        good["finished"].is_string() && good["began_at"].is_string(),
        "{good}"
    );
    let text = bench.tell("history")?;
    assert!(text.stdout.contains("alice"), "{text}");
    Ok(())
}

fn rollback_goes_to_the_last_good_revision() -> Outcome {
    let bench = Bench::serving("rollback", "v1")?;
    bench.needs_simulation("pods that fail as told")?;
    assert_eq!(bench.apply("v2")?.exit, 0);
    assert_eq!(bench.apply("v3-crash")?.exit, 10);
    let back = bench.run("rollback --yes")?;
    assert_verdict(&back, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{back}");
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

fn rollback_goes_where_it_is_told() -> Outcome {
    let bench = Bench::serving("rollback-to", "v1")?;
    for tag in ["v2", "v3"] {
        assert_eq!(bench.apply(tag)?.exit, 0);
    }
    let first = history(&bench)?;
    let first = first.last().ok_or_else(|| fail("no history"))?;
    // As history shows it, without what a shell would take for another word.
    let revision = first["revision"].as_str().unwrap_or_default();
    let revision = revision.rsplit(' ').next().unwrap_or_default();
    let back = bench.run(&format!("rollback --yes --to {revision}"))?;
    assert_verdict(&back, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{back}");
    let nowhere = bench.run("rollback --yes --to 99")?;
    assert_verdict(&nowhere, "wrong", None, 2)?;
    for known in ["there is no revision 99; there are ", "api v3", "api v1"] {
        assert!(nowhere.says(known), "{known} is not in\n{nowhere}");
    }
    assert_eq!(bench.serve()?, ["v1", "v1"], "{nowhere}");
    Ok(())
}

/// The whole set: what only the newer file had goes, and what only the older one had comes.
fn a_rollback_brings_back_what_the_file_had() -> Outcome {
    let bench = Bench::new("rollback-set")?;
    bench.describe(
        &format!("{USUAL}\nexpose = {{ host = \"old.example.com\" }}"),
        "",
    )?;
    let bench = bench.served("v1")?;
    bench.describe(
        &format!("{USUAL}\nenv = {{ NEW = \"1\" }}"),
        "disruption = false",
    )?;
    assert_eq!(bench.apply("v2")?.exit, 0);
    assert_eq!(bench.namespace.names("ingresses")?.len(), 0);
    let back = bench.run("rollback --yes")?;
    assert_verdict(&back, "healthy", None, 0)?;
    assert_eq!(
        bench.namespace.names("ingresses")?,
        ["api-ingress"],
        "{back}"
    );
    assert_eq!(
        bench.namespace.names("poddisruptionbudgets")?,
        ["api"],
        "{back}"
    );
    assert!(
        !bench.deployment()?["spec"].to_string().contains("NEW"),
        "{back}"
    );
    Ok(())
}

fn uids(bench: &Bench) -> Outcome<Vec<String>> {
    let pods = bench.namespace.pods("app=api")?;
    let staying = pods
        .iter()
        .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    Ok(staying
        .map(|pod| pod["metadata"]["uid"].to_string())
        .collect())
}

fn restart_rolls_the_same_again() -> Outcome {
    let bench = Bench::serving("restart", "v1")?;
    let before = uids(&bench)?;
    let done = bench.run("restart --yes")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert!(
        uids(&bench)?.iter().all(|uid| !before.contains(uid)),
        "{done}"
    );
    // It is not taken back by the next apply, which has nothing to do.
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

fn scale_changes_the_number() -> Outcome {
    let bench = Bench::serving("scale", "v1")?;
    let before = uids(&bench)?;
    let done = bench.run("scale --yes api=4")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.serve()?.len(), 4, "{done}");
    let after = uids(&bench)?;
    assert!(
        before.iter().all(|uid| after.contains(uid)),
        "pods were replaced\n{done}"
    );
    Ok(())
}

fn scale_moves_the_bounds_of_an_autoscaler() -> Outcome {
    let bench = Bench::new("scale-bounds")?;
    bench.describe(
        "replicas = 2\nscaling = { min = 2, max = 6, cpu = 70 }\nrollout = { deadline = \"60s\" }",
        "",
    )?;
    let bench = bench.served("v1")?;
    let done = bench.run("scale --yes api=3")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let scaler = bench.namespace.get("horizontalpodautoscalers", "api")?;
    assert_eq!(scaler["spec"]["minReplicas"], 3, "{done}");
    until("it has scaled", || Ok(bench.serve()?.len() == 3))?;
    Ok(())
}

/// What a job's clean-up step meets: the run that deployed is gone, its rollout goes on.
fn abandoned(stem: &str) -> Outcome<Bench> {
    let bench = Bench::serving(stem, "v1")?;
    bench.needs_simulation("pods that never become ready")?;
    drop(bench.rolling("v2-neverready")?);
    Ok(bench)
}

fn cancel_goes_back() -> Outcome {
    let bench = abandoned("cancel")?;
    let done = bench.run("cancel --rollback")?;
    assert_verdict(&done, "healthy", Some(true), 0)?;
    assert_says(&done, &["cancelled, as asked"]);
    assert!(!done.says("Correct it"), "{done}");
    assert_eq!(bench.tag()?, "v1", "{done}");
    bench.namespace.rolled_out("api")?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    let nothing = bench.run("cancel --rollback")?;
    assert_verdict(&nothing, "unchanged", None, 0)
}

fn cancel_leaves_it_alone_by_default() -> Outcome {
    let bench = abandoned("cancel-not")?;
    let done = bench.run("cancel")?;
    assert_verdict(&done, "unchanged", None, 0)?;
    assert_says(&done, &["--rollback", "deployer watch"]);
    assert_eq!(bench.tag()?, "v2-neverready", "{done}");
    Ok(())
}

fn watch_with_nothing_to_watch() -> Outcome {
    let bench = Bench::serving("watch", "v1")?;
    let done = bench.run("watch")?;
    assert_verdict(&done, "unchanged", None, 0)?;
    assert_eq!(bench.writes(), Vec::<String>::new(), "{done}");
    Ok(())
}

fn logs_tell_every_pod() -> Outcome {
    let bench = Bench::serving("logs", "v1")?;
    let done = bench.run("logs --since 100h --tail 5")?;
    assert_eq!(done.exit, 0, "{done}");
    let mut pods: Vec<_> = done
        .events()?
        .iter()
        .filter(|event| {
            event["event"] == "log"
                && event["text"]
                    .as_str()
                    .is_some_and(|text| text.contains("listening on :8080"))
        })
        .map(|event| event["task"].to_string())
        .collect();
    pods.sort();
    pods.dedup();
    assert_eq!(pods.len(), 2, "{done}");
    let text = bench.tell("logs --since 100h")?;
    assert!(text.stdout.contains("listening on :8080"), "{text}");
    let mut follows = bench.begin("logs --follow --since 100h")?;
    told(&mut follows, "log")?;
    follows.signal(integration_tests::program::Signal::INT)?;
    let ended = follows.wait(Duration::from_secs(10))?;
    assert!([0, 130].contains(&ended.exit), "{ended}");
    Ok(())
}

fn destroy_waits_for_finalizers_and_names_them() -> Outcome {
    let bench = Bench::serving("finalizers", "v1")?;
    let hold = |by: Value| json!({"metadata": {"finalizers": by}});
    let holds = hold(json!(["example.com/load-balancer"]));
    bench.namespace.change("services", "api", &holds)?;
    let mut running = bench.begin("destroy --yes")?;
    let says = |line: &str| line.contains("example.com/load-balancer").then_some(());
    running.line(PATIENCE, says)?;
    bench
        .namespace
        .change("services", "api", &hold(Value::Null))?;
    let done = running.wait(PATIENCE)?;
    assert_eq!(done.exit, 0, "{done}");
    assert_says(&done, &["waiting for Service api", "load balancer"]);
    assert_eq!(bench.namespace.find("services", "api")?, None, "{done}");
    Ok(())
}

fn destroy_takes_just_ours() -> Outcome {
    let bench = Bench::new("destroy")?;
    bench.describe(
        "replicas = 2\nscaling = { min = 2, max = 6, cpu = 70 }\nexpose = { host = \"api.example.com\" }\nrollout = { deadline = \"60s\" }",
        "service_account = \"api-sa\"",
    )?;
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "labels": {"app": "api"}}});
    bench.namespace.create(&theirs)?;
    let bench = bench.served("v1")?;
    let done = bench.run("destroy --yes")?;
    assert_eq!(done.exit, 0, "{done}");
    for resource in [
        "deployments",
        "services",
        "ingresses",
        "horizontalpodautoscalers",
        "poddisruptionbudgets",
        "pods",
        "replicasets",
    ] {
        assert_eq!(
            bench.namespace.names(resource)?,
            Vec::<String>::new(),
            "{resource}\n{done}"
        );
    }
    bench.namespace.get("configmaps", "theirs")?;
    assert!(
        bench.namespace.find("serviceaccounts", "api-sa")?.is_none(),
        "{done}"
    );
    let again = bench.run("destroy --yes")?;
    assert_eq!(again.exit, 0, "{again}");
    // Neither its history nor its lock stands in the way of a new beginning.
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)
}

fn what_does_not_exist_is_told() -> Outcome {
    let bench = Bench::new("absent")?;
    for words in [
        "status",
        "watch",
        "rollback --yes",
        "restart --yes",
        "scale --yes api=3",
    ] {
        let done = bench.run(words)?;
        assert!([0, 1].contains(&done.exit), "{words}\n{done}");
        assert!(!done.text().contains("panicked"), "{words}\n{done}");
        assert_eq!(
            bench.namespace.names("deployments")?.len(),
            0,
            "{words}\n{done}"
        );
    }
    Ok(())
}
