//! A service that gets another name: what is new comes up beside what serves, and takes its place once it is healthy.
//! Needs a control plane.

use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;

use crate::kube::{Bench, assert_says, until};
use crate::shop::assert_verdict;

trials! { "kube":
    a_renamed_service_is_led_to_once_it_is_healthy,
    a_renamed_service_that_fails_leaves_what_serves,
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
