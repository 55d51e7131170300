//! `deployer sandbox`: serves the embedded cloud to any AWS client.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;

use super::options::Options;
use super::terminal::Terminal;
use super::{Screen, signals, site};
use crate::cancel::Cancel;
use crate::error::ExitCode;
use crate::event::EventKind;
use sandbox::{Sandbox, SandboxError};

/// How to serve.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A loopback address; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4510")]
    listen: SocketAddr,
    /// Describes a new world: how images behave, faults, what goes on in it
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Something else than serving
    #[command(subcommand)]
    deed: Option<Deed>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Deed {
    /// Forgets the world
    Reset,
}

/// Serves until a signal, or resets.
pub(crate) fn run(options: &Options, args: &Args, _: &Terminal, screen: &mut Screen) -> ExitCode {
    let ended = match args.deed {
        Some(Deed::Reset) => reset(options, screen),
        None => site::open_sandbox(options, args.world.clone(), None)
            .and_then(|sandbox| serve(sandbox, args.listen, screen)),
    };
    match ended {
        Ok(()) => ExitCode::Fine,
        Err(error) => {
            screen.error("sandbox", &error);
            ExitCode::Failed
        }
    }
}

fn reset(options: &Options, screen: &mut Screen) -> Result<(), SandboxError> {
    let existed = Sandbox::reset(&site::sandbox_file(options))?;
    screen.tell(None, EventKind::Reset { existed }, |screen, _| {
        screen.answer(if existed {
            "the sandbox is as new\n"
        } else {
            "there was no sandbox\n"
        });
    });
    Ok(())
}

fn serve(sandbox: Sandbox, listen: SocketAddr, screen: &mut Screen) -> Result<(), SandboxError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(SandboxError::Listen)?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(SandboxError::Listen)?;
        let address = listener.local_addr().map_err(SandboxError::Listen)?;
        let url = format!("http://{address}");
        screen.tell(None, EventKind::Listening { url }, |screen, _| {
            screen.answer(&format!("listening on http://{address}\n"));
        });
        let cancel = Cancel::new();
        let stop = async {
            tokio::select! {
                () = cancel.cancelled() => {}
                _ = signals::relay(&cancel) => {}
            }
        };
        sandbox.serve(listener, stop).await
    })
}
