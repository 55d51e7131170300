//! KEDA in the place of the autoscaler. Needs a control plane.

use integration_tests::cluster::objects;
use integration_tests::cluster::{Mishap, Passed};
use integration_tests::program::Finished;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, assert_says, until};
use crate::shop::assert_verdict;

trials! { "kube":
    keda_scales_a_service_in_place_of_an_autoscaler,
}

const DEADLINE: &str = "rollout = { deadline = \"60s\" }";
const SCALED: &str = "replicas = 3\nscaling = { min = 2, max = 6, cpu = 70 }";
const TO_NONE: &str = "scaling = { min = 0, max = 6 }";
const KEDA: &str = "[service.api.kubernetes.keda]\ncooldown = \"60s\"\nfallback = { failures = 3, replicas = 2 }\n\
    authentications = { queue = { podIdentity = { provider = \"aws\" } } }\n\
    [[service.api.kubernetes.keda.triggers]]\ntype = \"aws-sqs-queue\"\nauthentication = \"queue\"\n\
    metadata = { queueURL = \"https://sqs.us-east-1.amazonaws.com/123456789012/jobs\", queueLength = 5 }\n";

fn described(bench: &Bench, scaling: &str, kube: &str) -> Outcome {
    bench.describe(&format!("{scaling}\n{DEADLINE}"), kube)
}

/// Deploys it, with every number of pods that the Deployment asked for meanwhile.
fn hands_over(bench: &Bench, tag: &str) -> Outcome<(Finished, Vec<u64>)> {
    let version = bench.namespace.version("deployments")?;
    let done = bench.apply(tag)?;
    assert_eq!(done.exit, 0, "{done}");
    let changes = bench.namespace.changes("deployments", &version)?;
    let numbers = changes
        .iter()
        .filter_map(|one| one["spec"]["replicas"].as_u64());
    Ok((done, numbers.collect()))
}

fn scaled_to(bench: &Bench, count: u64) -> Outcome {
    let scale = json!({"spec": {"replicas": count}});
    bench.namespace.change("deployments", "api/scale", &scale)?;
    bench.namespace.rolled_out("api").map(drop)
}

/// What KEDA does with a `ScaledObject`: it marks it and makes an autoscaler of its own.
fn keda_takes_it(bench: &Bench) -> Outcome {
    let name = json!({"scaledobject.keda.sh/name": "api"});
    let marked = json!({"metadata": {"labels": name}});
    let scaled = bench.namespace.change("scaledobjects", "api", &marked)?;
    bench.namespace.create(&objects::made_by_keda(&scaled))?;
    Ok(())
}

/// KEDA refuses a second autoscaler, also in a dry run, and for a moment after the first is gone.
fn keda_refuses(bench: &Bench) {
    let is = |passed: &Passed, method: &str, plural: &str| {
        passed.method == method && passed.uri.contains(&format!("/{plural}/api"))
    };
    let (mut gone, mut refused) = (false, false);
    bench.gate.rule(move |passed| {
        gone |= is(passed, "DELETE", "horizontalpodautoscalers");
        let asked = is(passed, "PATCH", "scaledobjects");
        let now = asked && (!gone || !refused);
        refused |= now && gone;
        now.then_some(Mishap::Refused(403))
    });
}

fn keda_scales_a_service_in_place_of_an_autoscaler() -> Outcome {
    let bench = Bench::new("keda")?;
    let cluster = bench.namespace.cluster();
    cluster.needs_simulation("kinds without their controllers")?;
    not_yet_defined()?;
    for kind in objects::keda() {
        cluster.install(&kind)?;
    }
    described(&bench, SCALED, "")?;
    let bench = bench.served("v1")?;
    scaled_to(&bench, 5)?;
    to_keda(&bench)?;
    to_none(&bench)?;
    and_back(&bench)?;
    others_keep_the_number()
}

/// No other trial defines the kind in the cluster that all share.
fn not_yet_defined() -> Outcome {
    let bench = Bench::new("no-keda")?;
    described(&bench, TO_NONE, KEDA)?;
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 1, "{done}");
    assert_says(&done, &["ScaledObject", "install KEDA"]);
    assert_eq!(bench.writes(), Vec::<String>::new(), "{done}");
    Ok(())
}

fn to_keda(bench: &Bench) -> Outcome {
    described(bench, TO_NONE, KEDA)?;
    keda_refuses(bench);
    let plan = bench.run("plan --set TAG=v2")?;
    assert_says(
        &plan,
        &[
            "ScaledObject api",
            "TriggerAuthentication queue",
            "HorizontalPodAutoscaler api",
        ],
    );
    let (done, numbers) = hands_over(bench, "v2")?;
    bench.gate.heal();
    assert!(
        numbers.iter().all(|number| *number == 5),
        "{numbers:?}\n{done}"
    );
    assert!(
        bench
            .namespace
            .names("horizontalpodautoscalers")?
            .is_empty()
    );
    let spec = &bench.namespace.get("scaledobjects", "api")?["spec"];
    assert_eq!(spec["minReplicaCount"], 0, "{spec:#}");
    assert_eq!(
        spec["triggers"][0]["metadata"]["queueLength"], "5",
        "{spec:#}"
    );
    let asks = bench.namespace.get("triggerauthentications", "queue")?;
    assert_eq!(asks["spec"]["podIdentity"]["provider"], "aws");
    // Neither what the API fills in, nor what KEDA does, is a difference.
    keda_takes_it(bench)?;
    let again = bench.run("plan --exit-code --set TAG=v2")?;
    assert_eq!(again.exit, 0, "{again}");
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)
}

/// Where there is no pod nothing shows whether a version works.
fn to_none(bench: &Bench) -> Outcome {
    scaled_to(bench, 0)?;
    let (done, numbers) = hands_over(bench, "v3")?;
    assert!(
        numbers.iter().all(|number| *number == 0),
        "{numbers:?}\n{done}"
    );
    assert_eq!(done.event("outcome", "api")?["proven"], false, "{done}");
    scaled_to(bench, 5)
}

fn and_back(bench: &Bench) -> Outcome {
    described(bench, SCALED, "")?;
    let (done, numbers) = hands_over(bench, "v4")?;
    assert!(
        numbers.iter().all(|number| *number == 5),
        "{numbers:?}\n{done}"
    );
    let gone = || {
        let left = bench.namespace.names("triggerauthentications")?.len()
            + bench.namespace.names("scaledobjects")?.len();
        let names = bench.namespace.names("horizontalpodautoscalers")?;
        Ok(left == 0 && names == ["api"])
    };
    until("all of KEDA is gone", gone)?;
    assert_eq!(bench.deployment()?["spec"]["replicas"], 5);

    // To a number of the file; what KEDA made is gone before that is set.
    described(bench, TO_NONE, KEDA)?;
    assert_eq!(bench.apply("v4")?.exit, 0);
    keda_takes_it(bench)?;
    described(bench, "replicas = 3", "")?;
    let (done, numbers) = hands_over(bench, "v4")?;
    assert!(
        numbers.iter().all(|number| [3, 5].contains(number)),
        "{numbers:?}\n{done}"
    );
    assert_eq!(bench.deployment()?["spec"]["replicas"], 3, "{done}");
    assert!(bench.namespace.names("scaledobjects")?.is_empty(), "{done}");

    described(bench, TO_NONE, KEDA)?;
    assert_eq!(bench.apply("v4")?.exit, 0);
    let done = bench.run("destroy --yes")?;
    assert_eq!(done.exit, 0, "{done}");
    until("it goes with the service", || {
        Ok(bench.namespace.names("scaledobjects")?.is_empty())
    })
}

/// A `ScaledObject` that somebody else made decides the count, also while it is paused and has no autoscaler.
fn others_keep_the_number() -> Outcome {
    let bench = Bench::new("their-keda")?.served("v1")?;
    let theirs: Value = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "theirs"},
        "spec": {"scaleTargetRef": {"name": "api"}, "minReplicaCount": 4,
            "triggers": [{"type": "cron", "metadata": {}}]},
    });
    bench.namespace.create(&theirs)?;
    scaled_to(&bench, 4)?;
    let (done, numbers) = hands_over(&bench, "v2")?;
    assert_says(&done, &["ScaledObject theirs"]);
    assert!(
        numbers.iter().all(|number| *number == 4),
        "{numbers:?}\n{done}"
    );
    let refused = bench.run("scale api=1 --yes")?;
    assert_eq!(refused.exit, 4, "{refused}");
    assert_says(
        &refused,
        &["ScaledObject theirs, which is not ours, decides it"],
    );
    Ok(())
}
