//! `deployer plan`: the difference, its effect and its time; writes nothing to the cloud.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::command::{Begun, Command, quoted, whereabouts};
use super::options::Options;
use super::site;
use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::error::{ExitCode, combine};
use crate::event::{EventKind, Problem};
use crate::fleet::{self, Ready};
use crate::plan::saved::{Saved, SavedError};
use crate::platform::Intent;

/// How to plan.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Saves the plan, for `apply --plan FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Ends with 3 where there are changes
    #[arg(long)]
    exit_code: bool,
    /// Plans to take over a service that exists and is not ours
    #[arg(long)]
    adopt: bool,
    /// Plans to take over fields that others manage, on Kubernetes
    #[arg(long)]
    force_conflicts: bool,
}

/// Plans.
pub(crate) fn run(cli: &Cli, args: &Args, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    let command = Command {
        plan_on_stdout: true,
        ..Command::new(cli, terminal)
    };
    let sites = match site::load(&cli.options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    if args.out.is_some() && sites.len() != 1 {
        let problem = Problem::new("usage", "--out saves the plan of one target");
        screen.problem(problem.help("Name one --target."));
        return ExitCode::Wrong;
    }
    let intent = |_: &_| Intent {
        adopt: args.adopt,
        force_conflicts: args.force_conflicts,
        ..Intent::default()
    };
    let mut saved = None;
    let code = command.run_at(&sites, screen, intent, async |begun| {
        let (code, written) = plan(begun, args, cli.options.set()).await;
        saved = written;
        code
    });
    match (saved, &args.out) {
        (Some(Err(error)), _) => {
            screen.error("plan", &error);
            ExitCode::Failed
        }
        (Some(Ok(())), Some(path)) => {
            let saved = EventKind::Saved {
                file: path.display().to_string(),
                performs: performs(path, &cli.options),
            };
            let target = sites[0].spec.target.name.clone();
            screen.tell(Some(target), saved, |screen, saved| {
                if let EventKind::Saved { performs, .. } = saved {
                    screen.complaint(&format!("saved; to perform exactly this: {performs}\n"));
                }
            });
            code
        }
        _ => code,
    }
}

/// The command line that performs a saved plan.
fn performs(plan: &Path, options: &Options) -> String {
    let mut line = format!("deployer apply --plan {}", quoted(&plan.to_string_lossy()));
    line += &whereabouts(options);
    line
}

/// Plans, and saves the plan where that is asked for and nothing stood in the way.
async fn plan(
    begun: &Begun<'_>,
    args: &Args,
    set: BTreeMap<String, String>,
) -> (ExitCode, Option<Result<(), SavedError>>) {
    let members = &begun.members;
    let mut proposed = fleet::propose(members).await;
    for (member, proposed) in members.iter().zip(&mut proposed) {
        match proposed {
            Err(outcome) => member.events().send(EventKind::Outcome(outcome.clone())),
            Ok(ready) => ready.warn_if_busy().await,
        }
    }
    let changed = args.exit_code && fleet::changes(&proposed);
    let codes = proposed.iter().map(|proposed| match proposed {
        Err(outcome) => ExitCode::of(outcome.verdict, outcome.rolled_back),
        Ok(_) if changed => ExitCode::Changes,
        Ok(_) => ExitCode::Fine,
    });
    let code = combine(codes);
    let whole = proposed.iter().all(Result::is_ok);
    begun.end();
    let Some(path) = args.out.as_ref().filter(|_| whole) else {
        return (code, None);
    };
    let plans = proposed
        .into_iter()
        .flatten()
        .map(Ready::into_plan)
        .collect();
    let target = begun.sites[0].spec.target.name.clone();
    let saved = Saved::new(begun.story.clock.now(), target, plans).with_set(set);
    (code, Some(saved.write(path)))
}
