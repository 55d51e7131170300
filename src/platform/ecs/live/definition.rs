//! A revision of a task definition, as `DescribeTaskDefinition` tells it. Pure.

use aws_sdk_ecs::types as ecs;
use aws_sdk_ecs::types::TaskDefinitionStatus as Status;

use crate::platform::ecs::settings::sdk::word;
use crate::platform::ecs::settings::unmanaged::residue;
use crate::platform::ecs::settings::volumes;
use crate::platform::ecs::settings::{
    ContainerDefinition, EphemeralStorage, RuntimePlatform, Tag, TaskDefinition,
};
use crate::spec::Overlay;

/// A revision of a task definition.
#[derive(Clone)]
pub(crate) struct Definition {
    pub(crate) arn: String,
    /// What it says, in our words.
    pub(crate) config: TaskDefinition,
    /// What it says beyond our words: path and value.
    pub(crate) residue: Vec<(String, String)>,
    /// It was deregistered: ECS starts no task of it any more.
    pub(crate) is_gone: bool,
    /// The whole answer, to be carried over.
    pub(crate) raw: ecs::TaskDefinition,
}

/// The whole answer holds environment values, which may be secrets.
impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Definition").field(&self.arn).finish()
    }
}

impl Definition {
    /// From the answer. Its tags come beside it.
    pub(crate) fn read(raw: ecs::TaskDefinition, tags: &[ecs::Tag]) -> Self {
        let gone = [Status::Inactive, Status::DeleteInProgress];
        let status = raw.status.as_ref();
        Self {
            arn: raw.task_definition_arn.clone().unwrap_or_default(),
            config: config(&raw, tags),
            residue: residue(&raw),
            is_gone: status.is_some_and(|status| gone.contains(status)),
            raw,
        }
    }
}

/// What it says, in our words.
pub(crate) fn config(read: &ecs::TaskDefinition, tags: &[ecs::Tag]) -> TaskDefinition {
    let mut containers: Vec<_> = read
        .container_definitions()
        .iter()
        .map(ContainerDefinition::received)
        .collect();
    let mode = read.network_mode.as_ref().map(word);
    for container in &mut containers {
        container.ports.in_mode(mode.as_deref());
    }
    TaskDefinition {
        family: read.family.clone().unwrap_or_default(),
        network_mode: mode,
        pid_mode: read.pid_mode.as_ref().map(word),
        ipc_mode: read.ipc_mode.as_ref().map(word),
        requires_compatibilities: read.requires_compatibilities().iter().map(word).collect(),
        cpu: read.cpu.clone(),
        memory: read.memory.clone(),
        execution_role_arn: read.execution_role_arn.clone(),
        task_role_arn: read.task_role_arn.clone(),
        runtime_platform: read
            .runtime_platform
            .as_ref()
            .map(|platform| RuntimePlatform {
                cpu_architecture: platform.cpu_architecture.as_ref().map(word),
                operating_system_family: platform.operating_system_family.as_ref().map(word),
            }),
        ephemeral_storage: read
            .ephemeral_storage
            .as_ref()
            .map(|storage| EphemeralStorage {
                size_in_gib: storage.size_in_gib,
            }),
        container_definitions: containers,
        volumes: volumes::received(read),
        tags: Tag::received(tags),
        patch: Overlay::default(),
    }
}
