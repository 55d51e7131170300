//! The verbs that start or follow a rollout without a change of the file: `watch`, `cancel`, `continue`,
//! `rollback`, `restart`, `scale`.

use std::collections::BTreeMap;

use super::command::Command;
use super::site;
use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::error::ExitCode;
use crate::fleet;
use crate::names::ServiceName;
use crate::platform::{BackTo, IfBusy, Intent};

/// What to watch.
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// Just this rollout, such as `ecs-svc/123`, also when it is over; otherwise the one under way
    #[arg(long, value_name = "ID")]
    rollout: Option<String>,
}

/// How to cancel.
#[derive(Debug, clap::Args)]
pub(crate) struct CancelArgs {
    /// Goes back to the revision before, whatever `on_cancel` says
    #[arg(long)]
    rollback: bool,
}

/// How to answer a rollout that waits for a person.
#[derive(Debug, clap::Args)]
pub(crate) struct ContinueArgs {
    /// The service whose rollout waits; otherwise those of --service, or all
    #[arg(value_name = "SERVICE")]
    services: Vec<ServiceName>,
    /// Answers that it goes back
    #[arg(long)]
    rollback: bool,
}

/// How to go back.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    /// To this revision, such as `12` or `api-service:12`; otherwise to the last one known good
    #[arg(long, value_name = "REVISION")]
    to: Option<String>,
    /// What to do when another rollout is under way
    #[arg(long, value_enum, default_value_t)]
    if_busy: IfBusy,
    /// Why, for the history
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

/// How to restart.
#[derive(Debug, clap::Args)]
pub(crate) struct RestartArgs {
    /// What to do when another rollout is under way
    #[arg(long, value_enum, default_value_t)]
    if_busy: IfBusy,
    /// Why, for the history
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

/// How to scale.
#[derive(Debug, clap::Args)]
pub(crate) struct ScaleArgs {
    /// How many tasks or pods, such as `api=5`
    #[arg(required = true, value_name = "SERVICE=COUNT", value_parser = service_and_count)]
    counts: Vec<(ServiceName, u32)>,
    /// Why, for the history
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

fn service_and_count(text: &str) -> Result<(ServiceName, u32), String> {
    let wrong = || "it should look like api=5".to_owned();
    let (service, count) = text.split_once('=').ok_or_else(wrong)?;
    let service = service
        .parse()
        .map_err(|error: crate::names::BadName| error.to_string())?;
    Ok((service, count.parse().map_err(|_| wrong())?))
}

/// `deployer watch`: follows a rollout, whoever started it; never writes.
pub(crate) fn watch(
    cli: &Cli,
    args: &WatchArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    let command = Command {
        rollout: args.rollout.as_deref(),
        ..Command::new(cli, terminal)
    };
    command.run(
        screen,
        |_| as_it_is(),
        async |begun| {
            let outcomes = fleet::watch(&begun.members).await;
            begun.summary(&outcomes)
        },
    )
}

/// `deployer cancel`: stops a rollout as `on_cancel` or `--rollback` says.
pub(crate) fn cancel(
    cli: &Cli,
    args: &CancelArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    // Whatever is under way, and whoever is at work on it, is what is to be stopped.
    let intent = |_: &_| Intent {
        if_busy: IfBusy::Supersede,
        writes: true,
        ..as_it_is()
    };
    Command::new(cli, terminal).run(screen, intent, async |begun| {
        let outcomes = fleet::cancel(&begun.members, args.rollback).await;
        begun.summary(&outcomes)
    })
}

/// `deployer continue`: answers the hook at which a rollout waits for a person.
pub(crate) fn go_on(
    cli: &Cli,
    args: &ContinueArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    let mut options = cli.options.clone();
    options.services.extend(args.services.iter().cloned());
    let intent = |_: &_| Intent {
        if_busy: IfBusy::Supersede,
        writes: true,
        ..as_it_is()
    };
    Command::of(&options, terminal).run(screen, intent, async |begun| {
        let outcomes = fleet::go_on(&begun.members, !args.rollback).await;
        begun.summary(&outcomes)
    })
}

/// Nothing is asked of the service itself.
fn as_it_is() -> Intent {
    Intent {
        never_adopts: true,
        ..Intent::default()
    }
}

/// `deployer rollback`: a plan like any other, whose wish comes from history.
pub(crate) fn rollback(
    cli: &Cli,
    args: &RollbackArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    let intent = Intent {
        back_to: Some(args.to.clone().map_or(BackTo::LastGood, BackTo::Revision)),
        ..Intent::default()
    };
    let command = Command {
        verb: Some("rollback"),
        message: args.message.as_deref(),
        ..Command::new(cli, terminal)
    };
    with_intent(&command, args.if_busy, &|_| intent.clone(), screen)
}

/// `deployer restart`: the same specification again.
pub(crate) fn restart(
    cli: &Cli,
    args: &RestartArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    let intent = Intent {
        restart: true,
        ..Intent::default()
    };
    let command = Command {
        verb: Some("restart"),
        message: args.message.as_deref(),
        ..Command::new(cli, terminal)
    };
    with_intent(&command, args.if_busy, &|_| intent.clone(), screen)
}

/// `deployer scale`: another count; with an autoscaler, through its bounds.
pub(crate) fn scale(
    cli: &Cli,
    args: &ScaleArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    let counts: BTreeMap<ServiceName, u32> = args.counts.iter().cloned().collect();
    if let Some(wrong) = unclear(&counts, args, &cli.options.services) {
        screen.complaint(&wrong);
        return ExitCode::Wrong;
    }
    let mut options = cli.options.clone();
    options.services = counts.keys().cloned().collect();
    let intent = |name: &ServiceName| Intent {
        count: counts.get(name).copied(),
        ..Intent::default()
    };
    let command = Command {
        verb: Some("scale"),
        message: args.message.as_deref(),
        ..Command::of(&options, terminal)
    };
    with_intent(&command, IfBusy::Beside, &intent, screen)
}

/// What is wrong with the services that are to be scaled: two counts for one, or none for one that
/// `--service` names.
fn unclear(
    counts: &BTreeMap<ServiceName, u32>,
    args: &ScaleArgs,
    services: &[ServiceName],
) -> Option<String> {
    let mut given = args.counts.iter();
    if let Some((name, _)) = given.find(|(name, count)| counts.get(name) != Some(count)) {
        return Some(format!(
            "error: two counts for {name}: which one is it to be?\n"
        ));
    }
    let name = services.iter().find(|name| !counts.contains_key(*name))?;
    Some(format!(
        "error: --service {name}: it is given no count; write {name}=N\n"
    ))
}

fn with_intent(
    command: &Command<'_>,
    if_busy: IfBusy,
    intent: &dyn Fn(&ServiceName) -> Intent,
    screen: &mut Screen,
) -> ExitCode {
    let options = command.options;
    let sites = match site::look(options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    if let Err(code) = command.may_begin(&sites, screen) {
        return code;
    }
    let asks = !options.yes;
    let intent = |name: &ServiceName| Intent {
        if_busy,
        writes: true,
        ..intent(name)
    };
    command.run_at(&sites, screen, intent, async |begun| {
        begun.begin(asks).await
    })
}
