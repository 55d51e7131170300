//! Scaling policies and the alarms that belong to them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::scaling_rules::{Identity, validation};
use super::{Answer, ApiError, page, read, time};
use crate::world::World;
use crate::world::scaling::ScalingPolicy;

const KINDS: [(&str, &str); 3] = [
    (
        "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration",
    ),
    ("StepScaling", "StepScalingPolicyConfiguration"),
    ("PredictiveScaling", "PredictiveScalingPolicyConfiguration"),
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    #[serde(flatten)]
    identity: Identity,
    #[serde(default)]
    policy_name: String,
    policy_type: Option<String>,
}

pub(super) fn put(world: &mut World, input: &Value) -> Answer {
    let request: Put = read(input)?;
    let named = ("policyName", request.policy_name.as_str());
    let resource = request.identity.of_target(world, named)?;
    let key = format!("{resource}|{}", request.policy_name);
    let former = world.policies.get(&key).cloned();
    let kind = request
        .policy_type
        .or(former.as_ref().map(|policy| policy.kind.clone()));
    let kind =
        kind.ok_or_else(|| validation("Policy type is required to create a scaling policy."))?;
    let member = KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .map(|(_, member)| *member);
    let member = member.ok_or_else(|| validation(format!("Unsupported policy type: {kind}")))?;
    let configuration = input.get(member).cloned().unwrap_or_default();
    check_tracking(&kind, &configuration)?;
    let mut policy = match former {
        Some(policy) => policy,
        None => new_policy(world, &resource, &request.policy_name, &kind),
    };
    policy.configuration = super::without_nulls(configuration);
    let answer = json!({"PolicyARN": policy.arn, "Alarms": alarms(&policy)});
    world.policies.insert(key, policy);
    Ok(answer)
}

fn check_tracking(kind: &str, configuration: &Value) -> Result<(), ApiError> {
    if configuration.is_null() {
        return Err(validation(format!(
            "The configuration of the policy type {kind} is required."
        )));
    }
    if kind != "TargetTrackingScaling" {
        return Ok(());
    }
    if configuration
        .get("TargetValue")
        .and_then(Value::as_f64)
        .is_none()
    {
        return Err(validation(
            "Target value is required for a target tracking scaling policy.",
        ));
    }
    let metric = configuration.get("PredefinedMetricSpecification");
    let label = metric.and_then(|metric| metric.get("ResourceLabel"));
    match metric.and_then(|metric| metric.get("PredefinedMetricType")?.as_str()) {
        Some("ALBRequestCountPerTarget") if label.is_none() => Err(validation(
            "ResourceLabel must be specified for the predefined metric type ALBRequestCountPerTarget.",
        )),
        _ => Ok(()),
    }
}

fn new_policy(world: &mut World, resource: &str, name: &str, kind: &str) -> ScalingPolicy {
    let (region, account) = (world.region.clone(), world.account.clone());
    let id = world.rng.uuid();
    let names = match kind {
        "TargetTrackingScaling" => vec!["AlarmHigh", "AlarmLow"],
        _ => Vec::new(),
    };
    let alarms = names.into_iter().map(|side| {
        let alarm = format!("TargetTracking-{resource}-{side}-{}", world.rng.uuid());
        let arn = format!("arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}");
        (alarm, arn)
    });
    let alarms = alarms.collect();
    ScalingPolicy {
        name: name.to_owned(),
        arn: format!(
            "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{id}:resource/ecs/{resource}:policyName/{name}"
        ),
        resource: resource.to_owned(),
        kind: kind.to_owned(),
        configuration: Value::Null,
        created_at: world.now,
        alarms,
    }
}

fn alarms(policy: &ScalingPolicy) -> Vec<Value> {
    let show = |(name, arn): &(String, String)| json!({"AlarmName": name, "AlarmARN": arn});
    policy.alarms.iter().map(show).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Describe {
    #[serde(default)]
    policy_names: Vec<String>,
    resource_id: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    let fits = |policy: &&ScalingPolicy| {
        input.policy_names.is_empty() || input.policy_names.contains(&policy.name)
    };
    let found: Vec<&ScalingPolicy> = match &input.resource_id {
        Some(resource) => world.policies_of(resource).collect(),
        None => world.policies.values().collect(),
    };
    let found = found.into_iter().filter(fits).map(view).collect();
    let (found, next) = page::<Value>(found, input.next_token.as_deref(), input.max_results, 50)?;
    Ok(json!({"ScalingPolicies": found, "NextToken": next}))
}

fn view(policy: &ScalingPolicy) -> Value {
    let member = KINDS
        .iter()
        .find(|(name, _)| *name == policy.kind)
        .map_or("", |(_, member)| member);
    json!({
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        "ServiceNamespace": "ecs",
        "ResourceId": policy.resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "PolicyType": policy.kind,
        member: policy.configuration,
        "Alarms": alarms(policy),
        "CreationTime": time(policy.created_at),
    })
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let request: Put = read(input)?;
    request.identity.check()?;
    let resource = request.identity.resource_id;
    let key = format!("{resource}|{}", request.policy_name);
    if world.policies.remove(&key).is_some() {
        return Ok(json!({}));
    }
    Err(ApiError::new(
        "ObjectNotFoundException",
        format!(
            "No scaling policy found for service namespace: ecs, resource ID: {resource}, scalable dimension: ecs:service:DesiredCount, policy name: {}",
            request.policy_name
        ),
    ))
}
