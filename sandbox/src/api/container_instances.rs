//! Container instances and capacity providers: listed and described.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, cluster, page, read, short};
use crate::world::World;
use crate::world::placement::{Held, Instance, RESERVED};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

fn arn(world: &World, cluster: &str, instance: &str) -> String {
    world.ecs_arn(&format!("container-instance/{cluster}/{instance}"))
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    let all = world.instances(&cluster).into_iter();
    let arns = all.map(|one| arn(world, &cluster, &one.id)).collect();
    let (arns, next) = page(arns, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(json!({"containerInstanceArns": arns, "nextToken": next}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    cluster: Option<String>,
    #[serde(default)]
    container_instances: Vec<String>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    if input.container_instances.is_empty() {
        return Err(ApiError::invalid("Container instances cannot be empty."));
    }
    let all = world.instances(&cluster);
    let held = world.held(&cluster, "");
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for reference in &input.container_instances {
        let id = short(reference);
        match all.iter().find(|one| one.id == id) {
            Some(one) => {
                let held = held.get(id).cloned().unwrap_or_default();
                found.push(view(world, &cluster, one, &held));
            }
            None => failures.push(json!({"arn": reference, "reason": "MISSING"})),
        }
    }
    Ok(json!({"containerInstances": found, "failures": failures}))
}

fn view(world: &World, cluster: &str, instance: &Instance, held: &Held) -> Value {
    let kind = &instance.kind;
    let usual = [
        "ecs.availability-zone",
        "ecs.instance-type",
        "ecs.os-type",
        "ecs.cpu-architecture",
    ];
    let names = usual
        .into_iter()
        .chain(kind.attributes.keys().map(String::as_str));
    let attributes: Vec<Value> = names
        .map(|name| json!({"name": name, "value": instance.attribute(name)}))
        .collect();
    let free = Held::default();
    json!({
        "containerInstanceArn": arn(world, cluster, &instance.id),
        "ec2InstanceId": format!("i-{}", instance.id.get(..17).unwrap_or_default()),
        "capacityProviderName": kind.capacity_provider,
        "status": "ACTIVE",
        "agentConnected": true,
        "runningTasksCount": held.running,
        "pendingTasksCount": held.pending,
        "registeredResources": resources(instance, &free),
        "remainingResources": resources(instance, held),
        "attributes": attributes,
    })
}

/// What is left of an instance beside what is held of it; of ports, those that are taken.
fn resources(instance: &Instance, held: &Held) -> Value {
    let kind = &instance.kind;
    let number =
        |name: &str, value: i64| json!({"name": name, "type": "INTEGER", "integerValue": value});
    let ports = |name: &str, protocol: &str, always: &[i64]| {
        let taken = held.ports.iter().filter(|(of, _)| of == protocol);
        let taken = always.iter().chain(taken.map(|(_, port)| port));
        let taken: Vec<String> = taken.map(i64::to_string).collect();
        json!({"name": name, "type": "STRINGSET", "stringSetValue": taken})
    };
    let gpus: Vec<String> = (held.gpu..kind.gpu)
        .map(|number| format!("GPU-{number}"))
        .collect();
    json!([
        number("CPU", kind.cpu - held.cpu),
        number("MEMORY", kind.memory - held.memory),
        ports("PORTS", "tcp", &RESERVED),
        ports("PORTS_UDP", "udp", &[]),
        {"name": "GPU", "type": "STRINGSET", "stringSetValue": gpus},
    ])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Providers {
    #[serde(default)]
    capacity_providers: Vec<String>,
}

/// Those of Fargate and those that are attached to a cluster; all of them where none is named.
pub(super) fn providers(world: &World, input: &Value) -> Answer {
    let input: Providers = read(input)?;
    let attached = world
        .clusters
        .values()
        .flat_map(|one| one.providers.clone());
    let fargate = ["FARGATE", "FARGATE_SPOT"].map(str::to_owned);
    let mut all: Vec<String> = fargate.into_iter().chain(attached).collect();
    all.sort();
    all.dedup();
    let asked = if input.capacity_providers.is_empty() {
        all.clone()
    } else {
        input.capacity_providers
    };
    let (found, missing): (Vec<String>, Vec<String>) = asked
        .into_iter()
        .partition(|name| all.iter().any(|one| one == short(name)));
    let found: Vec<Value> = found
        .iter()
        .map(|name| {
            let name = short(name);
            let path = format!("capacity-provider/{name}");
            json!({"capacityProviderArn": world.ecs_arn(&path), "name": name, "status": "ACTIVE"})
        })
        .collect();
    let failures: Vec<Value> = missing
        .iter()
        .map(|name| json!({"arn": world.ecs_arn(&format!("capacity-provider/{}", short(name))), "reason": "MISSING"}))
        .collect();
    Ok(json!({"capacityProviders": found, "failures": failures}))
}
