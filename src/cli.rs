//! The command line: one file for each verb, and what all of them share.
//!
//! Only this module reads the environment and listens to signals. It writes nothing itself: what
//! is to be shown goes to [`crate::report`].

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{FromArgMatches as _, Parser, Subcommand};

use crate::error::ExitCode;
use crate::event::{EventKind, Problem};
use crate::report::{Console, Outlet};

mod advise;
pub(crate) mod answers;
pub(crate) mod apply;
pub(crate) mod approve;
mod arrival;
mod closing;
mod command;
pub(crate) mod completions;
pub(crate) mod destroy;
mod files;
mod help;
pub(crate) mod init;
mod log;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod rollouts;
pub(crate) mod sandbox;
pub(crate) mod schema;
mod signals;
mod site;
pub(crate) mod story;
pub(crate) mod terminal;
mod trust;

use self::closing::End;
use self::options::{Options, Output};
use self::terminal::{Terminal, Wishes};

/// Deploys a container to AWS ECS or Kubernetes, watches the rollout and says truthfully how it
/// ended.
#[derive(Debug, Parser)]
#[command(
    name = "deployer",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What every verb understands.
    #[command(flatten)]
    pub(crate) options: Options,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  healthy, or nothing to do and all is well, or a plan was made
    1  it could not be done; nothing was changed (or only its output could not be written)
    2  the request itself is wrong
    3  there are changes (only with `plan --exit-code`), or losses (`init --check`)
    4  refused: stale plan, another rollout, wrong account, not ours, declined
    5  incomplete: some changes were made and one could not be
   10  tripped, and rolled back: the old version serves
   11  tripped, and not rolled back
   12  superseded: somebody else's action replaced ours
   13  undetermined; the rollout may go on
  130  interrupted by a signal";

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Writes the files, from a task definition, from manifests, or from what runs
    Init(init::Args),
    /// Checks the files: all problems at once, no network
    Validate,
    /// Says whether ECS or EKS fits these services, why, and what each costs; no network
    Advise,
    /// Prints the exact requests: task definition, service, autoscaling; or manifests; no network
    Render,
    /// Shows what would change, field by field; changes nothing
    Plan(plan::Args),
    /// Plans, asks, performs, watches and judges
    Apply(apply::Args),
    /// Shows what runs now
    Status,
    /// Follows a rollout, whoever started it; changes nothing
    Watch(rollouts::WatchArgs),
    /// Stops a rollout as `on_cancel` or --rollback says
    Cancel(rollouts::CancelArgs),
    /// Answers the hook that a rollout waits at
    Continue(rollouts::ContinueArgs),
    /// Shows who deployed what, when, from which commit, and how it ended
    History(answers::HistoryArgs),
    /// Goes back to the last revision known good, or to a given one
    Rollback(rollouts::RollbackArgs),
    /// Rolls the same specification again
    Restart(rollouts::RestartArgs),
    /// Changes how many tasks run; with an autoscaler, through its bounds
    Scale(rollouts::ScaleArgs),
    /// Shows what the containers write
    Logs(answers::LogsArgs),
    /// Takes services away: asks, drains, deletes
    Destroy(destroy::Args),
    /// Serves the embedded cloud to any AWS client, on a loopback port
    Sandbox(sandbox::Args),
    /// Prints the JSON schema of a file or of the events
    Schema(schema::Args),
    /// Prints the line that completes commands in a shell: targets, services, containers, revisions
    Completions(completions::Args),
}

/// Where commands write.
pub(crate) type Screen = Console<Outlet, Outlet>;

/// The whole program: from its arguments to its exit code.
pub(crate) fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // One TLS stack for all clouds: whichever asks first, this is the answer. It fails only where
    // one was installed before, and then that one serves.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let args: Vec<OsString> = args.into_iter().collect();
    // A wrong argument is quoted in the midst of our own colours.
    let paints = |arg: &OsString| arg.to_string_lossy().contains(char::is_control);
    let plain = args.iter().any(paints);
    if let Some(answer) = completions::answer(&args) {
        let terminal = Terminal::read(Wishes::default());
        let (out, err) = (terminal.stdout.clone(), terminal.stderr.clone());
        let mut screen = Console::new((out, terminal.out), (err, terminal.err));
        screen.script(&answer);
        let end = End::document(ExitCode::Fine);
        return arrival::conclude(&end, true, &terminal, &mut screen);
    }
    let chosen = Output::of(&args);
    let cli = parsed(args);
    let verbose = cli.as_ref().map_or(0, |cli| cli.options.verbose);
    let wishes = cli.as_ref().map_or_else(
        |_| Wishes::default(),
        |cli| Wishes {
            color: cli.options.color,
            progress: cli.options.progress,
            verbose: verbose > 0,
        },
    );
    let mut terminal = Terminal::read(wishes);
    terminal.err.color &= !(plain && cli.is_err());
    let mut screen = Console::new(
        (terminal.stdout.clone(), terminal.out),
        (terminal.stderr.clone(), terminal.err),
    )
    .with_ledger(terminal.ledger.clone(), terminal.actions.is_some());
    if chosen == Output::Json {
        screen.tell_records();
    }
    let end = match &cli {
        Ok(cli) => {
            log::start(verbose, &terminal);
            End::of(run(cli, &terminal, &mut screen), cli)
        }
        Err(error) => usage(error, &terminal, &mut screen),
    };
    let answers = cli.as_ref().map_or(true, |cli| cli.verb.answers());
    arrival::conclude(&end, answers, &terminal, &mut screen)
}

/// What the command line asks for.
fn parsed(args: Vec<OsString>) -> clap::error::Result<Cli> {
    let mut command = help::command();
    let found = command.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches(&found).map_err(|error| error.format(&mut command))
}

impl Verb {
    /// Whether what it writes to standard output is all that it was asked for.
    fn answers(&self) -> bool {
        self.is_document()
            || matches!(
                self,
                Self::Validate | Self::Plan(_) | Self::Status | Self::History(_) | Self::Logs(_)
            )
    }

    /// Whether it prints the one document that was asked for, and no records.
    fn is_document(&self) -> bool {
        matches!(
            self,
            Self::Render | Self::Advise | Self::Schema(_) | Self::Completions(_)
        )
    }
}

fn run(cli: &Cli, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    if cli.options.output == Output::Markdown && !matches!(cli.verb, Verb::Plan(_)) {
        screen.problem(Problem::new("usage", "only `plan` has --output markdown"));
        return ExitCode::Wrong;
    }
    match &cli.verb {
        Verb::Init(args) => init::run(cli, args, terminal, screen),
        Verb::Validate => files::validate(cli, screen),
        Verb::Advise => advise::run(cli, screen),
        Verb::Render => files::render(cli, screen),
        Verb::Plan(args) => plan::run(cli, args, terminal, screen),
        Verb::Apply(args) => apply::run(cli, args, terminal, screen),
        Verb::Watch(args) => rollouts::watch(cli, args, terminal, screen),
        Verb::Cancel(args) => rollouts::cancel(cli, args, terminal, screen),
        Verb::Continue(args) => rollouts::go_on(cli, args, terminal, screen),
        Verb::Rollback(args) => rollouts::rollback(cli, args, terminal, screen),
        Verb::Restart(args) => rollouts::restart(cli, args, terminal, screen),
        Verb::Scale(args) => rollouts::scale(cli, args, terminal, screen),
        Verb::Status => answers::status(cli, terminal, screen),
        Verb::History(args) => answers::history(cli, args, terminal, screen),
        Verb::Logs(args) => answers::logs(cli, args, terminal, screen),
        Verb::Destroy(args) => destroy::run(cli, args, terminal, screen),
        Verb::Sandbox(args) => sandbox::run(&cli.options, args, terminal, screen),
        Verb::Schema(args) => schema::run(args, screen),
        Verb::Completions(args) => completions::run(args, screen),
    }
}

/// What clap answers itself: help and version to stdout, a wrong argument to stderr.
fn usage<'a>(error: &clap::Error, terminal: &Terminal, screen: &mut Screen) -> End<'a> {
    let text = error.render();
    let drawn = |color: bool| {
        if color {
            text.ansi().to_string()
        } else {
            text.to_string()
        }
    };
    if error.use_stderr() {
        screen.told(misuse(error.kind(), &drawn(false)), |screen, _| {
            screen.complaint(&drawn(terminal.err.color));
        });
        return End::told(ExitCode::Wrong);
    }
    if error.kind() == ErrorKind::DisplayVersion && screen.tells_records() {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        screen.tell(None, EventKind::Version { version }, |_, _| {});
        return End::told(ExitCode::Fine);
    }
    screen.answer(&drawn(terminal.out.color));
    End::document(ExitCode::Fine)
}

/// What is wrong with a command line: the first paragraph of what clap says, and the rest as help.
fn misuse(kind: ErrorKind, text: &str) -> Problem {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let no_verb = [
        ErrorKind::MissingSubcommand,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if no_verb.contains(&kind) {
        let problem = Problem::new("usage", "no verb is given");
        return problem.help("`deployer --help` tells which there are");
    }
    let (what, more) = text.split_once("\n\n").unwrap_or((text, ""));
    let problem = Problem::new("usage", one_line(what.trim_start_matches("error: ")));
    match one_line(more) {
        more if more.is_empty() => problem,
        more => problem.help(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_exit_code() {
        for code in crate::error::BY_WEIGHT {
            let number = format!("{:>5}  ", code.code());
            assert!(EXIT_CODES.contains(&number), "{number}");
        }
    }
}
