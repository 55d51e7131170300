//! `deployer schema`: JSON schemas, for editors and for whoever reads the events; and the format of the
//! files, for people.

use clap::ValueEnum;

use super::Screen;
use crate::error::ExitCode;
use crate::report;

/// Which schema.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What it describes
    of: Subject,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Subject {
    /// deploy.toml
    Deploy,
    /// A file of `config/`
    Target,
    /// One line of `--output json`
    Events,
    /// Both files, key by key, for people: Markdown
    Format,
}

/// Prints it.
pub(crate) fn run(args: &Args, screen: &mut Screen) -> ExitCode {
    let schema = match args.of {
        Subject::Deploy => crate::spec::schemas().deploy,
        Subject::Target => crate::spec::schemas().target,
        Subject::Events => report::schema(),
        Subject::Format => {
            screen.answer(&crate::spec::manual());
            return ExitCode::Fine;
        }
    };
    screen.document(&schema);
    ExitCode::Fine
}
