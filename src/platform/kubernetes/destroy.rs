//! Taking a service away: a plan like any other, and the wait until its last pod has stopped.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::Kubernetes;
use super::adopt::{self, Owner};
use super::change::Change;
use super::diff::{Diff, delete};
use super::kind::{Id, Kind};
use super::observe::{Observed, deployment};
use super::view::removed;
use super::wire::Wire;
use crate::event::{Events, Kind as Told};
use crate::platform::failure::Failed;
use crate::platform::{Gone, TakesOver};
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
        return Err(adopt::refuse_foreign(
            &[(&main, live)],
            owner,
            &[],
            TakesOver::Itself,
        ));
    }
    let goes = |(id, live): &(&Id, &Value)| {
        let ours = owner.has(live) || (adopt && **id == main);
        id.kind != Kind::Namespace && ours && live.pointer("/metadata/deletionTimestamp").is_none()
    };
    for (id, live) in observed.objects.iter().filter(goes) {
        diff.views.push(removed(id));
        diff.changes.push(delete(id, live, false));
    }
    let formers: Vec<&str> = observed
        .formers
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if !diff.changes.is_empty() || !observed.records.is_empty() || !formers.is_empty() {
        let all = std::iter::once(name).chain(formers);
        diff.changes.extend(all.map(|name| Change::Forget {
            deployment: name.to_owned(),
        }));
    }
    Ok(diff)
}

impl Kubernetes {
    /// Waits until the last pod of a deleted service has stopped and no finalizer holds what was
    /// deleted with it, until `deadline`, or until `cancelled` is ready. Counts are told as they
    /// change, and once who holds what. A read that fails for a while is no end.
    pub async fn drained(
        &self,
        service: &Service,
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let name = service.kubernetes.name.as_str();
        let wire = self.wire().await?;
        let mut cancelled = std::pin::pin!(cancelled);
        let mut leaving = Leaving::new(self.deleted(name));
        loop {
            match leaving.look(&wire).await {
                Ok(()) if leaving.left.is_empty() => return Ok(Gone::Gone),
                Ok(()) => leaving.tell(events),
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

    /// What the last plan was made from may have been deleted.
    fn deleted(&self, name: &str) -> Vec<Id> {
        let look = self.remembered(name);
        let objects = look.map(|look| look.observed.objects).unwrap_or_default();
        let mut ids: Vec<Id> = objects.into_keys().collect();
        ids.retain(|id| id.kind != Kind::Namespace);
        if !ids.contains(&deployment(name)) {
            ids.push(deployment(name));
        }
        ids
    }
}

/// What goes away, and what was told of it.
struct Leaving {
    /// What is not known to be gone.
    ids: Vec<Id>,
    /// What is still there.
    left: Vec<(Id, Value)>,
    /// How often it was looked at.
    looks: u32,
    gauge: Option<Gauge>,
    told: BTreeSet<String>,
}

/// What a finalizer holds for longer than so many looks is told: most let go at once.
const LOOKS: u32 = 2;

impl Leaving {
    fn new(ids: Vec<Id>) -> Self {
        Self {
            ids,
            left: Vec::new(),
            looks: 0,
            gauge: None,
            told: BTreeSet::new(),
        }
    }

    /// Reads what is still there. Beside the Deployment only what is being deleted counts: the rest
    /// is not ours, and stays.
    async fn look(&mut self, wire: &Wire<'_>) -> Result<(), Failed> {
        let read = join_all(self.ids.iter().map(|id| wire.read(id))).await;
        let mut left = Vec::new();
        for (id, live) in self.ids.iter().zip(read) {
            let goes = |live: &Value| {
                id.kind == Kind::Deployment || live.pointer("/metadata/deletionTimestamp").is_some()
            };
            left.extend(live?.filter(goes).map(|live| (id.clone(), live)));
        }
        self.ids = left.iter().map(|(id, _)| id.clone()).collect();
        self.left = left;
        self.looks += 1;
        Ok(())
    }

    fn tell(&mut self, events: &Events) {
        let pods = self.left.iter().map(|(_, live)| {
            let pods = live.pointer("/status/replicas").and_then(Value::as_u64);
            u32::try_from(pods.unwrap_or(0)).unwrap_or(u32::MAX)
        });
        let gauge = Gauge {
            old: pods.sum(),
            ..Gauge::default()
        };
        if self.gauge.as_ref() != Some(&gauge) {
            events.send(Told::Progress(gauge.clone()));
            self.gauge = Some(gauge);
        }
        if self.looks <= LOOKS {
            return;
        }
        for words in self.left.iter().filter_map(|(id, live)| held(id, live)) {
            if self.told.insert(words.clone()) {
                events.warn("held_by_finalizer", words);
            }
        }
    }
}

/// Who has not let go of an object that is being deleted; `None`: only the cluster itself, which
/// waits for what it owns.
fn held(id: &Id, live: &Value) -> Option<String> {
    let all = live.pointer("/metadata/finalizers")?.as_array()?;
    let names = all.iter().filter_map(Value::as_str);
    let names: Vec<&str> = names.filter(|name| *name != FOREGROUND).collect();
    (!names.is_empty()).then(|| {
        format!(
            "waiting for {id}: {} has not let go of it yet; what it stands for, such as a load \
             balancer, may still be there",
            names.join(", ")
        )
    })
}

/// What the API server puts on an object that waits for what it owns (Kubernetes documentation,
/// garbage collection).
const FOREGROUND: &str = "foregroundDeletion";
