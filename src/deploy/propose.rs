//! The first half of the loop: reads and compares, and decides about another rollout that is
//! under way: refuse, wait for its end, or take its place.

use jiff::Timestamp;

use super::pace::Pace;
use super::{Deploy, PlanOf, Session, Watched, outcome};
use crate::event::{Events, Outcome};
use crate::plan::{Note, Weight};
use crate::platform::{Current, IfBusy, Platform, Proposal, Whose};
use crate::rollout::policy::REMEDY_ALLOWANCE;
use crate::rollout::{Doubt, Rollout, Verdict};

/// What one look at another rollout shows.
enum Other {
    /// It is over: one word of the platform lags behind another.
    Over,
    /// It fails, nothing of it runs, and there is nothing to go back to: whoever waits for it waits
    /// for nothing, and whoever takes its place hurts nobody. With why it fails.
    Failing(String),
    /// It may come to something.
    UnderWay,
}

impl<P: Platform> Deploy<'_, P> {
    /// Reads and compares; waits for or refuses over another rollout. `Err` is how it ended.
    pub(crate) async fn propose(&self) -> Result<Proposal<P>, Outcome> {
        let mut waiting = None;
        loop {
            let mut proposal = tokio::select! {
                read = self.in_time(self.read()) => match read {
                    Some(proposal) => proposal?,
                    None => return Err(outcome::late()),
                },
                () = self.cancel.cancelled() => {
                    return Err(outcome::interrupted(&[], "nothing was changed", None));
                }
            };
            let Current::Busy {
                what,
                rollout,
                whose,
            } = &mut proposal.current
            else {
                return Ok(proposal);
            };
            // Where nothing is to be changed, it is in nobody's way.
            let other = match whose {
                Whose::Owed => Other::UnderWay,
                _ if proposal.plan.is_empty() => Other::Over,
                Whose::Held => Other::UnderWay,
                Whose::Another | Whose::Ours => self.look_at(&proposal.session, rollout).await,
            };
            if let Other::Failing(why) = &other {
                proposal.plan.notes.push(takes_the_place(why));
            }
            let busy = matches!(other, Other::UnderWay);
            let stands = busy && self.conduct.intent.writes && !whose.is_ours();
            match self.conduct.intent.if_busy {
                IfBusy::Refuse if stands => return Err(outcome::busy(what)),
                IfBusy::Wait if stands => {
                    let begun = *waiting.get_or_insert_with(|| {
                        let words = format!("waiting for another rollout to end: {what}");
                        self.events.warn("busy", words);
                        self.clock.now()
                    });
                    self.wait_out(&proposal.session, rollout, begun).await?;
                }
                _ => {
                    if !busy {
                        *whose = Whose::Another;
                    }
                    return Ok(proposal);
                }
            }
        }
    }

    /// The platform's proposal, with all that there is to say about it.
    async fn read(&self) -> Result<Proposal<P>, Outcome> {
        let intent = &self.conduct.intent;
        let reading = Box::pin(self.platform.propose(self.service, intent, &self.events));
        // Somebody reads the plan before anything is written: what happened before belongs in it,
        // and is asked for beside the rest.
        let warning = async {
            if intent.is_read {
                self.platform.warnings(self.service).await
            } else {
                Vec::new()
            }
        };
        let (proposed, warnings) = futures::join!(reading, warning);
        let mut proposal = proposed.map_err(|error| outcome::could_not(&error))?;
        let mut own = std::mem::take(&mut proposal.plan.notes);
        proposal.plan.notes = if proposal.plan.is_empty() {
            // Where nothing is done, what the file or a rollout would have to be read for is noise;
            // a verb that does nothing still says why.
            own.retain(|note| note.weight == Weight::Warning || !intent.follows_the_file());
            own
        } else {
            let notes = self.notes.iter().cloned().chain(own);
            notes.chain(warnings).collect()
        };
        Ok(proposal)
    }

    /// Warns of another rollout that would be in the way of a plan.
    pub(crate) async fn warn_if_busy(&self, proposal: &mut Proposal<P>) {
        if let Current::Busy { what, rollout, .. } = &mut proposal.current
            && matches!(
                self.look_at(&proposal.session, rollout).await,
                Other::UnderWay
            )
        {
            let words = format!("another rollout is under way: {what}");
            self.events.warn("busy", words);
        }
    }

    /// Puts a saved plan in the place of a fresh one, if the facts that it rests on still hold.
    pub(crate) async fn propose_saved(&self, saved: &PlanOf<P>) -> Result<Proposal<P>, Outcome> {
        let mut proposal = self.propose().await?;
        if let Some(why) = self.platform.stale(&saved.basis, &proposal.plan.basis) {
            return Err(outcome::stale(&why));
        }
        proposal.plan = saved.clone();
        Ok(proposal)
    }

    /// Looks once at another rollout. What the platform says of it is told only where it may come to
    /// something: of one that is over it would read as if it were said of what comes next.
    async fn look_at(&self, session: &Session<P>, rollout: &mut Watched<P>) -> Other {
        let (events, kept) = self.events.kept_back();
        let other = self.judge(session, rollout, &events).await;
        if matches!(other, Other::UnderWay) {
            kept.tell();
        }
        other
    }

    async fn judge(
        &self,
        session: &Session<P>,
        rollout: &mut Watched<P>,
        events: &Events,
    ) -> Other {
        let look = self.platform.sample(session, rollout, events);
        let Some(Ok(sample)) = self.in_time(look).await else {
            return Other::UnderWay;
        };
        let mut machine = Rollout::new(self.service.rollout.policy, self.clock.now(), None)
            .counting(self.platform.budget(rollout));
        machine.observe(&sample);
        if machine.verdict().is_some() {
            return Other::Over;
        }
        if self.platform.can_go_back(rollout) {
            return Other::UnderWay;
        }
        if let Some(trip) = machine.wants_remedy() {
            return Other::Failing(trip.reason.clone());
        }
        match machine.failures().first() {
            Some(first) if sample.gauge.running == 0 => {
                Other::Failing(format!("{}: {}", first.cause.words(), first.text))
            }
            _ => Other::UnderWay,
        }
    }

    /// Waits for the end of somebody else's rollout, however it ends; since `begun`.
    async fn wait_out(
        &self,
        session: &Session<P>,
        rollout: &mut Watched<P>,
        begun: Timestamp,
    ) -> Result<(), Outcome> {
        let policy = self.service.rollout.policy;
        let waited = self.clock.since(begun);
        let end = self.end_of((policy.deadline + REMEDY_ALLOWANCE).saturating_sub(waited));
        let mut machine = Rollout::new(policy, self.clock.now(), Some(self.left(end)));
        let mut pace = Pace::new(self.clock.now());
        while machine.verdict().is_none() {
            let look = self.platform.sample(session, rollout, &self.events);
            match self.in_time(look).await {
                Some(Ok(sample)) => {
                    machine.observe(&sample);
                    pace.sampled(&sample);
                }
                Some(Err(_)) => pace.failed(),
                None => {}
            }
            machine.elapse(self.clock.now());
            // It is not ours: we never trip it, only wait.
            if machine.wants_remedy().is_some() {
                machine = Rollout::new(policy, self.clock.now(), Some(self.left(end)));
            }
            tokio::select! {
                () = self.clock.sleep_until(pace.next(self.clock.now()).min(end)) => {}
                () = self.cancel.cancelled() => {
                    return Err(outcome::interrupted(&[], "nothing was changed", None));
                }
            }
        }
        match machine.verdict() {
            Some(Verdict::Undetermined(doubt)) => Err(outcome::still_busy(doubt)),
            // It is over, and whoever rolled it out is still at work: nobody waits for that for ever.
            _ if self.clock.now() >= end => Err(outcome::still_busy(&Doubt::TimedOut)),
            _ => Ok(()),
        }
    }
}

fn takes_the_place(why: &str) -> Note {
    let why = why.trim_end_matches('.');
    Note::warning(
        "replaces_failing",
        format!(
            "A rollout is under way and fails ({why}), and nothing brings back what was before it: \
             this one takes its place."
        ),
    )
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn what_is_kept_back_is_told_later_or_never() {
        let (sender, mut told) = unbounded_channel();
        let events = Events::new(sender, "dev".parse().unwrap(), Clock::system());
        let (aside, kept) = events.kept_back();
        aside.warn("over", "it failed");
        drop(kept);
        // Nobody listens any more, and that is no trouble.
        aside.warn("over", "it failed again");
        assert!(told.try_recv().is_err());
        let (aside, kept) = events.kept_back();
        aside.warn("first", "it goes on");
        aside.warn("second", "and on");
        assert!(told.try_recv().is_err());
        kept.tell();
        let codes = std::iter::from_fn(|| told.try_recv().ok()).map(|event| match event.kind {
            crate::event::EventKind::Warning { code, .. } => code,
            other => panic!("{other:?}"),
        });
        assert_eq!(codes.collect::<Vec<_>>(), ["first", "second"]);
    }
}
