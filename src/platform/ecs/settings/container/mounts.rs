//! Where a container has the volumes of its task. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::unmanaged::left::Left;
use crate::spec::{Container, EcsService};

/// Where a container has volumes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mounts {
    /// One item for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) mount_points: Vec<MountPoint>,
}

/// A volume at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MountPoint {
    /// The volume's name.
    #[serde(default)]
    pub(crate) source_volume: String,
    /// Where the container has it.
    #[serde(default)]
    pub(crate) container_path: String,
    /// Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) read_only: Option<bool>,
}

impl MountPoint {
    fn received(read: &ecs::MountPoint) -> Self {
        Self {
            source_volume: read.source_volume.clone().unwrap_or_default(),
            container_path: read.container_path.clone().unwrap_or_default(),
            read_only: read.read_only,
        }
    }
}

impl ContainerPart for Mounts {
    fn rendered(container: &Container, _: &EcsService) -> Self {
        let mounts = container.mounts.iter();
        Self {
            mount_points: mounts
                .map(|(path, mount)| MountPoint {
                    source_volume: mount.volume.clone(),
                    container_path: path.clone(),
                    read_only: mount.read_only.then_some(true),
                })
                .collect(),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        let mounts = read.mount_points().iter();
        Self {
            mount_points: mounts.map(MountPoint::received).collect(),
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        for mount in &self.mount_points {
            let path = at.path(&format!("mountPoints.{}", mount.container_path));
            fields.put(format!("{path}.sourceVolume"), &mount.source_volume, EFFECT);
            fields.put_or(format!("{path}.readOnly"), mount.read_only, "false", EFFECT);
        }
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let mounts = self.mount_points.iter().map(|mount| {
            ecs::MountPoint::builder()
                .source_volume(&mount.source_volume)
                .container_path(&mount.container_path)
                .set_read_only(mount.read_only)
                .build()
        });
        merged.mount_points = Some(mounts.collect());
        Ok(())
    }

    fn left_over(read: &ecs::ContainerDefinition, left: &mut Left) {
        left.list("volumesFrom", read.volumes_from());
    }
}
