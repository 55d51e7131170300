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

/// The lines of the files about these keys, in order.
fn about<'l>(lines: &'l [String], keys: &[&str]) -> Vec<&'l str> {
    let told = lines
        .iter()
        .filter(|line| keys.iter().any(|key| line.starts_with(&format!("{key} "))));
    told.map(String::as_str).collect()
}

const STATEFUL: &str = r"  replicas: 3
  serviceName: peers
  podManagementPolicy: Parallel
  minReadySeconds: 5
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Delete }
  updateStrategy: { type: RollingUpdate, rollingUpdate: { partition: 1 } }
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: { name: data, creationTimestamp: null }
      spec: { accessModes: [ReadWriteOnce], storageClassName: gp3, resources: { requests: { storage: 10Gi } }, volumeMode: Filesystem }
      status: { phase: Pending }
    - metadata: { name: log }
      spec: { accessModes: [ReadWriteMany], resources: { requests: { storage: 512Mi } } }";

#[test]
fn a_stateful_set_comes_in_as_a_service() {
    let text = workload("StatefulSet", STATEFUL)
        + "          volumeMounts: [{ name: data, mountPath: /data }]\n";
    let lines = said(&text);
    let keys = [
        "kind",
        "mounts",
        "claims",
        "claim_retention",
        "service_name",
        "pod_management",
        "partition",
        "replicas",
    ];
    assert_eq!(
        about(&lines, &keys),
        [
            "replicas = 3 # at creation; for ever where nothing scales it",
            "mounts = { \"/data\" = \"data\" }",
            "kind = \"StatefulSet\"",
            "claim_retention = { scaled = \"Delete\" }",
            "service_name = \"peers\"",
            "pod_management = \"parallel\"",
            "partition = 1",
        ]
    );
    let claims = [
        "data = { size = \"10GiB\", storage_class = \"gp3\" }",
        "log = { size = \"512MiB\", access = [\"ReadWriteMany\"] }",
    ];
    assert!(lines.join(" ").contains(claims[0]), "{lines:#?}");
    assert!(lines.join(" ").contains(claims[1]), "{lines:#?}");
}

#[test]
fn a_daemon_set_comes_in_as_a_service() {
    let table: [(&str, &[&str]); 4] = [
        ("  minReadySeconds: 5", &["kind = \"DaemonSet\""]),
        (
            "  updateStrategy: { type: OnDelete }",
            &["kind = \"DaemonSet\"", "strategy = \"on_delete\""],
        ),
        (
            "  updateStrategy: { rollingUpdate: { maxSurge: 10%, maxUnavailable: 0 } }",
            &["kind = \"DaemonSet\"", "max_surge = \"10%\""],
        ),
        (
            "  updateStrategy: { rollingUpdate: { maxUnavailable: 20% } }",
            &["kind = \"DaemonSet\"", "max_unavailable = \"20%\""],
        ),
    ];
    for (fields, wanted) in table {
        let lines = said(&workload("DaemonSet", fields));
        let keys = ["kind", "strategy", "max_surge", "max_unavailable", "spread"];
        assert_eq!(about(&lines, &keys), wanted, "{fields}");
    }
}

/// A set beside a Deployment is a service as well.
#[test]
fn kinds_come_in_beside_each_other() {
    let beside = workload("StatefulSet", "  serviceName: web").replace("web", "db");
    let text = workload("Deployment", "  replicas: 2") + "---\n" + &beside;
    let imported = imported(&text);
    assert_eq!(imported.losses, []);
    assert_eq!(imported.manifests, []);
    for table in ["[service.web]", "[service.db]"] {
        assert!(imported.deploy.contains(table), "{}", imported.deploy);
    }
}
