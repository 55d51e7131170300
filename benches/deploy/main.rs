//! What a deploy costs: requests and round trips, seconds between the world and our word, start-up and memory; in one
//! table, beside what other tools need.
//!
//! `cargo bench --bench deploy` takes about five minutes; words behind `--` choose the parts whose titles have them
//! (`-- kubernetes`). Everything runs on loopback: the binary of the bench's own
//! profile against `deployer sandbox --listen` and, where this machine permits them, against ministack with real
//! containers and beside the AWS CLI (`integration-tests/servers/servers.sh` installs both under `target/`). A part
//! that cannot run says why in its place.
//!
//! Method: every request passes a proxy that logs it and holds it back where distance is to be felt. The truth is read
//! from the server itself every 20 ms. *Stable* is one live deployment, the new one, COMPLETED, with as many tasks
//! running as desired; on the sandbox already the SUCCESSFUL of its service deployment. *First evidence* is the first stopped task of the new revision that the server tells of.
//! The figures of other tools are medians by the same method on ministack (ecspresso 2.3.2, AWS CLI 1, ecs-deploy
//! 1.15, Terraform with provider 5.100).

use std::io::{self, Write as _};
use std::process::ExitCode;

use integration_tests::trial::Stop;
use integration_tests::{cluster, servers};

mod kubernetes;
mod many;
mod process;
mod requests;
mod rival;
mod rollouts;
mod stage;
mod table;

use table::Table;

/// The parts of the table and their titles.
const PARTS: [(&str, table::Part); 10] = [
    (
        "Requests of the shipped example (80 ms added to each)",
        requests::measure,
    ),
    ("Seconds to plan the shipped example", requests::plans),
    (
        "Rollouts of two tasks on the sandbox, seconds",
        rollouts::on_the_sandbox,
    ),
    (
        "Rollouts of two real containers on ministack, seconds",
        rollouts::on_ministack,
    ),
    (
        "The AWS CLI beside us: register, update, wait; seconds",
        rival::measure,
    ),
    (
        "Kubernetes: a service of five objects",
        kubernetes::requests::measure,
    ),
    (
        "Kubernetes: the same manifests by others: requests · bytes · seconds",
        kubernetes::peers::measure,
    ),
    (
        "Kubernetes: from the fact to the word",
        kubernetes::verdicts::measure,
    ),
    ("A thousand services on the sandbox", many::measure),
    ("The process", process::measure),
];

fn main() -> ExitCode {
    // Cargo adds flags of its own.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .map(|word| word.to_lowercase())
        .collect();
    let chosen = |title: &str| {
        let title = title.to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    let mut table = Table::default();
    for (title, part) in PARTS.into_iter().filter(|(title, _)| chosen(title)) {
        drop(writeln!(io::stderr(), "measuring: {title}"));
        table.section(title);
        match part(&mut table) {
            Ok(()) => {}
            Err(Stop::Skip(why)) => table.row("not measured", why),
            Err(Stop::Fail(words)) => {
                drop(writeln!(io::stderr(), "{words}"));
                down();
                return ExitCode::FAILURE;
            }
        }
    }
    down();
    match write!(io::stdout(), "{table}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn down() {
    cluster::down();
    servers::down();
}
