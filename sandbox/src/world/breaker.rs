//! Failures of tasks: the scheduler's back-off and the deployment circuit breaker.

use super::World;
use super::agenda::Due;
use super::deployment::{Deployment, Monitor, RolloutState, Status};
use super::rollback::Cause;

/// How a task failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// It never ran.
    Start,
    /// There was no place for it.
    Placement,
    /// A container ended by itself.
    Exit,
    /// A health check failed.
    Health,
}

impl World {
    /// The deployment of a service, if it is its PRIMARY.
    fn primary_mut(&mut self, service: &str, deployment: &str) -> Option<&mut Deployment> {
        let primary = self.services.get_mut(service)?.deployments.first_mut()?;
        (primary.id == deployment).then_some(primary)
    }

    pub(super) fn task_failed(&mut self, id: &str, failure: Failure) {
        if let Some(task) = self.tasks.get(id) {
            let (service, deployment) = (task.service.clone(), task.deployment.clone());
            self.deployment_failure(&service, &deployment, failure);
        }
    }

    /// Notes a failed task of a deployment: waits longer, counts, and trips the breaker.
    pub(super) fn deployment_failure(&mut self, service: &str, deployment: &str, failure: Failure) {
        self.back_off(service, deployment);
        let counts = self.counts(service, deployment, failure);
        let Some(primary) = self.primary_mut(service, deployment) else {
            return;
        };
        if primary.state == RolloutState::InProgress {
            primary.failed_tasks += 1;
            if counts {
                primary.counted += 1;
            }
        }
        let (counted, record) = (primary.counted, primary.record.clone());
        let open = self
            .deployments
            .get(&record)
            .is_some_and(|record| !record.status.is_final());
        if counts && open {
            self.note_failures(service, deployment, counted);
        }
        self.later(
            0,
            Due::Reconcile {
                service: service.to_owned(),
            },
        );
    }

    fn counts(&self, service: &str, deployment: &str, failure: Failure) -> bool {
        let switches = &self.switches;
        let found = self.services.get(service).and_then(|s| s.primary());
        let Some(primary) = found.filter(|p| p.id == deployment) else {
            return false;
        };
        let first_stage = !primary.reached_running || switches.start_failures_count_in_stage_two;
        match failure {
            Failure::Start => first_stage,
            Failure::Placement => first_stage && switches.placement_failures_count,
            Failure::Exit => switches.crash_exits_count,
            Failure::Health => true,
        }
    }

    fn note_failures(&mut self, service: &str, deployment: &str, counted: i64) {
        let Some((breaker, desired, record)) = self.services.get(service).and_then(|found| {
            let breaker = found.settings.deployment.deployment_circuit_breaker.clone();
            Some((breaker, found.desired, found.primary()?.record.clone()))
        }) else {
            return;
        };
        if !breaker.enable {
            return;
        }
        let threshold = breaker.threshold_configuration.failures(desired);
        let now = self.now;
        if let Some(record) = self.deployments.get_mut(&record) {
            record.failures = counted;
            record.threshold = threshold;
            record.updated_at = now;
        }
        if counted >= threshold {
            self.fail_deployment(service, deployment, &Cause::Breaker);
        }
    }

    /// The scheduler waits before the next attempt, each time longer.
    fn back_off(&mut self, service: &str, deployment: &str) {
        let now = self.now;
        let (base, longest) = (self.timings.backoff_ms, self.timings.backoff_max_ms);
        let Some(primary) = self.primary_mut(service, deployment) else {
            return;
        };
        if primary.next_attempt.is_some_and(|at| at > now) {
            return;
        }
        let doubled = base.saturating_mul(1_i64 << primary.attempts.min(20));
        let wait = doubled.min(longest);
        primary.attempts += 1;
        let attempts = primary.attempts;
        primary.next_attempt = Some(now + wait);
        self.later(
            wait,
            Due::Reconcile {
                service: service.to_owned(),
            },
        );
        if attempts >= 3 {
            self.warning(
                service,
                "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
            );
        }
    }

    /// A task of a deployment reached RUNNING: the breaker's second stage begins.
    pub(super) fn deployment_runs(&mut self, service: &str, deployment: &str) {
        if let Some(primary) = self.primary_mut(service, deployment) {
            primary.reached_running = true;
        }
    }

    /// A task of a deployment is healthy: failures in a row are over.
    pub(super) fn healthy_task(&mut self, service: &str, deployment: &str) {
        let now = self.now;
        let reset = self.services.get(service).is_some_and(|service| {
            service
                .settings
                .deployment
                .deployment_circuit_breaker
                .reset_on_healthy_task
        });
        let Some(primary) = self.primary_mut(service, deployment) else {
            return;
        };
        primary.attempts = 0;
        primary.failed_tasks = 0;
        if !reset || primary.counted == 0 {
            return;
        }
        primary.counted = 0;
        let record = primary.record.clone();
        if let Some(record) = self.deployments.get_mut(&record)
            && record.breaker == Monitor::Monitoring
        {
            record.failures = 0;
            record.updated_at = now;
        }
    }

    /// Looks whether an alarm that a deployment watches has gone off.
    pub(super) fn check_alarms(&mut self, key: &str) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let alarms = &service.settings.deployment.alarms;
        let Some(primary) = service
            .primary()
            .filter(|p| p.alarms_watched && !p.is_rollback)
        else {
            return;
        };
        let open = self
            .deployments
            .get(&primary.record)
            .is_some_and(|record| matches!(record.status, Status::Pending | Status::InProgress));
        if !alarms.enable || !open || primary.state != RolloutState::InProgress {
            return;
        }
        let firing = alarms
            .alarm_names
            .iter()
            .filter(|name| self.alarms.get(*name) == Some(&true));
        let firing: Vec<String> = firing.cloned().collect();
        if !firing.is_empty() {
            let deployment = primary.id.clone();
            self.fail_deployment(key, &deployment, &Cause::Alarm(firing));
        }
    }
}
