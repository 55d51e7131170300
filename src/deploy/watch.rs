//! The second half of the loop: looks at one rollout until a verdict is reached, applies the one
//! remedy, and tells how it ended.

use std::time::Duration;

use super::pace::Pace;
use super::tell::Teller;
use super::{Deploy, How, PlanOf, Session, Watched, outcome};
use crate::event::{EventKind, Outcome, PhaseWord, PostMortem};
use crate::platform::{Current, FailureKind, Platform};
use crate::remedy::{Circumstances, Remedy, remedy};
use crate::rollout::policy::REMEDY_ALLOWANCE;
use crate::rollout::{Back, Doubt, Failure, Halted, Phase, Rollout, Trip, Verdict, WhyNot};
use crate::spec::OnCancel;

/// On top of the time that a remedy may take: asking for it, and the last looks at its end.
const LAST_LOOKS: Duration = Duration::from_mins(1);

impl<P: Platform> Deploy<'_, P> {
    /// Follows whatever rollout is under way.
    pub(crate) async fn watch(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        current: Current<Watched<P>>,
    ) -> Outcome {
        let work = Box::pin(self.watch_on(session, plan, current));
        self.bounded(plan, work).await
    }

    async fn watch_on(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        current: Current<Watched<P>>,
    ) -> Outcome {
        if let Some(id) = &self.conduct.rollout {
            return match self.platform.rollout(session, self.service, id).await {
                Ok(rollout) => self.follow(session, plan, rollout, How::Attached).await,
                Err(error) if error.kind == FailureKind::Missing => {
                    outcome::unknown_rollout(&error)
                }
                Err(error) => outcome::could_not(&error),
            };
        }
        match current {
            // Whether that is what the files say is another question.
            Current::Settled { proven, serving } if !plan.is_empty() => {
                outcome::at_rest(proven, &serving)
            }
            Current::Busy { rollout, .. } => {
                self.follow(session, plan, rollout, How::Attached).await
            }
            other => self.judge_unchanged(session, plan, other).await,
        }
    }

    /// Stops a rollout that is under way, whoever started it: goes back and watches that to its
    /// end where `on_cancel` or `rollback` says so, else leaves it to itself.
    pub(crate) async fn stop(&self, rollback: bool) -> Outcome {
        let mut proposal = match self.propose().await {
            Ok(proposal) => proposal,
            Err(outcome) => return outcome,
        };
        // Nothing of it is made, however this ends.
        proposal.plan.changes.clear();
        let (Current::Rolling(rollout) | Current::Busy { rollout, .. }) = proposal.current else {
            return outcome::nothing_rolls();
        };
        let session = &proposal.session;
        if rollback || self.service.rollout.on_cancel == OnCancel::Rollback {
            let work = Box::pin(self.follow(session, &proposal.plan, rollout, How::Stopping));
            let ended = self.bounded(&proposal.plan, work).await;
            self.close(session, &ended).await;
            outcome::cancelled(ended)
        } else {
            outcome::left_alone(&self.conduct.resume)
        }
    }

    /// Answers for a person whom a rollout waits for, and leaves it to itself.
    pub(crate) async fn go_on(&self, goes_on: bool) -> Outcome {
        let answer = self.platform.go_on(self.service, goes_on);
        match self.in_time(answer).await {
            Some(Ok(stage)) => outcome::answered(&stage, goes_on, &self.conduct.resume),
            Some(Err(error)) => outcome::could_not(&error),
            None => outcome::unanswered(&self.conduct.resume),
        }
    }

    /// How long a rollout may take with all that follows.
    fn longest(&self) -> Duration {
        let policy = self.service.rollout.policy;
        let waits = self.platform.waits(self.service);
        policy.deadline + policy.bake + waits + REMEDY_ALLOWANCE + LAST_LOOKS
    }

    pub(super) async fn follow(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        mut rollout: Watched<P>,
        how: How,
    ) -> Outcome {
        let policy = self.service.rollout.policy;
        let end = self.end_of(self.longest());
        let mut machine = Rollout::new(policy, self.clock.now(), Some(self.left(end)))
            .counting(self.platform.budget(&rollout));
        let mut teller = Teller::new(&self.events);
        let mut pace = Pace::new(self.clock.now());
        let following = self.platform.following(session, &rollout);
        self.events.send(EventKind::Following {
            rollout: following.rollout,
            revision: self.platform.revision(&rollout),
            from: following.from,
            attached: how != How::Started,
            deadline_seconds: policy.deadline.as_secs(),
            expected_seconds: following.usual.map(|usual| usual.as_secs()),
        });
        let taking = self.resume(session, &mut rollout, &mut machine, how, &mut teller);
        // In time or not: what hangs ends the watch at the first look.
        let _ = self.in_time(taking).await;
        loop {
            tokio::select! {
                biased;
                sampled = self.platform.sample(session, &mut rollout, &self.events) => match sampled {
                    Ok(sample) => {
                        machine.observe(&sample);
                        pace.sampled(&sample);
                        teller.skew(self.platform.skew());
                        teller.sample(&sample, &machine);
                    }
                    Err(error) => {
                        pace.failed();
                        teller.trouble(&error);
                    }
                },
                () = self.cancel.cancelled() => return self.cancelled(session, plan, &mut rollout, &mut machine).await,
                () = self.clock.sleep_until(end) => {}
            }
            machine.elapse(self.clock.now());
            if machine.wants_remedy().is_some() {
                let wanted = self.service.rollout.breaker.rollback;
                let remedy = self.remedy(session, &mut rollout, &mut machine, wanted, &mut teller);
                if self.in_time(remedy).await.is_none() {
                    machine.elapse(self.clock.now());
                }
            }
            if let Some(verdict) = machine.verdict().cloned() {
                return self
                    .conclude(session, plan, &rollout, &verdict, &machine.failures())
                    .await;
            }
            let now = self.clock.now();
            let next = machine
                .alarm(now)
                .map_or(pace.next(now), |alarm| alarm.min(pace.next(now)));
            tokio::select! {
                () = self.clock.sleep_until(next) => {}
                () = self.platform.changed(&rollout) => {}
                () = self.cancel.cancelled() => return self.cancelled(session, plan, &mut rollout, &mut machine).await,
            }
        }
    }

    /// What is to be done first about a rollout that another run began.
    async fn resume(
        &self,
        session: &Session<P>,
        rollout: &mut Watched<P>,
        machine: &mut Rollout,
        how: How,
        teller: &mut Teller<'_>,
    ) {
        if how != How::Started && self.conduct.intent.writes {
            let taken = self.platform.resume(session, rollout, &self.events);
            if let Err(error) = taken.await {
                teller.trouble(&error);
            }
        }
        if how == How::Stopping {
            machine.trip_by_person(self.clock.now(), "cancelled");
            self.remedy(session, rollout, machine, true, teller).await;
        }
    }

    async fn remedy(
        &self,
        session: &Session<P>,
        rollout: &mut Watched<P>,
        machine: &mut Rollout,
        wanted: bool,
        teller: &mut Teller<'_>,
    ) {
        let Some(trip) = machine.wants_remedy().cloned() else {
            return;
        };
        let decided = remedy(Circumstances {
            may_write: self.conduct.intent.writes,
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
                let answer = self.platform.halt(session, rollout, &trip).await;
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
        session: &Session<P>,
        plan: &PlanOf<P>,
        rollout: &mut Watched<P>,
        machine: &mut Rollout,
    ) -> Outcome {
        let remaining = plan.waiting();
        let asked =
            self.service.rollout.on_cancel == OnCancel::Rollback && self.conduct.intent.writes;
        let words = if !asked {
            "the rollout goes on by itself".to_owned()
        } else if machine.wants_remedy().is_none() && matches!(machine.phase(), Phase::Tripping(..))
        {
            "the rollout is going back already".to_owned()
        } else {
            let trip = Trip::by_person(self.clock.now(), "cancelled");
            match self.platform.halt(session, rollout, &trip).await {
                Halted::Accepted => "asked for a rollback".to_owned(),
                Halted::JustFinished => "the rollout was over already".to_owned(),
                Halted::Refused(why) | Halted::Impossible(why) => {
                    format!("a rollback was refused: {why}")
                }
            }
        };
        outcome::interrupted(&remaining, &words, Some(&self.line_to_resume(rollout)))
    }

    pub(super) async fn conclude(
        &self,
        session: &Session<P>,
        plan: &PlanOf<P>,
        rollout: &Watched<P>,
        verdict: &Verdict,
        failures: &[Failure],
    ) -> Outcome {
        self.events.send(EventKind::Phase {
            phase: PhaseWord::Concluded,
            word: outcome::word(verdict).into(),
        });
        let mut ended = outcome::of(verdict);
        ended.revision = Some(self.platform.revision(rollout));
        ended.serving = self.platform.serving(session, rollout);
        if let Verdict::Healthy { .. } = verdict {
            return self.settle(session, plan, ended).await;
        }
        // What was cancelled and has gone back needs no advice: nothing of it has to be corrected.
        if !verdict.is_cancelled() {
            let evidence = self
                .platform
                .post_mortem(session, rollout, verdict, failures);
            let evidence = self.gathered(evidence).await;
            self.events
                .send(EventKind::PostMortem(evidence.unwrap_or_else(|| {
                    PostMortem {
                        what: ended.reason.clone(),
                        missing: vec!["all of it: no answer came in time".to_owned()],
                        ..PostMortem::default()
                    }
                })));
        }
        ended.remaining = plan.waiting();
        if matches!(
            verdict,
            Verdict::Undetermined(Doubt::Blind | Doubt::TimedOut | Doubt::Unclear(_))
        ) {
            ended.resume = Some(self.line_to_resume(rollout));
        }
        ended
    }

    /// The command line that goes on watching just this rollout.
    fn line_to_resume(&self, rollout: &Watched<P>) -> String {
        match self.platform.identity(rollout) {
            Some(id) => format!("{} --rollout {id}", self.conduct.resume),
            None => self.conduct.resume.clone(),
        }
    }
}
