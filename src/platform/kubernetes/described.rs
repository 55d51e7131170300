//! What runs in a namespace, as manifests: without what the cluster adds to them.

use futures::future::join_all;
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use serde_json::{Map, Value};

use super::api::failures::failed;
use super::connect::{Trust, connect};
use super::kinds::Kind;
use super::kinds::autoscaler::is_made;
use super::kinds::scaled_object;
use super::kinds::service::ALLOCATED;
use super::kinds::workload::GENERATION;
use crate::clock::Clock;
use crate::platform::{Failed, FailureKind};
use crate::spec::KubePlace;

/// What belongs to a service, what runs its pods first.
const KINDS: [Kind; 13] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Service,
    Kind::Ingress,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
    Kind::ServiceAccount,
    Kind::HTTPRoute,
    Kind::TargetGroupBinding,
    Kind::NetworkPolicy,
    Kind::ScaledObject,
    Kind::TriggerAuthentication,
];

/// What of the metadata people say.
const SAID: [&str; 4] = ["annotations", "labels", "name", "namespace"];

/// Labels and annotations that a controller or `kubectl` writes.
const WRITTEN: [&str; 6] = [
    "autoscaling.alpha.kubernetes.io/",
    GENERATION,
    "deployment.kubernetes.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubernetes.io/config.",
    scaled_object::LABEL,
];

/// What lies in a namespace.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub(crate) objects: Vec<Value>,
    /// The kinds of which nothing may be seen.
    pub(crate) unseen: Vec<&'static str>,
}

/// All objects of these kinds in the namespace.
pub(crate) async fn described(place: &KubePlace, clock: Clock) -> Result<Described, Failed> {
    let link = connect(place, Trust::Full, clock).await?;
    let lists = join_all(KINDS.map(async |kind| {
        let api: Api<DynamicObject> = Api::namespaced_with(
            link.client.clone(),
            place.namespace.as_str(),
            &kind.resource(),
        );
        let listed = api.list(&ListParams::default()).await;
        listed.map_err(|error| failed(format!("list {kind}s"), &error))
    }));
    let mut all = Described::default();
    for (kind, listed) in KINDS.into_iter().zip(lists.await) {
        let listed = match listed {
            Ok(listed) => listed.items,
            Err(error) if may_lack(kind, error.kind) => {
                // Of an add-on that the cluster does not have there is nothing to be seen.
                let denied = error.kind == FailureKind::Denied;
                all.unseen.extend(denied.then(|| kind.as_str()));
                continue;
            }
            Err(error) => return Err(error),
        };
        for object in listed {
            let mut object = serde_json::to_value(object).unwrap_or_default();
            object["apiVersion"] = kind.api_version().into();
            object["kind"] = kind.as_str().into();
            if !is_made(&object) {
                all.objects.push(as_said(object));
            }
        }
    }
    Ok(all)
}

/// Whether objects of a kind that cannot be listed are as if there were none: who may see Deployments alone
/// brings in those, and not every cluster has what defines the kinds of add-ons.
fn may_lack(kind: Kind, why: FailureKind) -> bool {
    match why {
        FailureKind::Denied => kind != Kind::Deployment,
        FailureKind::Unsupported => kind.addon().is_some(),
        _ => false,
    }
}

/// An object without what the cluster adds.
fn as_said(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| SAID.contains(&key.as_str()));
    }
    for pointer in ["/metadata", "/spec/template/metadata"] {
        if let Some(metadata) = object.pointer_mut(pointer).and_then(Value::as_object_mut) {
            metadata.remove("creationTimestamp");
            without_marks(metadata);
        }
    }
    if object["kind"] == "Service"
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.retain(|key, _| !ALLOCATED.contains(&key.as_str()));
        // Balancers and nodes get theirs from the cluster as well.
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
            port.remove("nodePort");
        }
    }
    if object["kind"] == "TargetGroupBinding"
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        // The controller looks them up.
        spec.retain(|key, _| !["ipAddressType", "vpcID"].contains(&key.as_str()));
    }
    object
}

/// Marks that tell whose something is, or what a controller has done, are nobody's words.
fn without_marks(metadata: &mut Map<String, Value>) {
    for part in ["annotations", "labels"] {
        let Some(marks) = metadata.get_mut(part).and_then(Value::as_object_mut) else {
            continue;
        };
        marks.retain(|key, _| {
            let written = WRITTEN.iter().any(|written| key.starts_with(written));
            !written && !key.starts_with("deployer/")
        });
        if marks.is_empty() {
            metadata.remove(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_cluster_adds_is_nobodys_word() {
        let object = as_said(json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": "api",
                "namespace": "shop",
                "uid": "1",
                "labels": { "app": "api" },
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
            },
            "spec": { "clusterIP": "10.0.0.7", "ports": [{ "port": 80, "nodePort": 30080 }] },
            "status": { "loadBalancer": {} },
        }));
        assert_eq!(
            object,
            json!({
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": { "name": "api", "namespace": "shop", "labels": { "app": "api" } },
                "spec": { "ports": [{ "port": 80 }] },
            })
        );
    }
}
