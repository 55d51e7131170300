//! What keeps a `StatefulSet` from going on, and how it and a `DaemonSet` are judged.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::platform::kubernetes::rollout::failures::Failures;
use crate::platform::kubernetes::rollout::look::{EventView, SetView};
use crate::platform::kubernetes::rollout::standing::read;
use crate::platform::kubernetes::rollout::standing::tests::{at, template, view};
use crate::rollout::{Cause, Standing};

/// A `StatefulSet` of three pods at generation 5 that has been seen, with so many pods in all, of its
/// template and available.
fn stateful([all, updated, available]: [u32; 3]) -> Value {
    json!({
        "kind": "StatefulSet",
        "metadata": {"name": "db", "uid": "s-1", "generation": 5},
        "spec": {
            "replicas": 3, "template": template("db:v2"), "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        },
        "status": {
            "observedGeneration": 5, "replicas": all, "updatedReplicas": updated,
            "availableReplicas": available, "currentRevision": "db-old", "updateRevision": "db-new",
        },
    })
}

fn daemon([desired, all, updated, available]: [u32; 4]) -> Value {
    json!({
        "kind": "DaemonSet",
        "metadata": {"name": "db", "uid": "s-1", "generation": 5},
        "spec": {"template": template("db:v2"), "updateStrategy": {"type": "RollingUpdate"}},
        "status": {
            "observedGeneration": 5, "desiredNumberScheduled": desired,
            "currentNumberScheduled": all, "updatedNumberScheduled": updated,
            "numberAvailable": available,
        },
    })
}

fn revision(hash: &str, image: &str) -> Value {
    let mut template = template(image);
    template["$patch"] = json!("replace");
    json!({
        "metadata": {
            "name": format!("db-{hash}"), "uid": format!("cr-{hash}"),
            "creationTimestamp": at(0).to_string(),
            "ownerReferences": [{"kind": "StatefulSet", "name": "db", "uid": "s-1", "controller": true}],
        },
        "data": {"spec": {"template": template}},
        "revision": 2,
    })
}

fn pod(number: u32, hash: &str, ready: &str, since: i64) -> Pod {
    serde_json::from_value(json!({
        "metadata": {
            "name": format!("db-{number}"), "uid": format!("p-{number}"),
            "creationTimestamp": at(since).to_string(),
            "labels": {"controller-revision-hash": format!("db-{hash}")},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "s-1", "controller": true}],
        },
        "status": {"conditions": [
            {"type": "Ready", "status": ready, "lastTransitionTime": at(since).to_string()},
        ]},
    }))
    .unwrap()
}

/// A minute after the beginning.
fn seen(live: &Value, pods: Vec<Pod>) -> View {
    let sets = [revision("old", "db:v1"), revision("new", "db:v2")];
    let mut seen = view(live, &sets);
    let count = |set: &Arc<SetView>| {
        let mut set = SetView::clone(set);
        set.counting(pods.iter());
        Arc::new(set)
    };
    seen.sets = seen
        .sets
        .as_ref()
        .map(|sets| sets.iter().map(count).collect());
    seen.pods = pods.into_iter().map(Arc::new).collect();
    seen
}

fn standing(live: &Value) -> Standing {
    let ours = RolloutId::of(live, None).unwrap();
    read(&seen(live, Vec::new()), &ours).standing
}

const GOES_ON: &str = "in progress";

#[test]
fn a_stateful_set_is_ready_once_all_above_the_partition_are_ours() {
    let ready = Standing::Ready { proven: true };
    let going = || Standing::Going(GOES_ON.to_owned());
    assert_eq!(standing(&stateful([3, 3, 3])), ready);
    for counts in [[3, 2, 3], [3, 3, 2], [2, 2, 2], [4, 3, 4]] {
        assert_eq!(standing(&stateful(counts)), going(), "{counts:?}");
    }
    let held = |counts, partition: u32| {
        let mut live = stateful(counts);
        live["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(partition);
        standing(&live)
    };
    assert_eq!(held([3, 1, 3], 2), ready);
    assert_eq!(held([3, 0, 3], 2), going());
    assert_eq!(held([3, 0, 3], 9), Standing::Ready { proven: false });
    let mut unseen = stateful([3, 3, 3]);
    unseen["status"]["observedGeneration"] = json!(4);
    assert_eq!(standing(&unseen), Standing::Unknown);
}

#[test]
fn what_is_replaced_by_hand_is_over_at_once_and_proves_nothing() {
    let by_hand = |mut live: Value| {
        live["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        standing(&live)
    };
    let unproven = Standing::Ready { proven: false };
    assert_eq!(by_hand(stateful([3, 0, 3])), unproven);
    assert_eq!(by_hand(daemon([2, 2, 0, 2])), unproven);
    // Nothing is over while pods that are wanted are missing.
    let going = Standing::Going(GOES_ON.to_owned());
    assert_eq!(by_hand(stateful([3, 0, 2])), going);
    let proven = Standing::Ready { proven: true };
    assert_eq!(by_hand(stateful([3, 3, 3])), proven);
}

#[test]
fn a_daemon_set_is_ready_once_each_node_has_ours() {
    assert_eq!(
        standing(&daemon([2, 2, 2, 2])),
        Standing::Ready { proven: true }
    );
    for counts in [[2, 2, 1, 2], [2, 2, 2, 1], [3, 2, 2, 2]] {
        let going = Standing::Going(GOES_ON.to_owned());
        assert_eq!(standing(&daemon(counts)), going, "{counts:?}");
    }
    assert_eq!(
        standing(&daemon([0, 0, 0, 0])),
        Standing::Ready { proven: false }
    );
}

#[test]
fn pods_are_counted_by_the_revision_that_they_say() {
    let live = stateful([3, 1, 2]);
    let pods = vec![
        pod(0, "old", "True", 0),
        pod(1, "old", "True", 0),
        pod(2, "new", "False", 50),
    ];
    let ours = RolloutId::of(&live, None).unwrap();
    let gauge = read(&seen(&live, pods), &ours).gauge;
    assert_eq!((gauge.running, gauge.pending, gauge.old), (0, 1, 2));
}

#[test]
fn a_broken_pod_of_another_revision_keeps_the_others_from_making_way() {
    let ours = RolloutId::of(&stateful([3, 0, 2]), None).unwrap();
    let name = |live: &Value, pods: Vec<Pod>| {
        let seen = seen(live, pods);
        blocking_in(&seen, &ours).and_then(|pod| pod.metadata.name.clone())
    };
    let broken = || vec![pod(0, "old", "True", 0), pod(2, "old", "False", 20)];
    let live = stateful([3, 0, 2]);
    assert_eq!(name(&live, broken()).as_deref(), Some("db-2"));
    // One of ours, and one that stays by the file's word.
    assert_eq!(name(&live, vec![pod(2, "new", "False", 20)]), None);
    let mut held = live.clone();
    held["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(3);
    assert_eq!(name(&held, broken()), None);
    let mut parallel = live.clone();
    parallel["spec"]["podManagementPolicy"] = json!("Parallel");
    assert_eq!(name(&parallel, broken()), None);
    // Somebody else's template is nobody's to push on.
    let mut other = live;
    other["spec"]["template"] = template("db:v3");
    assert_eq!(name(&other, broken()), None);
}

#[test]
fn a_pod_that_only_just_starts_is_waited_for() {
    let mut since = None;
    let mut waited = |uid: Option<&str>, second| has_waited(&mut since, uid, at(second));
    assert!(!waited(Some("p-2"), 0));
    assert!(!waited(Some("p-2"), 9));
    assert!(waited(Some("p-2"), 10));
    // Another one has as long, and so has one that was ready in between.
    assert!(!waited(Some("p-1"), 11));
    assert!(!waited(None, 12));
    assert!(!waited(Some("p-1"), 22));
}

#[test]
fn pods_that_may_not_be_made_are_told_by_an_event_alone() {
    let live = stateful([2, 1, 2]);
    let ours = RolloutId::of(&live, None).unwrap();
    let told = |second: i64, pods: Vec<Pod>| {
        let mut seen = seen(&live, pods);
        seen.events.push(Arc::new(EventView {
            at: Some(at(second)),
            kind: "StatefulSet".into(),
            name: "db".into(),
            uid: "s-1".into(),
            reason: "FailedCreate".into(),
            message: "pods \"db-2\" is forbidden: exceeded quota: small".into(),
            ..EventView::default()
        }));
        let reading = read(&seen, &ours);
        let mut memory = Failures::default();
        memory.note(&seen, reading.set.as_deref(), Some(at(0)));
        let failures = memory.failures();
        failures.first().map(|one| one.cause)
    };
    assert_eq!(
        told(30, vec![pod(0, "new", "True", 10)]),
        Some(Cause::Refused)
    );
    // One was made since.
    assert_eq!(told(30, vec![pod(0, "new", "True", 40)]), None);
}
