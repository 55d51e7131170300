//! Volumes and mounts, as pods have them.

use super::*;

#[test]
fn volumes_of_every_kind_and_where_containers_have_them() {
    let more = r#"
[service.api.volumes]
cache = { scratch = true, size = "1GiB", medium = "Memory" }
tmp = { scratch = true }
sock = { host = "/var/run" }
data = { claim = "api-data", read_only = true }
conf = { config = "api-config", items = { "app.conf" = "conf/app.conf" }, mode = "0440", optional = true }
tls = { secret = "api-tls" }
store = { csi = "secrets-store.csi.k8s.io", attributes = { secretProviderClass = "api" }, read_only = true }
[service.api.mounts]
"/tmp" = "tmp"
"/etc/app" = { volume = "conf", read_only = true, sub_path = "conf" }
[service.api.sidecar.proxy]
image = "proxy:v1"
mounts = { "/data" = "data" }
"#;
    let desired = desired(&small(more, ""));
    let pod = pod(&desired);
    assert_eq!(
        pod["volumes"],
        json!([
            {"name": "cache", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            {"name": "conf", "configMap": {
                "name": "api-config",
                "items": [{"key": "app.conf", "path": "conf/app.conf"}],
                "defaultMode": 0o440,
                "optional": true,
            }},
            {"name": "data", "persistentVolumeClaim": {"claimName": "api-data", "readOnly": true}},
            {"name": "sock", "hostPath": {"path": "/var/run"}},
            {"name": "store", "csi": {
                "driver": "secrets-store.csi.k8s.io",
                "readOnly": true,
                "volumeAttributes": {"secretProviderClass": "api"},
            }},
            {"name": "tls", "secret": {"secretName": "api-tls"}},
            {"name": "tmp", "emptyDir": {}},
        ])
    );
    assert_eq!(
        pod["containers"][0]["volumeMounts"],
        json!([
            {"name": "conf", "mountPath": "/etc/app", "readOnly": true, "subPath": "conf"},
            {"name": "tmp", "mountPath": "/tmp"},
        ])
    );
    assert_eq!(
        pod["containers"][1]["volumeMounts"],
        json!([{"name": "data", "mountPath": "/data"}])
    );
}
