//! The containers that must have got somewhere before one is started. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::{incomplete, word};
use crate::spec::{Container, Dependency, EcsService};

/// The containers that come before one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// One item for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) depends_on: Vec<ContainerDependency>,
}

/// A start order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerDependency {
    /// The other container.
    pub(crate) container_name: String,
    /// `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`.
    pub(crate) condition: String,
}

impl ContainerPart for Order {
    fn rendered(container: &Container, _: &EcsService) -> Self {
        let others = container.depends_on.iter();
        Self {
            depends_on: others
                .map(|(name, condition)| ContainerDependency {
                    container_name: name.to_string(),
                    condition: match condition {
                        Dependency::Start => "START",
                        Dependency::Complete => "COMPLETE",
                        Dependency::Success => "SUCCESS",
                        Dependency::Healthy => "HEALTHY",
                    }
                    .into(),
                })
                .collect(),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        let others = read.depends_on().iter();
        Self {
            depends_on: others
                .map(|other| ContainerDependency {
                    container_name: other.container_name.clone(),
                    condition: word(&other.condition),
                })
                .collect(),
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        for other in &self.depends_on {
            let path = at.path(&format!("dependsOn.{}", other.container_name));
            fields.put(path, &other.condition, EFFECT);
        }
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let others = self
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
}
