use super::*;
use crate::plan::Change as _;
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::plan::tests::samples::{OWNER, desired, id, service, there};

const SCALED: &str = "scaling = { min = 2, max = 6, cpu = 70 }";

#[test]
fn a_restart_says_when_and_changes_nothing_else_that_is_ours() {
    let desired = desired("shop/api:v1", "");
    let observed = there(&desired);
    let live = observed.deployment("api").unwrap();
    let asked = owned(&observed, OWNER);
    let diff = restart(
        live,
        &id(Kind::Deployment),
        asked.clone(),
        "2026-01-01T00:00:00Z",
    );
    assert!(diff.starts_rollout());
    let Some(Change::Apply { object, .. }) = diff.changes.last() else {
        panic!("{:?}", diff.changes);
    };
    assert_eq!(restarted(&object.manifest), Some("2026-01-01T00:00:00Z"));
    let mut without = object.manifest.clone();
    without["spec"]["template"]["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("annotations");
    let before = asked
        .iter()
        .find(|object| object.id == id(Kind::Deployment));
    assert_eq!(without, before.unwrap().manifest);
    let Some(Change::Record { asked }) = diff.changes.first() else {
        panic!("{:?}", diff.changes);
    };
    assert_eq!(asked.len(), desired.objects.len());
}

#[test]
fn a_count_is_set_beside_the_deployment() {
    let observed = there(&desired("shop/api:v1", ""));
    let diff = scale_to(&service(), &observed, OWNER, 5).unwrap();
    assert_eq!(diff.changes[0].words(), "set the count of api to 5");
    assert_eq!(diff.notes[0].code, "until_next_apply");
    assert_eq!(
        scale_to(&service(), &observed, OWNER, 2).unwrap(),
        Draft::default()
    );
    let refused = scale_to(&service(), &observed, OWNER, 5_001).unwrap_err();
    assert!(refused.message.contains("at most 5000 pods"), "{refused}");
}

#[test]
fn where_an_autoscaler_decides_its_bounds_are_moved() {
    let observed = there(&desired("shop/api:v1", SCALED));
    let bounds = |count: u32| {
        let diff = scale_to(&service(), &observed, OWNER, count).unwrap();
        match diff.changes.first() {
            Some(Change::Apply { object, .. }) => {
                let spec = &object.manifest["spec"];
                (spec["minReplicas"].clone(), spec["maxReplicas"].clone())
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(bounds(4), (json!(4), json!(6)));
    let refused = scale_to(&service(), &observed, OWNER, 9).unwrap_err();
    assert!(refused.message.contains("at most 6"), "{refused}");
}

#[test]
fn at_zero_an_autoscaler_does_nothing_so_the_count_is_set() {
    let mut observed = there(&desired("shop/api:v1", SCALED));
    let live = observed.objects.get_mut(&id(Kind::Deployment)).unwrap();
    live["spec"]["replicas"] = json!(0);
    let diff = scale_to(&service(), &observed, OWNER, 2).unwrap();
    let words: Vec<String> = diff.changes.iter().map(Change::words).collect();
    assert_eq!(words, ["set the count of api to 2"]);
    assert!(
        diff.notes[0].text.contains("0 → 2 pods"),
        "{:?}",
        diff.notes
    );
}

#[test]
fn what_an_autoscaler_of_others_decides_is_refused() {
    let mut observed = there(&desired("shop/api:v1", ""));
    observed.scaler = Some("ScaledObject api".into());
    let refused = scale_to(&service(), &observed, OWNER, 4).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
}
