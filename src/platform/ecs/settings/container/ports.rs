//! The ports that a container listens on. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::word;
use crate::platform::ecs::settings::unmanaged::left::Left;
use crate::spec::{Container, EcsService, Protocol};

/// The ports that a container listens on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ports {
    /// One item for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) port_mappings: Vec<PortMapping>,
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortMapping {
    pub(crate) container_port: i32,
    /// `tcp` or `udp`; absent: `tcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<String>,
}

impl PortMapping {
    fn protocol(&self) -> &str {
        self.protocol.as_deref().unwrap_or("tcp")
    }
}

impl ContainerPart for Ports {
    fn rendered(container: &Container, _: &EcsService) -> Self {
        let ports = container.ports.iter().map(|port| PortMapping {
            container_port: i32::from(port.number),
            protocol: Some(
                match port.protocol {
                    Protocol::Tcp => "tcp",
                    Protocol::Udp => "udp",
                }
                .into(),
            ),
        });
        Self {
            port_mappings: ports.collect(),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        // A mapping of a range of ports has no word in the file format.
        let ports = read.port_mappings().iter().filter_map(|port| {
            Some(PortMapping {
                container_port: port.container_port?,
                protocol: port.protocol.as_ref().map(word),
            })
        });
        Self {
            port_mappings: ports.collect(),
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        for port in &self.port_mappings {
            let name = format!("ports.{}/{}", port.container_port, port.protocol());
            fields.put(at.path(&name), "open", EFFECT);
        }
    }

    /// Each with the name and application protocol that it has already, and the ranges that are
    /// there.
    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let old = merged.port_mappings.take().unwrap_or_default();
        let ours = self.port_mappings.iter().map(|port| {
            let same = old.iter().find(|old| {
                let protocol = old.protocol.as_ref().map_or("tcp", |word| word.as_str());
                old.container_port == Some(port.container_port) && protocol == port.protocol()
            });
            same.cloned().unwrap_or_else(|| {
                ecs::PortMapping::builder()
                    .container_port(port.container_port)
                    .protocol(port.protocol().into())
                    .build()
            })
        });
        let ranges = old.iter().filter(|old| old.container_port.is_none());
        merged.port_mappings = Some(ours.chain(ranges.cloned()).collect());
        Ok(())
    }

    fn left_over(read: &ecs::ContainerDefinition, left: &mut Left) {
        for port in read.port_mappings() {
            let number = port.container_port.unwrap_or_default();
            left.some(&format!("ports.{number}.name"), port.name.as_ref());
            let protocol = port.app_protocol.as_ref();
            left.some(&format!("ports.{number}.appProtocol"), protocol);
            left.some("ports.range", port.container_port_range.as_ref());
        }
    }
}
