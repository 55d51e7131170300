//! What people met who deploy to Kubernetes, each scene played through: pods that fail in unusual ways, policies of a
//! cluster, what other tools left, fields that change their kind, and what happens while a rollout is under way. Needs a
//! control plane with simulated pods.

use integration_tests::cluster::puppet::HELD;
use integration_tests::program::Finished;
use integration_tests::trial::{Outcome, Trial};
use serde_json::Value;

use crate::kube::{Bench, assert_converged, evidence};

mod adopted;
mod failing;
mod fields;
mod images;
mod meanwhile;
mod named;
mod policies;
mod scaled;

pub(crate) fn trials() -> Vec<Trial> {
    let themes = [
        failing::trials(),
        images::trials(),
        policies::trials(),
        adopted::trials(),
        fields::trials(),
        named::trials(),
        scaled::trials(),
        meanwhile::trials(),
    ];
    themes.into_iter().flatten().collect()
}

/// Two pods, and little patience with what keeps them from coming up.
const QUICK: &str = "replicas = 2\nrollout = { deadline = \"60s\", patience = { certain = \"2s\", likely = \"4s\", uncertain = \"8s\" } }";

/// The same for pods that a puppet plays.
fn held() -> String {
    format!("{QUICK}\n{HELD}")
}

/// The likely cause and all that is advised, as the post-mortem has them.
fn advice(finished: &Finished) -> Outcome<String> {
    let evidence = evidence(finished)?;
    Ok(format!("{} {}", evidence["likely_cause"], evidence["next"]))
}

/// How many failures were counted against the breaker at most.
fn counted(finished: &Finished) -> Outcome<u64> {
    let events = finished.events()?;
    let counts = events
        .iter()
        .filter_map(|event| event["breaker"]["failures"].as_u64());
    Ok(counts.max().unwrap_or_default())
}

/// The first container of the template.
fn container(bench: &Bench) -> Outcome<Value> {
    let mut deployment = bench.deployment()?;
    Ok(deployment["spec"]["template"]["spec"]["containers"][0].take())
}
