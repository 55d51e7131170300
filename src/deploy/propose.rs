//! The first half of the loop: reads and compares, and decides about another rollout that is
//! under way: refuse, wait for its end, or take its place.

use super::pace::Pace;
use super::{Deploy, Followed, IfBusy, PlanOf, outcome};
use crate::event::Outcome;
use crate::platform::{Current, Platform, Proposal};
use crate::rollout::policy::REMEDY_ALLOWANCE;
use crate::rollout::{Rollout, Verdict};

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
