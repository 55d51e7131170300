//! What ECS and Application Auto Scaling are asked for, as own types in the exact shape of the
//! APIs' JSON. What is read back is turned into the same types, so that both can be compared, and
//! plans can be saved.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

pub mod container;
pub mod fields;
pub mod render;
pub mod scaling;
pub mod sdk;
pub mod service;
pub mod to_sdk;
pub mod unmanaged;

pub use self::container::ContainerDefinition;
pub use self::scaling::{Metric, ScalableTarget, ScalingPolicy, TargetTracking};
pub use self::service::{ServiceConfig, SettingsUpdate};

pub use crate::plan::MASK;

/// Everything that one service needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Desired {
    /// `RegisterTaskDefinition`.
    pub task_definition: TaskDefinition,
    /// `CreateService`.
    pub service: ServiceConfig,
    /// `RegisterScalableTarget`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalable_target: Option<ScalableTarget>,
    /// `PutScalingPolicy`, once for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scaling_policies: Vec<ScalingPolicy>,
}

impl Desired {
    /// The same, with values that may be secrets masked: fit to be printed.
    #[must_use]
    pub fn masked(mut self) -> Self {
        for container in &mut self.task_definition.container_definitions {
            container.environment.mask();
        }
        self
    }
}

/// A task definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// The name that its revisions share.
    pub family: String,
    /// `awsvpc` on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// `FARGATE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires_compatibilities: Vec<String>,
    /// CPU units of the task, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// MiB of the task, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Pulls the image, reads the secrets, writes the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// What the program itself may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
    /// Absent: Linux on `X86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_platform: Option<RuntimePlatform>,
    /// Absent: 20 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// The containers.
    pub container_definitions: Vec<ContainerDefinition>,
    /// Written when it is registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

/// Processor and operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimePlatform {
    /// `X86_64` or `ARM64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_architecture: Option<String>,
    /// `LINUX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_system_family: Option<String>,
}

/// Scratch space of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EphemeralStorage {
    /// 21 to 200.
    #[serde(rename = "sizeInGiB")]
    pub size_in_gib: i32,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Tag {
    /// The tags that an answer tells, sorted by key.
    pub fn received(tags: &[ecs::Tag]) -> Vec<Self> {
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
