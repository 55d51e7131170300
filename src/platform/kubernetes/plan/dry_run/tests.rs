use kube::core::response::{Status, StatusCause, StatusDetails};

use super::*;
use crate::platform::TakesOver;
use crate::platform::kubernetes::plan::diff::{Wish, diff};
use crate::platform::kubernetes::plan::tests::samples::{OWNER, carrying, desired, id, there};

fn refused(code: u16, reason: &str, causes: &[(&str, &str)]) -> kube::Error {
    let causes = causes.iter().map(|(manager, field)| StatusCause {
        reason: "FieldManagerConflict".into(),
        message: format!("conflict with \"{manager}\" using apps/v1"),
        field: (*field).into(),
    });
    let details = StatusDetails {
        name: "api".into(),
        group: String::new(),
        kind: String::new(),
        uid: String::new(),
        causes: causes.collect(),
        retry_after_seconds: 0,
    };
    let status = Status::failure("no", reason).with_code(code);
    kube::Error::Api(status.with_details(details).boxed())
}

fn said(error: kube::Error, taken: &[&str], counted: bool) -> Proof {
    let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
    let before = Before {
        takes_over: &taken,
        claims: false,
        counts: counted,
    };
    judge(&id(Kind::Deployment), Err(error), None, before)
}

#[test]
fn each_answer_has_its_meaning() {
    assert!(matches!(
        said(refused(422, "Invalid", &[]), &[], false),
        Proof::Refused(_)
    ));
    assert!(matches!(
        said(refused(403, "Forbidden", &[]), &[], false),
        Proof::Refused(_)
    ));
    // A webhook that has side effects cannot be asked.
    assert!(matches!(
        said(refused(400, "BadRequest", &[]), &[], false),
        Proof::Untold(Some(_))
    ));
    assert!(matches!(
        said(refused(500, "InternalError", &[]), &[], false),
        Proof::Untold(Some(_))
    ));
    let words =
        "Internal error occurred: failed calling webhook \"guard.example.com\": connection refused";
    let down = Status::failure(words, "InternalError").with_code(500);
    let down = said(kube::Error::Api(down.boxed()), &[], false);
    assert!(matches!(down, Proof::Refused(_)), "{down:?}");
    let image = (
        "kubectl-set",
        ".spec.template.spec.containers[name=\"api\"].image",
    );
    let count = ("deployer-replicas", ".spec.replicas");
    let conflict = |taken: &[&str], counted| match said(
        refused(409, "Conflict", &[image, count]),
        taken,
        counted,
    ) {
        Proof::Conflicts(left) => left.len(),
        _ => 0,
    };
    assert_eq!(conflict(&[], false), 2);
    assert_eq!(conflict(&[], true), 1, "the number is given beforehand");
    assert_eq!(
        conflict(&["kubectl-set"], true),
        0,
        "it is taken over beforehand"
    );
}

fn plan(image: &str, observed: &Observed) -> Draft {
    let desired = desired(image, "");
    let wish = Wish {
        desired: &desired,
        owner: OWNER,
        name: "api",
        adopt: false,
        takes_over: TakesOver::Itself,
        force: false,
    };
    diff(&wish, observed).unwrap()
}

/// What an answer to applying the Deployment means.
fn answered(result: Value, observed: &Observed) -> Proof {
    let before = Before {
        takes_over: &[],
        claims: false,
        counts: false,
    };
    let id = id(Kind::Deployment);
    judge(&id, Ok(result), observed.live(&id), before)
}

#[test]
fn what_admission_makes_of_an_image_is_what_the_plan_shows() {
    let observed = there(&desired("shop/api:v1", ""));
    let mut diff = plan("shop/api:v2", &observed);
    let mut result = observed.deployment("api").unwrap().clone();
    let image = &mut result["spec"]["template"]["spec"]["containers"][0]["image"];
    *image = "mirror.test/shop/api:v2".into();
    let proofs = vec![(id(Kind::Deployment), answered(result, &observed))];
    settle(&mut diff, proofs, &observed, true).unwrap();
    let to: Vec<_> = diff.views.iter().map(|view| view.to.as_deref()).collect();
    assert_eq!(to, [Some("mirror.test/shop/api:v2")]);
    assert!(diff.starts_rollout());
}

#[test]
fn to_give_a_field_up_is_a_change_although_the_object_stays_as_it_is() {
    let observed = there(&desired("shop/api:v1", ""));
    let mut result = observed.deployment("api").unwrap().clone();
    let fields = &mut result["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"];
    assert!(
        fields
            .as_object_mut()
            .unwrap()
            .remove("f:replicas")
            .is_some()
    );
    assert!(matches!(answered(result, &observed), Proof::Becomes(_)));
}

#[test]
fn what_comes_out_as_it_is_is_no_change() {
    let observed = there(&desired("shop/api:v1", ""));
    let mut diff = plan("shop/api:v2", &observed);
    let live = observed.deployment("api").cloned();
    let proof = answered(live.clone().unwrap(), &observed);
    assert!(matches!(proof, Proof::Nothing));
    settle(
        &mut diff,
        vec![(id(Kind::Deployment), proof)],
        &observed,
        true,
    )
    .unwrap();
    assert_eq!((diff.changes, diff.views), (vec![], vec![]));
}

#[test]
fn a_template_that_comes_out_as_it_is_rolls_nothing() {
    let observed = there(&desired("shop/api:v1", ""));
    let mut diff = plan("shop/api:v2", &observed);
    let mut result = observed.deployment("api").unwrap().clone();
    result["spec"]["minReadySeconds"] = 9.into();
    let proofs = vec![(id(Kind::Deployment), Proof::Becomes(result))];
    settle(&mut diff, proofs, &observed, true).unwrap();
    assert!(!diff.starts_rollout());
    assert_eq!(diff.views, []);
}

#[test]
fn who_may_not_try_still_reads_a_plan_but_performs_none() {
    let observed = there(&desired("shop/api:v1", ""));
    let denied = || {
        let error = Failed::new("try", FailureKind::Denied, "alice cannot patch");
        vec![(id(Kind::Deployment), Proof::Refused(error))]
    };
    let mut diff = plan("shop/api:v2", &observed);
    settle(&mut diff, denied(), &observed, false).unwrap();
    assert_eq!(diff.notes[0].code, "not_proven");
    assert!(!diff.views.is_empty());
    let error = settle(&mut diff, denied(), &observed, true).unwrap_err();
    assert_eq!(error.kind, FailureKind::Denied);
}

#[test]
fn an_object_that_is_wrong_is_an_error_in_any_plan() {
    let observed = there(&desired("shop/api:v1", ""));
    let wrong = Failed::new("try", FailureKind::Invalid, "spec.replicas: -1");
    let proofs = vec![(id(Kind::Deployment), Proof::Refused(wrong))];
    let mut diff = plan("shop/api:v2", &observed);
    assert!(settle(&mut diff, proofs, &observed, false).is_err());
}

#[test]
fn nobody_is_asked_about_a_kind_that_is_about_to_be_defined() {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
                      metadata: { name: widgets.example.com }\nspec:\n  group: example.com\n  \
                      names: { kind: Widget, plural: widgets }\n  versions: [{ name: v1 }]\n";
    let wanted = carrying("", &[("k8s/a.yaml", definition)]);
    let wish = Wish {
        desired: &wanted,
        owner: OWNER,
        name: "api",
        adopt: false,
        takes_over: TakesOver::Itself,
        force: false,
    };
    let made = diff(&wish, &Observed::default()).unwrap();
    assert_eq!(coming(&made.changes), [("example.com", "Widget")].into());
    let there = diff(&wish, &there(&wanted)).unwrap();
    assert_eq!(coming(&there.changes), [].into());
}

#[test]
fn what_is_refused_has_the_place_of_its_manifest() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n";
    let wanted = carrying("", &[("k8s/a.yaml", text)]);
    let refused = said(refused(422, "Invalid", &[]), &[], false).of(&wanted.objects[0]);
    let Proof::Refused(failed) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(failed.operation, "apply ConfigMap a (k8s/a.yaml:1)");
}
