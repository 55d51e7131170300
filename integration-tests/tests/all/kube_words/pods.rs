//! What is in the pods: environment, volumes, rights, probes, hooks, resources.

use serde_json::{Value, json};

use super::{Held, secret};

/// What pods name of their namespace.
pub(super) fn needed(namespace: &str) -> [Value; 3] {
    let config = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" },
        "data": { "level": "info", "app.conf": "a = 1" } });
    let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "data" },
        "spec": { "accessModes": ["ReadWriteMany"], "storageClassName": "", "volumeName": format!("{namespace}-data"),
            "resources": { "requests": { "storage": "1Gi" } } } });
    let secret = secret("keys", &json!({ "password": "sesame", "tls.crt": "x" }));
    [config, secret, claim]
}

/// The volume that is claimed, which is of no namespace.
pub(super) fn volume(namespace: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": format!("{namespace}-data") },
        "spec": { "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteMany"],
            "hostPath": { "path": "/data" } } })
}

pub(super) const SAYS: &str = r#"
port = { port = 8080, name = "http" }
user = "1000:2000"
working_dir = "/app"
entrypoint = ["/bin/entry"]
command = ["serve", "$HOME"]
read_only_root = true
stop_timeout = "10s"
env_from = [{ config = "settings", prefix = "S_" }, { secret = "more", optional = true }]
volumes.cache = { scratch = true, size = "1GiB", medium = "Memory" }
volumes.sock = { host = "/var/run" }
volumes.data = { claim = "data" }
volumes.conf = { config = "settings", items = { "app.conf" = "conf/app.conf" }, mode = "0440", optional = true }
volumes.tls = { secret = "keys" }
volumes.store = { csi = "secrets-store.csi.k8s.io", attributes = { secretProviderClass = "api" }, read_only = true }

[service.api.env]
MODE = "fast"
IP = { field = "status.podIP" }
MOST = { resource = "limits.memory", divisor = "1Mi" }
LEVEL = { config = "settings", key = "level" }
URL = { expand = "http://$(IP)" }

[service.api.secrets]
PASSWORD = { secret = "keys", key = "password" }

[service.api.mounts]
"/cache" = "cache"
"/var/run" = "sock"
"/data" = "data"
"/etc/app" = { volume = "conf", read_only = true, sub_path = "conf" }
"/tls" = "tls"
"/store" = "store"

[service.api.kubernetes]
security = "restricted"
pod_security = { fs_group = 3000, fs_group_change_policy = "OnRootMismatch", supplemental_groups = [4000], sysctls = { "net.ipv4.tcp_syncookies" = "1" } }
requests = { cpu = "50m", memory = "32Mi", ephemeral_storage = "100Mi" }
limits = { cpu = "200m", memory = "64Mi" }
readiness = { path = "/ready", scheme = "HTTPS", host = "localhost", headers = { X-Probe = "1" }, period = "1s", successes = 2 }
liveness = { grpc = "health", port = 9090, delay = "30s", termination_grace = "5s" }
startup = { exec = ["/bin/up", "-q"], period = "1s", retries = 30 }
pre_stop = { exec = ["nginx", "-s", "quit"] }
post_start = { path = "/warm" }
termination_grace = "20s"
pull_policy = "IfNotPresent"
pull_secrets = ["registry"]
dns_policy = "None"
dns = { nameservers = ["10.0.0.2"], searches = ["shop.local"], options = [{ name = "ndots", value = "2" }] }
host_aliases = [{ ip = "10.0.0.9", hostnames = ["db"] }]
share_processes = true
automount_token = false
enable_service_links = false
revision_history = 2
pod_labels = { tier = "front" }
pod_annotations = { "example.com/scrape" = "yes" }
annotations = { owner = "checkout" }

[service.api.sidecar.proxy]
image = "registry.test/web:v1"
port = { port = 9000, name = "proxy" }
mounts = { "/data" = "data" }
cpu = 0.05
memory = "32MiB"
[service.api.sidecar.proxy.kubernetes]
readiness = { port = 9000, period = "1s" }
pre_stop = { sleep = "3s" }
limits = { memory = false }

[service.api.sidecar.migrate]
image = "registry.test/web:v1"
essential = false
command = ["migrate"]

[service.api.depends_on]
migrate = "success"
"#;

fn env() -> Value {
    let key = |kind: &str, name: &str, key: &str| json!({ kind: { "name": name, "key": key } });
    json!([
        { "name": "MODE", "value": "fast" },
        { "name": "URL", "value": "http://$(IP)" },
        { "name": "IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } },
        { "name": "LEVEL", "valueFrom": key("configMapKeyRef", "settings", "level") },
        { "name": "MOST", "valueFrom": { "resourceFieldRef": { "resource": "limits.memory", "divisor": "1Mi" } } },
        { "name": "PASSWORD", "valueFrom": key("secretKeyRef", "keys", "password") },
    ])
}

fn volumes() -> Value {
    let items = json!([{ "key": "app.conf", "path": "conf/app.conf" }]);
    json!([
        { "name": "cache", "emptyDir": { "medium": "Memory", "sizeLimit": "1Gi" } },
        { "name": "conf", "configMap": { "name": "settings", "items": items, "defaultMode": 288, "optional": true } },
        { "name": "data", "persistentVolumeClaim": { "claimName": "data" } },
        { "name": "sock", "hostPath": { "path": "/var/run" } },
        { "name": "store", "csi": { "driver": "secrets-store.csi.k8s.io", "readOnly": true,
            "volumeAttributes": { "secretProviderClass": "api" } } },
        { "name": "tls", "secret": { "secretName": "keys" } },
    ])
}

fn container() -> Value {
    let mounts = json!([
        { "name": "cache", "mountPath": "/cache" },
        { "name": "data", "mountPath": "/data" },
        { "name": "conf", "mountPath": "/etc/app", "readOnly": true, "subPath": "conf" },
        { "name": "store", "mountPath": "/store" },
        { "name": "tls", "mountPath": "/tls" },
        { "name": "sock", "mountPath": "/var/run" },
    ]);
    let get = json!({ "path": "/ready", "port": 8080, "scheme": "HTTPS", "host": "localhost",
        "httpHeaders": [{ "name": "X-Probe", "value": "1" }] });
    json!({
        "name": "api",
        "ports": [{ "name": "http", "containerPort": 8080 }],
        "command": ["/bin/entry"],
        "args": ["serve", "$HOME"],
        "workingDir": "/app",
        "imagePullPolicy": "IfNotPresent",
        "env": env(),
        "envFrom": [
            { "configMapRef": { "name": "settings" }, "prefix": "S_" },
            { "secretRef": { "name": "more", "optional": true } },
        ],
        "volumeMounts": mounts,
        "securityContext": { "runAsUser": 1000, "runAsGroup": 2000, "readOnlyRootFilesystem": true,
            "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
        "resources": { "requests": { "cpu": "50m", "memory": "32Mi", "ephemeral-storage": "100Mi" },
            "limits": { "cpu": "200m", "memory": "64Mi" } },
        "readinessProbe": { "httpGet": get, "successThreshold": 2, "periodSeconds": 1 },
        "livenessProbe": { "grpc": { "port": 9090, "service": "health" }, "initialDelaySeconds": 30,
            "terminationGracePeriodSeconds": 5 },
        "startupProbe": { "exec": { "command": ["/bin/up", "-q"] }, "failureThreshold": 30 },
        "lifecycle": { "preStop": { "exec": { "command": ["nginx", "-s", "quit"] } },
            "postStart": { "httpGet": { "path": "/warm", "port": 8080 } } },
    })
}

pub(super) fn held() -> Vec<Held> {
    let proxy = json!({ "name": "proxy", "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
        "readinessProbe": { "tcpSocket": { "port": 9000 } },
        "lifecycle": { "preStop": { "sleep": { "seconds": 3 } } },
        "resources": { "requests": { "cpu": "50m", "memory": "32Mi" }, "limits": null } });
    let security = json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" }, "fsGroup": 3000,
        "fsGroupChangePolicy": "OnRootMismatch", "supplementalGroups": [4000],
        "sysctls": [{ "name": "net.ipv4.tcp_syncookies", "value": "1" }] });
    let pod = json!({
        "containers": [container(), proxy],
        "initContainers": [{ "name": "migrate", "args": ["migrate"],
            "securityContext": { "allowPrivilegeEscalation": false } }],
        "volumes": volumes(),
        "securityContext": security,
        "imagePullSecrets": [{ "name": "registry" }],
        "dnsPolicy": "None",
        "dnsConfig": { "nameservers": ["10.0.0.2"], "searches": ["shop.local"],
            "options": [{ "name": "ndots", "value": "2" }] },
        "hostAliases": [{ "ip": "10.0.0.9", "hostnames": ["db"] }],
        "shareProcessNamespace": true,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 20,
    });
    let of_pods = json!({ "labels": { "app": "api", "tier": "front" },
        "annotations": { "example.com/scrape": "yes" } });
    let deployment = json!({
        "metadata": { "annotations": { "owner": "checkout" } },
        "spec": { "revisionHistoryLimit": 2, "template": { "metadata": of_pods, "spec": pod } },
    });
    vec![("deployments", "api", deployment)]
}

/// The fields of a standard one by one, and other ways to ask and to end.
pub(super) const OTHERWISE: &str = r#"
ports = [8080, { port = 9090, name = "admin" }, "53/udp"]
env = { A = "1" }

[service.api.kubernetes]
security = { run_as_non_root = true, run_as_user = 1001, run_as_group = 1002, seccomp = "localhost/a.json", capabilities = { add = ["NET_BIND_SERVICE"], drop = ["ALL"] }, allow_privilege_escalation = false, se_linux = { level = "s0:c1" }, proc_mount = "Default" }
pod_security = { run_as_user = 1003, run_as_group = 1004, run_as_non_root = true, seccomp = "RuntimeDefault" }
requests = false
limits = false
readiness = { command = "true", period = "1s" }
liveness = { path = "/live", port = 9090 }
pre_stop = { command = "sleep 1" }
post_start = { exec = ["/bin/true"] }
host_network = false
strategy = "recreate"
max_surge = false

[service.api.kubernetes.network_policy]
name = "own"
selector = { app = "api" }
labels = { of = "policy" }
annotations = { a = "b" }
ingress = [{ peers = [{ service = "api" }], ports = [8080] }, {}]
egress = [{}]
"#;

pub(super) fn held_otherwise() -> Vec<Held> {
    let security = json!({ "runAsNonRoot": true, "runAsUser": 1001, "runAsGroup": 1002, "procMount": "Default",
        "seccompProfile": { "type": "Localhost", "localhostProfile": "a.json" },
        "capabilities": { "add": ["NET_BIND_SERVICE"], "drop": ["ALL"] }, "allowPrivilegeEscalation": false,
        "seLinuxOptions": { "level": "s0:c1" } });
    let container = json!({
        "ports": [
            { "containerPort": 8080, "protocol": "TCP" },
            { "containerPort": 9090, "name": "admin" },
            { "containerPort": 53, "protocol": "UDP" },
        ],
        "env": [{ "name": "A", "value": "1" }],
        "envFrom": null,
        "volumeMounts": null,
        "securityContext": security,
        "resources": {},
        "readinessProbe": { "exec": { "command": ["/bin/sh", "-c", "true"] }, "httpGet": null },
        "livenessProbe": { "httpGet": { "path": "/live", "port": 9090 }, "grpc": null },
        "startupProbe": null,
        "lifecycle": { "preStop": { "exec": { "command": ["/bin/sh", "-c", "sleep 1"] } },
            "postStart": { "exec": { "command": ["/bin/true"] }, "httpGet": null } },
    });
    let pod = json!({ "containers": [container], "volumes": null, "initContainers": null,
        "securityContext": { "runAsUser": 1003, "runAsGroup": 1004, "runAsNonRoot": true,
            "seccompProfile": { "type": "RuntimeDefault" }, "fsGroup": null } });
    let spec = json!({ "strategy": { "type": "Recreate", "rollingUpdate": null }, "template": { "spec": pod } });
    let own = json!({ "podSelector": { "matchLabels": { "app": "api" } } });
    let ingress = json!([{ "from": [own], "ports": [{ "port": 8080, "protocol": "TCP" }] }, {}]);
    let policy = json!({
        "metadata": { "labels": { "of": "policy" }, "annotations": { "a": "b" } },
        "spec": { "podSelector": { "matchLabels": { "app": "api" } }, "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress, "egress": [{}] },
    });
    vec![
        ("deployments", "api", json!({ "spec": spec })),
        ("networkpolicies", "own", policy),
    ]
}
