//! A watch survives everything that a server and a network do to it, and says so when it does not.

use jiff::SignedDuration;
use serde_json::json;

use self::server::{Mood, Server};
use super::*;
use crate::platform::kubernetes::rollout::standing::tests::{deployment, set};

pub(crate) mod server;

fn pod(uid: &str) -> serde_json::Value {
    json!({"metadata": {"name": uid, "uid": uid}, "spec": {"containers": []}})
}

fn server() -> Server {
    let server = Server::default();
    server.put("deployments", deployment(), false);
    server.put("replicasets", set("new", "api:v2", [2, 0, 0]), false);
    server.put("pods", pod("a"), false);
    server
}

async fn after(watch: &Watch, seconds: i64) {
    let clock = watch.place.clock;
    clock
        .sleep_until(clock.now() + SignedDuration::from_secs(seconds))
        .await;
}

async fn pods(watch: &Watch) -> Vec<String> {
    let view = watch.look().await.unwrap();
    let pods = view.pods.iter();
    pods.filter_map(|pod| pod.metadata.name.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn three_requests_show_what_is_there_and_all_that_happens() {
    let server = server();
    let watch = Watch::open(server.place(), false);
    let view = watch.look().await.unwrap();
    assert_eq!(view.deployment.as_ref().unwrap().rolled.generation, 5);
    assert_eq!(view.own_sets().count(), 1);
    assert_eq!(pods(&watch).await, ["a"]);
    server.put("pods", pod("b"), true);
    watch.changed().await;
    assert_eq!(pods(&watch).await, ["a", "b"]);
    server.delete("pods", "a", true);
    watch.changed().await;
    assert_eq!(pods(&watch).await, ["b"]);
    let asked = server.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(
        asked
            .iter()
            .all(|one| one.contains("sendInitialEvents=true"))
    );
}

#[tokio::test(start_paused = true)]
async fn new_pods_are_watched_once_they_begin_to_start() {
    let server = server();
    let watch = Watch::open(server.place(), true);
    let view = watch.look().await.unwrap();
    assert!(view.deployment.is_some() && view.sets.is_none());
    assert_eq!(server.asked().len(), 1);
    after(&watch, 2).await;
    assert_eq!(pods(&watch).await, ["a"]);
    assert_eq!(watch.look().await.unwrap().own_sets().count(), 1);
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_streaming_lists_is_asked_for_lists() {
    for mood in [Mood::NoStreaming, Mood::Old] {
        let server = server();
        server.mood(mood);
        let watch = Watch::open(server.place(), false);
        assert_eq!(pods(&watch).await, ["a"], "{mood:?}");
        after(&watch, 1).await;
        server.put("pods", pod("b"), true);
        after(&watch, 3).await;
        assert_eq!(pods(&watch).await, ["a", "b"], "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_broke_is_resumed_where_it_did() {
    let server = server();
    let watch = Watch::open(server.place(), false);
    assert_eq!(pods(&watch).await, ["a"]);
    server.hang_up();
    server.put("pods", pod("b"), true);
    after(&watch, 1).await;
    assert_eq!(pods(&watch).await, ["a", "b"]);
    let asked = server.asked();
    assert!(
        asked.iter().any(|one| one.contains("resourceVersion=3")),
        "{asked:?}"
    );
    assert!(
        !asked
            .iter()
            .skip(3)
            .any(|one| one.contains("sendInitialEvents"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_cannot_be_resumed_begins_anew() {
    let server = server();
    let watch = Watch::open(server.place(), false);
    assert_eq!(pods(&watch).await, ["a"]);
    server.hang_up();
    server.delete("pods", "a", true);
    server.put("pods", pod("b"), true);
    server.compact();
    after(&watch, 2).await;
    assert_eq!(pods(&watch).await, ["b"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_an_error_until_it_is_back() {
    let server = server();
    let watch = Watch::open(server.place(), false);
    assert_eq!(pods(&watch).await, ["a"]);
    after(&watch, 10).await;
    server.mood(Mood::Away);
    server.hang_up();
    after(&watch, 2).await;
    assert_eq!(pods(&watch).await, ["a"], "watches break all the time");
    after(&watch, 5).await;
    let error = watch.look().await.unwrap_err();
    assert_eq!(error.kind, failure::FailureKind::Unreachable, "{error}");
    after(&watch, 600).await;
    assert!(watch.look().await.is_err());
    server.put("pods", pod("b"), true);
    server.mood(Mood::Well);
    after(&watch, 6).await;
    assert_eq!(pods(&watch).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_died_silently_is_noticed() {
    let server = server();
    let watch = Watch::open(server.place(), false);
    assert_eq!(pods(&watch).await, ["a"]);
    server.mood(Mood::Silent);
    after(&watch, 35).await;
    let error = watch.look().await.unwrap_err();
    assert_eq!(error.kind, failure::FailureKind::Lost, "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_lost_is_healed_by_reading_anew() {
    let server = server();
    let watch = Watch::open(server.place(), false);
    assert_eq!(pods(&watch).await, ["a"]);
    server.put("pods", pod("b"), false);
    server.delete("pods", "a", false);
    after(&watch, 10).await;
    assert_eq!(pods(&watch).await, ["a"]);
    after(&watch, 15).await;
    assert_eq!(pods(&watch).await, ["b"]);
}

#[tokio::test(start_paused = true)]
async fn pods_that_may_not_be_read_cost_no_more_than_them() {
    let server = server();
    server.deny("pods", true);
    server.deny("pods", false);
    let watch = Watch::open(server.place(), false);
    let view = watch.look().await.unwrap();
    assert!(view.deployment.is_some() && view.pods.is_empty());
    let denied = watch.denied();
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0].0, "pods");
    after(&watch, 60).await;
    assert!(watch.look().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_may_only_be_listed_is_listed_again_and_again() {
    let server = server();
    for kind in ["deployments", "replicasets", "pods"] {
        server.deny(kind, true);
    }
    let watch = Watch::open(server.place(), false);
    assert_eq!(pods(&watch).await, ["a"]);
    server.put("pods", pod("b"), false);
    after(&watch, 3).await;
    assert_eq!(pods(&watch).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn pods_that_may_only_be_listed_are_seen_from_the_first_look_on() {
    let server = server();
    server.deny("pods", true);
    let watch = Watch::open(server.place(), false);
    let view = watch.look().await.unwrap();
    assert_eq!(view.pods.len(), 1);
    assert!(watch.denied().is_empty());
    assert_eq!(watch.polled(), ["pods"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_may_not_be_read_is_said_at_once() {
    let server = server();
    server.deny("deployments", true);
    server.deny("deployments", false);
    server.deny("deployment", false);
    let watch = Watch::open(server.place(), false);
    let begun = watch.place.clock.now();
    let error = watch.look().await.unwrap_err();
    assert_eq!(error.kind, failure::FailureKind::Denied, "{error}");
    assert!(watch.place.clock.since(begun).as_secs() < 5);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_may_only_be_read_by_its_name_is_read_again_and_again() {
    let server = server();
    server.deny("deployments", true);
    server.deny("deployments", false);
    let watch = Watch::open(server.place(), false);
    let generation = async |watch: &Watch| {
        let view = watch.look().await.unwrap();
        view.deployment.unwrap().rolled.generation
    };
    let first = generation(&watch).await;
    assert_eq!(watch.polled(), ["the Deployment"]);
    let mut changed = deployment();
    changed["metadata"]["generation"] = json!(first + 1);
    server.put("deployments", changed, false);
    after(&watch, 3).await;
    assert_eq!(generation(&watch).await, first + 1);
    after(&watch, 60).await;
    assert!(watch.look().await.is_ok() && watch.denied().is_empty());
}
