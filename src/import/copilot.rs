//! From a service manifest of AWS Copilot to what it asks ECS for. Pure.
//!
//! What Copilot makes of its own accord — roles, the load balancer and its rules, the cluster and its
//! subnets — stands in no manifest. A name that shows where yours belongs takes its place, and a note says
//! so. (AWS Copilot documentation, "Manifest", of each type of service.)

use serde_json::{Map, Value, json};

use super::{EcsSource, Loss, NotTaken};

mod beside;
mod containers;
mod count;
mod overrides;
mod service;

/// The types of services that run until they are told to stop.
const TYPES: [&str; 3] = [
    "Load Balanced Web Service",
    "Backend Service",
    "Worker Service",
];

/// What Copilot reads at the top of a manifest.
const KNOWN: [&str; 27] = [
    "alias",
    "command",
    "count",
    "cpu",
    "deployment",
    "entrypoint",
    "env_file",
    "environments",
    "exec",
    "http",
    "image",
    "logging",
    "memory",
    "name",
    "network",
    "nlb",
    "observability",
    "platform",
    "publish",
    "secrets",
    "sidecars",
    "storage",
    "subscribe",
    "taskdef_overrides",
    "type",
    "variables",
    "tags",
];

/// What a Copilot manifest is not without.
pub(super) fn is_manifest(document: &Value) -> bool {
    document.get("kind").is_none()
        && document.get("apiVersion").is_none()
        && document.get("type").is_some_and(Value::is_string)
        && document.get("name").is_some()
}

/// Whether it is one of a service that runs until it is told to stop.
pub(super) fn is_service(document: &Value) -> bool {
    let kind = document.get("type").map(plain).unwrap_or_default();
    TYPES.contains(&kind.as_str())
}

/// A manifest on its way: as it is at one environment, with what there is to say of it.
struct Manifest {
    all: Value,
    name: String,
    environment: String,
    /// The application's name, which stands in no manifest.
    application: Option<String>,
    /// Where yours belong.
    account: &'static str,
    region: &'static str,
    losses: Vec<Loss>,
    notes: Vec<String>,
}

impl Manifest {
    fn get(&self, key: &str) -> Option<&Value> {
        self.all.get(key).filter(|value| !value.is_null())
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        self.all.pointer(pointer).filter(|value| !value.is_null())
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Something that ECS is not asked for in this way.
    fn lose(&mut self, path: &str, value: &Value, why: &str) {
        self.losses.push(Loss {
            of: "manifest".to_owned(),
            path: path.to_owned(),
            value: Some(value.clone()),
            why: why.to_owned(),
        });
    }

    /// The ARN of a secret, by its name.
    fn secret(&self, name: &str) -> String {
        let (region, account) = (self.region, self.account);
        format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}")
    }

    /// `APPLICATION-ENVIRONMENT-NAME`, as Copilot calls what it makes.
    fn full_name(&self) -> String {
        let application = self.application.as_deref().unwrap_or("app");
        format!("{application}-{}-{}", self.environment, self.name)
    }
}

/// What a manifest asks ECS for at the environment that is called as the target is.
pub(super) fn source(
    document: &Value,
    environment: &str,
    application: Option<&str>,
) -> Result<EcsSource, NotTaken> {
    let text = |key: &str| document.get(key).map(plain).unwrap_or_default();
    let kind = text("type");
    if !TYPES.contains(&kind.as_str()) {
        return Err(NotTaken(match kind.as_str() {
            "Scheduled Job" => "a Scheduled Job of Copilot ends by itself, and a service here runs until it is told to stop".into(),
            kind => format!("Copilot's `{kind}` is no service of ECS"),
        }));
    }
    let mut manifest = Manifest {
        all: document.clone(),
        name: text("name"),
        environment: environment.to_owned(),
        application: application.map(str::to_owned),
        account: "123456789012",
        region: "us-east-1",
        losses: Vec::new(),
        notes: Vec::new(),
    };
    manifest.merge_environment();
    manifest.tell_others();
    let task = containers::task(&mut manifest);
    let task = overrides::laid_over(task, &mut manifest);
    let (service, scaling) = service::service(&mut manifest);
    manifest.note(
        "Copilot made the roles, the cluster, its subnets and security groups: put yours into the files",
    );
    manifest.note("Copilot gives every container variables such as COPILOT_ENVIRONMENT_NAME: say under `env` what your program reads of them");
    Ok(EcsSource {
        task,
        service: Some(service),
        scaling,
        losses: manifest.losses,
        notes: manifest.notes,
        project: manifest.application.or(Some(manifest.name)),
    })
}

impl Manifest {
    /// What is said of the environment is laid over what is said of all.
    fn merge_environment(&mut self) {
        let all = self.all.get("environments").and_then(Value::as_object);
        let all = all.cloned().unwrap_or_default();
        let others: Vec<&str> = all
            .keys()
            .filter(|name| **name != self.environment)
            .map(String::as_str)
            .collect();
        let own = all.get(&self.environment);
        if !others.is_empty() {
            let taken = if own.is_some() {
                "this target is"
            } else {
                "what all share is"
            };
            let note = format!(
                "the manifest says more of {}: {taken} written; `--target NAME` writes another",
                others.join(", ")
            );
            self.notes.push(note);
        }
        if let Some(own) = own {
            // A number of tasks and a range of them exclude each other.
            if own.pointer("/count/spot").is_some() {
                self.all["count"] = Value::Null;
            }
            merge(&mut self.all, own);
        }
    }

    /// What Copilot does not know it ignores, and some things have their place elsewhere.
    fn tell_others(&mut self) {
        let members = self.all.as_object().cloned().unwrap_or_default();
        for (key, value) in &members {
            match key.as_str() {
                "publish" | "subscribe" => {
                    self.lose(key, value, "Copilot makes topics and queues of it, and names them in variables");
                }
                "env_file" => self.lose(
                    key,
                    value,
                    "Copilot puts the file into a bucket: say its variables under `env`",
                ),
                "nlb" => self.note("Copilot made a network load balancer: put its target group into the target's file"),
                "observability" => self.note("`observability` is a sidecar of Copilot's: say it under `sidecar`, where you want it"),
                key if !KNOWN.contains(&key) => {
                    self.note(format!("Copilot knows no `{key}` there, and ignores it"));
                }
                _ => {}
            }
        }
    }
}

/// Tables are merged, and everything else takes the place of what was there.
fn merge(there: &mut Value, over: &Value) {
    match (there, over) {
        (_, Value::Null) => {}
        (Value::Object(there), Value::Object(over)) => {
            for (key, value) in over {
                merge(there.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (there, over) => *there = over.clone(),
    }
}

/// A scalar as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Entries of a list, or the words of a line.
fn argv(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::String(line) => split(line),
        _ => Vec::new(),
    }
}

/// The words of a line, as a shell would part them.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// `30s`, `2m`, or a number of seconds.
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
            let factor = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                _ => return None,
            };
            Some(number.parse::<i64>().ok()? * factor)
        }
        _ => None,
    }
}

/// Sets a member, unless there is nothing to set.
fn set(object: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    let is_empty = |value: &Value| {
        value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
    };
    if let Some(value) = value.filter(|value| !is_empty(value)) {
        object.insert(key.to_owned(), value);
    }
}

/// A list of `{ name, value }`.
fn pairs(names: &str, values: &str, of: impl IntoIterator<Item = (String, String)>) -> Value {
    let all = of
        .into_iter()
        .map(|(name, value)| json!({ names: name, values: value }));
    all.collect()
}
