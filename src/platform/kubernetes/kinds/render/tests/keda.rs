//! KEDA in the place of the autoscaler.

use serde_json::json;

use super::{desired, manifest, small};
use crate::platform::kubernetes::kinds::Kind;

const QUEUE: &str = r#"
scaling = { min = 0, max = 20, cpu = 70, scale_in_cooldown = "60s" }
[service.api.kubernetes.keda]
polling_interval = "15s"
cooldown = "2m"
idle = 0
fallback = { failures = 3, replicas = 6 }
authentications = { queue = { podIdentity = { provider = "aws" } } }
behavior = { scaleUp = { policies = [{ type = "Pods", value = 4, periodSeconds = 15 }] } }
labels = { tier = "worker" }
[[service.api.kubernetes.keda.triggers]]
type = "aws-sqs-queue"
metadata = { queueURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", queueLength = 5, scaleOnInFlight = false }
authentication = "queue"
[[service.api.kubernetes.keda.triggers]]
type = "prometheus"
name = "rps"
metadata = { query = "sum(rate(requests[1m]))", threshold = "100" }
authentication = { name = "metrics", kind = "ClusterTriggerAuthentication" }
metric_type = "Value"
use_cached_metrics = true
"#;

#[test]
fn keda_is_asked_for_in_place_of_an_autoscaler_and_of_a_count() {
    let found = desired(&small(QUEUE, ""));
    assert!(found.object(Kind::HorizontalPodAutoscaler).is_none());
    assert!(found.scaled && found.replicas == 1);
    let deployment = manifest(&found, Kind::Deployment);
    assert_eq!(deployment["spec"].get("replicas"), None);
    let scaler = manifest(&found, Kind::ScaledObject);
    assert_eq!(scaler["metadata"]["name"], "api");
    assert_eq!(scaler["metadata"]["labels"]["tier"], "worker");
    assert_eq!(
        scaler["spec"],
        json!({
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" },
            "minReplicaCount": 0,
            "maxReplicaCount": 20,
            "idleReplicaCount": 0,
            "pollingInterval": 15,
            "cooldownPeriod": 120,
            "fallback": { "failureThreshold": 3, "replicas": 6 },
            "advanced": { "horizontalPodAutoscalerConfig": { "behavior": {
                "scaleDown": { "stabilizationWindowSeconds": 60 },
                "scaleUp": { "policies": [{ "type": "Pods", "value": 4, "periodSeconds": 15 }] },
            } } },
            "triggers": [
                { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "70" } },
                {
                    "type": "aws-sqs-queue",
                    "metadata": {
                        "queueURL": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
                        "queueLength": "5", "scaleOnInFlight": "false",
                    },
                    "authenticationRef": { "name": "queue" },
                },
                {
                    "type": "prometheus", "name": "rps", "metricType": "Value", "useCachedMetrics": true,
                    "metadata": { "query": "sum(rate(requests[1m]))", "threshold": "100" },
                    "authenticationRef": { "name": "metrics", "kind": "ClusterTriggerAuthentication" },
                },
            ],
        })
    );
    let asks = manifest(&found, Kind::TriggerAuthentication);
    assert_eq!(asks["metadata"]["name"], "queue");
    assert_eq!(
        asks["spec"],
        json!({ "podIdentity": { "provider": "aws" } })
    );
}

#[test]
fn what_keda_is_told_of_pauses_names_and_sidecars_is_in_its_own_words() {
    let more = r#"
scaling = { min = 2, max = 4, memory = 80 }
[service.api.kubernetes]
kind = "StatefulSet"
keda = { name = "scaled", hpa_name = "api", restore = true, paused = 3, annotations = { a = "b" } }
patch = { scaled_object = { spec = { advanced = { scalingModifiers = { formula = "a + b", target = "2" } } } } }
[service.api.sidecar.proxy]
image = "proxy:1"
"#;
    let found = desired(&small(more, ""));
    let scaler = manifest(&found, Kind::ScaledObject);
    assert_eq!(scaler["metadata"]["name"], "scaled");
    let annotations = &scaler["metadata"]["annotations"];
    assert_eq!(annotations["autoscaling.keda.sh/paused-replicas"], "3");
    assert_eq!(annotations["a"], "b");
    assert_eq!(
        scaler["spec"],
        json!({
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "api" },
            "minReplicaCount": 2,
            "maxReplicaCount": 4,
            "advanced": {
                "restoreToOriginalReplicaCount": true,
                "horizontalPodAutoscalerConfig": { "name": "api" },
                "scalingModifiers": { "formula": "a + b", "target": "2" },
            },
            "triggers": [{
                "type": "memory", "metricType": "Utilization",
                "metadata": { "value": "80", "containerName": "api" },
            }],
        })
    );
    assert!(found.object(Kind::TriggerAuthentication).is_none());
}
