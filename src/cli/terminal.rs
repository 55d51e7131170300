//! What stands around the program: terminals, a CI runner, the wishes of the environment.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::options::Output;
use crate::clock::Clock;
use crate::report::{Actions, Format, Ledger, Outlet, Style, Telling};

/// How to speak here.
#[derive(Debug, Clone)]
pub struct Terminal {
    /// How stdout is written to.
    pub out: Style,
    /// How stderr is written to.
    pub err: Style,
    /// Whether stderr can show something that moves.
    pub live: bool,
    /// Whether there is a person who could answer.
    pub can_ask: bool,
    /// What GitHub Actions is told, where it runs us.
    pub actions: Option<Actions>,
    /// Where what is told is entered.
    pub ledger: Ledger,
    /// Standard output.
    pub stdout: Outlet,
    /// Standard error.
    pub stderr: Outlet,
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
    ci: bool,
    dumb: bool,
    verbose: bool,
}

impl Terminal {
    /// Looks around. While we log (`verbose`), nothing on the screen moves: the lines would mix.
    pub fn read(verbose: bool) -> Self {
        let facts = Facts {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            no_color: is_set("NO_COLOR"),
            ci: is_set("CI"),
            dumb: variable("TERM").is_some_and(|term| term == "dumb"),
            verbose,
        };
        let mut terminal = Self::from(facts);
        terminal.out.width = columns(facts.stdout, terminal_size::terminal_size_of(io::stdout()));
        terminal.err.width = columns(facts.stderr, terminal_size::terminal_size_of(io::stderr()));
        terminal.actions = is_set("GITHUB_ACTIONS").then(|| Actions {
            summary: path("GITHUB_STEP_SUMMARY"),
            output: path("GITHUB_OUTPUT"),
        });
        terminal
    }

    /// The form of the story that fits here.
    pub fn format(&self, output: Output, plan_on_stdout: bool, several_targets: bool) -> Format {
        match output {
            Output::Json => Format::Json,
            Output::Human | Output::Markdown => Format::Human(Telling {
                live: self.live,
                plan_on_stdout,
                several_targets,
                zone: TimeZone::system(),
            }),
        }
    }
}

impl From<Facts> for Terminal {
    fn from(facts: Facts) -> Self {
        let fancy = !facts.ci && !facts.dumb;
        let style = |is_terminal: bool| Style {
            color: is_terminal && fancy && !facts.no_color,
            width: None,
        };
        let (stdout, stderr) = Outlet::pair(io::stdout(), io::stderr());
        Self {
            stdout,
            stderr,
            out: style(facts.stdout),
            err: style(facts.stderr),
            live: facts.stderr && fancy && !facts.no_color && !facts.verbose,
            can_ask: facts.stdin && facts.stderr && !facts.ci,
            actions: None,
            ledger: Ledger::new(Clock::system()),
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
pub fn variable(name: &str) -> Option<String> {
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

    const PERSON: Facts = Facts {
        stdin: true,
        stdout: true,
        stderr: true,
        no_color: false,
        ci: false,
        dumb: false,
        verbose: false,
    };

    fn speaks(facts: Facts) -> (bool, bool, bool, bool) {
        let terminal = Terminal::from(facts);
        (
            terminal.out.color,
            terminal.err.color,
            terminal.live,
            terminal.can_ask,
        )
    }

    #[test]
    fn the_surroundings_decide_how_we_speak() {
        let cases = [
            (PERSON, (true, true, true, true)),
            // `deployer plan | less`
            (
                Facts {
                    stdout: false,
                    ..PERSON
                },
                (false, true, true, true),
            ),
            // `deployer apply 2> log`: a question would not be seen.
            (
                Facts {
                    stderr: false,
                    ..PERSON
                },
                (true, false, false, false),
            ),
            (
                Facts {
                    stdin: false,
                    ..PERSON
                },
                (true, true, true, false),
            ),
            (
                Facts {
                    no_color: true,
                    ..PERSON
                },
                (false, false, false, true),
            ),
            (
                Facts {
                    dumb: true,
                    ..PERSON
                },
                (false, false, false, true),
            ),
            (Facts { ci: true, ..PERSON }, (false, false, false, false)),
            (
                Facts {
                    verbose: true,
                    ..PERSON
                },
                (true, true, false, true),
            ),
            (Facts::default(), (false, false, false, false)),
        ];
        for (facts, expected) in cases {
            assert_eq!(speaks(facts), expected, "{facts:?}");
        }
    }
}
