//! What Fargate and ECS refuse in a task definition.

use serde_json::{Map, Value};

use super::ApiError;

/// The sizes that Fargate offers: CPU units, then the least and the greatest memory in MiB and the
/// step between (Amazon ECS developer guide, task definition parameters). The first and the last row
/// of that table are lists.
const SIZES: [(i64, i64, i64, i64); 6] = [
    (512, 1_024, 4_096, 1_024),
    (1_024, 2_048, 8_192, 1_024),
    (2_048, 4_096, 16_384, 1_024),
    (4_096, 8_192, 30_720, 1_024),
    (8_192, 16_384, 61_440, 4_096),
    (16_384, 32_768, 122_880, 8_192),
];

fn offered(cpu: i64, memory: i64) -> bool {
    match cpu {
        256 => [512, 1_024, 2_048].contains(&memory),
        32_768 => [61_440, 122_880, 249_856].contains(&memory),
        _ => SIZES.iter().any(|(size, least, most, step)| {
            cpu == *size && (*least..=*most).contains(&memory) && (memory - least) % step == 0
        }),
    }
}

fn number(body: &Map<String, Value>, field: &str) -> Option<i64> {
    body.get(field)?.as_str()?.parse().ok()
}

fn containers(body: &Map<String, Value>) -> &[Value] {
    body.get("containerDefinitions")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn named(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 255 && name.chars().all(fits)
}

/// Refuses what ECS refuses of any task definition (after its defaults were filled in).
pub(super) fn check(body: &Map<String, Value>) -> Result<(), ApiError> {
    let family = body
        .get("family")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if family.is_empty() {
        return Err(ApiError::client("Family should not be null."));
    }
    if !named(family) {
        return Err(ApiError::client("Family contains invalid characters."));
    }
    let list = containers(body);
    if list.is_empty() {
        return Err(ApiError::client("Container list cannot be empty."));
    }
    if list.len() > 10 {
        return Err(ApiError::client(
            "Container.list cannot have more than 10 items.",
        ));
    }
    for (index, container) in list.iter().enumerate() {
        let name = text(container, "name");
        if !named(name) {
            return Err(ApiError::client(
                "Container.name contains invalid characters.",
            ));
        }
        if list
            .iter()
            .take(index)
            .any(|other| text(other, "name") == name)
        {
            return Err(ApiError::client(format!(
                "Container names must be unique: {name}."
            )));
        }
        if text(container, "image").is_empty() {
            return Err(ApiError::client(
                "Container.image should not be null or empty.",
            ));
        }
        check_dependencies(container, list)?;
    }
    if !list
        .iter()
        .any(|c| c.get("essential").and_then(Value::as_bool).unwrap_or(true))
    {
        return Err(ApiError::client(
            "At least one container must be marked as essential.",
        ));
    }
    let compatible = body
        .get("requiresCompatibilities")
        .and_then(Value::as_array);
    if compatible.is_some_and(|list| list.iter().any(|item| item == "FARGATE")) {
        check_fargate(body)?;
    }
    check_storage(body)
}

fn check_dependencies(container: &Value, list: &[Value]) -> Result<(), ApiError> {
    let name = text(container, "name");
    let on = container.get("dependsOn").and_then(Value::as_array);
    for dependency in on.map_or(&[][..], Vec::as_slice) {
        let wanted = text(dependency, "containerName");
        let Some(found) = list.iter().find(|other| text(other, "name") == wanted) else {
            return Err(ApiError::client(format!(
                "Container {name} depends on a container that is not in the task definition: {wanted}."
            )));
        };
        if text(dependency, "condition") == "HEALTHY" && found.get("healthCheck").is_none() {
            return Err(ApiError::client(format!(
                "Container {name} depends on the health of {wanted}, which has no health check."
            )));
        }
    }
    Ok(())
}

fn check_fargate(body: &Map<String, Value>) -> Result<(), ApiError> {
    if body.get("networkMode").and_then(Value::as_str) != Some("awsvpc") {
        return Err(ApiError::client(
            "Fargate only supports network mode ‘awsvpc’.",
        ));
    }
    let Some(cpu) = number(body, "cpu") else {
        return Err(ApiError::client(
            "Fargate requires that 'cpu' be defined at the task level.",
        ));
    };
    let Some(memory) = number(body, "memory") else {
        return Err(ApiError::client(
            "Fargate requires that 'memory' be defined at the task level.",
        ));
    };
    if !offered(cpu, memory) {
        return Err(ApiError::client(format!(
            "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
        )));
    }
    let role = body
        .get("executionRoleArn")
        .and_then(Value::as_str)
        .unwrap_or_default();
    for container in containers(body) {
        check_ports(container)?;
        if container.get("privileged") == Some(&Value::Bool(true)) {
            return Err(ApiError::client(
                "Fargate compatible task definitions do not support privileged.",
            ));
        }
        if role.is_empty() {
            needs_role(container)?;
        }
    }
    Ok(())
}

fn check_ports(container: &Value) -> Result<(), ApiError> {
    let ports = container.get("portMappings").and_then(Value::as_array);
    for port in ports.map_or(&[][..], Vec::as_slice) {
        if port.get("hostPort") != port.get("containerPort") {
            return Err(ApiError::client(
                "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
            ));
        }
    }
    Ok(())
}

fn needs_role(container: &Value) -> Result<(), ApiError> {
    let driver = container
        .pointer("/logConfiguration/logDriver")
        .and_then(Value::as_str);
    if driver == Some("awslogs") {
        return Err(ApiError::client(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        ));
    }
    if text(container, "image").contains(".dkr.ecr.") {
        return Err(ApiError::client(
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ));
    }
    let secrets = container.get("secrets").and_then(Value::as_array);
    if secrets.is_some_and(|list| !list.is_empty()) {
        return Err(ApiError::client(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    Ok(())
}

fn check_storage(body: &Map<String, Value>) -> Result<(), ApiError> {
    let size = body
        .get("ephemeralStorage")
        .and_then(|storage| storage.get("sizeInGiB"));
    match size.and_then(Value::as_i64) {
        Some(size) if !(21..=200).contains(&size) => Err(ApiError::client(
            "Invalid setting for ephemeral storage. The size must be between 21 and 200 GiB.",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::offered;

    #[test]
    fn only_the_sizes_of_the_table_are_offered() {
        for (cpu, memory) in [
            (256, 512),
            (512, 4_096),
            (4_096, 30_720),
            (8_192, 20_480),
            (32_768, 249_856),
        ] {
            assert!(offered(cpu, memory), "{cpu} {memory}");
        }
        for (cpu, memory) in [
            (256, 4_096),
            (512, 512),
            (1_024, 1_024),
            (8_192, 17_408),
            (300, 1_024),
        ] {
            assert!(!offered(cpu, memory), "{cpu} {memory}");
        }
    }
}
