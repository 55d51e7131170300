//! Lines of several pods, and of pods that come later.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::*;
use crate::platform::kubernetes::rollout::standing::tests::at;
use crate::platform::kubernetes::rollout::watch::tests::server::Server;

fn pod(name: &str, restarts: i32) -> Value {
    json!({
        "metadata": {
            "name": name, "uid": name, "labels": {"app": "api", "pod-template-hash": "new"},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-new", "uid": "rs-new", "controller": true,
            }],
        },
        "spec": {"containers": [{"name": "api"}, {"name": "proxy"}]},
        "status": {"containerStatuses": [
            {"name": "api", "image": "", "imageID": "", "ready": true, "restartCount": restarts, "containerID": "containerd://1"},
            {"name": "proxy", "image": "", "imageID": "", "ready": true, "restartCount": 0},
        ]},
    })
}

fn wrote(server: &Server, pod: &str, lines: &[(i64, &str)]) {
    let lines: Vec<String> = lines
        .iter()
        .map(|(second, text)| format!("{} {text}\n", at(*second)))
        .collect();
    let path = format!("/api/v1/namespaces/production/pods/{pod}/log");
    server.wrote(&path, &lines.concat());
}

fn wanted(tail: Option<usize>, follow: bool) -> Wanted {
    Wanted {
        since: at(0),
        tail,
        follow,
        container: None,
    }
}

fn events(place: &WatchPlace) -> Events {
    let (sender, _) = unbounded_channel();
    Events::new(sender, "kind".parse().unwrap(), place.clock)
}

#[tokio::test(start_paused = true)]
async fn lines_of_all_pods_are_merged_by_time_and_the_newest_are_kept() {
    let server = Server::default();
    server.put("pods", pod("a", 0), false);
    server.put("pods", pod("b", 0), false);
    // Of another Deployment, and of none, though both carry our label.
    let mut theirs = pod("c", 0);
    theirs["metadata"]["ownerReferences"][0]["name"] = json!("other-new");
    let mut nobodys = pod("d", 0);
    nobodys["metadata"]["ownerReferences"] = json!([]);
    for other in [theirs, nobodys] {
        wrote(
            &server,
            other["metadata"]["name"].as_str().unwrap(),
            &[(5, "not ours")],
        );
        server.put("pods", other, false);
    }
    wrote(&server, "a", &[(1, "one"), (3, "three")]);
    wrote(&server, "b", &[(2, "two"), (4, "four ")]);
    let place = server.place();
    let mut told = Vec::new();
    let each = |line: LogLine| told.push((line.task, line.text));
    once(&place, &wanted(Some(3), false), &events(&place), each)
        .await
        .unwrap();
    let expected = [("b", "two"), ("a", "three"), ("b", "four")];
    assert_eq!(
        told,
        expected.map(|(pod, text)| (pod.to_owned(), text.to_owned()))
    );
    // The container that has not begun was not asked.
    assert!(
        server
            .asked()
            .iter()
            .all(|one| !one.contains("container=proxy"))
    );
}

#[tokio::test(start_paused = true)]
async fn pods_that_come_later_and_runs_that_begin_anew_are_heard_once() {
    let server = Server::default();
    server.put("pods", pod("a", 0), false);
    wrote(&server, "a", &[(1, "one")]);
    let place = server.place();
    let told = RefCell::new(Vec::new());
    let (wanted, events) = (wanted(None, true), events(&place));
    let following = follow(&place, &wanted, &events, |line| {
        told.borrow_mut().push(line.text);
    });
    let changing = async {
        place.clock.sleep_until(at(3)).await;
        server.put("pods", pod("b", 0), false);
        wrote(&server, "b", &[(4, "two")]);
        place.clock.sleep_until(at(6)).await;
        // The new run's log is read from where the old one's ended.
        wrote(&server, "a", &[(1, "one"), (6, "three")]);
        server.put("pods", pod("a", 1), false);
        place.clock.sleep_until(at(10)).await;
    };
    tokio::select! {
        ended = following => panic!("{ended:?}"),
        () = changing => {}
    }
    assert_eq!(told.into_inner(), ["one", "two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn only_the_newest_of_the_past_precede_what_comes() {
    let server = Server::default();
    server.put("pods", pod("a", 0), false);
    server.put("pods", pod("b", 0), false);
    wrote(&server, "a", &[(1, "one"), (3, "three")]);
    wrote(&server, "b", &[(2, "two")]);
    let place = server.place();
    let told = RefCell::new(Vec::new());
    let (wanted, events) = (wanted(Some(2), true), events(&place));
    let following = follow(&place, &wanted, &events, |line| {
        told.borrow_mut().push(line.text);
    });
    tokio::select! {
        ended = following => panic!("{ended:?}"),
        () = place.clock.sleep_until(at(10)) => {}
    }
    assert_eq!(told.into_inner(), ["two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn logs_that_may_not_be_read_are_an_error() {
    let server = Server::default();
    server.deny("pods", false);
    let place = server.place();
    let error = follow(&place, &wanted(None, true), &events(&place), |_| {})
        .await
        .unwrap_err();
    assert_eq!(error.kind, FailureKind::Denied);
}
