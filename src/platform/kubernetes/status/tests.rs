use super::*;
use crate::platform::kubernetes::rollout::Rolled;
use crate::platform::kubernetes::rollout::standing::tests::{deployment, set};
use serde_json::json;

fn pod(ready: &str) -> Pod {
    let gate = "target-health.elbv2.k8s.aws/k8s-api";
    serde_json::from_value(json!({
        "metadata": {"name": "api-new-a", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-new", "uid": "rs-new"},
        ]},
        "spec": {"containers": [], "readinessGates": [{"conditionType": gate}]},
        "status": {
            "podIP": "10.0.0.7",
            "conditions": [
                {"type": gate, "status": ready, "message": "Target registration is in progress"},
                {"type": "Ready", "status": ready},
            ],
            "containerStatuses": [{"name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 3}],
        },
    }))
    .unwrap()
}

#[test]
fn what_runs_is_told_set_by_set_the_current_one_first() {
    let sets: Vec<SetView> = [
        set("old", "api:v1", [2, 2, 2]),
        set("new", "api:v2", [1, 1, 0]),
        set("gone", "api:v0", [0, 0, 0]),
    ]
    .iter()
    .filter_map(SetView::of)
    .collect();
    let view = DeploymentView::of(&deployment()).unwrap();
    let told = revisions(&view, &sets, &[pod("False")]);
    let told: Vec<_> = told
        .iter()
        .map(|one| {
            (
                one.id.as_str(),
                one.status.as_str(),
                one.running,
                one.failed,
            )
        })
        .collect();
    assert_eq!(
        told,
        [("api-new", "current", 0, 3), ("api-old", "former", 2, 0)]
    );
}

#[test]
fn a_load_balancer_that_keeps_a_pod_back_is_told_with_its_words() {
    let target = &targets(&pod("False"))[0];
    assert_eq!(
        (
            target.group.as_str(),
            target.address.as_str(),
            target.state.as_str()
        ),
        ("k8s-api", "10.0.0.7", "unhealthy")
    );
    assert!(
        target
            .reason
            .as_ref()
            .is_some_and(|why| why.contains("Target registration is in progress"))
    );
    assert_eq!(targets(&pod("True"))[0].reason, None);
}

/// `web` beside `web-cron`, which carries the same labels.
#[test]
fn only_events_about_our_own_pods_are_told() {
    let set = |name: &str, uid: &str| SetView {
        name: name.to_owned(),
        uid: uid.to_owned(),
        ..SetView::default()
    };
    let (old, new) = (set("web-6d4f9c", "s1"), set("web-7b8e", "s2"));
    let view = DeploymentView {
        rolled: Rolled {
            uid: "d".into(),
            ..Rolled::default()
        },
        ..DeploymentView::default()
    };
    let table = [
        ("Pod", "web-6d4f9c-x7k2p", "p", true),
        ("Pod", "web-7b8e-aaaaa", "p", true),
        ("Pod", "web-cron-7b8e-aaaaa", "p", false),
        ("Pod", "web-cron-0", "p", false),
        ("Pod", "web-7b8e", "p", false),
        ("ReplicaSet", "web-7b8e", "s2", true),
        ("ReplicaSet", "web-cron-7b8e", "s3", false),
        ("Deployment", "web", "d", true),
        // One that was deleted.
        ("Deployment", "web", "before", false),
        ("Deployment", "web-cron", "c", false),
        ("HorizontalPodAutoscaler", "web", "h", true),
        ("Ingress", "web-cron", "i", false),
    ];
    for (kind, name, uid, ours) in table {
        let event = EventView {
            kind: kind.into(),
            name: name.into(),
            uid: uid.into(),
            ..EventView::default()
        };
        let told = event.may_be_about("web") && event.is_about(&view, &[&old, &new]);
        assert_eq!(told, ours, "{kind} {name}");
    }
    let long = set(&format!("{}-7b8e", "w".repeat(56)), "s4");
    let pod = EventView {
        kind: "Pod".into(),
        name: format!("{}-7x7k2p", "w".repeat(56)),
        ..EventView::default()
    };
    assert_eq!(pod.name.len(), 63);
    assert!(pod.may_be_about(&"w".repeat(56)) && pod.is_about(&view, &[&long]));
}

#[test]
fn amid_a_rollout_only_what_is_of_the_new_revision_counts() {
    let sets = [
        set("old", "api:v1", [2, 2, 2]),
        set("new", "api:v2", [1, 1, 0]),
    ];
    let sets: Vec<SetView> = sets.iter().filter_map(SetView::of).collect();
    let view = DeploymentView::of(&deployment()).unwrap();
    let mut status = seen(&deployment(), &view, "kind");
    status.deployments = revisions(&view, &sets, &[]);
    let status = status.of_its_revision();
    assert_eq!((status.desired, status.running, status.pending), (2, 0, 1));
    let older: Vec<_> = status.still_running().map(|one| one.running).collect();
    assert_eq!(older, [2]);
}

#[test]
fn a_deployment_says_how_many_run() {
    let mut paused = deployment();
    paused["spec"]["paused"] = json!(true);
    paused["status"]["updatedReplicas"] = json!(2);
    let view = DeploymentView::of(&paused).unwrap();
    let status = seen(&paused, &view, "kind");
    assert_eq!((status.desired, status.running, status.pending), (2, 2, 0));
    assert_eq!(status.state, "PAUSED");
    assert_eq!(status.images[0].image, "api:v2");
}
