//! Other tools on the same manifests, behind the same gate: apply, and wait for the rollout.

use std::process::Command;
use std::time::Duration;

use integration_tests::cluster::objects::is_rolled_out;
use integration_tests::host;
use integration_tests::program::Running;
use integration_tests::project::{PATIENCE, Project};
use integration_tests::trial::{Outcome, Stop, fail};

use super::stage::{Cost, Stage};
use crate::table::Table;

const FAR: Duration = Duration::from_millis(80);

/// Where a tool finds the manifests, in the project's directory.
const MANIFESTS: &str = "chart/templates/all.yaml";

/// One tool, by the words of its commands.
struct Peer {
    program: &'static str,
    /// `NAMESPACE` stands for the namespace.
    commands: &'static [&'static str],
}

const PEERS: [Peer; 3] = [
    Peer {
        program: "kubectl",
        commands: &[
            "apply --server-side -n NAMESPACE -f chart/templates/all.yaml",
            "rollout status deployment/api -n NAMESPACE",
        ],
    },
    Peer {
        program: "helm",
        commands: &["upgrade --install api chart --wait -n NAMESPACE"],
    },
    Peer {
        program: "kapp",
        commands: &["deploy -a api -f chart/templates/all.yaml --yes -n NAMESPACE"],
    },
];

/// Each tool that this machine has, from near and from afar.
pub(crate) fn measure(table: &mut Table) -> Outcome {
    for peer in &PEERS {
        if !host::has_program(peer.program) {
            table.row(peer.program, format!("not measured: no {}", peer.program));
            continue;
        }
        for (where_, delay) in [("near", Duration::ZERO), ("80 ms away", FAR)] {
            let stage = Stage::new()?;
            stage.gate.delay(delay);
            for (what, tag) in [
                ("create", "v1"),
                ("nothing to change", "v1"),
                ("another image", "v2"),
            ] {
                let cost = peer.cost(&stage, tag)?;
                table.row(&format!("{}: {what}, {where_}", peer.program), cost.words());
                if let ("create", Some((trip, at))) = (what, cost.first_write) {
                    table.row(
                        &format!("{}: first object in trip · after s", peer.program),
                        format!("{trip} · {:.2}", at.as_secs_f64()),
                    );
                }
            }
        }
    }
    Ok(())
}

impl Peer {
    fn cost(&self, stage: &Stage, tag: &str) -> Outcome<Cost> {
        stage.project.write(
            "chart/Chart.yaml",
            "apiVersion: v2\nname: api\nversion: 0.1.0\n",
        )?;
        stage.project.write(MANIFESTS, &stage.manifests(tag)?)?;
        // Nothing is cached, as on a fresh runner.
        let home = Project::empty()?;
        stage.gate.forget();
        let begun = stage.gate.elapsed();
        let mut took = Duration::ZERO;
        for words in self.commands {
            took += self.run(stage, &home, words)?;
        }
        let cost = Cost::of(&stage.gate.passed(), begun, took);
        let live = stage.namespace.get("deployments", "api")?;
        if is_rolled_out(&live) {
            Ok(cost)
        } else {
            Err(fail(format_args!("{} did not wait", self.program)))
        }
    }

    fn run(&self, stage: &Stage, home: &Project, words: &str) -> Outcome<Duration> {
        let words = words.replace("NAMESPACE", &stage.namespace.name);
        let mut command = Command::new(self.program);
        command
            .args(words.split(' '))
            .current_dir(stage.project.path())
            .env("HOME", home.path())
            .env("KUBECONFIG", stage.project.path().join("kubeconfig"));
        let finished = Running::start(command)?.wait(PATIENCE)?;
        if finished.exit == 0 {
            Ok(finished.took)
        } else {
            Err(Stop::Fail(finished.to_string()))
        }
    }
}
