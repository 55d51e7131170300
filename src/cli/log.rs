//! `-v`: what is done, on stderr.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::terminal::Terminal;
use crate::report::{Gated, Lossy};

/// Starts logging: once for what is done, twice with the requests to the cloud.
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
        .with_default(level)
        .with_target("hyper_util", Level::INFO)
        .with_target("rustls", Level::INFO);
    let (stderr, color) = (terminal.stderr.clone(), terminal.err.color);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || Gated::new(Lossy(stderr.clone()), color))
        .with_ansi(color);
    // Only a second start within one process is refused, and the first goes on.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(shown)
        .try_init();
}
