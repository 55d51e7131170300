use serde_json::json;

use super::*;
use crate::plan::Change as _;
use crate::platform::failure::FailureKind;
use crate::platform::kubernetes::history::record::State;
use crate::platform::kubernetes::key;
use crate::platform::kubernetes::plan::tests::samples::{OWNER, applied, desired, head, id, there};

mod carried;
mod renames;
mod words;

const SCALED: &str = "scaling = { min = 2, max = 6, cpu = 70 }";
const EXPOSED: &str = "expose = { host = \"api.example.com\", public = true }";

fn wish(desired: &Desired) -> Wish<'_> {
    Wish {
        desired,
        owner: OWNER,
        name: "api",
        adopt: false,
        takes_over: TakesOver::Itself,
        force: false,
    }
}

fn planned(wanted: &Desired, observed: &Observed) -> Vec<String> {
    let diff = diff(&wish(wanted), observed).unwrap();
    diff.changes
        .iter()
        .map(|change| {
            let waits = if change.waits_for_health() {
                ", once healthy"
            } else {
                ""
            };
            let rolls = if change.starts_rollout() {
                ", rolls"
            } else {
                ""
            };
            format!("{}{rolls}{waits}", change.words())
        })
        .collect()
}

/// An autoscaler moved the number.
fn autoscaled(observed: &mut Observed, replicas: u32) {
    let live = observed.objects.get_mut(&id(Kind::Deployment)).unwrap();
    live["spec"]["replicas"] = replicas.into();
    for field in ["replicas", "updatedReplicas", "availableReplicas"] {
        live["status"][field] = replicas.into();
    }
    let managed = live["metadata"]["managedFields"].as_array_mut().unwrap();
    if let Some(spec) = managed[0]["fieldsV1"]["f:spec"].as_object_mut() {
        spec.remove("f:replicas");
    }
    managed.push(json!({
        "manager": "kube-controller-manager", "operation": "Update", "subresource": "scale",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }));
}

#[test]
fn what_was_applied_needs_nothing() {
    for more in ["", SCALED, EXPOSED] {
        let desired = desired("shop/api:v1", more);
        assert_eq!(planned(&desired, &there(&desired)), [""; 0], "{more}");
    }
}

#[test]
fn everything_is_made_in_an_empty_namespace_and_the_count_is_given_once() {
    let desired = desired("shop/api:v1", &format!("{SCALED}\n{EXPOSED}"));
    assert_eq!(
        planned(&desired, &Observed::default()),
        [
            "record the revision",
            "create Service api",
            "create Ingress api-ingress",
            "create PodDisruptionBudget api",
            "create Deployment api, rolls",
            "set the count of api to 2",
            "create HorizontalPodAutoscaler api",
        ]
    );
}

#[test]
fn a_count_that_a_killed_run_did_not_come_to_give_is_given() {
    let desired = desired("shop/api:v1", SCALED);
    let mut observed = there(&desired);
    observed
        .objects
        .remove(&id(Kind::HorizontalPodAutoscaler))
        .unwrap();
    let live = observed.objects.get_mut(&id(Kind::Deployment)).unwrap();
    live["spec"]["replicas"] = 1.into();
    for field in ["replicas", "updatedReplicas", "availableReplicas"] {
        live["status"][field] = 1.into();
    }
    assert_eq!(
        planned(&desired, &observed),
        [
            "record the revision",
            "set the count of api to 2",
            "create HorizontalPodAutoscaler api",
        ]
    );
    // Once somebody gave it, it is theirs.
    autoscaled(&mut observed, 1);
    assert_eq!(
        planned(&desired, &observed),
        ["record the revision", "create HorizontalPodAutoscaler api"]
    );
}

#[test]
fn another_image_rolls_and_nothing_else() {
    let observed = there(&desired("shop/api:v1", SCALED));
    assert_eq!(
        planned(&desired("shop/api:v2", SCALED), &observed),
        ["record the revision", "update Deployment api, rolls"]
    );
}

#[test]
fn a_count_that_an_autoscaler_moved_is_no_difference() {
    let desired = desired("shop/api:v1", SCALED);
    let mut observed = there(&desired);
    autoscaled(&mut observed, 5);
    assert_eq!(planned(&desired, &observed), [""; 0]);
}

#[test]
fn the_autoscaler_of_a_service_that_rolls_waits_for_its_health() {
    let observed = there(&desired("shop/api:v1", ""));
    assert_eq!(
        planned(&desired("shop/api:v2", SCALED), &observed),
        [
            "record the revision",
            "leave the count of api to whoever scales it",
            "update Deployment api, rolls",
            "create HorizontalPodAutoscaler api, once healthy",
        ]
    );
    let diff = diff(&wish(&desired("shop/api:v1", SCALED)), &observed).unwrap();
    let view = diff.views.iter().find(|view| view.path == "spec.replicas");
    assert_eq!(
        view.unwrap().to.as_deref(),
        Some("left to whoever scales it")
    );
    assert!(!diff.changes.iter().any(Change::waits_for_health));
}

#[test]
fn back_from_an_autoscaler_the_count_is_set_when_that_is_gone() {
    let before = desired("shop/api:v1", SCALED);
    let mut observed = there(&before);
    observed.records = vec![head(1, State::Healthy, &before.objects, &observed)];
    autoscaled(&mut observed, 5);
    assert_eq!(
        planned(&desired("shop/api:v1", ""), &observed),
        [
            "record the revision",
            "delete HorizontalPodAutoscaler api",
            "set the count of api to 2",
        ]
    );
    let rolled = desired("shop/api:v2", "");
    assert_eq!(
        planned(&rolled, &observed),
        [
            "record the revision",
            "delete HorizontalPodAutoscaler api, once healthy",
            "set the count of api to 2, once healthy",
            "update Deployment api, rolls",
        ]
    );
    let diff = diff(&wish(&rolled), &observed).unwrap();
    let said = diff.changes.iter().find_map(|change| match change {
        Change::Apply { object, .. } => Some(object.manifest.pointer("/spec/replicas").is_some()),
        _ => None,
    });
    assert_eq!(said, Some(false), "the count would dip or conflict");
}

#[test]
fn what_left_the_file_goes_once_healthy_if_it_is_still_ours() {
    let mut observed = there(&desired("shop/api:v1", EXPOSED));
    let same = desired("shop/api:v1", "");
    assert_eq!(
        planned(&same, &observed),
        ["record the revision", "delete Ingress api-ingress"]
    );
    assert_eq!(
        planned(&desired("shop/api:v2", ""), &observed),
        [
            "record the revision",
            "update Deployment api, rolls",
            "delete Ingress api-ingress, once healthy",
        ]
    );
    for (id, live) in &mut observed.objects {
        if id.kind == Kind::Ingress {
            live["metadata"]["labels"] = json!({"app": "api"});
        }
    }
    assert_eq!(planned(&same, &observed), [""; 0]);
}

#[test]
fn a_rollout_under_way_keeps_what_waits_waiting() {
    let desired = desired("shop/api:v1", SCALED);
    let mut observed = there(&desired);
    autoscaled(&mut observed, 2);
    observed.objects.remove(&id(Kind::HorizontalPodAutoscaler));
    let live = observed.objects.get_mut(&id(Kind::Deployment)).unwrap();
    live["status"]["updatedReplicas"] = 0.into();
    assert_eq!(
        planned(&desired, &observed),
        [
            "record the revision",
            "create HorizontalPodAutoscaler api, once healthy",
        ]
    );
}

#[test]
fn what_is_not_ours_is_refused_unless_it_is_adopted() {
    let desired = desired("shop/api:v1", "");
    let mut observed = there(&desired);
    let live = observed.objects.get_mut(&id(Kind::Deployment)).unwrap();
    live["metadata"]["labels"] = json!({"team": "a"});
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/api:v0".into();
    live["metadata"]["managedFields"][0]["manager"] = "kubectl-client-side-apply".into();
    live["metadata"]["managedFields"][0]["operation"] = "Update".into();
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"] =
        json!({"f:labels": {"f:team": {}}});
    let refused = diff(&wish(&desired), &observed).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
    assert!(
        refused.message.contains("Deployment api is not ours"),
        "{refused}"
    );
    let adopting = Wish {
        adopt: true,
        ..wish(&desired)
    };
    let diff = diff(&adopting, &observed).unwrap();
    let taken = diff.changes.iter().find_map(|change| match change {
        Change::Apply { takes_over, .. } => Some(takes_over.clone()),
        _ => None,
    });
    assert_eq!(taken.unwrap(), ["kubectl-client-side-apply"]);
    let team = diff
        .views
        .iter()
        .find(|view| view.path == "metadata.labels.team");
    assert_eq!(
        team.unwrap().to,
        None,
        "a label of theirs that the file does not have goes"
    );
    assert_eq!(diff.notes[0].code, "adopts");
}

#[test]
fn a_service_account_that_is_not_ours_is_used_as_it_is() {
    let desired = desired(
        "shop/api:v1",
        "[service.api.kubernetes]\nservice_account = \"api-sa\"\nrole = \"arn:aws:iam::123456789012:role/api\"",
    );
    let mut observed = there(&desired);
    for (id, live) in &mut observed.objects {
        if id.kind == Kind::ServiceAccount {
            *live = json!({"metadata": {"name": "api-sa", "uid": "s"}});
        }
    }
    let diff = diff(&wish(&desired), &observed).unwrap();
    assert_eq!(diff.changes, []);
    assert_eq!(diff.notes[0].code, "service_account_without_role");
}

#[test]
fn a_selector_is_never_changed() {
    let desired = desired("shop/api:v1", "");
    let mut observed = there(&desired);
    let mut manifest = desired.object(Kind::Deployment).unwrap().manifest.clone();
    manifest["spec"]["selector"] = json!({"matchLabels": {"app": "other"}});
    observed
        .objects
        .insert(id(Kind::Deployment), applied(&manifest));
    let refused = diff(&wish(&desired), &observed).unwrap_err();
    assert!(refused.message.contains("selector"), "{refused}");
}

/// The marks of another target, or another project, on everything that is there.
fn marked(desired: &Desired, key: &str, value: Option<&str>) -> Observed {
    let mut observed = there(desired);
    for live in observed.objects.values_mut() {
        live["metadata"]["annotations"][key] = json!(value);
    }
    observed
}

#[test]
fn what_another_target_deployed_is_not_ours() {
    let desired = desired("shop/api:v1", "");
    let stage = marked(&desired, key::TARGET, Some("stage"));
    let refused = diff(&wish(&desired), &stage).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
    let words = "Deployment api belongs to service api of project shop at target stage";
    assert!(refused.message.contains(words), "{refused}");
    let adopting = Wish {
        adopt: true,
        ..wish(&desired)
    };
    let adopted = diff(&adopting, &stage).unwrap();
    let mark = "metadata.annotations[deployer/target]";
    assert!(adopted.views.iter().any(|view| view.path == mark));
    let other = marked(&desired, key::PROJECT, Some("shop!"));
    let refused = diff(&wish(&desired), &other).unwrap_err();
    assert!(refused.message.contains("project shop!"), "{refused}");
}

#[test]
fn a_mark_that_an_earlier_version_did_not_write_goes_along_with_the_next_change() {
    let before = desired("shop/api:v1", "");
    let mut earlier = there(&before);
    for live in earlier.objects.values_mut() {
        live["metadata"]["annotations"] = json!({});
    }
    assert_eq!(planned(&before, &earlier), [""; 0]);
    let changed = desired("shop/api:v2", "");
    assert_eq!(
        planned(&changed, &earlier),
        ["record the revision", "update Deployment api, rolls"]
    );
}

#[test]
fn a_tag_that_can_move_is_pulled_each_time() {
    let pull = |image: &str| {
        let desired = desired(image, "");
        let deployment = &desired.object(Kind::Deployment).unwrap().manifest;
        deployment["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"].clone()
    };
    assert_eq!(pull("shop/api:main"), "Always");
    assert_eq!(pull("shop/api"), "Always");
    assert_eq!(pull("shop/api:v1"), json!(null));
}
