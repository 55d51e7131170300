//! One switch for each thing that AWS does not document, or documents in two ways. A client must
//! come to the right conclusion under every combination.

use serde::{Deserialize, Serialize};

/// How a service deployment ends that failed and could not, or should not, be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// `STOPPED`, its breaker `TRIGGERED`.
    Stopped,
    /// `ROLLBACK_FAILED`, its breaker `TRIGGERED`.
    RollbackFailed,
    /// `IN_PROGRESS` for ever, its breaker `TRIGGERED`.
    InProgress,
    /// Nothing changes in the record; only the classic deployment is `FAILED`.
    Unchanged,
}

/// Which of the two records of a good rollout is final first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuccessfulOrder {
    /// `SUCCESSFUL` a while before the classic `COMPLETED`: what was measured.
    BeforeCompleted,
    /// `SUCCESSFUL` a while after it.
    AfterCompleted,
}

/// Whether the calls about service deployments and revisions can be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentApi {
    /// They answer.
    Available,
    /// They are unknown operations, as on endpoints that only resemble AWS.
    Unknown,
    /// The caller may not use them.
    Denied,
    /// They answer, but no record ever shows up.
    Empty,
}

/// What becomes of a failed deployment's entry in `DescribeServices`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedEntry {
    /// It stays until its tasks have stopped.
    Drains,
    /// It is gone as soon as the rollback begins.
    Vanishes,
    /// It never goes, as on some emulators.
    Stays,
}

/// The switches, each at what is most likely true of AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Switches {
    /// A breaker that trips with rollback off.
    pub breaker_without_rollback: Ending,
    /// A rollback that is wanted but has no completed deployment to go to.
    pub no_rollback_candidate: Ending,
    /// Whether SUCCESSFUL comes before COMPLETED.
    pub successful: SuccessfulOrder,
    /// Whether the calls about service deployments exist and are permitted.
    pub deployment_api: DeploymentApi,
    /// A new record shows up in `ListServiceDeployments` so late.
    pub record_delay_ms: i64,
    /// Whether records carry a `statusReason`.
    pub status_reasons: bool,
    /// Whether deployments carry a `rolloutStateReason`.
    pub rollout_reasons: bool,
    /// What becomes of a failed deployment's entry.
    pub failed_entry: FailedEntry,
    /// A container that exits after its task ran counts for the breaker.
    pub crash_exits_count: bool,
    /// A task that cannot start counts even when others of its deployment ran.
    pub start_failures_count_in_stage_two: bool,
    /// A task that could not be placed counts for the breaker.
    pub placement_failures_count: bool,
    /// A deployment can be rolled back to as soon as it is SUCCESSFUL (or only once COMPLETED).
    pub successful_is_candidate: bool,
    /// `UpdateService` merges a partial `deploymentConfiguration` (or replaces it whole).
    pub merge_deployment_configuration: bool,
    /// A rollback takes over running tasks of its revision (or starts its own).
    pub rollback_adopts_tasks: bool,
    /// One variable twice in a container's `environment` is accepted (twice among the secrets, or in
    /// both, never is).
    pub variable_twice: bool,
    /// Availability zone rebalancing is refused where no task above the count may run.
    pub rebalancing_needs_room: bool,
    /// `currentServiceDeployment` names the deployment before the newest one.
    pub stale_current_deployment: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            breaker_without_rollback: Ending::Stopped,
            no_rollback_candidate: Ending::RollbackFailed,
            successful: SuccessfulOrder::BeforeCompleted,
            deployment_api: DeploymentApi::Available,
            record_delay_ms: 150,
            status_reasons: true,
            rollout_reasons: true,
            failed_entry: FailedEntry::Drains,
            crash_exits_count: true,
            start_failures_count_in_stage_two: false,
            placement_failures_count: true,
            successful_is_candidate: true,
            merge_deployment_configuration: true,
            rollback_adopts_tasks: false,
            variable_twice: false,
            rebalancing_needs_room: true,
            stale_current_deployment: false,
        }
    }
}
