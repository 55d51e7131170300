//! Another name for a container, in all that refers to it. Pure.

use serde_json::Value;

/// Members that name a container, whatever they stand in.
const REFER: [&str; 2] = ["containerName", "sourceContainer"];

/// Calls a container of a task definition, or what refers to it in a service, by another name.
pub(super) fn rename(value: &mut Value, from: &str, to: &str) {
    let containers = value.get_mut("containerDefinitions");
    for container in containers
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(name) = container.get_mut("name") {
            replace(name, from, to);
        }
        let links = container.get_mut("links").and_then(Value::as_array_mut);
        for link in links.into_iter().flatten() {
            let Some((name, alias)) = link
                .as_str()
                .map(|link| link.split_once(':').unwrap_or((link, link)))
            else {
                continue;
            };
            if name == from {
                *link = Value::from(format!("{to}:{alias}"));
            }
        }
    }
    references(value, from, to);
}

fn references(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| references(item, from, to)),
        Value::Object(members) => {
            for (key, value) in members {
                if REFER.contains(&key.as_str()) {
                    replace(value, from, to);
                } else {
                    references(value, from, to);
                }
            }
        }
        _ => {}
    }
}

fn replace(value: &mut Value, from: &str, to: &str) {
    if *value == from {
        *value = Value::from(to);
    }
}
