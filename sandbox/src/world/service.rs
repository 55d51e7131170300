//! A service: its configuration, its deployments and its events.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Millis;
use super::configuration::{Settings, Workload};
use super::deployment::Deployment;

/// The state of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ServiceStatus {
    Active,
    Draining,
    Inactive,
}

/// A line of a service's event list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceEvent {
    pub(crate) id: String,
    pub(crate) at: Millis,
    pub(crate) message: String,
}

/// The deployment that a rollback would go back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) deployment: String,
    pub(crate) revision: String,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) cluster: String,
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) status: ServiceStatus,
    pub(crate) created_at: Millis,
    pub(crate) created_by: String,
    pub(crate) inactive_at: Option<Millis>,
    pub(crate) desired: i64,
    /// One task on each instance, whatever count.
    #[serde(default)]
    pub(crate) daemon: bool,
    pub(crate) workload: Workload,
    pub(crate) settings: Settings,
    /// The first is the PRIMARY.
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) completed: Option<Candidate>,
    /// The events of the service, the newest first.
    pub(crate) events: Vec<ServiceEvent>,
    pub(crate) client_token: Option<String>,
    /// The request that made it, to recognise its repetition.
    pub(crate) request: Value,
    /// The newest service deployment and the one before it.
    pub(crate) current_record: Option<String>,
    pub(crate) previous_record: Option<String>,
}

impl Service {
    /// `cluster/name`.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    pub(crate) fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// The lowest number of healthy tasks, rounded up, and the highest number of tasks, rounded
    /// down (Amazon ECS API reference, `DeploymentConfiguration`).
    pub(crate) fn bounds(&self) -> (i64, i64) {
        let configuration = &self.settings.deployment;
        let least = (self.desired * configuration.minimum_healthy_percent + 99) / 100;
        let most = self.desired * configuration.maximum_percent / 100;
        (least, most)
    }
}
