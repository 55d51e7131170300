//! Clusters and the capacity providers attached to them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, page, read, short, tags};
use crate::world::World;
use crate::world::cluster::Cluster;
use crate::world::service::ServiceStatus;
use crate::world::task::Phase;

fn view(world: &World, cluster: &Cluster) -> Value {
    let active = |service: &&crate::world::service::Service| {
        service.cluster == cluster.name && service.status == ServiceStatus::Active
    };
    let tasks = world
        .tasks
        .values()
        .filter(|task| task.cluster == cluster.name && !task.ending);
    let arn = world.ecs_arn(&format!("cluster/{}", cluster.name));
    let (running, pending): (Vec<_>, Vec<_>) = tasks.partition(|task| task.phase == Phase::Running);
    json!({
        "clusterArn": arn,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": world.instances(&cluster.name).len(),
        "runningTasksCount": running.len(),
        "pendingTasksCount": pending.len(),
        "activeServicesCount": world.services.values().filter(active).count(),
        "statistics": [],
        "tags": world.tags.get(&arn).map_or_else(|| json!([]), tags::view),
        "settings": cluster.settings,
        "capacityProviders": cluster.providers,
        "defaultCapacityProviderStrategy": cluster.default_strategy,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster_name: Option<String>,
    #[serde(default)]
    capacity_providers: Vec<String>,
    #[serde(default)]
    default_capacity_provider_strategy: Vec<Value>,
    tags: Option<Value>,
}

pub(super) fn create(world: &mut World, input: &Value) -> Answer {
    let input: Create = read(input)?;
    let name = input.cluster_name.unwrap_or_else(|| "default".to_owned());
    let given = tags::given(input.tags.as_ref())?;
    let new = !world.clusters.contains_key(&name);
    if new && !given.is_empty() {
        world
            .tags
            .insert(world.ecs_arn(&format!("cluster/{name}")), given);
    }
    let cluster = world.clusters.entry(name.clone()).or_insert_with(|| {
        let mut cluster = Cluster::new(&name, input.capacity_providers);
        cluster.default_strategy = input.default_capacity_provider_strategy;
        cluster
    });
    let cluster = cluster.clone();
    Ok(json!({"cluster": view(world, &cluster)}))
}

#[derive(Deserialize)]
struct Describe {
    #[serde(default)]
    clusters: Vec<String>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    if input.clusters.len() > 100 {
        return Err(ApiError::invalid(
            "Clusters cannot have more than 100 items.",
        ));
    }
    let asked = if input.clusters.is_empty() {
        vec!["default".to_owned()]
    } else {
        input.clusters
    };
    let mut clusters = Vec::new();
    let mut failures = Vec::new();
    for reference in asked {
        let name = short(&reference);
        match world.clusters.get(name) {
            Some(cluster) => clusters.push(view(world, cluster)),
            None => failures.push(json!({
                "arn": world.ecs_arn(&format!("cluster/{name}")),
                "reason": "MISSING",
            })),
        }
    }
    Ok(json!({"clusters": clusters, "failures": failures}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let arns: Vec<String> = world
        .clusters
        .keys()
        .map(|name| world.ecs_arn(&format!("cluster/{name}")))
        .collect();
    let (arns, next) = page(arns, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(json!({"clusterArns": arns, "nextToken": next}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    cluster: String,
    capacity_providers: Vec<String>,
    default_capacity_provider_strategy: Vec<Value>,
}

pub(super) fn put_providers(world: &mut World, input: &Value) -> Answer {
    let input: Put = read(input)?;
    let name = super::cluster(world, Some(&input.cluster))?;
    if let Some(cluster) = world.clusters.get_mut(&name) {
        cluster.providers = input.capacity_providers;
        cluster.default_strategy = input.default_capacity_provider_strategy;
    }
    let cluster = world
        .clusters
        .get(&name)
        .map(|cluster| view(world, cluster));
    Ok(json!({"cluster": cluster}))
}

#[derive(Deserialize)]
struct Delete {
    cluster: String,
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let input: Delete = read(input)?;
    let name = super::cluster(world, Some(&input.cluster))?;
    let mut services = world.services.values();
    if services.any(|found| found.cluster == name && found.status != ServiceStatus::Inactive) {
        return Err(ApiError::new(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        ));
    }
    let mut tasks = world.tasks.values();
    if tasks.any(|task| task.cluster == name && task.phase != Phase::Stopped) {
        return Err(ApiError::new(
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
        ));
    }
    let found = world.clusters.get(&name);
    let mut shown = found.map_or(Value::Null, |cluster| view(world, cluster));
    if let Some(status) = shown.get_mut("status") {
        *status = json!("INACTIVE");
    }
    world.clusters.remove(&name);
    world
        .tags
        .remove(&world.ecs_arn(&format!("cluster/{name}")));
    Ok(json!({"cluster": shown}))
}
