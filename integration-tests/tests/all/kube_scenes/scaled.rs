//! Autoscalers, and who else moves the number of pods.

use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::json;

use super::assert_converged;
use crate::kube::{Bench, assert_says, until};
use crate::shop::assert_verdict;

trials! { "kube_scenes":
    a_service_scaled_to_nothing_is_told_and_scale_raises_it,
    an_autoscaler_may_not_begin_at_nothing,
    two_autoscalers_of_one_deployment_are_told_with_what_to_do,
    a_count_of_nothing_set_by_hand_is_raised_to_that_of_the_file,
}

const SCALED: &str =
    "replicas = 2\nscaling = { min = 2, max = 5, cpu = 70 }\nrollout = { deadline = \"60s\" }";

fn scaled(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    bench.describe(SCALED, "")?;
    bench.served("v1")
}

/// Sets the count as `kubectl scale` does.
fn by_hand(bench: &Bench, count: u32) -> Outcome {
    let path = format!(
        "{}/api/scale?fieldManager=kubectl",
        bench.namespace.path("deployments")
    );
    let patch = json!({"spec": {"replicas": count}});
    bench.namespace.cluster().api().merge(&path, &patch)?;
    bench.namespace.rolled_out("api")?;
    Ok(())
}

/// Waits until the autoscaler says this of itself.
fn says_of_itself(bench: &Bench, reason: &str) -> Outcome {
    until(reason, || {
        let scaler = bench.namespace.get("horizontalpodautoscalers", "api")?;
        Ok(scaler["status"]["conditions"].to_string().contains(reason))
    })
}

fn a_service_scaled_to_nothing_is_told_and_scale_raises_it() -> Outcome {
    let bench = scaled("nothing")?;
    by_hand(&bench, 0)?;
    says_of_itself(&bench, "ScalingDisabled")?;
    let status = bench.tell("status")?;
    assert_eq!(status.exit, 0, "{status}");
    assert_says(&status, &["suspended", "0"]);
    // An unchanged file changes nothing about it, and another version proves nothing.
    assert_converged(&bench, "v1")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(done.event("outcome", "api")?["proven"], false, "{done}");
    assert_says(&done, &["No pod is wanted", "deployer scale api=2"]);
    let raised = bench.run("scale --yes api=3")?;
    assert_eq!(raised.exit, 0, "{raised}");
    // The autoscaler is at work again with that.
    assert!(!raised.says("left so"), "{raised}");
    until("three pods run", || Ok(bench.serve()?.len() == 3))?;
    assert_eq!(bench.serve()?, ["v2", "v2", "v2"], "{raised}");
    Ok(())
}

fn an_autoscaler_may_not_begin_at_nothing() -> Outcome {
    let bench = Bench::new("from-nothing")?;
    bench.describe(&SCALED.replace("min = 2", "min = 0"), "")?;
    for words in ["validate", "apply --yes"] {
        let refused = bench.tell(words)?;
        assert_eq!(refused.exit, 2, "{refused}");
        assert_says(&refused, &["min", "1"]);
    }
    assert_eq!(bench.writes(), Vec::<String>::new());
    Ok(())
}

fn two_autoscalers_of_one_deployment_are_told_with_what_to_do() -> Outcome {
    let bench = scaled("two-scalers")?;
    let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}});
    bench.namespace.create(&json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "theirs"},
        "spec": {"minReplicas": 1, "maxReplicas": 9, "metrics": [metric],
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}},
    }))?;
    says_of_itself(&bench, "AmbiguousSelector")?;
    let status = bench.tell("status")?;
    let words = [
        "AmbiguousSelector",
        "theirs",
        "Delete the other autoscaler",
        "take `scaling` out",
    ];
    assert_says(&status, &words);
    // A plan of something says so as well; one of nothing is quiet.
    let quiet = bench.tell("plan")?;
    assert!(!quiet.says("AmbiguousSelector"), "{quiet}");
    assert_converged(&bench, "v1")?;
    let plan = bench.tell("plan --set TAG=v2")?;
    assert_says(&plan, &words);
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2", "v2"]);
    Ok(())
}

fn a_count_of_nothing_set_by_hand_is_raised_to_that_of_the_file() -> Outcome {
    let bench = Bench::serving("by-hand", "v1")?;
    by_hand(&bench, 0)?;
    let status = bench.tell("status")?;
    assert_eq!(status.exit, 0, "{status}");
    assert_says(&status, &["0 of 0"]);
    // Kubernetes keeps no owner of a count of 0, so nobody has to make room.
    let plan = bench.tell("plan")?;
    assert_says(&plan, &["spec.replicas", "0 → 2"]);
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(done.event("outcome", "api")?["proven"], true, "{done}");
    assert_eq!(bench.serve()?, ["v2", "v2"], "{done}");
    assert_converged(&bench, "v2")
}
