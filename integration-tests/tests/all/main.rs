//! The integration tests, all in one binary so that they are linked once.
//!
//! `cargo test --test all -- sandbox` runs one tier: the names begin with it. A test that needs a server starts it;
//! where the machine forbids that, the test is reported as ignored with the missing right.

use std::process::ExitCode;

use libtest_mimic::Arguments;

mod bad_input;
mod cli;
mod clients;
mod clusters;
mod harness;
mod kube_sweep;
mod rights;
mod rollouts;
mod scaling;
mod shop;
mod trouble;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The tests wait more than they compute.
    arguments.test_threads.get_or_insert(4);
    let tiers = [
        harness::trials(),
        clusters::trials(),
        bad_input::trials(),
        cli::trials(),
        rights::trials(),
        clients::trials(),
        scaling::trials(),
        rollouts::trials(),
        trouble::trials(),
        kube_sweep::trials(),
    ];
    let trials = tiers.into_iter().flatten().collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    integration_tests::cluster::down();
    integration_tests::servers::down();
    conclusion.exit_code()
}
