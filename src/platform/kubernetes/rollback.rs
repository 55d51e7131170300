//! The one remedy on Kubernetes: what was there before the first write of a deployment is applied
//! again, whole, once, as the same field manager.
//!
//! That it is to be done is marked in the record before its first write, so that a run that is
//! killed in the midst of it is finished by the next one. All of it may be done twice with no other
//! end. It is not done where somebody changed the pods after us, nor without the lock.

use serde_json::Value;

use super::api::object::Object;
use super::history::record::{CapturedState, Mark, RecordHead, Sets, State, short};
use super::rollout::{GoingBack, Rolled, RolloutId, Watched, template_digest};
use super::{Kubernetes, Session};
use crate::event::Events;
use crate::platform::failure::{Failed, FailureKind};
use crate::rollout::{Halted, Trip, Tripper};

mod restore;

#[cfg(test)]
mod tests;

/// Why it goes back, where the run that knew was killed.
const TRIPPED_BEFORE: &str = "it tripped in an earlier run, which had begun to go back";

/// What is gone back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// What was there before the deployment; the revision that it was, where the history has it.
    Captured(Option<u32>),
    /// What this revision asked for.
    Revision(u32),
}

impl Target {
    /// What revision `number` goes back to: what was there before it, if that served; else the
    /// newest revision that is known to have served. `None`: nothing was there before.
    pub(crate) fn of(heads: &[RecordHead], number: u32) -> Option<Self> {
        let head = heads.iter().find(|head| head.number == number)?;
        match head.captured {
            CapturedState::Nothing => None,
            CapturedState::Healthy => Some(Self::Captured(head.captured_revision)),
            CapturedState::Unwell => heads
                .iter()
                .filter(|head| head.number < number && head.state == State::Healthy)
                .map(|head| head.number)
                .max()
                .map(Self::Revision),
        }
    }

    fn words(self, name: &str) -> String {
        match self {
            Self::Captured(Some(number)) | Self::Revision(number) => short(name, number),
            Self::Captured(None) => "what served before".to_owned(),
        }
    }
}

/// What it takes to go back.
struct WayBack {
    number: u32,
    target: Target,
    /// What this deployment asked for, and what was there before it.
    sets: Sets,
    /// What is to be there again.
    wanted: Vec<Object>,
}

impl Session {
    /// Whether something was there before the deployment that this run made, or goes on with.
    pub(crate) fn can_go_back(&self) -> bool {
        self.record()
            .is_some_and(|number| Target::of(&self.heads(), number).is_some())
    }
}

impl Kubernetes {
    /// Goes back, once.
    pub(crate) async fn bring_back(
        &self,
        session: &Session,
        rollout: &mut Watched,
        trip: &Trip,
    ) -> Halted {
        if rollout.going_back.is_some() {
            return Halted::Accepted;
        }
        let mut again = self.persistent();
        loop {
            match self.go_back(session, rollout, trip).await {
                Ok(halted) => return halted,
                // There is only this one request: an API server that is away for a moment is not
                // to cost it. All of it may be done twice.
                Err(error) if error.kind.may_pass() && again.next().await => {}
                // It is somebody else's by now, or that is not known: watching shows it.
                Err(error) if error.kind == FailureKind::Refused || error.kind.may_pass() => {
                    return Halted::Refused(error.to_string());
                }
                Err(error) => return Halted::Impossible(error.to_string()),
            }
        }
    }

    async fn go_back(
        &self,
        session: &Session,
        rollout: &mut Watched,
        trip: &Trip,
    ) -> Result<Halted, Failed> {
        let name = session.name();
        self.must_hold(session, rollout).await?;
        let way = self.way_back(session, rollout.ours.revision).await?;
        let live = self.still_ours(session, &rollout.ours.rolled).await?;
        // What tripped it may have been seen through a connection that had died since.
        if rollout.came_up(&live) {
            return Ok(Halted::JustFinished);
        }
        let mark = Mark {
            state: Some(State::GoingBack),
            rolled: Some(rollout.ours.rolled.clone()),
            back_to: Some(way.target.words(name)),
            reason: Some(self.words_of(trip)),
            ..Mark::default()
        };
        self.mark(session, way.number, &mark).await?;
        self.follow_back(session, rollout, &way).await?;
        Ok(Halted::Accepted)
    }

    /// Why it goes back, for other runs that follow it: who cancelled it, or what tripped it.
    fn words_of(&self, trip: &Trip) -> String {
        match (trip.by, &self.origin.by) {
            (Tripper::Person, Some(by)) => format!("{} by {by}", trip.reason),
            _ => trip.reason.clone(),
        }
    }

    /// The lock, without which nothing is brought back. A run that only watched so far takes it, if
    /// whoever held it is gone.
    async fn must_hold(&self, session: &Session, rollout: &mut Watched) -> Result<(), Failed> {
        if rollout.holds_lock {
            return self.holds(session);
        }
        let name = session.name();
        let seen = self.lease(name).await?;
        let taken = self.acquire(session, seen.as_ref()).await;
        taken.map_err(|error| error.into_failed(name))?;
        rollout.holds_lock = true;
        self.refresh(session).await?;
        if let Some(number) = rollout.ours.revision {
            session.go_on(number);
        }
        Ok(())
    }

    /// Takes up what an earlier run of ours left: goes on with its record, under the lock, and
    /// finishes the remedy that it had begun. What stands in the way is told, and then this run
    /// only watches.
    pub(crate) async fn take_up(&self, session: &Session, rollout: &mut Watched, events: &Events) {
        let name = session.name();
        let Some(head) = session.heads().into_iter().next() else {
            return;
        };
        if !head.state.is_open() || !is_about(&head, rollout) {
            return;
        }
        let held = match self.lease(name).await {
            Ok(seen) => self.acquire(session, seen.as_ref()).await,
            Err(error) => Err(error.into()),
        };
        rollout.holds_lock = held.is_ok();
        if let Err(error) = held {
            let words = error.into_failed(name).to_string();
            events.warn("lock", format!("this run only watches: {words}"));
            return;
        }
        // Under the lock, what the history says now is what counts.
        let heads = match self.refresh(session).await {
            Ok(heads) => heads,
            Err(error) => return events.warn("history", error.to_string()),
        };
        let Some(head) = heads.into_iter().find(|now| now.number == head.number) else {
            return;
        };
        session.go_on(head.number);
        rollout.can_go_back = session.can_go_back();
        if head.state == State::GoingBack
            && let Err(error) = self.finish_going_back(session, rollout, &head).await
        {
            events.warn(
                "remedy",
                format!("the way back that another run had begun could not be finished: {error}"),
            );
        }
    }

    /// The pods are still those of the rollout that tripped, or those that come back already.
    async fn finish_going_back(
        &self,
        session: &Session,
        rollout: &mut Watched,
        head: &RecordHead,
    ) -> Result<(), Failed> {
        let way = self.way_back(session, Some(head.number)).await?;
        if let Some(rolled) = &head.rolled {
            rollout.ours = RolloutId {
                rolled: rolled.clone(),
                revision: Some(head.number),
                ..rollout.ours.clone()
            };
        }
        if let Err(error) = self.still_ours(session, &rollout.ours.rolled).await {
            let coming = self.would_be(session, &way.wanted).await?;
            let back = Rolled {
                template: coming,
                ..rollout.ours.rolled.clone()
            };
            // Neither the one nor the other: somebody else changed it.
            self.still_ours(session, &back).await.map_err(|_| error)?;
        }
        self.follow_back(session, rollout, &way).await?;
        if let Some(going_back) = &mut rollout.going_back {
            let reason = head.reason.clone();
            going_back.reason = reason.or_else(|| Some(TRIPPED_BEFORE.to_owned()));
        }
        Ok(())
    }

    async fn follow_back(
        &self,
        session: &Session,
        rollout: &mut Watched,
        way: &WayBack,
    ) -> Result<(), Failed> {
        let name = session.name();
        let restored = self.restore(session, &way.sets, &way.wanted).await?;
        let revision = match way.target {
            Target::Captured(number) => number,
            Target::Revision(number) => Some(number),
        };
        let ours = RolloutId::of(&restored.deployment, revision).ok_or_else(|| {
            let words = "the answer holds nothing that runs pods";
            Failed::new(
                format!("go back with {name}"),
                FailureKind::Unsupported,
                words,
            )
        })?;
        rollout.not_brought_back.extend(restored.not_brought_back);
        // What has another name served all along.
        let other = restored.deployment["metadata"]["name"]
            .as_str()
            .filter(|other| *other != name);
        rollout.going_back = Some(GoingBack {
            ours,
            to: other.map_or_else(|| way.target.words(name), str::to_owned),
            reason: None,
            kept: other.is_some(),
        });
        Ok(())
    }

    async fn way_back(&self, session: &Session, revision: Option<u32>) -> Result<WayBack, Failed> {
        let name = session.name();
        let cannot = |why: &str| {
            Failed::new(
                format!("go back with {name}"),
                FailureKind::Refused,
                why.to_owned(),
            )
        };
        let number = session
            .record()
            .or(revision)
            .ok_or_else(|| cannot("no record says what was there before"))?;
        if session.heads().is_empty() {
            self.refresh(session).await?;
        }
        let target = Target::of(&session.heads(), number)
            .ok_or_else(|| cannot("there is nothing to go back to"))?;
        let sets = self.read_sets(name, number).await?;
        let mut wanted = match target {
            Target::Captured(_) => sets.captured.clone(),
            Target::Revision(other) => self.read_sets(name, other).await?.asked,
        };
        wanted.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(WayBack {
            number,
            target,
            sets,
            wanted,
        })
    }

    /// The Deployment as it is; refuses where the pods are no longer those of our rollout.
    async fn still_ours(&self, session: &Session, ours: &Rolled) -> Result<Value, Failed> {
        let own = session.own();
        let (name, kind) = (&own.name, own.kind);
        let refused = |why: String| {
            let words = format!("{why}, so nothing is changed");
            Err(Failed::new(
                format!("go back with {name}"),
                FailureKind::Refused,
                words,
            ))
        };
        let Some(live) = self.wire().await?.read(&own).await? else {
            return refused(format!("somebody deleted the {kind}"));
        };
        if live["metadata"]["uid"] != Value::String(ours.uid.clone()) {
            return refused(format!("somebody made the {kind} anew"));
        }
        if template_digest(&live) != ours.template {
            return refused("somebody else changed its pods".to_owned());
        }
        Ok(live)
    }
}

/// Whether a record is about this rollout; one that goes back is about whatever comes of that.
fn is_about(head: &RecordHead, rollout: &Watched) -> bool {
    let same = |rolled: &Rolled| rolled.is_as(&rollout.ours.rolled);
    head.state == State::GoingBack
        || rollout.ours.revision == Some(head.number)
        || head.rolled.as_ref().is_some_and(same)
}
