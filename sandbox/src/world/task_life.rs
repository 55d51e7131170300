//! How a task comes to life: pulled, started, checked.

use super::agenda::Due;
use super::task::{Health, Phase, TargetState, Task, TaskContainer};
use super::{Millis, World};
use crate::behaviour::Behaviour;

impl World {
    pub(super) fn task_step(&mut self, id: &str, step: u32) {
        let Some(task) = self.tasks.get(id) else {
            return;
        };
        if task.step != step {
            return;
        }
        match task.phase {
            Phase::Provisioning => self.task_pulls(id),
            Phase::Pending => self.task_starts(id),
            Phase::Running | Phase::Stopped => {}
            Phase::Deactivating => self.task_terminates(id),
            Phase::Stopping => self.task_exits(id),
            Phase::Deprovisioning => self.task_stopped(id),
        }
    }

    /// Enters a phase and leaves it after `wait`.
    pub(super) fn enter(&mut self, id: &str, phase: Phase, wait: Millis) {
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.phase = phase;
        task.step += 1;
        let due = Due::Step {
            task: id.to_owned(),
            step: task.step,
        };
        self.later(wait, due);
    }

    fn task_pulls(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        task.pull_started_at = Some(now);
        let slow = task.containers.iter().any(|c| c.fate == Behaviour::Slow);
        let waits = dependencies_wait(&task.containers, self.timings.crash_ms);
        let mut wait = self.timings.pull_ms + waits;
        if slow {
            wait += self.timings.slow_ms;
        }
        self.enter(id, Phase::Pending, wait);
    }

    fn task_starts(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else {
            return;
        };
        if let Some((container, reason)) = start_failure(&task.containers) {
            self.fail_start(id, container, &reason);
            return;
        }
        task.pull_stopped_at = Some(now);
        task.started_at = Some(now);
        task.phase = Phase::Running;
        task.step += 1;
        if !task.target_groups.is_empty() {
            task.target = Some(TargetState::new(
                "initial",
                "Elb.RegistrationInProgress",
                "Target registration is in progress",
            ));
        }
        for container in &mut task.containers {
            container.running = container.essential || container.fate != Behaviour::Completes;
            if !container.running {
                container.exit_code = Some(0);
            }
        }
        let task = task.clone();
        self.schedule_life(&task);
        self.deployment_runs(&task.service, &task.deployment);
        self.target_events(&task, "registered");
        for container in &task.containers {
            self.write_log(
                container,
                &[&format!("{} starting", container.name), "listening"],
            );
        }
        self.later(
            0,
            Due::Reconcile {
                service: task.service,
            },
        );
    }

    /// Puts what will happen to a running task on the agenda.
    fn schedule_life(&mut self, task: &Task) {
        let id = || task.id.clone();
        let t = self.timings.clone();
        self.later(t.steady_ms, Due::Steady { task: id() });
        for (container, is) in task.containers.iter().enumerate() {
            if let Some(wait) = is.checked_after {
                self.later(
                    wait,
                    Due::Health {
                        task: id(),
                        container,
                    },
                );
            }
            let exit = match is.fate {
                Behaviour::Crash { after_ms, .. } => Some(after_ms.unwrap_or(t.crash_ms)),
                Behaviour::Oom => Some(t.crash_ms),
                Behaviour::Completes if is.essential => Some(t.crash_ms),
                Behaviour::SpotInterrupted { after_ms } => Some(after_ms),
                Behaviour::UnhealthyLater { after_ms } => {
                    self.later(
                        after_ms,
                        Due::Health {
                            task: id(),
                            container,
                        },
                    );
                    None
                }
                _ => None,
            };
            if let Some(wait) = exit {
                self.later(
                    wait,
                    Due::Exit {
                        task: id(),
                        container,
                    },
                );
            }
        }
        if task.target.is_some() {
            let failing = task.containers.iter().any(fails_target);
            let grace = self
                .services
                .get(&task.service)
                .map_or(0, |s| s.settings.grace_seconds);
            let grace = grace * 1_000 / t.health_divisor.max(1);
            let wait = if failing {
                t.target_unhealthy_ms.max(grace)
            } else {
                t.target_healthy_ms
            };
            self.later(wait, Due::Target { task: id() });
        }
    }

    pub(super) fn task_steady(&mut self, id: &str) {
        if let Some(task) = self.tasks.get_mut(id)
            && task.is_running()
        {
            task.steady = true;
            self.task_may_be_healthy(id);
        }
    }

    pub(super) fn container_checked(&mut self, id: &str, index: usize) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_running()) else {
            return;
        };
        let Some(container) = task.containers.get_mut(index).filter(|c| c.running) else {
            return;
        };
        let fails = match container.fate {
            Behaviour::Unhealthy => true,
            Behaviour::UnhealthyLater { after_ms } => {
                task.started_at.is_some_and(|at| now >= at + after_ms)
            }
            _ => false,
        };
        container.health = match container.fate.dies_soon() {
            _ if fails => Health::Unhealthy,
            true => Health::Unknown,
            false => Health::Healthy,
        };
        if fails && container.essential {
            self.fail_health(id);
        } else {
            self.task_may_be_healthy(id);
        }
    }

    pub(super) fn target_checked(&mut self, id: &str) {
        let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_running()) else {
            return;
        };
        let failing = task
            .containers
            .iter()
            .find(|container| fails_target(container));
        if let Some(container) = failing {
            let (reason, description) = match &container.fate {
                Behaviour::TargetUnhealthy {
                    reason,
                    description,
                } => (reason.as_str(), description.as_str()),
                _ => ("Target.Timeout", "Request timed out"),
            };
            let told = task
                .target
                .as_ref()
                .is_some_and(|target| target.state == "unhealthy");
            task.target = Some(TargetState::new("unhealthy", reason, description));
            if told {
                self.fail_target(id);
            } else {
                // The scheduler learns of it, and acts, a moment later.
                let wait = self.timings.target_unhealthy_ms / 2;
                self.later(
                    wait,
                    Due::Target {
                        task: id.to_owned(),
                    },
                );
            }
        } else if !task.containers.iter().any(|c| c.fate.dies_soon()) {
            task.target = Some(TargetState::new("healthy", "", ""));
            self.task_may_be_healthy(id);
        }
    }

    fn task_may_be_healthy(&mut self, id: &str) {
        if let Some(task) = self.tasks.get(id).filter(|task| task.is_healthy()) {
            let (service, deployment) = (task.service.clone(), task.deployment.clone());
            self.healthy_task(&service, &deployment);
            self.later(0, Due::Reconcile { service });
        }
    }
}

/// A container's image fails the load balancer's check; where it has a check of its own, that one
/// is failed first.
fn fails_target(container: &TaskContainer) -> bool {
    match container.fate {
        Behaviour::TargetUnhealthy { .. } => true,
        Behaviour::Unhealthy => container.checked_after.is_none(),
        _ => false,
    }
}

/// How long containers wait for each other before the task is RUNNING, `run_ms` being the life of
/// one that does its work and ends.
fn dependencies_wait(containers: &[TaskContainer], run_ms: Millis) -> Millis {
    let mut total = 0;
    for (name, condition) in containers
        .iter()
        .flat_map(|container| &container.depends_on)
    {
        let on = containers.iter().find(|container| container.name == *name);
        total += match (condition.as_str(), on) {
            ("HEALTHY", Some(on)) => on.checked_after.unwrap_or(0),
            ("COMPLETE" | "SUCCESS", Some(_)) => run_ms,
            _ => 0,
        };
    }
    total
}

/// The container that keeps its task from starting, and why.
fn start_failure(containers: &[TaskContainer]) -> Option<(usize, String)> {
    for (index, container) in containers.iter().enumerate() {
        let secret = container.secret.as_deref().unwrap_or("unnamed");
        if let Some(reason) = &container.cannot_start {
            return Some((index, reason.clone()));
        }
        if let Some(reason) = container.fate.start_failure(&container.image, secret) {
            return Some((index, reason));
        }
        for (name, condition) in &container.depends_on {
            let on = containers.iter().find(|other| other.name == *name)?;
            let problem = match (condition.as_str(), &on.fate) {
                ("HEALTHY", Behaviour::Unhealthy) => "is unhealthy",
                ("SUCCESS", Behaviour::Crash { .. } | Behaviour::Oom) => {
                    "did not exit successfully"
                }
                _ => continue,
            };
            return Some((
                index,
                format!(
                    "dependency graph: failed to resolve the container ordering dependency [{name}] for target [{}] as dependency {problem}.",
                    container.name
                ),
            ));
        }
    }
    None
}
