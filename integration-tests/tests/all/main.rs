//! The integration tests, all in one binary so that they are linked once.
//!
//! `cargo test --test all -- scenes` runs one tier: a test's name is `TIER::TEST`. A test that needs a server starts
//! it; where the machine forbids that, the test is reported as ignored with the missing right.
//!
//! | tier | what runs |
//! |---|---|
//! | `harness` | what the tests themselves stand on |
//! | `cli`, `shell`, `terminals`, `readers`, `json`, `ci`, `streams` | the command line as people, shells, terminals, pipes, scripts and CI systems meet it |
//! | `init` | from what others wrote, and from what runs on a control plane, to files |
//! | `bad_input`, `trust` | files, arguments and servers that are wrong or hostile |
//! | `sandbox`, `scaling`, `verdicts`, `clocks`, `scenes` | the program on the embedded cloud; `scenes` are texts that anybody can write (`scenes/README.md`) |
//! | `rollouts`, `trouble`, `rights` | the program on servers that others wrote: containers that really run, refusals, lost replies |
//! | `clients` | other people's AWS clients on the embedded cloud |
//! | `cluster` | a control plane of Kubernetes comes up and behaves |
//! | `kube`, `kube_words`, `kube_scenes`, `kube_clocks`, `kube_eks`, `sweep` | the program on that control plane; `sweep` breaks every request once |
//! | `kube_node` | the program on a real node, under load |

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

mod bad_input;
mod ci;
mod cli;
mod clients;
mod clocks;
mod clusters;
mod harness;
mod inits;
mod json;
mod kube;
mod kube_carried;
mod kube_clocks;
mod kube_concurrency;
mod kube_converge;
mod kube_counts;
mod kube_eks;
mod kube_failures;
mod kube_gateways;
mod kube_keda;
mod kube_kinds;
mod kube_leaving;
mod kube_nodes;
mod kube_ownership;
mod kube_pairs;
mod kube_ports;
mod kube_renames;
mod kube_rights;
mod kube_rollouts;
mod kube_scenes;
mod kube_secrets;
mod kube_services;
mod kube_sets;
mod kube_sweep;
mod kube_targets;
mod kube_trouble;
mod kube_verbs;
mod kube_words;
mod readers;
mod rights;
mod rollouts;
mod sandboxes;
mod scaling;
mod scenes;
mod shell;
mod shop;
mod streams;
mod terminals;
mod trouble;
mod trust;
mod verdicts;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The tests wait more than they compute.
    arguments.test_threads.get_or_insert(4);
    // One after the other: a control plane beside real containers starves both on a small machine, and an emulator
    // that is starved takes a container that crashes for one that runs.
    let first = libtest_mimic::run(&arguments, without_a_cluster());
    integration_tests::servers::down();
    let second = libtest_mimic::run(&arguments, on_a_cluster());
    kube_eks::down();
    integration_tests::cluster::down();
    if first.has_failed() || second.has_failed() {
        ExitCode::from(101)
    } else {
        ExitCode::SUCCESS
    }
}

/// The program on the sandbox and on other people's AWS, and other people's clients on the sandbox.
fn without_a_cluster() -> Vec<Trial> {
    let tiers = [
        harness::trials(),
        bad_input::trials(),
        trust::trials(),
        streams::trials(),
        cli::trials(),
        inits::trials(),
        inits::on_ecs::trials(),
        shell::trials(),
        json::trials(),
        ci::trials(),
        readers::trials(),
        terminals::trials(),
        clocks::trials(),
        rights::trials(),
        sandboxes::trials(),
        clients::trials(),
        scaling::trials(),
        rollouts::trials(),
        trouble::trials(),
        verdicts::trials(),
        scenes::trials(),
    ];
    tiers.into_iter().flatten().collect()
}

/// The program on a control plane of Kubernetes, and on a real node.
fn on_a_cluster() -> Vec<Trial> {
    let tiers = [
        clusters::trials(),
        kube_rollouts::trials(),
        kube_failures::trials(),
        kube_ownership::trials(),
        kube_counts::trials(),
        kube_converge::trials(),
        kube_ports::trials(),
        kube_renames::trials(),
        kube_kinds::trials(),
        kube_sets::trials(),
        kube_leaving::trials(),
        kube_carried::trials(),
        kube_gateways::trials(),
        kube_keda::trials(),
        kube_words::trials(),
        kube_clocks::trials(),
        kube_concurrency::trials(),
        kube_trouble::trials(),
        kube_verbs::trials(),
        inits::on_kubernetes::trials(),
        json::on_kubernetes::trials(),
        kube_targets::trials(),
        kube_rights::trials(),
        kube_secrets::trials(),
        kube_services::trials(),
        kube_pairs::trials(),
        kube_eks::trials(),
        kube_scenes::trials(),
        kube_nodes::trials(),
        kube_sweep::trials(),
    ];
    tiers.into_iter().flatten().collect()
}
