//! How many failures a rollout may have, where the platform has no breaker of its own and we count
//! in its place.

use crate::spec::{Breaker, Threshold};

/// `BoundedPercent` never gives fewer than this (Amazon ECS developer guide, deployment circuit
/// breaker); the same words mean the same everywhere.
const FEWEST: u32 = 3;

/// Nor more than this (same page).
const MOST: u32 = 200;

/// How many failures a rollout may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// So many failures trip the breaker.
    pub(crate) threshold: Threshold,
    /// Whether a task or pod of ours that comes up healthy sets the count back to zero.
    pub(crate) reset_on_healthy: bool,
}

impl Budget {
    /// The budget that a breaker allows; `None`: it is off, and nothing is counted.
    pub(crate) fn of(breaker: &Breaker) -> Option<Self> {
        breaker.enabled.then_some(Self {
            threshold: breaker.threshold,
            reset_on_healthy: breaker.reset_on_healthy,
        })
    }

    /// So many failures trip while so many tasks or pods are wanted; at least one.
    pub(crate) fn trips_at(&self, desired: u32) -> u32 {
        let share = |percent: u32| {
            let failures = (u64::from(desired) * u64::from(percent)).div_ceil(100);
            u32::try_from(failures).unwrap_or(u32::MAX)
        };
        match self.threshold {
            Threshold::BoundedPercent(percent) => share(percent).clamp(FEWEST, MOST),
            Threshold::UnboundedPercent(percent) => share(percent).max(1),
            Threshold::Count(count) => count.max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trips_at(threshold: Threshold, desired: u32) -> u32 {
        let budget = Budget {
            threshold,
            reset_on_healthy: true,
        };
        budget.trips_at(desired)
    }

    #[test]
    fn a_percentage_is_rounded_up_and_kept_within_bounds() {
        let bounded = Threshold::BoundedPercent(50);
        for (desired, failures) in [(0, 3), (2, 3), (6, 3), (7, 4), (25, 13), (1000, 200)] {
            assert_eq!(trips_at(bounded, desired), failures, "{desired}");
        }
        let unbounded = Threshold::UnboundedPercent(50);
        for (desired, failures) in [(0, 1), (1, 1), (3, 2), (1000, 500)] {
            assert_eq!(trips_at(unbounded, desired), failures, "{desired}");
        }
        assert_eq!(trips_at(Threshold::Count(5), 1000), 5);
    }

    #[test]
    fn a_breaker_that_is_off_counts_nothing() {
        let off = Breaker {
            enabled: false,
            rollback: true,
            threshold: Threshold::Count(1),
            reset_on_healthy: true,
        };
        assert_eq!(Budget::of(&off), None);
    }
}
