//! What stands around the program: terminals, a CI runner, the wishes of the environment.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::tz::TimeZone;

use super::options::Output;
use crate::clock::Clock;
use crate::report::{self, Actions, Format, Ledger, Outlet, Style, Telling};

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// As the surroundings say
    #[default]
    Auto,
    /// Everywhere, in files and pipes too
    Always,
    /// Nowhere
    Never,
}

/// How a rollout is followed on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Progress {
    /// As the surroundings say
    #[default]
    Auto,
    /// A line for each change
    Plain,
    /// A block for each service, drawn anew as it goes; needs a terminal
    Live,
    /// Only what goes wrong, and how it ended
    Off,
}

/// How whoever gave the command wishes to be spoken to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wishes {
    /// What `--color` asks for.
    pub(crate) color: Color,
    /// What `--progress` asks for.
    pub(crate) progress: Progress,
    /// `-v`: while we log, nothing on the screen moves unless that is asked for; the lines would mix.
    pub(crate) verbose: bool,
}

/// How to speak here.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    /// How stdout is written to.
    pub(crate) out: Style,
    /// How stderr is written to.
    pub(crate) err: Style,
    /// How a rollout is followed on stderr.
    pub(crate) progress: report::Progress,
    /// Whether there is a person who could answer.
    pub(crate) can_ask: bool,
    /// What GitHub Actions is told, where it runs us.
    pub(crate) actions: Option<Actions>,
    /// Where what is told is entered.
    pub(crate) ledger: Ledger,
    /// What belongs on standard output goes here.
    pub(crate) stdout: Outlet,
    /// What belongs on standard error goes here.
    pub(crate) stderr: Outlet,
}

/// What is found around the program.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent fact of the surroundings"
)]
struct Facts {
    stdin: bool,
    stdout: bool,
    stderr: bool,
    no_color: bool,
    force_color: bool,
    ci: bool,
    dumb: bool,
}

impl Terminal {
    /// Reads from the environment and the streams how to speak here.
    pub(crate) fn read(wishes: Wishes) -> Self {
        let facts = Facts {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            no_color: is_set("NO_COLOR") || variable("CLICOLOR").is_some_and(|value| value == "0"),
            force_color: is_set("CLICOLOR_FORCE")
                && variable("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            ci: is_set("CI"),
            dumb: variable("TERM").is_some_and(|term| term == "dumb"),
        };
        let mut terminal = Self::of(facts, wishes);
        terminal.out.width = columns(facts.stdout, terminal_size::terminal_size_of(io::stdout()));
        terminal.err.width = columns(facts.stderr, terminal_size::terminal_size_of(io::stderr()));
        terminal.actions = is_set("GITHUB_ACTIONS").then(|| Actions {
            summary: path("GITHUB_STEP_SUMMARY"),
            output: path("GITHUB_OUTPUT"),
        });
        terminal
    }

    fn of(facts: Facts, wishes: Wishes) -> Self {
        let style = |is_terminal: bool| Style {
            color: facts.color(wishes.color, is_terminal),
            width: None,
        };
        let (stdout, stderr) = Outlet::pair(io::stdout(), io::stderr());
        Self {
            stdout,
            stderr,
            out: style(facts.stdout),
            err: style(facts.stderr),
            progress: facts.progress(wishes),
            can_ask: facts.stdin && facts.stderr && !facts.ci,
            actions: None,
            ledger: Ledger::new(Clock::system()),
        }
    }

    /// The form of the story that fits here.
    pub(crate) fn format(
        &self,
        output: Output,
        plan_on_stdout: bool,
        several_targets: bool,
    ) -> Format {
        match output {
            Output::Json => Format::Json,
            Output::Human | Output::Markdown => Format::Human(Telling {
                progress: self.progress,
                plan_on_stdout,
                several_targets,
                zone: TimeZone::system(),
            }),
        }
    }
}

impl Facts {
    /// Whether a stream gets colours. `NO_COLOR` is heard before `CLICOLOR_FORCE`, as most programs
    /// do; whoever says it on the command line means it.
    fn color(self, wish: Color, is_terminal: bool) -> bool {
        match wish {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if self.no_color => false,
            Color::Auto => self.force_color || (is_terminal && !self.ci && !self.dumb),
        }
    }

    /// A block that moves needs a terminal; colours have nothing to do with it.
    fn progress(self, wishes: Wishes) -> report::Progress {
        let moves = match wishes.progress {
            Progress::Off => return report::Progress::Nothing,
            Progress::Plain => false,
            Progress::Live => true,
            Progress::Auto => !self.ci && !self.dumb && !wishes.verbose,
        };
        if moves && self.stderr {
            report::Progress::Live
        } else {
            report::Progress::Lines
        }
    }
}

fn columns(
    is_terminal: bool,
    size: Option<(terminal_size::Width, terminal_size::Height)>,
) -> Option<usize> {
    let (width, _) = size.filter(|_| is_terminal)?;
    Some(width.0.into()).filter(|columns| *columns > 0)
}

/// A variable of the environment; what is not text is taken as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the environment is read"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A path in the environment.
fn path(name: &str) -> Option<PathBuf> {
    variable(name)
        .filter(|value| !value.is_empty())
        .map(Into::into)
}

/// `NO_COLOR` and `CI` count when they are there and not empty.
fn is_set(name: &str) -> bool {
    variable(name).is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::report::Progress::{Lines, Live, Nothing};

    const PERSON: Facts = Facts {
        stdin: true,
        stdout: true,
        stderr: true,
        no_color: false,
        force_color: false,
        ci: false,
        dumb: false,
    };

    fn speaks(facts: Facts, wishes: Wishes) -> (bool, bool, report::Progress, bool) {
        let terminal = Terminal::of(facts, wishes);
        (
            terminal.out.color,
            terminal.err.color,
            terminal.progress,
            terminal.can_ask,
        )
    }

    #[test]
    fn the_surroundings_decide_how_we_speak() {
        let person = |change: fn(&mut Facts)| {
            let mut facts = PERSON;
            change(&mut facts);
            facts
        };
        let cases = [
            (PERSON, (true, true, Live, true)),
            // `deployer plan | less`
            (
                person(|facts| facts.stdout = false),
                (false, true, Live, true),
            ),
            // `deployer apply 2> log`: a question would not be seen.
            (
                person(|facts| facts.stderr = false),
                (true, false, Lines, false),
            ),
            (
                person(|facts| facts.stdin = false),
                (true, true, Live, false),
            ),
            // Without colours it moves all the same.
            (
                person(|facts| facts.no_color = true),
                (false, false, Live, true),
            ),
            (
                person(|facts| facts.dumb = true),
                (false, false, Lines, true),
            ),
            (
                person(|facts| facts.ci = true),
                (false, false, Lines, false),
            ),
            (Facts::default(), (false, false, Lines, false)),
            // `CLICOLOR_FORCE=1 deployer plan | less -R`
            (
                Facts {
                    force_color: true,
                    ..Facts::default()
                },
                (true, true, Lines, false),
            ),
            (
                Facts {
                    force_color: true,
                    no_color: true,
                    ..PERSON
                },
                (false, false, Live, true),
            ),
        ];
        for (facts, expected) in cases {
            assert_eq!(speaks(facts, Wishes::default()), expected, "{facts:?}");
        }
    }

    #[test]
    fn a_wish_on_the_command_line_comes_before_the_surroundings() {
        let nothing = Facts {
            no_color: true,
            ci: true,
            dumb: true,
            ..PERSON
        };
        let wish = |color, progress, verbose| Wishes {
            color,
            progress,
            verbose,
        };
        let cases = [
            (
                nothing,
                wish(Color::Always, Progress::Live, true),
                (true, Live),
            ),
            (
                PERSON,
                wish(Color::Never, Progress::Plain, false),
                (false, Lines),
            ),
            (
                PERSON,
                wish(Color::Auto, Progress::Off, false),
                (true, Nothing),
            ),
            (
                PERSON,
                wish(Color::Auto, Progress::Auto, true),
                (true, Lines),
            ),
            // Where nothing can move, lines are the next best.
            (
                Facts::default(),
                wish(Color::Always, Progress::Live, false),
                (true, Lines),
            ),
        ];
        for (facts, wishes, expected) in cases {
            let (_, color, progress, _) = speaks(facts, wishes);
            assert_eq!((color, progress), expected, "{facts:?} {wishes:?}");
        }
    }
}
