//! From the Deployment down to the container that fails, a line each. Pure.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};

use crate::platform::kubernetes::rollout::look::{Condition, DeploymentView, SetView, View};
use crate::platform::kubernetes::rollout::standing::Reading;

/// The chain of reasons; a healthy link says only how it stands.
pub(super) fn chain((view, reading): &(View, Reading)) -> Vec<String> {
    let Some(deployment) = &view.deployment else {
        return Vec::new();
    };
    let mut lines = vec![of_deployment(deployment)];
    let Some(set) = &reading.set else {
        let one = deployment.kind.facts().sets.0;
        lines.push(format!("it has no {one} of this template yet"));
        return lines;
    };
    lines.push(of_set(set));
    if let Some(pod) = worst(view, reading) {
        let others = view.pods_of(set).filter(|one| !is_ready(one)).count();
        lines.push(of_pod(pod, others.saturating_sub(1)));
        lines.extend(containers(pod).into_iter().filter_map(of_container));
    }
    lines
}

/// The pod of ours that is furthest from being ready.
pub(super) fn worst<'a>(view: &'a View, reading: &'a Reading) -> Option<&'a Pod> {
    let set = reading.set.as_ref()?;
    let unready = view.pods_of(set).filter(|pod| !is_ready(pod));
    unready.max_by_key(|pod| {
        let restarts = containers(pod)
            .iter()
            .map(|one| one.restart_count)
            .sum::<i32>();
        let scheduled = pod
            .spec
            .as_ref()
            .is_some_and(|spec| spec.node_name.is_some());
        (restarts, scheduled)
    })
}

/// Readiness gates that keep pods back, such as a load balancer's health check.
pub(super) fn gates((view, reading): &(View, Reading)) -> Vec<String> {
    let Some(set) = &reading.set else {
        return Vec::new();
    };
    view.pods_of(set).flat_map(of_gates).collect()
}

/// The gates of one pod that are not passed: `10.0.0.7 target-health.elbv2.k8s.aws/… False (why)`.
pub(in crate::platform::kubernetes) fn of_gates(pod: &Pod) -> Vec<String> {
    let (Some(spec), Some(status)) = (&pod.spec, &pod.status) else {
        return Vec::new();
    };
    let address = status.pod_ip.as_deref().unwrap_or("no address yet");
    let gates = spec.readiness_gates.iter().flatten();
    gates
        .filter_map(|gate| {
            let mut conditions = status.conditions.iter().flatten();
            let said = conditions.find(|one| one.type_ == gate.condition_type);
            let state = said.map_or("Unknown", |said| said.status.as_str());
            let why = said.and_then(|said| said.message.as_deref().or(said.reason.as_deref()));
            (state != "True").then(|| {
                let why = why.unwrap_or("nobody has said yet");
                format!("{address} {} is {state} ({why})", gate.condition_type)
            })
        })
        .collect()
}

pub(in crate::platform::kubernetes) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|one| one.type_ == "Ready" && one.status == "True")
}

fn of_deployment(deployment: &DeploymentView) -> String {
    let said = deployment
        .condition("Progressing")
        .filter(|said| said.status != "True");
    format!(
        "{}: {} of {} pods updated, {} available{}",
        deployment.kind.as_str(),
        deployment.updated,
        deployment.desired,
        deployment.available,
        said.map_or_else(String::new, because)
    )
}

fn of_set(set: &SetView) -> String {
    if set.is_record {
        let (name, made, ready) = (&set.name, set.replicas, set.ready);
        return format!("revision {name}: {made} pods made, {ready} ready");
    }
    let said = set.refusal();
    format!(
        "ReplicaSet {}: {} of {} pods made, {} ready{}",
        set.name,
        set.replicas,
        set.desired,
        set.ready,
        said.map_or_else(String::new, because)
    )
}

fn because(said: &Condition) -> String {
    format!("; {}: {}", said.reason, said.message)
}

fn of_pod(pod: &Pod, others: usize) -> String {
    let name = pod.metadata.name.as_deref().unwrap_or("?");
    let status = pod.status.as_ref();
    let phase = status.and_then(|status| status.phase.as_deref());
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    let conditions = status.and_then(|status| status.conditions.as_ref());
    // The first in time that keeps it back says most.
    let order = ["PodScheduled", "Initialized", "ContainersReady", "Ready"];
    let mut conditions = order.iter().filter_map(|kind| {
        let mut all = conditions.into_iter().flatten();
        all.find(|one| one.type_ == *kind && one.status != "True")
    });
    let why = conditions.next().and_then(|said| {
        let reason = said.reason.as_deref().filter(|reason| !reason.is_empty())?;
        let message = said.message.as_deref().unwrap_or_default();
        Some(format!("; {reason}: {message}"))
    });
    let more = match others {
        0 => String::new(),
        others => format!(" ({others} more not ready)"),
    };
    format!(
        "Pod {name}{}: {}{}{more}",
        node.map_or_else(String::new, |node| format!(" on {node}")),
        phase.unwrap_or("Unknown"),
        why.unwrap_or_default()
    )
}

fn containers(pod: &Pod) -> Vec<&ContainerStatus> {
    let Some(status) = &pod.status else {
        return Vec::new();
    };
    let init = status.init_container_statuses.iter().flatten();
    init.chain(status.container_statuses.iter().flatten())
        .collect()
}

/// A container that is not ready, or has ended before.
fn of_container(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref();
    let done = state
        .and_then(|state| state.terminated.as_ref())
        .is_some_and(|ended| ended.exit_code == 0);
    if container.ready || (done && container.restart_count == 0) {
        return None;
    }
    let last = container.last_state.as_ref().and_then(ended);
    let last = last.map_or_else(String::new, |last| format!("; before that {last}"));
    let restarts = match container.restart_count {
        0 => String::new(),
        1 => "; restarted once".to_owned(),
        times => format!("; restarted {times} times"),
    };
    Some(format!(
        "container {}: {}{last}{restarts}",
        container.name,
        state.map_or_else(|| "unknown".to_owned(), how)
    ))
}

fn how(state: &ContainerState) -> String {
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or("no reason");
        let message = waiting.message.as_deref().unwrap_or_default();
        let colon = if message.is_empty() { "" } else { ": " };
        return format!("waits, {reason}{colon}{message}");
    }
    if state.running.is_some() {
        return "runs, but is not ready".to_owned();
    }
    ended(state).unwrap_or_else(|| "unknown".to_owned())
}

fn ended(state: &ContainerState) -> Option<String> {
    let ended = state.terminated.as_ref()?;
    let reason = ended.reason.as_deref().unwrap_or("no reason");
    Some(format!("ended, {reason}, exit code {}", ended.exit_code))
}
