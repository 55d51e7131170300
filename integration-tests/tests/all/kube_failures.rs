//! Rollouts on Kubernetes that fail: each for its cause, after just the patience that the cause deserves, with the
//! evidence, and with what was there before back in place. Needs a control plane with simulated pods; `nodes` shows some
//! of it with real ones.

use std::time::Duration;

use integration_tests::cluster::objects;
use integration_tests::host;
use integration_tests::program::Finished;
use integration_tests::project::PATIENCE;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says, causes, evidence, follows};
use crate::shop::assert_verdict;

trials! { "kube":
    a_missing_image_is_certain,
    a_missing_manifest_is_certain,
    an_impossible_image_name_is_certain,
    a_refused_pull_is_likely,
    a_throttled_registry_is_uncertain,
    a_registry_that_recovers_is_waited_for,
    a_crash_loop_is_counted,
    a_crash_after_ready_is_counted,
    a_killed_container_is_counted_as_out_of_memory,
    a_failed_liveness_probe_is_counted,
    never_ready_ends_at_the_deadline,
    a_quota_is_likely,
    an_admission_rule_refuses_before_anything_is_changed,
    a_first_deployment_that_fails_leaves_its_evidence,
    a_second_run_over_a_failed_one_does_not_say_unchanged,
    without_a_rollback_it_stays_as_it_is,
    a_corrected_image_follows_a_failed_one,
    people_read_a_post_mortem,
    a_watch_of_somebody_else_sees_the_same,
}

/// A failing image over one that serves: it trips for this cause, and what was there before serves again.
fn goes_back(bench: &Bench, tag: &str, cause: &str) -> Outcome<Finished> {
    bench.needs_simulation("pods that fail as told")?;
    let done = bench.apply(tag)?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert!(
        causes(&done)?.contains(&cause.to_owned()),
        "{cause}\n{done}"
    );
    assert_eq!(bench.tag()?, "v1", "{done}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    // There and back, and never a third time.
    assert_eq!(bench.rolls(), 2, "{:?}\n{done}", bench.writes());
    // The evidence names the image, and what serves was read.
    assert_says(&done, &[&bench.namespace.cluster().image(tag)]);
    let outcome = done.event("outcome", "api")?;
    assert_ne!(outcome["revision"], outcome["serving"], "{done}");
    Ok(done)
}

fn serving(stem: &str, extra: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    bench.describe(&format!("replicas = 2\n{extra}"), "")?;
    bench.served("v1")
}

fn a_missing_image_is_certain() -> Outcome {
    let bench = Bench::serving("missing", "v1")?;
    let done = goes_back(&bench, "missing", "image_not_found")?;
    // The first real error, although back-off hides it within seconds.
    assert_says(&done, &["registry.test/web:missing: not found"]);
    // Seconds, not the deadline: ten at most until it trips, and then the way back.
    assert!(done.took < Duration::from_secs(25), "{done}");
    let tripped = since_followed(&done, "tripped")?;
    assert!(tripped <= 12.0, "{tripped} s until it tripped\n{done}");
    Ok(())
}

/// Seconds from following the rollout to an event.
fn since_followed(finished: &Finished, kind: &str) -> Outcome<f64> {
    let events = finished.events()?;
    let at = |kind: &str| {
        let event = events.iter().find(|event| event["event"] == kind);
        event
            .and_then(|event| seconds(&event["at"]))
            .unwrap_or_default()
    };
    Ok((at(kind) - at("following")).rem_euclid(24.0 * 3600.0))
}

/// The seconds of a day of a time stamp.
fn seconds(at: &Value) -> Option<f64> {
    let clock = at.as_str()?.split_once('T')?.1.trim_end_matches('Z');
    let mut parts = clock.split(':').map(|part| part.parse::<f64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    Some((hours * 60.0 + minutes) * 60.0 + seconds)
}

fn a_missing_manifest_is_certain() -> Outcome {
    let bench = Bench::serving("manifest", "v1")?;
    goes_back(&bench, "nomanifest", "image_not_found").map(drop)
}

fn an_impossible_image_name_is_certain() -> Outcome {
    let bench = Bench::serving("name", "v1")?;
    goes_back(&bench, "badname", "image_name_invalid").map(drop)
}

fn a_refused_pull_is_likely() -> Outcome {
    let patience = "rollout = { deadline = \"60s\", patience = { likely = \"6s\" } }";
    let bench = serving("denied", patience)?;
    let done = goes_back(&bench, "denied", "pull_denied")?;
    let tripped = since_followed(&done, "tripped")?;
    assert!(tripped >= 6.0, "{tripped} s until it tripped\n{done}");
    Ok(())
}

fn a_throttled_registry_is_uncertain() -> Outcome {
    let patience = "rollout = { deadline = \"60s\", patience = { certain = \"1s\", likely = \"1s\", uncertain = \"8s\" } }";
    let bench = serving("throttled", patience)?;
    let done = goes_back(&bench, "toomany", "registry_trouble")?;
    assert_says(&done, &["429 Too Many Requests"]);
    let tripped = since_followed(&done, "tripped")?;
    assert!(tripped >= 8.0, "{tripped} s until it tripped\n{done}");
    Ok(())
}

fn a_registry_that_recovers_is_waited_for() -> Outcome {
    let bench = Bench::serving("recovers", "v1")?;
    bench.needs_simulation("a registry that recovers")?;
    let done = bench.apply("recovers")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_says(&done, &["registry_trouble"]);
    Ok(())
}

fn a_crash_loop_is_counted() -> Outcome {
    let bench = Bench::serving("crash", "v1")?;
    let done = goes_back(&bench, "v2-crash", "exited")?;
    let evidence = evidence(&done)?;
    assert_eq!(evidence["groups"][0]["exit_code"], 1, "{done}");
    assert_eq!(evidence["groups"][0]["container"], "api", "{done}");
    // Three ends of containers, restarts included: `clamp(ceil(50 % of 2), 3, 200)`.
    let events = done.events()?;
    let gauges = events.iter().map(|event| &event["breaker"]);
    let tripped = gauges
        .filter(|breaker| breaker["state"] == "tripped")
        .find(|breaker| breaker["failures"].as_u64() >= Some(3) && breaker["threshold"] == 3);
    assert!(tripped.is_some(), "{done}");
    Ok(())
}

fn a_crash_after_ready_is_counted() -> Outcome {
    let bench = Bench::new("late")?;
    // Ready for a moment before it crashes: `min_ready` and `bake` keep it from being called healthy.
    bench.describe(
        "replicas = 2\nrollout = { deadline = \"60s\", bake = \"15s\", breaker = { reset_on_healthy = false } }",
        "",
    )?;
    let bench = bench.served("v1")?;
    goes_back(&bench, "v2-latecrash", "exited").map(drop)
}

fn a_killed_container_is_counted_as_out_of_memory() -> Outcome {
    let bench = Bench::serving("oom", "v1")?;
    let done = goes_back(&bench, "v2-oom", "out_of_memory")?;
    let evidence = evidence(&done)?;
    assert_eq!(evidence["groups"][0]["exit_code"], 137, "{done}");
    assert!(
        evidence["likely_cause"]
            .as_str()
            .is_some_and(|cause| cause.to_lowercase().contains("memory")),
        "{done}"
    );
    Ok(())
}

fn a_failed_liveness_probe_is_counted() -> Outcome {
    let bench = Bench::new("liveness")?;
    // The simulated kubelet has its answer after 2 s.
    bench.describe(
        USUAL,
        "liveness = { path = \"/health\", period = \"1s\", retries = 1 }",
    )?;
    let bench = bench.served("v1")?;
    let done = goes_back(&bench, "v2-unhealthy", "container_unhealthy")?;
    assert_says(&done, &["statuscode: 503"]);
    Ok(())
}

fn never_ready_ends_at_the_deadline() -> Outcome {
    let bench = serving("unready", "rollout = { deadline = \"12s\" }")?;
    bench.needs_simulation("pods that never become ready")?;
    let done = bench.apply("v2-neverready")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    assert_says(&done, &["12", "Readiness probe failed"]);
    let tripped = since_followed(&done, "tripped")?;
    assert!((9.0..25.0).contains(&tripped), "{tripped} s\n{done}");
    Ok(())
}

fn a_quota_is_likely() -> Outcome {
    let patience =
        "rollout = { deadline = \"60s\", patience = { certain = \"1s\", likely = \"5s\" } }";
    let bench = serving("quota", patience)?;
    bench
        .namespace
        .create(&objects::quota("few", &json!({"pods": "2"})))?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert!(causes(&done)?.contains(&"refused".to_owned()), "{done}");
    assert_says(&done, &["exceeded quota: few"]);
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    Ok(())
}

fn an_admission_rule_refuses_before_anything_is_changed() -> Outcome {
    let bench = Bench::serving("admission", "v1")?;
    let expression = "!object.spec.template.spec.containers.exists(c, c.image.endsWith(':v2'))";
    let message = "no v2 on a Friday";
    let api = bench.namespace.cluster().api();
    let [policy, binding] = objects::admission_policy(&bench.namespace.name, expression, message);
    api.create(&policy)?;
    api.create(&binding)?;
    let gone = || -> Outcome {
        let base = "/apis/admissionregistration.k8s.io/v1";
        let name = policy["metadata"]["name"].as_str().unwrap_or_default();
        api.delete(&format!("{base}/validatingadmissionpolicybindings/{name}"))?;
        api.delete(&format!("{base}/validatingadmissionpolicies/{name}"))?;
        Ok(())
    };
    // It takes a moment until the API server heeds it.
    let image = bench.namespace.cluster().image("v2");
    let container = json!({"name": "api", "image": image});
    let trial = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
    let path = format!("{}/api?dryRun=All", bench.namespace.path("deployments"));
    let refused = host::poll(Duration::from_secs(20), || {
        api.strategic(&path, &trial).err()
    });
    let done = bench.apply("v2");
    gone()?;
    let done = done?;
    assert!(refused.is_some(), "the policy is never heeded");
    assert_verdict(&done, "failed", None, 1)?;
    assert_says(&done, &[message]);
    assert_eq!(bench.tag()?, "v1", "{done}");
    Ok(())
}

fn a_first_deployment_that_fails_leaves_its_evidence() -> Outcome {
    let bench = Bench::new("first")?;
    bench.needs_simulation("pods that fail as told")?;
    let done = bench.apply("v1-crash")?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert!(causes(&done)?.contains(&"exited".to_owned()), "{done}");
    assert_eq!(bench.tag()?, "v1-crash", "{done}");
    assert_eq!(bench.namespace.pods("app=api")?.len(), 2, "{done}");
    assert_eq!(bench.rolls(), 1, "{:?}", bench.writes());
    assert!(
        evidence(&done)?["next"]
            .as_array()
            .is_some_and(|next| !next.is_empty()),
        "{done}"
    );
    Ok(())
}

fn a_second_run_over_a_failed_one_does_not_say_unchanged() -> Outcome {
    let bench = Bench::new("again")?;
    bench.needs_simulation("pods that fail as told")?;
    assert_verdict(&bench.apply("v1-crash")?, "tripped", Some(false), 11)?;
    let again = bench.apply("v1-crash")?;
    assert_verdict(&again, "tripped", Some(false), 11)?;
    assert!(causes(&again)?.contains(&"exited".to_owned()), "{again}");
    Ok(())
}

fn without_a_rollback_it_stays_as_it_is() -> Outcome {
    let bench = serving(
        "stays",
        "rollout = { deadline = \"60s\", breaker = { rollback = false } }",
    )?;
    bench.needs_simulation("pods that fail as told")?;
    let done = bench.apply("v2-crash")?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_eq!(bench.tag()?, "v2-crash", "{done}");
    assert_eq!(bench.rolls(), 1, "{:?}", bench.writes());
    Ok(())
}

fn a_corrected_image_follows_a_failed_one() -> Outcome {
    let bench = Bench::new("corrected")?;
    bench.needs_simulation("pods that fail as told")?;
    assert_verdict(&bench.apply("v1-crash")?, "tripped", Some(false), 11)?;
    let fixed = bench.apply("v2")?;
    assert_verdict(&fixed, "healthy", None, 0)?;
    // And one that fails now goes back to the good one, not to the first.
    let broken = bench.apply("v3-crash")?;
    assert_verdict(&broken, "tripped", Some(true), 10)?;
    assert_eq!(bench.serve()?, ["v2", "v2"], "{broken}");
    Ok(())
}

fn people_read_a_post_mortem() -> Outcome {
    let bench = Bench::serving("people", "v1")?;
    bench.needs_simulation("pods that fail as told")?;
    let done = bench.tell("apply --yes --set TAG=v2-crash")?;
    assert_eq!(done.exit, 10, "{done}");
    assert_says(&done, &["rolled back", "exit", "api", "✗ pod "]);
    assert!(!done.says("task"), "{done}");
    // As long as the first deployment took.
    assert_says(&done, &["usually "]);
    // The last lines of this run of the container, or of the one before.
    let lines = ["cannot reach the database", "listening on :8080"];
    assert!(
        lines.iter().any(|line| done.stderr.contains(line)),
        "{done}"
    );
    assert!(!done.text().contains("panicked"), "{done}");
    assert!(
        !done.stderr.contains('\u{1b}'),
        "colours for a pipe\n{done}"
    );
    // One screen.
    let screen = done
        .stderr
        .lines()
        .rev()
        .take_while(|line| !line.trim().is_empty());
    assert!(screen.count() <= 50, "{done}");
    Ok(())
}

fn a_watch_of_somebody_else_sees_the_same() -> Outcome {
    let bench = Bench::serving("watched", "v1")?;
    bench.needs_simulation("pods that fail as told")?;
    let mut running = bench.start("v3-crash")?;
    follows(&mut running)?;
    let watched = bench.run("watch")?;
    let applied = running.wait(PATIENCE)?;
    assert_verdict(&applied, "tripped", Some(true), 10)?;
    assert_eq!(watched.verdict("api")?.0, "tripped", "{watched}\n{applied}");
    Ok(())
}
