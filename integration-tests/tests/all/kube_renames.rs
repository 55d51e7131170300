//! A service that gets another name: what is new comes up beside what serves, and takes its place once it is healthy.
//! Needs a control plane.

use std::time::Duration;

use integration_tests::cluster::{Mishap, Passed};
use integration_tests::program::Signal;
use integration_tests::project::PATIENCE;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::json;

use crate::kube::{Bench, USUAL, assert_says, follows, is_lock, until};
use crate::kube_sweep::sweep;
use crate::shop::assert_verdict;

trials! { "kube":
    a_renamed_service_is_led_to_once_it_is_healthy,
    a_renamed_service_that_fails_leaves_what_serves,
    a_service_without_an_ingress_is_renamed_likewise,
    a_rename_without_an_ingress_that_fails_leaves_what_serves,
    who_has_the_file_with_the_old_name_cannot_write_meanwhile,
    what_another_target_has_named_so_stays,
    a_rename_is_finished_wherever_it_was_killed,
}

const EXPOSED: &str = r#"replicas = 2
expose   = { host = "api.example.com" }
rollout  = { deadline = "60s" }"#;

const RENAMED: &str = "name = \"front\"";

/// The Service that the Ingress leads to.
fn leads_to(bench: &Bench) -> Outcome<String> {
    let ingress = bench.namespace.get("ingresses", "api-ingress")?;
    let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"];
    Ok(backend["service"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

fn exposed(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    bench.describe(EXPOSED, "")?;
    bench.served("v1")
}

/// What has another name goes once its last pod has ended.
fn is_all_there_is(bench: &Bench, name: &str) -> Outcome {
    until(&format!("all but {name} is gone"), || {
        let mut all = Vec::new();
        for resource in ["deployments", "services", "poddisruptionbudgets"] {
            all.extend(bench.namespace.names(resource)?);
        }
        Ok(all.iter().all(|one| one == name))
    })
}

/// The number of the first write of this kind.
fn first(writes: &[String], write: &str) -> Outcome<usize> {
    let found = writes.iter().position(|one| one.starts_with(write));
    found.ok_or_else(|| fail(format_args!("{write} is not among {writes:#?}")))
}

fn a_renamed_service_is_led_to_once_it_is_healthy() -> Outcome {
    let bench = exposed("renames")?;
    bench.describe(EXPOSED, RENAMED)?;
    assert_says(&bench.run("plan --set TAG=v2")?, &["Renames api to front"]);
    bench.gate.forget();
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let writes = bench.changes();
    let (made, led, gone) = (
        first(&writes, "PATCH deployments/front")?,
        first(&writes, "PATCH ingresses/api-ingress")?,
        first(&writes, "DELETE deployments/api")?,
    );
    assert!(made < led && led < gone, "{writes:#?}");
    assert_eq!(leads_to(&bench)?, "front", "{done}");
    is_all_there_is(&bench, "front")?;
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)?;
    // The history has gone with it, under the name of now.
    assert_says(&bench.run("history")?, &["front v1", "front v2"]);
    let back = bench.run("rollback --yes --set TAG=v2")?;
    assert_verdict(&back, "healthy", None, 0)?;
    let deployment = bench.namespace.get("deployments", "front")?;
    assert!(
        deployment["spec"]["template"]
            .to_string()
            .contains("web:v1"),
        "{deployment}"
    );
    is_all_there_is(&bench, "front")
}

fn a_renamed_service_that_fails_leaves_what_serves() -> Outcome {
    let bench = exposed("renamefails")?;
    bench.describe(EXPOSED, RENAMED)?;
    let before = bench.namespace.version("ingresses")?;
    let tripped = bench.apply("v2-crash")?;
    assert_verdict(&tripped, "tripped", Some(true), 10)?;
    assert_says(&tripped, &["\"serving\":\"api\""]);
    // The service is what serves under the name that it had before.
    assert!(!tripped.says("no pod of this service"), "{tripped}");
    assert_eq!(leads_to(&bench)?, "api", "{tripped}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{tripped}");
    is_all_there_is(&bench, "api")?;
    let led = bench.namespace.changes("ingresses", &before)?;
    assert!(
        led.iter()
            .all(|one| one["spec"].to_string().contains("\"api\"")),
        "{led:#?}"
    );
    // Back to the old name, all is as it was; corrected, it is renamed.
    bench.describe(EXPOSED, "")?;
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
    bench.describe(EXPOSED, RENAMED)?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_eq!(leads_to(&bench)?, "front");
    is_all_there_is(&bench, "front")
}

fn history(bench: &Bench) -> Outcome<Vec<String>> {
    let mut names = bench.namespace.names("secrets")?;
    names.retain(|name| name.starts_with("deployer."));
    names.sort();
    Ok(names)
}

fn a_service_without_an_ingress_is_renamed_likewise() -> Outcome {
    let bench = Bench::serving("plainly", "v1")?;
    bench.describe(USUAL, RENAMED)?;
    let words = ["Renames api to front", "once it is healthy, api goes"];
    assert_says(&bench.run("plan --set TAG=v2")?, &words);
    bench.gate.forget();
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let writes = bench.changes();
    let (made, gone) = (
        first(&writes, "PATCH deployments/front")?,
        first(&writes, "DELETE deployments/api")?,
    );
    assert!(made < gone, "{writes:#?}");
    is_all_there_is(&bench, "front")?;
    assert_eq!(history(&bench)?, ["deployer.front.v1", "deployer.front.v2"]);
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)?;
    assert_says(&bench.run("history")?, &["front v1", "front v2"]);
    assert_verdict(&bench.run("rollback --yes")?, "healthy", None, 0)?;
    is_all_there_is(&bench, "front")
}

fn a_rename_without_an_ingress_that_fails_leaves_what_serves() -> Outcome {
    let bench = Bench::serving("plainfails", "v1")?;
    bench.describe(USUAL, RENAMED)?;
    let tripped = bench.apply("v2-crash")?;
    assert_verdict(&tripped, "tripped", Some(true), 10)?;
    assert_says(&tripped, &["\"serving\":\"api\""]);
    assert_eq!(bench.serve()?, ["v1", "v1"], "{tripped}");
    is_all_there_is(&bench, "api")?;
    // Whoever looks again sees the same: what serves goes only once the new one is healthy.
    bench.gate.forget();
    let again = bench.apply("v2-crash")?;
    assert_verdict(&again, "tripped", Some(true), 10)?;
    let deletes = |one: &String| one.starts_with("DELETE") && one.ends_with("/api");
    assert!(
        !bench.changes().iter().any(deletes),
        "{:?}",
        bench.changes()
    );
    is_all_there_is(&bench, "api")?;
    bench.describe(USUAL, "")?;
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
    bench.describe(USUAL, RENAMED)?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    is_all_there_is(&bench, "front")
}

fn who_has_the_file_with_the_old_name_cannot_write_meanwhile() -> Outcome {
    let bench = Bench::serving("locksboth", "v1")?;
    bench.describe(USUAL, RENAMED)?;
    let mut renames = bench.start("v2-slow")?;
    follows(&mut renames)?;
    bench.describe(USUAL, "")?;
    let before = bench.namespace.version("deployments")?;
    let old = bench.apply("v3")?;
    assert_verdict(&old, "refused", None, 4)?;
    assert_says(&old, &["deploys it since"]);
    let done = renames.wait(PATIENCE)?;
    assert_verdict(&done, "healthy", None, 0)?;
    let changed = bench.namespace.changes("deployments", &before)?;
    let images = serde_json::to_string(&changed)?;
    assert!(!images.contains(":v3"), "{old}");
    is_all_there_is(&bench, "front")
}

/// The same service in the file, deployed by another target into the same namespace.
fn what_another_target_has_named_so_stays() -> Outcome {
    let bench = Bench::serving("twotargets", "v1")?;
    bench.describe(USUAL, RENAMED)?;
    let way = bench.way()?;
    bench
        .project
        .kubernetes_target("other", &way, &bench.namespace.name)?;
    let words = "apply --yes --set TAG=v2 --target other --output json";
    let done = bench.project.run(words)?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert!(!done.says("Renames"), "{done}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    let mut names = bench.namespace.names("deployments")?;
    names.sort();
    assert_eq!(names, ["api", "front"], "{done}");
    Ok(())
}

/// More than a rename writes beside the locks.
const WRITES: usize = 16;

/// The program is killed after each write in turn, and run again.
fn a_rename_is_finished_wherever_it_was_killed() -> Outcome {
    sweep(WRITES, 8, |index| {
        let bench = exposed("killed")?;
        bench.describe(EXPOSED, RENAMED)?;
        let mut seen = 0;
        bench.gate.rule(move |passed| {
            if !passed.is_write() || is_lock(passed) {
                return None;
            }
            seen += 1;
            (seen == index + 1).then_some(Mishap::NoReply)
        });
        let running = bench.start("v2")?;
        let performed = |passed: &Passed| passed.mishap.is_some() && passed.served.is_some();
        let came = bench.gate.awaits(Duration::from_secs(20), performed);
        running.signal(Signal::KILL)?;
        running.wait(PATIENCE)?;
        bench.gate.heal();
        bench.gate.cut();
        let before = bench.writes();
        let story = |words: &str| fail(format_args!("{words} after {before:#?}"));
        let again = bench.apply("v2")?;
        if again.exit != 0 {
            return Err(story(&format!("{again}")));
        }
        // It was over by then: so many writes it has not.
        if came.is_err() {
            return Ok(());
        }
        if leads_to(&bench)? != "front" {
            return Err(story("the Ingress leads elsewhere"));
        }
        is_all_there_is(&bench, "front")?;
        let kept = history(&bench)?;
        if kept != ["deployer.front.v1", "deployer.front.v2"] {
            return Err(story(&format!("the history is {kept:?}")));
        }
        let states: Vec<_> = kept
            .iter()
            .map(|name| bench.namespace.get("secrets", name))
            .collect::<Outcome<_>>()?;
        let state = |secret: &serde_json::Value| {
            secret["metadata"]["annotations"]["deployer/state"].clone()
        };
        if states
            .iter()
            .any(|secret| state(secret) != json!("healthy"))
        {
            return Err(story("a revision is not on record as healthy"));
        }
        if bench.namespace.find("leases", "deployer.api")?.is_some() {
            return Err(story("the lock of the old name is there"));
        }
        assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)
    })
}
