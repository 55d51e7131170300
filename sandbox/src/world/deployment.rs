//! The three records of a rollout: the classic deployment inside a service, the service deployment
//! and the service revision.

use serde::{Deserialize, Serialize};

use super::Millis;
use super::configuration::{DeploymentConfiguration, Workload};
use super::shift::Shift;

/// The state of a classic deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RolloutState {
    InProgress,
    Completed,
    Failed,
}

/// A classic deployment; the first of a service is its PRIMARY.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent marks of one record"
)]
pub(crate) struct Deployment {
    /// `ecs-svc/` and 19 digits.
    pub(crate) id: String,
    pub(crate) revision: String,
    pub(crate) record: String,
    pub(crate) workload: Workload,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
    pub(crate) state: RolloutState,
    pub(crate) reason: String,
    /// Consecutive failures, as `failedTasks` shows them.
    pub(crate) failed_tasks: i64,
    /// Failures that count for the breaker.
    pub(crate) counted: i64,
    /// A task of it has been RUNNING: the breaker's second stage.
    pub(crate) reached_running: bool,
    pub(crate) is_rollback: bool,
    pub(crate) attempts: u32,
    pub(crate) next_attempt: Option<Millis>,
    pub(crate) steady_since: Option<Millis>,
    pub(crate) empty_since: Option<Millis>,
    /// Alarms are watched only if none was firing at the start.
    pub(crate) alarms_watched: bool,
    pub(crate) deadlock_told: bool,
}

/// The status of a service deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    Pending,
    InProgress,
    Successful,
    Stopped,
    StopRequested,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    pub(crate) fn is_final(self) -> bool {
        use Status::{RollbackFailed, RollbackSuccessful, Stopped, Successful};
        matches!(
            self,
            Successful | Stopped | RollbackSuccessful | RollbackFailed
        )
    }

    pub(crate) fn is_rolling_back(self) -> bool {
        use Status::{RollbackInProgress, RollbackRequested, StopRequested};
        matches!(self, RollbackInProgress | RollbackRequested | StopRequested)
    }
}

/// How many tasks of a revision are wanted and there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevisionSummary {
    pub(crate) arn: String,
    pub(crate) requested_task_count: i64,
    pub(crate) running_task_count: i64,
    pub(crate) pending_task_count: i64,
    /// Percent of the traffic, where it shifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requested_test_traffic_weight: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requested_production_traffic_weight: Option<f64>,
}

/// The rollback that a service deployment went into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RollbackRecord {
    pub(crate) reason: String,
    pub(crate) started_at: Millis,
    pub(crate) revision: String,
}

/// The state of a breaker or of a set of alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Monitor {
    Disabled,
    Monitoring,
    MonitoringComplete,
    Triggered,
}

/// A service deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    pub(crate) service_arn: String,
    pub(crate) cluster_arn: String,
    /// `cluster/name`.
    pub(crate) service: String,
    /// The classic deployment it began as.
    pub(crate) classic: String,
    pub(crate) created_at: Millis,
    pub(crate) started_at: Option<Millis>,
    pub(crate) finished_at: Option<Millis>,
    pub(crate) stopped_at: Option<Millis>,
    pub(crate) updated_at: Millis,
    /// The list shows it from here on.
    pub(crate) visible_at: Millis,
    pub(crate) sources: Vec<RevisionSummary>,
    pub(crate) target: RevisionSummary,
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    pub(crate) configuration: DeploymentConfiguration,
    pub(crate) rollback: Option<RollbackRecord>,
    pub(crate) breaker: Monitor,
    pub(crate) failures: i64,
    pub(crate) threshold: i64,
    pub(crate) alarms: Monitor,
    pub(crate) triggered_alarms: Vec<String>,
    /// How far traffic has shifted, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shift: Option<Shift>,
}

/// A frozen workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServiceRevision {
    pub(crate) arn: String,
    pub(crate) service_arn: String,
    pub(crate) cluster_arn: String,
    pub(crate) workload: Workload,
    pub(crate) created_at: Millis,
    /// Container name, image and digest.
    pub(crate) images: Vec<(String, String, String)>,
}
