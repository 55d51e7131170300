//! What tells one rollout of a Deployment from another.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::platform::digest::digest;
use crate::platform::kubernetes::kinds::workload::TEMPLATE_HASH;

/// What tells one rollout of a Deployment from another: what the Deployment is, and what it is set
/// to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rolled {
    /// The Deployment itself: one that is deleted and made anew has another.
    pub(crate) uid: String,
    /// Of its spec.
    pub(crate) generation: i64,
    /// Digest of its pod template. A generation that moved on with the same template is the same
    /// rollout: an autoscaler scaled.
    pub(crate) template: String,
}

impl Rolled {
    /// Reads it from a Deployment as the API server gave it; `None`: it is none.
    pub(crate) fn of(deployment: &Value) -> Option<Self> {
        let metadata = deployment.get("metadata")?;
        Some(Self {
            uid: metadata.get("uid")?.as_str()?.to_owned(),
            generation: metadata["generation"].as_i64().unwrap_or_default(),
            template: template_digest(deployment),
        })
    }

    /// Whether pods of this template, of the Deployment with this `uid`, are those of the rollout.
    pub(crate) fn made(&self, uid: &str, template: &str) -> bool {
        self.uid == uid && self.template == template
    }

    /// Whether its pods are those of the other.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        self.made(&other.uid, &other.template)
    }
}

/// The pod template of what runs pods, or of one revision of it.
pub(crate) fn template(object: &Value) -> Option<&Value> {
    let of_record = || object.pointer("/data/spec/template");
    object.pointer("/spec/template").or_else(of_record)
}

/// Digest of the pod template of what runs pods, or of one revision of it: equal where the pods are made
/// from the same.
pub(crate) fn template_digest(object: &Value) -> String {
    let template = template(object).unwrap_or(&Value::Null);
    let mut template = without_nulls(template);
    // A ControllerRevision says by it that it takes the place of all of the template.
    if let Some(template) = template.as_object_mut() {
        template.remove("$patch");
    }
    // A controller adds it to the template of each ReplicaSet.
    let labels = template.pointer_mut("/metadata/labels");
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        labels.remove(TEMPLATE_HASH);
    }
    digest(std::iter::once(template.to_string().as_str()))
}

/// Some API servers write `creationTimestamp: null` in templates, and some leave it out.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !value.is_null());
            let there = there.map(|(key, value)| (key.clone(), without_nulls(value)));
            Value::Object(there.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
