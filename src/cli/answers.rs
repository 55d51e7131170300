//! The verbs that only ask: `status`, `history`, `logs`.

use std::num::NonZeroUsize;
use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::command::{Begun, Command};
use super::options::duration;
use super::site::{self, Site};
use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::answer::Wanted;
use crate::deploy::{absent, could_not, late};
use crate::error::{ExitCode, combine};
use crate::event::{EventKind, Outcome, Problem};
use crate::fleet::Member;
use crate::names::ContainerName;
use crate::platform::{Failed, Intent};
use crate::spec;

/// How much history.
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    /// So many deployments, the newest first
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = at_least_one)]
    limit: NonZeroUsize,
}

/// Which lines of the logs.
#[derive(Debug, clap::Args)]
pub(crate) struct LogsArgs {
    /// Goes on as lines come
    #[arg(long)]
    follow: bool,
    /// Not older than this, such as `10m`
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    since: Duration,
    /// Only so many lines of the past
    #[arg(long, value_name = "N")]
    tail: Option<usize>,
    /// Of this container only
    #[arg(long, value_name = "NAME")]
    container: Option<ContainerName>,
}

fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "it should be a number from 1 on".to_owned())
}

/// `deployer status`.
pub(crate) fn status(cli: &Cli, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    run(cli, terminal, screen, &async |member: &Member<'_>| {
        Ok(member.status().await?.map(EventKind::Status))
    })
}

/// `deployer history`.
pub(crate) fn history(
    cli: &Cli,
    args: &HistoryArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    run(cli, terminal, screen, &async |member: &Member<'_>| {
        let deployments = member.history(args.limit.get()).await?;
        Ok(Some(EventKind::History { deployments }))
    })
}

/// `deployer logs`.
pub(crate) fn logs(
    cli: &Cli,
    args: &LogsArgs,
    terminal: &Terminal,
    screen: &mut Screen,
) -> ExitCode {
    let sites = match site::look(&cli.options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    if let Some(wrong) = args
        .container
        .as_ref()
        .and_then(|name| unknown(name, &sites))
    {
        screen.problem(wrong);
        return ExitCode::Wrong;
    }
    Command::new(cli, terminal).run_at(
        &sites,
        screen,
        |_| Intent::default(),
        async |begun| {
            let members = &begun.members;
            let told = join_all(members.iter().map(|member| lines(begun, member, args))).await;
            combine(told)
        },
    )
}

/// What is wrong with the name of a container that no service has.
fn unknown(wanted: &ContainerName, sites: &[Site]) -> Option<Problem> {
    let services = sites.iter().flat_map(|site| site.spec.services());
    let containers = services.flat_map(|(_, containers)| containers);
    let mut known: Vec<&str> = containers
        .map(|container| container.name.as_str())
        .collect();
    known.dedup();
    if known.contains(&wanted.as_str()) {
        return None;
    }
    let hint = spec::did_you_mean(wanted.as_str(), known.iter().copied());
    let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
    let problem = Problem::new(
        "unknown-container",
        format!("no container `{wanted}`{hint}"),
    );
    Some(problem.help(format!("There are: {}", known.join(", "))))
}

async fn lines(begun: &Begun<'_>, member: &Member<'_>, args: &LogsArgs) -> ExitCode {
    let wanted = Wanted {
        since: before(member.now(), args.since),
        tail: args.tail,
        follow: args.follow,
        container: args.container.clone(),
    };
    let each = |line| member.events().send(EventKind::Log(line));
    let reading = member.tell_logs(&wanted, each);
    tokio::select! {
        read = begun.in_time(reading) => match read {
            Some(Ok(())) => ExitCode::Fine,
            Some(Err(error)) => ended(member, could_not(&error)),
            // What goes on for ever was wanted for so long.
            None if args.follow => ExitCode::Fine,
            None => ended(member, late()),
        },
        // To end what never ends by itself is no interruption.
        () = begun.story.cancel.cancelled() => if args.follow { ExitCode::Fine } else { ExitCode::Interrupted },
    }
}

fn before(now: Timestamp, ago: Duration) -> Timestamp {
    let ago = SignedDuration::try_from(ago).unwrap_or(SignedDuration::MAX);
    now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Asks for each service and tells the answer; a service that is not there is told as such.
fn run(
    cli: &Cli,
    terminal: &Terminal,
    screen: &mut Screen,
    ask: &impl AsyncFn(&Member<'_>) -> Result<Option<EventKind>, Failed>,
) -> ExitCode {
    Command::new(cli, terminal).run(
        screen,
        |_| Intent::default(),
        async |begun| {
            let members = &begun.members;
            let asked = members.iter().map(|member| begun.in_time(ask(member)));
            let answers = join_all(asked).await;
            let codes: Vec<ExitCode> = members
                .iter()
                .zip(answers)
                .map(|(member, answer)| match answer {
                    Some(Ok(Some(kind))) => {
                        member.events().send(kind);
                        ExitCode::Fine
                    }
                    Some(Ok(None)) => ended(member, absent()),
                    Some(Err(error)) => ended(member, could_not(&error)),
                    None => ended(member, late()),
                })
                .collect();
            combine(codes)
        },
    )
}

fn ended(member: &Member<'_>, outcome: Outcome) -> ExitCode {
    let code = ExitCode::of(outcome.verdict, outcome.rolled_back);
    member.events().send(EventKind::Outcome(outcome));
    code
}
