//! Applies a former set of objects again, and takes away what the deployment added to it.

use std::time::Duration;

use serde_json::Value;

use crate::clock::after;
use crate::platform::again::Again;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::conflict::conflicts;
use crate::platform::kubernetes::api::failures;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::api::requests::{Applying, Wire};
use crate::platform::kubernetes::fields::compare::Ownership;
use crate::platform::kubernetes::history::record::Sets;
use crate::platform::kubernetes::kinds::deployment::account::without_copy;
use crate::platform::kubernetes::kinds::service::ports;
use crate::platform::kubernetes::kinds::service::ports::{Both, Passage};
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::plan::adopt::same_owner;
use crate::platform::kubernetes::plan::replicas;
use crate::platform::kubernetes::rollout::template_digest;
use crate::platform::kubernetes::{Kubernetes, REPLICAS_MANAGER, Session};

/// How long a write of the remedy is tried again when the server is busy or gone for a moment. It
/// may be sent twice: what it says is the same each time.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two attempts.
const AGAIN: Duration = Duration::from_secs(1);

/// What came of it.
pub(super) struct Restored {
    /// The Deployment, as the answer has it.
    pub(super) deployment: Value,
    /// What could not be brought back, in words.
    pub(super) not_brought_back: Vec<String>,
}

impl Kubernetes {
    /// The attempts at what is worth some patience.
    pub(super) fn persistent(&self) -> Again {
        Again::every(self.clock, AGAIN).until(after(self.clock.now(), PATIENCE))
    }

    /// Applies `wanted`, which is in order, and deletes what the deployment that asked for
    /// `sets.asked` added. Only a Deployment that cannot be brought back is a failure.
    pub(super) async fn restore(
        &self,
        session: &Session,
        sets: &Sets,
        wanted: &[Object],
    ) -> Result<Restored, Failed> {
        let added = added(sets, wanted);
        let scaler = |object: &&&Object| object.id.kind.scales();
        let mut not_brought_back = Vec::new();
        // It would move the number that is brought back.
        for object in added.iter().filter(scaler) {
            note(&mut not_brought_back, self.take_away(session, object).await);
        }
        let mut restored = None;
        for object in wanted {
            let own = object.id.kind.runs_pods();
            match self.apply_again(session, object, wanted).await {
                Ok(reply) if own => restored = Some(reply),
                Ok(_) => {}
                Err(error) if own => return Err(error),
                Err(error) => note(&mut not_brought_back, Err(error)),
            }
        }
        for object in added.iter().filter(|object| !scaler(object)) {
            note(&mut not_brought_back, self.take_away(session, object).await);
        }
        let deployment = restored.ok_or_else(|| {
            let words = "the history holds nothing that runs pods";
            let name = session.name();
            Failed::new(format!("go back with {name}"), FailureKind::Refused, words)
        })?;
        Ok(Restored {
            deployment,
            not_brought_back,
        })
    }

    /// The digest of the pod template that applying this set would give.
    pub(super) async fn would_be(
        &self,
        session: &Session,
        wanted: &[Object],
    ) -> Result<String, Failed> {
        let wire = self.wire().await?;
        let own = wanted.iter().find(|object| object.id.kind.runs_pods());
        let live = wire.read(&session.own()).await?;
        let (Some(object), Some(live)) = (own, live) else {
            let words = "nothing runs its pods any more";
            let operation = format!("go back with {}", session.name());
            return Err(Failed::new(operation, FailureKind::Refused, words));
        };
        let how = Applying {
            dry_run: true,
            ..Applying::ours()
        };
        let object = without_count(object, &live, wanted);
        let reply = wire
            .apply(&without_copy(&object, Some(&live), &[]), how)
            .await;
        let reply =
            reply.map_err(|error| failures::failed(format!("try {}", object.id), &error))?;
        Ok(template_digest(&reply))
    }

    async fn apply_again(
        &self,
        session: &Session,
        object: &Object,
        wanted: &[Object],
    ) -> Result<Value, Failed> {
        let wire = self.wire().await?;
        if object.id.kind == Kind::Service {
            let led = self.led_back(session, &wire, object, wanted).await?;
            return self.persist(session, &wire, &led, Applying::ours()).await;
        }
        if !object.id.kind.runs_pods() {
            return self.persist(session, &wire, object, Applying::ours()).await;
        }
        let Some(live) = wire.read(&object.id).await? else {
            return self.persist(session, &wire, object, Applying::ours()).await;
        };
        let object = without_count(object, &live, wanted);
        if let Some(number) = given_apart(&object, &live) {
            let apart = Object::of_count(&object.id, number);
            let how = Applying {
                manager: REPLICAS_MANAGER,
                force: true,
                ..Applying::ours()
            };
            self.persist(session, &wire, &apart, how).await?;
        }
        let object = without_copy(&object, Some(&live), &[]);
        self.persist(session, &wire, &object, Applying::ours())
            .await
    }

    /// A Service with the target port under which the pods that are there serve until those that
    /// come back do; where there is none, as it was.
    async fn led_back(
        &self,
        session: &Session,
        wire: &Wire<'_>,
        object: &Object,
        wanted: &[Object],
    ) -> Result<Object, Failed> {
        let own = session.own();
        let coming = wanted.iter().find(|object| object.id == own);
        let (live, pods) = futures::join!(wire.read(&object.id), wire.read(&own));
        let mut led = object.clone();
        if let (Some(coming), Some(live), Some(pods)) = (coming, live?, pods?)
            && let Some(Passage::Open(target)) = (Both {
                live: &live,
                pods: &pods,
                wanted: &object.manifest,
                coming: &coming.manifest,
            })
            .passage()
        {
            led.manifest = ports::sending_to(led.manifest, &target);
        }
        Ok(led)
    }

    /// Applies one object, again where the server is busy or gone for a moment, as long as the lock
    /// is ours.
    async fn persist(
        &self,
        session: &Session,
        wire: &Wire<'_>,
        object: &Object,
        how: Applying<'_>,
    ) -> Result<Value, Failed> {
        let operation = format!("bring {} back", object.id);
        let mut again = self.persistent();
        loop {
            let failed = match self.holds(session) {
                Ok(()) => match wire.apply(object, how).await {
                    Ok(reply) => return Ok(reply),
                    Err(error) => told(&operation, &error),
                },
                Err(error) => error,
            };
            if !failed.kind.may_pass() || !again.next().await {
                return Err(failed);
            }
        }
    }

    /// Deletes an object that this deployment added, if it is there and carries our labels.
    async fn take_away(&self, session: &Session, object: &Object) -> Result<(), Failed> {
        let wire = self.wire().await?;
        self.holds(session)?;
        let Some(live) = wire.read(&object.id).await? else {
            return Ok(());
        };
        let (true, Some(uid)) = (
            same_owner(&live, &object.manifest),
            live["metadata"]["uid"].as_str(),
        ) else {
            return Ok(());
        };
        match wire.delete(&object.id, uid).await {
            Ok(()) => Ok(()),
            Err(error) if failures::is_missing(&error) => Ok(()),
            Err(error) => Err(told(&format!("take {} away", object.id), &error)),
        }
    }
}

/// What the deployment asked for that was not there before it, and is not to be there.
fn added<'a>(sets: &'a Sets, wanted: &[Object]) -> Vec<&'a Object> {
    let has = |set: &[Object], id: &Id| set.iter().any(|object| object.id.is_same(id));
    let mut added: Vec<&Object> = sets
        .asked
        .iter()
        .filter(|object| object.id.kind.is_namespaced())
        .filter(|object| !has(&sets.captured, &object.id) && !has(wanted, &object.id))
        .collect();
    added.sort_by(|one, other| other.id.cmp(&one.id));
    added
}

/// A Deployment without a number of pods, where an autoscaler moves it.
fn without_count(object: &Object, live: &Value, wanted: &[Object]) -> Object {
    let scaler = |object: &Object| object.id.kind.scales();
    let mut object = object.clone();
    if (replicas::is_scaled(live) || wanted.iter().any(scaler))
        && let Some(spec) = object.manifest["spec"].as_object_mut()
    {
        spec.remove("replicas");
    }
    object
}

/// The number that must be given beside the Deployment: the present one, where we are its only
/// owner and are about to give it up, since it would fall to 1; the former one, where our other
/// manager would object to it.
fn given_apart(object: &Object, live: &Value) -> Option<u64> {
    let ownership = Ownership::of(live, |_| false);
    let path = replicas::path();
    let ours = ownership.ours.covers(&path);
    let others = ownership.others.covers(&path);
    let now = u64::from(replicas::replicas(live));
    match object.manifest["spec"]["replicas"].as_u64() {
        None => (ours && !others).then_some(now),
        Some(former) => (others && former != now && is_apart(live)).then_some(former),
    }
}

fn is_apart(live: &Value) -> bool {
    let all = crate::platform::kubernetes::fields::ownership::entries(live);
    all.iter()
        .any(|entry| entry.is_of_replicas() && entry.owned.covers(&replicas::path()))
}

/// The failure; what others manage now is named.
fn told(operation: &str, error: &kube::Error) -> Failed {
    let conflicts = conflicts(error);
    if conflicts.is_empty() {
        return failures::failed(operation, error);
    }
    let words: Vec<String> = conflicts
        .iter()
        .map(|conflict| {
            let field = conflict.field.trim_start_matches('.');
            format!("{} manages {field} by now", conflict.manager)
        })
        .collect();
    Failed::new(operation, FailureKind::Refused, words.join("; "))
}

fn note(list: &mut Vec<String>, done: Result<(), Failed>) {
    if let Err(error) = done {
        list.push(error.to_string());
    }
}

#[cfg(test)]
mod tests;
