//! `taskdef_overrides`: what a manifest lays over the task definition, in the spelling of `CloudFormation`.

use serde_json::{Map, Value};

use super::{Manifest, plain};

/// The task definition with what is laid over it.
pub(super) fn laid_over(mut task: Value, manifest: &mut Manifest) -> Value {
    let all = manifest.get("taskdef_overrides").and_then(Value::as_array);
    for one in all.cloned().unwrap_or_default() {
        let path = one.get("path").map(plain).unwrap_or_default();
        let value = one.get("value").map(spelled).unwrap_or_default();
        if put(&mut task, &path, &value).is_none() {
            manifest.lose("taskdef_overrides", &one, "its path cannot be read");
        }
    }
    task
}

/// `ContainerDefinitions[0].Ulimits[-].HardLimit`: `-` is one more.
fn put(there: &mut Value, path: &str, value: &Value) -> Option<()> {
    let (step, rest) = path
        .split_once('.')
        .map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (key, index) = match step.split_once('[') {
        Some((key, index)) => (key, Some(index.strip_suffix(']')?)),
        None => (step, None),
    };
    if key.is_empty() {
        return None;
    }
    if !there.is_object() {
        *there = Value::Object(Map::new());
    }
    let mut there = there
        .as_object_mut()?
        .entry(key_of(key))
        .or_insert(Value::Null);
    if let Some(index) = index {
        if !there.is_array() {
            *there = Value::Array(Vec::new());
        }
        let items = there.as_array_mut()?;
        let at = match index {
            "-" => items.len(),
            number => number.parse().ok()?,
        };
        if at == items.len() {
            items.push(Value::Null);
        }
        there = items.get_mut(at)?;
    }
    if let Some(rest) = rest {
        return put(there, rest, value);
    }
    *there = value.clone();
    Some(())
}

/// A key of `CloudFormation` in the API's spelling.
fn key_of(key: &str) -> String {
    match key {
        "EFSVolumeConfiguration" => return "efsVolumeConfiguration".to_owned(),
        "FilesystemId" => return "fileSystemId".to_owned(),
        "IAM" => return "iam".to_owned(),
        _ => {}
    }
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_lowercase().to_string() + letters.as_str()
    })
}

/// A value whose tables are spelled like that as well.
fn spelled(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(spelled).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(key, value)| (key_of(key), spelled(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}
