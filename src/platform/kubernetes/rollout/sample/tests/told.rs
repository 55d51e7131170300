//! What is gathered beside the watches, and what is told of it.

use super::*;
use crate::platform::kubernetes::rollout::post_mortem::evidence;

#[tokio::test(start_paused = true)]
async fn pods_that_are_never_ready_are_explained_by_their_probe() {
    let mut stage = stage();
    let running = json!({"running": {}});
    stage
        .server
        .put("pods", pod("rs-new", "api-new-a", running), true);
    stage.look().await;
    let event = json!({
        "metadata": {"name": "e", "uid": "e-1"}, "type": "Warning", "reason": "Unhealthy",
        "message": "Readiness probe failed: statuscode: 503", "lastTimestamp": at(12).to_string(),
        "involvedObject": {"kind": "Pod", "name": "api-new-a", "uid": "api-new-a"},
    });
    stage.server.put("events", event, false);
    let path = "/api/v1/namespaces/production/pods/api-new-a/log";
    stage.server.wrote(path, "listening\n");
    let told = evidence(&stage.rollout, (&tripped(Tripper::Deadline), false), &[]).await;
    let cause = "the pods run and are not ready: Readiness probe failed: statuscode: 503";
    assert_eq!(told.likely_cause.as_deref(), Some(cause));
    // Its one run goes on; none has ended.
    assert_eq!(told.logs, None);
    assert_eq!(told.running_logs.unwrap().lines, ["listening"]);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_never_ran_is_asked_for_no_log() {
    let mut stage = stage();
    let waits = json!({"waiting": {"reason": "ContainerCreating"}});
    stage
        .server
        .put("pods", pod("rs-new", "api-new-a", waits), true);
    stage.look().await;
    let told = evidence(&stage.rollout, (&tripped(Tripper::Deadline), false), &[]).await;
    assert_eq!(stage.requests("/log"), 0);
    assert_eq!((told.logs, told.missing), (None, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn the_last_lines_of_the_first_that_died_are_kept_before_its_pod_is_taken_away() {
    let mut stage = stage();
    stage.look().await;
    let path = "/api/v1/namespaces/production/pods/api-new-a/log";
    stage.server.wrote(path, "starting\npanic: no database\n");
    stage
        .server
        .put("pods", pod("rs-new", "api-new-a", crashed(11)), true);
    stage.look().await;
    let failures = stage.look().await.failures;
    assert_eq!(
        stage.requests("/log"),
        2,
        "of the run that ended, and of the one before"
    );
    stage.server.delete("pods", "api-new-a", true);
    stage.server.delete("replicasets", "rs-new", true);
    stage.goes_back();
    stage.look().await;
    let verdict = tripped(Tripper::Breaker);
    let told = evidence(&stage.rollout, (&verdict, false), &failures).await;
    let logs = told.logs.unwrap();
    assert_eq!(logs.lines, ["starting", "panic: no database"]);
    assert_eq!(told.what, "api v2 failed and was rolled back: it crashed");
    let chain = told.chain.join("\n");
    for words in [
        "Deployment: 0 of 2",
        "ReplicaSet api-new",
        "Pod api-new-a",
        "ended, Error, exit code 1",
    ] {
        assert!(chain.contains(words), "{words} in {chain}");
    }
    assert_eq!(told.missing, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_the_cluster_says_is_asked_once_when_nothing_says_why_and_told_once() {
    let mut stage = stage();
    stage.look().await;
    let late = json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"x/api\""}});
    stage
        .server
        .put("pods", pod("rs-new", "api-new-a", late), true);
    let event = json!({
        "metadata": {"name": "e", "uid": "e-1"}, "type": "Warning", "reason": "Failed",
        "message": "Failed to pull image \"x/api\": manifest unknown", "lastTimestamp": at(12).to_string(),
        "involvedObject": {"kind": "Pod", "name": "api-new-a", "uid": "api-new-a", "fieldPath": "spec.containers{api}"},
    });
    stage.server.put("events", event, false);
    for _ in 0..10 {
        stage.look().await;
    }
    assert_eq!(
        stage.rollout.memory.failures()[0].cause,
        Cause::ImageNotFound
    );
    assert_eq!(stage.requests("/events"), 1);
    let mut messages = Vec::new();
    while let Ok(event) = stage.told.try_recv() {
        if let EventKind::Message { text, .. } = event.kind {
            messages.push(text);
        }
    }
    assert_eq!(messages.len(), 2, "{messages:?}");
}
