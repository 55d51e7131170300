//! The lock of a service: a Lease, so that of two deployers one wins and the other is told who and
//! since when.
//!
//! It lasts 15 seconds and is renewed every 5 for as long as a run lives, so a run that was killed
//! blocks nobody for long. Every write of it names the version that it rests on: whoever is slower
//! is refused by the server. A run that lost its lock, or could not renew it in time, writes
//! nothing any more.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::api::failures;
use super::{Kubernetes, MANAGER, Session, key};
use crate::platform::again::Again;
use crate::platform::failure::{Failed, FailureKind};

mod lease;
mod renew;

#[cfg(test)]
mod tests;

pub(crate) use self::lease::LeaseView;
pub(crate) use self::renew::{Held, Left, Lost};

/// How long a lock lasts that is not renewed.
pub(crate) const LASTS: Duration = Duration::from_secs(15);

/// How often it is renewed.
pub(crate) const RENEWED_EVERY: Duration = Duration::from_secs(5);

/// Between two looks at a lock that may be renewed, or may be abandoned.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How often it is tried to take a lock.
const TRIES: u32 = 4;

/// The lock could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Somebody else is at work.
    #[error("{0}")]
    Busy(LeaseView),
    /// The Lease could not be read or written.
    #[error(transparent)]
    Failed(#[from] Failed),
}

impl LockError {
    /// As the failure of a command: whoever is second is refused by us.
    pub(crate) fn into_failed(self, name: &str) -> Failed {
        match self {
            Self::Busy(other) => Failed::new(
                format!("lock service {name}"),
                FailureKind::Refused,
                other.to_string(),
            ),
            Self::Failed(error) => error,
        }
    }
}

/// The name of the Lease of a Deployment.
pub(crate) fn lease_name(name: &str) -> String {
    format!("{MANAGER}.{name}")
}

impl Kubernetes {
    /// The lock of the Deployment `name`, whoever holds it; `None`: there is none (yet).
    pub(crate) async fn lease(&self, name: &str) -> Result<Option<LeaseView>, Failed> {
        let leases: Api<Lease> = self.api().await?;
        match leases.get_opt(&lease_name(name)).await {
            Ok(found) => Ok(found.map(LeaseView::of)),
            Err(error) => Err(failures::failed(format!("read the lock of {name}"), &error)),
        }
    }

    /// The server's time.
    pub(crate) async fn server_now(&self) -> Result<Timestamp, Failed> {
        Ok(self.link().await?.time.now())
    }

    /// Waits until it is certain whether the holder of a lock is still at work: it renews the lock
    /// while we look (`Some`), or the lock runs out or is given back (`None`). Takes at most as
    /// long as a lock lasts, and no time where there is no holder or it is this run.
    pub(crate) async fn wait_out(
        &self,
        name: &str,
        seen: Option<LeaseView>,
    ) -> Result<Option<LeaseView>, Failed> {
        let Some(first) = seen else { return Ok(None) };
        let mut now = first.clone();
        let again = Again::every(self.clock, LOOK_AGAIN);
        loop {
            if now.is_of(&self.run) || !now.holder_alive(self.server_now().await?) {
                return Ok(None);
            }
            if now.version != first.version {
                return Ok(Some(now));
            }
            again.pause().await;
            match self.lease(name).await? {
                Some(view) => now = view,
                None => return Ok(None),
            }
        }
    }

    /// Takes the lock of a service and renews it from now on. `seen` is the Lease as it was last
    /// read; with it, taking the lock is one request. The namespace must exist.
    ///
    /// [`LockError::Busy`]: somebody else has it, or was faster. Whoever is at work and is
    /// superseded on purpose loses it, and writes nothing any more once a renewal shows it.
    pub(crate) async fn acquire(
        &self,
        session: &Session,
        seen: Option<&LeaseView>,
    ) -> Result<(), LockError> {
        self.acquire_under(session, session.name(), seen).await
    }

    /// The same, under a name that the service had before.
    pub(crate) async fn acquire_under(
        &self,
        session: &Session,
        name: &str,
        seen: Option<&LeaseView>,
    ) -> Result<(), LockError> {
        if session.lock(name, |_| ()).is_some() {
            return self.holds_under(session, name).map_err(LockError::Failed);
        }
        let supersedes = session.supersedes();
        let mut seen = seen.cloned();
        let words = "it changes hands faster than it can be read";
        let mut failed = Failed::new(format!("lock service {name}"), FailureKind::Conflict, words);
        let mut again = Again::every(self.clock, LOOK_AGAIN).tries(TRIES);
        // Another try only follows an answer that came from an older state than was seen, or that
        // proves that nothing was performed.
        loop {
            if let Some(view) = &seen
                && !supersedes
                && !view.is_of(&self.run)
                && view.holder_alive(self.server_now().await?)
            {
                return Err(LockError::Busy(view.clone()));
            }
            match self.take(name, seen.as_ref()).await {
                Ok(lease) => {
                    let mut held = self.keep(name, LeaseView::of(lease)).await?;
                    held.is_new = seen.is_none();
                    session.keep_lock(name, held);
                    return Ok(());
                }
                Err(error)
                    if settles_by_reading(error.kind)
                        || (seen.is_some() && error.kind == FailureKind::Missing) =>
                {
                    seen = self.lease(name).await?;
                }
                Err(error)
                    if matches!(
                        error.kind,
                        FailureKind::Throttled | FailureKind::Unreachable
                    ) =>
                {
                    failed = error;
                    again.pause().await;
                }
                Err(error) => return Err(error.into()),
            }
            if !again.may() {
                return Err(failed.into());
            }
        }
    }

    /// Deletes the Lease, whoever holds it.
    pub(super) async fn delete_lease(&self, session: &Session, name: &str) -> Result<(), Failed> {
        drop(session.take_lock(name));
        let leases: Api<Lease> = self.api().await?;
        let params = DeleteParams::default();
        match leases.delete(&lease_name(name), &params).await {
            Ok(_) => Ok(()),
            Err(error) if failures::is_missing(&error) => Ok(()),
            Err(error) => Err(failures::failed(
                format!("delete the lock of {name}"),
                &error,
            )),
        }
    }

    /// Makes the Lease, or takes over the version of it that was seen.
    async fn take(&self, name: &str, seen: Option<&LeaseView>) -> Result<Lease, Failed> {
        let leases: Api<Lease> = self.api().await?;
        let now = self.server_now().await?;
        let spec = LeaseSpec {
            holder_identity: Some(self.holder()),
            acquire_time: Some(MicroTime(now)),
            renew_time: Some(MicroTime(now)),
            lease_duration_seconds: Some(i32::try_from(LASTS.as_secs()).unwrap_or(i32::MAX)),
            ..LeaseSpec::default()
        };
        let notes = [
            (key::COMMIT, &self.origin.commit),
            (key::WHY, &self.origin.why),
        ];
        let answer = if let Some(view) = seen {
            // What the holder before said of itself goes, too.
            let notes: BTreeMap<_, _> = notes.into_iter().collect();
            let patch = json!({
                "metadata": { "resourceVersion": view.version, "annotations": notes },
                "spec": spec,
            });
            let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
            leases.patch(&lease_name(name), &params, &patch).await
        } else {
            let said =
                |(key, value): (&str, &Option<String>)| Some((key.to_owned(), value.clone()?));
            let notes = notes.into_iter().filter_map(said).collect();
            let lease = fresh(name, notes, spec);
            leases.create(&PostParams::default(), &lease).await
        };
        answer.map_err(|error| failures::failed(format!("lock service {name}"), &error))
    }

    /// Who we are, readable, with what makes this run unlike any other.
    fn holder(&self) -> String {
        format!("{}/{}", self.origin.by.as_deref().unwrap_or(""), self.run)
    }

    /// Whether this run holds the lock of a service, so that it may write.
    ///
    /// [`FailureKind::Refused`]: it is lost for good. [`FailureKind::Unreachable`]: it could not be renewed in
    /// time, and may yet turn out to be ours.
    pub(crate) fn holds(&self, session: &Session) -> Result<(), Failed> {
        self.holds_under(session, session.name())
    }

    /// The same, under a name that the service had before.
    pub(crate) fn holds_under(&self, session: &Session, name: &str) -> Result<(), Failed> {
        let lost = match session.lock(name, |held| held.lost(self.clock.now())) {
            None => Some(Lost::Gone("it was never taken".into())),
            Some(lost) => lost,
        };
        let (kind, why) = match lost {
            None => return Ok(()),
            Some(Lost::Gone(why)) => (
                FailureKind::Refused,
                format!("this run lost its lock ({why}); another one may be at work"),
            ),
            Some(Lost::Stale) => (
                FailureKind::Unreachable,
                format!("the lock could not be renewed for {} s", LASTS.as_secs()),
            ),
        };
        Err(Failed::new(format!("go on with service {name}"), kind, why))
    }

    /// Gives back every lock that is held, so that the next run need not wait. What cannot be given
    /// back runs out by itself.
    pub(crate) async fn release(&self, session: &Session, left: Left) {
        for held in session.take_locks() {
            if held.lost(self.clock.now()).is_some() {
                continue;
            }
            if let Err(error) = held.give_back(left).await {
                tracing::info!(%error, "the lock runs out by itself");
            }
        }
    }
}

/// A Lease that was not there before.
fn fresh(name: &str, notes: BTreeMap<String, String>, spec: LeaseSpec) -> Lease {
    let labels = [(key::RECORD, name), (key::MANAGED_BY, MANAGER)];
    Lease {
        metadata: ObjectMeta {
            name: Some(lease_name(name)),
            labels: Some(
                labels
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            ),
            annotations: Some(notes),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
    }
}

/// Whether what came of a write shows when the Lease is read again: somebody was faster, or the
/// reply was lost.
fn settles_by_reading(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Conflict | FailureKind::Lost | FailureKind::Server
    )
}
