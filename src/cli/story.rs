//! A command that tells a story: the command, its reporter and the signals side by side.

use std::io;

use tokio::sync::mpsc;

use super::signals;
use super::terminal::Terminal;
use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::error::ExitCode;
use crate::event::Event;
use crate::report::{self, Format, Prompt, Reporter, Veil};

/// What a command needs to tell its story.
#[derive(Debug)]
pub struct Story {
    /// Events go here, in their order.
    pub tell: mpsc::UnboundedSender<Event>,
    /// Questions to the person go here.
    pub ask: mpsc::UnboundedSender<Prompt>,
    /// Set by the first signal.
    pub cancel: Cancel,
    /// The time.
    pub clock: Clock,
}

/// Why a command could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The machinery that lets a program wait for several things could not be set up.
    #[error("could not start waiting for the network")]
    Runtime(#[source] io::Error),
    /// Signals could not be listened to.
    #[error("could not listen to signals")]
    Signals(#[source] io::Error),
}

/// Runs `command` to its end and shows its story. A second signal leaves at once.
pub fn run(
    terminal: &Terminal,
    format: Format,
    veil: Veil,
    command: impl AsyncFnOnce(Story) -> ExitCode,
) -> Result<ExitCode, BeginError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BeginError::Runtime)?;
    let code = runtime.block_on(tell(terminal, format, veil, command));
    // Whatever still resolves a name or reads a file must not hold up the exit.
    runtime.shutdown_background();
    code
}

async fn tell(
    terminal: &Terminal,
    format: Format,
    veil: Veil,
    command: impl AsyncFnOnce(Story) -> ExitCode,
) -> Result<ExitCode, BeginError> {
    let (tell, events) = mpsc::unbounded_channel();
    let (ask, prompts) = mpsc::unbounded_channel();
    let cancel = Cancel::new();
    let clock = Clock::system();
    let out = (io::stdout(), terminal.out);
    let err = (io::stderr(), terminal.err);
    let reporter = Reporter::new(format, out, err)
        .with_actions(terminal.actions.clone())
        .with_veil(veil);
    let story = Story {
        tell,
        ask,
        cancel: cancel.clone(),
        clock,
    };
    let both = async {
        tokio::join!(
            command(story),
            report::run(events, prompts, reporter, clock)
        )
        .0
    };
    tokio::select! {
        code = both => Ok(code),
        second = signals::relay(&cancel) => match second {
            Ok(()) => Ok(ExitCode::Interrupted),
            Err(error) => Err(BeginError::Signals(error)),
        },
    }
}
