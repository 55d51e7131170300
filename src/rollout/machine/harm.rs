//! What trips a rollout, and the sentence that says why.

use jiff::{SignedDuration, Timestamp};

use super::super::verdict::{Trip, Tripper};
use super::super::window::Exhausted;
use super::{Back, Phase, Rollout};

impl Rollout {
    pub(super) fn platform_trip(&self, at: Timestamp, reason: Option<&str>) -> Trip {
        let main = self.window.main_cause();
        let said = reason
            .unwrap_or("the platform gave up on it")
            .trim_end_matches('.');
        let reason = match &main {
            Some(main) => format!("{said}; {}", sentence(main)),
            None => said.to_owned(),
        };
        Trip {
            by: Tripper::Platform,
            at,
            cause: main.map(|main| main.cause),
            reason,
        }
    }

    pub(super) fn trip(&self, at: Timestamp) -> Option<Phase> {
        let trip = if let Some(exhausted) = self.window.exhausted(&self.policy.patience, at) {
            let reason = sentence(&exhausted);
            Trip {
                by: Tripper::Patience,
                at,
                cause: Some(exhausted.cause),
                reason,
            }
        } else if let Some(trip) = self.spent(at) {
            trip
        } else if !self.waiting && at >= self.deadline_at() {
            let main = self.window.main_cause();
            let limit =
                SignedDuration::try_from(self.policy.deadline).unwrap_or(SignedDuration::MAX);
            let reason = match &main {
                Some(main) => format!("not healthy within {limit:#}; {}", sentence(main)),
                None => format!("not healthy within {limit:#}, and nothing says why"),
            };
            Trip {
                by: Tripper::Deadline,
                at,
                cause: main.map(|main| main.cause),
                reason,
            }
        } else {
            return None;
        };
        Some(Phase::Tripping(trip, Back::Undecided))
    }

    /// Who took the place of a rollout whose count fell to zero among failures.
    pub(super) fn emptied_words(&self) -> String {
        let said = "the count was set to 0 while it was failing";
        match self.window.main_cause() {
            Some(main) => format!("{said}; {}", sentence(&main)),
            None => said.to_owned(),
        }
    }

    /// The trip of our own breaker, once its budget is spent.
    fn spent(&self, at: Timestamp) -> Option<Trip> {
        let threshold = self.budget?.trips_at(self.window.desired());
        let counted = self.window.counted();
        if counted < threshold {
            return None;
        }
        let main = self.window.main_counted()?;
        Some(Trip {
            by: Tripper::Breaker,
            at,
            cause: Some(main.cause),
            reason: format!(
                "{counted} failures, and {threshold} trip the breaker; {}",
                sentence(&main)
            ),
        })
    }
}

fn sentence(cause: &Exhausted) -> String {
    let times = if cause.count == 1 {
        String::new()
    } else {
        format!(", seen {} times", cause.count)
    };
    format!("{}{times}: {}", cause.cause.words(), cause.text)
}
