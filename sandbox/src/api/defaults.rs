//! The values that ECS fills into a task definition, so that what is read differs from what was
//! sent just as it does on AWS.

use serde_json::{Map, Value, json};

/// The fields of `RegisterTaskDefinition` that a revision keeps.
const KEPT: [&str; 17] = [
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
];

/// The lists of a container definition that read back empty rather than absent.
const LISTS: [&str; 5] = [
    "environment",
    "mountPoints",
    "portMappings",
    "systemControls",
    "volumesFrom",
];

/// The body of a revision, from the parameters of the request.
pub(super) fn fill(input: &Map<String, Value>) -> Map<String, Value> {
    let kept = input
        .iter()
        .filter(|(name, _)| KEPT.contains(&name.as_str()));
    let mut body: Map<String, Value> = kept.map(|(n, v)| (n.clone(), v.clone())).collect();
    let fargate = body
        .get("requiresCompatibilities")
        .and_then(Value::as_array);
    let fargate = fargate.is_some_and(|list| list.contains(&json!("FARGATE")));
    if !fargate {
        body.entry("networkMode").or_insert_with(|| json!("bridge"));
    }
    body.entry("volumes").or_insert_with(|| json!([]));
    body.entry("placementConstraints")
        .or_insert_with(|| json!([]));
    for (field, unit) in [("cpu", "vcpu"), ("memory", "gb")] {
        if let Some(size) = body.get_mut(field)
            && let Some(units) = size.as_str().and_then(|size| in_units(size, unit))
        {
            *size = json!(units);
        }
    }
    let awsvpc = body.get("networkMode") == Some(&json!("awsvpc"));
    let containers = body
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut);
    for container in containers
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        fill_container(container, awsvpc);
    }
    body
}

/// `"1 vCPU"` and `"2 GB"` are kept as `"1024"` and `"2048"`; plain numbers stay.
fn in_units(size: &str, unit: &str) -> Option<String> {
    let lower = size.to_lowercase();
    let count = lower.strip_suffix(unit)?.trim();
    let (whole, part) = count.split_once('.').unwrap_or((count, ""));
    let whole: i64 = whole.parse().ok()?;
    let scale = 10_i64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part: i64 = if part.is_empty() {
        0
    } else {
        part.parse().ok()?
    };
    Some((whole * 1_024 + part * 1_024 / scale).to_string())
}

fn fill_container(container: &mut Map<String, Value>, awsvpc: bool) {
    container.entry("cpu").or_insert_with(|| json!(0));
    container.entry("essential").or_insert_with(|| json!(true));
    for list in LISTS {
        container.entry(list).or_insert_with(|| json!([]));
    }
    let ports = container
        .get_mut("portMappings")
        .and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        let host = if awsvpc {
            port.get("containerPort").cloned()
        } else {
            Some(json!(0))
        };
        port.entry("hostPort")
            .or_insert_with(|| host.unwrap_or_default());
        port.entry("protocol").or_insert_with(|| json!("tcp"));
    }
    if let Some(check) = container
        .get_mut("healthCheck")
        .and_then(Value::as_object_mut)
    {
        for (field, value) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(field).or_insert_with(|| json!(value));
        }
    }
    if let Some(log) = container
        .get_mut("logConfiguration")
        .and_then(Value::as_object_mut)
    {
        log.entry("options").or_insert_with(|| json!({}));
        log.entry("secretOptions").or_insert_with(|| json!([]));
    }
}

#[cfg(test)]
mod tests {
    use super::in_units;

    #[test]
    fn sizes_with_units_become_plain_numbers() {
        assert_eq!(in_units("1 vCPU", "vcpu").as_deref(), Some("1024"));
        assert_eq!(in_units(".5 vCPU", "vcpu"), None);
        assert_eq!(in_units("0.25 vCPU", "vcpu").as_deref(), Some("256"));
        assert_eq!(in_units("2GB", "gb").as_deref(), Some("2048"));
        assert_eq!(in_units("512", "gb"), None);
    }
}
