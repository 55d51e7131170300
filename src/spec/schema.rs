//! JSON Schemas of both files, for editors.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::raw::Deploy;
use super::shape::Shape;
use super::words::target::TargetTable;

/// The schemas, each under the name of its file in `config/schema/`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Schemas {
    /// The schema of deploy.toml, kept in `deploy.schema.json`.
    pub(crate) deploy: Json,
    /// The schema of a target's file, kept in `target.schema.json`.
    pub(crate) target: Json,
}

/// The schemas of both files (JSON Schema draft 7, which TOML editors understand).
pub(crate) fn schemas() -> Schemas {
    let (deploy, target) = (
        told_once(Deploy::schema()),
        told_once(TargetTable::schema()),
    );
    let deploy = titled(deploy, "deploy.toml: what runs");
    let target = titled(target, "config/NAME.toml: where it runs");
    Schemas { deploy, target }
}

fn titled(mut schema: Json, title: &str) -> Json {
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!(title);
    schema
}

/// The same schema, in which a table that may stand at several places is told once, under `definitions`: a target may
/// say all that a service says, and an editor is slow with a file that tells it again for each.
fn told_once(mut schema: Json) -> Json {
    let mut times = HashMap::new();
    count(&mut schema, &mut times);
    let mut definitions = Definitions {
        times,
        names: HashMap::new(),
        schemas: Map::new(),
    };
    for (key, inner) in children(&mut schema) {
        definitions.hoist(key.as_deref().unwrap_or("entry"), inner);
    }
    if !definitions.schemas.is_empty() {
        schema["definitions"] = Json::Object(definitions.schemas);
    }
    schema
}

/// How often each table stands somewhere. What is within a table counts once, however often that stands there.
fn count(schema: &mut Json, times: &mut HashMap<String, u32>) {
    if let Some(table) = table(schema) {
        let seen = times.entry(table).or_default();
        *seen += 1;
        if *seen > 1 {
            return;
        }
    }
    for (_, inner) in children(schema) {
        count(inner, times);
    }
}

struct Definitions {
    /// How often a table stands somewhere.
    times: HashMap<String, u32>,
    /// The names of those that are told.
    names: HashMap<String, String>,
    /// What is told, by name.
    schemas: Map<String, Json>,
}

impl Definitions {
    /// Puts a reference in the place of a table that stands elsewhere as well; `key`: what it stands under.
    fn hoist(&mut self, key: &str, schema: &mut Json) {
        let repeated = table(schema).filter(|table| self.times.get(table).is_some_and(|n| *n > 1));
        let Some(table) = repeated else {
            return self.within(key, schema);
        };
        let map = schema.as_object_mut();
        let description = map.and_then(|map| map.remove("description"));
        let name = match self.names.get(&table) {
            Some(name) => name.clone(),
            None => self.define(key, table, schema.take()),
        };
        let reference = json!({ "$ref": format!("#/definitions/{name}") });
        // What stands beside a reference is ignored (JSON Schema draft 7, section 8.3).
        *schema = match description {
            Some(text) => json!({ "allOf": [reference], "description": text }),
            None => reference,
        };
    }

    fn define(&mut self, key: &str, table: String, mut schema: Json) -> String {
        let numbered = (2..).map(|number: u32| format!("{key}_{number}"));
        let mut names = std::iter::once(key.to_owned()).chain(numbered);
        let name = names.find(|name| !self.schemas.contains_key(name));
        let name = name.unwrap_or_default();
        self.names.insert(table, name.clone());
        // The name is taken before what is within asks for one.
        self.schemas.insert(name.clone(), Json::Null);
        self.within(key, &mut schema);
        self.schemas.insert(name.clone(), schema);
        name
    }

    fn within(&mut self, key: &str, schema: &mut Json) {
        for (inner, schema) in children(schema) {
            self.hoist(inner.as_deref().unwrap_or(key), schema);
        }
    }
}

/// A table as it is told, whatever is said of the key that it stands under.
fn table(schema: &Json) -> Option<String> {
    let map = schema
        .as_object()
        .filter(|map| map.contains_key("properties"))?;
    let told = map.iter().filter(|(key, _)| *key != "description");
    Some(json!(told.collect::<Vec<_>>()).to_string())
}

/// The schemas within a schema, each with its key if it has one.
fn children(schema: &mut Json) -> Vec<(Option<String>, &mut Json)> {
    let mut all = Vec::new();
    for (word, value) in schema.as_object_mut().into_iter().flatten() {
        match (word.as_str(), value) {
            ("properties", Json::Object(map)) => {
                all.extend(
                    map.iter_mut()
                        .map(|(key, schema)| (Some(key.clone()), schema)),
                );
            }
            ("anyOf" | "oneOf" | "allOf", Json::Array(list)) => {
                all.extend(list.iter_mut().map(|schema| (None, schema)));
            }
            ("items" | "additionalProperties", schema @ Json::Object(_)) => {
                all.push((None, schema));
            }
            _ => {}
        }
    }
    all
}
