//! What has gone wrong with our pods so far. Pure.
//!
//! Two kinds of trouble are told apart. A container that ended is an *event*: it happened, it
//! counts, and it stays. A pod that finds no node, an image that cannot be pulled, a refusal to make
//! a pod are *states*: they stand, and they may be over. Of each, the first real words are kept:
//! back-off texts take their place in the cluster within seconds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;

use super::causes;
use super::look::{EventView, SetView, View};
use crate::rollout::{Cause, Failure, Unit};

mod container;
mod start;
mod states;

#[cfg(test)]
mod tests;

use self::container::Ends;
use self::states::{Sighting, States};

/// What earlier looks at one rollout showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failures {
    by_id: BTreeMap<String, Failure>,
    healed: BTreeSet<String>,
    states: States,
    /// By pod and container.
    ends: BTreeMap<(String, String), Ends>,
    /// Since when a pod has been about to start.
    starting: BTreeMap<String, Timestamp>,
    wants: Option<Want>,
}

/// How much what the cluster says about our pods is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    /// Something stands still, and nothing in the objects says why.
    Sometime,
    /// A judgement waits for it.
    Soon,
}

impl Failures {
    /// All failures so far.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        self.by_id.values().cloned().collect()
    }

    /// The failures that are states, and over.
    pub(crate) fn healed(&self) -> Vec<String> {
        self.healed.iter().cloned().collect()
    }

    /// Whether the events about our pods are wanted.
    pub(crate) fn wants_events(&self) -> Option<Want> {
        self.wants
    }

    /// Takes in what a look shows of the pods of `set`, ours since `begun`.
    pub(crate) fn note(&mut self, view: &View, set: Option<&SetView>, begun: Option<Timestamp>) {
        self.wants = None;
        let mut seen = BTreeMap::new();
        match set {
            Some(set) => {
                seen.insert(format!("{}/create", set.uid), refused(set, view, begun));
                if set.is_record && lacks_pods(view, set) {
                    self.want(Want::Sometime);
                }
                for pod in view.pods_of(set) {
                    self.pod(pod, view, begun, &mut seen);
                }
            }
            None => unmade(view, begun, &mut seen),
        }
        let (opened, healed) = self.states.update(seen);
        for failure in opened {
            self.by_id.insert(failure.id.clone(), failure);
        }
        self.healed.extend(healed);
    }

    fn pod(
        &mut self,
        pod: &Pod,
        view: &View,
        begun: Option<Timestamp>,
        seen: &mut BTreeMap<String, Sighting>,
    ) {
        let Some(uid) = pod.metadata.uid.clone() else {
            return;
        };
        if let Some(failure) = failed_whole(pod, &uid, view.at) {
            self.by_id.entry(failure.id.clone()).or_insert(failure);
            return;
        }
        let started = start::started(pod);
        let since = self.starting.entry(uid.clone()).or_insert(view.at);
        let stands_still = !started && start::is_slow(*since, view.at);
        seen.insert(format!("{uid}/node"), start::node(pod, view.at));
        seen.insert(format!("{uid}/start"), start::of_events(pod, started, view));
        if stands_still {
            self.want(Want::Sometime);
        }
        for one in container::all(pod) {
            let key = format!("{uid}/{}/stuck", one.name());
            let stuck = one.stuck(pod, view);
            if stuck == Sighting::Untold {
                self.want(Want::Sometime);
            }
            seen.insert(key, stuck);
            let ends = self.ends.entry((uid.clone(), one.name().to_owned()));
            let ends = ends.or_insert_with(|| Ends::before(&one, pod, begun));
            let (new, waits) = ends.note(&one, pod, view);
            for failure in new {
                self.by_id.insert(failure.id.clone(), failure);
            }
            if waits {
                self.want(Want::Soon);
            }
        }
    }

    fn want(&mut self, want: Want) {
        self.wants = self.wants.max(Some(want));
    }
}

/// A pod that failed as a whole: evicted, or refused by its node after all.
fn failed_whole(pod: &Pod, uid: &str, at: Timestamp) -> Option<Failure> {
    let status = pod.status.as_ref()?;
    let reason = status.reason.as_deref().filter(|reason| !reason.is_empty());
    let reason = reason.filter(|_| status.phase.as_deref() == Some("Failed"))?;
    let message = status.message.as_deref().unwrap_or_default();
    Some(Failure {
        id: format!("{uid}/pod"),
        at,
        cause: causes::pod(reason, message),
        text: words(reason, message),
        container: None,
        exit_code: None,
        unit: Unit::Pod,
        task: pod.metadata.name.clone(),
    })
}

/// Whether pods of ours may not be made.
fn refused(set: &SetView, view: &View, begun: Option<Timestamp>) -> Sighting {
    let said = match set.refusal() {
        Some(said) => Some((&said.message, said.updated)),
        None => refused_by_event(set, view, begun),
    };
    let Some((message, at)) = said else {
        return Sighting::Fine;
    };
    let at = at.unwrap_or(view.at);
    Sighting::of(causes::refusal(message), message.clone(), at)
}

/// Whether more pods of a revision are to come.
fn lacks_pods(view: &View, set: &SetView) -> bool {
    let wanted = view.deployment.as_ref();
    wanted.is_some_and(|wanted| set.replicas.saturating_add(wanted.held) < wanted.desired)
}

/// What was said of pods that could not be made, where no condition says it: since then none was.
fn refused_by_event<'v>(
    set: &SetView,
    view: &'v View,
    begun: Option<Timestamp>,
) -> Option<(&'v String, Option<Timestamp>)> {
    let own = view.deployment.as_ref().filter(|_| set.is_record)?;
    let made = view.pods_of(set).filter_map(|pod| {
        let created = pod.metadata.creation_timestamp.as_ref()?;
        Some(created.0)
    });
    let since = made.chain(begun).max();
    let is_it = |event: &&std::sync::Arc<EventView>| {
        event.reason == "FailedCreate" && event.uid == own.rolled.uid && event.at >= since
    };
    let newest = view.events.iter().filter(is_it);
    let newest = newest.max_by_key(|event| event.at)?;
    let lacks = lacks_pods(view, set);
    lacks.then_some((&newest.message, newest.at))
}

/// Whether not even the set of our pods may be made.
fn unmade(view: &View, begun: Option<Timestamp>, seen: &mut BTreeMap<String, Sighting>) {
    let said = view
        .deployment
        .as_ref()
        .and_then(|deployment| deployment.condition("Progressing"));
    let said = said.filter(|said| said.status == "False" && said.reason == "ReplicaSetCreateError");
    let ours = said.filter(|said| begun.is_none_or(|begun| said.updated >= Some(begun)));
    if let Some(said) = ours {
        let cause = causes::refusal(&said.message);
        let state = Sighting::of(cause, said.message.clone(), said.updated.unwrap_or(view.at));
        seen.insert("set/create".to_owned(), state);
    }
}

fn words(reason: &str, message: &str) -> String {
    let message = message.trim();
    if message.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}: {message}")
    }
}

/// A failure that names a container of a pod.
fn of_container(id: String, cause: Cause, text: String, at: Timestamp) -> Failure {
    Failure {
        id,
        at,
        cause,
        text,
        container: None,
        exit_code: None,
        unit: Unit::Pod,
        task: None,
    }
}
