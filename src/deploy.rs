//! The one deploy loop: propose, perform, watch, judge, remedy, say how it ended.
//!
//! It is generic over the platform and reads like a table of contents; every decision is made in
//! pure code elsewhere. `propose` holds what comes before the first write, `watch` what comes once
//! a rollout is under way.

use std::time::Duration;

use futures::future::Either;

use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::event::{Events, Outcome};
use crate::plan::Note;
use crate::platform::{Current, IfBusy, Intent, Part, PerformError, Platform};
use crate::rollout::policy::REMEDY_ALLOWANCE;
use crate::rollout::{Rollback, Trip, Verdict, WhyNot};
use crate::spec::Service;

mod limit;
mod outcome;
mod pace;
pub(crate) mod perform;
mod propose;
mod tell;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use self::outcome::{
    absent, could_not, declined, held_back, late, stale, the_same, undecided,
};

/// Why a plan that is shown is not performed.
const GOES_BACK: &str = "just this is being gone back from, so nothing of the plan is performed: how that ends \
     is told; `--if-busy supersede` performs it all the same";

/// How a run is to be conducted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conduct {
    /// What is asked of the service.
    pub(crate) intent: Intent,
    /// How long this process may take for all it does; `None`: a rollout is watched for its deadline
    /// plus the time a remedy may take.
    pub(crate) timeout: Option<Duration>,
    /// The command line that goes on watching, shown where that makes sense.
    pub(crate) resume: String,
    /// The identity of the rollout to watch; `None`: the one under way.
    pub(crate) rollout: Option<String>,
}

/// The deploy loop for one service at one place.
#[derive(Debug)]
pub(crate) struct Deploy<'a, P: Platform> {
    /// The platform that the service runs on.
    pub(crate) platform: &'a P,
    /// The service that is deployed.
    pub(crate) service: &'a Service<P::Own>,
    /// How the run is to be conducted.
    pub(crate) conduct: Conduct,
    /// What the files' reader has to say, for the plan.
    pub(crate) notes: Vec<Note>,
    /// The story so far goes here.
    pub(crate) events: Events,
    /// The clock that all waiting goes by.
    pub(crate) clock: Clock,
    /// When the command began: what `timeout` counts from.
    pub(crate) began: jiff::Timestamp,
    /// Set by the first signal.
    pub(crate) cancel: Cancel,
}

/// How we came to follow a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Our own call started it.
    Started,
    /// It was under way.
    Attached,
    /// It was under way, and is to be stopped.
    Stopping,
}

type Session<P> = <P as Platform>::Session;
type Watched<P> = <P as Platform>::Watched;
type PlanOf<P> = crate::plan::Plan<<P as Platform>::Basis, <P as Platform>::Change>;

impl<P: Platform> Deploy<'_, P> {
    /// Performs a plan and watches what it starts; with an empty plan, judges what is there.
    pub(crate) async fn carry_out(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        current: Current<Watched<P>>,
    ) -> Outcome {
        let work = Box::pin(self.work_through(session, plan, current));
        let ended = self.bounded(plan, work).await;
        self.close(session, &ended).await;
        let ended = self.let_go(plan, ended).await;
        self.come_up(plan, ended).await
    }

    /// Waits until what the plan applied beside a service that serves has come up. It is no part of the
    /// verdict on the service, which is not taken back for it.
    async fn come_up(&self, plan: &PlanOf<P>, ended: Outcome) -> Outcome {
        let healthy = ended.verdict == crate::event::VerdictWord::Healthy;
        if !healthy || self.conduct.intent.destroy || !self.conduct.intent.writes {
            return ended;
        }
        let end = self.end_of(self.service.rollout.policy.deadline);
        let waiting = Box::pin(self.platform.come_up(plan, end, &self.cancel, &self.events));
        match waiting.await {
            Ok(beside) => outcome::beside(beside, ended),
            Err(error) => {
                self.events.warn("not_seen_up", error.to_string());
                ended
            }
        }
    }

    /// Waits until what the plan deleted beside a service that serves is gone: its end is on record by
    /// now, and others may deploy it again.
    async fn let_go(&self, plan: &PlanOf<P>, ended: Outcome) -> Outcome {
        let healthy = ended.verdict == crate::event::VerdictWord::Healthy;
        if !healthy || self.conduct.intent.destroy || !self.conduct.intent.writes {
            return ended;
        }
        let end = self.end_of(REMEDY_ALLOWANCE);
        let waiting = Box::pin(self.platform.let_go(plan, end, &self.cancel, &self.events));
        match waiting.await {
            Ok(gone) => outcome::let_go(gone, ended),
            // It serves; whether something is left beside it nobody could tell.
            Err(error) => {
                self.events.warn("not_seen_gone", error.to_string());
                ended
            }
        }
    }

    async fn work_through(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        current: Current<Watched<P>>,
    ) -> Outcome {
        if self.cancel.is_cancelled() {
            return outcome::interrupted(&[], "nothing was changed", None);
        }
        if plan.is_empty() && self.conduct.intent.destroy {
            return self.gone(session, false).await;
        }
        if plan.is_empty() {
            return self.judge_unchanged(session, plan, current).await;
        }
        // The rollback of what is asked for: its end is the verdict, and comes before another try.
        let current = match current {
            Current::Busy { rollout, whose, .. }
                if whose.is_ours()
                    && matches!(self.conduct.intent.if_busy, IfBusy::Refuse | IfBusy::Wait) =>
            {
                self.events.warn("goes_back", GOES_BACK);
                return self.follow(session, plan, rollout, How::Attached).await;
            }
            other => other,
        };
        if self.conduct.intent.is_read {
            return self.perform(session, plan, current).await;
        }
        // Nobody reads the plan: the warnings come beside the work, which never waits for them.
        let work = std::pin::pin!(self.perform(session, plan, current));
        let warnings = std::pin::pin!(self.platform.warnings(self.service));
        match futures::future::select(work, warnings).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((notes, work)) => {
                for note in notes {
                    self.events.warn(&note.code, note.text);
                }
                work.await
            }
        }
    }

    async fn perform(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        current: Current<Watched<P>>,
    ) -> Outcome {
        match self.make(session, plan, Part::Now).await {
            Ok(performed) => match (performed.rollout, current) {
                (Some(rollout), _) => self.follow(session, plan, rollout, How::Started).await,
                (None, _) if self.conduct.intent.destroy => self.gone(session, true).await,
                // What is asked for is on its way already: what waits for its health waits on.
                (None, Current::Rolling(rolling)) => {
                    let rollout = self.joined(rolling, performed.count);
                    self.follow(session, plan, rollout, How::Attached).await
                }
                // It has failed already, and what waits for its health is not made.
                (None, unwell @ Current::Unwell { .. }) if !plan.waiting().is_empty() => {
                    self.judge_unchanged(session, plan, unwell).await
                }
                (None, _) => self.judge_anew(session, plan, performed.count).await,
            },
            Err(error) => Self::not_performed(plan, &error),
        }
    }

    /// What is under way, with the count that was set beside it.
    fn joined(&self, rolling: Watched<P>, count: Option<Watched<P>>) -> Watched<P> {
        match count {
            Some(count) => self.platform.join(rolling, count),
            None => rolling,
        }
    }

    /// The changes started no rollout: what is there now is read again and judged, with the `count`
    /// that they set.
    async fn judge_anew(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        count: Option<Watched<P>>,
    ) -> Outcome {
        let count = match self.make(session, plan, Part::OnceHealthy).await {
            Ok(settled) => settled.rollout.or(count),
            Err(error) => return outcome::incomplete(&error, &outcome::healthy(true, "")),
        };
        let intent = Intent {
            adopt: true,
            ..Intent::default()
        };
        let reading = Box::pin(
            self.platform
                .reread(session, self.service, &intent, &self.events),
        );
        match reading.await {
            Err(error) => outcome::unseen(&error, &self.conduct.resume),
            Ok(Current::Settled { proven, serving }) => Outcome {
                serving: Some(serving),
                ..outcome::healthy(proven, "the changes were made; nothing had to roll")
            },
            Ok(current) => {
                // All of it was done just now.
                let mut done = plan.clone();
                done.changes.clear();
                let current = match current {
                    Current::Rolling(rolling)
                    | Current::Busy {
                        rollout: rolling, ..
                    } => Current::Rolling(self.joined(rolling, count)),
                    other => other,
                };
                self.judge_unchanged(session, &done, current).await
            }
        }
    }

    /// Waits until a service that was deleted is gone; `by_us`: in this run.
    async fn gone(&self, session: &Session<P>, by_us: bool) -> Outcome {
        let end = self.end_of(REMEDY_ALLOWANCE);
        match self
            .platform
            .gone(session, self.service, end, &self.cancel, &self.events)
            .await
        {
            Ok(gone) => outcome::gone(gone, &self.conduct.resume),
            Err(error) if by_us => outcome::unseen(&error, &self.conduct.resume),
            Err(error) => outcome::could_not(&error),
        }
    }

    async fn judge_unchanged(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        current: Current<Watched<P>>,
    ) -> Outcome {
        match current {
            Current::Absent => outcome::absent(),
            Current::Settled { proven, serving } => outcome::unchanged(proven, &serving),
            Current::Rolling(rollout) | Current::Busy { rollout, .. } => {
                self.follow(session, plan, rollout, How::Attached).await
            }
            Current::Unwell {
                reason,
                mut rollout,
            } => {
                // One look gathers the evidence while it can be had.
                let sample = self
                    .platform
                    .sample(session, &mut rollout, &self.events)
                    .await;
                let failures = sample.map(|sample| sample.failures).unwrap_or_default();
                let trip = Trip {
                    by: crate::rollout::Tripper::State,
                    at: self.clock.now(),
                    cause: failures.first().map(|failure| failure.cause),
                    reason,
                };
                let verdict = Verdict::Tripped {
                    trip,
                    rollback: Rollback::NotDone(WhyNot::NothingRolls),
                };
                self.conclude(session, plan, &rollout, &verdict, &failures)
                    .await
            }
        }
    }

    /// Performs what waited for a healthy rollout.
    async fn settle(&self, session: &Session<P>, plan: &PlanOf<P>, ended: Outcome) -> Outcome {
        if !self.conduct.intent.writes || plan.is_empty() {
            return ended;
        }
        match self.make(session, plan, Part::OnceHealthy).await {
            Ok(performed) => match performed.rollout {
                None => ended,
                Some(rollout) => {
                    let mut done = plan.clone();
                    done.changes.clear();
                    // Boxed, since it leads back here.
                    Box::pin(self.follow(session, &done, rollout, How::Started)).await
                }
            },
            Err(error) => outcome::incomplete(&error, &ended),
        }
    }

    fn not_performed(plan: &PlanOf<P>, error: &PerformError) -> Outcome {
        if error.nothing_changed {
            return outcome::could_not(&error.source);
        }
        let mut ended = outcome::incomplete(error, &outcome::healthy(true, ""));
        ended.remaining.extend(plan.waiting());
        ended
    }
}
