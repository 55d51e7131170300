//! What ECS refuses in the container definitions of a task definition.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ApiError;

/// The least and the greatest value of each number of a health check (Amazon ECS API reference,
/// `HealthCheck`).
const HEALTH_LIMITS: [(&str, i64, i64); 4] = [
    ("interval", 5, 300),
    ("timeout", 2, 60),
    ("retries", 1, 10),
    ("startPeriod", 0, 300),
];

/// The longest `stopTimeout` on Fargate, in seconds.
const LONGEST_STOP: i64 = 120;

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    let found = value.get(field).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A number, however it is written.
fn number(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Refuses what ECS refuses of the containers; `variable_twice` is whether it accepts one variable
/// twice in `environment`.
pub(super) fn check(body: &Map<String, Value>, variable_twice: bool) -> Result<(), ApiError> {
    let containers = body.get("containerDefinitions").and_then(Value::as_array);
    let containers = containers.map_or(&[][..], Vec::as_slice);
    let awsvpc = body.get("networkMode").is_some_and(|mode| mode == "awsvpc");
    let fargate = body
        .get("requiresCompatibilities")
        .and_then(Value::as_array)
        .is_some_and(|list| list.iter().any(|item| item == "FARGATE"));
    let on_instances = body
        .get("requiresCompatibilities")
        .and_then(Value::as_array)
        .is_some_and(|list| list.iter().any(|item| item == "EC2" || item == "EXTERNAL"));
    let needs_memory = on_instances && number(body.get("memory")).is_none();
    for container in containers {
        let sized = |field: &str| number(container.get(field)).is_some();
        if needs_memory && !sized("memory") && !sized("memoryReservation") {
            return Err(ApiError::client(format!(
                "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must be specified.",
                text(container, "name")
            )));
        }
        check_names(container, variable_twice)?;
        check_health(container)?;
        check_logs(container, fargate)?;
        check_memory(container, body)?;
        if awsvpc && !list(container, "links").is_empty() {
            return Err(ApiError::client(
                "Links are not supported when networkMode=awsvpc.",
            ));
        }
        let stop = number(container.get("stopTimeout")).unwrap_or(0);
        if stop < 0 || (fargate && stop > LONGEST_STOP) {
            return Err(ApiError::client(format!(
                "Invalid 'stopTimeout' setting for container '{}'. The value must be between 0 and {LONGEST_STOP} seconds.",
                text(container, "name")
            )));
        }
    }
    check_sum(containers, body)?;
    check_ports(containers, awsvpc)
}

/// A secret shares its name with no other secret and no variable.
fn check_names(container: &Value, variable_twice: bool) -> Result<(), ApiError> {
    let mut variables = BTreeSet::new();
    for variable in list(container, "environment") {
        let name = text(variable, "name");
        if !variables.insert(name) && !variable_twice {
            return Err(ApiError::client(format!(
                "The environment variable name must be unique in a container: '{name}'."
            )));
        }
    }
    for secret in list(container, "secrets") {
        let name = text(secret, "name");
        if !variables.insert(name) {
            return Err(ApiError::client(format!(
                "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '{name}'."
            )));
        }
    }
    Ok(())
}

fn check_health(container: &Value) -> Result<(), ApiError> {
    let Some(check) = container.get("healthCheck") else {
        return Ok(());
    };
    let name = text(container, "name");
    if list(check, "command").is_empty() {
        return Err(ApiError::client(format!(
            "Invalid 'healthCheck' setting for container '{name}'. The command must not be empty."
        )));
    }
    for (field, least, most) in HEALTH_LIMITS {
        if let Some(value) = number(check.get(field))
            && !(least..=most).contains(&value)
        {
            return Err(ApiError::client(format!(
                "Invalid 'healthCheck' setting for container '{name}'. {field} must be between {least} and {most}."
            )));
        }
    }
    Ok(())
}

fn check_logs(container: &Value, fargate: bool) -> Result<(), ApiError> {
    let Some(log) = container.get("logConfiguration") else {
        return Ok(());
    };
    if text(log, "logDriver") != "awslogs" {
        return Ok(());
    }
    let options = log.get("options").unwrap_or(&Value::Null);
    let needed = [
        ("awslogs-group", true),
        ("awslogs-region", fargate),
        ("awslogs-stream-prefix", fargate),
    ];
    for (option, needed) in needed {
        if needed && text(options, option).is_empty() {
            return Err(ApiError::client(format!(
                "Log driver awslogs requires options: {option}"
            )));
        }
    }
    Ok(())
}

fn check_memory(container: &Value, body: &Map<String, Value>) -> Result<(), ApiError> {
    let name = text(container, "name");
    let hard = number(container.get("memory"));
    let soft = number(container.get("memoryReservation"));
    if let (Some(hard), Some(soft)) = (hard, soft)
        && soft > hard
    {
        return Err(ApiError::client(format!(
            "Invalid setting for container '{name}'. 'memory' must be at least 'memoryReservation'."
        )));
    }
    let Some(whole) = number(body.get("memory")) else {
        return Ok(());
    };
    if let Some(above) = hard.max(soft).filter(|own| *own > whole) {
        return Err(ApiError::client(format!(
            "Invalid setting for container '{name}'. Its memory of {above} MiB is greater than the {whole} MiB of the task."
        )));
    }
    Ok(())
}

/// Containers share the CPU units of their task, and what they reserve of its memory.
fn check_sum(containers: &[Value], body: &Map<String, Value>) -> Result<(), ApiError> {
    for (whole, part) in [("cpu", "cpu"), ("memory", "memoryReservation")] {
        let Some(limit) = number(body.get(whole)) else {
            continue;
        };
        let parts = containers.iter();
        let sum: i64 = parts
            .filter_map(|container| number(container.get(part)))
            .fold(0, i64::saturating_add);
        if sum > limit {
            return Err(ApiError::client(format!(
                "The sum of '{part}' of all containers, {sum}, is greater than the '{whole}' of the task, {limit}."
            )));
        }
    }
    Ok(())
}

/// With awsvpc all containers share one network interface.
fn check_ports(containers: &[Value], awsvpc: bool) -> Result<(), ApiError> {
    let mut taken = BTreeSet::new();
    for container in containers {
        if !awsvpc {
            taken.clear();
        }
        for mapping in list(container, "portMappings") {
            let port = number(mapping.get("containerPort"));
            let protocol = text(mapping, "protocol");
            if let Some(port) = port
                && !taken.insert((port, protocol))
            {
                return Err(ApiError::client(format!(
                    "The container port {port}/{protocol} is used in more than one port mapping."
                )));
            }
        }
    }
    Ok(())
}
