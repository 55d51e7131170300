//! Each change, as a write that is sent once; what came of one whose reply is lost is read.

use std::time::Duration;

use serde_json::{Value, json};

use super::Performing;
use crate::clock::after;
use crate::platform::Done;
use crate::platform::again::Again;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::conflict;
use crate::platform::kubernetes::api::conflict::conflicts;
use crate::platform::kubernetes::api::failures::{failed, is_missing};
use crate::platform::kubernetes::api::object::{Object, is_leaving};
use crate::platform::kubernetes::api::requests::Applying;
use crate::platform::kubernetes::fields::compare::{Ownership, differences};
use crate::platform::kubernetes::fields::ownership::{Entry, Owned, entries, taken_over};
use crate::platform::kubernetes::fields::shown::LAST_APPLIED;
use crate::platform::kubernetes::fields::{Fields, Path};
use crate::platform::kubernetes::kinds::deployment::account::without_copy;
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::plan::adopt::is_taken_over;
use crate::platform::kubernetes::plan::change::{Change, Count};
use crate::platform::kubernetes::plan::dry_run::scaler_goes;
use crate::platform::kubernetes::plan::replicas;
use crate::platform::kubernetes::{MANAGER, REPLICAS_MANAGER};
use crate::platform::send;

/// How often a number is handed over anew when it moves meanwhile.
const TRIES: u32 = 3;

/// How often an autoscaler that was deleted is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// For so long at most.
const GONE: Duration = Duration::from_secs(20);

impl Performing<'_> {
    pub(super) async fn write(&self, change: &Change) -> Result<Done, Failed> {
        match change {
            // Kept before the first write.
            Change::Record { .. } => Ok(Done::default()),
            Change::CreateNamespace { object } => {
                let how = Applying {
                    brief: true,
                    ..Applying::ours()
                };
                self.apply(object, how).await?;
                Ok(Done::now(&object.id.name))
            }
            Change::Apply { object, .. } if self.as_is.contains(&object.id) => {
                Ok(Done::already(&object.id.name))
            }
            Change::Apply {
                object,
                uid,
                force,
                takes_over,
                claims,
                ..
            } => {
                if !takes_over.is_empty() || !claims.is_empty() {
                    self.take_over(&object.id, takes_over, claims).await?;
                }
                let how = Applying {
                    force: *force,
                    uid: uid.as_deref(),
                    brief: !object.id.kind.runs_pods(),
                    ..Applying::ours()
                };
                let live = self.observed.live(&object.id);
                let sent = without_copy(object, live, takes_over);
                self.keep(change, self.apply(&sent, how).await?);
                if matches!(object.id.kind, Kind::Carried(kind) if kind.defines()) {
                    self.established(object).await?;
                }
                Ok(Done::now(&object.id.name))
            }
            Change::Count { replicas, why, .. } => {
                let (replicas, reply) = self.count(*replicas, *why).await?;
                self.keep(change, reply);
                Ok(Done::now(replicas.to_string()))
            }
            Change::Delete { id, uid, .. } => {
                self.delete(id, uid).await?;
                Ok(Done::now(&id.name))
            }
            Change::MoveHistory { from, to, .. } => {
                self.kube.move_history(self.session, from).await?;
                Ok(Done::now(to))
            }
            Change::Forget { deployment } => {
                self.kube.forget(self.session, deployment).await?;
                Ok(Done::default())
            }
        }
    }

    async fn apply(&self, object: &Object, how: Applying<'_>) -> Result<Value, Failed> {
        let wire = self.wire;
        let send = async || {
            let answer = wire.apply(object, how).await;
            answer.map_err(|error| of(object, refusal(&object.id, &error)))
        };
        let look = async || {
            let live = wire.read(&object.id).await?;
            Ok(live.filter(|live| is_performed(object, how.manager, live)))
        };
        let passing: &[FailureKind] = if object.id.kind.is_carried() {
            // What is served only just now is not known to all of a cluster at once.
            &[FailureKind::Unsupported]
        } else if object.id.kind.scales() && scaler_goes(&self.plan.changes) {
            // Nor is it what was deleted just now: KEDA refuses a second autoscaler.
            &[FailureKind::Denied, FailureKind::Invalid]
        } else {
            &[]
        };
        send::write(self.kube.clock, passing, send, look).await
    }

    /// Gives the fields of other managers to us, so that those go that we then do not apply; and
    /// takes away what `kubectl apply` remembers of them.
    async fn take_over(&self, id: &Id, managers: &[String], claims: &[Path]) -> Result<(), Failed> {
        let theirs = |entry: &Entry| is_taken_over(entry) && managers.contains(&entry.manager);
        let claimed = Owned::of(claims.iter().cloned());
        let wire = self.wire;
        let read = async || {
            let live = wire.read(id).await?;
            live.ok_or_else(|| {
                Failed::new(
                    format!("take over {id}"),
                    FailureKind::Refused,
                    "it is gone",
                )
            })
        };
        let send = async || {
            let live = read().await?;
            let Some(managed) = taken_over(&live, theirs, &claimed) else {
                return Ok(());
            };
            let mut metadata = json!({
                "resourceVersion": live["metadata"]["resourceVersion"],
                "managedFields": managed,
            });
            let remembered = live["metadata"]["annotations"].get(LAST_APPLIED);
            if !managers.is_empty() && remembered.is_some() {
                metadata["annotations"] = json!({ LAST_APPLIED: Value::Null });
            }
            let answer = wire.patch(id, &json!({ "metadata": metadata })).await;
            answer.map(drop).map_err(|error| refusal(id, &error))
        };
        let look = async || {
            let live = read().await?;
            Ok(taken_over(&live, theirs, &claimed).is_none().then_some(()))
        };
        // Controllers write the status of an object all the time.
        send::write(self.kube.clock, &[FailureKind::Conflict], send, look).await
    }

    async fn count(&self, replicas: u32, why: Count) -> Result<(u32, Value), Failed> {
        let id = self.session.own();
        let there = self.observed.deployment(self.name).map(replicas::replicas);
        let mut replicas = match why {
            Count::HandOver => there.unwrap_or(replicas),
            Count::Initial | Count::Set => replicas,
        };
        let how = Applying {
            manager: REPLICAS_MANAGER,
            force: why == Count::Set,
            // The Deployment was made just before.
            brief: why == Count::Initial,
            ..Applying::ours()
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let done = self
                .apply(&Object::of_count(&id, replicas.into()), how)
                .await;
            let moved = why == Count::HandOver && tries < TRIES;
            match done {
                Err(error) if error.kind == FailureKind::Refused && moved => {
                    let live = self.wire.read(&id).await?;
                    replicas = live.as_ref().map_or(replicas, replicas::replicas);
                }
                Ok(reply) => return Ok((replicas, reply)),
                Err(error) => return Err(error),
            }
        }
    }

    /// What moves the number of pods is gone, with what it made for that, when the next change is made; where
    /// others hold it for longer, that is told when everything else is done.
    async fn scaler_is_gone(&self, id: &Id, uid: &str) -> Result<(), Failed> {
        let clock = self.kube.clock;
        let mut again = Again::every(clock, LOOK).until(after(clock.now(), GONE));
        loop {
            let live = self.wire.read(id).await?;
            if live.is_none_or(|live| live["metadata"]["uid"] != uid) || !again.next().await {
                return Ok(());
            }
        }
    }

    async fn delete(&self, id: &Id, uid: &str) -> Result<(), Failed> {
        let wire = self.wire;
        let send = async || match wire.delete(id, uid).await {
            Err(error) if !is_missing(&error) => Err(failed(format!("delete {id}"), &error)),
            _ => Ok(()),
        };
        let look = async || {
            let live = wire.read(id).await?;
            let there =
                live.is_some_and(|live| live["metadata"]["uid"] == uid && !is_leaving(&live));
            Ok((!there).then_some(()))
        };
        send::write(self.kube.clock, &[], send, look).await?;
        if id.kind.scales() {
            self.scaler_is_gone(id, uid).await?;
        }
        Ok(())
    }
}

/// Whether an object shows that an apply of it was performed: by what it says, and by who says it.
fn is_performed(object: &Object, manager: &str, live: &Value) -> bool {
    let applied = |entry: &Entry| entry.applies && entry.manager == manager;
    let ownership = Ownership::of(live, |entry| manager != MANAGER && applied(entry));
    let (wanted, there) = (Fields::of(&object.manifest), Fields::of(live));
    let missing = differences(&wanted, &there, &ownership);
    let ours = |one: &crate::platform::kubernetes::fields::compare::Difference| {
        manager == MANAGER || one.to.is_some()
    };
    entries(live).iter().any(applied) && !missing.iter().any(ours)
}

/// A failure with the place of the manifest that it is about.
fn of(object: &Object, mut failed: Failed) -> Failed {
    if object.place.is_some() && failed.kind != FailureKind::Refused {
        failed.operation = format!("apply {}", object.title());
    }
    failed
}

/// Fields that others manage are refused by us: a person decides.
fn refusal(id: &Id, error: &kube::Error) -> Failed {
    let found = conflicts(error);
    if found.is_empty() {
        failed(format!("apply {id}"), error)
    } else {
        conflict::refused(&[(id.clone(), found)])
    }
}
