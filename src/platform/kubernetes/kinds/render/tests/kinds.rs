//! What the pods are made by, and how they make way for others.

use serde_json::json;

use super::{desired, manifest, small};
use crate::platform::kubernetes::kinds::Kind;

#[test]
fn all_pods_can_end_before_new_ones_start() {
    let recreate = "[service.api.kubernetes]\nstrategy = \"recreate\"\n";
    let found = desired(&small(recreate, ""));
    let deployment = manifest(&found, Kind::Deployment);
    assert_eq!(
        deployment["spec"]["strategy"],
        json!({ "type": "Recreate" })
    );
    assert_eq!(found.on_rollout[0].code, "recreates");
}

const STATEFUL: &str = r#"
port = 5432
mounts = { "/data" = "data" }
scaling = { min = 3, max = 5, cpu = 70 }
[service.api.kubernetes]
kind = "StatefulSet"
service = { headless = true }
pod_management = "parallel"
partition = 1
max_unavailable = 2
claim_retention = { scaled = "Delete" }
claims = { data = { size = "10GiB", storage_class = "gp3", labels = { tier = "db" } }, log = { size = "512MiB", access = ["ReadWriteOncePod"] } }
patch = { stateful_set = { spec = { ordinals = { start = 1 } } } }
"#;

#[test]
fn pods_can_have_names_and_volumes_of_their_own() {
    let found = desired(&small(STATEFUL, ""));
    assert!(found.object(Kind::Deployment).is_none());
    let set = manifest(&found, Kind::StatefulSet);
    let spec = &set["spec"];
    assert_eq!(set["apiVersion"], "apps/v1");
    assert_eq!(
        spec["volumeClaimTemplates"],
        json!([
            {
                "metadata": { "name": "data", "labels": { "tier": "db" } },
                "spec": {
                    "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3",
                    "resources": { "requests": { "storage": "10Gi" } },
                },
            },
            {
                "metadata": { "name": "log" },
                "spec": {
                    "accessModes": ["ReadWriteOncePod"],
                    "resources": { "requests": { "storage": "512Mi" } },
                },
            },
        ])
    );
    assert_eq!(
        spec["updateStrategy"],
        json!({
            "type": "RollingUpdate", "rollingUpdate": { "partition": 1, "maxUnavailable": 2 },
        })
    );
    assert_eq!(
        spec["persistentVolumeClaimRetentionPolicy"],
        json!({ "whenDeleted": "Retain", "whenScaled": "Delete" })
    );
    assert_eq!(
        (
            &spec["serviceName"],
            &spec["podManagementPolicy"],
            &spec["minReadySeconds"],
            &spec["ordinals"]["start"],
        ),
        (&json!("api"), &json!("Parallel"), &json!(5), &json!(1))
    );
    for none in ["replicas", "strategy", "progressDeadlineSeconds"] {
        assert_eq!(spec.get(none), None, "{none}");
    }
}

#[test]
fn what_is_beside_a_stateful_set_knows_it() {
    let found = desired(&small(STATEFUL, ""));
    let pod = &manifest(&found, Kind::StatefulSet)["spec"]["template"]["spec"];
    assert_eq!(
        pod["containers"][0]["volumeMounts"],
        json!([{ "name": "data", "mountPath": "/data" }])
    );
    let spread = &pod["topologySpreadConstraints"][0]["matchLabelKeys"];
    assert_eq!(*spread, json!(["controller-revision-hash"]));
    let scaler = manifest(&found, Kind::HorizontalPodAutoscaler);
    assert_eq!(scaler["spec"]["scaleTargetRef"]["kind"], "StatefulSet");
    assert!(found.object(Kind::PodDisruptionBudget).is_some());
}

#[test]
fn a_small_set_says_no_more_than_it_must() {
    let more = "replicas = 3\n[service.api.kubernetes]\nkind = \"StatefulSet\"\nstrategy = \"on_delete\"\n";
    let found = desired(&small(more, ""));
    let spec = &manifest(&found, Kind::StatefulSet)["spec"];
    let keys: Vec<&String> = spec.as_object().unwrap().keys().collect();
    let wanted = [
        "minReadySeconds",
        "replicas",
        "revisionHistoryLimit",
        "selector",
        "template",
        "updateStrategy",
    ];
    assert_eq!(keys, wanted);
    assert_eq!(spec["updateStrategy"], json!({ "type": "OnDelete" }));
    assert_eq!(found.on_rollout[0].code, "on_delete");
}

#[test]
fn a_pod_can_run_on_each_node() {
    let rolling = |more: &str| {
        let more = format!("[service.api.kubernetes]\nkind = \"DaemonSet\"\n{more}");
        let found = desired(&small(&more, ""));
        assert!(found.scaled && found.object(Kind::PodDisruptionBudget).is_none());
        let spec = manifest(&found, Kind::DaemonSet)["spec"].clone();
        assert_eq!(spec.get("replicas"), None);
        let pod = &spec["template"]["spec"];
        assert_eq!(pod.get("topologySpreadConstraints"), None);
        spec["updateStrategy"]["rollingUpdate"].clone()
    };
    assert_eq!(rolling(""), json!({ "maxSurge": 0, "maxUnavailable": 1 }));
    assert_eq!(
        rolling("max_surge = \"50%\"\n"),
        json!({ "maxSurge": "50%", "maxUnavailable": 0 })
    );
    assert_eq!(
        rolling("max_unavailable = 2\n"),
        json!({ "maxSurge": 0, "maxUnavailable": 2 })
    );
}
