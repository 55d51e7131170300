//! What Application Auto Scaling refuses of whatever names a scalable target.

use serde::Deserialize;

use super::ApiError;
use crate::world::World;

/// The one dimension that services of ECS have.
pub(super) const DIMENSION: &str = "ecs:service:DesiredCount";

pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

pub(super) fn no_target(resource: &str) -> ApiError {
    ApiError::new(
        "ObjectNotFoundException",
        format!(
            "No scalable target registered for service namespace: ecs, resource ID: {resource}, scalable dimension: {DIMENSION}"
        ),
    )
}

/// What identifies a scalable target.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Identity {
    #[serde(default)]
    service_namespace: String,
    #[serde(default)]
    pub(super) resource_id: String,
    #[serde(default)]
    scalable_dimension: String,
}

impl Identity {
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.service_namespace != "ecs" {
            return Err(validation(format!(
                "Unsupported service namespace: {}",
                self.service_namespace
            )));
        }
        if self.scalable_dimension != DIMENSION {
            return Err(validation(
                "Unsupported scalable dimension for the service namespace ecs.",
            ));
        }
        let parts: Vec<&str> = self.resource_id.split('/').collect();
        if parts.len() != 3 || parts.first() != Some(&"service") {
            return Err(validation(
                "Unsupported service namespace, resource type or scalable dimension.",
            ));
        }
        Ok(())
    }

    /// The resource of a target that is registered, where the `member` that names what is put on it
    /// has a value.
    pub(super) fn of_target(
        &self,
        world: &World,
        (member, value): (&str, &str),
    ) -> Result<String, ApiError> {
        self.check()?;
        if !world.targets.contains_key(&self.resource_id) {
            return Err(no_target(&self.resource_id));
        }
        if value.is_empty() {
            return Err(validation(format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must not be null"
            )));
        }
        Ok(self.resource_id.clone())
    }
}
