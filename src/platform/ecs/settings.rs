//! What ECS and Application Auto Scaling are asked for, as own types in the exact shape of the
//! APIs' JSON. What is read back is turned into the same types, so that both can be compared, and
//! plans can be saved.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) mod container;
pub(crate) mod fields;
pub(crate) mod patched;
pub(crate) mod render;
pub(crate) mod scaling;
pub(crate) mod sdk;
pub(crate) mod service;
pub(crate) mod to_sdk;
pub(crate) mod unmanaged;
pub(crate) mod volumes;

pub(crate) use self::container::ContainerDefinition;
pub(crate) use self::scaling::{
    ScalableTarget, ScalingPolicy, ScheduledAction, SuspendedState, TargetAction,
};
pub(crate) use self::service::{ServiceConfig, SettingsUpdate};
use self::volumes::TaskVolume;
use crate::spec::Overlay;

/// Everything that one service needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Desired {
    /// `RegisterTaskDefinition`.
    pub(crate) task_definition: TaskDefinition,
    /// `CreateService`.
    pub(crate) service: ServiceConfig,
    /// `RegisterScalableTarget`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scalable_target: Option<ScalableTarget>,
    /// `PutScalingPolicy`, once for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scaling_policies: Vec<ScalingPolicy>,
    /// `PutScheduledAction`, once for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scheduled_actions: Vec<ScheduledAction>,
}

impl Desired {
    /// The same, with values that may be secrets masked: fit to be printed.
    #[must_use]
    pub(crate) fn masked(mut self) -> Self {
        for container in &mut self.task_definition.container_definitions {
            container.environment.mask();
        }
        patched::mask(&mut self.task_definition.patch.tree);
        patched::mask(&mut self.service.patch.tree);
        self
    }

    /// The requests that make a new service of it, fit to be printed.
    pub(crate) fn requests(self) -> Value {
        let masked = self.masked();
        let mut requests = json!(masked);
        let parts = [
            ("taskDefinition", &masked.task_definition.patch),
            ("service", &masked.service.patch),
        ];
        for (part, patch) in parts {
            if let Some(part) = requests.get_mut(part) {
                part.as_object_mut().and_then(|part| part.remove("patch"));
                patch.lay_over(part, patched::NAMED);
            }
        }
        requests
    }
}

/// A task definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskDefinition {
    /// The name that its revisions share.
    pub(crate) family: String,
    /// `awsvpc` on Fargate; absent: `bridge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network_mode: Option<String>,
    /// `FARGATE`, `EC2`, `EXTERNAL` or `MANAGED_INSTANCES`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) requires_compatibilities: Vec<String>,
    /// CPU units of the task, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<String>,
    /// MiB of the task, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<String>,
    /// `task` or `host`; absent: each container has processes of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pid_mode: Option<String>,
    /// `task`, `host` or `none`; absent: as Docker does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ipc_mode: Option<String>,
    /// Pulls the image, reads the secrets, writes the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) execution_role_arn: Option<String>,
    /// What the program itself may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) task_role_arn: Option<String>,
    /// Absent: Linux on `X86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) runtime_platform: Option<RuntimePlatform>,
    /// Absent: 20 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ephemeral_storage: Option<EphemeralStorage>,
    pub(crate) container_definitions: Vec<ContainerDefinition>,
    /// What containers can mount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) volumes: Vec<TaskVolume>,
    /// Written when it is registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<Tag>,
    /// What the file has laid over it, and lays over what is carried over. What of it has a word is said
    /// above as well.
    #[serde(default, skip_serializing_if = "Overlay::is_empty")]
    pub(crate) patch: Overlay,
}

/// Processor and operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuntimePlatform {
    /// `X86_64` or `ARM64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_architecture: Option<String>,
    /// `LINUX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) operating_system_family: Option<String>,
}

/// Scratch space of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EphemeralStorage {
    /// 21 to 200.
    #[serde(rename = "sizeInGiB")]
    pub(crate) size_in_gib: i32,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl Tag {
    /// The tags that an answer tells, sorted by key.
    pub(crate) fn received(tags: &[ecs::Tag]) -> Vec<Self> {
        let mut tags: Vec<Self> = tags
            .iter()
            .map(|tag| Self {
                key: tag.key.clone().unwrap_or_default(),
                value: tag.value.clone().unwrap_or_default(),
            })
            .collect();
        tags.sort();
        tags
    }
}
