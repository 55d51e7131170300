//! What is gathered beside the watches, while it can still be had: what the cluster said about our
//! pods, and the last lines of a container that died. A rollback takes the pods away.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Event, Pod};
use kube::Api;
use kube::api::{ListParams, LogParams};

use super::look::EventView;
use super::watch::{Shared, WatchPlace};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::failures::failed;

/// Log lines kept of a container.
pub(crate) const LINES: i64 = 25;

/// And so many bytes at most.
const BYTES: i64 = 64 * 1024;

/// Warnings read at once; the newest of a namespace explain a rollout as well as all.
const WARNINGS: u32 = 500;

/// An answer that takes longer is done without.
const PATIENCE: SignedDuration = SignedDuration::from_secs(5);

/// What was gathered.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    events: BTreeMap<String, Arc<EventView>>,
    asked: Option<Timestamp>,
    asking: bool,
    /// By pod and container.
    tails: BTreeMap<(String, String), Tails>,
    /// Pieces that could not be had, each with why.
    missing: BTreeMap<&'static str, String>,
}

/// The last lines of a container, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tails {
    /// Of the run of it that ended.
    pub(crate) ended: Vec<String>,
    /// Of the run of it that goes on.
    pub(crate) running: Vec<String>,
}

impl Evidence {
    /// What was said, oldest first.
    pub(crate) fn events(&self) -> Vec<Arc<EventView>> {
        let mut events: Vec<_> = self.events.values().cloned().collect();
        events.sort_by_key(|event| event.at);
        events
    }

    /// When that was last asked for.
    pub(crate) fn asked(&self) -> Option<Timestamp> {
        self.asked
    }

    /// Whether it is to be asked for now, at most every so often; then somebody does.
    pub(crate) fn is_due(&mut self, now: Timestamp, every: SignedDuration) -> bool {
        let recently = self
            .asked
            .is_some_and(|asked| now.duration_since(asked) < every);
        !self.asking && !recently && {
            self.asking = true;
            true
        }
    }

    /// Whether the lines of a container are still to be read; then somebody does. A few containers
    /// say as much as all.
    pub(crate) fn wants_tail(&mut self, pod: &str, container: &str) -> bool {
        const MOST: usize = 3;
        let fresh = !self.tails.keys().any(|(_, name)| name == container);
        fresh && self.tails.len() < MOST && {
            let key = (pod.to_owned(), container.to_owned());
            self.tails.insert(key, Tails::default());
            true
        }
    }

    /// The lines kept of a container, and in which pod.
    pub(crate) fn tails(&self, container: &str) -> Option<(&str, &Tails)> {
        let mut kept = self.tails.iter().filter(|((_, name), _)| name == container);
        kept.find(|(_, tails)| **tails != Tails::default())
            .map(|((pod, _), tails)| (pod.as_str(), tails))
    }

    /// The pieces that could not be had.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&'static str, &String)> {
        self.missing.iter().map(|(piece, why)| (*piece, why))
    }
}

/// Asks what the cluster said about the service: one request.
pub(crate) async fn ask_events(place: WatchPlace, shared: Arc<Shared>) {
    let asked = place.clock.now();
    let answer = warnings(&place).await;
    let mut evidence = shared.evidence();
    evidence.asking = false;
    evidence.asked = Some(asked);
    match answer {
        Ok(events) => {
            evidence.missing.remove("events");
            for event in events {
                evidence.events.insert(event.id.clone(), Arc::new(event));
            }
        }
        Err(error) => {
            evidence.missing.insert("events", error.to_string());
        }
    }
    drop(evidence);
    shared.stir();
}

/// The warnings about the Deployment, its `ReplicaSets` and its pods.
pub(crate) async fn warnings(place: &WatchPlace) -> Result<Vec<EventView>, Failed> {
    let api: Api<Event> = Api::namespaced(place.link.client.clone(), &place.namespace);
    let params = ListParams::default().fields("type=Warning").limit(WARNINGS);
    let operation = "read the events";
    let list = in_time(place, operation, api.list(&params)).await?;
    let events = list.items.into_iter().map(event);
    Ok(events
        .filter(|event| event.may_be_about(&place.own.name))
        .collect())
}

/// An event as the API server gives it; what writes it may use either of two sets of times.
pub(crate) fn event(event: Event) -> EventView {
    let series = event.series.as_ref();
    let last = series
        .and_then(|series| series.last_observed_time.as_ref())
        .map(|time| time.0)
        .or(event.last_timestamp.map(|time| time.0))
        .or(event.event_time.map(|time| time.0))
        .or(event.metadata.creation_timestamp.map(|time| time.0));
    let count = series.and_then(|series| series.count).or(event.count);
    let about = event.involved_object;
    // `spec.containers{api}`
    let container = about.field_path.as_deref().and_then(|path| {
        let inner = path.split_once('{')?.1;
        inner.strip_suffix('}').map(str::to_owned)
    });
    EventView {
        id: event.metadata.uid.unwrap_or_default(),
        at: last,
        kind: about.kind.unwrap_or_default(),
        name: about.name.unwrap_or_default(),
        uid: about.uid.unwrap_or_default(),
        container,
        reason: event.reason.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
        count: u32::try_from(count.unwrap_or(1)).unwrap_or(1),
    }
}

/// Keeps the last lines of a container: of the run that ended, and of the one that goes on. One that has
/// never run has written none.
pub(crate) async fn keep_tail(
    place: WatchPlace,
    shared: Arc<Shared>,
    pod: String,
    container: String,
) {
    let known = status_of(&shared, &place, &pod, &container);
    if known.as_ref().is_some_and(|status| !has_run(status)) {
        return;
    }
    let is_first = known.is_some_and(|status| is_first_that_ended(&status));
    // It may be started again meanwhile, and so the newest lines are read first: whatever run they are of, the one
    // before it is then of that run or of the one before.
    let now = lines(&place, &pod, &container, false).await;
    let before = lines(&place, &pod, &container, true).await;
    let status = status_of(&shared, &place, &pod, &container);
    let is_running = status.is_some_and(|status| runs(&status));
    let mut evidence = shared.evidence();
    let key = (pod, container);
    let tails = match (now, before) {
        (Err(error), Err(_)) => {
            // Whoever gathers the evidence at the end tries again.
            evidence.missing.insert("log lines", error.to_string());
            return;
        }
        (now, before) => told_apart(now.unwrap_or_default(), before.ok(), is_first, is_running),
    };
    evidence.missing.remove("log lines");
    evidence.tails.insert(key, tails);
}

/// What is known of a container of a pod.
fn status_of(
    shared: &Shared,
    place: &WatchPlace,
    pod: &str,
    container: &str,
) -> Option<ContainerStatus> {
    let pods = shared.pods(place.clock.now());
    let named = |one: &&Arc<Pod>| one.metadata.name.as_deref() == Some(pod);
    let status = pods.iter().find(named)?.status.as_ref()?;
    let init = status.init_container_statuses.iter().flatten();
    let mut all = init.chain(status.container_statuses.iter().flatten());
    all.find(|one| one.name == container).cloned()
}

/// The newest lines of a container, and those of the run before, if there was one, by whether that run goes on.
///
/// What the cluster says of a container comes later than its lines. `is_first`: its first run was known to have ended
/// before the lines were read, so that there is a run before only if it has been started again since, whatever is said
/// of it yet.
fn told_apart(
    now: Vec<String>,
    before: Option<Vec<String>>,
    is_first: bool,
    is_running: bool,
) -> Tails {
    let goes_on = if is_first {
        before.is_some()
    } else {
        is_running
    };
    match before {
        Some(ended) if goes_on => {
            // It was started again between the two answers, which are then of one run.
            let running = if now == ended { Vec::new() } else { now };
            Tails { ended, running }
        }
        None if goes_on => Tails {
            ended: Vec::new(),
            running: now,
        },
        before => Tails {
            ended: if now.is_empty() {
                before.unwrap_or_default()
            } else {
                now
            },
            running: Vec::new(),
        },
    }
}

/// Whether a container ran once, and that run has ended.
fn is_first_that_ended(status: &ContainerStatus) -> bool {
    let now = status.state.as_ref();
    status.restart_count == 0 && now.is_some_and(|now| now.terminated.is_some())
}

/// Whether a container runs now.
fn runs(status: &ContainerStatus) -> bool {
    status
        .state
        .as_ref()
        .is_some_and(|now| now.running.is_some())
}

/// Whether a container has ever run.
fn has_run(status: &ContainerStatus) -> bool {
    let now = status.state.as_ref();
    let begun = |state: &ContainerState| state.running.is_some() || state.terminated.is_some();
    status.restart_count > 0
        || now.is_some_and(begun)
        || status.last_state.as_ref().is_some_and(begun)
}

async fn lines(
    place: &WatchPlace,
    pod: &str,
    container: &str,
    previous: bool,
) -> Result<Vec<String>, Failed> {
    let api: Api<Pod> = Api::namespaced(place.link.client.clone(), &place.namespace);
    let params = LogParams {
        container: Some(container.to_owned()),
        previous,
        tail_lines: Some(LINES),
        limit_bytes: Some(BYTES),
        ..LogParams::default()
    };
    let operation = format!("read the log of {pod}");
    let text = in_time(place, &operation, api.logs(pod, &params)).await?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// An answer, if it comes in time.
async fn in_time<T>(
    place: &WatchPlace,
    operation: &str,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Failed> {
    let until = place.clock.now() + PATIENCE;
    tokio::select! {
        answer = request => answer.map_err(|error| failed(operation, &error)),
        () = place.clock.sleep_until(until) => {
            Err(Failed::new(operation, FailureKind::Lost, "no answer in time"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tails, told_apart};

    fn said(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    fn tails(ended: &str, running: &str) -> Tails {
        Tails {
            ended: said(ended),
            running: said(running),
        }
    }

    /// The cluster may go on saying that a container has ended while its next run already writes.
    #[test]
    fn a_first_run_that_ended_is_told_from_the_next_before_the_cluster_says_that_it_runs() {
        for is_running in [false, true] {
            let told = |now, before: Option<&str>| {
                told_apart(said(now), before.map(said), true, is_running)
            };
            assert_eq!(
                told("listening", Some("dying")),
                tails("dying", "listening")
            );
            assert_eq!(told("dying", None), tails("dying", ""));
            assert_eq!(told("dying", Some("dying")), tails("dying", ""));
            assert_eq!(told("listening", Some("")), tails("", "listening"));
        }
    }

    #[test]
    fn a_later_run_goes_on_if_the_cluster_says_so() {
        let told = |is_running| told_apart(said("newest"), Some(said("before")), false, is_running);
        assert_eq!(told(true), tails("before", "newest"));
        assert_eq!(told(false), tails("newest", ""));
        let silent = told_apart(Vec::new(), Some(said("before")), false, false);
        assert_eq!(silent, tails("before", ""));
    }
}
