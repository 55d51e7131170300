//! Services: found, described, listed, deleted.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, cluster, page, read, service_view, short};
use crate::world::World;
use crate::world::agenda::Due;
use crate::world::service::ServiceStatus;

pub(super) fn not_found() -> ApiError {
    ApiError::new("ServiceNotFoundException", "Service not found.")
}

/// The key of an ACTIVE service.
pub(super) fn active(
    world: &World,
    cluster_reference: Option<&str>,
    service: Option<&str>,
) -> Result<String, ApiError> {
    let cluster = cluster(world, cluster_reference)?;
    let service = service.ok_or_else(|| ApiError::invalid("Service name cannot be empty."))?;
    let key = format!("{cluster}/{}", short(service));
    let found = world.services.get(&key).ok_or_else(not_found)?;
    if found.status != ServiceStatus::Active {
        return Err(ApiError::new(
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        ));
    }
    Ok(key)
}

#[derive(Deserialize)]
struct Describe {
    cluster: Option<String>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    if input.services.is_empty() {
        return Err(ApiError::invalid("Services cannot be empty."));
    }
    if input.services.len() > 10 {
        return Err(ApiError::invalid(
            "Services cannot have more than 10 items.",
        ));
    }
    let tags = input.include.iter().any(|what| what == "TAGS");
    let mut services = Vec::new();
    let mut failures = Vec::new();
    for reference in &input.services {
        let key = format!("{cluster}/{}", short(reference));
        match service_view::view(world, &key, tags) {
            Value::Null => failures.push(json!({
                "arn": world.ecs_arn(&format!("service/{key}")),
                "reason": "MISSING",
            })),
            found => services.push(found),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    let mine = |service: &&crate::world::service::Service| {
        service.cluster == cluster && service.status != ServiceStatus::Inactive
    };
    let arns = world
        .services
        .values()
        .filter(mine)
        .map(|service| service.arn.clone())
        .collect();
    let size = input.max_results.or(Some(10));
    let (arns, next) = page(arns, input.next_token.as_deref(), size, 100)?;
    Ok(json!({"serviceArns": arns, "nextToken": next}))
}

#[derive(Deserialize)]
struct Delete {
    cluster: Option<String>,
    service: Option<String>,
    #[serde(default)]
    force: bool,
}

pub(super) fn delete(world: &mut World, input: &Value) -> Answer {
    let input: Delete = read(input)?;
    let cluster = cluster(world, input.cluster.as_deref())?;
    let service = input
        .service
        .ok_or_else(|| ApiError::invalid("Service name cannot be empty."))?;
    let key = format!("{cluster}/{}", short(&service));
    let Some(found) = world.services.get_mut(&key) else {
        return Err(not_found());
    };
    match found.status {
        ServiceStatus::Inactive => {
            return Err(ApiError::new(
                "ServiceNotActiveException",
                "Service was not ACTIVE.",
            ));
        }
        ServiceStatus::Draining => {}
        ServiceStatus::Active => {
            if found.desired > 0 && !input.force {
                return Err(ApiError::invalid(
                    "The service cannot be stopped while it is scaled above 0.",
                ));
            }
            found.status = ServiceStatus::Draining;
            found.desired = 0;
            world.forget_deployments(&key);
            let service = key.clone();
            world.later(0, Due::Reconcile { service });
        }
    }
    Ok(json!({"service": service_view::view(world, &key, false)}))
}
