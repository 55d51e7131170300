//! A plan of any platform, as it is saved.

use serde::{Deserialize, Serialize};

use crate::names::ServiceName;
use crate::plan::Plan;
use crate::platform::{ecs, kubernetes};

/// A plan of one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "platform", rename_all = "snake_case")]
pub(crate) enum StoredPlan {
    /// For an ECS cluster.
    Ecs(Plan<ecs::plan::change::Basis, ecs::plan::change::Change>),
    /// For a namespace of a Kubernetes cluster.
    Kubernetes(Plan<kubernetes::plan::change::Basis, kubernetes::plan::change::Change>),
}

impl StoredPlan {
    /// Which service it is for.
    pub(crate) fn service(&self) -> &ServiceName {
        match self {
            Self::Ecs(plan) => &plan.service,
            Self::Kubernetes(plan) => &plan.service,
        }
    }
}
