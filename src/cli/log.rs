//! `-v`: each request, on stderr; twice: what is sent and answered as well.

use std::io::{self, Write};
use std::sync::{PoisonError, RwLock};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::terminal::Terminal;
use crate::report::{Gated, Lossy, Veil};

/// What no line tells; known once the files are read.
static VEIL: RwLock<Veil> = RwLock::new(Veil::none());

/// Starts logging: once for what is done, each request among it, twice with the bodies. What the
/// libraries beneath have to say is shown where it is a warning.
///
/// There is no third time: at the level `TRACE` the SDK writes whole requests, and the environment
/// of a container may hold secrets.
pub(super) fn start(verbose: u8, terminal: &Terminal) {
    let level = match verbose {
        0 => return,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    let shown = Targets::new()
        .with_default(Level::WARN)
        .with_target(env!("CARGO_PKG_NAME"), level);
    let (stderr, color) = (terminal.stderr.clone(), terminal.err.color);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || Veiled(Gated::new(Lossy(stderr.clone()), color)))
        .with_target(false)
        .with_ansi(color);
    // Only a second start within one process is refused, and the first goes on.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(shown)
        .try_init();
}

/// Tells nothing of this any more.
pub(super) fn hide(veil: Veil) {
    *VEIL.write().unwrap_or_else(PoisonError::into_inner) = veil;
}

/// A writer of whole lines that lie under the veil.
struct Veiled<W>(W);

impl<W: Write> Write for Veiled<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let veil = VEIL.read().unwrap_or_else(PoisonError::into_inner);
        self.0.write_all(veil.text(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
