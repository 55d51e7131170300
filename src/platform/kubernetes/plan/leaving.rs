//! The wait until what was deleted is gone: the last pod of a service, and what others hold by a
//! finalizer, as the controller of a load balancer does until that is gone too.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::change::Change;
use super::observe::deployment;
use crate::event::{EventKind, Events};
use crate::platform::Gone;
use crate::platform::failure::Failed;
use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::api::requests::Wire;
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::{Kubernetes, Session};
use crate::rollout::Gauge;

/// How often what goes away is looked at.
const LOOK: Duration = Duration::from_secs(2);

impl Kubernetes {
    /// Waits until the last pod of a deleted service has stopped and no finalizer holds what was
    /// deleted with it, until `deadline`, or until `cancelled` is ready. Counts are told as they
    /// change, and once who holds what. A read that fails for a while is no end.
    pub async fn drained(
        &self,
        session: &Session,
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let ids = deleted(session);
        let leaving = Leaving::new(ids, Whole::Service);
        self.leave(leaving, deadline, cancelled, events).await
    }

    /// Waits until nobody holds any more what these changes deleted. What waits for nothing but its
    /// own pods is not waited for: it goes by itself.
    pub async fn let_go_of(
        &self,
        changes: &[Change],
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let ids = changes.iter().filter_map(|change| match change {
            Change::Delete { id, .. } => Some(id.clone()),
            _ => None,
        });
        let ids: Vec<Id> = ids.collect();
        if ids.is_empty() {
            return Ok(Gone::Gone);
        }
        let leaving = Leaving::new(ids, Whole::Held);
        self.leave(leaving, deadline, cancelled, events).await
    }

    async fn leave(
        &self,
        mut leaving: Leaving,
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let wire = self.wire().await?;
        let mut cancelled = std::pin::pin!(cancelled);
        loop {
            // A look that hangs is no reason to wait for longer.
            let look = self.clock.before(Some(deadline), leaving.look(&wire));
            let looked = tokio::select! {
                () = &mut cancelled => return Ok(Gone::Cancelled(leaving.words())),
                looked = Box::pin(look) => looked,
            };
            match looked {
                Some(Ok(())) if leaving.left.is_empty() => return Ok(Gone::Gone),
                Some(Ok(())) => leaving.tell(events),
                Some(Err(error)) if error.kind.may_pass() => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(Gone::TimedOut(leaving.words())),
            }
            let now = self.clock.now();
            if now >= deadline {
                return Ok(Gone::TimedOut(leaving.words()));
            }
            let next = self.clock.sleep_until(deadline.min(now + LOOK));
            tokio::select! {
                () = &mut cancelled => return Ok(Gone::Cancelled(leaving.words())),
                () = next => {}
            }
        }
    }
}

/// What the last plan was made from may have been deleted.
fn deleted(session: &Session) -> Vec<Id> {
    let look = session.look();
    let mut ids: Vec<Id> = look.observed.objects.keys().cloned().collect();
    ids.retain(|id| id.kind != Kind::Namespace);
    let own = deployment(session.name());
    if !ids.contains(&own) {
        ids.push(own);
    }
    ids
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// The end of all of it.
    Service,
    /// Only that others let go of it.
    Held,
}

/// What goes away, and what was told of it.
struct Leaving {
    whole: Whole,
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
    fn new(ids: Vec<Id>, whole: Whole) -> Self {
        Self {
            whole,
            ids,
            left: Vec::new(),
            looks: 0,
            gauge: None,
            told: BTreeSet::new(),
        }
    }

    /// Reads what is still there. Beside the Deployment of a service only what is being deleted
    /// counts: the rest is not ours, and stays.
    async fn look(&mut self, wire: &Wire<'_>) -> Result<(), Failed> {
        let read = join_all(self.ids.iter().map(|id| wire.read(id))).await;
        let mut left = Vec::new();
        for (id, live) in self.ids.iter().zip(read) {
            let goes = |live: &Value| match self.whole {
                Whole::Service => id.kind == Kind::Deployment || is_leaving(live),
                Whole::Held => is_leaving(live) && !holders(live).is_empty(),
            };
            left.extend(live?.filter(goes).map(|live| (id.clone(), live)));
        }
        self.ids = left.iter().map(|(id, _)| id.clone()).collect();
        self.left = left;
        self.looks += 1;
        Ok(())
    }

    fn tell(&mut self, events: &Events) {
        if self.whole == Whole::Service {
            self.tell_pods(events);
        }
        if self.looks <= LOOKS {
            return;
        }
        for words in self.left.iter().filter_map(|(id, live)| held(id, live)) {
            if self.told.insert(words.clone()) {
                let words = format!(
                    "waiting for {words}; what it stands for, such as a load balancer, may still be \
                     there"
                );
                events.warn("held_by_finalizer", words);
            }
        }
    }

    fn tell_pods(&mut self, events: &Events) {
        let pods = self.left.iter().map(|(_, live)| pods(live));
        let gauge = Gauge {
            old: pods.sum(),
            ..Gauge::default()
        };
        if self.gauge.as_ref() != Some(&gauge) {
            events.send(EventKind::Progress(gauge.clone()));
            self.gauge = Some(gauge);
        }
    }

    /// What is still there, and why.
    fn words(&self) -> Vec<String> {
        let words = |(id, live): &(Id, Value)| {
            held(id, live).unwrap_or_else(|| match pods(live) {
                0 => format!("{id} is still there"),
                1 => format!("{id} has 1 pod left"),
                pods => format!("{id} has {pods} pods left"),
            })
        };
        self.left.iter().map(words).collect()
    }
}

fn pods(live: &Value) -> u32 {
    let pods = live.pointer("/status/replicas").and_then(Value::as_u64);
    u32::try_from(pods.unwrap_or(0)).unwrap_or(u32::MAX)
}

/// Who has not let go of an object that is being deleted; `None`: only the cluster itself, which
/// waits for what it owns.
fn held(id: &Id, live: &Value) -> Option<String> {
    let names = holders(live);
    (!names.is_empty()).then(|| format!("{id}: {} has not let go of it yet", names.join(", ")))
}

fn holders(live: &Value) -> Vec<&str> {
    let all = live
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array);
    let names = all.into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| *name != FOREGROUND).collect()
}

/// What the API server puts on an object that waits for what it owns (Kubernetes documentation,
/// garbage collection).
const FOREGROUND: &str = "foregroundDeletion";
