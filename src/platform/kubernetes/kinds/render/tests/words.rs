//! The words that only Kubernetes has, against the manifests that they come to.

use serde_json::json;

use super::{desired, manifest, pod, small};
use crate::platform::kubernetes::kinds::Kind;

#[test]
fn labels_are_on_every_object_and_on_the_pods() {
    let more = r#"
port = 8080
[service.api.kubernetes]
selector = { "app.kubernetes.io/name" = "api" }
labels = { team = "checkout", "helm.sh/chart" = "api-1" }
pod_labels = { tier = "front", "helm.sh/chart" = false }
annotations = { owner = "me" }
service = { labels = { kind = "inner" } }
"#;
    let desired = desired(&small(more, ""));
    let deployment = manifest(&desired, Kind::Deployment);
    let labels = &deployment["metadata"]["labels"];
    assert_eq!(
        (&labels["team"], &labels["helm.sh/chart"]),
        (&json!("checkout"), &json!("api-1"))
    );
    assert_eq!(deployment["metadata"]["annotations"]["owner"], "me");
    let pods = &deployment["spec"]["template"]["metadata"]["labels"];
    assert_eq!(
        (
            &pods["team"],
            &pods["tier"],
            &pods["app.kubernetes.io/name"]
        ),
        (&json!("checkout"), &json!("front"), &json!("api"))
    );
    assert_eq!((pods.get("helm.sh/chart"), pods.get("app")), (None, None));
    let service = &manifest(&desired, Kind::Service)["metadata"];
    assert_eq!(service["labels"]["kind"], "inner");
    assert_eq!(service["labels"]["team"], "checkout");
    assert_eq!(labels.get("kind"), None);
}

#[test]
fn a_service_says_its_name_its_type_and_its_ports() {
    let more = r#"
ports = [8080, "53/udp"]
expose = { host = "api.example.com" }
[service.api.kubernetes.service]
name = "front"
type = "NodePort"
annotations = { a = "b" }
ports = [
    { port = 80, name = "http", node_port = 30080, app_protocol = "kubernetes.io/h2c" },
    { port = 53, name = "dns", protocol = "udp" },
    { port = 9000, name = "extra", target = 9090 },
]
"#;
    let found = desired(&small(more, ""));
    let service = manifest(&found, Kind::Service);
    assert_eq!(service["metadata"]["name"], "front");
    assert_eq!(service["metadata"]["annotations"]["a"], "b");
    assert_eq!(
        service["spec"],
        json!({
            "type": "NodePort", "selector": { "app": "api" },
            "ports": [
                { "name": "http", "port": 80, "targetPort": "service", "protocol": "TCP", "nodePort": 30080,
                  "appProtocol": "kubernetes.io/h2c" },
                { "name": "dns", "port": 53, "targetPort": 53, "protocol": "UDP" },
                { "name": "extra", "port": 9000, "targetPort": 9090, "protocol": "TCP" },
            ],
        })
    );
    let rules = &manifest(&found, Kind::Ingress)["spec"]["rules"];
    let backend = &rules[0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(
        *backend,
        json!({ "name": "front", "port": { "number": 80 } })
    );
    let headless = "port = 8080\n[service.api.kubernetes]\nservice = { headless = true }\n";
    let found = desired(&small(headless, ""));
    assert_eq!(manifest(&found, Kind::Service)["spec"]["clusterIP"], "None");
    let none = "port = 8080\n[service.api.kubernetes]\nservice = false\n";
    assert_eq!(desired(&small(none, "")).object(Kind::Service), None);
}

#[test]
fn what_containers_have_is_said_to_the_byte() {
    let more = r#"
[service.api.kubernetes]
requests = { cpu = false, memory = "100M", ephemeral_storage = "1Gi" }
limits = { memory = "1Gi", gpu = 1, extended = { "aws.amazon.com/neuron" = 2 } }
[service.api.sidecar.proxy]
image = "proxy:1"
[service.api.sidecar.proxy.kubernetes]
requests = { cpu = "100m", memory = "64Mi" }
limits = { cpu = "200m", memory = false }
"#;
    let found = desired(&small(more, ""));
    let resources = |index: usize| &pod(&found)["containers"][index]["resources"];
    assert_eq!(
        *resources(0),
        json!({
            "requests": { "memory": "100M", "ephemeral-storage": "1Gi" },
            "limits": { "memory": "1Gi", "nvidia.com/gpu": "1", "aws.amazon.com/neuron": "2" },
        })
    );
    assert_eq!(
        *resources(1),
        json!({ "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "cpu": "200m" } })
    );
    let none = "[service.api.kubernetes]\nrequests = false\nlimits = false\n";
    let found = desired(&small(none, ""));
    assert_eq!(pod(&found)["containers"][0].get("resources"), None);
}

#[test]
fn a_budget_says_what_must_stay_and_an_autoscaler_what_the_api_knows() {
    let more = r#"
scaling = { min = 2, max = 4 }
[service.api.kubernetes]
disruption = { min = "50%", unhealthy = "IfHealthyBudget", name = "budget" }
autoscaler = { name = "scaler", metrics = [{ type = "Pods", pods = { metric = { name = "rps" }, target = { type = "AverageValue", averageValue = "100" } } }], behavior = { scaleUp = { policies = [{ type = "Pods", value = 2, periodSeconds = 60 }] } } }
"#;
    let found = desired(&small(more, ""));
    let budget = manifest(&found, Kind::PodDisruptionBudget);
    assert_eq!(budget["metadata"]["name"], "budget");
    assert_eq!(
        budget["spec"],
        json!({
            "minAvailable": "50%", "unhealthyPodEvictionPolicy": "IfHealthyBudget",
            "selector": { "matchLabels": { "app": "api" } },
        })
    );
    let scaler = manifest(&found, Kind::HorizontalPodAutoscaler);
    assert_eq!(scaler["metadata"]["name"], "scaler");
    let metric = &scaler["spec"]["metrics"][0]["pods"];
    assert_eq!(metric["target"]["averageValue"], "100");
    let policies = json!([{ "type": "Pods", "value": 2, "periodSeconds": 60 }]);
    assert_eq!(
        scaler["spec"]["behavior"]["scaleUp"],
        json!({ "stabilizationWindowSeconds": 0, "policies": policies })
    );
}

#[test]
fn a_standard_is_of_the_pod_and_of_every_container() {
    let more = r#"
user = "1000"
[service.api.sidecar.proxy]
image = "proxy:1"
[service.api.kubernetes]
security = "restricted"
pod_security = { fs_group = 2000, sysctls = { "net.core.somaxconn" = "1024" } }
"#;
    let found = desired(&small(more, ""));
    let asks = json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } });
    let mut own = asks.clone();
    own["runAsUser"] = json!(1000);
    let pod = pod(&found);
    assert_eq!(pod["containers"][0]["securityContext"], own);
    assert_eq!(pod["containers"][1]["securityContext"], asks);
    assert_eq!(
        pod["securityContext"],
        json!({
            "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" }, "fsGroup": 2000,
            "sysctls": [{ "name": "net.core.somaxconn", "value": "1024" }],
        })
    );
    let fields = r#"
[service.api.kubernetes]
security = { privileged = true, seccomp = "localhost/a.json", capabilities = { add = ["NET_ADMIN"] } }
"#;
    let found = desired(&small(fields, ""));
    let profile = json!({ "type": "Localhost", "localhostProfile": "a.json" });
    assert_eq!(
        self::pod(&found)["containers"][0]["securityContext"],
        json!({ "privileged": true, "seccompProfile": profile, "capabilities": { "add": ["NET_ADMIN"] } })
    );
}

#[test]
fn the_cluster_fills_in_what_env_refers_to() {
    let more = r#"
env = { IP = { field = "status.podIP" }, MOST = { resource = "limits.memory", divisor = "1Mi" }, MODE = { config = "modes", key = "mode" }, URL = { expand = "http://$(IP)" }, PLAIN = "$(IP)" }
env_from = [{ config = "all" }, { secret = "more", prefix = "X_", optional = true }, { secret = "needed" }]
"#;
    let found = desired(&small(more, ""));
    let container = &pod(&found)["containers"][0];
    assert_eq!(
        container["env"],
        json!([
            { "name": "PLAIN", "value": "$$(IP)" },
            { "name": "URL", "value": "http://$(IP)" },
            { "name": "IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } },
            { "name": "MODE", "valueFrom": { "configMapKeyRef": { "name": "modes", "key": "mode" } } },
            { "name": "MOST", "valueFrom": { "resourceFieldRef": { "resource": "limits.memory", "divisor": "1Mi" } } },
        ])
    );
    assert_eq!(
        container["envFrom"],
        json!([
            { "configMapRef": { "name": "all" } },
            { "secretRef": { "name": "more", "optional": true }, "prefix": "X_" },
            { "secretRef": { "name": "needed" } },
        ])
    );
    assert_eq!(
        found.needs_secrets,
        [("needed".to_owned(), [].into())].into()
    );
}

#[test]
fn probes_and_hooks_say_all_that_the_kubelet_knows() {
    let more = r#"
port = 8080
[service.api.kubernetes]
readiness = { path = "/ready", scheme = "HTTPS", host = "localhost", headers = { Host = "api" }, successes = 2 }
liveness = { grpc = "health", port = 9090, termination_grace = "5s" }
startup = { exec = ["/bin/up", "-q"] }
pre_stop = { exec = ["nginx", "-s", "quit"] }
post_start = { path = "/warm" }
termination_grace = "300s"
[service.api.sidecar.proxy]
image = "proxy:1"
[service.api.sidecar.proxy.kubernetes]
readiness = { port = 9000 }
pre_stop = { sleep = "3s" }
"#;
    let found = desired(&small(more, ""));
    let main = &pod(&found)["containers"][0];
    let get = json!({
        "path": "/ready", "port": 8080, "scheme": "HTTPS", "host": "localhost",
        "httpHeaders": [{ "name": "Host", "value": "api" }],
    });
    assert_eq!(main["readinessProbe"]["httpGet"], get);
    assert_eq!(main["readinessProbe"]["successThreshold"], 2);
    assert_eq!(
        main["livenessProbe"]["grpc"],
        json!({ "port": 9090, "service": "health" })
    );
    assert_eq!(main["livenessProbe"]["terminationGracePeriodSeconds"], 5);
    let argv = json!({ "command": ["/bin/up", "-q"] });
    assert_eq!(main["startupProbe"]["exec"], argv);
    assert_eq!(
        main["lifecycle"],
        json!({
            "preStop": { "exec": { "command": ["nginx", "-s", "quit"] } },
            "postStart": { "httpGet": { "path": "/warm", "port": 8080 } },
        })
    );
    let beside = &pod(&found)["containers"][1];
    assert_eq!(beside["readinessProbe"]["tcpSocket"]["port"], 9000);
    assert_eq!(beside["lifecycle"]["preStop"]["sleep"]["seconds"], 3);
    assert_eq!(pod(&found)["terminationGracePeriodSeconds"], 300);
}

#[test]
fn an_ingress_leads_hosts_and_paths_to_services() {
    let more = r#"
port = 8080
expose = {}
[service.api.kubernetes.ingress]
labels = { team = "edge" }
tls = [{ hosts = ["a.example.com"], secret = "a-tls" }]
default_backend = { service = "fallback", port = "http" }
rules = [{ host = "a.example.com", paths = [{ path = "/api", type = "Exact" }, { service = "web", port = 81 }] }]
"#;
    let found = desired(&small(more, ""));
    let ingress = manifest(&found, Kind::Ingress);
    assert_eq!(ingress["metadata"]["labels"]["team"], "edge");
    let to =
        |name: &str, port: serde_json::Value| json!({ "service": { "name": name, "port": port } });
    assert_eq!(
        ingress["spec"],
        json!({
            "tls": [{ "hosts": ["a.example.com"], "secretName": "a-tls" }],
            "defaultBackend": to("fallback", json!({ "name": "http" })),
            "rules": [{ "host": "a.example.com", "http": { "paths": [
                { "path": "/api", "pathType": "Exact", "backend": to("api", json!({ "number": 80 })) },
                { "path": "/", "pathType": "Prefix", "backend": to("web", json!({ "number": 81 })) },
            ] } }],
        })
    );
}

#[test]
fn pods_go_where_they_are_sent() {
    let more = r#"
architecture = "arm64"
[service.api.kubernetes]
service_account = { name = "api", labels = { a = "b" }, pull_secrets = ["registry"], automount_token = false }
node_selector = { disk = "ssd" }
tolerations = [{ key = "gpu", operator = "Exists" }]
affinity = { nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms = [{ matchExpressions = [{ key = "a", operator = "Exists" }] }] } } }
spread = [{ maxSkew = 1, topologyKey = "zone", whenUnsatisfiable = "DoNotSchedule" }]
priority_class = "high"
dns_policy = "None"
dns = { nameservers = ["10.0.0.2"] }
host_aliases = [{ ip = "10.0.0.9", hostnames = ["db"] }]
pull_secrets = ["registry"]
pull_policy = "Never"
automount_token = false
revision_history = 2
"#;
    let found = desired(&small(more, ""));
    let pod = pod(&found);
    assert_eq!(
        pod["nodeSelector"],
        json!({ "disk": "ssd", "kubernetes.io/arch": "arm64" })
    );
    assert_eq!(pod["tolerations"][0]["key"], "gpu");
    assert!(pod["affinity"]["nodeAffinity"].is_object());
    let spread = &pod["topologySpreadConstraints"];
    assert_eq!(spread.as_array().unwrap().len(), 1);
    assert_eq!(spread[0]["labelSelector"]["matchLabels"]["app"], "api");
    assert_eq!(pod["priorityClassName"], "high");
    assert_eq!(
        (&pod["dnsPolicy"], &pod["dnsConfig"]["nameservers"]),
        (&json!("None"), &json!(["10.0.0.2"]))
    );
    assert_eq!(pod["hostAliases"][0]["ip"], "10.0.0.9");
    assert_eq!(pod["imagePullSecrets"], json!([{ "name": "registry" }]));
    assert_eq!(pod["containers"][0]["imagePullPolicy"], "Never");
    assert_eq!(pod["automountServiceAccountToken"], false);
    let deployment = manifest(&found, Kind::Deployment);
    assert_eq!(deployment["spec"]["revisionHistoryLimit"], 2);
    let account = manifest(&found, Kind::ServiceAccount);
    assert_eq!(account["imagePullSecrets"], pod["imagePullSecrets"]);
    assert_eq!(account["automountServiceAccountToken"], false);
    assert_eq!(account["metadata"]["labels"]["a"], "b");
}
