//! Application Auto Scaling: scalable targets of ECS services, and their tags.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::scaling_rules::{DIMENSION, Identity, no_target, validation};
use super::{Answer, ApiError, page, read, scaling_policies, scheduled_actions, time};
use crate::world::World;
use crate::world::scaling::ScalableTarget;

pub(super) fn perform(world: &mut World, operation: &str, input: &Value) -> Answer {
    match operation {
        "RegisterScalableTarget" => register(world, input),
        "DescribeScalableTargets" => describe(world, input),
        "DeregisterScalableTarget" => deregister(world, input),
        "PutScalingPolicy" => scaling_policies::put(world, input),
        "DescribeScalingPolicies" => scaling_policies::describe(world, input),
        "DeleteScalingPolicy" => scaling_policies::delete(world, input),
        "PutScheduledAction" => scheduled_actions::put(world, input),
        "DescribeScheduledActions" => scheduled_actions::describe(world, input),
        "DeleteScheduledAction" => scheduled_actions::delete(world, input),
        "DescribeScalingActivities" => Ok(json!({"ScalingActivities": []})),
        "TagResource" => tag(world, input),
        "UntagResource" => untag(world, input),
        "ListTagsForResource" => list_tags(world, input),
        _ => Err(ApiError::unknown(operation)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Register {
    #[serde(flatten)]
    identity: Identity,
    min_capacity: Option<i64>,
    max_capacity: Option<i64>,
    #[serde(rename = "RoleARN")]
    role_arn: Option<String>,
    suspended_state: Option<Suspended>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Suspended {
    #[serde(default, rename = "DynamicScalingInSuspended")]
    scale_in: bool,
    #[serde(default, rename = "DynamicScalingOutSuspended")]
    scale_out: bool,
    #[serde(default, rename = "ScheduledScalingSuspended")]
    scheduled: bool,
}

fn register(world: &mut World, input: &Value) -> Answer {
    let input: Register = read(input)?;
    input.identity.check()?;
    let resource = input.identity.resource_id.clone();
    let key = resource.trim_start_matches("service/");
    if super::services::active(world, key.split('/').next(), key.split('/').nth(1)).is_err() {
        return Err(validation(format!("ECS service doesn't exist: {resource}")));
    }
    let former = world.targets.get(&resource).cloned();
    let min = input
        .min_capacity
        .or(former.as_ref().map(|target| target.min));
    let max = input
        .max_capacity
        .or(former.as_ref().map(|target| target.max));
    let (Some(min), Some(max)) = (min, max) else {
        return Err(validation(
            "Minimum and maximum capacity are required to register a scalable target.",
        ));
    };
    if min < 0 || max < min {
        return Err(validation(
            "Maximum capacity cannot be less than minimum capacity.",
        ));
    }
    let mut target = former.unwrap_or_else(|| new_target(world, &resource));
    (target.min, target.max) = (min, max);
    if let Some(role) = input.role_arn {
        target.role = role;
    }
    if let Some(suspended) = input.suspended_state {
        target.suspended_in = suspended.scale_in;
        target.suspended_out = suspended.scale_out;
        target.suspended_scheduled = suspended.scheduled;
    }
    let arn = target.arn.clone();
    if !world.targets.contains_key(&resource) && !input.tags.is_empty() {
        world.tags.insert(arn.clone(), input.tags);
    }
    world.targets.insert(resource.clone(), target);
    world.clamp_to_target(&resource);
    Ok(json!({"ScalableTargetARN": arn}))
}

fn new_target(world: &mut World, resource: &str) -> ScalableTarget {
    let id = world.rng.token21().to_lowercase();
    let (region, account) = (&world.region, &world.account);
    ScalableTarget {
        resource: resource.to_owned(),
        arn: format!("arn:aws:application-autoscaling:{region}:{account}:scalable-target/{id}"),
        min: 0,
        max: 0,
        role: format!(
            "arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
        ),
        created_at: world.now,
        suspended_in: false,
        suspended_out: false,
        suspended_scheduled: false,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    #[serde(default)]
    service_namespace: String,
    #[serde(default)]
    resource_ids: Vec<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    if input.service_namespace != "ecs" {
        return Ok(json!({"ScalableTargets": []}));
    }
    let found: Vec<&ScalableTarget> = if input.resource_ids.is_empty() {
        world.targets.values().collect()
    } else {
        let asked = input.resource_ids.iter();
        asked.filter_map(|id| world.targets.get(id)).collect()
    };
    let found = found.into_iter().map(view).collect();
    let (found, next) = page::<Value>(found, input.next_token.as_deref(), input.max_results, 50)?;
    Ok(json!({"ScalableTargets": found, "NextToken": next}))
}

fn view(target: &ScalableTarget) -> Value {
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": target.resource,
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.min,
        "MaxCapacity": target.max,
        "RoleARN": target.role,
        "CreationTime": time(target.created_at),
        "SuspendedState": {
            "DynamicScalingInSuspended": target.suspended_in,
            "DynamicScalingOutSuspended": target.suspended_out,
            "ScheduledScalingSuspended": target.suspended_scheduled,
        },
        "ScalableTargetARN": target.arn,
    })
}

/// Takes the target's policies and scheduled actions with it.
fn deregister(world: &mut World, input: &Value) -> Answer {
    let identity: Identity = read(input)?;
    identity.check()?;
    let resource = identity.resource_id;
    let Some(target) = world.targets.remove(&resource) else {
        return Err(no_target(&resource));
    };
    world.tags.remove(&target.arn);
    world
        .policies
        .retain(|_, policy| policy.resource != resource);
    world
        .scheduled
        .retain(|_, action| action.resource != resource);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagInput {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

fn tagged(world: &World, input: &Value) -> Result<TagInput, ApiError> {
    let input: TagInput = read(input)?;
    if world
        .targets
        .values()
        .any(|target| target.arn == input.resource_arn)
    {
        return Ok(input);
    }
    Err(ApiError::new(
        "ResourceNotFoundException",
        "The specified resource doesn't exist.",
    ))
}

fn tag(world: &mut World, input: &Value) -> Answer {
    let input = tagged(world, input)?;
    world
        .tags
        .entry(input.resource_arn)
        .or_default()
        .extend(input.tags);
    Ok(json!({}))
}

fn untag(world: &mut World, input: &Value) -> Answer {
    let input = tagged(world, input)?;
    if let Some(tags) = world.tags.get_mut(&input.resource_arn) {
        tags.retain(|key, _| !input.tag_keys.contains(key));
    }
    Ok(json!({}))
}

fn list_tags(world: &World, input: &Value) -> Answer {
    let input = tagged(world, input)?;
    Ok(json!({"Tags": world.tags.get(&input.resource_arn).cloned().unwrap_or_default()}))
}
