use serde_json::json;

use super::*;

fn paths(object: &Value) -> Vec<String> {
    Fields::of(object)
        .iter()
        .map(|(path, value)| format!("{path}={}", text(path, value)))
        .collect()
}

#[test]
fn paths_read_as_people_write_them() {
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "api", "uid": "u", "generation": 3,
            "labels": {"app": "api", "deployer/project": "shop"},
        },
        "spec": {"template": {"spec": {"containers": [{
            "name": "api", "args": ["a", "b"],
            "ports": [{"containerPort": 8080}],
            "resources": {"limits": {"cpu": 0.5}},
        }]}}},
        "status": {"replicas": 2},
    });
    assert_eq!(
        paths(&object),
        [
            "metadata.labels.app=api",
            "metadata.labels[deployer/project]=shop",
            "spec.template.spec.containers[api].args=[\"a\",\"b\"]",
            "spec.template.spec.containers[api].name=api",
            "spec.template.spec.containers[api].ports[8080/TCP].containerPort=8080",
            "spec.template.spec.containers[api].resources.limits.cpu=500m",
        ]
    );
}

#[test]
fn the_order_of_a_list_merged_by_key_is_nothing() {
    let list = |names: [&str; 2]| {
        let env: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        Fields::of(&json!({"spec": {"env": env}}))
    };
    assert_eq!(list(["A", "B"]), list(["B", "A"]));
}

#[test]
fn the_order_of_any_other_list_is_something() {
    let rules = |hosts: [&str; 2]| {
        let rules: Vec<Value> = hosts.iter().map(|host| json!({"host": host})).collect();
        Fields::of(&json!({"spec": {"rules": rules}}))
    };
    assert_ne!(rules(["a", "b"]), rules(["b", "a"]));
}

#[test]
fn a_digest_knows_quantities() {
    let limit =
        |memory: &str| Fields::of(&json!({"spec": {"limits": {"memory": memory}}})).digest();
    assert_eq!(limit("1Gi"), limit("1024Mi"));
    assert_ne!(limit("1Gi"), limit("1G"));
}

#[test]
fn something_under_a_path_is_found() {
    let fields = Fields::of(&json!({"spec": {"emptyDir": {"sizeLimit": "1Gi"}, "empty": 1}}));
    assert!(fields.has_any_under(&Path::of(&["spec", "emptyDir"])));
    assert!(!fields.has_any_under(&Path::of(&["spec", "emptyDi"])));
}

#[test]
fn metrics_are_told_apart_by_what_they_measure_and_not_by_their_order() {
    let metric = |name: &str| json!({"type": "Resource", "resource": {"name": name}});
    let scaler = |metrics: Value| Fields::of(&json!({"spec": {"metrics": metrics}}));
    let (one, other) = (metric("cpu"), metric("memory"));
    let turned = scaler(json!([other, one]));
    assert_eq!(scaler(json!([one, other])), turned);
    assert!(
        turned
            .iter()
            .any(|(path, _)| path.to_string() == "spec.metrics[cpu].type")
    );
    // What nobody can tell apart is known by its number.
    let twice = scaler(json!([one, one]));
    assert!(
        twice
            .iter()
            .any(|(path, _)| path.to_string() == "spec.metrics[1].type")
    );
}
