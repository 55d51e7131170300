//! What of a task definition and of a service a patch may say. Pure.

use serde_json::Value;

use super::source::Read;
use crate::import::Loss;
use crate::import::hatch::{Entry, Spelling, way};
use crate::platform::ecs::settings::patched::NAMED;

/// Where tasks run is no single member: a patch of one of these alone would make a task that starts
/// nowhere.
const TOGETHER: [&str; 2] = ["networkMode", "requiresCompatibilities"];

/// What a task on Fargate cannot do without, and what Fargate offers in some sizes only.
const ROLE: &str = "executionRoleArn";
const SIZES: [&str; 2] = ["cpu", "memory"];

/// What would say a loss.
pub(super) fn entry(read: &Read, loss: &Loss, of: &str, rendered: &Read) -> Option<Entry> {
    let (part, index) = match of {
        "task" => ("task", 0),
        "service" => ("service", 1),
        _ => return None,
    };
    let path = loss.path.as_str();
    let on_fargate = rendered
        .task
        .requires_compatibilities
        .iter()
        .any(|one| one == "FARGATE");
    let is_wanting = SIZES.contains(&path) || path == ROLE && loss.value.is_none();
    let is_wanting = on_fargate && part == "task" && is_wanting;
    if is_wanting || part == "task" && TOGETHER.contains(&path) || path.starts_with("tags") {
        return None;
    }
    let spelling = Spelling {
        items: words,
        named: NAMED,
    };
    let (steps, value) = way(
        &spelling,
        path,
        &read.sources[index],
        &rendered.sources[index],
    )?;
    // The sizes of a task are text.
    let value = match value {
        Value::Number(number) if part == "task" && SIZES.contains(&path) => {
            Value::from(number.to_string())
        }
        value => value,
    };
    Some(Entry {
        service: 0,
        part,
        steps,
        value,
    })
}

/// An item is called by its name, the container that it is about, its port, or its number.
fn words(_: &str, items: &[Value]) -> Vec<Vec<String>> {
    let of_item = |(index, item): (usize, &Value)| {
        let word = |key: &str| item.get(key).map(plain);
        let port = word("containerPort");
        let protocol = word("protocol").unwrap_or_else(|| "tcp".to_owned());
        let socket = port.as_ref().map(|port| format!("{port}/{protocol}"));
        let names = [word("name"), word("containerName"), socket, port];
        let names = names.into_iter().flatten();
        names.chain([index.to_string()]).collect()
    };
    items.iter().enumerate().map(of_item).collect()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
