//! `deployer apply`: plan, ask, perform, watch, judge.

use std::path::PathBuf;

use super::command::{Begun, Command};
use super::options::Options;
use super::site::{self, Site};
use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::error::ExitCode;
use crate::event::Problem;
use crate::fleet::{self, StoredPlan};
use crate::names::ServiceName;
use crate::plan::saved::Saved;
use crate::platform::{IfBusy, Intent};

/// How to apply.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Performs exactly this saved plan, or refuses
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// What to do when another rollout is under way
    #[arg(long, value_enum, default_value_t)]
    if_busy: IfBusy,
    /// Takes over a service that exists and is not ours
    #[arg(long)]
    adopt: bool,
    /// Takes over fields that others manage, on Kubernetes
    #[arg(long)]
    force_conflicts: bool,
    /// Why, for the history
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

type SavedPlan = Saved<StoredPlan>;

/// Applies.
pub(crate) fn run(cli: &Cli, args: &Args, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    match (&args.plan, beside(&cli.options)) {
        (Some(_), Some(beside)) => {
            let words = format!("{beside} beside --plan: a saved plan is performed as it is");
            let problem = Problem::new("usage", words);
            screen.problem(problem.help("Make another with `deployer plan --out FILE`."));
            ExitCode::Wrong
        }
        (Some(path), None) => match SavedPlan::read(path) {
            Ok(saved) => apply_saved(cli, args, &saved, terminal, screen),
            Err(error) => {
                screen.error("plan", &error);
                ExitCode::Wrong
            }
        },
        (None, _) => apply(cli, args, terminal, screen),
    }
}

/// What would have another plan made, where it is given.
fn beside(options: &Options) -> Option<&'static str> {
    let given = [
        (!options.images.is_empty(), "--image"),
        (!options.set.is_empty(), "--set"),
        (!options.services.is_empty(), "--service"),
    ];
    given
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
}

fn apply(cli: &Cli, args: &Args, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    let command = Command {
        message: args.message.as_deref(),
        ..Command::new(cli, terminal)
    };
    let sites = match site::load(&cli.options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    if let Err(code) = command.may_begin(&sites, screen) {
        return code;
    }
    let asks = !cli.options.yes;
    command.run_at(
        &sites,
        screen,
        |_| intent(args),
        async |begun| begun.begin(asks).await,
    )
}

fn intent(args: &Args) -> Intent {
    Intent {
        adopt: args.adopt,
        force_conflicts: args.force_conflicts,
        if_busy: args.if_busy,
        writes: true,
        ..Intent::default()
    }
}

/// A saved plan was reviewed: nobody is asked again.
fn apply_saved(
    cli: &Cli,
    args: &Args,
    saved: &SavedPlan,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    let mut options = cli.options.clone();
    options.set = saved.set.clone().into_iter().collect();
    if options.targets.is_empty() {
        options.targets.push(saved.target.clone());
    }
    options.services = saved
        .plans
        .iter()
        .map(|plan| plan.service().clone())
        .collect();
    let sites = match site::look(&options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    if !matches!(sites.as_slice(), [site] if site.spec.target.name == saved.target) {
        let words = format!("this plan is for --target {}", saved.target);
        screen.problem(Problem::new("other-target", words));
        return ExitCode::Refused;
    }
    let command = Command {
        message: args.message.as_deref(),
        deploys_files: false,
        ..Command::of(&options, terminal)
    };
    let all = |_: &ServiceName| Intent {
        adopt: true,
        force_conflicts: false,
        ..intent(args)
    };
    command.run_at(&sites, screen, all, async |begun| {
        perform_saved(begun, &sites, saved).await
    })
}

async fn perform_saved(begun: &Begun<'_>, sites: &[Site], saved: &SavedPlan) -> ExitCode {
    debug_assert_eq!(sites.len(), 1);
    let members = &begun.members;
    let mut proposed = Vec::new();
    for member in members {
        let plan = saved
            .plans
            .iter()
            .find(|plan| plan.service() == member.service());
        proposed.push(match plan {
            Some(plan) => member.propose_saved(plan).await,
            None => member.propose().await,
        });
    }
    fleet::tell(members, &proposed);
    begun.carry_out(proposed, false).await
}
