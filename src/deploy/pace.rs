//! How often to look: at once when something is about to happen, rarely when nothing is.
//!
//! At most one look a second. A look is one read of each of two kinds, and an account may make 20
//! of each kind a second (Amazon ECS API reference, request throttling): room for twenty watchers of
//! rollouts that move, or a hundred of quiet ones.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::rollout::{Gauge, Observation, Standing};

/// Between two looks when something moves.
const FAST: Duration = Duration::from_secs(1);

/// Between two looks when nothing has moved for long, and tasks are starting: what comes next of them
/// may be a failure, which is to be told within two seconds.
const STARTING: Duration = Duration::from_millis(1_500);

/// Between two looks when nothing has moved for long.
const SLOW: Duration = Duration::from_secs(5);

/// Stays fast for so long after something moved.
const LIVELY: Duration = Duration::from_secs(30);

/// Between two looks after failed ones, at most.
const TROUBLED: Duration = Duration::from_secs(10);

/// The pace of one watch.
#[derive(Debug)]
pub(super) struct Pace {
    looked: Timestamp,
    moved: Timestamp,
    last: Option<(Standing, Gauge, usize)>,
    imminent: bool,
    starting: bool,
    failures: u32,
}

impl Pace {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            looked: now,
            moved: now,
            last: None,
            imminent: true,
            starting: false,
            failures: 0,
        }
    }

    /// A look was answered.
    pub(super) fn sampled(&mut self, sample: &Observation) {
        let seen = (
            sample.standing.clone(),
            sample.gauge.clone(),
            sample.failures.len(),
        );
        if self.last.as_ref() != Some(&seen) {
            self.moved = sample.at;
        }
        // All that was wanted runs: the word that it is over comes next.
        self.imminent =
            sample.gauge.running >= sample.gauge.desired || matches!(seen.0, Standing::Unknown);
        self.starting = sample.gauge.pending > 0;
        self.last = Some(seen);
        self.looked = sample.at;
        self.failures = 0;
    }

    /// A look was not answered.
    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// When to look next.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        let wait = if self.failures > 0 {
            FAST.saturating_mul(1 << self.failures.min(4)).min(TROUBLED)
        } else if self.imminent || now.duration_since(self.moved) < signed(LIVELY) {
            FAST
        } else if self.starting {
            STARTING
        } else {
            SLOW
        };
        // Counted from the last look's begin, so that slow answers do not slow the pace.
        let from = if self.failures > 0 { now } else { self.looked };
        (from + signed(wait)).max(now)
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sample(second: i64, running: u32) -> Observation {
        Observation {
            at: at(second),
            created: None,
            standing: Standing::Going("IN_PROGRESS".into()),
            gauge: Gauge {
                desired: 4,
                running,
                ..Gauge::default()
            },
            failures: Vec::new(),
            healed: Vec::new(),
            waiting: None,
        }
    }

    #[test]
    fn a_quiet_rollout_is_looked_at_rarely_and_a_moving_one_each_second() {
        let mut pace = Pace::new(at(0));
        pace.sampled(&sample(0, 1));
        assert_eq!(pace.next(at(0)), at(1));
        pace.sampled(&sample(60, 1));
        assert_eq!(pace.next(at(60)), at(65));
        pace.sampled(&sample(65, 2));
        assert_eq!(pace.next(at(65)), at(66));
    }

    #[test]
    fn tasks_that_start_slowly_are_not_left_to_fail_unseen() {
        let mut pace = Pace::new(at(0));
        let mut starting = sample(0, 1);
        starting.gauge.pending = 3;
        pace.sampled(&starting);
        starting.at = at(60);
        pace.sampled(&starting);
        assert_eq!(
            pace.next(at(60)),
            Timestamp::from_millisecond(61_500).unwrap()
        );
    }

    #[test]
    fn the_end_is_expected_once_all_run() {
        let mut pace = Pace::new(at(0));
        pace.sampled(&sample(0, 4));
        pace.sampled(&sample(500, 4));
        assert_eq!(pace.next(at(500)), at(501));
    }

    #[test]
    fn failed_looks_slow_the_pace_but_never_stop_it() {
        let mut pace = Pace::new(at(0));
        for _ in 0..100 {
            pace.failed();
        }
        assert_eq!(pace.next(at(7)), at(17));
    }
}
