//! How something is tried, or looked at, again: after which wait, how often, and until when.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, after};

/// The attempts at one thing. A wait ends with the future that waits, so a command that is cancelled
/// drops it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Again {
    clock: Clock,
    wait: Duration,
    left: u32,
    until: Timestamp,
}

impl Again {
    /// With this wait between two attempts, without end.
    pub(crate) fn every(clock: Clock, wait: Duration) -> Self {
        Self {
            clock,
            wait,
            left: u32::MAX,
            until: Timestamp::MAX,
        }
    }

    /// So many attempts in all.
    #[must_use]
    pub(crate) fn tries(self, tries: u32) -> Self {
        Self {
            left: tries,
            ..self
        }
    }

    /// The last attempt is made at `end`.
    #[must_use]
    pub(crate) fn until(self, end: Timestamp) -> Self {
        Self { until: end, ..self }
    }

    /// Whether another attempt may follow the one that was just made.
    pub(crate) fn may(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0 && self.clock.now() < self.until
    }

    /// The wait before it.
    pub(crate) async fn pause(&self) {
        let next = after(self.clock.now(), self.wait);
        self.clock.sleep_until(next.min(self.until)).await;
    }

    /// Waits for the next attempt; `false`: there is none.
    pub(crate) async fn next(&mut self) -> bool {
        let may = self.may();
        if may {
            self.pause().await;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(2);

    /// When the attempts are made, in seconds.
    async fn attempts(clock: Clock, mut again: Again) -> Vec<u64> {
        let begun = clock.now();
        let mut made = vec![0];
        while again.next().await {
            made.push(clock.since(begun).as_secs());
        }
        made
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_end_with_their_number_or_with_the_time() {
        let clock = Clock::driven_from(Timestamp::UNIX_EPOCH);
        let every = Again::every(clock, WAIT);
        assert_eq!(attempts(clock, every.tries(3)).await, [0, 2, 4]);
        let end = after(clock.now(), Duration::from_secs(5));
        assert_eq!(attempts(clock, every.until(end)).await, [0, 2, 4, 5]);
        assert_eq!(attempts(clock, every.until(end)).await, [0]);
    }
}
