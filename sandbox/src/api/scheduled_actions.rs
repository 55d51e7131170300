//! Scheduled actions of Application Auto Scaling: put, shown and deleted. They are due by the world's clock.

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::scaling_rules::{Identity, validation};
use super::{Answer, ApiError, page, read, time};
use crate::world::World;
use crate::world::scaling::ScheduledAction;
use crate::world::schedule::Schedule;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    #[serde(flatten)]
    identity: Identity,
    #[serde(default)]
    scheduled_action_name: String,
    schedule: Option<String>,
    timezone: Option<String>,
    start_time: Option<Value>,
    end_time: Option<Value>,
    scalable_target_action: Option<Value>,
}

impl Put {
    fn key(&self) -> String {
        format!(
            "{}|{}",
            self.identity.resource_id, self.scheduled_action_name
        )
    }
}

pub(super) fn put(world: &mut World, input: &Value) -> Answer {
    let request: Put = read(input)?;
    let named = (
        "scheduledActionName",
        request.scheduled_action_name.as_str(),
    );
    let resource = request.identity.of_target(world, named)?;
    let key = request.key();
    let mut action = match world.scheduled.get(&key) {
        Some(former) => former.clone(),
        None => new_action(world, &resource, &request.scheduled_action_name),
    };
    action.schedule = request.schedule.unwrap_or(action.schedule);
    if Schedule::read(&action.schedule).is_none() {
        return Err(validation(format!(
            "The schedule expression {} is not valid: it must be at(…), rate(…) or cron(…).",
            action.schedule
        )));
    }
    action.timezone = request.timezone.or(action.timezone);
    // Times that are not said anew are deleted.
    action.start = request.start_time;
    action.end = request.end_time;
    action.action = request.scalable_target_action.or(action.action);
    check_bounds(action.action.as_ref())?;
    if let Some(zone) = &action.timezone
        && !jiff::tz::db().is_definitively_empty()
        && TimeZone::get(zone).is_err()
    {
        // A machine without a database of time zones knows none, and nothing is due by one.
        return Err(validation(format!("Time zone {zone} is not valid.")));
    }
    world.scheduled.insert(key.clone(), action);
    world.expect_scheduled(&key);
    Ok(json!({}))
}

/// What an action sets: a least, a greatest count or both.
fn check_bounds(action: Option<&Value>) -> Result<(), ApiError> {
    let bound = |name: &str| action.and_then(|action| action.get(name)?.as_i64());
    let (min, max) = (bound("MinCapacity"), bound("MaxCapacity"));
    if min.is_none() && max.is_none() {
        return Err(validation(
            "A scalable target action with a minimum or a maximum capacity is required.",
        ));
    }
    if min.zip(max).is_some_and(|(min, max)| max < min) {
        return Err(validation(
            "Maximum capacity cannot be less than minimum capacity.",
        ));
    }
    Ok(())
}

fn new_action(world: &mut World, resource: &str, name: &str) -> ScheduledAction {
    let id = world.rng.uuid();
    let (region, account) = (&world.region, &world.account);
    ScheduledAction {
        name: name.to_owned(),
        arn: format!(
            "arn:aws:autoscaling:{region}:{account}:scheduledAction:{id}:resource/ecs/{resource}:scheduledActionName/{name}"
        ),
        resource: resource.to_owned(),
        schedule: String::new(),
        timezone: None,
        start: None,
        end: None,
        action: None,
        created_at: world.now,
        next: None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    #[serde(default)]
    scheduled_action_names: Vec<String>,
    resource_id: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    let names = &input.scheduled_action_names;
    let fits = |action: &&ScheduledAction| {
        let of = |resource: &String| action.resource == *resource;
        input.resource_id.as_ref().is_none_or(of)
            && (names.is_empty() || names.contains(&action.name))
    };
    let found = world.scheduled.values().filter(fits).map(view).collect();
    let (found, next) = page::<Value>(found, input.next_token.as_deref(), input.max_results, 50)?;
    Ok(json!({"ScheduledActions": found, "NextToken": next}))
}

fn view(action: &ScheduledAction) -> Value {
    json!({
        "ScheduledActionARN": action.arn,
        "ScheduledActionName": action.name,
        "ServiceNamespace": "ecs",
        "ResourceId": action.resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "Schedule": action.schedule,
        "Timezone": action.timezone,
        "StartTime": action.start,
        "EndTime": action.end,
        "ScalableTargetAction": action.action,
        "CreationTime": time(action.created_at),
    })
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let request: Put = read(input)?;
    request.identity.check()?;
    if world.scheduled.remove(&request.key()).is_some() {
        return Ok(json!({}));
    }
    Err(ApiError::new(
        "ObjectNotFoundException",
        format!(
            "No scheduled action found for service namespace: ecs, resource ID: {}, scalable dimension: ecs:service:DesiredCount, scheduled action name: {}",
            request.identity.resource_id, request.scheduled_action_name
        ),
    ))
}
