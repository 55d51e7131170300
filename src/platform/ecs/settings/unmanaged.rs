//! What the file format has no word for is left alone: a new revision takes it over from the one
//! that runs. Pure.
//!
//! The SDK's own types are cloned and only the fields that we own are set, so that a field which
//! AWS adds tomorrow is carried over as well.

use aws_sdk_ecs::types as ecs;

use self::left::Left;
use super::container::left_over;
use super::patched::over_definition;
use super::volumes;
use super::{Tag, TaskDefinition};
use crate::platform::Failed;
use crate::platform::ecs::origin::key;

pub(crate) mod left;

/// The task definition to register: ours, on top of what `base` has beyond our words, and the patch over
/// both.
pub(crate) fn merge(
    wanted: &TaskDefinition,
    base: Option<&ecs::TaskDefinition>,
) -> Result<ecs::TaskDefinition, Failed> {
    let mut merged = base
        .cloned()
        .unwrap_or_else(|| ecs::TaskDefinition::builder().build());
    let containers = wanted
        .container_definitions
        .iter()
        .map(|container| {
            let base = base
                .iter()
                .flat_map(|base| base.container_definitions())
                .find(|old| old.name.as_deref() == Some(&container.name));
            container.merge(base)
        })
        .collect::<Result<Vec<_>, Failed>>()?;
    merged.family = Some(wanted.family.clone());
    merged.network_mode = wanted.network_mode.as_deref().map(Into::into);
    merged.requires_compatibilities = Some(
        wanted
            .requires_compatibilities
            .iter()
            .map(|one| one.as_str().into())
            .collect(),
    );
    merged.pid_mode = wanted.pid_mode.as_deref().map(Into::into);
    merged.ipc_mode = wanted.ipc_mode.as_deref().map(Into::into);
    merged.cpu.clone_from(&wanted.cpu);
    merged.memory.clone_from(&wanted.memory);
    merged
        .execution_role_arn
        .clone_from(&wanted.execution_role_arn);
    merged.task_role_arn.clone_from(&wanted.task_role_arn);
    merged.runtime_platform = wanted.runtime_platform.as_ref().map(|platform| {
        ecs::RuntimePlatform::builder()
            .set_cpu_architecture(platform.cpu_architecture.as_deref().map(Into::into))
            .set_operating_system_family(
                platform.operating_system_family.as_deref().map(Into::into),
            )
            .build()
    });
    merged.ephemeral_storage = wanted.ephemeral_storage.map(|storage| {
        ecs::EphemeralStorage::builder()
            .size_in_gib(storage.size_in_gib)
            .build()
    });
    merged.container_definitions = Some(containers);
    merged.volumes = Some(volumes::to_sdk(&wanted.volumes)?);
    over_definition(merged, &wanted.patch)
}

/// What a revision has beyond our words, by path: `volumes`, `containers.api.mountPoints`. The value is
/// for comparing.
pub(crate) fn residue(definition: &ecs::TaskDefinition) -> Vec<(String, String)> {
    let mut left = Left::default();
    left.list("placementConstraints", definition.placement_constraints());
    left.list("inferenceAccelerators", definition.inference_accelerators());
    left.some(
        "proxyConfiguration",
        definition.proxy_configuration.as_ref(),
    );
    left.flag("enableFaultInjection", definition.enable_fault_injection);
    for container in definition.container_definitions() {
        left.at = format!("containers.{}.", container.name.as_deref().unwrap_or("?"));
        left_over(container, &mut left);
    }
    left.found
}

/// The tags of a new revision: ours, and those of others on the revision that runs. What the file had
/// once and has no more stays behind.
pub(crate) fn tags(wanted: &[Tag], running: &[Tag]) -> Vec<Tag> {
    let listed = running.iter().find(|tag| tag.key == key::TAGS);
    let listed = listed.map(|tag| tag.value.as_str()).unwrap_or_default();
    let ours = |key: &str| {
        key.starts_with("deployer:")
            || listed.split(' ').any(|own| own == key)
            || wanted.iter().any(|tag| tag.key == key)
    };
    let theirs = running
        .iter()
        .filter(|tag| counts(tag) && !ours(&tag.key))
        .cloned();
    let mut all: Vec<Tag> = wanted.iter().cloned().chain(theirs).collect();
    all.sort();
    all
}

/// Whether a tag is one of the 50: those of AWS itself are not (AWS general reference, tagging).
pub(crate) fn counts(tag: &Tag) -> bool {
    !tag.key.starts_with("aws:")
}
