//! What a container runs, and whether its task ends with it. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::spec::{Container, EcsService};

/// What a container runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerImage {
    /// The reference, with a tag or a digest.
    pub(crate) image: String,
    /// Absent: true (Amazon ECS developer guide, task definition parameters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) essential: Option<bool>,
}

impl ContainerPart for ContainerImage {
    fn rendered(container: &Container, _: &EcsService) -> Self {
        Self {
            image: container.image.to_string(),
            essential: Some(container.essential),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        Self {
            image: read.image.clone().unwrap_or_default(),
            essential: read.essential,
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        fields.put(at.path("image"), &self.image, EFFECT);
        fields.put_or(at.path("essential"), self.essential, "true", EFFECT);
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        merged.image = Some(self.image.clone());
        merged.essential = self.essential;
        Ok(())
    }
}
