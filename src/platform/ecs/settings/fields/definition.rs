//! A task definition, flattened and normalised.
//!
//! Defaults are those of the Amazon ECS developer guide, task definition parameters: a Fargate task
//! runs on Linux, `X86_64`, with 20 GiB. Those of a container stand with its parts.

use super::Fields;
use crate::platform::ecs::settings::TaskDefinition;
use crate::platform::ecs::settings::container::part::{EFFECT, put_some};
use crate::platform::ecs::settings::volumes;

/// The compared fields of a task definition; its tags are not among them, since they tell of its
/// registration.
pub(crate) fn fields(definition: &TaskDefinition) -> Fields {
    let mut fields = Fields::default();
    fields.put("family", &definition.family, EFFECT);
    fields.put_or(
        "networkMode",
        definition.network_mode.as_ref(),
        "bridge",
        EFFECT,
    );
    // It is checked when it is registered and means nothing later: one that says nothing is no other.
    let all = &definition.requires_compatibilities;
    let all = (!all.is_empty()).then(|| compatibilities(all));
    fields.put_if_said("requiresCompatibilities".into(), all.as_deref(), EFFECT);
    put_some(&mut fields, "pidMode", definition.pid_mode.as_ref());
    put_some(&mut fields, "ipcMode", definition.ipc_mode.as_ref());
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
        container.put(&mut fields);
    }
    volumes::put(&definition.volumes, &mut fields);
    fields
}

/// Whether two task definitions say the same.
pub(crate) fn same(one: &TaskDefinition, other: &TaskDefinition) -> bool {
    fields(one).differences(&fields(other)).is_empty()
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
