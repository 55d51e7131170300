//! How long everything takes, as data. The defaults let a rollout end within seconds; `aws()` takes
//! about as long as the real service, for tests that sleep in paused time.

use serde::{Deserialize, Serialize};

/// Durations of the embedded cloud, in milliseconds of its own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timings {
    /// From the decision to start a task to its network interface.
    pub provision_ms: i64,
    /// From the wish for another container instance to its registration.
    pub instance_ms: i64,
    /// At most so many tasks of a service are started at once (a number, not a time).
    pub launch_burst: i64,
    /// The others are started so much later, as many again at most.
    pub launch_pause_ms: i64,
    /// From there to RUNNING: pull and start.
    pub pull_ms: i64,
    /// Added to `pull_ms` for an image that starts slowly.
    pub slow_ms: i64,
    /// At most so much is added to a task's start, by chance.
    pub jitter_ms: i64,
    /// From RUNNING to healthy where nothing checks health.
    pub steady_ms: i64,
    /// From RUNNING to the exit of an image that crashes.
    pub crash_ms: i64,
    /// Health check and grace periods of a task definition are divided by this.
    pub health_divisor: i64,
    /// From RUNNING to a healthy target.
    pub target_healthy_ms: i64,
    /// From RUNNING to an unhealthy target, the grace period not counted.
    pub target_unhealthy_ms: i64,
    /// A stopping task's target drains so long.
    pub deregistration_ms: i64,
    /// From SIGTERM to the exit of a container.
    pub stop_ms: i64,
    /// From the exit of the containers to STOPPED.
    pub deprovision_ms: i64,
    /// A service deployment is PENDING so long.
    pub pending_ms: i64,
    /// All new tasks must be healthy so long before a deployment is SUCCESSFUL.
    pub settle_ms: i64,
    /// Between SUCCESSFUL and the COMPLETED of the classic deployment, at least.
    pub completed_lag_ms: i64,
    /// Bake time after the last healthy task where alarms are configured.
    pub alarm_bake_ms: i64,
    /// So long lasts a minute of bake times and of the wait for hooks.
    pub minute_ms: i64,
    /// A stage of a deployment that shifts traffic lasts so long, at least.
    pub stage_ms: i64,
    /// From the call of a hook's function to its answer.
    pub hook_ms: i64,
    /// The scheduler waits so long after a first failure, then twice as long each time.
    pub backoff_ms: i64,
    /// The longest such wait.
    pub backoff_max_ms: i64,
    /// From a stop request to the start of the rollback.
    pub stop_request_ms: i64,
    /// A deployment without tasks stays listed so long.
    pub retire_ms: i64,
    /// Stopped tasks and deleted services stay describable so long (about an hour on AWS).
    pub kept_ms: i64,
    /// An identical warning event is not repeated within this time (about six hours on AWS).
    pub event_repeat_ms: i64,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            provision_ms: 400,
            instance_ms: 1_500,
            launch_burst: 100,
            launch_pause_ms: 100,
            pull_ms: 700,
            slow_ms: 4_000,
            jitter_ms: 150,
            steady_ms: 1_000,
            crash_ms: 600,
            health_divisor: 50,
            target_healthy_ms: 700,
            target_unhealthy_ms: 900,
            deregistration_ms: 600,
            stop_ms: 300,
            deprovision_ms: 200,
            pending_ms: 150,
            settle_ms: 500,
            completed_lag_ms: 500,
            alarm_bake_ms: 800,
            minute_ms: 600,
            stage_ms: 150,
            hook_ms: 300,
            backoff_ms: 400,
            backoff_max_ms: 60_000,
            stop_request_ms: 300,
            retire_ms: 300,
            kept_ms: 3_600_000,
            event_repeat_ms: 21_600_000,
        }
    }
}

impl Timings {
    /// About what a Fargate service of a few tasks takes on AWS.
    pub fn aws() -> Self {
        Self {
            provision_ms: 15_000,
            instance_ms: 120_000,
            launch_pause_ms: 5_000,
            pull_ms: 20_000,
            slow_ms: 90_000,
            jitter_ms: 5_000,
            steady_ms: 20_000,
            crash_ms: 5_000,
            health_divisor: 1,
            target_healthy_ms: 45_000,
            target_unhealthy_ms: 60_000,
            deregistration_ms: 300_000,
            stop_ms: 5_000,
            deprovision_ms: 15_000,
            pending_ms: 1_000,
            settle_ms: 20_000,
            completed_lag_ms: 38_000,
            alarm_bake_ms: 240_000,
            minute_ms: 60_000,
            stage_ms: 10_000,
            hook_ms: 5_000,
            backoff_ms: 15_000,
            backoff_max_ms: 900_000,
            stop_request_ms: 5_000,
            retire_ms: 5_000,
            ..Self::default()
        }
    }
}
