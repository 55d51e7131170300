//! Whose an object is, and what an adoption says.

use serde_json::json;

use super::*;
use crate::platform::Intent;
use crate::platform::kubernetes::kinds::Kind;

fn id(kind: Kind) -> Id {
    Id {
        kind,
        name: "api".into(),
    }
}

const OWNER: Owner<'_> = Owner {
    project: "shop",
    exact: None,
    target: "dev",
    service: "api",
};

fn labelled(project: &str, service: &str) -> Value {
    json!({"metadata": {"labels": {key::PROJECT: project, key::SERVICE: service}}})
}

#[test]
fn ours_is_what_carries_both_labels() {
    assert!(OWNER.has(&labelled("shop", "api")));
    assert!(!OWNER.has(&labelled("shop", "web")));
    assert!(!OWNER.has(&labelled("blog", "api")));
    assert!(!OWNER.has(&json!({"metadata": {}})));
}

#[test]
fn a_refusal_says_whose_it_is_and_what_adopting_resets() {
    let views = [ChangeView {
        object: "Deployment api".into(),
        path: "spec.replicas".into(),
        from: Some("5".into()),
        to: Some("2".into()),
        effect: crate::plan::Effect::Scales,
    }];
    let deployment = id(Kind::Deployment);
    let bare = json!({});
    let refused = refuse_foreign(&[(&deployment, &bare)], OWNER, &views, TakesOver::Itself);
    assert_eq!(refused.kind, FailureKind::Refused);
    assert_eq!(
        refused.message,
        "Deployment api is not ours (it has no labels deployer/project=shop and \
         deployer/service=api); --adopt takes over what is there and resets spec.replicas"
    );
    let other = labelled("blog", "web");
    let refused = refuse_foreign(&[(&deployment, &other)], OWNER, &[], TakesOver::Itself);
    assert!(
        refused
            .message
            .starts_with("Deployment api belongs to service web of project blog;"),
        "{}",
        refused.message
    );
}

#[test]
fn a_command_without_the_option_names_the_one_that_has_it() {
    let intents = [
        (Intent::default(), TakesOver::Itself),
        (
            Intent {
                destroy: true,
                ..Intent::default()
            },
            TakesOver::Itself,
        ),
        (
            Intent {
                never_adopts: true,
                ..Intent::default()
            },
            TakesOver::ByApply,
        ),
        (
            Intent {
                restart: true,
                ..Intent::default()
            },
            TakesOver::ByApply,
        ),
        (
            Intent {
                count: Some(2),
                ..Intent::default()
            },
            TakesOver::ByApply,
        ),
        (
            Intent {
                back_to: Some(crate::platform::BackTo::LastGood),
                ..Intent::default()
            },
            TakesOver::ByApply,
        ),
    ];
    let deployment = id(Kind::Deployment);
    for (intent, way) in intents {
        assert_eq!(TakesOver::of(&intent), way, "{intent:?}");
        let refused = refuse_foreign(&[(&deployment, &json!({}))], OWNER, &[], way).message;
        let by_apply = refused.contains("; `apply --adopt` takes over what is there");
        assert_eq!(by_apply, way == TakesOver::ByApply, "{refused}");
    }
}

#[test]
fn tools_are_taken_over_and_controllers_never() {
    let entry = |manager: &str, subresource: &str| json!({"manager": manager, "operation": "Update", "subresource": subresource, "fieldsV1": {}});
    let object = json!({"metadata": {"managedFields": [
        entry("kubectl-client-side-apply", ""),
        entry("kubectl", "scale"),
        entry("helm", ""),
        entry("pulumi-kubernetes-1a2b3c4d", ""),
        entry("argocd-controller", ""),
        entry("argocd-controller", "status"),
        entry("some-operator", ""),
        entry("kube-controller-manager", ""),
        entry("deployer", ""),
    ]}});
    let taken = taken_from(&object);
    assert_eq!(
        taken,
        [
            "argocd-controller",
            "helm",
            "kubectl-client-side-apply",
            "pulumi-kubernetes-1a2b3c4d",
        ]
    );
    let note = reconciled(&id(Kind::Deployment), &taken).unwrap();
    assert!(
        note.text.starts_with("argocd-controller applied"),
        "{}",
        note.text
    );
    assert_eq!(reconciled(&id(Kind::Deployment), &taken[1..]), None);
}

#[test]
fn what_goes_away_is_not_changed_and_a_selector_never() {
    let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    assert!(what_hinders(&id(Kind::Service), &going, &[]).is_some());
    let changes = |fields: &[&str]| {
        vec![Difference {
            path: Path::of(fields),
            from: None,
            to: None,
        }]
    };
    let selector = changes(&["spec", "selector"]);
    let theirs = json!({"spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": "web", "tier": "front"}}}});
    let refused = what_hinders(&id(Kind::Deployment), &theirs, &selector).unwrap();
    let line = r#"`selector = { "app.kubernetes.io/name" = "web", "tier" = "front" }` in [service.NAME.kubernetes]"#;
    assert!(refused.message.contains(line), "{}", refused.message);
    assert!(what_hinders(&id(Kind::Deployment), &json!({}), &selector).is_some());
    assert!(what_hinders(&id(Kind::Deployment), &json!({}), &[]).is_none());
    let claims = changes(&["spec", "volumeClaimTemplates"]);
    let refused = what_hinders(&id(Kind::StatefulSet), &json!({}), &claims).unwrap();
    let words = "say `claims` as it is there; or `kubectl delete statefulset api --cascade=orphan`";
    assert!(refused.message.contains(words), "{}", refused.message);
    assert!(what_hinders(&id(Kind::Deployment), &json!({}), &claims).is_none());
}
