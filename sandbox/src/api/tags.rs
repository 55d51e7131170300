//! Tags of ECS resources.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, read};
use crate::world::{Tags, World};

#[derive(Deserialize)]
struct Tag {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
}

/// As many tags as a resource may have.
const MOST: usize = 50;

fn too_many() -> ApiError {
    ApiError::invalid(format!("Too many tags: a resource can have {MOST}."))
}

/// Where the tags of a resource are: a task has its own.
fn slot<'a>(world: &'a mut World, arn: &str) -> &'a mut Tags {
    let id = super::short(arn);
    if world.tasks.contains_key(id)
        && let Some(task) = world.tasks.get_mut(id)
    {
        return &mut task.tags;
    }
    world.tags.entry(arn.to_owned()).or_default()
}

/// The tags of a request; an empty list is refused, as AWS does.
pub(super) fn given(tags: Option<&Value>) -> Result<Tags, ApiError> {
    let Some(tags) = tags else {
        return Ok(Tags::new());
    };
    let list: Vec<Tag> = read(tags)?;
    if list.is_empty() {
        return Err(ApiError::client("Tags can not be empty."));
    }
    if list.len() > MOST {
        return Err(too_many());
    }
    let mut tags = Tags::new();
    for tag in list {
        if tag.key.is_empty() || tag.key.len() > 128 || tag.value.len() > 256 {
            return Err(ApiError::invalid(format!("Invalid tag: {}", tag.key)));
        }
        if tag.key.starts_with("aws:") {
            return Err(ApiError::invalid(
                "Tag keys that start with aws: are reserved.",
            ));
        }
        if tags.contains_key(&tag.key) {
            return Err(ApiError::invalid(format!(
                "Duplicate tag keys found: {}. Each tag key must be unique.",
                tag.key
            )));
        }
        tags.insert(tag.key, tag.value);
    }
    Ok(tags)
}

pub(super) fn view(tags: &Tags) -> Value {
    let list = tags
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}));
    Value::Array(list.collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    resource_arn: String,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// The ARN of a request, if such a resource exists.
fn resource(world: &World, input: &Value) -> Result<Named, ApiError> {
    let named: Named = read(input)?;
    let arn = named.resource_arn.as_str();
    let path = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let exists = match path.split_once('/') {
        Some(("service", key)) => world.services.contains_key(key),
        Some(("task-definition", name)) => world.task_definition(name).is_some(),
        Some(("cluster", name)) => world.clusters.contains_key(name),
        Some(("task", path)) => world.tasks.contains_key(super::short(path)),
        _ => return Err(ApiError::invalid("The specified ARN is not valid.")),
    };
    if exists {
        return Ok(named);
    }
    Err(ApiError::invalid(
        "The specified resource was not found. Specify a valid resource ARN and try again.",
    ))
}

pub(super) fn tag(world: &mut World, input: &Value) -> Answer {
    let named = resource(world, input)?;
    let added = given(input.get("tags"))?;
    let tags = slot(world, &named.resource_arn);
    let mut whole = tags.clone();
    whole.extend(added);
    let own = whole.keys().filter(|key| !key.starts_with("aws:"));
    if own.count() > MOST {
        return Err(too_many());
    }
    *tags = whole;
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, input: &Value) -> Answer {
    let named = resource(world, input)?;
    let tags = slot(world, &named.resource_arn);
    tags.retain(|key, _| !named.tag_keys.contains(key));
    Ok(json!({}))
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let named = resource(world, input)?;
    let task = world.tasks.get(super::short(&named.resource_arn));
    let tags = match task {
        Some(task) => Some(&task.tags),
        None => world.tags.get(&named.resource_arn),
    };
    Ok(json!({"tags": tags.map_or_else(|| json!([]), view)}))
}
