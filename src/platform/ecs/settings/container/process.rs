//! How a container's program is started and stopped. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT, put_some, put_words, some_list};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::seconds;
use crate::spec::{Container, EcsService};

/// How a container's program is started and stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Process {
    /// Overrides the image's entry point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) entry_point: Vec<String>,
    /// Overrides the image's command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) command: Vec<String>,
    /// Seconds between TERM and KILL; absent: 30 (Amazon ECS developer guide, task definition
    /// parameters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stop_timeout: Option<i32>,
    /// `user[:group]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// Absent: the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) working_directory: Option<String>,
    /// Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) readonly_root_filesystem: Option<bool>,
}

impl ContainerPart for Process {
    fn rendered(container: &Container, _: &EcsService) -> Self {
        Self {
            entry_point: container.entrypoint.clone(),
            command: container.command.clone(),
            stop_timeout: container.stop_timeout.map(seconds),
            user: container.user.clone(),
            working_directory: container.working_dir.clone(),
            readonly_root_filesystem: container.read_only_root.then_some(true),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        Self {
            entry_point: read.entry_point().to_vec(),
            command: read.command().to_vec(),
            stop_timeout: read.stop_timeout,
            user: read.user.clone(),
            working_directory: read.working_directory.clone(),
            readonly_root_filesystem: read.readonly_root_filesystem,
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        put_words(fields, at.path("entryPoint"), &self.entry_point);
        put_words(fields, at.path("command"), &self.command);
        put_some(fields, at.path("user"), self.user.as_ref());
        let directory = self.working_directory.as_ref();
        put_some(fields, at.path("workingDirectory"), directory);
        let read_only = self.readonly_root_filesystem;
        fields.put_or(
            at.path("readonlyRootFilesystem"),
            read_only,
            "false",
            EFFECT,
        );
        fields.put_or(at.path("stopTimeout"), self.stop_timeout, "30", EFFECT);
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        merged.entry_point = some_list(&self.entry_point);
        merged.command = some_list(&self.command);
        merged.stop_timeout = self.stop_timeout;
        merged.user.clone_from(&self.user);
        merged.working_directory.clone_from(&self.working_directory);
        merged.readonly_root_filesystem = self.readonly_root_filesystem;
        Ok(())
    }
}
