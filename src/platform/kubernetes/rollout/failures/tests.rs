//! What is a failure, how often it counts, and when a state is over: from pods as the API server
//! gives them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::platform::kubernetes::rollout::look::EventView;
use crate::platform::kubernetes::rollout::standing::tests::{at, deployment, set, view};

mod laws;

/// A pod of our set that was made a second after our write.
pub(super) fn pod(name: &str, status: Value) -> Value {
    let mut pod = json!({
        "metadata": {
            "name": name, "uid": format!("uid-{name}"), "creationTimestamp": at(1).to_string(),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-new", "uid": "rs-new", "controller": true}],
        },
        "spec": {"containers": [{"name": "api", "image": "x/api:v2"}]},
    });
    pod["status"] = status;
    pod
}

pub(super) fn container(state: Value, restarts: u32, last: Value) -> Value {
    let mut container = json!({
        "name": "api", "image": "x/api:v2", "imageID": "", "ready": false, "restartCount": restarts,
    });
    container["state"] = state;
    container["lastState"] = last;
    json!({
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [container],
    })
}

fn waiting(reason: &str, message: &str) -> Value {
    let state = json!({"waiting": {"reason": reason, "message": message}});
    container(state, 0, json!({}))
}

pub(super) fn end(reason: &str, code: i32, second: i64) -> Value {
    json!({"terminated": {
        "reason": reason, "exitCode": code, "containerID": format!("containerd://{second}"),
        "startedAt": at(second - 1).to_string(), "finishedAt": at(second).to_string(),
    }})
}

pub(super) fn look(second: i64, pods: &[Value]) -> View {
    let pods = pods
        .iter()
        .map(|pod| serde_json::from_value(pod.clone()).unwrap());
    View {
        at: at(second),
        pods: pods.map(Arc::new).collect(),
        ..view(&deployment(), &[set("new", "api:v2", [2, 0, 0])])
    }
}

pub(super) fn note(memory: &mut Failures, view: &View) {
    let set = view.own_sets().next().cloned();
    memory.note(view, set.as_deref(), Some(at(0)));
}

fn seen(looks: &[(i64, Value)]) -> Failures {
    let mut memory = Failures::default();
    for (second, status) in looks {
        note(&mut memory, &look(*second, &[pod("a", status.clone())]));
    }
    memory
}

fn causes(memory: &Failures) -> Vec<(Cause, String)> {
    let failures = memory.failures().into_iter();
    failures.map(|one| (one.cause, one.text)).collect()
}

fn event(reason: &str, message: &str, second: i64) -> EventView {
    EventView {
        id: message.to_owned(),
        at: Some(at(second)),
        uid: "uid-a".into(),
        reason: reason.into(),
        message: message.into(),
        count: 1,
        ..EventView::default()
    }
}

#[test]
fn the_first_real_error_of_a_pull_is_kept_through_the_back_off() {
    let memory = seen(&[
        (2, waiting("ContainerCreating", "")),
        (3, waiting("ErrImagePull", "\"x/api:v2\": not found")),
        (
            4,
            waiting("ImagePullBackOff", "Back-off pulling image \"x/api:v2\""),
        ),
        (30, waiting("ErrImagePull", "\"x/api:v2\": not found")),
    ]);
    assert_eq!(
        causes(&memory),
        [(
            Cause::ImageNotFound,
            "ErrImagePull: \"x/api:v2\": not found".into()
        )]
    );
    assert_eq!(memory.healed(), Vec::<String>::new());
}

#[test]
fn a_pull_that_fails_for_another_reason_is_another_failure() {
    let memory = seen(&[
        (3, waiting("ErrImagePull", "429 Too Many Requests")),
        (9, waiting("ErrImagePull", "manifest unknown")),
    ]);
    let failures = memory.failures();
    let first = failures
        .iter()
        .find(|one| one.cause == Cause::RegistryTrouble);
    assert_eq!(failures.len(), 2);
    assert_eq!(memory.healed(), [first.unwrap().id.clone()]);
}

#[test]
fn what_ran_after_all_is_over_and_may_come_again() {
    let running = container(json!({"running": {}}), 0, json!({}));
    let missing = waiting("CreateContainerConfigError", "secret \"s\" not found");
    let memory = seen(&[(2, missing.clone()), (20, running), (30, missing)]);
    assert_eq!(memory.failures().len(), 2);
    assert_eq!(memory.healed().len(), 1);
}

#[test]
fn a_pod_that_is_gone_no_longer_stands_for_anything() {
    let mut memory = seen(&[(2, waiting("ErrImagePull", "manifest unknown"))]);
    note(&mut memory, &look(3, &[]));
    assert_eq!(memory.healed().len(), 1);
}

#[test]
fn a_back_off_that_was_met_late_is_explained_by_events() {
    let late = waiting("ImagePullBackOff", "Back-off pulling image \"x/api:v2\"");
    let mut memory = seen(&[(2, late.clone())]);
    assert_eq!(memory.failures(), []);
    assert_eq!(memory.wants_events(), Some(Want::Sometime));
    let mut told = look(3, &[pod("a", late)]);
    let words = "Failed to pull image \"x/api:v2\": manifest unknown";
    told.events = vec![Arc::new(event("Failed", words, 1))];
    note(&mut memory, &told);
    assert_eq!(causes(&memory), [(Cause::ImageNotFound, words.into())]);
}

#[test]
fn each_end_of_a_container_counts_once_however_it_is_seen() {
    let running = |restarts, last| container(json!({"running": {}}), restarts, last);
    let back_off = |restarts, last| {
        container(
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}),
            restarts,
            last,
        )
    };
    // As a kubelet tells it: the count goes up when the container is started again.
    let memory = seen(&[
        (2, running(0, json!({}))),
        (3, container(end("Error", 1, 3), 0, json!({}))),
        (4, running(1, end("Error", 1, 3))),
        (5, container(end("Error", 2, 5), 1, end("Error", 1, 3))),
        (6, back_off(1, end("Error", 2, 5))),
        (20, running(2, end("Error", 2, 5))),
        (20, running(2, end("Error", 2, 5))),
    ]);
    let codes: Vec<_> = memory.failures().iter().map(|one| one.exit_code).collect();
    assert_eq!(codes, [Some(1), Some(2)]);
    // Some looks were missed.
    let memory = seen(&[(30, running(4, end("OOMKilled", 137, 29)))]);
    let failures = memory.failures();
    assert_eq!(failures.len(), 4);
    assert!(failures.iter().all(|one| one.cause == Cause::OutOfMemory));
    assert_eq!(failures[0].id, "uid-a/api/1");
}

#[test]
fn what_ends_for_good_reason_is_no_failure() {
    let mut leaving = pod("a", container(end("Error", 143, 5), 0, json!({})));
    leaving["metadata"]["deletionTimestamp"] = json!(at(4).to_string());
    let mut memory = Failures::default();
    note(&mut memory, &look(6, &[leaving]));
    let mut first = pod("a", json!({}));
    first["spec"]["initContainers"] = json!([{"name": "migrate", "image": "x/m:v1"}]);
    for (second, code) in [(7, 0), (8, 3)] {
        first["status"] = json!({"initContainerStatuses": [{
            "name": "migrate", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": end("Error", code, second),
        }]});
        note(&mut memory, &look(second, &[first.clone()]));
    }
    let failures = memory.failures();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].container.as_deref(), Some("migrate"));
    assert_eq!(failures[0].exit_code, Some(3));
}

#[test]
fn an_end_with_code_zero_is_a_failure_of_what_is_to_serve() {
    let memory = seen(&[(5, container(end("Completed", 0, 5), 0, json!({})))]);
    assert_eq!(
        causes(&memory),
        [(Cause::Exited, "Completed, exit code 0".into())]
    );
}

#[test]
fn what_happened_before_our_write_does_not_count() {
    let mut old = pod(
        "a",
        container(json!({"running": {}}), 7, end("Error", 1, -50)),
    );
    old["metadata"]["creationTimestamp"] = json!(at(-100).to_string());
    let mut memory = Failures::default();
    note(&mut memory, &look(1, &[old.clone()]));
    assert_eq!(memory.failures(), []);
    old["status"] = container(json!({"running": {}}), 8, end("Error", 9, 5));
    note(&mut memory, &look(6, &[old]));
    assert_eq!(memory.failures().len(), 1);
}

#[test]
fn pods_of_others_are_none_of_ours() {
    let mut other = pod("a", waiting("ErrImagePull", "manifest unknown"));
    other["metadata"]["ownerReferences"][0]["uid"] = json!("rs-old");
    let mut memory = Failures::default();
    note(&mut memory, &look(2, &[other]));
    assert_eq!(memory.failures(), []);
}

fn probed(status: Value, lived: i64) -> Value {
    let mut probed = pod("a", status);
    probed["spec"]["containers"][0]["livenessProbe"] =
        json!({"initialDelaySeconds": 30, "periodSeconds": 10, "failureThreshold": 3});
    let state = &mut probed["status"]["containerStatuses"][0]["state"]["terminated"];
    state["startedAt"] = json!(at(60 - lived).to_string());
    probed
}

#[test]
fn a_kill_for_a_failed_probe_is_told_from_an_exit() {
    let ended = || container(end("Error", 137, 60), 0, json!({}));
    // It ended by itself, before the probe can have failed three times.
    let mut quick = Failures::default();
    let by_itself = container(end("Error", 1, 60), 0, json!({}));
    note(&mut quick, &look(60, &[probed(by_itself, 20)]));
    assert_eq!(
        causes(&quick),
        [(Cause::Exited, "Error, exit code 1".into())]
    );
    // It did: what it was is asked first.
    let mut slow = Failures::default();
    note(&mut slow, &look(60, &[probed(ended(), 55)]));
    assert_eq!(
        (slow.failures(), slow.wants_events()),
        (Vec::new(), Some(Want::Soon))
    );
    let mut silent = slow.clone();
    let words = "Liveness probe failed: HTTP probe failed with statuscode: 500";
    let mut told = look(61, &[probed(ended(), 55)]);
    told.events = vec![Arc::new(event("Unhealthy", words, 59))];
    note(&mut slow, &told);
    assert_eq!(causes(&slow), [(Cause::ContainerUnhealthy, words.into())]);
    // Nothing was said of a probe; or nobody answers.
    let mut asked = look(61, &[probed(ended(), 55)]);
    asked.events_asked = Some(at(61));
    let mut unanswered = silent.clone();
    note(&mut silent, &asked);
    assert_eq!(causes(&silent)[0].0, Cause::Exited);
    note(&mut unanswered, &look(62, &[probed(ended(), 55)]));
    assert_eq!(unanswered.failures(), []);
    note(&mut unanswered, &look(63, &[probed(ended(), 55)]));
    assert_eq!(causes(&unanswered)[0].0, Cause::Exited);
}

#[test]
fn a_probe_that_finds_nobody_is_not_what_ended_it() {
    let words = "Liveness probe failed: Get \"http://10.0.0.7/\": connect: connection refused";
    let told = |count: u32| {
        let by_itself = container(end("Error", 1, 60), 0, json!({}));
        let mut look = look(61, &[probed(by_itself, 55)]);
        let failed = event("Unhealthy", words, 60);
        look.events = vec![Arc::new(EventView { count, ..failed })];
        look.events_asked = Some(at(61));
        look
    };
    let mut once = Failures::default();
    note(&mut once, &told(1));
    note(&mut once, &told(1));
    assert_eq!(causes(&once)[0].0, Cause::Exited);
    // As often as the probe allows: then the kubelet has ended it, and this is how it took that.
    let mut enough = Failures::default();
    note(&mut enough, &told(3));
    assert_eq!(causes(&enough)[0].0, Cause::ContainerUnhealthy);
}

#[test]
fn a_pod_without_a_node_waits_for_one_and_then_does_not() {
    let nowhere = json!({"conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu.", "lastTransitionTime": at(2).to_string(),
    }]});
    let memory = seen(&[
        (3, nowhere.clone()),
        (60, nowhere),
        (90, waiting("ContainerCreating", "")),
    ]);
    assert_eq!(
        causes(&memory),
        [(
            Cause::NoCapacity,
            "0/3 nodes are available: 3 Insufficient cpu.".into()
        )]
    );
    assert_eq!(memory.healed().len(), 1);
}

#[test]
fn a_pod_that_does_not_start_is_asked_about() {
    let creating = waiting("ContainerCreating", "");
    let mut memory = seen(&[(2, creating.clone())]);
    assert_eq!(memory.wants_events(), None);
    note(&mut memory, &look(12, &[pod("a", creating.clone())]));
    assert_eq!(memory.wants_events(), Some(Want::Sometime));
    let mut told = look(13, &[pod("a", creating)]);
    let words = "MountVolume.SetUp failed for volume \"k\" : secret \"api-keys\" not found";
    told.events = vec![Arc::new(event("FailedMount", words, 12))];
    note(&mut memory, &told);
    assert_eq!(causes(&memory)[0].0, Cause::SecretMissing);
    note(
        &mut memory,
        &look(
            20,
            &[pod("a", container(json!({"running": {}}), 0, json!({})))],
        ),
    );
    assert_eq!(memory.healed().len(), 1);
}

#[test]
fn pods_that_may_not_be_made_are_a_failure_until_they_may() {
    let mut refused = set("new", "api:v2", [2, 0, 0]);
    refused["status"]["conditions"] = json!([{
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
        "message": "pods \"api-new-x\" is forbidden: exceeded quota: small", "lastTransitionTime": at(3).to_string(),
    }]);
    let mut memory = Failures::default();
    note(&mut memory, &view(&deployment(), &[refused]));
    assert_eq!(causes(&memory)[0].0, Cause::Refused);
    note(
        &mut memory,
        &view(&deployment(), &[set("new", "api:v2", [2, 0, 0])]),
    );
    assert_eq!(memory.healed().len(), 1);
}

#[test]
fn a_set_that_may_not_be_made_is_ours_only_if_it_was_said_since() {
    let mut object = deployment();
    for (second, failures) in [(-9, 0), (4, 1)] {
        object["status"]["conditions"] = json!([{
            "type": "Progressing", "status": "False", "reason": "ReplicaSetCreateError",
            "message": "Failed to create new replica set: replicasets.apps is forbidden: exceeded quota",
            "lastUpdateTime": at(second).to_string(),
        }]);
        let mut memory = Failures::default();
        memory.note(&view(&object, &[]), None, Some(at(0)));
        assert_eq!(memory.failures().len(), failures);
    }
}

#[test]
fn an_evicted_pod_is_one_failure_and_its_containers_are_none() {
    let mut evicted = container(end("Error", 137, 5), 0, json!({}));
    evicted["phase"] = json!("Failed");
    evicted["reason"] = json!("Evicted");
    evicted["message"] = json!("The node was low on resource: memory.");
    let memory = seen(&[(6, evicted.clone()), (7, evicted)]);
    assert_eq!(
        causes(&memory),
        [(
            Cause::NoCapacity,
            "Evicted: The node was low on resource: memory.".into()
        )]
    );
}
