//! The one place that reads a clock. Everything else is given the time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Wall time. In tests it is driven by tokio's timer instead: under a paused runtime it stands
/// still until everybody waits, and then jumps.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Source);

#[derive(Debug, Clone, Copy)]
enum Source {
    System,
    Driven {
        base: Timestamp,
        started: tokio::time::Instant,
    },
}

impl Clock {
    /// A clock that shows the system's time.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `base` now and moves with tokio's timer.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads a clock"
    )]
    pub fn driven_from(base: Timestamp) -> Self {
        Self(Source::Driven {
            base,
            started: tokio::time::Instant::now(),
        })
    }

    /// The time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads a clock"
    )]
    pub fn now(&self) -> Timestamp {
        match self.0 {
            Source::System => Timestamp::now(),
            Source::Driven { base, started } => {
                base + SignedDuration::try_from(started.elapsed()).unwrap_or_default()
            }
        }
    }

    /// How long ago `then` was; zero when it lies ahead.
    pub fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(then)).unwrap_or_default()
    }

    /// Waits until `then`; returns at once when that has passed. Dropping the future ends the wait,
    /// so it belongs inside a `select!` with the command's cancellation.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that waits"
    )]
    pub async fn sleep_until(&self, then: Timestamp) {
        let ahead = then.duration_since(self.now());
        tokio::time::sleep(Duration::try_from(ahead).unwrap_or_default()).await;
    }
}
