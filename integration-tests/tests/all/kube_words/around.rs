//! What stands around the pods: the Service, the Ingress, the autoscaler, the disruption budget, the service account, the
//! network policy, and the hatch for what there is no word for.

use serde_json::json;

use super::Held;

pub(super) const SAYS: &str = r#"
ports = [8080, "53/udp", 9090]
expose = {}
scaling = { min = 2, max = 4, cpu = 70, memory = 80, scale_in_cooldown = "60s" }

[service.api.kubernetes]
labels = { "app.kubernetes.io/part-of" = "shop" }
disruption = { min = "50%", unhealthy = "IfHealthyBudget", name = "budget", labels = { of = "budget" } }
network_policy = { from = [{ namespace = "ingress", pods = { app = "nginx" } }, { cidr = "10.0.0.0/8", except = ["10.1.0.0/16"] }, { namespaces = {} }], ports = [8080, "53/udp", "8000-9000"], to = [{ pods = { app = "db" } }], to_ports = [5432] }

[service.api.kubernetes.service]
name = "front"
type = "NodePort"
labels = { of = "service" }
annotations = { a = "b" }
ports = [
    { port = 80, name = "http", app_protocol = "kubernetes.io/h2c" },
    { port = 53, name = "dns", protocol = "udp" },
    { port = 9000, name = "extra", target = 9090 },
]

[service.api.kubernetes.service_account]
name = "web"
labels = { of = "account" }
annotations = { c = "d" }
pull_secrets = ["registry"]
automount_token = false

[service.api.kubernetes.autoscaler]
name = "scaler"
labels = { of = "scaler" }
metrics = [{ type = "Pods", pods = { metric = { name = "rps" }, target = { type = "AverageValue", averageValue = "100" } } }]
behavior = { scaleUp = { policies = [{ type = "Pods", value = 2, periodSeconds = 60 }] } }

[service.api.kubernetes.ingress]
name = "edge"
class = "nginx"
labels = { of = "ingress" }
annotations = { e = "f" }
tls = [{ hosts = ["a.example.com"], secret = "a-tls" }]
default_backend = { service = "fallback", port = "http" }
rules = [
    { host = "a.example.com", paths = [{ path = "/api", type = "Exact" }, { service = "other", port = 81 }] },
    { host = "b.example.com" },
]

[service.api.kubernetes.patch]
deployment = { spec = { template = { spec = { containers = [{ name = "api", terminationMessagePath = "/dev/last" }] } } } }
service = { spec = { sessionAffinity = "ClientIP" } }
ingress = { metadata = { annotations = { patched = "yes" } } }
hpa = { spec = { behavior = { scaleDown = { selectPolicy = "Disabled" } } } }
pdb = { metadata = { annotations = { patched = "yes" } } }
service_account = { metadata = { annotations = { patched = "yes" } } }
network_policy = { metadata = { annotations = { patched = "yes" } } }
"#;

fn policy() -> Held {
    let from = json!([
        { "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "ingress" } },
          "podSelector": { "matchLabels": { "app": "nginx" } } },
        { "ipBlock": { "cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"] } },
        { "namespaceSelector": {} },
    ]);
    let ports = json!([
        { "port": 8080, "protocol": "TCP" },
        { "port": 53, "protocol": "UDP" },
        { "port": 8000, "endPort": 9000, "protocol": "TCP" },
    ]);
    let to = json!([{ "podSelector": { "matchLabels": { "app": "db" } } }]);
    let spec = json!({
        "podSelector": { "matchLabels": { "app": "api" } },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{ "from": from, "ports": ports }],
        "egress": [{ "to": to, "ports": [{ "port": 5432, "protocol": "TCP" }] }],
    });
    let metadata = json!({ "annotations": { "patched": "yes" } });
    (
        "networkpolicies",
        "api",
        json!({ "metadata": metadata, "spec": spec }),
    )
}

fn ingress() -> Held {
    let to =
        |name: &str, port: serde_json::Value| json!({ "service": { "name": name, "port": port } });
    let own = to("front", json!({ "number": 80 }));
    let first = json!([
        { "path": "/api", "pathType": "Exact", "backend": own },
        { "path": "/", "pathType": "Prefix", "backend": to("other", json!({ "number": 81 })) },
    ]);
    let second = json!([{ "path": "/", "pathType": "Prefix", "backend": own }]);
    let spec = json!({
        "ingressClassName": "nginx",
        "tls": [{ "hosts": ["a.example.com"], "secretName": "a-tls" }],
        "defaultBackend": to("fallback", json!({ "name": "http" })),
        "rules": [
            { "host": "a.example.com", "http": { "paths": first } },
            { "host": "b.example.com", "http": { "paths": second } },
        ],
    });
    let annotations = json!({ "e": "f", "patched": "yes" });
    let metadata = json!({ "labels": { "of": "ingress" }, "annotations": annotations });
    (
        "ingresses",
        "edge",
        json!({ "metadata": metadata, "spec": spec }),
    )
}

fn scaler() -> Held {
    let target = |name: &str, percent: u32| {
        let target = json!({ "type": "Utilization", "averageUtilization": percent });
        json!({ "type": "Resource", "resource": { "name": name, "target": target } })
    };
    let requests = json!({ "type": "Pods", "pods": { "metric": { "name": "rps" },
        "target": { "type": "AverageValue", "averageValue": "100" } } });
    let behavior = json!({
        "scaleUp": { "policies": [{ "type": "Pods", "value": 2, "periodSeconds": 60 }] },
        "scaleDown": { "stabilizationWindowSeconds": 60, "selectPolicy": "Disabled" },
    });
    let spec = json!({ "minReplicas": 2, "maxReplicas": 5, "behavior": behavior,
        "metrics": [target("cpu", 70), target("memory", 80), requests] });
    let metadata = json!({ "labels": { "of": "scaler" } });
    (
        "horizontalpodautoscalers",
        "scaler",
        json!({ "metadata": metadata, "spec": spec }),
    )
}

pub(super) fn held() -> Vec<Held> {
    let labels = json!({ "app.kubernetes.io/part-of": "shop", "of": null });
    let container = json!({ "name": "api", "terminationMessagePath": "/dev/last" });
    let pod = json!({ "serviceAccountName": "web", "containers": [container] });
    let template = json!({ "metadata": { "labels": labels }, "spec": pod });
    let deployment = json!({ "metadata": { "labels": labels }, "spec": { "template": template } });
    let service = json!({
        "metadata": { "labels": { "of": "service", "app.kubernetes.io/part-of": "shop" },
            "annotations": { "a": "b" } },
        "spec": { "type": "NodePort", "sessionAffinity": "ClientIP", "ports": [
            { "name": "http", "port": 80, "protocol": "TCP", "appProtocol": "kubernetes.io/h2c" },
            { "name": "dns", "port": 53, "targetPort": 53, "protocol": "UDP" },
            { "name": "extra", "port": 9000, "targetPort": 9090, "protocol": "TCP" },
        ] },
    });
    let account = json!({
        "metadata": { "labels": { "of": "account" }, "annotations": { "c": "d", "patched": "yes" } },
        "imagePullSecrets": [{ "name": "registry" }], "automountServiceAccountToken": false,
    });
    let budget = json!({
        "metadata": { "labels": { "of": "budget" }, "annotations": { "patched": "yes" } },
        "spec": { "minAvailable": "50%", "maxUnavailable": null, "unhealthyPodEvictionPolicy": "IfHealthyBudget" },
    });
    vec![
        ("deployments", "api", deployment),
        ("services", "front", service),
        ("serviceaccounts", "web", account),
        ("poddisruptionbudgets", "budget", budget),
        ingress(),
        scaler(),
        policy(),
    ]
}

/// Most of it leaves the file, or is said in another way.
pub(super) const OTHERWISE: &str = r#"
port = 8080

[service.api.kubernetes]
disruption = false
service = { name = "inner", headless = true, selector = { app = "api" } }
"#;

pub(super) fn held_otherwise() -> Vec<Held> {
    let labels = json!({ "app.kubernetes.io/part-of": null });
    let pod = json!({ "containers": [{ "terminationMessagePath": "/dev/termination-log" }] });
    let deployment =
        json!({ "metadata": { "labels": labels }, "spec": { "template": { "spec": pod } } });
    let spec = json!({ "type": "ClusterIP", "clusterIP": "None", "sessionAffinity": "None",
        "selector": { "app": "api" }, "ports": [{ "port": 80 }] });
    let service = json!({ "metadata": { "labels": { "of": null } }, "spec": spec });
    vec![
        ("deployments", "api", deployment),
        ("services", "inner", service),
    ]
}
