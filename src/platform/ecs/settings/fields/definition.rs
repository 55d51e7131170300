//! A task definition, flattened and normalised.
//!
//! Defaults are those of the Amazon ECS developer guide, task definition parameters: a container
//! is essential, its port is TCP, it has 30 seconds to stop, a health check runs every 30 seconds
//! with 5 to answer and 3 tries; a Fargate task runs on Linux, `X86_64`, with 20 GiB.

use super::Fields;
use crate::plan::Effect;
use crate::platform::ecs::settings::{ContainerDefinition, HealthCheck, TaskDefinition};

/// Every task is made anew.
const EFFECT: Effect = Effect::Restarts;

/// The compared fields of a task definition; its tags are not among them, since they tell of its
/// registration.
pub fn fields(definition: &TaskDefinition) -> Fields {
    let mut fields = Fields::default();
    fields.put("family", &definition.family, EFFECT);
    fields.put_or(
        "networkMode",
        definition.network_mode.as_ref(),
        "bridge",
        EFFECT,
    );
    fields.put(
        "requiresCompatibilities",
        compatibilities(&definition.requires_compatibilities),
        EFFECT,
    );
    if let Some(cpu) = &definition.cpu {
        fields.put("cpu", cpu_units(cpu), EFFECT);
    }
    if let Some(memory) = &definition.memory {
        fields.put("memory", mebibytes(memory), EFFECT);
    }
    put_some(
        &mut fields,
        "executionRoleArn",
        definition.execution_role_arn.as_ref(),
    );
    put_some(
        &mut fields,
        "taskRoleArn",
        definition.task_role_arn.as_ref(),
    );
    let platform = definition.runtime_platform.as_ref();
    fields.put_or(
        "runtimePlatform.cpuArchitecture",
        platform.and_then(|platform| platform.cpu_architecture.as_ref()),
        "X86_64",
        EFFECT,
    );
    fields.put_or(
        "runtimePlatform.operatingSystemFamily",
        platform.and_then(|platform| platform.operating_system_family.as_ref()),
        "LINUX",
        EFFECT,
    );
    fields.put_or(
        "ephemeralStorage",
        definition
            .ephemeral_storage
            .map(|storage| storage.size_in_gib),
        "20",
        EFFECT,
    );
    for container in &definition.container_definitions {
        put_container(&mut fields, container);
    }
    fields
}

/// Only Fargate matters: AWS may add what else a definition would be fit for.
fn compatibilities(all: &[String]) -> String {
    if all.iter().any(|one| one == "FARGATE") {
        return "FARGATE".to_owned();
    }
    let mut sorted = all.to_vec();
    sorted.sort();
    sorted.join(", ")
}

fn put_some(fields: &mut Fields, path: impl Into<String>, value: Option<&String>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        fields.put(path, value, EFFECT);
    }
}

fn put_words(fields: &mut Fields, path: String, words: &[String]) {
    if !words.is_empty() {
        let text = serde_json::to_string(words).unwrap_or_default();
        fields.put(path, text, EFFECT);
    }
}

fn put_container(fields: &mut Fields, container: &ContainerDefinition) {
    let at = |what: &str| format!("containers.{}.{what}", container.name);
    fields.put(at("image"), &container.image, EFFECT);
    fields.put_or(at("essential"), container.essential, "true", EFFECT);
    fields.put_or(at("cpu"), container.cpu, "0", EFFECT);
    if let Some(memory) = container.memory {
        fields.put(at("memory"), memory.to_string(), EFFECT);
    }
    put_words(fields, at("entryPoint"), &container.entry_point);
    put_words(fields, at("command"), &container.command);
    put_some(fields, at("user"), container.user.as_ref());
    put_some(
        fields,
        at("workingDirectory"),
        container.working_directory.as_ref(),
    );
    fields.put_or(
        at("readonlyRootFilesystem"),
        container.readonly_root_filesystem,
        "false",
        EFFECT,
    );
    fields.put_or(at("stopTimeout"), container.stop_timeout, "30", EFFECT);
    put_lists(fields, container);
    if let Some(logs) = &container.log_configuration {
        fields.put(at("logConfiguration.logDriver"), &logs.log_driver, EFFECT);
        for (option, value) in &logs.options {
            fields.put(at(&format!("logConfiguration.{option}")), value, EFFECT);
        }
    }
    if let Some(health) = &container.health_check {
        put_health(fields, &at("healthCheck"), health);
    }
}

/// Lists whose order means nothing, each item under its own name.
fn put_lists(fields: &mut Fields, container: &ContainerDefinition) {
    let at = |what: &str, name: &str| format!("containers.{}.{what}.{name}", container.name);
    for port in &container.port_mappings {
        let protocol = port.protocol.as_deref().unwrap_or("tcp");
        let port = format!("{}/{protocol}", port.container_port);
        fields.put(at("ports", &port), "open", EFFECT);
    }
    for variable in &container.environment {
        let hidden =
            variable.sensitive || crate::spec::may_be_secret(&variable.name, &variable.value);
        let path = at("environment", &variable.name);
        fields.put_hidden(path, &variable.value, hidden, EFFECT);
    }
    for secret in &container.secrets {
        fields.put(at("secrets", &secret.name), &secret.value_from, EFFECT);
    }
    for other in &container.depends_on {
        fields.put(
            at("dependsOn", &other.container_name),
            &other.condition,
            EFFECT,
        );
    }
}

fn put_health(fields: &mut Fields, at: &str, health: &HealthCheck) {
    put_words(fields, format!("{at}.command"), &health.command);
    fields.put_or(format!("{at}.interval"), health.interval, "30", EFFECT);
    fields.put_or(format!("{at}.timeout"), health.timeout, "5", EFFECT);
    fields.put_or(format!("{at}.retries"), health.retries, "3", EFFECT);
    fields.put_or(
        format!("{at}.startPeriod"),
        health.start_period,
        "0",
        EFFECT,
    );
}

/// `"1 vCPU"` and `"1024"` are the same.
fn cpu_units(text: &str) -> String {
    scaled(text, "vcpu")
}

/// `"2 GB"` and `"2048"` are the same.
fn mebibytes(text: &str) -> String {
    scaled(text, "gb")
}

fn scaled(text: &str, unit: &str) -> String {
    let lower = text.trim().to_ascii_lowercase();
    let number = lower
        .strip_suffix(unit)
        .and_then(|number| number.trim().parse::<f64>().ok());
    match number {
        Some(number) => format!("{:.0}", number * 1024.0),
        None => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_compared_as_numbers() {
        assert_eq!(cpu_units("1 vCPU"), "1024");
        assert_eq!(cpu_units(".5 vcpu"), "512");
        assert_eq!(mebibytes("2GB"), "2048");
        assert_eq!(mebibytes("2048"), "2048");
    }
}
