//! What the API server is asked for: manifests of just the fields that we own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Id, Kind};
use crate::names::KubeLabel;
use crate::plan::{MASK, Note};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::key;
use crate::spec::KubePlace;

/// Everything that one service needs. It may hold literals that are secret: [`Self::documents`] is
/// fit to be printed, the rest is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// In the order of their kinds, at most one of each.
    pub objects: Vec<Object>,
    /// Pods at creation, and for ever where nothing scales them.
    pub replicas: u32,
    /// Whether an autoscaler owns the count, or whoever else; then the Deployment has no `spec.replicas`.
    pub scaled: bool,
    /// The Secrets that must exist already, since no store fills them, with the keys that each must
    /// have.
    pub needs_secrets: BTreeMap<String, BTreeSet<String>>,
    /// Literals that may be secrets: the container, and the variable in its environment.
    pub sensitive: BTreeSet<(String, String)>,
    /// What follows from the specification and matters to a plan that starts a rollout.
    pub on_rollout: Vec<Note>,
    /// What else follows from it and a person should know.
    pub notes: Vec<Note>,
}

impl Desired {
    /// The object of this kind.
    pub fn object(&self, kind: Kind) -> Option<&Object> {
        self.objects.iter().find(|object| object.id.kind == kind)
    }

    /// The manifests as they are applied to a namespace, with values that may be secrets masked.
    pub fn documents(&self, namespace: &KubeLabel) -> Vec<Value> {
        let masked = |object: &Object| {
            let mut manifest = object.manifest.clone();
            manifest["metadata"]["namespace"] = json!(namespace.as_str());
            if object.id.kind == Kind::Deployment {
                mask(&mut manifest, &self.sensitive);
            }
            manifest
        };
        self.objects.iter().map(masked).collect()
    }
}

/// The namespace, where the place says that it is made.
pub fn namespace(place: &KubePlace) -> Option<Object> {
    let kind = Kind::Namespace;
    let name = place.namespace.to_string();
    place.create_namespace.then(|| Object {
        manifest: json!({
            "apiVersion": kind.api_version(),
            "kind": kind.as_str(),
            "metadata": { "name": name, "labels": { key::MANAGED_BY: crate::platform::kubernetes::MANAGER } },
        }),
        id: Id { kind, name },
    })
}

/// Puts a mask in the place of these values, in a Deployment as we write it or as it is there.
pub fn mask(deployment: &mut Value, sensitive: &BTreeSet<(String, String)>) {
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
