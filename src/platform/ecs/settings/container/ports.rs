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
    /// The instance's port that leads to it; absent: the same one where there is no other, else any that
    /// is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host_port: Option<i32>,
    /// `tcp` or `udp`; absent: `tcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<String>,
    /// By which Service Connect finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What is spoken there: `http`, `http2` or `grpc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) app_protocol: Option<String>,
}

impl PortMapping {
    pub(crate) fn protocol(&self) -> &str {
        self.protocol.as_deref().unwrap_or("tcp")
    }
}

impl Ports {
    /// Takes away the instance's ports that say nothing: with awsvpc and host there is only the container's
    /// own, and 0 is any that is free.
    pub(crate) fn in_mode(&mut self, mode: Option<&str>) {
        let only_one = matches!(mode, Some("awsvpc" | "host"));
        for port in &mut self.port_mappings {
            let own = Some(port.container_port);
            let says = |host: &i32| *host != 0 && !(only_one && Some(*host) == own);
            port.host_port = port.host_port.filter(says);
        }
    }
}

impl ContainerPart for Ports {
    fn rendered(container: &Container, service: &EcsService) -> Self {
        let ports = container.ports.iter().map(|port| PortMapping {
            container_port: i32::from(port.number),
            host_port: port.host.map(i32::from),
            protocol: Some(
                match port.protocol {
                    Protocol::Tcp => "tcp",
                    Protocol::Udp => "udp",
                }
                .into(),
            ),
            name: port.name.clone(),
            app_protocol: port.app_protocol.map(str::to_owned),
        });
        let mut ports = Self {
            port_mappings: ports.collect(),
        };
        ports.in_mode(Some(service.own.network_mode.word()));
        ports
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        // A mapping of a range of ports has no word in the file format.
        let ports = read.port_mappings().iter().filter_map(|port| {
            Some(PortMapping {
                container_port: port.container_port?,
                host_port: port.host_port,
                protocol: port.protocol.as_ref().map(word),
                name: port.name.clone(),
                app_protocol: port.app_protocol.as_ref().map(word),
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
            let at = |what: &str| at.path(&format!("{name}.{what}"));
            if let Some(host) = port.host_port {
                fields.put(at("hostPort"), host.to_string(), EFFECT);
            }
            // What the file does not say of these stays.
            fields.put_if_said(at("name"), port.name.as_deref(), EFFECT);
            fields.put_if_said(at("appProtocol"), port.app_protocol.as_deref(), EFFECT);
        }
    }

    /// Each with the name and application protocol that it has already where ours says none, and the
    /// ranges that are there.
    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let old = merged.port_mappings.take().unwrap_or_default();
        let ours = self.port_mappings.iter().map(|port| {
            let same = old.iter().find(|old| {
                let protocol = old.protocol.as_ref().map_or("tcp", |word| word.as_str());
                old.container_port == Some(port.container_port) && protocol == port.protocol()
            });
            let spoken = port.app_protocol.as_deref().map(Into::into);
            ecs::PortMapping::builder()
                .container_port(port.container_port)
                .protocol(port.protocol().into())
                .set_host_port(port.host_port)
                .set_name(port.name.clone().or_else(|| same?.name.clone()))
                .set_app_protocol(spoken.or_else(|| same?.app_protocol.clone()))
                .build()
        });
        let ranges = old.iter().filter(|old| old.container_port.is_none());
        merged.port_mappings = Some(ours.chain(ranges.cloned()).collect());
        Ok(())
    }

    fn left_over(read: &ecs::ContainerDefinition, left: &mut Left) {
        for port in read.port_mappings() {
            left.some("ports.range", port.container_port_range.as_ref());
        }
    }
}
