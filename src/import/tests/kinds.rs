//! How pods make way for others, and what they are made by.

use super::*;

/// A workload whose fields these are, beside its pods.
fn workload(kind: &str, fields: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: {kind}
metadata: {{ name: web, namespace: shop }}
spec:
{fields}
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec:
      containers:
        - name: web
          image: "web:v1"
          resources: {{ requests: {{ cpu: 250m, memory: 256Mi }}, limits: {{ memory: 256Mi }} }}
"#
    )
}

fn imported(text: &str) -> Imported {
    let target: TargetName = "production".parse().unwrap();
    let source = Source::Kubernetes(files::manifests(text).unwrap());
    import(&source, &target).unwrap()
}

/// What the files say of a workload; nothing of it is lost, nor said by a patch.
fn said(text: &str) -> Vec<String> {
    let imported = imported(text);
    assert_eq!(imported.losses, [], "{}", imported.deploy);
    assert_eq!(imported.patched, [], "{}", imported.deploy);
    let lines = imported.deploy.lines();
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn how_pods_of_a_deployment_make_way_comes_in() {
    let table: [(&str, &[&str]); 7] = [
        (
            "  strategy: { type: Recreate }",
            &["strategy = \"recreate\""],
        ),
        (
            "  strategy: { type: RollingUpdate, rollingUpdate: { maxUnavailable: 0 } }",
            &[],
        ),
        (
            "  strategy: { rollingUpdate: { maxUnavailable: 0%, maxSurge: 1 } }",
            &["max_surge = 1", "max_unavailable = \"0%\""],
        ),
        (
            "  strategy: { rollingUpdate: { maxSurge: 1 } }",
            &["max_surge = 1", "max_unavailable = \"25%\""],
        ),
        (
            "  strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }",
            &["max_surge = 0", "max_unavailable = 1"],
        ),
        (
            "  strategy: { type: RollingUpdate }",
            &["max_unavailable = \"25%\""],
        ),
        ("  replicas: 1", &["max_unavailable = \"25%\""]),
    ];
    for (fields, wanted) in table {
        let found = said(&workload("Deployment", fields));
        let keys = ["strategy ", "max_surge ", "max_unavailable "];
        let told = found
            .iter()
            .filter(|line| keys.iter().any(|key| line.starts_with(key)));
        let told: Vec<&str> = told.map(String::as_str).collect();
        assert_eq!(told, wanted, "{fields}");
    }
}
