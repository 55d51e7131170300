//! What the file format has no word for is left alone: a new revision takes it over from the one
//! that runs. Pure.
//!
//! The SDK's own types are cloned and only the fields that we own are set, so that a field which
//! AWS adds tomorrow is carried over as well.

use aws_sdk_ecs::types as ecs;
use std::collections::HashMap;

use super::from_sdk::LOG_OPTIONS;
use super::to_sdk::incomplete;
use super::{ContainerDefinition, LogConfiguration, PortMapping, Tag, TaskDefinition};
use crate::platform::Failed;
use crate::platform::ecs::origin::key;

pub mod residue;

/// The task definition to register: ours, on top of what `base` has beyond our words.
pub fn merge(
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
            merge_container(container, base)
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
    Ok(merged)
}

/// The tags of a new revision: ours, and those of others on the revision that runs. What the file had
/// once and has no more stays behind.
pub fn tags(wanted: &[Tag], running: &[Tag]) -> Vec<Tag> {
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
pub fn counts(tag: &Tag) -> bool {
    !tag.key.starts_with("aws:")
}

fn merge_container(
    wanted: &ContainerDefinition,
    base: Option<&ecs::ContainerDefinition>,
) -> Result<ecs::ContainerDefinition, Failed> {
    let mut merged = base
        .cloned()
        .unwrap_or_else(|| ecs::ContainerDefinition::builder().build());
    merged.name = Some(wanted.name.clone());
    merged.image = Some(wanted.image.clone());
    merged.essential = wanted.essential;
    merged.cpu = wanted.cpu.unwrap_or(0);
    merged.memory = wanted.memory;
    merged.port_mappings = Some(ports(&wanted.port_mappings, base));
    merged.entry_point = some_list(&wanted.entry_point);
    merged.command = some_list(&wanted.command);
    merged.stop_timeout = wanted.stop_timeout;
    merged.user.clone_from(&wanted.user);
    merged
        .working_directory
        .clone_from(&wanted.working_directory);
    merged.readonly_root_filesystem = wanted.readonly_root_filesystem;
    merged.log_configuration = logs(
        wanted.log_configuration.as_ref(),
        base.and_then(|base| base.log_configuration.as_ref()),
    )?;
    set_lists(&mut merged, wanted)?;
    merged.health_check = wanted
        .health_check
        .as_ref()
        .map(|health| {
            ecs::HealthCheck::builder()
                .set_command(Some(health.command.clone()))
                .set_interval(health.interval)
                .set_timeout(health.timeout)
                .set_retries(health.retries)
                .set_start_period(health.start_period)
                .build()
        })
        .transpose()
        .map_err(incomplete)?;
    Ok(merged)
}

fn set_lists(
    merged: &mut ecs::ContainerDefinition,
    wanted: &ContainerDefinition,
) -> Result<(), Failed> {
    merged.environment = Some(
        wanted
            .environment
            .iter()
            .map(|variable| {
                ecs::KeyValuePair::builder()
                    .name(&variable.name)
                    .value(&variable.value)
                    .build()
            })
            .collect(),
    );
    merged.secrets = Some(
        wanted
            .secrets
            .iter()
            .map(|secret| {
                ecs::Secret::builder()
                    .name(&secret.name)
                    .value_from(&secret.value_from)
                    .build()
                    .map_err(incomplete)
            })
            .collect::<Result<_, _>>()?,
    );
    let others = wanted
        .depends_on
        .iter()
        .map(|other| {
            ecs::ContainerDependency::builder()
                .container_name(&other.container_name)
                .condition(other.condition.as_str().into())
                .build()
                .map_err(incomplete)
        })
        .collect::<Result<Vec<_>, _>>()?;
    merged.depends_on = (!others.is_empty()).then_some(others);
    Ok(())
}

fn some_list(words: &[String]) -> Option<Vec<String>> {
    (!words.is_empty()).then(|| words.to_vec())
}

/// Our ports, each with the name and application protocol that it has already, and the ranges
/// that we have no word for.
fn ports(wanted: &[PortMapping], base: Option<&ecs::ContainerDefinition>) -> Vec<ecs::PortMapping> {
    let old = base
        .map(ecs::ContainerDefinition::port_mappings)
        .unwrap_or_default();
    let ours = wanted.iter().map(|port| {
        let protocol = port.protocol.as_deref().unwrap_or("tcp");
        let same = old.iter().find(|old| {
            let old_protocol = old.protocol.as_ref().map_or("tcp", |word| word.as_str());
            old.container_port == Some(port.container_port) && old_protocol == protocol
        });
        same.cloned().unwrap_or_else(|| {
            ecs::PortMapping::builder()
                .container_port(port.container_port)
                .protocol(protocol.into())
                .build()
        })
    });
    let ranges = old
        .iter()
        .filter(|old| old.container_port.is_none())
        .cloned();
    ours.chain(ranges).collect()
}

/// Our three options of awslogs on top of the others; another driver is left alone unless we ask
/// for awslogs.
fn logs(
    wanted: Option<&LogConfiguration>,
    base: Option<&ecs::LogConfiguration>,
) -> Result<Option<ecs::LogConfiguration>, Failed> {
    let on_awslogs = |base: &&ecs::LogConfiguration| base.log_driver == ecs::LogDriver::Awslogs;
    let Some(wanted) = wanted else {
        return Ok(base.filter(|base| !on_awslogs(base)).cloned());
    };
    let base = base.filter(on_awslogs);
    let mut options: HashMap<String, String> = base
        .and_then(|base| base.options.clone())
        .unwrap_or_default();
    options.retain(|option, _| !LOG_OPTIONS.contains(&option.as_str()));
    options.extend(wanted.options.clone());
    ecs::LogConfiguration::builder()
        .log_driver(wanted.log_driver.as_str().into())
        .set_options(Some(options))
        .set_secret_options(base.and_then(|base| base.secret_options.clone()))
        .build()
        .map(Some)
        .map_err(incomplete)
}
