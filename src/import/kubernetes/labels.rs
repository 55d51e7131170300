//! The words of the files for labels and annotations.

use std::collections::BTreeMap;

use serde_json::Value;

use super::family::Family;
use crate::import::write::{Word, Words, say};
use crate::platform::kubernetes::kinds::scaled_object;
use crate::platform::kubernetes::kinds::workload::GENERATION;

/// What every tool puts a name of its own into: on objects the file cannot say it.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Labels that others write, and the file need not say.
pub(super) const WRITTEN: [&str; 2] = [MANAGED_BY, scaled_object::LABEL];

/// What tools note for themselves.
fn is_noted(key: &str) -> bool {
    key.starts_with("deployment.kubernetes.io/")
        || key == GENERATION
        || key == "kubectl.kubernetes.io/last-applied-configuration"
}

fn map(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let members = object.pointer(pointer).and_then(Value::as_object);
    let members = members.into_iter().flatten();
    // Ours are not the file's to say.
    let of_objects = pointer == OF_OBJECTS;
    let written = |key: &str| of_objects && WRITTEN.contains(&key);
    members
        .filter(|(key, _)| !(key.starts_with("deployer/") || written(key)))
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

const OF_OBJECTS: &str = "/metadata/labels";

const OF_PODS: &str = "/spec/template/metadata/labels";

/// The labels of a service, and which of them are of which object.
pub(super) struct Labels {
    selector: BTreeMap<String, String>,
    /// What most objects have.
    shared: BTreeMap<String, String>,
}

impl Labels {
    pub(super) fn of(family: &Family) -> Self {
        let selector = map(&family.deployment, "/spec/selector/matchLabels");
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for object in family.objects() {
            for label in map(object, OF_OBJECTS) {
                *counts.entry(label).or_default() += 1;
            }
        }
        let half = family.objects().count().div_ceil(2);
        let own = map(&family.deployment, OF_OBJECTS);
        let mut shared: BTreeMap<String, (usize, String)> = BTreeMap::new();
        for ((key, value), count) in counts {
            // What selects the pods is on every object anyway.
            if count < half || selector.contains_key(&key) {
                continue;
            }
            let rank = 2 * count + usize::from(own.get(&key) == Some(&value));
            let most = shared.get(&key).map_or(0, |(most, _)| *most);
            if rank > most {
                shared.insert(key, (rank, value));
            }
        }
        let shared = shared.into_iter();
        Self {
            shared: shared.map(|(key, (_, value))| (key, value)).collect(),
            selector,
        }
    }

    /// `selector`, `labels`, `pod_labels` and `annotations`.
    pub(super) fn say(&self, family: &Family, name: &str, words: &mut Words) {
        let usual = BTreeMap::from([("app".to_owned(), name.to_owned())]);
        let other = self.selector != usual && !self.selector.is_empty();
        let selector = Some(&self.selector).filter(|_| other);
        say(words, "selector", selector.and_then(table));
        say(words, "labels", table(&self.shared));
        let mut pods = Words::new();
        let there = map(&family.deployment, OF_PODS);
        for (key, value) in &there {
            let known = self.shared.get(key) == Some(value) || self.selector.contains_key(key);
            if !known {
                pods.push((key.clone(), Word::text(value)));
            }
        }
        for key in self.shared.keys().filter(|key| !there.contains_key(*key)) {
            pods.push((key.clone(), Word::plain(false)));
        }
        let pods = (!pods.is_empty()).then_some(Word::Table(pods));
        say(words, "pod_labels", pods);
        say(words, "annotations", annotations(&family.deployment, &[]));
    }

    /// The labels that only this object has.
    pub(super) fn own(&self, object: &Value) -> Option<Word> {
        let mut labels = map(object, OF_OBJECTS);
        labels.retain(|key, value| {
            let known = self.shared.get(key).or_else(|| self.selector.get(key));
            known != Some(value)
        });
        table(&labels)
    }

    /// Whether these are the labels that select the pods.
    pub(super) fn select(&self, selector: Option<&Value>) -> bool {
        let map = selector.map(|selector| map(selector, ""));
        map.as_ref() == Some(&self.selector)
    }
}

/// The annotations of an object, but for these.
pub(super) fn annotations(object: &Value, but: &[&str]) -> Option<Word> {
    let mut annotations = map(object, "/metadata/annotations");
    annotations.retain(|key, _| !is_noted(key) && !but.contains(&key.as_str()));
    table(&annotations)
}

/// As a table; nothing: no table.
pub(super) fn table(map: &BTreeMap<String, String>) -> Option<Word> {
    let words = map.iter();
    let words: Words = words
        .map(|(key, value)| (key.clone(), Word::text(value)))
        .collect();
    (!words.is_empty()).then_some(Word::Table(words))
}

/// All labels of an object.
pub(super) fn labels_at(object: &Value) -> Option<Word> {
    table_at(object, OF_OBJECTS)
}

/// The same of what stands at a pointer.
pub(super) fn table_at(object: &Value, pointer: &str) -> Option<Word> {
    table(&map(object, pointer))
}
