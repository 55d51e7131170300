//! Every row of the table, from objects as the API server gives them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

pub(in crate::platform::kubernetes) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(in crate::platform::kubernetes) fn template(image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "api"}},
        "spec": {"containers": [{"name": "api", "image": image}]},
    })
}

/// A Deployment at generation 5, with the template of `api:v2` and two pods wanted, that has been
/// seen by its controller and has not begun.
pub(in crate::platform::kubernetes) fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "api", "uid": "d-1", "generation": 5,
            "annotations": {"deployment.kubernetes.io/revision": "2"},
            "managedFields": [
                {"manager": "deployer", "operation": "Apply", "time": at(0).to_string(),
                 "fieldsV1": {"f:spec": {"f:template": {}}}},
            ],
        },
        "spec": {"replicas": 2, "progressDeadlineSeconds": 600, "template": template("api:v2")},
        "status": {
            "observedGeneration": 5, "replicas": 2, "availableReplicas": 2,
            "conditions": [
                {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated",
                 "message": "ReplicaSet \"api-new\" is progressing.", "lastUpdateTime": at(1).to_string()},
            ],
        },
    })
}

pub(in crate::platform::kubernetes) fn set(name: &str, image: &str, counts: [u32; 3]) -> Value {
    let mut template = template(image);
    template["metadata"]["labels"]["pod-template-hash"] = json!(name);
    json!({
        "metadata": {
            "name": format!("api-{name}"), "uid": format!("rs-{name}"),
            "labels": {"app": "api", "pod-template-hash": name},
            "creationTimestamp": at(0).to_string(),
            "ownerReferences": [{"kind": "Deployment", "name": "api", "uid": "d-1", "controller": true}],
        },
        "spec": {"replicas": counts[0], "template": template},
        "status": {"replicas": counts[0], "readyReplicas": counts[1], "availableReplicas": counts[2]},
    })
}

pub(in crate::platform::kubernetes) fn ours() -> RolloutId {
    RolloutId::of(&deployment(), Some(2)).unwrap()
}

pub(in crate::platform::kubernetes) fn view(deployment: &Value, sets: &[Value]) -> View {
    View {
        at: at(60),
        skew: SignedDuration::ZERO,
        kind: WorkloadKind::of(deployment),
        deployment: DeploymentView::of(deployment).map(Arc::new),
        sets: Some(sets.iter().filter_map(SetView::of).map(Arc::new).collect()),
        pods: Vec::new(),
        events: Vec::new(),
        events_asked: None,
    }
}

fn old_and_new() -> [Value; 2] {
    [
        set("old", "api:v1", [2, 2, 2]),
        set("new", "api:v2", [1, 0, 0]),
    ]
}

fn said(deployment: &Value) -> Standing {
    read(&view(deployment, &old_and_new()), &ours()).standing
}

/// All pods are of our template and available.
fn done() -> Value {
    let mut done = deployment();
    done["status"]["updatedReplicas"] = json!(2);
    done
}

#[test]
fn ready_once_all_that_is_wanted_is_ours_and_available() {
    assert_eq!(said(&done()), Standing::Ready { proven: true });
    let short = [
        ("/status/updatedReplicas", 1),
        ("/status/replicas", 3),
        ("/status/availableReplicas", 1),
        ("/spec/replicas", 3),
    ];
    for (field, count) in short {
        let mut missing = done();
        *missing.pointer_mut(field).unwrap() = json!(count);
        assert_eq!(
            said(&missing),
            Standing::Going("ReplicaSetUpdated".into()),
            "{field}"
        );
    }
}

/// As `Recreate` does it: the former pods are gone, and ours are on their way.
#[test]
fn no_pod_at_all_for_a_while_is_no_failure() {
    let mut recreated = deployment();
    recreated["status"]["replicas"] = json!(0);
    recreated["status"]["availableReplicas"] = json!(0);
    assert_eq!(
        said(&recreated),
        Standing::Going("ReplicaSetUpdated".into())
    );
}

/// All are ours and available, and more than are wanted: an autoscaler has just taken one away.
#[test]
fn pods_that_leave_by_a_scale_in_are_waited_for() {
    let mut leaving = done();
    for count in ["updatedReplicas", "replicas", "availableReplicas"] {
        leaving["status"][count] = json!(3);
    }
    assert_eq!(said(&leaving), Standing::Going("ReplicaSetUpdated".into()));
}

#[test]
fn nothing_is_ready_before_the_controller_has_seen_it() {
    let mut unseen = done();
    unseen["status"]["observedGeneration"] = json!(4);
    assert_eq!(said(&unseen), Standing::Unknown);
    // An autoscaler moved the count since; what is said is about the count before.
    let mut scaled = done();
    scaled["metadata"]["generation"] = json!(6);
    assert_eq!(said(&scaled), Standing::Going("ReplicaSetUpdated".into()));
    scaled["status"]["observedGeneration"] = json!(6);
    assert_eq!(said(&scaled), Standing::Ready { proven: true });
}

#[test]
fn a_look_older_than_our_write_says_nothing() {
    let mut before = done();
    before["metadata"]["generation"] = json!(4);
    before["spec"]["template"] = template("api:v1");
    assert_eq!(said(&before), Standing::Unknown);
}

#[test]
fn zero_desired_is_ready_and_proves_nothing() {
    let mut none = deployment();
    none["spec"]["replicas"] = json!(0);
    none["status"] = json!({"observedGeneration": 5});
    assert_eq!(said(&none), Standing::Ready { proven: false });
    none["status"]["replicas"] = json!(1);
    assert_eq!(said(&none), Standing::Going("no condition yet".into()));
}

#[test]
fn another_template_supersedes_ours_and_a_scaling_does_not() {
    let mut other = deployment();
    other["metadata"]["generation"] = json!(6);
    other["spec"]["template"] = template("api:v3");
    other["metadata"]["managedFields"].as_array_mut().unwrap().push(json!(
        {"manager": "kubectl-set", "operation": "Update", "time": at(9).to_string(), "fieldsV1": {"f:spec": {"f:template": {}}}}
    ));
    let by = format!("kubectl-set changed the pod template at {}", at(9));
    assert_eq!(said(&other), Standing::Superseded { by });
    let mut scaled = deployment();
    scaled["metadata"]["generation"] = json!(6);
    scaled["spec"]["replicas"] = json!(7);
    assert_eq!(said(&scaled), Standing::Going("ReplicaSetUpdated".into()));
}

#[test]
fn a_deployment_that_is_gone_or_another_supersedes_ours() {
    let mut other = deployment();
    other["metadata"]["uid"] = json!("d-2");
    let mut leaving = deployment();
    leaving["metadata"]["deletionTimestamp"] = json!(at(9).to_string());
    for object in [json!({}), other, leaving] {
        assert!(matches!(said(&object), Standing::Superseded { .. }));
    }
}

fn given_up(second: i64, set: &str) -> Value {
    let mut late = deployment();
    late["status"]["conditions"] = json!([
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": ""},
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
         "message": format!("ReplicaSet \"{set}\" has timed out progressing."), "lastUpdateTime": at(second).to_string()},
    ]);
    late
}

#[test]
fn a_deadline_that_passed_is_ours_only_if_it_was_said_of_ours() {
    let reason = Some(
        "ReplicaSet \"api-new\" has timed out progressing (ProgressDeadlineExceeded)".to_owned(),
    );
    assert_eq!(
        said(&given_up(601, "api-new")),
        Standing::GivenUp { reason }
    );
    // What was said of the rollout before stays until there is progress.
    let going = Standing::Going("ProgressDeadlineExceeded".into());
    assert_eq!(said(&given_up(601, "api-old")), going);
    assert_eq!(said(&given_up(-5, "api-new")), going);
    // Nothing of it counts before the controller has seen our generation.
    let mut unseen = given_up(601, "api-new");
    unseen["status"]["observedGeneration"] = json!(4);
    assert_eq!(said(&unseen), Standing::Unknown);
}

#[test]
fn one_that_came_up_late_is_ready_whatever_was_said_before() {
    let mut late = given_up(601, "api-new");
    late["status"]["updatedReplicas"] = json!(2);
    assert_eq!(said(&late), Standing::Ready { proven: true });
}

#[test]
fn paused_waits_for_a_person() {
    let mut paused = deployment();
    paused["spec"]["paused"] = json!(true);
    let reading = read(&view(&paused, &old_and_new()), &ours());
    assert_eq!(reading.standing, Standing::Going("paused".into()));
    assert!(reading.waiting.is_some());
    let mut late = done();
    late["spec"]["paused"] = json!(true);
    let reading = read(&view(&late, &old_and_new()), &ours());
    assert_eq!(reading.standing, Standing::Ready { proven: true });
    assert_eq!(reading.waiting, None);
}

#[test]
fn counts_are_of_our_set_and_of_the_others() {
    let strange = json!({
        "metadata": {"name": "other", "uid": "rs-x", "labels": {}, "ownerReferences": []},
        "spec": {"replicas": 9}, "status": {"replicas": 9, "readyReplicas": 9},
    });
    let sets = [
        set("old", "api:v1", [2, 2, 2]),
        set("new", "api:v2", [3, 2, 1]),
        strange,
    ];
    let reading = read(&view(&deployment(), &sets), &ours());
    assert_eq!(reading.set.as_ref().unwrap().name, "api-new");
    let gauge = reading.gauge;
    assert_eq!(
        (gauge.desired, gauge.running, gauge.pending, gauge.old),
        (2, 1, 2, 2)
    );
}

#[test]
fn counts_without_the_sets_claim_no_more_than_is_sure() {
    let mut object = deployment();
    object["status"] = json!({"observedGeneration": 5, "replicas": 3, "updatedReplicas": 1, "availableReplicas": 2});
    let mut blind = view(&object, &[]);
    blind.sets = None;
    let gauge = read(&blind, &ours()).gauge;
    assert_eq!((gauge.running, gauge.pending, gauge.old), (0, 1, 2));
    // Those of before are not told as ours while the controller has not seen ours.
    object["status"] = json!({"observedGeneration": 4, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2});
    let mut blind = view(&object, &[]);
    blind.sets = None;
    let gauge = read(&blind, &ours()).gauge;
    assert_eq!((gauge.running, gauge.pending, gauge.old), (0, 0, 2));
}

#[test]
fn of_two_sets_of_our_template_the_older_is_ours() {
    let mut younger = set("aaa", "api:v2", [0, 0, 0]);
    younger["metadata"]["creationTimestamp"] = json!(at(5).to_string());
    let sets = [younger, set("new", "api:v2", [1, 0, 0])];
    let reading = read(&view(&deployment(), &sets), &ours());
    assert_eq!(reading.set.unwrap().name, "api-new");
}

#[test]
fn a_set_that_was_changed_on_its_way_is_known_by_its_number() {
    let mut changed = set("new", "api:v2-by-a-webhook", [1, 0, 0]);
    changed["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
    let sets = [set("old", "api:v1", [2, 2, 2]), changed];
    let reading = read(&view(&deployment(), &sets), &ours());
    assert_eq!(reading.set.unwrap().name, "api-new");
    // Before the controller has seen our generation, the number is still of the one before.
    let mut unseen = deployment();
    unseen["status"]["observedGeneration"] = json!(4);
    assert_eq!(read(&view(&unseen, &sets), &ours()).set, None);
}
