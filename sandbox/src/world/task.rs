//! A task and its containers, as data.

use serde::{Deserialize, Serialize};

use super::Millis;
use super::placement::{Need, Place};
use crate::behaviour::Behaviour;

/// Where a task is on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Phase {
    #[default]
    Provisioning,
    Pending,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

/// What a health check has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskContainer {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) image: String,
    pub(crate) essential: bool,
    pub(crate) cpu: i64,
    pub(crate) running: bool,
    pub(crate) health: Health,
    /// Milliseconds from its start to the verdict of its health check; `None` without one.
    pub(crate) checked_after: Option<Millis>,
    pub(crate) exit_code: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) fate: Behaviour,
    /// Log group and stream.
    pub(crate) log: Option<(String, String)>,
    /// Why it cannot start, whatever its image.
    #[serde(default)]
    pub(crate) cannot_start: Option<String>,
    /// What to wait for before its start: container name and condition.
    pub(crate) depends_on: Vec<(String, String)>,
    /// The first secret it refers to.
    pub(crate) secret: Option<String>,
}

/// What the load balancer thinks of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetState {
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) description: Option<String>,
}

impl TargetState {
    pub(crate) fn new(state: &str, reason: &str, description: &str) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            state: state.to_owned(),
            reason: text(reason),
            description: text(description),
        }
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.state == "healthy"
    }
}

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent marks of one task"
)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) number: i64,
    pub(crate) cluster: String,
    /// `cluster/name`.
    pub(crate) service: String,
    pub(crate) deployment: String,
    pub(crate) revision: String,
    pub(crate) definition: String,
    pub(crate) phase: Phase,
    pub(crate) step: u32,
    /// Its desired status is STOPPED.
    pub(crate) ending: bool,
    pub(crate) steady: bool,
    pub(crate) created_at: Millis,
    pub(crate) pull_started_at: Option<Millis>,
    pub(crate) pull_stopped_at: Option<Millis>,
    pub(crate) started_at: Option<Millis>,
    pub(crate) stopping_at: Option<Millis>,
    pub(crate) execution_stopped_at: Option<Millis>,
    pub(crate) stopped_at: Option<Millis>,
    pub(crate) stop_code: Option<String>,
    pub(crate) stopped_reason: Option<String>,
    pub(crate) containers: Vec<TaskContainer>,
    /// Target group and container port.
    pub(crate) target_groups: Vec<(String, i64)>,
    pub(crate) target: Option<TargetState>,
    pub(crate) ip: String,
    pub(crate) subnet: String,
    pub(crate) provider: Option<String>,
    pub(crate) platform_version: String,
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) architecture: String,
    pub(crate) ephemeral_gib: i64,
    pub(crate) exec: bool,
    /// The group of a task that no service keeps.
    #[serde(default)]
    pub(crate) group: Option<String>,
    #[serde(default)]
    pub(crate) overrides: serde_json::Value,
    pub(crate) tags: super::Tags,
    /// The container instance that it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Place>,
    /// What it reserves there.
    #[serde(default)]
    pub(crate) need: Need,
    /// It waits for an instance that its capacity provider brings.
    #[serde(default)]
    pub(crate) waits: bool,
}

impl Task {
    /// Counts as one of its service's tasks: not on its way out.
    pub(crate) fn is_active(&self) -> bool {
        !self.ending
    }

    pub(crate) fn is_running(&self) -> bool {
        self.phase == Phase::Running && !self.ending
    }

    /// RUNNING, and every check that there is has passed.
    pub(crate) fn is_healthy(&self) -> bool {
        let dies = |c: &TaskContainer| c.essential && c.fate.dies_soon();
        if !self.is_running() || self.containers.iter().any(dies) {
            return false;
        }
        let checks = self
            .containers
            .iter()
            .filter(|c| c.essential && c.checked_after.is_some());
        let mut checked = self.target.is_some();
        for container in checks {
            checked = true;
            if container.health != Health::Healthy {
                return false;
            }
        }
        self.target.as_ref().is_none_or(TargetState::is_healthy) && (checked || self.steady)
    }

    /// The health of the task as a whole, from its essential containers' checks.
    pub(crate) fn health(&self) -> Health {
        let mut all = Health::Unknown;
        for container in self
            .containers
            .iter()
            .filter(|c| c.essential && c.checked_after.is_some())
        {
            match container.health {
                Health::Unhealthy => return Health::Unhealthy,
                Health::Unknown => return Health::Unknown,
                Health::Healthy => all = Health::Healthy,
            }
        }
        all
    }
}
