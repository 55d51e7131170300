//! What precedes the first write: the lock, the record of what is asked for and of what was there,
//! a last look at the Deployment, and the API server's own word on every apply. All of it at once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Performing;
use crate::platform::PerformError;
use crate::platform::again::Again;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::MANAGER;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::Fields;
use crate::platform::kubernetes::fields::capture::capture;
use crate::platform::kubernetes::fields::compare::Ownership;
use crate::platform::kubernetes::fields::ownership::Owned;
use crate::platform::kubernetes::history::record::{
    Captured, CapturedState, RecordHead, State, digest,
};
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::plan::adopt::{is_taken_over, same_owner};
use crate::platform::kubernetes::plan::change::{Basis, Change};
use crate::platform::kubernetes::plan::dry_run::{Proof, contested};
use crate::platform::kubernetes::plan::earlier_revision::{made, recorded, set_to};
use crate::platform::kubernetes::rollout::health::is_well;

/// How often a record is tried again that another run seems to have opened: whoever did not get
/// the lock takes its own back at once.
const TRIES: u32 = 5;

/// Between two of these.
const PAUSE: Duration = Duration::from_millis(300);

/// Where the history of this deployment is kept.
enum RecordAt {
    /// Nowhere: it is no revision.
    Nowhere,
    /// In a record that a run before us opened.
    Open(u32),
    /// In a new one.
    New(u32),
}

impl Performing<'_> {
    /// Everything that must be so before the first write.
    pub(super) async fn prepare(&mut self) -> Result<(), Failed> {
        let place = self.place();
        let (locked, recorded, looked, former, proofs) = futures::join!(
            self.lock(),
            self.record(&place),
            self.look_again(),
            self.look_at_former(),
            self.proofs(),
        );
        let checked = match locked {
            Err(error) => Err(error),
            Ok(()) => match recorded {
                Ok(()) => Ok(()),
                Err(error) if error.kind == FailureKind::Refused => self.record_again(&place).await,
                Err(error) => Err(error),
            },
        };
        let checked = checked.and_then(|()| {
            let (looked, former, proofs) = (looked?, former?, proofs?);
            self.look(self.session.own(), looked.or_else(|| appeared(&proofs)));
            if let Some((id, live)) = former {
                self.look(id, live);
            }
            self.still().and_then(|()| self.take(proofs))
        });
        if checked.is_err() && matches!(place, RecordAt::New(_)) {
            self.kube.discard(self.session).await;
        }
        checked
    }

    /// The lock of the service, and those under the names that it had before: whoever still has the
    /// file with such a name is not to write meanwhile.
    async fn lock(&self) -> Result<(), Failed> {
        let lease = self.observed.lease.as_ref();
        let own = self.kube.acquire(self.session, lease).await;
        own.map_err(|error| error.into_failed(self.name))?;
        for name in self.other_locks() {
            let former = self.observed.formers.named(name);
            let lease = former.and_then(|former| former.lease.as_ref());
            let taken = self.kube.acquire_under(self.session, name, lease).await;
            taken.map_err(|error| error.into_failed(name))?;
        }
        Ok(())
    }

    /// The Deployment under the name that the service had before, as it is now; `None`: there was
    /// none.
    async fn look_at_former(&self) -> Result<Option<(Id, Option<Value>)>, Failed> {
        let Some(former) = &self.observed.formers.serving else {
            return Ok(None);
        };
        let there = self.observed.workload(&former.name);
        let Some(id) = there.map(|(id, _)| id.clone()) else {
            return Ok(None);
        };
        let live = self.wire.read(&id).await?;
        Ok(Some((id, live)))
    }

    /// The Deployment as it is now. One that was not there is not asked for: the dry run of making
    /// it, which is on its way, tells whether somebody else has made it meanwhile.
    async fn look_again(&self) -> Result<Option<Value>, Failed> {
        let id = self.session.own();
        let makes = self
            .plan
            .changes
            .iter()
            .any(|change| matches!(change, Change::Apply { object, .. } if object.id == id));
        if makes && !self.is_proven() && !self.observed.objects.contains_key(&id) {
            return Ok(None);
        }
        self.wire.read(&id).await
    }

    fn is_proven(&self) -> bool {
        self.session.is_proven()
    }

    /// Puts a Deployment as it is now in the place of what was there.
    fn look(&mut self, id: Id, looked: Option<Value>) {
        if self.observed.live(&id) == looked.as_ref() {
            return;
        }
        let objects = &mut Arc::make_mut(&mut self.observed).objects;
        match looked {
            Some(live) => objects.insert(id, live),
            None => objects.remove(&id),
        };
    }

    /// Whether the service is still what the plan was made for.
    fn still(&self) -> Result<(), Failed> {
        let basis = &self.plan.basis;
        let now = Basis::of(&self.observed, &basis.namespace, self.name);
        match basis.differs(&now) {
            None => Ok(()),
            Some(why) => Err(Failed::new(
                format!("change service {}", self.name),
                FailureKind::Refused,
                format!("the plan is stale: {why}"),
            )),
        }
    }

    /// What the API server says to each apply, unless it was asked when the plan was made.
    async fn proofs(&self) -> Result<Vec<(Id, Proof)>, Failed> {
        if self.is_proven() {
            return Ok(Vec::new());
        }
        self.kube.prove(&self.plan.changes, &self.observed).await
    }

    fn take(&mut self, proofs: Vec<(Id, Proof)>) -> Result<(), Failed> {
        if let Some(refused) = contested(&proofs) {
            return Err(refused);
        }
        for (id, proof) in proofs {
            match proof {
                Proof::Refused(failure) => return Err(failure),
                Proof::Nothing => self.as_is.push(id),
                Proof::Becomes(_) | Proof::Conflicts(_) | Proof::Untold(_) => {}
            }
        }
        Ok(())
    }

    fn asked(&self) -> Option<&[Object]> {
        recorded(&self.plan.changes)
    }

    /// A run that was killed, or left its rollout to itself, opened the record of just this: what it
    /// captured was there before, and what we would capture may be half of ours.
    fn place(&self) -> RecordAt {
        let Some(asked) = self.asked() else {
            return RecordAt::Nowhere;
        };
        let newest = self.observed.newest();
        let ours = |head: &&RecordHead| {
            let live = self.observed.deployment(self.name);
            // Whoever changed the pods since, what was there before is theirs.
            let undisturbed = head.rolled.is_none() || live.is_some_and(|live| made(head, live));
            matches!(head.state, State::Going | State::Left)
                && head.digest == digest(asked)
                && undisturbed
        };
        match newest.filter(ours) {
            Some(head) => RecordAt::Open(head.number),
            None => RecordAt::New(self.observed.next_number()),
        }
    }

    async fn record(&self, place: &RecordAt) -> Result<(), Failed> {
        match place {
            RecordAt::Nowhere => Ok(()),
            // As it stands until its end is known: this run may still be refused.
            RecordAt::Open(number) => {
                self.session.go_on(*number);
                Ok(())
            }
            RecordAt::New(number) => {
                let (objects, state) = self.captured();
                let captured = Captured {
                    objects: &objects,
                    state,
                    revision: set_to(&self.observed, self.name).map(|head| head.number),
                };
                let asked = self.asked().unwrap_or_default();
                let opened = self.kube.open(self.session, *number, asked, captured);
                opened.await
            }
        }
    }

    /// Another run seems to have opened the record, but we have the lock.
    async fn record_again(&self, place: &RecordAt) -> Result<(), Failed> {
        let mut again = Again::every(self.kube.clock, PAUSE).tries(TRIES);
        loop {
            again.pause().await;
            match self.record(place).await {
                Err(error) if error.kind == FailureKind::Refused && again.may() => {}
                other => return other,
            }
        }
    }

    /// What is there of what this plan touches, as a set that can be applied again.
    fn captured(&self) -> (Vec<Object>, CapturedState) {
        let asked = self.asked().unwrap_or_default();
        let takes = |id: &Id| {
            self.plan.changes.iter().find_map(|change| match change {
                Change::Apply {
                    object,
                    takes_over,
                    claims,
                    ..
                } if object.id == *id => Some((!takes_over.is_empty(), claims.as_slice())),
                _ => None,
            })
        };
        let objects = self.observed.objects.iter().filter_map(|(id, live)| {
            if !self.is_touched(id, live) || self.is_beside(id) {
                return None;
            }
            let wanted = asked.iter().find(|object| object.id == *id);
            let fields = wanted.map(|object| Fields::of(&object.manifest));
            let (taken, claims) = takes(id).unwrap_or_default();
            let mut ownership = Ownership::of(live, |entry| taken && is_taken_over(entry));
            ownership.ours = ownership.ours.with(Owned::of(claims.iter().cloned()));
            capture(id, live, fields.as_ref(), &ownership)
        });
        let former = self.observed.former_deployment();
        let state = match former.or_else(|| self.observed.deployment(self.name)) {
            None => CapturedState::Nothing,
            Some(live) if is_well(live) => CapturedState::Healthy,
            Some(_) => CapturedState::Unwell,
        };
        (objects.collect(), state)
    }

    /// Whether an object is ours already, or is by this plan: what is only used as it is, is not
    /// brought back either.
    fn is_touched(&self, id: &Id, live: &Value) -> bool {
        let asked = self.asked().unwrap_or_default();
        let ours = asked
            .iter()
            .any(|object| object.id == *id && same_owner(&object.manifest, live));
        ours || self.plan.changes.iter().any(|change| match change {
            Change::Apply { object, .. } => object.id == *id,
            Change::Delete { id: other, .. } => other == id,
            _ => false,
        })
    }

    /// Whether it stands beside what serves under another name, and is none of that.
    fn is_beside(&self, id: &Id) -> bool {
        self.observed.formers.serving.is_some() && id.kind.is_named() && id.name == self.name
    }

    /// Nothing was changed: then there was no deployment either.
    pub(super) async fn nothing_came_of_it(&self, error: &PerformError) {
        if error.nothing_changed && matches!(self.place(), RecordAt::New(_)) {
            self.kube.discard(self.session).await;
        }
    }
}

/// A Deployment in which others have fields already, although there was none before.
fn appeared(proofs: &[(Id, Proof)]) -> Option<Value> {
    let theirs = |live: &&Value| {
        let entries = live["metadata"]["managedFields"].as_array();
        let mut managers = entries.into_iter().flatten();
        managers.any(|entry| entry["manager"] != MANAGER)
    };
    let mut proofs = proofs.iter().filter_map(|(id, proof)| match proof {
        Proof::Becomes(live) if id.kind.runs_pods() => Some(live),
        _ => None,
    });
    proofs.find(theirs).cloned()
}
