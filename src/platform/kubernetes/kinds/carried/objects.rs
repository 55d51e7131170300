//! From manifests as they are written to objects as they are applied. Pure.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

use super::{Carried, Place};
use crate::names::label_value;
use crate::plan::MASK;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::{Path, Step, text as spelled};
use crate::platform::kubernetes::kinds::render::Maker;
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::plan::adopt::Owner;
use crate::platform::kubernetes::{MANAGER, key};
use crate::spec::manifests::{DATA, Manifest, each_text, group_and_version, text};
use crate::spec::may_be_secret;

/// What of the metadata is said by whoever writes a manifest.
const METADATA: [&str; 4] = ["name", "labels", "annotations", "finalizers"];

/// The kinds that the definitions among these objects bring: where each will be served.
pub(crate) fn defined<'v>(definitions: impl Iterator<Item = &'v Value>) -> Vec<Place<'v>> {
    let each = definitions.flat_map(|object| {
        let word = |key: &str| object.pointer("/spec/names")?.get(key)?.as_str();
        let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let (kind, plural) = (word("kind"), word("plural").filter(plain));
        let versions = object.pointer("/spec/versions").and_then(Value::as_array);
        versions.into_iter().flatten().filter_map(move |version| {
            Some(Place {
                group: text(object, "/spec/group"),
                version: version.get("name")?.as_str()?,
                kind: kind?,
                plural: Some(plural?),
                namespaced: text(object, "/spec/scope") != "Cluster",
            })
        })
    });
    each.collect()
}

impl Maker<'_> {
    /// The objects that are carried along, in the order in which they are applied.
    pub(in crate::platform::kubernetes::kinds) fn carried(&self) -> Vec<Object> {
        let manifests = &self.service.own.manifests;
        let definitions = manifests.iter().filter(|one| kind_of(one).defines());
        let defined = defined(definitions.map(|one| &one.object));
        let each = manifests.iter().map(|manifest| {
            let usual = kind_of(manifest).place();
            let own = |place: &&Place<'_>| {
                (place.group, place.version, place.kind) == (usual.group, usual.version, usual.kind)
            };
            let place = defined.iter().find(own).copied().unwrap_or(usual);
            let mut object = Object {
                id: Id {
                    kind: Kind::Carried(Carried::at(place)),
                    name: text(&manifest.object, "/metadata/name").to_owned(),
                },
                manifest: said(manifest),
                place: Some(manifest.place.clone()),
            };
            self.mark(&mut object);
            object
        });
        let mut all: Vec<Object> = each.collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    /// Says whose it is. What lies outside of namespaces is not of one service alone.
    fn mark(&self, object: &mut Object) {
        let labels = &mut object.manifest["metadata"]["labels"];
        labels[key::MANAGED_BY] = json!(MANAGER);
        if !object.id.kind.is_namespaced() {
            return;
        }
        let tenant = self.setting.tenant;
        let project = label_value(&tenant.project);
        labels[key::PROJECT] = json!(project);
        labels[key::SERVICE] = json!(self.service.name.as_str());
        Owner::of(self.service, tenant, &project).mark(&mut object.manifest);
    }
}

/// Takes away what says of which service it is: it turned out to lie outside of namespaces.
pub(crate) fn unmark(manifest: &mut Value) {
    for (part, keys) in [
        ("labels", [key::PROJECT, key::SERVICE]),
        ("annotations", [key::PROJECT, key::TARGET]),
    ] {
        if let Some(marks) = manifest["metadata"][part].as_object_mut() {
            for key in keys {
                marks.remove(key);
            }
        }
    }
}

fn kind_of(manifest: &Manifest) -> Carried {
    let (group, version) = group_and_version(&manifest.object);
    Carried::named(group, version, text(&manifest.object, "/kind"))
}

/// What a manifest says, without what the API server alone says and what says nothing.
fn said(manifest: &Manifest) -> Value {
    let mut said = Map::new();
    for (name, value) in manifest.object.as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "status" | "metadata") && !value.is_null() {
            said.insert(name.clone(), full(value));
        }
    }
    let metadata = manifest.object.get("metadata").and_then(Value::as_object);
    let metadata = metadata
        .into_iter()
        .flatten()
        .filter(|(name, value)| METADATA.contains(&name.as_str()) && !value.is_null());
    let metadata = metadata.map(|(name, value)| (name.clone(), full(value)));
    said.insert("metadata".to_owned(), Value::Object(metadata.collect()));
    let (group, kind, _) = manifest.identity();
    if (group, kind) == SECRET {
        encode(&mut said);
    }
    Value::Object(said)
}

/// Nothing that is nothing.
fn full(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members = members.map(|(name, value)| (name.clone(), full(value)));
            Value::Object(members.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(full).collect()),
        value => value.clone(),
    }
}

/// The API server never shows `stringData` again: it is said as what becomes of it.
fn encode(secret: &mut Map<String, Value>) {
    let Some(Value::Object(texts)) = secret.remove("stringData") else {
        return;
    };
    let data = secret.entry("data").or_insert_with(|| json!({}));
    for (name, text) in texts {
        let bytes = ByteString(text.as_str().unwrap_or_default().as_bytes().to_vec());
        data[name] = json!(bytes);
    }
}

/// The Secrets among these objects, with the keys that each has.
pub(crate) fn secrets(objects: &[Object]) -> BTreeMap<String, BTreeSet<String>> {
    let secrets = objects.iter().filter(|object| is_secret(object.id.kind));
    let keys = |object: &Object| {
        let data = object.manifest["data"].as_object();
        let keys = data.into_iter().flat_map(Map::keys);
        keys.cloned().collect()
    };
    secrets
        .map(|object| (object.id.name.clone(), keys(object)))
        .collect()
}

/// The group and the kind of a Secret.
const SECRET: (&str, &str) = ("", "Secret");

fn is_secret(kind: Kind) -> bool {
    let (group, _, _) = kind.place();
    (group, kind.as_str()) == SECRET
}

/// Tables that name a Secret, and a key in it: none of it is a value.
const NAMES: [&str; 3] = ["secretKeyRef", "secretRef", "secretStoreRef"];

/// Fields that do.
const NAMING: [&str; 3] = ["secretName", "secretKey", "serviceAccountName"];

/// Whether what stands there may be a secret.
pub(crate) fn hides(kind: Kind, path: &Path, value: &Value) -> bool {
    let (map, name) = match path.steps() {
        [Step::Field(map), Step::Field(_), ..]
            if is_secret(kind) && DATA.contains(&map.as_str()) =>
        {
            return true;
        }
        [.., Step::Item(name), Step::Field(field)] if field == "value" => ("", name.as_str()),
        [.., Step::Field(map), Step::Field(name)] => (map.as_str(), name.as_str()),
        [.., Step::Field(name)] => ("", name.as_str()),
        _ => return false,
    };
    if NAMES.contains(&map) || NAMING.contains(&name) {
        return false;
    }
    let mut found = false;
    let mut ask = |key: &str, text: &str| found = found || may_be_secret(key, text);
    match value {
        Value::String(_) => ask(name, &spelled(path, value)),
        other => each_text(other, name, &mut ask),
    }
    found
}

/// An object as it may be printed.
pub(crate) fn masked(kind: Kind, manifest: &Value) -> Value {
    let mut manifest = manifest.clone();
    mask(kind, &mut manifest, &Path::default());
    manifest
}

fn mask(kind: Kind, value: &mut Value, path: &Path) {
    match value {
        Value::Object(members) => {
            let named = members.get("name").and_then(Value::as_str);
            let named = named.map(str::to_owned);
            for (own, member) in members {
                let path = match &named {
                    Some(name) if own == "value" => path.item(name.clone()).field(own),
                    _ => path.field(own),
                };
                mask(kind, member, &path);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(kind, item, path)),
        value if value.is_string() && hides(kind, path, value) => *value = json!(MASK),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
