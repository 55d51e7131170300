//! Which keys a service says, whatever they come to: for whoever compares platforms.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Node, Value};
use super::words::patch::under;

/// The keys that each service says, as paths: `port`, `ecs.capacity`, `volumes.data.efs`.
pub(crate) type Said = BTreeMap<String, BTreeSet<String>>;

/// Tables whose keys are names or words of somebody else: they are said as a whole.
const WHOLE: [&str; 9] = [
    "env",
    "secrets",
    "tags",
    "patch",
    "depends_on",
    "mounts",
    "labels",
    "annotations",
    "pod_annotations",
];

/// What the services of a tree say.
pub(super) fn said(deploy: &Node) -> Said {
    let services = deploy.get("service").map(Node::entries).unwrap_or_default();
    services
        .iter()
        .map(|(name, node)| {
            let mut paths = BTreeSet::new();
            walk(node, "", &mut paths);
            (name.clone(), paths)
        })
        .collect()
}

fn walk(node: &Node, at: &str, paths: &mut BTreeSet<String>) {
    for (key, entry) in node.entries() {
        let path = under(at, key);
        let is_table = matches!(&entry.value, Value::Table(entries) if !entries.is_empty());
        if is_table && !WHOLE.contains(&key.as_str()) {
            walk(entry, &path, paths);
        } else {
            paths.insert(path);
        }
    }
}
