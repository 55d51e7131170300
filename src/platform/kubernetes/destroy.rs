//! Taking a service away: a plan like any other, and the wait until its last pod has stopped.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::Kubernetes;
use super::adopt::{self, Owner};
use super::change::Change;
use super::diff::{Diff, delete};
use super::kind::{Id, Kind};
use super::observe::{Observed, deployment};
use super::view::removed;
use crate::event::{Events, Kind as Told};
use crate::platform::Gone;
use crate::platform::failure::Failed;
use crate::rollout::Gauge;
use crate::spec::Service;

/// How often a Deployment that goes away is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// What takes the service away: exactly what is ours. A Deployment that is not is refused, unless it
/// is to be adopted; the namespace stays.
pub fn removal(
    observed: &Observed,
    name: &str,
    owner: Owner<'_>,
    adopt: bool,
) -> Result<Diff, Failed> {
    let mut diff = Diff::default();
    let main = deployment(name);
    if let Some(live) = observed
        .live(&main)
        .filter(|live| !owner.has(live) && !adopt)
    {
        return Err(adopt::refuse_foreign(&[(&main, live)], owner, &[]));
    }
    let goes = |(id, live): &(&Id, &Value)| {
        let ours = owner.has(live) || (adopt && **id == main);
        id.kind != Kind::Namespace && ours && live.pointer("/metadata/deletionTimestamp").is_none()
    };
    for (id, live) in observed.objects.iter().filter(goes) {
        diff.views.push(removed(id));
        diff.changes.push(delete(id, live, false));
    }
    if !diff.changes.is_empty() || !observed.records.is_empty() {
        diff.changes.push(Change::Forget {
            deployment: name.to_owned(),
        });
        let former = observed.former.iter().map(|former| Change::Forget {
            deployment: former.name.clone(),
        });
        diff.changes.extend(former);
    }
    Ok(diff)
}

impl Kubernetes {
    /// Waits until the last pod of a deleted service has stopped, until `deadline`, or until
    /// `cancelled` is ready. Counts are told as they change. A read that fails for a while is no
    /// end.
    pub async fn drained(
        &self,
        service: &Service,
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let id = deployment(service.kubernetes.name.as_str());
        let wire = self.wire().await?;
        let mut cancelled = std::pin::pin!(cancelled);
        let mut told = None;
        loop {
            match wire.read(&id).await {
                Ok(None) => return Ok(Gone::Gone),
                Ok(Some(live)) => {
                    let pods = live.pointer("/status/replicas").and_then(Value::as_u64);
                    let gauge = Gauge {
                        old: u32::try_from(pods.unwrap_or(0)).unwrap_or(u32::MAX),
                        ..Gauge::default()
                    };
                    if told.as_ref() != Some(&gauge) {
                        events.send(Told::Progress(gauge.clone()));
                        told = Some(gauge);
                    }
                }
                Err(error) if error.kind.may_pass() => {}
                Err(error) => return Err(error),
            }
            let now = self.clock.now();
            if now >= deadline {
                return Ok(Gone::TimedOut);
            }
            let next = self.clock.sleep_until(deadline.min(now + LOOK));
            tokio::select! {
                () = &mut cancelled => return Ok(Gone::Cancelled),
                () = next => {}
            }
        }
    }
}
