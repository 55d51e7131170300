//! Deploying to Kubernetes when all goes well: what is made, what is left alone, how much is asked for it, and what
//! others may do meanwhile. Needs a control plane; simulated pods where the tag of an image is to say how they behave.

use std::time::Duration;

use integration_tests::cluster::{Passed, objects};
use integration_tests::program::Finished;
use integration_tests::project::PATIENCE;
use integration_tests::timing::sequential_requests;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, assert_says, follows, is_lock, told, until};
use crate::shop::assert_verdict;

trials! { "kube":
    a_first_deploy_makes_everything,
    a_create_asks_for_little,
    the_first_write_comes_after_three_requests,
    nothing_to_change_writes_nothing,
    an_update_rolls_over,
    a_plan_changes_nothing,
    a_slow_image_only_costs_time,
    the_verdict_follows_the_last_condition_at_once,
    a_missing_namespace_is_made,
    zero_replicas_prove_nothing,
    a_secret_that_comes_late_is_waited_for,
    a_missing_secret_is_named_before_anything_is_written,
    a_node_that_comes_late_is_waited_for,
    an_autoscaler_may_move_replicas_meanwhile,
    a_paused_rollout_goes_on_when_it_may,
}

/// All that can be made without kinds of others: seven objects.
const WHOLE: &str = r#"replicas = 2
scaling  = { min = 2, max = 6, cpu = 70 }
expose   = { host = "api.example.com" }
rollout  = { deadline = "60s" }"#;

const WHOLE_KUBE: &str = "service_account = \"api-sa\"";

/// `ServiceAccount`, `Service`, `Ingress`, `PodDisruptionBudget`, `Deployment` and `HorizontalPodAutoscaler`.
const WHOLE_OBJECTS: usize = 6;

fn whole(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    bench.describe(WHOLE, WHOLE_KUBE)?;
    Ok(bench)
}

/// Requests that count against a budget: renewals of the lock and watches that begin again do not.
fn counted(bench: &Bench) -> Vec<Passed> {
    let mut watched = Vec::new();
    let mut passed = bench.gate.passed();
    let mut locked = 0;
    passed.retain(|one| {
        if one.is_watch() {
            let path = one.uri.split('?').next().unwrap_or_default().to_owned();
            let first = !watched.contains(&path);
            watched.push(path);
            return first;
        }
        locked += usize::from(is_lock(one) && one.is_write());
        // Taking it and giving it back.
        !is_lock(one) || !one.is_write() || locked <= 2
    });
    passed
}

fn bytes(passed: &[Passed]) -> usize {
    passed.iter().map(|one| one.bytes.0 + one.bytes.1).sum()
}

fn list(passed: &[Passed]) -> String {
    let lines: Vec<_> = passed
        .iter()
        .map(|one| {
            format!(
                "{} {} {:?} {:?}",
                one.method, one.uri, one.status, one.bytes
            )
        })
        .collect();
    lines.join("\n")
}

fn a_first_deploy_makes_everything() -> Outcome {
    let bench = whole("creates")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    let all = [
        ("serviceaccounts", "api-sa"),
        ("services", "api"),
        ("ingresses", "api-ingress"),
        ("poddisruptionbudgets", "api"),
        ("deployments", "api"),
        ("horizontalpodautoscalers", "api"),
    ];
    for (resource, name) in all {
        let object = bench.namespace.get(resource, name)?;
        let labels = &object["metadata"]["labels"];
        assert_eq!(labels["deployer/project"], "shop", "{resource}");
        assert_eq!(labels["deployer/service"], "api", "{resource}");
        let applied = object["metadata"]["managedFields"].as_array();
        let ours = applied
            .into_iter()
            .flatten()
            .any(|entry| entry["manager"] == "deployer" && entry["operation"] == "Apply");
        assert!(ours, "{resource} is not applied by us: {object}");
    }
    // Nobody's lock is left behind.
    let lease = bench.namespace.find("leases", "deployer.api")?;
    let holder = lease.map(|lease| lease["spec"]["holderIdentity"].clone());
    assert!(
        matches!(&holder, None | Some(Value::Null)) || holder == Some(json!("")),
        "{holder:?}"
    );
    Ok(())
}

fn a_create_asks_for_little() -> Outcome {
    let bench = whole("frugal")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let passed = counted(&bench);
    assert!(
        passed.len() <= 3 * WHOLE_OBJECTS + 14,
        "{} requests\n{}",
        passed.len(),
        list(&passed)
    );
    assert!(
        bytes(&passed) <= 100_000,
        "{} bytes\n{}",
        bytes(&passed),
        list(&passed)
    );
    let discovers = |one: &&Passed| {
        let path = one.uri.split('?').next().unwrap_or_default();
        path == "/api"
            || path == "/apis"
            || path.starts_with("/openapi")
            || path.split('/').count() <= 4 && path.starts_with("/apis/")
    };
    let found: Vec<_> = passed.iter().filter(discovers).collect();
    assert!(found.is_empty(), "{found:?}");
    Ok(())
}

fn the_first_write_comes_after_three_requests() -> Outcome {
    let bench = whole("prompt")?;
    // As far away as another continent, so that what overlaps is seen to.
    bench.gate.delay(Duration::from_millis(400));
    let mut running = bench.start("v1")?;
    told(&mut running, "performed")?;
    let passed = bench.gate.passed();
    let objects = |one: &Passed| one.is_write() && !is_lock(one) && !one.uri.contains("secrets");
    let before = passed.iter().take_while(|one| !objects(one));
    let sequential = sequential_requests(before);
    assert!(sequential < 3, "{sequential} before it\n{}", list(&passed));
    bench.gate.delay(Duration::ZERO);
    assert_verdict(&running.wait(PATIENCE)?, "healthy", None, 0)
}

fn nothing_to_change_writes_nothing() -> Outcome {
    let bench = whole("noop")?.served("v1")?;
    let again = bench.apply("v1")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(bench.changes(), Vec::<String>::new(), "{again}");
    let passed = counted(&bench);
    assert!(
        passed.len() <= WHOLE_OBJECTS + 6,
        "{} requests\n{}",
        passed.len(),
        list(&passed)
    );
    assert!(bytes(&passed) <= 100_000, "{} bytes", bytes(&passed));
    let dry = passed.iter().filter(|one| one.uri.contains("dryRun"));
    assert_eq!(dry.count(), 0, "{}", list(&passed));
    Ok(())
}

fn an_update_rolls_over() -> Outcome {
    let bench = Bench::serving("updates", "v1")?;
    let before = bench.namespace.get("services", "api")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2", "v2"], "{done}");
    assert_eq!(bench.rolls(), 1, "{:?}", bench.writes());
    assert_eq!(bench.changes().len(), 1, "{:?}", bench.writes());
    let after = bench.namespace.get("services", "api")?;
    assert_eq!(
        before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"],
        "the Service was touched"
    );
    Ok(())
}

fn a_plan_changes_nothing() -> Outcome {
    let bench = whole("plans")?;
    let first = bench.run("plan --exit-code")?;
    assert_eq!(first.exit, 3, "{first}");
    assert_says(
        &first,
        &["Deployment", "Ingress", "HorizontalPodAutoscaler"],
    );
    assert_eq!(bench.writes(), Vec::<String>::new(), "{first}");
    assert_eq!(bench.namespace.names("deployments")?.len(), 0, "{first}");
    let bench = bench.served("v1")?;
    let same = bench.run("plan --exit-code")?;
    assert_eq!(same.exit, 0, "{same}");
    let next = bench.run("plan --exit-code --set TAG=v2")?;
    assert_eq!(next.exit, 3, "{next}");
    assert_says(
        &next,
        &["image", "registry.test/web:v1", "registry.test/web:v2"],
    );
    assert_eq!(bench.writes(), Vec::<String>::new(), "{next}");
    assert_eq!(bench.tag()?, "v1");
    Ok(())
}

fn a_slow_image_only_costs_time() -> Outcome {
    let bench = Bench::serving("slow", "v1")?;
    let done = bench.apply("v2-slow")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2-slow", "v2-slow"], "{done}");
    Ok(())
}

/// Watches, not polls: the verdict is there as soon as the Deployment says that it is complete.
fn the_verdict_follows_the_last_condition_at_once() -> Outcome {
    let bench = Bench::serving("prompt-verdict", "v1")?;
    let running = bench.start("v2-slow")?;
    let namespace = &bench.namespace;
    let complete = || -> Outcome<bool> {
        let deployment = bench.deployment()?;
        let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
        Ok(*image == namespace.cluster().image("v2-slow") && objects::is_rolled_out(&deployment))
    };
    until("the rollout is complete", complete)?;
    // A poll of every five seconds would be late.
    let done = running.wait(Duration::from_secs(2))?;
    assert_verdict(&done, "healthy", None, 0)
}

fn a_missing_namespace_is_made() -> Outcome {
    let bench = Bench::new("outer")?;
    let inner = format!("{}-made", bench.namespace.name);
    let admin = bench.namespace.cluster().kubeconfig();
    bench.project.kubernetes_target("made", admin, &inner)?;
    let refused = bench
        .project
        .run("apply --yes --target made --output json")?;
    assert_verdict(&refused, "failed", None, 1)?;
    assert_says(&refused, &[&inner, "create_namespace"]);
    let path = bench.project.path().join("config/made.toml");
    let text = std::fs::read_to_string(path)? + "create_namespace = true\n";
    bench.project.write("config/made.toml", &text)?;
    let done = bench.project.run("apply --yes --target made --output json");
    let api = bench.namespace.cluster().api();
    let gone = api.delete(&format!("/api/v1/namespaces/{inner}"));
    assert_verdict(&done?, "healthy", None, 0)?;
    gone?;
    Ok(())
}

fn zero_replicas_prove_nothing() -> Outcome {
    let bench = Bench::new("zero")?;
    bench.describe("replicas = 0", "")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(done.event("outcome", "api")?["proven"], false, "{done}");
    Ok(())
}

/// The keys of a service that reads a secret.
const SECRETIVE: &str = r#"replicas = 2
rollout  = { deadline = "90s" }
secrets  = { DATABASE_URL = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-url" }"#;

/// External Secrets fills it late, as it does when it has just been told of it.
fn a_secret_that_comes_late_is_waited_for() -> Outcome {
    let bench = Bench::new("secret")?;
    let cluster = bench.namespace.cluster();
    cluster.needs_simulation("a kind without its operator")?;
    cluster.install(&objects::external_secrets())?;
    bench.describe(SECRETIVE, "")?;
    bench.place("secret_store = { kind = \"ClusterSecretStore\", name = \"aws\" }\n")?;
    let mut running = bench.start("v1")?;
    let failure = told(&mut running, "failure")?;
    assert_eq!(failure["cause"], "secret_missing", "{failure}");
    assert_eq!(failure["class"], "likely", "{failure}");
    // It is not given up before a minute has passed.
    let patient = integration_tests::host::Since::now();
    until("20 s have passed", || {
        Ok(patient.elapsed() > Duration::from_secs(20))
    })?;
    let secret = objects::secret("api-secrets", &json!({"DATABASE_URL": "postgres://db"}));
    bench.namespace.create(&secret)?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "healthy", None, 0)?;
    let external = bench.namespace.list("externalsecrets")?;
    assert_eq!(external[0]["spec"]["target"]["name"], "api-secrets");
    assert!(!done.says("postgres://db"), "{done}");
    Ok(())
}

fn a_missing_secret_is_named_before_anything_is_written() -> Outcome {
    let bench = Bench::new("no-secret")?;
    bench.describe(SECRETIVE, "")?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(
        &done,
        &[
            "api-secrets",
            "kubectl",
            "create secret generic",
            "DATABASE_URL",
        ],
    );
    assert_eq!(bench.writes(), Vec::<String>::new(), "{done}");
    Ok(())
}

/// No node is of that kind until one comes, as an autoscaler brings it.
fn a_node_that_comes_late_is_waited_for() -> Outcome {
    let bench = Bench::new("nodes")?;
    let cluster = bench.namespace.cluster();
    cluster.needs_simulation("adding a node")?;
    bench.describe(
        "replicas = 2\narchitecture = \"arm64\"\nrollout = { deadline = \"60s\" }",
        "",
    )?;
    let mut running = bench.start("v1")?;
    let failure = told(&mut running, "failure")?;
    assert_eq!(failure["cause"], "no_capacity", "{failure}");
    assert_eq!(failure["class"], "uncertain", "{failure}");
    let name = format!("{}-arm", bench.namespace.name);
    cluster.add_node_with(&name, &json!({"kubernetes.io/arch": "arm64"}))?;
    assert_verdict(&running.wait(PATIENCE)?, "healthy", None, 0)
}

/// A generation that moved only because an autoscaler scaled is still ours.
fn an_autoscaler_may_move_replicas_meanwhile() -> Outcome {
    let bench = whole("moved")?.served("v1")?;
    let mut running = bench.start("v2-slow")?;
    follows(&mut running)?;
    let path = format!("{}/api/scale", bench.namespace.path("deployments"));
    let api = bench.namespace.cluster().api();
    api.merge(&path, &json!({"spec": {"replicas": 4}}))?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "healthy", None, 0)?;
    let deployment = bench.deployment()?;
    assert_eq!(deployment["status"]["availableReplicas"], 4, "{done}");
    let again = bench.apply("v2-slow")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(bench.deployment()?["spec"]["replicas"], 4, "{again}");
    Ok(())
}

fn is_told_as_paused(finished: &Finished) -> bool {
    finished.says("paused")
}

/// The deadline pauses with it: here it would have passed three times over.
fn a_paused_rollout_goes_on_when_it_may() -> Outcome {
    let bench = Bench::new("paused")?;
    bench.describe("replicas = 2\nrollout = { deadline = \"10s\" }", "")?;
    let bench = bench.served("v1")?;
    let running = bench.rolling("v2-slow")?;
    let pause = |paused: bool| {
        let patch = json!({"spec": {"paused": paused}});
        bench.namespace.change("deployments", "api", &patch)
    };
    pause(true)?;
    let since = integration_tests::host::Since::now();
    until("12 s have passed", || {
        Ok(since.elapsed() > Duration::from_secs(12))
    })?;
    pause(false)?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert!(is_told_as_paused(&done), "{done}");
    Ok(())
}
