//! A pod on its way to its first container: to a node, its network and its volumes.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Pod, PodCondition};

use super::states::Sighting;
use crate::platform::kubernetes::rollout::causes;
use crate::platform::kubernetes::rollout::look::View;

/// A pod that starts has its network and volumes within moments; after so long it is worth asking
/// what keeps it. Images are not meant: a container that waits for one says so itself.
const SLOW: SignedDuration = SignedDuration::from_secs(10);

/// Whether it is worth asking what keeps a pod.
pub(super) fn is_slow(since: Timestamp, at: Timestamp) -> bool {
    at.duration_since(since) >= SLOW
}

fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a PodCondition> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|one| one.type_ == kind)
}

/// Whether a node was found.
pub(super) fn node(pod: &Pod, at: Timestamp) -> Sighting {
    match condition(pod, "PodScheduled") {
        Some(said) if said.status == "True" => Sighting::Fine,
        Some(said) if said.reason.as_deref() == Some("Unschedulable") => {
            let message = said.message.clone().unwrap_or_default();
            let since = said.last_transition_time.as_ref().map_or(at, |time| time.0);
            let cause = causes::unschedulable(&message);
            Sighting::of(cause, message, since).with(pod.metadata.name.as_ref(), None)
        }
        _ => Sighting::AsBefore,
    }
}

/// Whether any of its containers has got so far as to run, or to be stuck itself; a pod that finds
/// no node says so itself, too.
pub(super) fn started(pod: &Pod) -> bool {
    let Some(status) = &pod.status else {
        return false;
    };
    if condition(pod, "PodScheduled").is_some_and(|said| said.status != "True") {
        return true;
    }
    let init = status.init_container_statuses.iter().flatten();
    let all = init.chain(status.container_statuses.iter().flatten());
    let mut states = all.filter_map(|container| container.state.as_ref());
    states.any(|state| {
        let reason = state
            .waiting
            .as_ref()
            .and_then(|waiting| waiting.reason.as_deref());
        let waits = matches!(reason, None | Some("ContainerCreating" | "PodInitializing"));
        state.running.is_some() || state.terminated.is_some() || !waits
    })
}

/// What the events say that keeps it from starting.
pub(super) fn of_events(pod: &Pod, started: bool, view: &View) -> Sighting {
    if started {
        return Sighting::Fine;
    }
    let uid = pod.metadata.uid.as_deref().unwrap_or_default();
    let about = view.events.iter().filter(|event| event.uid == uid);
    let telling = about.filter(|event| event.reason != "Failed");
    let told = telling.filter_map(|event| {
        let cause = causes::event(&event.reason, &event.message, "")?;
        Some((cause, event))
    });
    match told.max_by_key(|(_, event)| event.at) {
        Some((cause, event)) => {
            let text = super::words(&event.reason, &event.message);
            Sighting::of(cause, text, event.at.unwrap_or(view.at))
                .with(pod.metadata.name.as_ref(), None)
        }
        None => Sighting::AsBefore,
    }
}
