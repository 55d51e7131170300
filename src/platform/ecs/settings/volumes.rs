//! The volumes of a task definition. Pure.
//!
//! Kinds that the file format has no word for are said under `patch`.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::container::part::EFFECT;
use super::fields::Fields;
use super::sdk::{incomplete, word};
use crate::platform::Failed;
use crate::spec::{EcsService, Efs, Volume};

/// A volume of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskVolume {
    pub(crate) name: String,
    /// A path of the machine; an empty one, as an absent one: a folder that ends with the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<HostPath>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) efs_volume_configuration: Option<EfsVolume>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) docker_volume_configuration: Option<DockerVolume>,
    /// It is made, on EBS, when a task starts; how is said with the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) configured_at_launch: Option<bool>,
}

/// A volume that Docker keeps on the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DockerVolume {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) autoprovision: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) driver: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) driver_opts: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
}

impl DockerVolume {
    fn received(read: &ecs::DockerVolumeConfiguration) -> Self {
        let all = |map: &Option<HashMap<String, String>>| {
            let entries = map.iter().flatten();
            entries
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        Self {
            scope: read.scope.as_ref().map(word),
            autoprovision: read.autoprovision,
            driver: read.driver.clone(),
            driver_opts: all(&read.driver_opts),
            labels: all(&read.labels),
        }
    }

    fn to_sdk(&self) -> ecs::DockerVolumeConfiguration {
        let all = |map: &BTreeMap<String, String>| {
            let entries = map.iter();
            let entries = entries.map(|(key, value)| (key.clone(), value.clone()));
            (!map.is_empty()).then(|| entries.collect())
        };
        ecs::DockerVolumeConfiguration::builder()
            .set_scope(self.scope.as_deref().map(Into::into))
            .set_autoprovision(self.autoprovision)
            .set_driver(self.driver.clone())
            .set_driver_opts(all(&self.driver_opts))
            .set_labels(all(&self.labels))
            .build()
    }
}

/// A path of the machine that a task runs on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HostPath {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_path: Option<String>,
}

/// A file system of EFS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EfsVolume {
    #[serde(default)]
    pub(crate) file_system_id: String,
    /// Absent: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) root_directory: Option<String>,
    /// `ENABLED` or `DISABLED`, which it is by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transit_encryption: Option<String>,
    /// Absent: the mount helper chooses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transit_encryption_port: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authorization_config: Option<EfsAccess>,
}

/// As whom a file system is mounted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EfsAccess {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) access_point_id: Option<String>,
    /// `ENABLED` or `DISABLED`, which it is by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iam: Option<String>,
}

/// What the file asks for.
pub(crate) fn rendered(service: &EcsService) -> Vec<TaskVolume> {
    let volumes = service.volumes.iter();
    volumes
        .map(|(name, volume)| TaskVolume {
            name: name.clone(),
            host: match volume {
                Volume::Host(path) => Some(HostPath {
                    source_path: Some(path.clone()),
                }),
                _ => None,
            },
            efs_volume_configuration: match volume {
                Volume::Efs(efs) => Some(efs_volume(efs)),
                _ => None,
            },
            configured_at_launch: matches!(volume, Volume::Ebs).then_some(true),
            ..TaskVolume::default()
        })
        .collect()
}

fn efs_volume(efs: &Efs) -> EfsVolume {
    let access = EfsAccess {
        access_point_id: efs.access_point.clone(),
        iam: efs.iam.then(|| "ENABLED".to_owned()),
    };
    EfsVolume {
        file_system_id: efs.id.clone(),
        root_directory: efs.root.clone(),
        transit_encryption: efs.encrypted.then(|| "ENABLED".to_owned()),
        transit_encryption_port: None,
        authorization_config: (access != EfsAccess::default()).then_some(access),
    }
}

/// What is registered.
pub(crate) fn received(read: &ecs::TaskDefinition) -> Vec<TaskVolume> {
    let volumes = read.volumes().iter();
    volumes
        .map(|volume| TaskVolume {
            name: volume.name.clone().unwrap_or_default(),
            host: volume.host.as_ref().map(|host| HostPath {
                source_path: host.source_path.clone(),
            }),
            efs_volume_configuration: volume
                .efs_volume_configuration
                .as_ref()
                .map(EfsVolume::received),
            docker_volume_configuration: volume
                .docker_volume_configuration
                .as_ref()
                .map(DockerVolume::received),
            configured_at_launch: volume.configured_at_launch,
        })
        .collect()
}

impl EfsVolume {
    fn received(read: &ecs::EfsVolumeConfiguration) -> Self {
        let access = read.authorization_config.as_ref();
        Self {
            file_system_id: read.file_system_id.clone(),
            root_directory: read.root_directory.clone(),
            transit_encryption: read.transit_encryption.as_ref().map(word),
            transit_encryption_port: read.transit_encryption_port,
            authorization_config: access.map(|access| EfsAccess {
                access_point_id: access.access_point_id.clone(),
                iam: access.iam.as_ref().map(word),
            }),
        }
    }

    fn to_sdk(&self) -> Result<ecs::EfsVolumeConfiguration, Failed> {
        let access = self.authorization_config.as_ref().map(|access| {
            ecs::EfsAuthorizationConfig::builder()
                .set_access_point_id(access.access_point_id.clone())
                .set_iam(access.iam.as_deref().map(Into::into))
                .build()
        });
        ecs::EfsVolumeConfiguration::builder()
            .file_system_id(&self.file_system_id)
            .set_root_directory(self.root_directory.clone())
            .set_transit_encryption(self.transit_encryption.as_deref().map(Into::into))
            .set_transit_encryption_port(self.transit_encryption_port)
            .set_authorization_config(access)
            .build()
            .map_err(incomplete)
    }
}

/// Adds the compared values.
pub(crate) fn put(volumes: &[TaskVolume], fields: &mut Fields) {
    for volume in volumes {
        let at = format!("volumes.{}", volume.name);
        if let Some(efs) = &volume.efs_volume_configuration {
            put_efs(&format!("{at}.efsVolumeConfiguration"), efs, fields);
        } else if let Some(docker) = &volume.docker_volume_configuration {
            let how = serde_json::to_string(docker).unwrap_or_default();
            fields.put(format!("{at}.dockerVolumeConfiguration"), how, EFFECT);
        } else if volume.configured_at_launch == Some(true) {
            fields.put(format!("{at}.configuredAtLaunch"), "true", EFFECT);
        } else {
            let host = volume.host.as_ref();
            let path = host.and_then(|host| host.source_path.clone());
            match path.filter(|path| !path.is_empty()) {
                Some(path) => fields.put(format!("{at}.host.sourcePath"), path, EFFECT),
                None => fields.put(at, "scratch", EFFECT),
            }
        }
    }
}

fn put_efs(at: &str, efs: &EfsVolume, fields: &mut Fields) {
    fields.put(format!("{at}.fileSystemId"), &efs.file_system_id, EFFECT);
    let mut put = |what: &str, value: Option<&String>, default: &str| {
        let value = value.filter(|value| !value.is_empty());
        fields.put_or(format!("{at}.{what}"), value, default, EFFECT);
    };
    let access = efs.authorization_config.clone().unwrap_or_default();
    let port = efs.transit_encryption_port.filter(|port| *port > 0);
    let port = port.map(|port| port.to_string());
    put("rootDirectory", efs.root_directory.as_ref(), "/");
    put(
        "transitEncryption",
        efs.transit_encryption.as_ref(),
        "DISABLED",
    );
    put("transitEncryptionPort", port.as_ref(), "any");
    let access_point = access.access_point_id.as_ref();
    put("authorizationConfig.accessPointId", access_point, "none");
    put("authorizationConfig.iam", access.iam.as_ref(), "DISABLED");
}

/// The volumes to register.
pub(crate) fn to_sdk(wanted: &[TaskVolume]) -> Result<Vec<ecs::Volume>, Failed> {
    let volume = |volume: &TaskVolume| {
        let host = volume.host.as_ref().map(|host| {
            ecs::HostVolumeProperties::builder()
                .set_source_path(host.source_path.clone())
                .build()
        });
        let efs = volume.efs_volume_configuration.as_ref();
        let docker = volume.docker_volume_configuration.as_ref();
        Ok(ecs::Volume::builder()
            .name(&volume.name)
            .set_host(host)
            .set_efs_volume_configuration(efs.map(EfsVolume::to_sdk).transpose()?)
            .set_docker_volume_configuration(docker.map(DockerVolume::to_sdk))
            .set_configured_at_launch(volume.configured_at_launch)
            .build())
    };
    wanted.iter().map(volume).collect()
}
