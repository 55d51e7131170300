//! The wait until what was deleted is gone: the last pod of a service, and what others hold by a
//! finalizer, as the controller of a load balancer does until that is gone too.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::change::Change;
use crate::event::Events;
use crate::platform::Gone;
use crate::platform::failure::Failed;
use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::api::requests::Wire;
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::{Kubernetes, Session};
use crate::platform::leaving::{self, Leaving};
use crate::rollout::Gauge;
use crate::spec::WorkloadKind;

/// How often what goes away is looked at.
const LOOK: Duration = Duration::from_secs(2);

impl Kubernetes {
    /// Waits until the last pod of a deleted service has stopped and no finalizer holds what was
    /// deleted with it, until `deadline`, or until `cancelled` is ready. Who holds what is told once.
    pub(crate) async fn drained(
        &self,
        session: &Session,
        deadline: Timestamp,
        cancelled: impl Future<Output = ()>,
        events: &Events,
    ) -> Result<Gone, Failed> {
        let deleted = Deleted::new(self.wire().await?, deleted(session), Whole::Service);
        leaving::wait(deleted, self.clock, LOOK, deadline, cancelled, events).await
    }

    /// Waits until nobody holds any more what these changes deleted. What waits for nothing but its
    /// own pods is not waited for: it goes by itself.
    pub(crate) async fn let_go_of(
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
            return Ok(Gone::Done);
        }
        let deleted = Deleted::new(self.wire().await?, ids, Whole::Held);
        leaving::wait(deleted, self.clock, LOOK, deadline, cancelled, events).await
    }
}

/// What the last plan was made from may have been deleted.
fn deleted(session: &Session) -> Vec<Id> {
    let look = session.look();
    let mut ids: Vec<Id> = look.observed.objects.keys().cloned().collect();
    ids.retain(|id| id.kind.is_namespaced());
    let own = session.own();
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
struct Deleted<'a> {
    wire: Wire<'a>,
    whole: Whole,
    /// What is not known to be gone.
    ids: Vec<Id>,
    /// What is still there.
    left: Vec<(Id, Value)>,
    /// How often it was looked at.
    looks: u32,
    told: BTreeSet<String>,
}

/// What a finalizer holds for longer than so many looks is told: most let go at once.
const LOOKS: u32 = 2;

impl<'a> Deleted<'a> {
    fn new(wire: Wire<'a>, ids: Vec<Id>, whole: Whole) -> Self {
        Self {
            wire,
            whole,
            ids,
            left: Vec::new(),
            looks: 0,
            told: BTreeSet::new(),
        }
    }
}

impl Leaving for Deleted<'_> {
    /// Beside the Deployment of a service only what is being deleted
    /// counts: the rest is not ours, and stays.
    async fn look(&mut self) -> Result<bool, Failed> {
        let read = join_all(self.ids.iter().map(|id| self.wire.read(id))).await;
        let mut left = Vec::new();
        for (id, live) in self.ids.iter().zip(read) {
            let goes = |live: &Value| match self.whole {
                Whole::Service => id.kind.runs_pods() || is_leaving(live),
                Whole::Held => is_leaving(live) && !holders(live).is_empty(),
            };
            left.extend(live?.filter(goes).map(|live| (id.clone(), live)));
        }
        self.ids = left.iter().map(|(id, _)| id.clone()).collect();
        self.left = left;
        self.looks += 1;
        Ok(self.left.is_empty())
    }

    fn gauge(&self) -> Option<Gauge> {
        let pods = self.left.iter().map(|(_, live)| pods(live));
        (self.whole == Whole::Service).then(|| Gauge {
            old: pods.sum(),
            ..Gauge::default()
        })
    }

    fn tell(&mut self, events: &Events) {
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
    let field = WorkloadKind::of(live).facts().replicas;
    let pods = live.pointer(field).and_then(Value::as_u64);
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
