//! A container's share of its task's processor and memory. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::whole;
use crate::spec::{Container, EcsService};

/// A container's share of its task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Size {
    /// Reserved CPU units; 0 and absent are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<i32>,
    /// Hard limit in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<i32>,
    /// Reserved MiB, beyond which it may go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) memory_reservation: Option<i32>,
}

impl ContainerPart for Size {
    fn rendered(container: &Container, service: &EcsService) -> Self {
        let own = service.own.containers.get(container.name.as_str());
        Self {
            cpu: own.and_then(|own| own.cpu).or(container.cpu).map(whole),
            memory: own
                .and_then(|own| own.memory)
                .or(container.memory)
                .map(whole),
            memory_reservation: own.and_then(|own| own.memory_reservation).map(whole),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        Self {
            cpu: Some(read.cpu),
            memory: read.memory,
            memory_reservation: read.memory_reservation,
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        fields.put_or(at.path("cpu"), self.cpu, "0", EFFECT);
        if let Some(memory) = self.memory {
            fields.put(at.path("memory"), memory.to_string(), EFFECT);
        }
        if let Some(memory) = self.memory_reservation {
            fields.put(at.path("memoryReservation"), memory.to_string(), EFFECT);
        }
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        merged.cpu = self.cpu.unwrap_or(0);
        merged.memory = self.memory;
        merged.memory_reservation = self.memory_reservation;
        Ok(())
    }
}
