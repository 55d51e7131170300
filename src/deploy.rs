//! The one deploy loop: propose, perform, watch, judge, remedy, say how it ended.
//!
//! It is generic over the platform and reads like a table of contents; every decision is made in
//! pure code elsewhere.

use std::time::Duration;

use futures::future::Either;

use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::event::{Events, Kind as Told, Outcome, PhaseWord};
use crate::plan::Note;
use crate::platform::{Current, Halted, Intent, PerformError, Platform, Proposal};
use crate::remedy::{Circumstances, Remedy, remedy};
use crate::rollout::policy::REMEDY_ALLOWANCE;
use crate::rollout::{Back, Doubt, Phase, Rollback, Rollout, Trip, Verdict, WhyNot};
use crate::spec::{OnCancel, Service};

mod outcome;
mod pace;
mod tell;

#[cfg(test)]
mod sweep;

pub use outcome::{absent, could_not, declined, held_back};
use pace::Pace;
use tell::Teller;

/// On top of the time that a remedy may take: asking for it, and the last looks at its end.
const LAST_LOOKS: Duration = Duration::from_mins(1);

/// What to do when another rollout of the service is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum IfBusy {
    /// Change nothing, exit 4.
    #[default]
    Refuse,
    /// Wait for its end first.
    Wait,
    /// Start ours; the other one ends as superseded.
    Supersede,
}

/// How a command treats rollouts.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    /// Whether it may write; `watch` may not.
    pub may_write: bool,
    /// Whether somebody reads the plan before it is performed.
    pub is_read: bool,
    /// What it asks of the service beyond the file.
    pub intent: Intent,
    /// When another rollout is under way.
    pub if_busy: IfBusy,
    /// How long this process watches; `None`: the deadline plus the time a remedy may take.
    pub timeout: Option<Duration>,
    /// The command line that goes on watching, shown where that makes sense.
    pub resume: String,
    /// The identity of the rollout to watch; `None`: the one under way.
    pub rollout: Option<String>,
}

/// The deploy loop for one service at one place.
#[derive(Debug)]
pub struct Deploy<'a, P: Platform> {
    /// Where.
    pub platform: &'a P,
    /// What.
    pub service: &'a Service,
    /// How.
    pub conduct: &'a Conduct,
    /// What the files' reader has to say, for the plan.
    pub notes: Vec<Note>,
    /// The story so far goes here.
    pub events: Events,
    /// The time.
    pub clock: Clock,
    /// Set by the first signal.
    pub cancel: Cancel,
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

type Followed<P> = <P as Platform>::Followed;
type PlanOf<P> = crate::plan::Plan<<P as Platform>::Basis, <P as Platform>::Change>;

impl<P: Platform> Deploy<'_, P> {
    /// Reads and compares; waits for or refuses over another rollout. `Err` is how it ended.
    pub async fn propose(&self) -> Result<Proposal<P>, Outcome> {
        let mut waited = false;
        loop {
            let reading = Box::pin(self.platform.propose(
                self.service,
                &self.conduct.intent,
                &self.events,
            ));
            // Somebody reads the plan before anything is written: what happened before belongs in
            // it, and is asked for beside the rest.
            let warning = async {
                if self.conduct.is_read {
                    self.platform.warnings(self.service).await
                } else {
                    Vec::new()
                }
            };
            let (proposed, warnings) = futures::join!(reading, warning);
            let mut proposal = proposed.map_err(|error| outcome::could_not(&error))?;
            let notes = self
                .notes
                .iter()
                .cloned()
                .chain(std::mem::take(&mut proposal.plan.notes));
            proposal.plan.notes = notes.chain(warnings).collect();
            let Current::Busy {
                what,
                mut rollout,
                of_ours,
            } = proposal.current
            else {
                return Ok(proposal);
            };
            let busy = !proposal.plan.is_empty() && !self.is_over(&mut rollout).await;
            let stands = busy && self.conduct.may_write && !of_ours;
            match self.conduct.if_busy {
                IfBusy::Refuse if stands => {
                    return Err(outcome::busy(&what));
                }
                IfBusy::Wait if stands => {
                    if !waited {
                        self.events.warn(
                            "busy",
                            format!("waiting for another rollout to end: {what}"),
                        );
                        waited = true;
                    }
                    self.wait_out(rollout).await?;
                }
                _ => {
                    return Ok(Proposal {
                        plan: proposal.plan,
                        current: Current::Busy {
                            what,
                            rollout,
                            of_ours: of_ours && busy,
                        },
                    });
                }
            }
        }
    }

    /// Puts a saved plan in the place of a fresh one, if the facts that it rests on still hold.
    pub async fn propose_saved(&self, saved: Option<&PlanOf<P>>) -> Result<Proposal<P>, Outcome> {
        let mut proposal = self.propose().await?;
        let Some(saved) = saved else {
            return Ok(proposal);
        };
        if let Some(why) = self.platform.stale(&saved.basis, &proposal.plan.basis) {
            return Err(outcome::stale(&why));
        }
        proposal.plan = saved.clone();
        Ok(proposal)
    }

    /// Performs a plan and watches what it starts; with an empty plan, judges what is there.
    pub async fn carry_out(&self, plan: &PlanOf<P>, current: Current<Followed<P>>) -> Outcome {
        if self.cancel.is_cancelled() {
            return outcome::interrupted(&[], "nothing was changed", None);
        }
        if plan.is_empty() && self.conduct.intent.destroy {
            return self.gone().await;
        }
        if plan.is_empty() {
            return self.judge_unchanged(plan, current).await;
        }
        // The rollback of what is asked for: its end is the verdict, and comes before another try.
        let current = match current {
            Current::Busy {
                rollout,
                of_ours: true,
                ..
            } if self.conduct.if_busy != IfBusy::Supersede => {
                return self.follow(plan, rollout, How::Attached).await;
            }
            other => other,
        };
        if self.conduct.is_read {
            return self.perform(plan, current).await;
        }
        // Nobody reads the plan: the warnings come beside the work, which never waits for them.
        let work = std::pin::pin!(self.perform(plan, current));
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

    async fn perform(&self, plan: &PlanOf<P>, current: Current<Followed<P>>) -> Outcome {
        let performed = self
            .platform
            .perform(self.service, plan, &self.events)
            .await;
        match performed {
            Ok(performed) => match (performed.rollout, current) {
                (Some(rollout), _) => self.follow(plan, rollout, How::Started).await,
                (None, _) if self.conduct.intent.destroy => self.gone().await,
                // What is asked for is on its way already: what waits for its health waits on.
                (None, Current::Rolling(rollout)) => {
                    self.follow(plan, rollout, How::Attached).await
                }
                // It has failed already, and what waits for its health is not made.
                (None, unwell @ Current::Unwell { .. })
                    if !self.platform.waiting_changes(plan).is_empty() =>
                {
                    self.judge_unchanged(plan, unwell).await
                }
                (None, _) => self.judge_anew(plan).await,
            },
            Err(error) => self.not_performed(plan, &error),
        }
    }

    /// The changes started no rollout: what is there now is read again and judged.
    async fn judge_anew(&self, plan: &PlanOf<P>) -> Outcome {
        if let Err(error) = self.platform.settle(self.service, plan, &self.events).await {
            return outcome::incomplete(&error, &outcome::healthy(true, ""));
        }
        let intent = Intent {
            adopt: true,
            ..Intent::default()
        };
        let reading = Box::pin(self.platform.propose(self.service, &intent, &self.events));
        match reading.await {
            Err(error) => outcome::unseen(&error, &self.conduct.resume),
            Ok(Proposal {
                current: Current::Settled { proven, serving },
                ..
            }) => Outcome {
                serving: Some(serving),
                ..outcome::healthy(proven, "the changes were made; nothing had to roll")
            },
            Ok(Proposal { mut plan, current }) => {
                // All of it was done just now.
                plan.changes.clear();
                self.judge_unchanged(&plan, current).await
            }
        }
    }

    /// Follows whatever rollout is under way.
    pub async fn watch(&self, plan: &PlanOf<P>, current: Current<Followed<P>>) -> Outcome {
        if let Some(id) = &self.conduct.rollout {
            return match self.platform.rollout(self.service, id).await {
                Ok(rollout) => self.follow(plan, rollout, How::Attached).await,
                Err(error) => outcome::could_not(&error),
            };
        }
        match current {
            // Whether that is what the files say is another question.
            Current::Settled { proven, serving } if !plan.is_empty() => {
                outcome::at_rest(proven, &serving)
            }
            Current::Busy { rollout, .. } => self.follow(plan, rollout, How::Attached).await,
            other => self.judge_unchanged(plan, other).await,
        }
    }

    /// Stops a rollout that is under way, whoever started it: goes back and watches that to its
    /// end where `on_cancel` or `rollback` says so, else leaves it to itself.
    pub async fn stop(&self, rollback: bool) -> Outcome {
        let mut proposal = match self.propose().await {
            Ok(proposal) => proposal,
            Err(outcome) => return outcome,
        };
        // Nothing of it is made, however this ends.
        proposal.plan.changes.clear();
        let (Current::Rolling(rollout) | Current::Busy { rollout, .. }) = proposal.current else {
            return outcome::nothing_rolls();
        };
        if rollback || self.service.rollout.on_cancel == OnCancel::Rollback {
            self.follow(&proposal.plan, rollout, How::Stopping).await
        } else {
            outcome::left_alone(&self.conduct.resume)
        }
    }

    /// Waits until a service that was deleted is gone.
    async fn gone(&self) -> Outcome {
        let wait = self.conduct.timeout.unwrap_or(REMEDY_ALLOWANCE);
        let wait = jiff::SignedDuration::try_from(wait).unwrap_or(jiff::SignedDuration::MAX);
        let end = self
            .clock
            .now()
            .checked_add(wait)
            .unwrap_or(jiff::Timestamp::MAX);
        match self
            .platform
            .gone(self.service, end, &self.cancel, &self.events)
            .await
        {
            Ok(gone) => outcome::gone(gone, &self.conduct.resume),
            Err(error) => outcome::could_not(&error),
        }
    }

    async fn judge_unchanged(&self, plan: &PlanOf<P>, current: Current<Followed<P>>) -> Outcome {
        match current {
            Current::Absent => outcome::absent(),
            Current::Settled { proven, serving } => outcome::unchanged(proven, &serving),
            Current::Rolling(rollout) | Current::Busy { rollout, .. } => {
                self.follow(plan, rollout, How::Attached).await
            }
            Current::Unwell {
                reason,
                mut rollout,
            } => {
                // One look gathers the evidence while it can be had.
                let sample = self.platform.sample(&mut rollout, &self.events).await;
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
                self.conclude(plan, &rollout, &verdict, &failures).await
            }
        }
    }

    async fn follow(&self, plan: &PlanOf<P>, mut rollout: Followed<P>, how: How) -> Outcome {
        let policy = self.service.rollout.policy;
        let watch = self
            .conduct
            .timeout
            .unwrap_or(policy.deadline + policy.bake + REMEDY_ALLOWANCE + LAST_LOOKS);
        let mut machine = Rollout::new(policy, self.clock.now(), Some(watch));
        let mut teller = Teller::new(&self.events);
        let mut pace = Pace::new(self.clock.now());
        self.events.send(self.platform.following(
            &rollout,
            self.service,
            plan.shortest,
            how != How::Started,
        ));
        if how == How::Stopping {
            machine.trip_by_person(self.clock.now(), "somebody asked for it to be cancelled");
            self.remedy(&mut rollout, &mut machine, true, &mut teller)
                .await;
        }
        loop {
            tokio::select! {
                biased;
                sampled = self.platform.sample(&mut rollout, &self.events) => match sampled {
                    Ok(sample) => {
                        machine.observe(&sample);
                        pace.sampled(&sample);
                        teller.sample(&sample, &machine);
                    }
                    Err(error) => {
                        pace.failed();
                        teller.trouble(&error);
                    }
                },
                () = self.cancel.cancelled() => return self.cancelled(plan, &mut rollout, &mut machine).await,
            }
            machine.elapse(self.clock.now());
            if machine.wants_remedy().is_some() {
                let wanted = self.service.rollout.breaker.rollback;
                self.remedy(&mut rollout, &mut machine, wanted, &mut teller)
                    .await;
            }
            if let Some(verdict) = machine.verdict().cloned() {
                return self
                    .conclude(plan, &rollout, &verdict, &machine.failures())
                    .await;
            }
            let now = self.clock.now();
            let next = machine
                .alarm(now)
                .map_or(pace.next(now), |alarm| alarm.min(pace.next(now)));
            tokio::select! {
                () = self.clock.sleep_until(next) => {}
                () = self.cancel.cancelled() => return self.cancelled(plan, &mut rollout, &mut machine).await,
            }
        }
    }

    async fn remedy(
        &self,
        rollout: &mut Followed<P>,
        machine: &mut Rollout,
        wanted: bool,
        teller: &mut Teller<'_>,
    ) {
        let Some(trip) = machine.wants_remedy().cloned() else {
            return;
        };
        let decided = remedy(Circumstances {
            may_write: self.conduct.may_write,
            wanted,
            possible: self.platform.can_go_back(rollout),
        });
        teller.tripped(&trip, &decided);
        match decided {
            // Whoever only watches sees how the platform, or who may write, ends it.
            Remedy::Leave(WhyNot::OnlyWatching) => {
                let why = WhyNot::OnlyWatching.to_string();
                machine.halted(&Halted::Refused(why), self.clock.now());
            }
            Remedy::Leave(why) => machine.leave(why),
            Remedy::RollBack => {
                let answer = self.platform.halt(rollout).await;
                machine.halted(&answer, self.clock.now());
                if let Phase::Tripping(_, Back::Refused(why, _)) = machine.phase() {
                    self.events.warn(
                        "halt_refused",
                        format!("the request to go back was refused: {why}"),
                    );
                }
            }
        }
    }

    /// The first signal: what the file says, once, and then we leave; the rollout is the platform's.
    async fn cancelled(
        &self,
        plan: &PlanOf<P>,
        rollout: &mut Followed<P>,
        machine: &mut Rollout,
    ) -> Outcome {
        let remaining = self.platform.waiting_changes(plan);
        let asked = self.service.rollout.on_cancel == OnCancel::Rollback && self.conduct.may_write;
        let words = if !asked {
            "the rollout goes on by itself".to_owned()
        } else if machine.wants_remedy().is_none() && matches!(machine.phase(), Phase::Tripping(..))
        {
            "the rollout is going back already".to_owned()
        } else {
            machine.trip_by_person(self.clock.now(), "cancelled");
            match self.platform.halt(rollout).await {
                crate::platform::Halted::Accepted => "asked for a rollback".to_owned(),
                crate::platform::Halted::JustFinished => "the rollout was over already".to_owned(),
                crate::platform::Halted::Refused(why) => format!("a rollback was refused: {why}"),
            }
        };
        outcome::interrupted(&remaining, &words, Some(&self.resume(rollout)))
    }

    async fn conclude(
        &self,
        plan: &PlanOf<P>,
        rollout: &Followed<P>,
        verdict: &Verdict,
        failures: &[crate::rollout::Failure],
    ) -> Outcome {
        self.events.send(Told::Phase {
            phase: PhaseWord::Concluded,
            word: outcome::word(verdict).into(),
        });
        let mut ended = outcome::of(verdict);
        ended.revision = Some(self.platform.revision(rollout));
        ended.serving = self.platform.serving(rollout);
        if let Verdict::Healthy { .. } = verdict {
            return self.settle(plan, ended).await;
        }
        let evidence = self.platform.post_mortem(rollout, verdict, failures).await;
        self.events.send(Told::PostMortem(evidence));
        ended.remaining = self.platform.waiting_changes(plan);
        if matches!(
            verdict,
            Verdict::Undetermined(Doubt::Blind | Doubt::TimedOut | Doubt::Unclear(_))
        ) {
            ended.resume = Some(self.resume(rollout));
        }
        ended
    }

    /// The command line that goes on watching just this rollout.
    fn resume(&self, rollout: &Followed<P>) -> String {
        match self.platform.identity(rollout) {
            Some(id) => format!("{} --rollout {id}", self.conduct.resume),
            None => self.conduct.resume.clone(),
        }
    }

    /// Performs what waited for a healthy rollout.
    async fn settle(&self, plan: &PlanOf<P>, ended: Outcome) -> Outcome {
        if !self.conduct.may_write || plan.is_empty() {
            return ended;
        }
        match self.platform.settle(self.service, plan, &self.events).await {
            Ok(performed) => match performed.rollout {
                None => ended,
                Some(rollout) => {
                    let mut done = plan.clone();
                    done.changes.clear();
                    // Boxed, since it leads back here.
                    Box::pin(self.follow(&done, rollout, How::Started)).await
                }
            },
            Err(error) => outcome::incomplete(&error, &ended),
        }
    }

    fn not_performed(&self, plan: &PlanOf<P>, error: &PerformError) -> Outcome {
        if error.nothing_changed {
            return outcome::could_not(&error.source);
        }
        let mut ended = outcome::incomplete(error, &outcome::healthy(true, ""));
        ended.remaining.extend(self.platform.waiting_changes(plan));
        ended.remaining.dedup();
        ended
    }

    /// Whether a rollout that looks as if it were under way is over: one word of the platform may
    /// lag behind another.
    async fn is_over(&self, rollout: &mut Followed<P>) -> bool {
        let mut machine = Rollout::new(self.service.rollout.policy, self.clock.now(), None);
        if let Ok(sample) = self.platform.sample(rollout, &self.events).await {
            machine.observe(&sample);
        }
        // One that fails, with nothing to go back to, holds nobody up.
        let hopeless = machine.wants_remedy().is_some() && !self.platform.can_go_back(rollout);
        machine.verdict().is_some() || hopeless
    }

    /// Waits for the end of somebody else's rollout, however it ends.
    async fn wait_out(&self, mut rollout: Followed<P>) -> Result<(), Outcome> {
        let policy = self.service.rollout.policy;
        let watch = self
            .conduct
            .timeout
            .unwrap_or(policy.deadline + REMEDY_ALLOWANCE);
        let begun = self.clock.now();
        let mut machine = Rollout::new(policy, begun, Some(watch));
        let mut pace = Pace::new(begun);
        while machine.verdict().is_none() {
            match self.platform.sample(&mut rollout, &self.events).await {
                Ok(sample) => {
                    machine.observe(&sample);
                    pace.sampled(&sample);
                }
                Err(_) => pace.failed(),
            }
            machine.elapse(self.clock.now());
            // It is not ours: we never trip it, only wait.
            if machine.wants_remedy().is_some() {
                let left = watch.saturating_sub(self.clock.since(begun));
                machine = Rollout::new(policy, self.clock.now(), Some(left));
            }
            tokio::select! {
                () = self.clock.sleep_until(pace.next(self.clock.now())) => {}
                () = self.cancel.cancelled() => {
                    return Err(outcome::interrupted(&[], "nothing was changed", None));
                }
            }
        }
        match machine.verdict() {
            Some(Verdict::Undetermined(doubt)) => Err(outcome::still_busy(doubt)),
            _ => Ok(()),
        }
    }
}
