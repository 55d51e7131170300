//! Task definitions: registered, read, listed and deregistered.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, containers, defaults, fargate, page, read, tags, time, time_if};
use crate::world::World;
use crate::world::task_definition::{Family, TaskDefinition};

/// The largest task definition, in bytes (Amazon ECS service quotas).
const LARGEST: usize = 65_536;

pub(super) fn view(world: &World, definition: &TaskDefinition) -> Value {
    let mut view = definition.body.clone();
    let fargate = definition.body.get("networkMode") == Some(&json!("awsvpc"));
    let compatible = if fargate {
        json!(["EC2", "FARGATE"])
    } else {
        json!(["EC2"])
    };
    let attributes = [
        "com.amazonaws.ecs.capability.docker-remote-api.1.18",
        "ecs.capability.task-eni",
    ];
    let attributes: Vec<Value> = attributes
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    view.insert("taskDefinitionArn".to_owned(), json!(definition.arn));
    view.insert("revision".to_owned(), json!(definition.revision));
    view.insert("status".to_owned(), json!(definition.status()));
    view.insert("requiresAttributes".to_owned(), json!(attributes));
    view.insert("compatibilities".to_owned(), compatible);
    view.insert("registeredAt".to_owned(), time(definition.registered_at));
    view.insert(
        "deregisteredAt".to_owned(),
        time_if(definition.deregistered_at),
    );
    let by = format!("arn:aws:iam::{}:user/sandbox", world.account);
    view.insert("registeredBy".to_owned(), json!(by));
    Value::Object(view)
}

pub(super) fn register(world: &mut World, input: &Value) -> Answer {
    let input = super::without_nulls(input.clone());
    let Value::Object(input) = input else {
        return Err(ApiError::client("Family should not be null."));
    };
    let given = tags::given(input.get("tags"))?;
    let length = Value::Object(input.clone()).to_string().len();
    if length > LARGEST {
        return Err(ApiError::client(format!(
            "Actual length: '{length}'. Max allowed length is '{LARGEST}' bytes."
        )));
    }
    let body = defaults::fill(&input);
    fargate::check(&body)?;
    containers::check(&body, world.switches.variable_twice)?;
    let name = body
        .get("family")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let family = world.families.entry(name.clone()).or_default();
    family.last += 1;
    let revision = family.last;
    let definition = TaskDefinition {
        arn: world.ecs_arn(&format!("task-definition/{name}:{revision}")),
        family: name.clone(),
        revision,
        active: true,
        deleting: false,
        registered_at: world.now,
        deregistered_at: None,
        body,
    };
    let shown = view(world, &definition);
    if !given.is_empty() {
        world.tags.insert(definition.arn.clone(), given.clone());
    }
    if let Some(family) = world.families.get_mut(&name) {
        family.revisions.insert(revision, definition);
    }
    Ok(json!({"taskDefinition": shown, "tags": tags::view(&given)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One {
    task_definition: Option<String>,
    #[serde(default)]
    include: Vec<String>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: One = read(input)?;
    let reference = input.task_definition.unwrap_or_default();
    let definition = world
        .task_definition(&reference)
        .ok_or_else(|| ApiError::client("Unable to describe task definition."))?;
    let mut answer = json!({"taskDefinition": view(world, definition)});
    if input.include.iter().any(|what| what == "TAGS")
        && let Some(slot) = answer.as_object_mut()
    {
        let tags = world
            .tags
            .get(&definition.arn)
            .map_or_else(|| json!([]), tags::view);
        slot.insert("tags".to_owned(), tags);
    }
    Ok(answer)
}

pub(super) fn deregister(world: &mut World, input: &Value) -> Answer {
    let input: One = read(input)?;
    let reference = input.task_definition.unwrap_or_default();
    let now = world.now;
    if !super::short(&reference).contains(':') {
        return Err(ApiError::client("Invalid revision number. Number: none"));
    }
    let found = world
        .task_definition(&reference)
        .map(|found| (found.family.clone(), found.revision));
    let (family, revision) =
        found.ok_or_else(|| ApiError::client("The specified task definition does not exist."))?;
    let slot = world
        .families
        .get_mut(&family)
        .and_then(|f| f.revisions.get_mut(&revision));
    if let Some(slot) = slot.filter(|slot| slot.active) {
        slot.active = false;
        slot.deregistered_at = Some(now);
    }
    let shown = world
        .task_definition(&reference)
        .map(|found| view(world, found));
    Ok(json!({"taskDefinition": shown}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    #[serde(default)]
    task_definitions: Vec<String>,
}

/// Revisions that are deleted stay readable until nothing refers to them, which is not followed
/// here: they stay.
pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let input: Delete = read(input)?;
    if input.task_definitions.is_empty() || input.task_definitions.len() > 10 {
        return Err(ApiError::invalid(
            "Between 1 and 10 task definitions can be deleted.",
        ));
    }
    let mut deleted = Vec::new();
    let mut failures = Vec::new();
    for reference in &input.task_definitions {
        let found = world.task_definition(reference);
        let found = found.filter(|_| super::short(reference).contains(':'));
        let Some((family, revision)) = found.map(|found| (found.family.clone(), found.revision))
        else {
            failures.push(failure(
                reference,
                "The specified task definition does not exist.",
            ));
            continue;
        };
        let slot = world.families.get_mut(&family);
        let slot = slot.and_then(|family| family.revisions.get_mut(&revision));
        if let Some(slot) = slot.filter(|slot| !slot.active) {
            slot.deleting = true;
            let definition = slot.clone();
            deleted.push(view(world, &definition));
        } else {
            failures.push(failure(
                reference,
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
            ));
        }
    }
    Ok(json!({"taskDefinitions": deleted, "failures": failures}))
}

fn failure(reference: &str, reason: &str) -> Value {
    json!({"arn": reference, "reason": reason})
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    family_prefix: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let status = input.status.as_deref().unwrap_or("ACTIVE");
    let families: Vec<&Family> = match input.family_prefix.as_deref() {
        Some(name) => world.families.get(name).into_iter().collect(),
        None => world.families.values().collect(),
    };
    let mut arns: Vec<String> = families
        .into_iter()
        .flat_map(|family| family.revisions.values())
        .filter(|definition| definition.status() == status)
        .map(|definition| definition.arn.clone())
        .collect();
    if input.sort.as_deref() == Some("DESC") {
        arns.reverse();
    }
    let (arns, next) = page(arns, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(json!({"taskDefinitionArns": arns, "nextToken": next}))
}

pub(super) fn families(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let prefix = input.family_prefix.unwrap_or_default();
    let status = input.status.as_deref().unwrap_or("ALL");
    let names: Vec<String> = world
        .families
        .iter()
        .filter(|(name, family)| {
            let alive = family
                .revisions
                .values()
                .any(|definition| definition.active);
            name.starts_with(&prefix) && (status == "ALL" || alive == (status == "ACTIVE"))
        })
        .map(|(name, _)| name.clone())
        .collect();
    let (names, next) = page(names, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(json!({"families": names, "nextToken": next}))
}
