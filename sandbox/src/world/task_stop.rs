//! How a task ends: stopped by somebody, failed by itself, drained and put away.

use super::World;
use super::agenda::Due;
use super::breaker::Failure;
use super::task::{Phase, TargetState};
use crate::behaviour::Behaviour;

/// 128 + SIGTERM.
const TERMINATED: i64 = 143;
/// 128 + SIGKILL.
const KILLED: i64 = 137;

impl World {
    /// Asks a task to stop; one that is on its way out already is left alone.
    pub(crate) fn stop_task(&mut self, id: &str, code: &str, reason: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id).filter(|task| !task.ending) else {
            return;
        };
        let service = task.service.clone();
        task.ending = true;
        task.stopping_at = Some(now);
        task.stop_code = Some(code.to_owned());
        task.stopped_reason = Some(reason.to_owned());
        let started = task.phase == Phase::Running;
        let drains = task.target.is_some();
        if drains {
            task.target = Some(TargetState::new(
                "draining",
                "Target.DeregistrationInProgress",
                "Target deregistration is in progress",
            ));
        }
        let t = &self.timings;
        match (started, drains) {
            (true, true) => self.enter(id, Phase::Deactivating, t.deregistration_ms),
            (true, false) => self.enter(id, Phase::Stopping, t.stop_ms),
            (false, _) => self.enter(id, Phase::Deprovisioning, t.deprovision_ms),
        }
        if started
            && drains
            && let Some(task) = self.tasks.get(id).cloned()
        {
            self.target_events(&task, "deregistered");
        }
        self.later(0, Due::Reconcile { service });
    }

    pub(super) fn task_terminates(&mut self, id: &str) {
        let wait = self.timings.stop_ms;
        if let Some(task) = self.tasks.get_mut(id) {
            task.target = None;
        }
        self.enter(id, Phase::Stopping, wait);
    }

    /// The containers end, as SIGTERM asks them to.
    pub(super) fn task_exits(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id).cloned() else {
            return;
        };
        for container in task.containers.iter().filter(|container| container.running) {
            self.write_log(container, &["received SIGTERM, shutting down"]);
        }
        self.end_containers(id, TERMINATED);
        let wait = self.timings.deprovision_ms;
        self.enter(id, Phase::Deprovisioning, wait);
    }

    fn end_containers(&mut self, id: &str, exit_code: i64) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.execution_stopped_at.get_or_insert(now);
        for container in task
            .containers
            .iter_mut()
            .filter(|container| container.running)
        {
            container.running = false;
            let hung = container.fate == Behaviour::Unhealthy;
            container.exit_code = Some(if hung { KILLED } else { exit_code });
        }
    }

    pub(super) fn task_stopped(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.phase = Phase::Stopped;
        task.step += 1;
        task.stopped_at = Some(now);
        task.target = None;
        let service = task.service.clone();
        let freed = task.place.as_ref().map(|_| task.cluster.clone());
        if let Some(cluster) = freed {
            self.place_waiting(&cluster);
        }
        self.later(0, Due::Reconcile { service });
        let task = id.to_owned();
        self.later(self.timings.kept_ms, Due::ForgetTask { task });
    }

    /// A container ends by itself; if it is essential, so does its task.
    pub(super) fn container_exits(&mut self, id: &str, index: usize) {
        let Some(task) = self
            .tasks
            .get_mut(id)
            .filter(|task| task.phase == Phase::Running)
        else {
            return;
        };
        let Some(container) = task.containers.get_mut(index).filter(|c| c.running) else {
            return;
        };
        if let Behaviour::SpotInterrupted { .. } = container.fate {
            self.stop_task(id, "SpotInterruption", "Your Spot Task was interrupted.");
            return;
        }
        container.running = false;
        let line = match container.fate {
            Behaviour::Crash { exit_code, .. } => {
                container.exit_code = Some(exit_code);
                "error: cannot reach the database: connection refused"
            }
            Behaviour::Completes => {
                container.exit_code = Some(0);
                "the work is done"
            }
            _ => {
                container.exit_code = Some(KILLED);
                container.reason =
                    Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
                "loading everything into memory"
            }
        };
        let container = container.clone();
        self.write_log(&container, &["connecting to the database", line]);
        if container.essential {
            self.task_dies(
                id,
                "EssentialContainerExited",
                "Essential container in task exited",
            );
            self.task_failed(id, Failure::Exit);
        }
    }

    /// Ends a task at once: its target leaves, its containers are gone.
    fn task_dies(&mut self, id: &str, code: &str, reason: &str) {
        let now = self.now;
        self.end_containers(id, TERMINATED);
        if let Some(task) = self.tasks.get_mut(id) {
            task.ending = true;
            task.stopping_at = Some(now);
            task.stop_code = Some(code.to_owned());
            task.stopped_reason = Some(reason.to_owned());
            task.target = None;
        }
        let wait = self.timings.deprovision_ms;
        self.enter(id, Phase::Deprovisioning, wait);
    }

    pub(super) fn fail_start(&mut self, id: &str, container: usize, reason: &str) {
        if let Some(task) = self.tasks.get_mut(id)
            && let Some(container) = task.containers.get_mut(container)
        {
            container.reason = Some(reason.to_owned());
        }
        self.task_dies(id, "TaskFailedToStart", reason);
        if let Some(task) = self.tasks.get_mut(id) {
            task.execution_stopped_at = None;
        }
        self.task_failed(id, Failure::Start);
    }

    pub(super) fn fail_health(&mut self, id: &str) {
        let Some(service) = self.tasks.get(id).map(|task| task.service.clone()) else {
            return;
        };
        self.event(
            &service,
            &format!("(task {id}) failed container health checks."),
        );
        self.stop_task(
            id,
            "ServiceSchedulerInitiated",
            "Task failed container health checks",
        );
        self.task_failed(id, Failure::Health);
    }

    pub(super) fn fail_target(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id).cloned() else {
            return;
        };
        let Some((group, port)) = task.target_groups.first() else {
            return;
        };
        let why = task
            .target
            .and_then(|target| target.description)
            .unwrap_or_default();
        let text =
            format!("(port {port}) is unhealthy in (target-group {group}) due to (reason {why})");
        self.event(&task.service, &text);
        let reason = format!("Task failed ELB health checks in (target-group {group})");
        self.stop_task(id, "ServiceSchedulerInitiated", &reason);
        self.task_failed(id, Failure::Health);
    }
}
