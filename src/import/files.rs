//! The files that a source is read from.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{EcsSource, NotTaken, Source, copilot};
use crate::names::TargetName;
use crate::spec::{self, Disk, Files as _};

/// A folder: a task definition with its service, or manifests.
pub(crate) fn folder(path: &Path, target: &TargetName) -> Result<Source, NotTaken> {
    let names = Disk
        .list(path)
        .map_err(|error| NotTaken(format!("cannot read {}: {error}", path.display())))?;
    let mut names: Vec<PathBuf> = names.into_iter().map(|name| path.join(name)).collect();
    names.sort();
    let of_json: Vec<&PathBuf> = names.iter().filter(|name| ends(name, &["json"])).collect();
    if let Some(task) = task(path, &of_json)? {
        return ecs(&task, None);
    }
    let mut all = Vec::new();
    for name in &names {
        if ends(name, &["yaml", "yml"]) {
            all.extend(of_file(name)?);
        } else if ends(name, &["json"]) {
            let found = of_file(name).unwrap_or_default();
            all.extend(found.into_iter().filter(is_manifest));
        }
    }
    if all.is_empty() {
        let message = format!(
            "{} has neither a task definition nor manifests",
            path.display()
        );
        return Err(NotTaken(message));
    }
    of_documents(all, target, application(path).as_deref())
}

fn ends(name: &Path, all: &[&str]) -> bool {
    let extension = name.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| all.contains(&extension))
}

/// Whether a document is an object of Kubernetes.
pub(super) fn is_manifest(document: &Value) -> bool {
    let text = |key: &str| document.get(key).is_some_and(Value::is_string);
    text("apiVersion") && text("kind")
}

/// The task definition in a folder: `task.json`, or the only one there is.
fn task(folder: &Path, of_json: &[&PathBuf]) -> Result<Option<PathBuf>, NotTaken> {
    let usual = folder.join("task.json");
    if usual.exists() {
        return Ok(Some(usual));
    }
    let mut tasks = of_json.iter().filter(|name| {
        let text = Disk.read(name).unwrap_or_default();
        text.contains("\"containerDefinitions\"")
    });
    let found = tasks.next();
    if let (Some(one), Some(other)) = (found, tasks.next()) {
        return Err(NotTaken(format!(
            "{} and {} are both task definitions: name one with `--from`",
            one.display(),
            other.display()
        )));
    }
    Ok(found.map(|name| (*name).clone()))
}

/// A task definition, and the service that runs it: `other`, or what is called so beside it.
pub(crate) fn ecs(task: &Path, other: Option<&Path>) -> Result<Source, NotTaken> {
    let name = task.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    // As tools call them: task.json, ecs-task-def.json, task-definition.json.
    let beside = [name.replace("task", "service"), "service.json".to_owned()];
    let beside = beside.iter().map(|name| task.with_file_name(name));
    let mut beside = beside.filter(|path| path != task && path.exists());
    let service = other.map(Path::to_owned).or_else(|| beside.next());
    let service = service.map(|path| json(&path)).transpose()?;
    Ok(Source::Ecs(vec![EcsSource {
        task: json(task)?,
        service,
        ..EcsSource::default()
    }]))
}

/// One file: a task definition as JSON, or manifests.
pub(crate) fn file(
    path: &Path,
    service: Option<&Path>,
    target: &TargetName,
) -> Result<Source, NotTaken> {
    let is_manifests = ends(path, &["json"]) && json(path).is_ok_and(|one| is_manifest(&one));
    if ends(path, &["json", "jsonnet", "libsonnet"]) && !is_manifests {
        return ecs(path, service);
    }
    of_documents(of_file(path)?, target, None)
}

/// The documents of a file, or what is wrong with it and where.
fn of_file(path: &Path) -> Result<Vec<Value>, NotTaken> {
    manifests(&text(path)?).map_err(|why| NotTaken(format!("{}: {why}", path.display())))
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
    let why = if text.trim().is_empty() {
        "is empty".to_owned()
    } else if ends(path, &["jsonnet", "libsonnet"]) {
        "is Jsonnet: render it first".to_owned()
    } else if is_template(&text) {
        "is a template: render it first".to_owned()
    } else {
        match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
            Ok(value) => return Ok(value),
            Err(_) if text.contains("{{") => "is a template: render it first".to_owned(),
            Err(_) if text.contains("local ") || text.contains("std.") => {
                "is Jsonnet: render it first".to_owned()
            }
            Err(error) => format!("is no plain JSON: {error}"),
        }
    };
    Err(NotTaken(format!("{} {why}", path.display())))
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
        let before = text.get(..error.at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let why = if text.contains("{{") {
            "it is a template: render it first, such as with `helm template`".to_owned()
        } else {
            format!("{} (line {line})", error.why)
        };
        NotTaken(format!("this is no YAML: {why}"))
    })?;
    Ok(documents.into_iter().map(|one| one.object).collect())
}
