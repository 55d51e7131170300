use serde_json::json;

use super::*;
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::plan::tests::samples::carrying;

const SET: &str = "
apiVersion: example.com/v1
kind: Widget
metadata: { name: a, creationTimestamp: null, namespace: production, uid: u }
spec: { size: 1, none: null, password: hunter22 }
status: { ready: true }
---
apiVersion: v1
kind: Secret
metadata: { name: s, labels: { tier: back, app.kubernetes.io/managed-by: Helm } }
data: { A: YQ== }
stringData: { B: b }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  names: { kind: Widget, plural: widgets }
  scope: Namespaced
  versions: [{ name: v1 }]
---
apiVersion: monitoring.example.com/v1
kind: ClusterRule
metadata: { name: r }
";

fn desired() -> Desired {
    carrying("", &[("k8s/all.yaml", SET)])
}

#[test]
fn objects_are_carried_in_order_with_our_marks() {
    let desired = desired();
    let carried: Vec<&Object> = desired
        .objects
        .iter()
        .filter(|object| object.id.kind.is_carried())
        .collect();
    let titles: Vec<String> = carried.iter().map(|object| object.title()).collect();
    assert_eq!(
        titles,
        [
            "CustomResourceDefinition widgets.example.com (k8s/all.yaml:14)",
            "Secret s (k8s/all.yaml:8)",
            "Widget a (k8s/all.yaml:2)",
            "ClusterRule r (k8s/all.yaml:23)",
        ]
    );
    assert_eq!(
        carried[2].manifest,
        json!({
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": {
                "name": "a",
                "labels": {
                    "app.kubernetes.io/managed-by": "deployer",
                    "deployer/project": "shop",
                    "deployer/service": "api",
                },
                "annotations": { "deployer/target": "here" },
            },
            "spec": { "size": 1, "password": "hunter22" },
        })
    );
    // Where it will be served follows from its definition.
    assert_eq!(carried[2].id.kind.place().2, "widgets");
    assert_eq!(
        carried[1].manifest["data"],
        json!({ "A": "YQ==", "B": "Yg==" })
    );
    assert_eq!(carried[1].manifest.get("stringData"), None);
    let labels = &carried[1].manifest["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/managed-by"], "deployer");
    assert_eq!(labels["tier"], "back");
    // What is everybody's is nobody's in particular.
    let wide = json!({ "app.kubernetes.io/managed-by": "deployer" });
    assert_eq!(carried[0].manifest["metadata"]["labels"], wide);
    assert_eq!(carried[3].manifest["metadata"]["labels"], wide);
    assert_eq!(carried[3].manifest["metadata"].get("annotations"), None);
}

#[test]
fn nothing_secret_is_printed() {
    let documents = desired().documents(&"production".parse().unwrap());
    let text = serde_json::to_string(&documents).unwrap();
    assert!(
        !text.contains("YQ==") && !text.contains("Yg==") && !text.contains("hunter22"),
        "{text}"
    );
    assert_eq!(documents[0]["metadata"].get("namespace"), None);
    assert_eq!(documents[1]["metadata"]["namespace"], "production");
    assert_eq!(documents[1]["data"]["A"], MASK);
    let job = json!({"spec": {"env": [
        {"name": "API_TOKEN", "value": "abc"},
        {"name": "LEVEL", "value": "info"},
        {"name": "X_TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "token"}}},
    ], "secretName": "tls"}});
    let kind = Kind::Carried(Carried::named("batch", "v1", "Job"));
    assert_eq!(
        masked(kind, &job),
        json!({"spec": {"env": [
            {"name": "API_TOKEN", "value": MASK},
            {"name": "LEVEL", "value": "info"},
            {"name": "X_TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "token"}}},
        ], "secretName": "tls"}})
    );
}

#[test]
fn a_secret_that_is_carried_need_not_be_there() {
    let more =
        "secrets = { A = { secret = \"s\", key = \"A\" }, C = { secret = \"s\", key = \"C\" } }";
    let desired = carrying(more, &[("k8s/all.yaml", SET)]);
    let needed: BTreeSet<String> = [String::from("C")].into();
    assert_eq!(desired.needs_secrets.get("s"), Some(&needed));
}
