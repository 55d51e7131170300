//! A command that tells a story: the command, its reporter and the signals side by side.

use std::io;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::signals;
use super::terminal::Terminal;
use crate::cancel::Cancel;
use crate::clock::{Clock, after};
use crate::error::ExitCode;
use crate::event::Event;
use crate::report::{self, Format, Outlet, Prompt, Reporter, Veil};

/// What a command needs to tell its story.
#[derive(Debug)]
pub(crate) struct Story {
    /// Events go here, in their order.
    pub(crate) tell: mpsc::UnboundedSender<Event>,
    /// Questions to the person go here.
    pub(crate) ask: mpsc::UnboundedSender<Prompt>,
    /// Set by the first signal.
    pub(crate) cancel: Cancel,
    /// The clock that all waiting goes by.
    pub(crate) clock: Clock,
}

/// Why a command could not even begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// The machinery that lets a program wait for several things could not be set up.
    #[error("could not start waiting for the network")]
    Runtime(#[source] io::Error),
    /// Signals could not be listened to.
    #[error("could not listen to signals")]
    Signals(#[source] io::Error),
}

/// A reader who takes nothing for so long is waited for no longer at the end.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The same once a signal came, or `--timeout` is over.
const HASTE: Duration = Duration::from_secs(2);

/// The same once a second signal came.
const AT_ONCE: Duration = Duration::from_millis(200);

/// Runs `command` to its end and shows its story. A second signal leaves at once. `timeout`: whatever
/// is still to be shown after that is not waited for.
pub(crate) fn run(
    terminal: &Terminal,
    (format, veil): (Format, Veil),
    timeout: Option<Duration>,
    command: impl AsyncFnOnce(Story) -> ExitCode,
) -> Result<ExitCode, BeginError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BeginError::Runtime)?;
    let code = runtime.block_on(tell(terminal, (format, veil), timeout, command));
    // Whatever still resolves a name or reads a file must not hold up the exit.
    runtime.shutdown_background();
    code
}

async fn tell(
    terminal: &Terminal,
    (format, veil): (Format, Veil),
    timeout: Option<Duration>,
    command: impl AsyncFnOnce(Story) -> ExitCode,
) -> Result<ExitCode, BeginError> {
    let (tell, events) = mpsc::unbounded_channel();
    let (ask, prompts) = mpsc::unbounded_channel();
    let cancel = Cancel::new();
    let clock = Clock::system();
    let began = clock.now();
    let (stdout, stderr) = (terminal.stdout.clone(), terminal.stderr.clone());
    let (out, err) = (
        (stdout.clone(), terminal.out),
        (stderr.clone(), terminal.err),
    );
    let reporter = Reporter::new(format, out, err)
        .with_ledger(terminal.ledger.clone(), terminal.actions.is_some())
        .with_veil(veil)
        .through(stdout, stderr);
    let story = Story {
        tell,
        ask,
        cancel: cancel.clone(),
        clock,
    };
    let stopped = cancel.clone();
    let end = timeout.map(|timeout| after(began, timeout));
    let both = async {
        let (code, ()) = tokio::join!(
            command(story),
            report::run(events, prompts, reporter, clock)
        );
        arrive(&terminal.stdout, clock, &stopped, end).await;
        code
    };
    tokio::select! {
        // First, so that no signal comes before somebody listens.
        biased;
        second = signals::relay(&cancel) => match second {
            Ok(()) => {
                let left = terminal.stdout.drain(clock, AT_ONCE);
                let _ = futures::future::select(pin!(left), pin!(clock.sleep_until(after(clock.now(), HASTE)))).await;
                terminal.stdout.give_up();
                Ok(ExitCode::Interrupted)
            }
            Err(error) => Err(BeginError::Signals(error)),
        },
        code = both => Ok(code),
    }
}

/// Waits until all that was told has arrived: not for ever for a reader who stalls, not for long after
/// `end`, nor once somebody wishes to stop.
async fn arrive(both: &Outlet, clock: Clock, stopped: &Cancel, end: Option<Timestamp>) {
    let hasty = after(clock.now(), HASTE);
    let latest = async {
        match end {
            Some(end) => clock.sleep_until(end.max(hasty)).await,
            None => std::future::pending().await,
        }
    };
    let stop = async {
        stopped.cancelled().await;
        clock.sleep_until(hasty).await;
    };
    tokio::select! {
        biased;
        () = both.drain(clock, PATIENCE) => {}
        () = latest => both.give_up(),
        () = stop => both.give_up(),
    }
}
