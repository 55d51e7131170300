//! Values that only a deployment brings: what a service runs, and not what it is called or where.
//! Verbs that ask about what is there, or change it as it is, take its word for them, so a variable
//! in such a value may be without one.

use super::interpolate::Variables;
use super::tree::{Node, Value};

/// Keys of a service and of a sidecar below which no name of an object is, nor a number that a verb
/// goes by.
const BROUGHT: [&str; 6] = [
    "image",
    "env",
    "command",
    "entrypoint",
    "user",
    "working_dir",
];

/// Stands for a value that nobody has. It is nothing's name, and is never written.
const STAND_IN: &str = "unset:0";

/// Puts a stand-in where a value would be wanting that is not needed.
pub(super) fn stand_in(deploy: &mut Node, variables: &Variables<'_>) {
    for service in entries(deploy.get_mut("service")) {
        brought(service, variables);
        for sidecar in entries(service.get_mut("sidecar")) {
            brought(sidecar, variables);
        }
    }
}

fn brought(container: &mut Node, variables: &Variables<'_>) {
    for key in BROUGHT {
        if let Some(node) = container.get_mut(key) {
            within(node, variables);
        }
    }
}

fn within(node: &mut Node, variables: &Variables<'_>) {
    match &mut node.value {
        Value::Text(text) if text.contains("${") && variables.lacks_a_value(text) => {
            STAND_IN.clone_into(text);
        }
        Value::List(items) => items.iter_mut().for_each(|item| within(item, variables)),
        Value::Table(entries) => entries
            .iter_mut()
            .for_each(|(_, entry)| within(entry, variables)),
        _ => {}
    }
}

fn entries(node: Option<&mut Node>) -> impl Iterator<Item = &mut Node> {
    let entries = match node.map(|node| &mut node.value) {
        Some(Value::Table(entries)) => entries.as_mut_slice(),
        _ => &mut [],
    };
    entries.iter_mut().map(|(_, node)| node)
}
