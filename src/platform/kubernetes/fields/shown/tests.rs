use serde_json::json;

use super::*;
use crate::platform::kubernetes::fields::compare::{Ownership, differences};
use crate::platform::kubernetes::kinds::Kind;

fn id(kind: Kind) -> Id {
    Id {
        kind,
        name: "api".into(),
    }
}

fn container(container: &Value) -> Value {
    json!({"metadata": {}, "spec": {"template": {"spec": {"containers": [container]}}}})
}

fn shown(from: &Value, to: &Value, sensitive: &Sensitive) -> Vec<String> {
    let differences = differences(
        &Fields::of(to),
        &Fields::of(from),
        &Ownership::of(from, |_| false),
    );
    views(&id(Kind::Deployment), &differences, sensitive)
        .iter()
        .map(|view| {
            let side = |side: &Option<String>| side.clone().unwrap_or("-".into());
            format!("{}: {} -> {}", view.path, side(&view.from), side(&view.to))
        })
        .collect()
}

#[test]
fn a_secret_is_masked_on_both_sides_wherever_it_stands() {
    let env = |password: &str, level: &str, plain: &str| {
        container(&json!({"name": "api", "env": [
            {"name": "DB_PASSWORD", "value": password},
            {"name": "LEVEL", "value": level},
            {"name": "PLAIN", "value": plain},
        ]}))
    };
    let sensitive = Sensitive::from([("api".to_owned(), "PLAIN".to_owned())]);
    assert_eq!(
        shown(
            &env("old", "info", "a"),
            &env("new", "debug", "b"),
            &sensitive
        ),
        [
            "spec.template.spec.containers[api].env[DB_PASSWORD].value: (masked) -> (masked), another value",
            "spec.template.spec.containers[api].env[LEVEL].value: info -> debug",
            "spec.template.spec.containers[api].env[PLAIN].value: (masked) -> (masked), another value",
        ]
    );
    let args = |args: &[&str]| container(&json!({"name": "api", "args": args}));
    assert_eq!(
        shown(&args(&["--quiet"]), &args(&["--token=abc"]), &sensitive),
        ["spec.template.spec.containers[api].args: (masked) -> (masked), another value"]
    );
    let noted = |key: &str, value: &str| json!({"metadata": {"annotations": {key: value}}});
    assert_eq!(
        shown(&noted("token", "a"), &noted("token", "b"), &sensitive),
        ["metadata.annotations.token: (masked) -> (masked), another value"]
    );
    let kept = |value: &str| noted(LAST_APPLIED, value);
    assert_eq!(shown(&kept("{a}"), &kept("{b}"), &sensitive), [""; 0]);
}

#[test]
fn a_new_object_tells_what_it_will_be_without_secrets() {
    let manifest = json!({
        "metadata": {"labels": {"app": "api"}},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [
            {"name": "api", "image": "shop/api:v1", "args": [], "env": [{"name": "API_KEY", "value": "x"}]},
        ]}}},
    });
    let views = made(
        &id(Kind::Deployment),
        &Fields::of(&manifest),
        &Sensitive::new(),
    );
    let lines: Vec<String> = views
        .iter()
        .map(|view| {
            format!(
                "{} {}={}",
                view.object,
                view.path,
                view.to.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "Deployment api =api",
            "Deployment api spec.replicas=2",
            "Deployment api spec.template.spec.containers[api].env[API_KEY].value=(masked)",
            "Deployment api spec.template.spec.containers[api].image=shop/api:v1",
        ]
    );
}

#[test]
fn each_change_has_its_effect() {
    let table = [
        (
            Kind::Deployment,
            &["spec", "template", "metadata"][..],
            Effect::Restarts,
        ),
        (Kind::Deployment, &["spec", "replicas"], Effect::Scales),
        (
            Kind::Deployment,
            &["spec", "minReadySeconds"],
            Effect::Invisible,
        ),
        (
            Kind::HorizontalPodAutoscaler,
            &["spec", "minReplicas"],
            Effect::Scales,
        ),
        (
            Kind::HorizontalPodAutoscaler,
            &["spec", "metrics"],
            Effect::Invisible,
        ),
        (Kind::Ingress, &["spec", "rules"], Effect::Invisible),
    ];
    for (kind, path, wanted) in table {
        assert_eq!(kind.effect(&Path::of(path)), wanted, "{kind} {path:?}");
    }
}

#[test]
fn a_merge_key_is_shown_only_where_nothing_else_is() {
    let ports = |ports: &[u16]| {
        let ports: Vec<Value> = ports
            .iter()
            .map(|port| json!({"containerPort": port, "protocol": "TCP"}))
            .collect();
        container(&json!({"name": "api", "ports": ports}))
    };
    assert_eq!(
        shown(&ports(&[80]), &ports(&[80, 90]), &Sensitive::new()),
        ["spec.template.spec.containers[api].ports[90/TCP].containerPort: - -> 90"]
    );
}
