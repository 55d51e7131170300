//! The volumes of pods, and where containers have them.

use serde_json::{Map, Value, json};

use super::container::bytes;
use crate::spec::{Container, Documents, KubeService, Resources, Volume};

/// The volumes of a pod.
pub(super) fn volumes(service: &KubeService) -> Vec<Value> {
    let volumes = service.volumes.iter();
    volumes
        .map(|(name, volume)| {
            let (kind, source) = source(volume);
            json!({ "name": name, kind: source })
        })
        .collect()
}

fn source(volume: &Volume) -> (&'static str, Value) {
    match volume {
        Volume::Scratch { size, medium } => {
            let mut fields = Map::new();
            if let Some(medium) = medium {
                fields.insert("medium".into(), json!(medium));
            }
            if let Some(size) = size {
                fields.insert("sizeLimit".into(), json!(bytes(Resources::bytes(*size))));
            }
            ("emptyDir", Value::Object(fields))
        }
        Volume::Host(path) => ("hostPath", json!({ "path": path })),
        Volume::Claim { name, read_only } => {
            let mut fields = json!({ "claimName": name });
            if *read_only {
                fields["readOnly"] = json!(true);
            }
            ("persistentVolumeClaim", fields)
        }
        Volume::Config(documents) => ("configMap", files("name", documents)),
        Volume::Secret(documents) => ("secret", files("secretName", documents)),
        Volume::Csi {
            driver,
            attributes,
            read_only,
        } => {
            let mut fields = json!({ "driver": driver });
            if *read_only {
                fields["readOnly"] = json!(true);
            }
            if !attributes.is_empty() {
                fields["volumeAttributes"] = json!(attributes);
            }
            ("csi", fields)
        }
        // The reader of the files lets none come here.
        Volume::Efs(_) | Volume::Ebs => ("emptyDir", json!({})),
    }
}

fn files(named: &str, documents: &Documents) -> Value {
    let mut fields = json!({ named: documents.name });
    if !documents.items.is_empty() {
        let items = documents.items.iter();
        let items = items.map(|(key, path)| json!({ "key": key, "path": path }));
        fields["items"] = json!(items.collect::<Vec<_>>());
    }
    if let Some(mode) = documents.mode {
        fields["defaultMode"] = json!(mode);
    }
    if documents.optional {
        fields["optional"] = json!(true);
    }
    fields
}

/// Where a container has volumes.
pub(super) fn mounts(container: &Container) -> Value {
    let mounts = container.mounts.iter().map(|(path, mount)| {
        let mut fields = json!({ "name": mount.volume, "mountPath": path });
        if mount.read_only {
            fields["readOnly"] = json!(true);
        }
        if let Some(sub_path) = &mount.sub_path {
            fields["subPath"] = json!(sub_path);
        }
        fields
    });
    Value::Array(mounts.collect())
}
