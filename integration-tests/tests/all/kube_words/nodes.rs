//! Which nodes pods go to, and what they have there.

use serde_json::{Value, json};

use super::Held;

/// Labels as Karpenter and the kubelet give them.
pub(super) fn labels() -> Value {
    json!({ "karpenter.sh/capacity-type": "spot", "karpenter.sh/nodepool": "general", "disk": "ssd",
        "kubernetes.io/arch": "arm64", "topology.kubernetes.io/zone": "z-words",
        "eks.amazonaws.com/nodegroup": "workers", "eks.amazonaws.com/capacityType": "SPOT" })
}

/// Classes of pods, which belong to the whole cluster.
pub(super) fn needed() -> [Value; 2] {
    let named = json!({ "name": "words" });
    [
        json!({ "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": named, "value": 7 }),
        json!({ "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": named, "handler": "runc" }),
    ]
}

pub(super) const SAYS: &str = r#"
port = 8080
architecture = "arm64"

[service.api.kubernetes]
nodes = { capacity = "spot", pool = "general" }
do_not_disrupt = true
node_selector = { disk = "ssd" }
tolerations = [{ key = "only", operator = "Equal", value = "these", effect = "NoSchedule" }]
affinity = { podAffinity = { preferredDuringSchedulingIgnoredDuringExecution = [{ weight = 1, podAffinityTerm = { topologyKey = "kubernetes.io/hostname", labelSelector = { matchLabels = { app = "db" } } } }] } }
spread = [{ maxSkew = 1, topologyKey = "topology.kubernetes.io/zone", whenUnsatisfiable = "ScheduleAnyway" }]
priority_class = "words"
runtime_class = "words"
scheduler = "default-scheduler"
limits = { memory = "64Mi", gpu = 1, extended = { "aws.amazon.com/neuron" = 1 } }
"#;

pub(super) fn held() -> Vec<Held> {
    let selector = json!({ "karpenter.sh/capacity-type": "spot", "karpenter.sh/nodepool": "general", "disk": "ssd",
        "kubernetes.io/arch": "arm64" });
    let spread = json!([{ "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": { "matchLabels": { "app": "api" } } }]);
    let pod = json!({
        "nodeSelector": selector,
        "tolerations": [{ "key": "only", "operator": "Equal", "value": "these", "effect": "NoSchedule" }],
        "affinity": { "podAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [{ "weight": 1 }] } },
        "topologySpreadConstraints": spread,
        "priorityClassName": "words",
        "runtimeClassName": "words",
        "schedulerName": "default-scheduler",
        "containers": [{ "resources": { "limits": { "memory": "64Mi", "nvidia.com/gpu": "1",
            "aws.amazon.com/neuron": "1" } } }],
    });
    let annotations = json!({ "karpenter.sh/do-not-disrupt": "true" });
    let template = json!({ "metadata": { "annotations": annotations }, "spec": pod });
    vec![(
        "deployments",
        "api",
        json!({ "spec": { "template": template } }),
    )]
}

pub(super) const OF_A_GROUP: &str = r#"
port = 8080

[service.api.kubernetes]
nodes = { capacity = "spot", group = "workers" }
tolerations = [{ key = "only", operator = "Exists" }]
"#;

pub(super) fn held_of_a_group() -> Vec<Held> {
    let selector = json!({ "eks.amazonaws.com/nodegroup": "workers", "eks.amazonaws.com/capacityType": "SPOT",
        "karpenter.sh/capacity-type": null, "karpenter.sh/nodepool": null });
    let pod = json!({ "nodeSelector": selector });
    vec![(
        "deployments",
        "api",
        json!({ "spec": { "template": { "spec": pod } } }),
    )]
}

/// The profile of Fargate says which pods are its own: the file only says what they cannot have.
pub(super) const ON_FARGATE: &str = r#"
port = 8080
env = { ON = "fargate" }

[service.api.kubernetes]
nodes = "fargate"
"#;

pub(super) fn held_on_fargate() -> Vec<Held> {
    let pod = json!({ "nodeSelector": null, "tolerations": null });
    vec![(
        "deployments",
        "api",
        json!({ "spec": { "template": { "spec": pod } } }),
    )]
}
