//! Who owns the number of pods on Kubernetes: the file, our autoscaler, or one of others. Needs a control plane.

use integration_tests::program::Finished;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::json;

use crate::kube::{Bench, assert_says, until};
use crate::shop::assert_verdict;

trials! { "kube":
    an_autoscaler_takes_over_without_a_dip,
    an_autoscaler_gives_back_without_a_dip,
    an_autoscaler_of_others_keeps_the_number,
}

const FIXED: &str = "replicas = 3\nrollout = { deadline = \"60s\" }";
const SCALED: &str =
    "replicas = 3\nscaling = { min = 2, max = 6, cpu = 70 }\nrollout = { deadline = \"60s\" }";

/// Every number of pods that the Deployment asked for since this version.
fn asked_for(bench: &Bench, version: &str) -> Outcome<Vec<u64>> {
    let changes = bench.namespace.changes("deployments", version)?;
    let numbers = changes
        .iter()
        .filter_map(|one| one["spec"]["replicas"].as_u64());
    Ok(numbers.collect())
}

fn hands_over(bench: &Bench, to: &str, tag: &str) -> Outcome<(Finished, Vec<u64>)> {
    let version = bench.namespace.version("deployments")?;
    bench.describe(to, "")?;
    let done = bench.apply(tag)?;
    assert_eq!(done.exit, 0, "{done}");
    Ok((done, asked_for(bench, &version)?))
}

fn an_autoscaler_takes_over_without_a_dip() -> Outcome {
    let bench = Bench::new("takes-over")?;
    bench.describe(FIXED, "")?;
    let bench = bench.served("v1")?;
    let (done, numbers) = hands_over(&bench, SCALED, "v2")?;
    assert!(
        numbers.iter().all(|number| *number == 3),
        "{numbers:?}\n{done}"
    );
    bench.namespace.get("horizontalpodautoscalers", "api")?;
    // What it decides is never fought.
    bench
        .namespace
        .change("deployments", "api", &json!({"spec": {"replicas": 5}}))?;
    bench.namespace.rolled_out("api")?;
    let (done, numbers) = hands_over(&bench, SCALED, "v3")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert!(
        numbers.iter().all(|number| *number == 5),
        "{numbers:?}\n{done}"
    );
    Ok(())
}

fn an_autoscaler_gives_back_without_a_dip() -> Outcome {
    let bench = Bench::new("gives-back")?;
    bench.describe(SCALED, "")?;
    let bench = bench.served("v1")?;
    bench
        .namespace
        .change("deployments", "api", &json!({"spec": {"replicas": 5}}))?;
    bench.namespace.rolled_out("api")?;
    let (done, numbers) = hands_over(&bench, FIXED, "v2")?;
    assert!(
        numbers.iter().all(|number| [3, 5].contains(number)),
        "{numbers:?}\n{done}"
    );
    assert_eq!(bench.deployment()?["spec"]["replicas"], 3, "{done}");
    assert_eq!(
        bench.namespace.names("horizontalpodautoscalers")?.len(),
        0,
        "{done}"
    );
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)
}

fn an_autoscaler_of_others_keeps_the_number() -> Outcome {
    let bench = Bench::new("their-scaler")?;
    let bench = bench.served("v1")?;
    bench.namespace.create(&json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "theirs"},
        "spec": {"minReplicas": 4, "maxReplicas": 6,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}},
    }))?;
    until("their autoscaler has scaled", || {
        Ok(bench.deployment()?["spec"]["replicas"] == 4)
    })?;
    bench.namespace.rolled_out("api")?;
    let version = bench.namespace.version("deployments")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_says(&done, &["theirs"]);
    let numbers = asked_for(&bench, &version)?;
    assert!(
        numbers.iter().all(|number| *number == 4),
        "{numbers:?}\n{done}"
    );
    Ok(())
}
