//! One object as it is applied.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::platform::kubernetes::kinds::Id;

/// One object as it is applied: just the fields that we own. It may hold literals that are secret,
/// so it is saved and sent, and never printed as it is.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Object {
    pub(crate) id: Id,
    /// The manifest, with `apiVersion`, `kind`, `metadata.name` and our labels; without a namespace,
    /// which the place has.
    pub(crate) manifest: Value,
    /// Where it is written, where that is a manifest: the file and the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
}

impl Object {
    /// A number of replicas and nothing else.
    pub(crate) fn of_count(id: &Id, replicas: u64) -> Self {
        Self {
            id: id.clone(),
            manifest: json!({
                "apiVersion": id.kind.api_version(),
                "kind": id.kind.as_str(),
                "metadata": { "name": id.name },
                "spec": { "replicas": replicas },
            }),
            place: None,
        }
    }

    /// What it is, and where it is written: `CronJob nightly (k8s/jobs.yaml:12)`.
    pub(crate) fn title(&self) -> String {
        match &self.place {
            Some(place) => format!("{} ({place})", self.id),
            None => self.id.to_string(),
        }
    }
}

/// The condition of this type, where it has this status.
pub(crate) fn condition<'v>(live: &'v Value, name: &str, status: &str) -> Option<&'v Value> {
    let mut all = live.pointer("/status/conditions")?.as_array()?.iter();
    all.find(|one| one["type"] == name && one["status"] == status)
}

/// Whether an object that is there is being deleted.
pub(crate) fn is_leaving(live: &Value) -> bool {
    live.pointer("/metadata/deletionTimestamp").is_some()
}

/// Never shows what it holds.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.id)
    }
}
