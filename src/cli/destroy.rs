//! `deployer destroy`: asks, drains, deletes.

use super::command::Command;
use super::site;
use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::error::ExitCode;
use crate::platform::{IfBusy, Intent};

/// How to destroy.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also a service that is not ours
    #[arg(long)]
    adopt: bool,
}

/// Destroys.
pub(crate) fn run(cli: &Cli, args: &Args, terminal: &Terminal, screen: &mut Screen) -> ExitCode {
    let command = Command::new(cli, terminal);
    let sites = match site::look(&cli.options, screen) {
        Ok(sites) => sites,
        Err(code) => return code,
    };
    if let Err(code) = command.may_begin(&sites, screen) {
        return code;
    }
    let intent = Intent {
        adopt: args.adopt,
        destroy: true,
        if_busy: IfBusy::Beside,
        writes: true,
        ..Intent::default()
    };
    command.run_at(
        &sites,
        screen,
        |_| intent.clone(),
        async |begun| begun.begin(!cli.options.yes).await,
    )
}
