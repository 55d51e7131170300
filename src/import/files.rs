//! The files that a source is read from.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{EcsSource, NotTaken, Source, copilot};
use crate::names::TargetName;
use crate::spec::{self, Disk, Files as _};

/// A folder: `task.json` with `service.json`, or manifests.
pub(crate) fn folder(path: &Path, target: &TargetName) -> Result<Source, NotTaken> {
    let task = path.join("task.json");
    if task.exists() {
        let service = path.join("service.json");
        let service = service.exists().then(|| json(&service)).transpose()?;
        return Ok(Source::Ecs(vec![EcsSource {
            task: json(&task)?,
            service,
            ..EcsSource::default()
        }]));
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
    of_documents(all, target, application(path).as_deref())
}

/// What documents of YAML are: manifests of Copilot, or of Kubernetes.
pub(crate) fn of_documents(
    all: Vec<Value>,
    target: &TargetName,
    application: Option<&str>,
) -> Result<Source, NotTaken> {
    if !all.iter().any(copilot::is_manifest) {
        return Ok(Source::Kubernetes(all));
    }
    let services = all.iter().filter(|document| copilot::is_manifest(document));
    let services = services.map(|document| copilot::source(document, target.as_str(), application));
    Ok(Source::Ecs(services.collect::<Result<_, _>>()?))
}

/// A workspace of Copilot: `copilot/NAME/manifest.yml` of each service, or the folder of one.
pub(crate) fn workspace(path: &Path, target: &TargetName) -> Result<Source, NotTaken> {
    let within = path.join("copilot");
    let all = if within.is_dir() {
        within
    } else {
        path.to_owned()
    };
    let mut found = Vec::new();
    let mut folders = vec![all.clone()];
    let entries = std::fs::read_dir(&all);
    let entries =
        entries.map_err(|error| NotTaken(format!("cannot read {}: {error}", all.display())))?;
    folders.extend(entries.flatten().map(|entry| entry.path()));
    folders.sort();
    for folder in folders {
        for name in ["manifest.yml", "manifest.yaml"] {
            let file = folder.join(name);
            if file.is_file() {
                let documents = manifests(&text(&file)?)?;
                found.extend(documents.into_iter().filter(copilot::is_manifest));
            }
        }
    }
    // Beside services there are environments, pipelines and jobs.
    let is_service = |document: &Value| copilot::is_service(document);
    if found.iter().any(is_service) {
        found.retain(is_service);
    }
    if found.is_empty() {
        return Err(NotTaken(format!(
            "{} has no manifest.yml of Copilot",
            path.display()
        )));
    }
    of_documents(found, target, application(&all).as_deref())
}

/// The application that a workspace of Copilot belongs to.
fn application(path: &Path) -> Option<String> {
    let whole = std::path::absolute(path).ok()?;
    let mut folders = whole.ancestors().take(3);
    let text = folders.find_map(|folder| Disk.read(&folder.join(".workspace")).ok())?;
    let workspace: Value = serde_saphyr::from_str(&text).ok()?;
    Some(workspace.get("application")?.as_str()?.to_owned())
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, NotTaken> {
    let read = Disk.read(path);
    read.map_err(|error| NotTaken(format!("cannot read {}: {error}", path.display())))
}

/// A file of plain JSON. Jsonnet and templates are named.
pub(crate) fn json(path: &Path) -> Result<Value, NotTaken> {
    let text = text(path)?;
    if is_template(&text) {
        let message = format!("{} is a template: render it first", path.display());
        return Err(NotTaken(message));
    }
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

/// What the templates of task definitions call: a text that only holds braces is none.
const CALLS: [&str; 4] = ["env", "must_env", "ssm", "tfstate"];

/// Whether a text, which may be plain JSON, is to be filled in by another tool.
fn is_template(text: &str) -> bool {
    let calls = text.split("{{").skip(1).map(str::trim_start);
    calls.into_iter().any(|call| {
        let word = call.split(|c: char| c.is_whitespace() || c == '`').next();
        word.is_some_and(|word| CALLS.contains(&word))
    })
}

/// All documents of a stream of YAML; those of a List one by one.
pub(crate) fn manifests(text: &str) -> Result<Vec<Value>, NotTaken> {
    let documents = spec::manifests::documents(text).map_err(|error| {
        let why = if text.contains("{{") {
            "it is a template: render it first, such as with `helm template`".to_owned()
        } else {
            error.why
        };
        NotTaken(format!("this is no YAML: {why}"))
    })?;
    Ok(documents.into_iter().map(|one| one.object).collect())
}
