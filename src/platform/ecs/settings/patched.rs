//! What the file says in the API's own spelling, laid over task definitions and services. Pure.

use aws_sdk_ecs::types as ecs;
use serde_json::{Map, Value};

use super::ServiceConfig;
use super::sdk::primary;
use crate::plan::MASK;
use crate::platform::{Failed, FailureKind};
use crate::spec::patch::Named;
use crate::spec::{Misfit, Overlay, aws_json, may_be_secret};

/// What names the entries of the API's lists.
pub(crate) const NAMED: Named = &[
    ("containerDefinitions", &["name"]),
    ("dependsOn", &["containerName"]),
    ("environment", &["name"]),
    ("mountPoints", &["containerPath"]),
    ("portMappings", &["containerPort", "protocol"]),
    ("properties", &["name"]),
    ("secretOptions", &["name"]),
    ("secrets", &["name"]),
    ("systemControls", &["namespace"]),
    ("ulimits", &["name"]),
    ("volumes", &["name"]),
];

/// A member of a service that can be patched.
pub(crate) struct Member {
    name: &'static str,
    /// Whether ECS starts a deployment where it changes (Amazon ECS API reference, UpdateService, each
    /// parameter's "triggers a new service deployment").
    starts_rollout: bool,
    /// What takes it away, since an absent member is kept.
    none: &'static str,
}

const fn member(name: &'static str, starts_rollout: bool, none: &'static str) -> Member {
    Member {
        name,
        starts_rollout,
        none,
    }
}

const MEMBERS: &[Member] = &[
    member("availabilityZoneRebalancing", false, "\"DISABLED\""),
    member("enableECSManagedTags", false, "false"),
    member("placementConstraints", false, "[]"),
    member("placementStrategy", false, "[]"),
    member("propagateTags", false, "\"NONE\""),
    member("serviceConnectConfiguration", true, "{\"enabled\":false}"),
    member("serviceRegistries", true, "[]"),
    member("volumeConfigurations", true, "[]"),
    member("vpcLatticeConfigurations", true, "[]"),
];

impl Member {
    fn none(&self) -> Value {
        serde_json::from_str(self.none).unwrap_or_default()
    }
}

/// The member of that name, where it can be patched.
fn find(name: &str) -> Option<&'static Member> {
    MEMBERS.iter().find(|member| member.name == name)
}

/// Whether there is a member of a service of that name that can be patched.
pub(crate) fn is_member(name: &str) -> bool {
    find(name).is_some()
}

/// Whether ECS starts a deployment where it changes.
pub(crate) fn starts_rollout(name: &str) -> bool {
    find(name).is_some_and(|member| member.starts_rollout)
}

/// The members of a service that can be patched, as it has them.
pub(crate) fn members(service: &ecs::Service) -> Value {
    let mut read = aws_json::write(service).unwrap_or_default();
    let deployment = primary(service).and_then(|primary| aws_json::write(primary));
    let mut found = Map::new();
    for member in MEMBERS {
        let take = |from: &mut Value| from.as_object_mut()?.remove(member.name);
        let value = take(&mut read).or_else(|| take(&mut deployment.clone()?));
        if let Some(value) = value.filter(|value| *value != member.none()) {
            found.insert(member.name.to_owned(), value);
        }
    }
    Value::Object(found)
}

/// The members that a request says.
pub(crate) fn asked(request: &Value) -> Map<String, Value> {
    let said = MEMBERS.iter().filter_map(|member| {
        let value = request.get(member.name)?.clone();
        Some((member.name.to_owned(), value))
    });
    said.collect()
}

/// What stands for there being none of a member.
pub(crate) fn none_of(name: &str) -> Value {
    find(name).map(Member::none).unwrap_or_default()
}

/// The members that `patch` makes of those that are there.
pub(crate) fn over_members(there: &Value, patch: &Overlay) -> Value {
    let mut members = there.clone();
    patch.lay_over(&mut members, NAMED);
    members
}

/// The value of a member that an update sends, so that what is not there goes.
pub(crate) fn sent(members: &Value, name: &str) -> Value {
    let value = members.get(name).cloned();
    value.unwrap_or_else(|| none_of(name))
}

/// Whether `there` has all that was sent; ECS may have filled in more.
pub(crate) fn has(there: &Value, sent: &Map<String, Value>) -> bool {
    sent.iter().all(|(name, value)| {
        let is_none = find(name).is_some_and(|member| member.none() == *value);
        let there = there.get(name);
        there.map_or(is_none, |there| holds(there, value))
    })
}

fn holds(there: &Value, value: &Value) -> bool {
    match (there, value) {
        (Value::Object(there), Value::Object(value)) => value
            .iter()
            .all(|(key, value)| there.get(key).is_some_and(|there| holds(there, value))),
        (Value::Array(there), Value::Array(value)) => {
            let mut pairs = there.iter().zip(value);
            there.len() == value.len() && pairs.all(|(there, value)| holds(there, value))
        }
        _ => there == value,
    }
}

/// The members that the making of a service sends.
pub(crate) fn made(config: &ServiceConfig) -> Map<String, Value> {
    match over_members(&Value::Object(Map::new()), &config.patch) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Lays a patch over a task definition.
pub(crate) fn over_definition(
    mut definition: ecs::TaskDefinition,
    patch: &Overlay,
) -> Result<ecs::TaskDefinition, Failed> {
    if patch.is_empty() {
        return Ok(definition);
    }
    // Nobody registers a time.
    definition.registered_at = None;
    definition.deregistered_at = None;
    definition.delete_requested_at = None;
    let mut json = aws_json::write(&definition).unwrap_or_default();
    patch.lay_over(&mut json, NAMED);
    whole(
        "task definition",
        aws_json::read(&json, ecs::TaskDefinition::deserialize),
    )
}

/// What was read, where all of it was.
pub(crate) fn whole<T>(what: &str, (read, misfits): (Option<T>, Vec<Misfit>)) -> Result<T, Failed> {
    let why = match misfits.first() {
        None => "it cannot be read".to_owned(),
        Some(Misfit::Unknown { path, .. }) => format!("`{path}` is not known"),
        Some(Misfit::Type { path, wanted, .. }) => format!("`{path}` is not {wanted}"),
        Some(Misfit::Incomplete { path, why }) => format!("`{path}` is not whole: {why}"),
    };
    read.filter(|_| misfits.is_empty()).ok_or_else(|| {
        Failed::new(
            format!("lay `ecs.patch` over the {what}"),
            FailureKind::Invalid,
            why,
        )
    })
}

/// Hides values that may be secrets.
pub(crate) fn mask(tree: &mut Value) {
    let named = tree.get("name").and_then(Value::as_str).map(str::to_owned);
    match tree {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (key, value) in members {
                let name = named.as_deref().filter(|_| key == "value").unwrap_or(key);
                match value {
                    Value::String(text) if may_be_secret(name, text) => MASK.clone_into(text),
                    value => mask(value),
                }
            }
        }
        _ => {}
    }
}
