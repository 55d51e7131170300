//! Keeps a lock that this run holds, and knows when it is lost.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use serde_json::{Value, json};
use tokio::task::AbortHandle;

use super::{LASTS, LOOK_AGAIN, LeaseView, RENEWED_EVERY, lease_name};
use crate::clock::Clock;
use crate::platform::again::Again;
use crate::platform::aws::ServerTime;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::Kubernetes;
use crate::platform::kubernetes::api::failures;

/// How long one renewal may take: two fit into the time that is left when one fails.
const PATIENCE: Duration = Duration::from_secs(4);

/// How often it is tried to give a lock back: whoever comes next waits for it.
const TRIES: u32 = 3;

/// Between two of these.
const AGAIN: Duration = Duration::from_millis(500);

/// A lock that this run holds. It is renewed until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    keeper: Keeper,
    task: AbortHandle,
    /// Whether this run made the Lease.
    pub(super) is_new: bool,
}

/// What a run leaves behind of its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// The Lease, for whoever comes next.
    Lease,
    /// What was there before this run, which changed nothing.
    Nothing,
}

/// Why a lock is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Somebody took it, or took it away.
    Gone(String),
    /// It could not be renewed in time; if nobody took it meanwhile, it becomes ours again.
    Stale,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Held {
    /// Why it is not ours; `None`: it is.
    pub(crate) fn lost(&self, now: Timestamp) -> Option<Lost> {
        let state = self.keeper.state();
        let lasts = SignedDuration::try_from(LASTS).unwrap_or(SignedDuration::ZERO);
        match state.lost {
            Some(why) => Some(Lost::Gone(why)),
            None if now.duration_since(state.renewed) >= lasts => Some(Lost::Stale),
            None => None,
        }
    }

    /// Gives it back. A Lease that is only there since this run wanted it may go with it: in the
    /// version that we know alone, so that whoever took it meanwhile keeps it.
    pub(super) async fn give_back(self, left: Left) -> Result<(), Failed> {
        self.task.abort();
        let mut goes = self.is_new && left == Left::Nothing;
        let mut again = Again::every(self.keeper.clock, AGAIN).tries(TRIES);
        loop {
            let given = if goes {
                self.keeper.delete().await
            } else {
                let free = json!({ "holderIdentity": "", "leaseDurationSeconds": 1 });
                self.keeper.write(free).await.map(drop)
            };
            let error = match given {
                Ok(()) => return Ok(()),
                Err(error) if !again.may() => return Err(error),
                Err(error) => error,
            };
            match error.kind {
                // A renewal that was cut short may have been performed: then ours is the newer
                // version. Or we gave it back already, and the reply was lost.
                FailureKind::Conflict => match self.keeper.read().await? {
                    Some(view) if view.holder == self.keeper.holder => {
                        self.keeper.renewed(view.version);
                    }
                    _ => return Ok(()),
                },
                FailureKind::Missing => return Ok(()),
                // Whoever may not delete it leaves it free.
                FailureKind::Denied if goes => goes = false,
                kind if kind.may_pass() => again.pause().await,
                _ => return Err(error),
            }
        }
    }
}

/// Renews one lock.
#[derive(Clone)]
struct Keeper {
    leases: Api<Lease>,
    name: String,
    holder: String,
    clock: Clock,
    time: ServerTime,
    state: Arc<Mutex<State>>,
}

/// How a lock stands.
#[derive(Debug, Clone)]
struct State {
    version: String,
    /// By our clock.
    renewed: Timestamp,
    /// Why it is not ours any more.
    lost: Option<String>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keeper({})", self.name)
    }
}

impl Kubernetes {
    /// Renews a lock that was just taken, from now on.
    pub(super) async fn keep(&self, name: &str, taken: LeaseView) -> Result<Held, Failed> {
        let keeper = Keeper {
            leases: self.api().await?,
            name: lease_name(name),
            holder: taken.holder,
            clock: self.clock,
            time: self.link().await?.time.clone(),
            state: Arc::new(Mutex::new(State {
                version: taken.version,
                renewed: self.clock.now(),
                lost: None,
            })),
        };
        let renewing = keeper.clone();
        let task = tokio::spawn(async move { renewing.run().await }).abort_handle();
        Ok(Held {
            keeper,
            task,
            is_new: false,
        })
    }
}

impl Keeper {
    async fn run(&self) {
        let mut wait = RENEWED_EVERY;
        while self.state().lost.is_none() {
            self.clock.sleep_until(self.clock.now() + wait).await;
            wait = self.renew().await;
        }
    }

    /// Renews it once; gives how long to wait before the next time.
    async fn renew(&self) -> Duration {
        let asked = self.clock.now();
        match self.write(json!({})).await {
            Ok(version) => {
                self.renewed(version);
                // What counts is when it was asked for: the answer may have been on its way for long.
                self.with_state(|state| state.renewed = asked);
                RENEWED_EVERY
            }
            Err(error) if matches!(error.kind, FailureKind::Conflict | FailureKind::Missing) => {
                self.look_who().await
            }
            Err(error) => {
                tracing::info!(%error, "the lock could not be renewed");
                LOOK_AGAIN
            }
        }
    }

    /// Somebody wrote it: we did, in a renewal whose reply was lost, or somebody who took it over.
    async fn look_who(&self) -> Duration {
        match self.read().await {
            Ok(Some(view)) if view.holder == self.holder => {
                self.with_state(|state| state.version = view.version);
                Duration::ZERO
            }
            Ok(Some(view)) if view.holder.is_empty() => {
                self.with_state(|state| state.lost = Some("somebody gave it back".into()));
                LOOK_AGAIN
            }
            Ok(Some(view)) => {
                self.with_state(|state| state.lost = Some(view.to_string()));
                LOOK_AGAIN
            }
            Ok(None) => {
                self.with_state(|state| state.lost = Some("somebody deleted it".into()));
                LOOK_AGAIN
            }
            Err(error) => {
                tracing::info!(%error, "the lock could not be read");
                LOOK_AGAIN
            }
        }
    }

    /// Writes these fields and the time, on top of the version that we know; gives the new one.
    async fn write(&self, mut fields: Value) -> Result<String, Failed> {
        fields["renewTime"] = json!(k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime(
            self.time.now()
        ));
        let version = self.state().version;
        let patch = json!({ "metadata": { "resourceVersion": version }, "spec": fields });
        let (params, patch) = (PatchParams::default(), Patch::Merge(&patch));
        let lease = self
            .in_time(
                "renew the lock",
                self.leases.patch(&self.name, &params, &patch),
            )
            .await?;
        Ok(lease.metadata.resource_version.unwrap_or_default())
    }

    /// Deletes it in the version that we know.
    async fn delete(&self) -> Result<(), Failed> {
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                resource_version: Some(self.state().version),
                uid: None,
            }),
            ..DeleteParams::default()
        };
        let call = self.leases.delete(&self.name, &params);
        self.in_time("delete the lock", call).await.map(drop)
    }

    async fn read(&self) -> Result<Option<LeaseView>, Failed> {
        let found = self
            .in_time("read the lock", self.leases.get_opt(&self.name))
            .await?;
        Ok(found.map(LeaseView::of))
    }

    async fn in_time<T>(
        &self,
        what: &str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, Failed> {
        match tokio::time::timeout(PATIENCE, call).await {
            Ok(answer) => answer.map_err(|error| failures::failed(what, &error)),
            Err(_) => Err(Failed::new(what, FailureKind::Lost, "no answer in time")),
        }
    }

    fn state(&self) -> State {
        self.with_state(|state| state.clone())
    }

    fn renewed(&self, version: String) {
        self.with_state(|state| state.version = version);
    }

    fn with_state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
