//! Flat views of objects: path to value. Two of them are compared instead of the nested
//! structures, so that the order of a list that is merged by key, and the spelling of a quantity,
//! cannot be a difference. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::platform::digest::digest;

/// One step into an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// A field, or a key of a map.
    Field(String),
    /// An item of a list, by its merge key or its number.
    Item(String),
}

/// Where in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// A path of fields: `spec.replicas`.
    pub(crate) fn of(fields: &[&str]) -> Self {
        Self(
            fields
                .iter()
                .map(|field| Step::Field((*field).to_owned()))
                .collect(),
        )
    }

    /// One step further, into a field.
    #[must_use]
    pub(crate) fn field(&self, name: &str) -> Self {
        self.then(Step::Field(name.to_owned()))
    }

    /// One step further, into an item.
    #[must_use]
    pub(crate) fn item(&self, key: String) -> Self {
        self.then(Step::Item(key))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// One step less.
    #[must_use]
    pub(crate) fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].to_vec())
    }

    /// Whether `other` is this or leads here.
    pub(crate) fn is_under(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// This path and all that lead to it, longest first.
    pub(crate) fn upwards(&self) -> impl Iterator<Item = Self> + '_ {
        (0..=self.0.len())
            .rev()
            .map(|length| Self(self.0[..length].to_vec()))
    }

    /// The name of the last field on the path.
    pub(crate) fn last_field(&self) -> &str {
        let fields = self.0.iter().rev().find_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Item(_) => None,
        });
        fields.unwrap_or_default()
    }

    /// Whether it is at or under this path of fields.
    pub(crate) fn within(&self, fields: &[&str]) -> bool {
        self.is_under(&Self::of(fields))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |name: &str| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if plain(name) && i == 0 => write!(f, "{name}")?,
                Step::Field(name) if plain(name) => write!(f, ".{name}")?,
                Step::Field(name) | Step::Item(name) => write!(f, "[{name}]")?,
            }
        }
        Ok(())
    }
}

/// Values by path. A list of plain values is one value, as the API server takes and owns it as one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(BTreeMap<Path, Value>);

impl Fields {
    /// What an object says of itself: labels, annotations and all that is neither metadata nor
    /// status.
    pub(crate) fn of(object: &Value) -> Self {
        let mut fields = Self::default();
        let Value::Object(members) = object else {
            return fields;
        };
        for (name, value) in members {
            match name.as_str() {
                "apiVersion" | "kind" | "status" => {}
                "metadata" => {
                    for part in ["labels", "annotations"] {
                        if let Some(value) = value.get(part) {
                            fields.flatten(Path::of(&["metadata", part]), value);
                        }
                    }
                }
                _ => fields.flatten(Path::of(&[name]), value),
            }
        }
        fields
    }

    fn flatten(&mut self, path: Path, value: &Value) {
        match value {
            Value::Null => {}
            Value::Object(members) if !members.is_empty() => {
                for (name, value) in members {
                    self.flatten(path.field(name), value);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                let keys = compared_keys(path.last_field(), items);
                for (key, item) in keys.into_iter().zip(items) {
                    self.flatten(path.item(key), item);
                }
            }
            _ => {
                self.0.insert(path, value.clone());
            }
        }
    }

    /// The value at `path`.
    pub(crate) fn get(&self, path: &Path) -> Option<&Value> {
        self.0.get(path)
    }

    /// Whether there is anything at `path` or below.
    pub(crate) fn has_any_under(&self, path: &Path) -> bool {
        let mut below = self.0.range(path..);
        below.next().is_some_and(|(other, _)| other.is_under(path))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Path, &Value)> {
        self.0.iter()
    }

    /// Without those whose path `leave` says so of.
    #[must_use]
    pub(crate) fn without(mut self, leave: impl Fn(&Path) -> bool) -> Self {
        self.0.retain(|path, _| !leave(path));
        self
    }

    /// A digest of all paths and values, which does not tell a secret's value.
    pub(crate) fn digest(&self) -> String {
        let words: Vec<String> = self
            .0
            .iter()
            .flat_map(|(path, value)| [path.to_string(), text(path, value)])
            .collect();
        digest(words.iter().map(String::as_str))
    }
}

/// A value as it is compared and shown.
pub(crate) fn text(path: &Path, value: &Value) -> String {
    let spelled = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if quantity::is_at(path) {
        quantity::canonical(&spelled).unwrap_or(spelled)
    } else {
        spelled
    }
}

/// The fields by which the API server merges a list of that name (Kubernetes API reference, the
/// "Map: unique values on key …" of each list); `None`: it takes the list as a whole.
fn merge_keys(list: &str, item: &Map<String, Value>) -> Option<&'static [&'static str]> {
    Some(match list {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "claims" => &["name"],
        "ports" if item.contains_key("containerPort") => &["containerPort", "protocol"],
        "ports" => &["port", "protocol"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        "hostAliases" => &["ip"],
        _ => return None,
    })
}

/// What the items of a list are known by when two objects are compared: their merge keys; the metrics
/// of an autoscaler by what they measure, since their order means nothing (Kubernetes API reference,
/// `HorizontalPodAutoscalerSpec`) and another version of the API gives them in another one; else their
/// numbers.
pub(crate) fn compared_keys(list: &str, items: &[Value]) -> Vec<String> {
    let measured: Option<BTreeSet<String>> = items.iter().map(measure).collect();
    let told_apart = measured.is_some_and(|all| all.len() == items.len());
    let key = |(i, item): (usize, &Value)| {
        let measure = measure(item).filter(|_| list == "metrics" && told_apart);
        let key = measure.or_else(|| item_key(list, item));
        key.unwrap_or_else(|| i.to_string())
    };
    let keys: Vec<String> = items.iter().enumerate().map(key).collect();
    // Where two have one key, in an object of a kind that knows no such key, their numbers tell them
    // apart. Of a variable that is said twice the last one holds.
    let unlike: BTreeSet<&String> = keys.iter().collect();
    if list == "env" || unlike.len() == keys.len() {
        keys
    } else {
        (0..items.len()).map(|i| i.to_string()).collect()
    }
}

/// The resource that a metric is about, of all containers or of one.
fn measure(metric: &Value) -> Option<String> {
    let word = |pointer: &str| metric.pointer(pointer)?.as_str();
    let resource = word("/resource/name").map(str::to_owned);
    resource.or_else(|| {
        let container = word("/containerResource/container")?;
        Some(format!("{container}/{}", word("/containerResource/name")?))
    })
}

/// The merge key of an item, as one word; `None`: its list has none.
pub(crate) fn item_key(list: &str, item: &Value) -> Option<String> {
    let item = item.as_object()?;
    let keys = merge_keys(list, item)?;
    if !keys.iter().any(|key| item.contains_key(*key)) {
        return None;
    }
    let words: Vec<String> = keys
        .iter()
        .map(|key| match item.get(*key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            // The one merge key that has a default.
            None if *key == "protocol" => "TCP".to_owned(),
            None => String::new(),
        })
        .collect();
    Some(words.join("/"))
}

/// The members of an item that make its merge key.
pub(crate) fn key_members(list: &str, item: &Map<String, Value>) -> &'static [&'static str] {
    merge_keys(list, item).unwrap_or_default()
}

pub(crate) mod capture;
pub(crate) mod compare;
pub(crate) mod defaults;
pub(crate) mod ownership;
pub(crate) mod quantity;
pub(crate) mod shown;
#[cfg(test)]
mod tests;
