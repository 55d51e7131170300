//! What a patch says, leaf by leaf, beside what is there: the paths are those of the other values.

use aws_sdk_ecs::types as ecs;
use serde_json::Value;

use super::{Field, Fields};
use crate::plan::Effect;
use crate::platform::ecs::settings::container::part::EFFECT;
use crate::platform::ecs::settings::patched::{NAMED, is_member, none_of, starts_rollout};
use crate::platform::patch::is_same;
use crate::spec::Overlay;
use crate::spec::patch::under;
use crate::spec::{aws_json, may_be_secret};

/// Members of a task definition that are compared by their own words, whoever sets them.
const OWN: [&str; 10] = [
    "cpu",
    "ephemeralStorage",
    "executionRoleArn",
    "ipcMode",
    "memory",
    "networkMode",
    "pidMode",
    "requiresCompatibilities",
    "taskRoleArn",
    "volumes",
];

/// Members of a container, likewise.
const OWN_OF_CONTAINER: [&str; 38] = [
    "command",
    "cpu",
    "dependsOn",
    "dnsSearchDomains",
    "dnsServers",
    "dockerLabels",
    "dockerSecurityOptions",
    "entryPoint",
    "environment",
    "environmentFiles",
    "essential",
    "extraHosts",
    "firelensConfiguration",
    "healthCheck",
    "hostname",
    "image",
    "interactive",
    "links",
    "linuxParameters",
    "logConfiguration",
    "memory",
    "memoryReservation",
    "mountPoints",
    "name",
    "privileged",
    "pseudoTerminal",
    "readonlyRootFilesystem",
    "repositoryCredentials",
    "resourceRequirements",
    "restartPolicy",
    "secrets",
    "startTimeout",
    "stopTimeout",
    "systemControls",
    "ulimits",
    "user",
    "versionConsistency",
    "workingDirectory",
];

/// What the leaves of `patch` are in a task definition.
pub(crate) fn of_definition(definition: &ecs::TaskDefinition, patch: &Overlay) -> Fields {
    if patch.is_empty() {
        return Fields::default();
    }
    let document = aws_json::write(definition).unwrap_or_default();
    fields(&document, patch, |path| (!is_own(path)).then_some(EFFECT))
}

/// What the leaves of `patch` are among the members of a service.
pub(crate) fn of_service(members: &Value, patch: &Overlay) -> Fields {
    // What stands for there being none of a member is none.
    let mut members = members.clone();
    if let Some(members) = members.as_object_mut() {
        members.retain(|name, value| *value != none_of(name));
    }
    fields(&members, patch, |path| {
        let group = super::group(path);
        is_member(group).then_some(if starts_rollout(group) {
            Effect::Restarts
        } else {
            Effect::Invisible
        })
    })
}

/// Whether `patch` says something at a path that is left over, or within it, or of what it is in.
pub(crate) fn says(patch: &Overlay, left_over: &str) -> bool {
    let all = fields(&patch.tree, patch, |_| Some(Effect::Invisible));
    let within = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let mut paths = all.iter().map(|(path, _)| path);
    paths.any(|path| within(path, left_over) || within(left_over, path))
}

fn is_own(path: &str) -> bool {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or_default();
    if first != "containers" {
        return OWN.contains(&first) || first == "runtimePlatform";
    }
    let member = parts.nth(1).unwrap_or_default();
    OWN_OF_CONTAINER.contains(&member)
}

fn fields(document: &Value, patch: &Overlay, effect: impl Fn(&str) -> Option<Effect>) -> Fields {
    let mut leaves = Leaves {
        patch,
        effect: &effect,
        found: Fields::default(),
    };
    leaves.walk(&patch.tree, Some(document), &Place::default());
    leaves.found
}

/// Where a leaf stands.
#[derive(Clone, Default)]
struct Place {
    /// In the patch.
    written: String,
    /// As it is shown.
    shown: String,
    /// The entry of a list that it stands in.
    entry: String,
}

struct Leaves<'a> {
    patch: &'a Overlay,
    effect: &'a dyn Fn(&str) -> Option<Effect>,
    found: Fields,
}

impl Leaves<'_> {
    fn walk(&mut self, patch: &Value, there: Option<&Value>, place: &Place) {
        let Value::Object(members) = patch else {
            return;
        };
        for (key, patch) in members {
            let there = there.and_then(|there| there.get(key));
            let place = Place {
                written: under(&place.written, key),
                shown: under(&place.shown, shown(key)),
                entry: place.entry.clone(),
            };
            let names = NAMED.iter().find(|(list, _)| list == key);
            match (patch, names) {
                _ if self.patch.removals.contains(&place.written) => self.leaf(key, there, &place),
                (Value::Object(_), _) => self.walk(patch, there, &place),
                (Value::Array(entries), Some((_, names))) => {
                    self.entries(entries, names, there, &place);
                }
                _ => self.leaf(key, there, &place),
            }
        }
    }

    /// The entries of a list whose entries have names; an entry that says no more than its name is there
    /// or not.
    fn entries(&mut self, entries: &[Value], names: &[&str], there: Option<&Value>, place: &Place) {
        for (index, entry) in entries.iter().enumerate() {
            let all = there.and_then(Value::as_array);
            let there = all.and_then(|all| all.iter().find(|one| is_same(one, entry, names)));
            let said: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| entry.get(name).is_some())
                .collect();
            let words = said.iter().filter_map(|name| text(entry.get(name)));
            let entry_name = words.collect::<Vec<_>>().join("/");
            let place = Place {
                written: under(&place.written, &index.to_string()),
                shown: under(&place.shown, &entry_name),
                entry: entry_name,
            };
            let mut rest = entry.clone();
            if let Some(rest) = rest.as_object_mut() {
                rest.retain(|key, _| !said.contains(&key.as_str()));
                if let (true, Some(name)) = (rest.is_empty(), said.first()) {
                    self.leaf(name, there.and_then(|there| there.get(name)), &place);
                }
            }
            self.walk(&rest, there, &place);
        }
    }

    fn leaf(&mut self, key: &str, there: Option<&Value>, place: &Place) {
        let (Some(text), Some(effect)) = (text(there), (self.effect)(&place.shown)) else {
            return;
        };
        let name = if key == "value" { &place.entry } else { key };
        let field = Field {
            sensitive: may_be_secret(name, &text),
            // A switch that is off, and a number that is not set.
            default: text == "false" || text == "0",
            text,
            effect,
        };
        self.found.0.insert(place.shown.clone(), field);
    }
}

/// How a list is called in a path.
fn shown(key: &str) -> &str {
    match key {
        "containerDefinitions" => "containers",
        "portMappings" => "ports",
        other => other,
    }
}

/// As it is compared; what is empty is not there.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Object(members) if members.is_empty() => None,
        other => Some(other.to_string()),
    }
}
