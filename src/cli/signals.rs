//! Signals as the wish to stop.

use std::io;

use crate::cancel::Cancel;

/// Turns the first SIGINT or SIGTERM into the wish to stop, and returns at the second.
///
/// A CI runner sends the second within seconds and kills soon after; whoever waits here leaves at
/// once then.
pub(super) async fn relay(cancel: &Cancel) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    signals.next().await;
    cancel.cancel();
    signals.next().await;
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere listening can fail")]
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
