//! JSON Schemas of both files, for editors.

use serde_json::{Value as Json, json};

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
    let deploy = titled(Deploy::schema(), "deploy.toml: what runs");
    let target = titled(TargetTable::schema(), "config/NAME.toml: where it runs");
    Schemas { deploy, target }
}

fn titled(mut schema: Json, title: &str) -> Json {
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!(title);
    schema
}
