//! The files that a source is read from.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{NotTaken, Source};
use crate::spec::{self, Disk, Files as _};

/// A folder: `task.json` with `service.json`, or manifests.
pub(crate) fn folder(path: &Path) -> Result<Source, NotTaken> {
    let task = path.join("task.json");
    if task.exists() {
        let service = path.join("service.json");
        let service = service.exists().then(|| json(&service)).transpose()?;
        return Ok(Source::Ecs {
            task: json(&task)?,
            service,
        });
    }
    let names = Disk
        .list(path)
        .map_err(|error| NotTaken(format!("cannot read {}: {error}", path.display())))?;
    let is_yaml = |name: &String| matches!(name.rsplit_once('.'), Some((_, "yaml" | "yml")));
    let mut names: Vec<PathBuf> = names
        .into_iter()
        .filter(is_yaml)
        .map(|name| path.join(name))
        .collect();
    names.sort();
    if names.is_empty() {
        let message = format!("{} has neither task.json nor manifests", path.display());
        return Err(NotTaken(message));
    }
    let mut all = Vec::new();
    for name in names {
        all.extend(manifests(&text(&name)?)?);
    }
    Ok(Source::Kubernetes(all))
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, NotTaken> {
    let read = Disk.read(path);
    read.map_err(|error| NotTaken(format!("cannot read {}: {error}", path.display())))
}

/// A file of plain JSON. Jsonnet and templates are named.
pub(crate) fn json(path: &Path) -> Result<Value, NotTaken> {
    let text = text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let why = if text.contains("{{") {
            "it is a template: render it first".to_owned()
        } else if text.contains("local ") || text.contains("std.") {
            "it is Jsonnet: render it first".to_owned()
        } else {
            error.to_string()
        };
        NotTaken(format!("{} is no plain JSON: {why}", path.display()))
    })
}

/// All documents of a stream of YAML; those of a List one by one.
pub(crate) fn manifests(text: &str) -> Result<Vec<Value>, NotTaken> {
    let documents = spec::manifests::documents(text)
        .map_err(|error| NotTaken(format!("this is no YAML: {}", error.why)))?;
    let all: Vec<Value> = documents.into_iter().map(|one| one.object).collect();
    let copilot =
        |document: &Value| document.get("kind").is_none() && document.get("type").is_some();
    if all.iter().any(copilot) {
        return Err(NotTaken(
            "this is a manifest of AWS Copilot, which is not read yet: take what it made, by `aws ecs describe-task-definition`".into(),
        ));
    }
    Ok(all)
}
