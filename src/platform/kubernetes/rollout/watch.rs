//! What goes on with one service, kept up to date by the API server itself: three watches (the
//! Deployment by its name, `ReplicaSets` and pods by their label) into one store.
//!
//! Each watch begins with a streaming list where the server has them, so that three requests are
//! all that a rollout costs. Those of sets and pods of a rollout that has just begun are opened a
//! moment later: each step in the making of a pod brings the whole pod, and the first ones say
//! nothing of how it fares. A slow reading anew heals an event that was lost, and tells a connection
//! that died silently from one on which nothing happens.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::DynamicObject;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::evidence::Evidence;
use super::look::{DeploymentView, SetView, View};
use crate::clock::Clock;
use crate::platform::failure::{self, Failed};
use crate::platform::kubernetes::connect::Link;
use crate::platform::kubernetes::kinds::Id;
use crate::spec::WorkloadKind;

pub(crate) mod relist;
mod store;
pub(crate) mod stream;

#[cfg(test)]
pub(crate) mod tests;

use self::store::Store;
use self::stream::Feed;

/// The first look waits for so long for what is there.
const FIRST: SignedDuration = SignedDuration::from_secs(10);

/// New pods have so long to be given a node and to begin to start.
const BEGINNING: SignedDuration = SignedDuration::from_secs(1);

/// What arrives together is looked at together.
const TOGETHER: SignedDuration = SignedDuration::from_millis(10);

/// What all tasks of a watch share.
#[derive(Debug)]
pub(crate) struct Shared {
    store: Mutex<Store>,
    evidence: Mutex<Evidence>,
    changed: Notify,
}

impl Shared {
    fn new(kind: WorkloadKind, now: Timestamp, begun: bool) -> Self {
        Self {
            store: Mutex::new(Store::new(kind, now, begun)),
            evidence: Mutex::new(Evidence::default()),
            changed: Notify::new(),
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was gathered beside the watches.
    pub(crate) fn evidence(&self) -> MutexGuard<'_, Evidence> {
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pods that are there, as far as that is known.
    pub(crate) fn pods(&self, now: Timestamp) -> Vec<Arc<Pod>> {
        let view = self.store().view(now);
        view.map(|view| view.pods).unwrap_or_default()
    }

    /// There is something new.
    pub(crate) fn stir(&self) {
        self.changed.notify_one();
    }
}

/// Where and what is watched.
#[derive(Debug, Clone)]
pub(crate) struct WatchPlace {
    /// The connection.
    pub(crate) link: Link,
    pub(crate) namespace: String,
    /// What runs the pods.
    pub(crate) own: Id,
    /// The labels that select its pods, as a query says them.
    pub(crate) labels: String,
    pub(crate) clock: Clock,
}

impl WatchPlace {
    pub(crate) fn kind(&self) -> WorkloadKind {
        self.own.kind.workload().unwrap_or_default()
    }
}

/// The watches of one service; dropping it ends them.
pub(crate) struct Watch {
    place: WatchPlace,
    shared: Arc<Shared>,
    tasks: Mutex<JoinSet<()>>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({}/{})", self.place.namespace, self.place.own.name)
    }
}

impl Watch {
    /// Opens the watches; `fresh`: what is watched has just begun. What is there arrives in the
    /// background.
    pub(crate) fn open(place: WatchPlace, fresh: bool) -> Self {
        let shared = Arc::new(Shared::new(place.kind(), place.clock.now(), !fresh));
        let mut tasks = JoinSet::new();
        let deployment = Feed::<DeploymentView>::new(&place, &shared);
        let sets = Feed::<SetView>::new(&place, &shared);
        let pods = Feed::<Pod>::new(&place, &shared);
        tasks.spawn(self::relist::keep_reading(
            deployment.clone(),
            sets.clone(),
            pods.clone(),
        ));
        tasks.spawn(deployment.run());
        tasks.spawn(follow_pods(sets, pods));
        Self {
            place,
            shared,
            tasks: Mutex::new(tasks),
        }
    }

    /// Where and what is watched.
    pub(crate) fn place(&self) -> &WatchPlace {
        &self.place
    }

    /// What the tasks share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Does something beside the watches, and ends it with them.
    pub(crate) fn beside(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// What is there, as far as it is known now; an error while the cluster cannot be seen.
    pub(crate) async fn look(&self) -> Result<View, Failed> {
        let clock = self.place.clock;
        let until = clock.now() + FIRST;
        while !self.shared.store().is_complete() && clock.now() < until {
            tokio::select! {
                () = self.shared.changed.notified() => {}
                () = clock.sleep_until(until) => {}
            }
            if self.shared.store().is_refused() {
                break;
            }
        }
        let mut view = self.shared.store().view(clock.now())?;
        let evidence = self.shared.evidence();
        view.events = evidence.events();
        view.skew = self.place.link.time.skew();
        view.at = view.by_theirs(view.at);
        view.events_asked = evidence.asked().map(|asked| view.by_theirs(asked));
        Ok(view)
    }

    /// The kinds that may be read but not watched: they are read every so often.
    pub(crate) fn polled(&self) -> Vec<&'static str> {
        self.shared.store().polled()
    }

    /// The pieces that may not be read, each with why.
    pub(crate) fn denied(&self) -> Vec<(&'static str, String)> {
        self.shared.store().denied()
    }

    /// Resolves once something new has arrived.
    pub(crate) async fn changed(&self) {
        self.shared.changed.notified().await;
        let clock = self.place.clock;
        clock.sleep_until(clock.now() + TOGETHER).await;
    }
}

/// Watches sets and pods from when there is something to see of them.
async fn follow_pods(sets: Feed<SetView>, pods: Feed<Pod>) {
    if !sets.shared.store().begun {
        sets.clock.sleep_until(sets.clock.now() + BEGINNING).await;
        sets.shared.store().begun = true;
    }
    futures::join!(sets.run(), pods.run());
}

/// The pods, as a piece of what is seen.
pub(crate) const PODS: &str = "pods";

/// A kind of object that is watched.
trait WatchedKind: Sized + Send + Sync + 'static {
    /// As the client gives it.
    type Object: Clone + fmt::Debug + serde::de::DeserializeOwned + kube::Resource + Send + 'static;
    /// In words: "pods", of what runs them.
    fn called(kind: WorkloadKind) -> &'static str;

    /// All of them in a namespace.
    fn api(place: &WatchPlace) -> Api<Self::Object>;

    /// The only one of them, where there is but one: it can be read by its name without the right to
    /// list.
    fn alone(name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// Selects those of the service, by field or by label.
    fn selector(place: &WatchPlace) -> (Option<String>, Option<String>);

    /// Reduces one to what is read of it.
    fn of(object: Self::Object) -> Option<Self>;

    /// Its shelf in the store.
    fn shelf(store: &mut Store) -> &mut store::Shelf<Self>;
}

impl WatchedKind for DeploymentView {
    type Object = DynamicObject;

    fn called(kind: WorkloadKind) -> &'static str {
        kind.words()
    }

    fn api(place: &WatchPlace) -> Api<DynamicObject> {
        let client = place.link.client.clone();
        Api::namespaced_with(client, &place.namespace, &place.own.kind.resource())
    }

    fn selector(place: &WatchPlace) -> (Option<String>, Option<String>) {
        (Some(format!("metadata.name={}", place.own.name)), None)
    }

    fn alone(name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn of(object: DynamicObject) -> Option<Self> {
        Self::of(&serde_json::to_value(object).ok()?)
    }

    fn shelf(store: &mut Store) -> &mut store::Shelf<Self> {
        &mut store.deployment
    }
}

impl WatchedKind for SetView {
    type Object = DynamicObject;

    fn called(kind: WorkloadKind) -> &'static str {
        kind.sets_words()
    }

    fn api(place: &WatchPlace) -> Api<DynamicObject> {
        let client = place.link.client.clone();
        Api::namespaced_with(client, &place.namespace, &place.kind().sets())
    }

    fn selector(place: &WatchPlace) -> (Option<String>, Option<String>) {
        (None, Some(place.labels.clone()))
    }

    fn of(object: DynamicObject) -> Option<Self> {
        Self::of(&serde_json::to_value(object).ok()?)
    }

    fn shelf(store: &mut Store) -> &mut store::Shelf<Self> {
        &mut store.sets
    }
}

impl WatchedKind for Pod {
    type Object = Self;

    fn called(_: WorkloadKind) -> &'static str {
        PODS
    }

    fn api(place: &WatchPlace) -> Api<Self> {
        Api::namespaced(place.link.client.clone(), &place.namespace)
    }

    fn selector(place: &WatchPlace) -> (Option<String>, Option<String>) {
        (None, Some(place.labels.clone()))
    }

    fn of(mut object: Self) -> Option<Self> {
        // Half of a pod's size, and nobody reads it.
        object.metadata.managed_fields = None;
        Some(object)
    }

    fn shelf(store: &mut Store) -> &mut store::Shelf<Self> {
        &mut store.pods
    }
}

/// Why the cluster was not seen; what a [`Failed`] says, to be said again and again.
#[derive(Debug, Clone)]
struct Unreadable {
    operation: String,
    kind: failure::FailureKind,
    code: Option<String>,
    message: String,
}

impl Unreadable {
    fn of(operation: &str, error: &kube::Error) -> Self {
        let failed = crate::platform::kubernetes::api::failures::failed(operation, error);
        Self {
            operation: failed.operation,
            kind: failed.kind,
            code: failed.code,
            message: failed.message,
        }
    }

    fn failed(&self) -> Failed {
        Failed::new(&self.operation, self.kind, &self.message).with_code(self.code.as_deref())
    }
}
