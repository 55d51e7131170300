//! What the API server is asked for: manifests of just the fields that we own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

#[cfg(test)]
use super::Kind;
use super::carried::objects::masked as hidden;
use crate::names::KubeLabel;
use crate::plan::{MASK, Note};
use crate::platform::kubernetes::api::object::Object;

/// Everything that one service needs. It may hold literals that are secret: [`Self::documents`] is
/// fit to be printed, the rest is not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Desired {
    /// In the order of their kinds.
    pub(crate) objects: Vec<Object>,
    /// Pods at creation, and for ever where nothing scales them.
    pub(crate) replicas: u32,
    /// Whether an autoscaler owns the count, or whoever else; then the Deployment has no `spec.replicas`.
    pub(crate) scaled: bool,
    /// The Secrets that must exist already, since no store fills them, with the keys that each must
    /// have.
    pub(crate) needs_secrets: BTreeMap<String, BTreeSet<String>>,
    /// Literals that may be secrets: the container, and the variable in its environment.
    pub(crate) sensitive: BTreeSet<(String, String)>,
    /// What follows from the specification and matters to a plan that starts a rollout.
    pub(crate) on_rollout: Vec<Note>,
    /// What else follows from it and a person should know.
    pub(crate) notes: Vec<Note>,
}

impl Desired {
    /// The object of this kind, of which a service has one at most.
    #[cfg(test)]
    pub(crate) fn object(&self, kind: Kind) -> Option<&Object> {
        self.objects.iter().find(|object| object.id.kind == kind)
    }

    /// What runs the pods.
    pub(crate) fn workload(&self) -> Option<&Object> {
        self.objects
            .iter()
            .find(|object| object.id.kind.runs_pods())
    }

    /// What moves the number of pods.
    pub(crate) fn scaler(&self) -> Option<&Object> {
        self.objects.iter().find(|object| object.id.kind.scales())
    }

    /// The manifests as they are applied to a namespace, with values that may be secrets masked.
    pub(crate) fn documents(&self, namespace: &KubeLabel) -> Vec<Value> {
        let masked = |object: &Object| {
            let mut manifest = object.manifest.clone();
            if object.id.kind.is_namespaced() {
                manifest["metadata"]["namespace"] = json!(namespace.as_str());
            }
            if object.id.kind.is_carried() {
                manifest = hidden(object.id.kind, &manifest);
            }
            if object.id.kind.runs_pods() {
                mask(&mut manifest, &self.sensitive);
            }
            manifest
        };
        // What EKS keeps beside the cluster is applied to no API server.
        let applied = self
            .objects
            .iter()
            .filter(|one| one.id.kind.is_of_cluster());
        applied.map(masked).collect()
    }
}

/// Puts a mask in the place of these values, in a Deployment as we write it or as it is there.
fn mask(deployment: &mut Value, sensitive: &BTreeSet<(String, String)>) {
    for list in ["initContainers", "containers"] {
        let containers = deployment["spec"]["template"]["spec"].get_mut(list);
        let containers = containers.and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or_default().to_owned();
            let variables = container.get_mut("env").and_then(Value::as_array_mut);
            for variable in variables.into_iter().flatten() {
                let key = variable["name"].as_str().unwrap_or_default().to_owned();
                if sensitive.contains(&(name.clone(), key)) && variable.get("value").is_some() {
                    variable["value"] = json!(MASK);
                }
            }
        }
    }
}
