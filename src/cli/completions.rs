//! `deployer completions`: scripts that complete the command line in a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Screen};
use crate::error::ExitCode;

/// For which shell.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args, screen: &mut Screen) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "deployer", &mut script);
    screen.script(&String::from_utf8_lossy(&script));
    ExitCode::Fine
}
