//! Who owns which field of an object: its `managedFields`, read (Kubernetes documentation, field
//! management). A field of ours that left the file is a difference; one that never was ours is
//! none. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fields::{Path, item_key};
use super::{MANAGER, REPLICAS_MANAGER};

/// The paths that somebody owns. A path stands for all below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owned(BTreeSet<Path>);

impl Owned {
    /// Whether the path is owned.
    pub fn covers(&self, path: &Path) -> bool {
        path.upwards().any(|above| self.0.contains(&above))
    }

    /// Whether nothing is owned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With what `other` owns.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The paths in a `fieldsV1`.
    pub fn from_fields(fields: &Value) -> Self {
        let mut owned = Self::default();
        owned.read(&Path::default(), fields);
        owned
    }

    fn read(&mut self, path: &Path, node: &Value) {
        let Some(members) = node.as_object() else {
            return;
        };
        let mut inner = members.iter().filter(|(name, _)| *name != ".").peekable();
        // Whoever owns no field at all does not own the object.
        if inner.peek().is_none() && !path.steps().is_empty() {
            self.0.insert(path.clone());
        }
        for (name, child) in inner {
            if let Some(step) = step(path, name) {
                self.read(&step, child);
            }
        }
    }
}

/// `f:image`, `k:{"name":"api"}`, `v:"text"`, `i:0`.
fn step(path: &Path, name: &str) -> Option<Path> {
    let (kind, rest) = name.split_once(':')?;
    match kind {
        "f" => Some(path.field(rest)),
        "k" => {
            let key: Value = serde_json::from_str(rest).ok()?;
            Some(path.item(item_key(path.last_field(), &key)?))
        }
        // An item of a set is no path of its own: the list is one value.
        "v" => Some(path.clone()),
        "i" => Some(path.item(rest.to_owned())),
        _ => None,
    }
}

/// One entry of `managedFields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name that the client gave itself.
    pub manager: String,
    /// Whether by server-side apply.
    pub applies: bool,
    /// Through which subresource; empty: the object itself.
    pub subresource: String,
    /// What it owns.
    pub owned: Owned,
}

impl Entry {
    /// Whether it is ours: what we apply.
    pub fn is_ours(&self) -> bool {
        self.applies && self.manager == MANAGER && self.subresource.is_empty()
    }

    /// Whether it is ours, for the number of replicas alone.
    pub fn is_of_replicas(&self) -> bool {
        self.manager == REPLICAS_MANAGER
    }
}

/// All entries of an object.
pub fn entries(object: &Value) -> Vec<Entry> {
    raw(object).iter().map(entry).collect()
}

fn entry(raw: &Value) -> Entry {
    let word = |name: &str| {
        let word = raw.get(name).and_then(Value::as_str);
        word.unwrap_or_default().to_owned()
    };
    Entry {
        manager: word("manager"),
        applies: word("operation") == "Apply",
        subresource: word("subresource"),
        owned: raw
            .get("fieldsV1")
            .map(Owned::from_fields)
            .unwrap_or_default(),
    }
}

fn raw(object: &Value) -> &[Value] {
    object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// What these entries own together.
pub fn owned_by<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    whom: impl Fn(&Entry) -> bool,
) -> Owned {
    entries
        .into_iter()
        .filter(|entry| whom(entry))
        .fold(Owned::default(), |all, entry| all.with(entry.owned.clone()))
}

/// The `managedFields` of an object once `taken` managers' fields are ours, so that those that are
/// then not applied go away; `None`: there is nothing to take.
pub fn taken_over(object: &Value, taken: impl Fn(&Entry) -> bool) -> Option<Value> {
    let (theirs, mut rest): (Vec<&Value>, Vec<&Value>) =
        raw(object).iter().partition(|raw| taken(&entry(raw)));
    let newest = theirs.last()?;
    let is_ours = |raw: &&Value| entry(raw).is_ours();
    let mut fields = Map::new();
    let ours: Vec<&Value> = rest.iter().copied().filter(is_ours).collect();
    for raw in ours.iter().chain(&theirs) {
        if let Some(Value::Object(more)) = raw.get("fieldsV1") {
            merge(&mut fields, more);
        }
    }
    rest.retain(|raw| !is_ours(raw));
    let from = ours.last().unwrap_or(newest);
    let merged = json!({
        "manager": MANAGER,
        "operation": "Apply",
        "apiVersion": from.get("apiVersion"),
        "time": from.get("time"),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    });
    let mut all: Vec<Value> = rest.into_iter().cloned().collect();
    all.push(merged);
    Some(Value::Array(all))
}

fn merge(into: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more {
        match (into.get_mut(name), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more),
            (Some(_), _) => {}
            (None, value) => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
