//! Reads of Elastic Load Balancing: every target group that is named exists, unless the world says
//! that it is missing, behind a load balancer of its own; its targets are the tasks registered in it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, read};
use crate::world::World;
use crate::world::task::Task;

pub(super) fn perform(world: &mut World, operation: &str, input: &Value) -> Answer {
    match operation {
        "DescribeTargetGroups" => groups(world, input),
        "DescribeTargetHealth" => health(world, input),
        "DescribeTargetGroupAttributes" => attributes(world, input),
        "DescribeLoadBalancers" => balancers(world, input),
        "DescribeListeners" => listeners(world, input),
        _ => Err(ApiError::new(
            "InvalidAction",
            format!("Could not find operation {operation} for version 2015-12-01"),
        )),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    target_group_arns: Vec<String>,
    #[serde(default)]
    load_balancer_arns: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
    target_group_arn: Option<String>,
    load_balancer_arn: Option<String>,
}

/// Name and id, from an ARN that ends in `targetgroup/NAME/ID`.
fn group_name(arn: &str) -> Result<(&str, &str), ApiError> {
    let path = arn
        .split_once(":targetgroup/")
        .and_then(|(_, path)| path.split_once('/'));
    path.filter(|_| arn.starts_with("arn:")).ok_or_else(|| {
        ApiError::new(
            "ValidationError",
            format!("'{arn}' is not a valid target group ARN"),
        )
    })
}

fn not_found() -> ApiError {
    ApiError::new("TargetGroupNotFound", "One or more target groups not found")
}

/// Name and id of a target group that is there.
fn existing<'a>(world: &World, arn: &'a str) -> Result<(&'a str, &'a str), ApiError> {
    let name = group_name(arn)?;
    if world.is_missing(arn) {
        return Err(not_found());
    }
    Ok(name)
}

/// The load balancer that stands before a target group here.
fn balancer_of(arn: &str) -> String {
    match arn.split_once(":targetgroup/") {
        Some((account, path)) => format!("{account}:loadbalancer/app/{path}"),
        None => String::new(),
    }
}

/// All target groups that services of this world use.
fn used(world: &World) -> Vec<String> {
    let services = world.services.values();
    let balancers = services.flat_map(|service| service.workload.load_balancers.iter());
    let mut arns: Vec<String> = balancers
        .filter_map(|lb| lb.target_group_arn.clone())
        .collect();
    arns.sort_unstable();
    arns.dedup();
    arns
}

fn groups(world: &World, input: &Value) -> Answer {
    let input: Input = read(input)?;
    let mut wanted = input.target_group_arns;
    for name in &input.names {
        let found = used(world)
            .into_iter()
            .find(|arn| group_name(arn).is_ok_and(|(is, _)| is == name));
        let found = found.ok_or_else(not_found)?;
        wanted.push(found);
    }
    if let Some(balancer) = &input.load_balancer_arn {
        wanted.extend(
            used(world)
                .into_iter()
                .filter(|arn| balancer_of(arn) == *balancer),
        );
    } else if wanted.is_empty() {
        wanted = used(world);
    }
    let mut found = Vec::new();
    for arn in &wanted {
        let (name, _) = existing(world, arn)?;
        found.push(json!({
            "TargetGroupArn": arn,
            "TargetGroupName": name,
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": "vpc-00000000",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": true,
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 2,
            "HealthCheckPath": "/",
            "Matcher": {"HttpCode": "200"},
            "LoadBalancerArns": [balancer_of(arn)],
            "TargetType": "ip",
            "ProtocolVersion": "HTTP1",
            "IpAddressType": "ipv4",
        }));
    }
    Ok(json!({"TargetGroups": found}))
}

fn health(world: &World, input: &Value) -> Answer {
    let input: Input = read(input)?;
    let arn = input.target_group_arn.unwrap_or_default();
    existing(world, &arn)?;
    let registered = |task: &&Task| task.target_groups.iter().any(|(group, _)| *group == arn);
    let mut tasks: Vec<_> = world.tasks.values().filter(registered).collect();
    tasks.sort_by_key(|task| task.number);
    let mut found = Vec::new();
    for task in tasks {
        let port = task
            .target_groups
            .iter()
            .find(|(group, _)| *group == arn)
            .map(|(_, port)| port);
        if let (Some(port), Some(target)) = (port, &task.target) {
            found.push(json!({
                "Target": {"Id": task.ip, "Port": port, "AvailabilityZone": format!("{}a", world.region)},
                "HealthCheckPort": port.to_string(),
                "TargetHealth": {
                    "State": target.state,
                    "Reason": target.reason,
                    "Description": target.description,
                },
            }));
        }
    }
    Ok(json!({"TargetHealthDescriptions": found}))
}

fn attributes(world: &World, input: &Value) -> Answer {
    let input: Input = read(input)?;
    existing(world, &input.target_group_arn.unwrap_or_default())?;
    let attributes = [
        ("stickiness.enabled", "false"),
        ("deregistration_delay.timeout_seconds", "300"),
        ("slow_start.duration_seconds", "0"),
        ("load_balancing.algorithm.type", "round_robin"),
    ];
    let attributes: Vec<Value> = attributes
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    Ok(json!({"Attributes": attributes}))
}

fn balancers(world: &World, input: &Value) -> Answer {
    let input: Input = read(input)?;
    let mut wanted = input.load_balancer_arns;
    if wanted.is_empty() {
        let all = used(world).into_iter().map(|arn| balancer_of(&arn));
        let name = |arn: &str| arn.split('/').nth(2).unwrap_or_default().to_owned();
        wanted = all
            .filter(|arn| input.names.is_empty() || input.names.contains(&name(arn)))
            .collect();
    }
    let mut found = Vec::new();
    for arn in &wanted {
        let name = arn.split('/').nth(2).unwrap_or_default();
        found.push(json!({
            "LoadBalancerArn": arn,
            "LoadBalancerName": name,
            "DNSName": format!("{name}.{}.elb.amazonaws.com", world.region),
            "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
            "Scheme": "internet-facing",
            "VpcId": "vpc-00000000",
            "State": {"Code": "active"},
            "Type": "application",
            "IpAddressType": "ipv4",
        }));
    }
    Ok(json!({"LoadBalancers": found}))
}

fn listeners(world: &World, input: &Value) -> Answer {
    let input: Input = read(input)?;
    let balancer = input.load_balancer_arn.unwrap_or_default();
    let behind = used(world)
        .into_iter()
        .filter(|arn| balancer_of(arn) == balancer);
    let found: Vec<Value> = behind
        .map(|group| {
            json!({
                "ListenerArn": format!("{}/0000000000000001", balancer.replace(":loadbalancer/", ":listener/")),
                "LoadBalancerArn": balancer,
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
            })
        })
        .collect();
    Ok(json!({"Listeners": found}))
}
