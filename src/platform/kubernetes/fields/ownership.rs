//! Who owns which field of an object: its `managedFields`, read (Kubernetes documentation, field
//! management). A field of ours that left the file is a difference; one that never was ours is
//! none. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Path, item_key};
use crate::platform::kubernetes::{MANAGER, REPLICAS_MANAGER};

/// The paths that somebody owns. A path stands for all below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Owned(BTreeSet<Path>);

impl Owned {
    /// Whether the path is owned.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        path.upwards().any(|above| self.0.contains(&above))
    }

    /// These, each with all below it.
    pub(crate) fn of(paths: impl IntoIterator<Item = Path>) -> Self {
        Self(paths.into_iter().collect())
    }

    /// With what `other` owns.
    #[must_use]
    pub(crate) fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The paths in a `fieldsV1`.
    pub(crate) fn from_fields(fields: &Value) -> Self {
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
pub(crate) struct Entry {
    /// The name that the client gave itself.
    pub(crate) manager: String,
    /// Whether by server-side apply.
    pub(crate) applies: bool,
    /// Through which subresource; empty: the object itself.
    pub(crate) subresource: String,
    /// What it owns.
    pub(crate) owned: Owned,
}

impl Entry {
    /// Whether it is ours: what we apply.
    pub(crate) fn is_ours(&self) -> bool {
        self.applies && self.manager == MANAGER && self.subresource.is_empty()
    }

    /// Whether it is ours, for the number of replicas alone.
    pub(crate) fn is_of_replicas(&self) -> bool {
        self.manager == REPLICAS_MANAGER
    }
}

/// All entries of an object.
pub(crate) fn entries(object: &Value) -> Vec<Entry> {
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
pub(crate) fn owned_by<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    whom: impl Fn(&Entry) -> bool,
) -> Owned {
    entries
        .into_iter()
        .filter(|entry| whom(entry))
        .fold(Owned::default(), |all, entry| all.with(entry.owned.clone()))
}

/// The `managedFields` of an object once all fields of the `taken` managers, and the `claimed` ones
/// of whomever, are ours, so that those that are then not applied go away; `None`: there is nothing
/// to take.
pub(crate) fn taken_over(
    object: &Value,
    taken: impl Fn(&Entry) -> bool,
    claimed: &Owned,
) -> Option<Value> {
    let mut ours = Map::new();
    let mut all: Vec<Value> = Vec::new();
    let mut from: Option<&Value> = None;
    let mut takes = false;
    for raw in raw(object) {
        let entry = entry(raw);
        let fields = raw.get("fieldsV1").and_then(Value::as_object);
        let (theirs, stays) = if entry.is_ours() || taken(&entry) {
            takes |= !entry.is_ours();
            (fields.cloned().unwrap_or_default(), None)
        } else {
            let (mut moved, mut left) = (Map::new(), Map::new());
            for (name, node) in fields.into_iter().flatten() {
                part(
                    &Path::default(),
                    (name, node),
                    claimed,
                    (&mut moved, &mut left),
                );
            }
            takes |= !moved.is_empty();
            (moved, Some(left))
        };
        if !theirs.is_empty() && (entry.is_ours() || from.is_none()) {
            from = Some(raw);
        }
        merge(&mut ours, &theirs);
        // A manager of nothing is none.
        if let Some(left) = stays.filter(|left| !left.is_empty()) {
            let mut raw = raw.clone();
            raw["fieldsV1"] = Value::Object(left);
            all.push(raw);
        }
    }
    let from = from.filter(|_| takes)?;
    all.push(json!({
        "manager": MANAGER,
        "operation": "Apply",
        "apiVersion": from.get("apiVersion"),
        "time": from.get("time"),
        "fieldsType": "FieldsV1",
        "fieldsV1": ours,
    }));
    Some(Value::Array(all))
}

/// Puts one member of a `fieldsV1` where it belongs: with what is `claimed`, or with the rest.
fn part(
    path: &Path,
    (name, node): (&String, &Value),
    claimed: &Owned,
    (moved, left): (&mut Map<String, Value>, &mut Map<String, Value>),
) {
    let at = step(path, name).filter(|_| name != ".");
    match (at, node.as_object()) {
        (Some(at), _) if claimed.covers(&at) => {
            moved.insert(name.clone(), node.clone());
        }
        (Some(at), Some(members)) if !members.is_empty() => {
            let (mut taken, mut rest) = (Map::new(), Map::new());
            for member in members {
                part(&at, member, claimed, (&mut taken, &mut rest));
            }
            if !taken.is_empty() {
                moved.insert(name.clone(), Value::Object(taken));
            }
            if !rest.is_empty() {
                left.insert(name.clone(), Value::Object(rest));
            }
        }
        _ => {
            left.insert(name.clone(), node.clone());
        }
    }
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
