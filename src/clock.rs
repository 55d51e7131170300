//! The one place that reads a clock. Everything else is given the time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The moment `wait` after `from`; where the calendar ends at the latest.
pub(crate) fn after(from: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    from.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The time, on one line that never jumps: wall time as it was when the clock was made, and what has
/// passed since then by the monotonic clock. Whoever sets the machine's clock meanwhile moves neither
/// a deadline nor a wait. In tests it is driven by tokio's timer: under a paused runtime it stands
/// still until everybody waits, and then jumps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    base: Timestamp,
    started: tokio::time::Instant,
}

impl Clock {
    /// A clock that begins with the system's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads a clock"
    )]
    pub(crate) fn system() -> Self {
        Self::driven_from(Timestamp::now())
    }

    /// A clock that shows `base` now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads a clock"
    )]
    pub(crate) fn driven_from(base: Timestamp) -> Self {
        Self {
            base,
            started: tokio::time::Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.started.elapsed()).unwrap_or_default();
        self.base.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// How long ago `then` was; zero when it lies ahead.
    pub(crate) fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(then)).unwrap_or_default()
    }

    /// Waits until `then`; returns at once when that has passed. Dropping the future ends the wait,
    /// so it belongs inside a `select!` with the command's cancellation.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that waits"
    )]
    pub(crate) async fn sleep_until(&self, then: Timestamp) {
        let ahead = then.duration_since(self.now());
        tokio::time::sleep(Duration::try_from(ahead).unwrap_or_default()).await;
    }

    /// What comes of `work`; `None`: `end` came first. Without an end it may take for ever.
    pub(crate) async fn before<T>(
        &self,
        end: Option<Timestamp>,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let Some(end) = end else {
            return Some(work.await);
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.sleep_until(end) => None,
        }
    }
}
