//! How a deployment fails, and the rollback that may follow: a new deployment with a new id, the
//! old revision, and no new service deployment.

use super::World;
use super::agenda::Due;
use super::deployment::{Deployment, Monitor, RollbackRecord, RolloutState, Status};
use super::service::Candidate;
use crate::switches::{Ending, FailedEntry};

/// What made a deployment fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The circuit breaker's threshold was reached.
    Breaker,
    /// These alarms are firing.
    Alarm(Vec<String>),
    /// Somebody called `StopServiceDeployment`.
    Stop,
    /// A lifecycle hook said no, or did not answer: why, in words.
    Hook(String),
}

impl Cause {
    /// `rolloutStateReason` of the failed deployment.
    fn failed(&self, id: &str) -> String {
        match self {
            Self::Breaker => "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
            Self::Alarm(_) => format!("ECS deployment {id} failed: alarm detected."),
            Self::Stop => format!("ECS deployment {id} was stopped by a user."),
            Self::Hook(_) => format!("ECS deployment {id} failed: lifecycle hook failed."),
        }
    }

    /// `rolloutStateReason` of the rollback.
    fn rolling_back(&self, to: &str) -> String {
        let who = match self {
            Self::Breaker => "ECS deployment circuit breaker",
            Self::Alarm(_) => "ECS deployment alarm",
            Self::Stop => "ECS deployment stopped by user",
            Self::Hook(_) => "ECS deployment lifecycle hook",
        };
        format!("{who}: rolling back to deploymentId {to}.")
    }

    /// `statusReason` of the service deployment, and the reason of its rollback.
    fn record(&self) -> &str {
        match self {
            Self::Breaker => {
                "Service deployment rolled back because the circuit breaker threshold was exceeded."
            }
            Self::Alarm(_) => "Service deployment rolled back because an alarm was triggered.",
            Self::Stop => {
                "Service deployment rolled back because of a stop service deployment request."
            }
            Self::Hook(why) => why,
        }
    }

    fn event(&self) -> &'static str {
        match self {
            Self::Breaker => "deployment failed: tasks failed to start.",
            Self::Alarm(_) => "deployment failed: alarm detected.",
            Self::Stop => "deployment stopped.",
            Self::Hook(_) => "deployment failed: lifecycle hook failed.",
        }
    }
}

impl World {
    /// Fails the PRIMARY deployment of a service and rolls back if that is wanted and possible.
    pub(super) fn fail_deployment(&mut self, key: &str, deployment: &str, cause: &Cause) {
        let now = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let wanted = match cause {
            Cause::Breaker => {
                service
                    .settings
                    .deployment
                    .deployment_circuit_breaker
                    .rollback
            }
            Cause::Alarm(_) => service.settings.deployment.alarms.rollback,
            Cause::Stop | Cause::Hook(_) => true,
        };
        let candidate = service.completed.clone();
        let Some(primary) = service
            .deployments
            .first_mut()
            .filter(|p| p.id == deployment)
        else {
            return;
        };
        primary.state = RolloutState::Failed;
        primary.reason = cause.failed(deployment);
        primary.updated_at = now;
        let (record, was_rollback) = (primary.record.clone(), primary.is_rollback);
        self.event(key, &format!("(deployment {deployment}) {}", cause.event()));
        if was_rollback {
            self.end_record(&record, Ending::RollbackFailed, cause);
            return;
        }
        match candidate {
            Some(candidate) if wanted => self.roll_back(key, &record, &candidate, cause),
            _ if wanted => self.end_record(&record, self.switches.no_rollback_candidate, cause),
            _ => self.end_record(&record, self.switches.breaker_without_rollback, cause),
        }
    }

    fn mark_trigger(&mut self, record: &str, cause: &Cause) {
        let now = self.now;
        let reasons = self.switches.status_reasons;
        let Some(record) = self.deployments.get_mut(record) else {
            return;
        };
        record.updated_at = now;
        match cause {
            Cause::Breaker => record.breaker = Monitor::Triggered,
            Cause::Alarm(names) => {
                record.alarms = Monitor::Triggered;
                record.triggered_alarms.clone_from(names);
            }
            Cause::Stop | Cause::Hook(_) => {}
        }
        record.reason = reasons.then(|| cause.record().to_owned());
    }

    /// Ends a service deployment that failed without a (good) rollback.
    fn end_record(&mut self, arn: &str, ending: Ending, cause: &Cause) {
        if ending == Ending::Unchanged {
            return;
        }
        self.mark_trigger(arn, cause);
        let reasons = self.switches.status_reasons;
        let Some(record) = self.deployments.get_mut(arn) else {
            return;
        };
        let (status, reason) = match ending {
            Ending::Stopped => (
                Status::Stopped,
                "Service deployment stopped because the circuit breaker threshold was exceeded.",
            ),
            Ending::RollbackFailed => (
                Status::RollbackFailed,
                "Service deployment rollback failed. No rollback candidate was found to run the rollback.",
            ),
            Ending::InProgress | Ending::Unchanged => {
                record.reason = None;
                return;
            }
        };
        record.reason = reasons.then(|| reason.to_owned());
        self.finish_record(arn, status);
    }

    /// Gives a service deployment its last status; its counts stand still from here on.
    pub(super) fn finish_record(&mut self, arn: &str, status: Status) {
        let now = self.now;
        let Some(record) = self.deployments.get(arn) else {
            return;
        };
        let target = self.summary(&record.service, &record.target.arn);
        if let Some(record) = self.deployments.get_mut(arn) {
            record.target = target;
            record.status = status;
            record.finished_at = Some(now);
            record.updated_at = now;
            if status == Status::Stopped {
                record.stopped_at = Some(now);
            }
            for monitor in [&mut record.breaker, &mut record.alarms] {
                if *monitor == Monitor::Monitoring {
                    *monitor = Monitor::MonitoringComplete;
                }
            }
        }
    }

    fn roll_back(&mut self, key: &str, record: &str, candidate: &Candidate, cause: &Cause) {
        let now = self.now;
        self.mark_trigger(record, cause);
        self.traffic_goes_back(record);
        let Some(workload) = self
            .revisions
            .get(&candidate.revision)
            .map(|r| r.workload.clone())
        else {
            return;
        };
        if let Some(record) = self.deployments.get_mut(record) {
            record.status = Status::RollbackInProgress;
            record.rollback = Some(RollbackRecord {
                reason: cause.record().to_owned(),
                started_at: now,
                revision: candidate.revision.clone(),
            });
        }
        let id = format!("ecs-svc/{}", self.rng.digits19());
        let reason = cause.rolling_back(&candidate.deployment);
        let mut rollback = Deployment::new(id, &candidate.revision, record, workload, now);
        rollback.is_rollback = true;
        rollback.reason = reason;
        self.event(
            key,
            &format!("rolling back to deployment {}.", candidate.deployment),
        );
        self.install_rollback(key, rollback);
    }

    fn install_rollback(&mut self, key: &str, rollback: Deployment) {
        let (adopts, entry) = (
            self.switches.rollback_adopts_tasks || self.shifts_back(&rollback.record),
            self.switches.failed_entry,
        );
        if adopts {
            for id in self.task_ids(key, |task| task.revision == rollback.revision) {
                if let Some(task) = self.tasks.get_mut(&id) {
                    task.deployment.clone_from(&rollback.id);
                }
            }
        }
        if let Some(service) = self.services.get_mut(key) {
            // It is a candidate again only once it is COMPLETED again.
            service.completed = None;
            service.workload = rollback.workload.clone();
            if entry == FailedEntry::Vanishes && !service.deployments.is_empty() {
                service.deployments.remove(0);
            }
            service.deployments.insert(0, rollback);
        }
        self.later(
            0,
            Due::Reconcile {
                service: key.to_owned(),
            },
        );
    }

    /// A service deployment leaves PENDING.
    pub(super) fn begin_deployment(&mut self, arn: &str) {
        let now = self.now;
        if let Some(record) = self.deployments.get_mut(arn)
            && record.status == Status::Pending
        {
            record.status = Status::InProgress;
            record.started_at = Some(now);
            record.updated_at = now;
            let service = record.service.clone();
            self.reconcile(&service);
        }
    }

    /// A requested stop takes effect, unless the deployment has ended in between.
    pub(super) fn carry_out_stop(&mut self, arn: &str) {
        let Some(record) = self.deployments.get(arn) else {
            return;
        };
        if record.status == Status::RollbackRequested {
            let (service, classic) = (record.service.clone(), record.classic.clone());
            self.fail_deployment(&service, &classic, &Cause::Stop);
        }
    }
}
