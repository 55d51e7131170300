//! The phase machine of one rollout.
//!
//! ```text
//! Pending ──acknowledged──▶ Progressing ──ready──▶ Baking ──still ready after the bake──▶ Healthy
//!    │                          │   ▲                │
//!    │                          │   └─ not ready ────┘
//!    ├── evidence of harm ─────────▶ Tripping ──how it ended──▶ Tripped
//!    ├── somebody else's revision ─▶ Superseded
//!    └── no fresh sample, or `--timeout`, or no row covers it ─▶ Undetermined
//! ```
//!
//! It takes samples and the time, and asks for nothing but the next moment at which time alone
//! could matter. Harm needs a sample: silence can only end in "undetermined".

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::budget::Budget;
use super::halted::Halted;
use super::observation::{BreakerGauge, Failure, Observation, Standing};
use super::policy::{Policy, REMEDY_ALLOWANCE};
use super::verdict::{Doubt, Rollback, Trip, Verdict, WhyNot};
use super::window::Window;

mod harm;

/// One rollout under judgement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rollout {
    policy: Policy,
    budget: Option<Budget>,
    phase: Phase,
    begun: Timestamp,
    created: Option<Timestamp>,
    newest: Option<Timestamp>,
    paused: SignedDuration,
    waiting: bool,
    window: Window,
    give_up: Option<Timestamp>,
    /// It was ready before: the platform's own part is over, and nothing is to be waited for.
    was_ready: bool,
}

/// Where a rollout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It was asked for, and the platform has no record of it yet.
    Pending,
    /// The platform is rolling it out.
    Progressing,
    /// Ready since then, and still under watch.
    Baking(Timestamp),
    /// Harm is certain; how it ends is not.
    Tripping(Trip, Back),
    /// Over. Nothing changes it any more.
    Concluded(Verdict),
}

/// How far going back has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Back {
    /// It was our judgement: the remedy is still to be decided.
    Undecided,
    /// The platform goes back, by itself or at our request.
    UnderWay,
    /// Our request came after the end: the next sample tells which.
    TooLate,
    /// Our request was refused: watched to the platform's own end, at most until then.
    Refused(String, Timestamp),
}

impl Rollout {
    /// A rollout that was asked for at `now`. `timeout`: how long this process watches.
    pub(crate) fn new(policy: Policy, now: Timestamp, timeout: Option<Duration>) -> Self {
        Self {
            policy,
            budget: None,
            phase: Phase::Pending,
            begun: now,
            created: None,
            newest: None,
            paused: SignedDuration::ZERO,
            waiting: false,
            window: Window::default(),
            give_up: timeout.map(|timeout| after(now, timeout)),
            was_ready: false,
        }
    }

    /// The same rollout, where failures are ours to count; `None`: the platform counts, or nobody
    /// wants it.
    #[must_use]
    pub(crate) fn counting(self, budget: Option<Budget>) -> Self {
        Self { budget, ..self }
    }

    /// Tells how far the rollout has come.
    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The verdict, once there is one.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        match &self.phase {
            Phase::Concluded(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// The trip that waits for a remedy to be decided.
    pub(crate) fn wants_remedy(&self) -> Option<&Trip> {
        match &self.phase {
            Phase::Tripping(trip, Back::Undecided) => Some(trip),
            _ => None,
        }
    }

    /// Our own count, where we count.
    pub(crate) fn breaker(&self) -> Option<BreakerGauge> {
        let threshold = self.budget?.trips_at(self.window.desired());
        let failures = self.window.counted();
        let state = if failures >= threshold {
            "tripped"
        } else {
            "counting"
        };
        Some(BreakerGauge {
            failures,
            threshold: Some(threshold),
            state: state.to_owned(),
        })
    }

    /// All failures so far, oldest first.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.window.failures()
    }

    /// Takes in a sample. One that is not newer than the last changes nothing.
    pub(crate) fn observe(&mut self, sample: &Observation) {
        let stale = self.newest.is_some_and(|newest| sample.at <= newest);
        if stale || self.verdict().is_some() {
            return;
        }
        if let (true, Some(newest)) = (self.waiting, self.newest) {
            self.paused += sample.at.duration_since(newest);
        }
        self.waiting = sample.waiting.is_some();
        self.newest = Some(sample.at);
        self.created = self.created.or(sample.created);
        let resets = self.budget.is_none_or(|budget| budget.reset_on_healthy);
        self.window.note(sample, resets);
        self.phase = self.judge(sample);
        self.was_ready |= matches!(self.phase, Phase::Baking(_));
    }

    /// Lets time pass: only doubt comes of it, never harm and never success.
    pub(crate) fn elapse(&mut self, now: Timestamp) {
        if self.verdict().is_some() {
            return;
        }
        if self.give_up.is_some_and(|end| now >= end) {
            self.phase = Phase::Concluded(Verdict::Undetermined(Doubt::TimedOut));
        } else if now >= self.blind_at() {
            self.phase = Phase::Concluded(Verdict::Undetermined(Doubt::Blind));
        }
    }

    /// The next moment, strictly after `now`, at which a sample or [`Self::elapse`] may change
    /// something although the platform says nothing new.
    pub(crate) fn alarm(&self, now: Timestamp) -> Option<Timestamp> {
        if self.verdict().is_some() {
            return None;
        }
        let mut moments = vec![self.blind_at()];
        moments.extend(self.give_up);
        match &self.phase {
            Phase::Pending | Phase::Progressing => {
                moments.push(self.deadline_at());
                moments.extend(self.window.dues(&self.policy.patience));
            }
            Phase::Baking(since) => moments.push(after(*since, self.policy.bake)),
            Phase::Tripping(_, Back::Refused(_, until)) => moments.push(*until),
            Phase::Tripping(..) | Phase::Concluded(_) => {}
        }
        moments.into_iter().filter(|moment| *moment > now).min()
    }

    /// A person asked, through us, for the rollout to go back.
    pub(crate) fn trip_by_person(&mut self, now: Timestamp, reason: &str) {
        if matches!(
            self.phase,
            Phase::Pending | Phase::Progressing | Phase::Baking(_)
        ) {
            let trip = Trip::by_person(now, reason);
            self.phase = Phase::Tripping(trip, Back::Undecided);
        }
    }

    /// No remedy: it stays as it is.
    pub(crate) fn leave(&mut self, why: WhyNot) {
        if let Phase::Tripping(trip, _) = &self.phase {
            let rollback = Rollback::NotDone(why);
            self.phase = Phase::Concluded(Verdict::Tripped {
                trip: trip.clone(),
                rollback,
            });
        }
    }

    /// The platform's answer to our request to go back.
    pub(crate) fn halted(&mut self, answer: &Halted, now: Timestamp) {
        if let Phase::Tripping(trip, Back::Undecided) = &self.phase {
            let back = match answer {
                Halted::Accepted => Back::UnderWay,
                Halted::JustFinished => Back::TooLate,
                Halted::Refused(why) => Back::Refused(why.clone(), after(now, REMEDY_ALLOWANCE)),
                Halted::Impossible(why) => {
                    self.phase = not_done(trip, why);
                    return;
                }
            };
            self.phase = Phase::Tripping(trip.clone(), back);
        }
    }

    fn judge(&self, sample: &Observation) -> Phase {
        match (&self.phase, &sample.standing) {
            (Phase::Concluded(verdict), _) => Phase::Concluded(verdict.clone()),
            (_, Standing::Superseded { by }) => {
                Phase::Concluded(Verdict::Superseded { by: by.clone() })
            }
            (_, Standing::RolledBack { reason, to }) => self.tripped(
                sample.at,
                reason.as_deref(),
                Rollback::Done { to: to.clone() },
            ),
            (_, Standing::NotRolledBack { reason }) => {
                let rollback = Rollback::NotDone(WhyNot::Platform(reason.clone()));
                self.tripped(sample.at, reason.as_deref(), rollback)
            }
            (_, Standing::Unclear(words)) => {
                Phase::Concluded(Verdict::Undetermined(Doubt::Unclear(words.clone())))
            }
            (phase, Standing::Ready { proven: false }) if self.window.has_failed() => {
                self.emptied(phase)
            }
            (Phase::Tripping(trip, Back::TooLate), _) if self.was_ready => {
                not_done(trip, "the platform calls it finished")
            }
            (Phase::Tripping(trip, Back::Refused(why, _)), _) if self.was_ready => {
                not_done(trip, why)
            }
            (Phase::Tripping(..), Standing::Ready { proven }) => {
                Phase::Concluded(Verdict::Healthy { proven: *proven })
            }
            (Phase::Tripping(trip, _), Standing::Tripping { .. }) => {
                Phase::Tripping(trip.clone(), Back::UnderWay)
            }
            (Phase::Tripping(trip, back), _) => self.still_tripping(trip, back, sample.at),
            (_, Standing::Tripping { reason }) => Phase::Tripping(
                self.platform_trip(sample.at, reason.as_deref()),
                Back::UnderWay,
            ),
            (_, Standing::GivenUp { reason }) => Phase::Tripping(
                self.platform_trip(sample.at, reason.as_deref()),
                Back::Undecided,
            ),
            (_, Standing::Ready { proven }) => self.ready(*proven, sample.at),
            (_, Standing::Unknown) => self.trip(sample.at).unwrap_or_else(|| self.phase.clone()),
            (_, Standing::Going(_)) => self.trip(sample.at).unwrap_or(Phase::Progressing),
        }
    }

    /// No task is wanted any more, and before that tasks of ours failed: whoever took them away, that
    /// is no proof of health.
    fn emptied(&self, phase: &Phase) -> Phase {
        if let Phase::Tripping(trip, _) = phase {
            return Phase::Concluded(Verdict::Tripped {
                trip: trip.clone(),
                rollback: Rollback::NotDone(WhyNot::Emptied),
            });
        }
        Phase::Concluded(Verdict::Superseded {
            by: self.emptied_words(),
        })
    }

    fn ready(&self, proven: bool, at: Timestamp) -> Phase {
        let since = match self.phase {
            Phase::Baking(since) => since,
            _ => at,
        };
        if at >= after(since, self.policy.bake) {
            Phase::Concluded(Verdict::Healthy { proven })
        } else {
            Phase::Baking(since)
        }
    }

    fn still_tripping(&self, trip: &Trip, back: &Back, at: Timestamp) -> Phase {
        match back {
            Back::TooLate => {
                let why = "the platform said that it was over, and it goes on".to_owned();
                Phase::Tripping(
                    trip.clone(),
                    Back::Refused(why, after(at, REMEDY_ALLOWANCE)),
                )
            }
            Back::Refused(why, until) if at >= *until => not_done(trip, why),
            _ => self.phase.clone(),
        }
    }

    fn tripped(&self, at: Timestamp, reason: Option<&str>, rollback: Rollback) -> Phase {
        let trip = match &self.phase {
            Phase::Tripping(trip, _) => trip.clone(),
            _ => self.platform_trip(at, reason),
        };
        Phase::Concluded(Verdict::Tripped { trip, rollback })
    }

    fn deadline_at(&self) -> Timestamp {
        let begun = self.created.unwrap_or(self.begun);
        let end = after(begun, self.policy.deadline);
        end.checked_add(self.paused).unwrap_or(Timestamp::MAX)
    }

    fn blind_at(&self) -> Timestamp {
        after(self.newest.unwrap_or(self.begun), self.policy.blindness)
    }
}

fn not_done(trip: &Trip, why: &str) -> Phase {
    Phase::Concluded(Verdict::Tripped {
        trip: trip.clone(),
        rollback: Rollback::NotDone(WhyNot::Refused(why.to_owned())),
    })
}

fn after(from: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| from.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
