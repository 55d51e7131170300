//! What goes on with a service before we touch it. Pure.

use serde_json::Value;

use super::earlier_revision::{made, set_to};
use super::observe::Observed;
use crate::platform::kubernetes::history::record::{CapturedState, RecordHead, State, short};
use crate::platform::kubernetes::lock::LeaseView;
use crate::platform::kubernetes::rollback::Target;
use crate::platform::kubernetes::rollout::look::DeploymentView;
use crate::platform::kubernetes::rollout::{GoingBack, RolloutId, Watched};
use crate::platform::{Current, Whose};
use crate::spec::KubeService;

/// What is there, and how what is asked for stands to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The service in the file.
    pub(crate) service: &'a KubeService,
    pub(crate) observed: &'a Observed,
    /// A digest of what is asked for.
    pub(crate) digest: &'a str,
    /// Whether pods would be replaced for it.
    pub(crate) rolls: bool,
    /// Whether anything at all would be written for it, by somebody who leaves the lock to its holder.
    pub(crate) writes: bool,
}

/// What goes on.
pub(crate) fn current(facts: &Facts<'_>) -> Current<Watched> {
    let name = facts.service.own.name.as_str();
    match facts.observed.deployment(name) {
        None => Current::Absent,
        Some(live) => {
            let looking = Looking {
                facts,
                name,
                live,
                view: DeploymentView::of(live).unwrap_or_default(),
                newest: facts.observed.newest(),
                holder: facts.observed.holder(),
            };
            if facts.rolls {
                looking.something_else()
            } else {
                looking.what_is_asked_for()
            }
        }
    }
}

struct Looking<'a> {
    facts: &'a Facts<'a>,
    name: &'a str,
    live: &'a Value,
    view: DeploymentView,
    newest: Option<&'a RecordHead>,
    holder: Option<&'a LeaseView>,
}

impl Looking<'_> {
    /// What is there is what is asked for.
    fn what_is_asked_for(&self) -> Current<Watched> {
        if let Some(busy) = self.going_back_by_us() {
            return busy;
        }
        // Whoever holds the lock may be about to write the rest of it.
        if let Some(holder) = self.holder.filter(|_| self.facts.writes) {
            return self.busy(&holder.to_string());
        }
        // A run that was killed, or left it to itself: the watch and the record are to be finished.
        let unfinished = self.newest.filter(|head| {
            matches!(head.state, State::Going | State::Left)
                && (made(head, self.live)
                    || (head.rolled.is_none() && head.digest == self.facts.digest))
        });
        if let Some(head) = unfinished {
            return Current::Rolling(self.follow(Some(head)));
        }
        if let Some(failed) = self.failed() {
            return failed;
        }
        if self.view.is_well() {
            return self.settled();
        }
        Current::Rolling(self.follow(None))
    }

    /// What is there is something else than what is asked for.
    fn something_else(&self) -> Current<Watched> {
        if let Some(busy) = self.going_back_by_us() {
            return busy;
        }
        if let Some(holder) = self.holder {
            return self.busy(&holder.to_string());
        }
        if let Some(failed) = self.failed() {
            return failed;
        }
        if self.view.is_well() {
            return self.settled();
        }
        // It was complete, and nobody is at work: what is missing now is no rollout.
        if self.view.is_rolled_out() && self.view.was_complete() {
            return Current::Unwell {
                reason: self.view.words(),
                rollout: self.follow(None),
            };
        }
        let what = set_to(self.facts.observed, self.name).map_or_else(
            || format!("a rollout of {} that is not ours", self.name),
            |head| format!("a rollout of {}", short(self.name, head.number)),
        );
        self.busy(&what)
    }

    /// The rollback of just what is asked for, as a run that was killed leaves behind, whatever of it
    /// is done: its end is the verdict on what is asked for.
    fn going_back_by_us(&self) -> Option<Current<Watched>> {
        let head = self
            .newest
            .filter(|head| head.state == State::GoingBack && head.digest == self.facts.digest)?;
        Some(Current::Busy {
            what: format!("the rollback of {}", short(self.name, head.number)),
            rollout: self.going_back(head),
            whose: Whose::Owed,
        })
    }

    /// It makes no progress any more, or is on record as failed and has not come up since.
    fn failed(&self) -> Option<Current<Watched>> {
        let on_record = self
            .newest
            .filter(|head| head.state == State::Failed && made(head, self.live))
            .filter(|_| !self.view.is_well());
        let words = |head: &RecordHead| head.reason.clone().unwrap_or_default();
        let reason = on_record
            .map(words)
            .or_else(|| self.view.stuck().map(str::to_owned))?;
        Some(Current::Unwell {
            reason: format!("{} failed: {reason}", self.revision()),
            rollout: self.follow(on_record),
        })
    }

    fn settled(&self) -> Current<Watched> {
        Current::Settled {
            proven: self.view.is_proven(),
            serving: self.revision(),
        }
    }

    /// `what` and how far it is. Nobody but who holds the lock would bring anything back.
    fn busy(&self, what: &str) -> Current<Watched> {
        let open = self.newest.filter(|head| head.state.is_open());
        let mut rollout = self.follow(open.filter(|head| made(head, self.live)));
        rollout.can_go_back = self.holder.is_some();
        Current::Busy {
            what: format!("{what}: {}", self.view.words()),
            rollout,
            whose: if self.holder.is_some() {
                Whose::Held
            } else {
                Whose::Another
            },
        }
    }

    /// What serves, in words.
    fn revision(&self) -> String {
        let head = set_to(self.facts.observed, self.name);
        head.map_or_else(
            || self.name.to_owned(),
            |head| short(self.name, head.number),
        )
    }

    /// To follow what is there, which is of that record where there is one.
    fn follow(&self, record: Option<&RecordHead>) -> Watched {
        let number = record
            .or_else(|| set_to(self.facts.observed, self.name))
            .map(|head| head.number);
        let mut ours = RolloutId::of(self.live, number).unwrap_or_default();
        ours.former = record.and_then(|head| before(self.name, head));
        // It was complete once: what comes up now (a count, a pod that moved) began just now, and
        // not when the pods' template was last written, which may be long ago.
        if self.view.was_complete() {
            ours.begun = self.facts.observed.at;
        }
        let mut rollout = Watched::new(self.facts.service, ours);
        let records = &self.facts.observed.records;
        rollout.can_go_back = record.is_some_and(|head| Target::of(records, head.number).is_some());
        rollout
    }

    /// To follow the rollback of a record: of the rollout that failed, and of what takes its place.
    fn going_back(&self, head: &RecordHead) -> Watched {
        let mut rollout = self.follow(Some(head));
        if let Some(failed) = RolloutId::recorded(head).filter(|_| !made(head, self.live)) {
            let failed = RolloutId {
                former: before(self.name, head),
                ..failed
            };
            let back = std::mem::replace(&mut rollout.ours, failed);
            rollout.going_back = Some(GoingBack {
                ours: RolloutId {
                    revision: None,
                    ..back
                },
                to: head.back_to.clone().unwrap_or_default(),
                reason: head.reason.clone(),
                kept: false,
            });
        }
        rollout
    }
}

/// What served before a revision, in words.
fn before(name: &str, head: &RecordHead) -> Option<String> {
    (head.captured != CapturedState::Nothing).then(|| {
        head.captured_revision
            .map_or_else(|| "what was there".to_owned(), |number| short(name, number))
    })
}

#[cfg(test)]
mod tests;
