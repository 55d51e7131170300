//! The service scheduler: starts what is missing, stops what is too much, within the percentages.

use super::World;
use super::agenda::Due;
use super::breaker::Failure;
use super::deployment::{Deployment, RolloutState};
use super::service::ServiceStatus;
use super::task::{Phase, Task};

const DEADLOCK: &str = "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";

/// The tasks of a service, counted.
#[derive(Debug, Default)]
pub(super) struct Census {
    pub(super) mine: i64,
    pub(super) mine_healthy: i64,
    pub(super) others: i64,
    pub(super) healthy: i64,
    /// Tasks of other deployments that have not stopped yet.
    pub(super) others_left: i64,
}

impl World {
    pub(crate) fn reconcile_all(&mut self) {
        let keys: Vec<String> = self.services.keys().cloned().collect();
        for service in keys {
            self.later(0, Due::Reconcile { service });
        }
    }

    /// One look of the scheduler at a service.
    pub(super) fn reconcile(&mut self, key: &str) {
        match self.services.get(key).map(|service| service.status) {
            Some(ServiceStatus::Active) => {
                self.count_instances(key);
                self.check_alarms(key);
                self.shift(key);
                self.stop_surplus(key);
                self.start_missing(key);
                self.conclude(key);
                self.retire(key);
            }
            Some(ServiceStatus::Draining) => self.drain(key),
            Some(ServiceStatus::Inactive) | None => {}
        }
    }

    /// A daemon service has one task on each instance that its tasks may go to.
    pub(crate) fn count_instances(&mut self, key: &str) {
        if !self.services.get(key).is_some_and(|service| service.daemon) {
            return;
        }
        let desired = self.fitting_instances(key);
        if let Some(service) = self.services.get_mut(key) {
            service.desired = desired;
        }
    }

    fn drain(&mut self, key: &str) {
        for id in self.task_ids(key, Task::is_active) {
            self.stop_task(&id, "ServiceSchedulerInitiated", "Service deleted");
        }
        let left = self
            .tasks
            .of_service(key)
            .any(|task| task.phase != Phase::Stopped);
        let now = self.now;
        if !left && let Some(service) = self.services.get_mut(key) {
            service.status = ServiceStatus::Inactive;
            service.inactive_at = Some(now);
            service.deployments.clear();
            let service = key.to_owned();
            self.later(self.timings.kept_ms, Due::ForgetService { service });
        }
    }

    /// Ids of a service's tasks that fit, oldest first.
    pub(super) fn task_ids(&self, key: &str, fits: impl Fn(&Task) -> bool) -> Vec<String> {
        let mine = self.tasks.of_service(key).filter(|task| fits(task));
        let mut found: Vec<(i64, &str)> =
            mine.map(|task| (task.number, task.id.as_str())).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id.to_owned()).collect()
    }

    pub(super) fn census(&self, key: &str, primary: &str) -> Census {
        let mut census = Census::default();
        for task in self.tasks.of_service(key) {
            let mine = task.deployment == primary;
            if !mine && task.phase != Phase::Stopped {
                census.others_left += 1;
            }
            if !task.is_active() {
                continue;
            }
            let healthy = i64::from(task.is_healthy());
            census.healthy += healthy;
            if mine {
                census.mine += 1;
                census.mine_healthy += healthy;
            } else {
                census.others += 1;
            }
        }
        census
    }

    /// Stops tasks of older deployments as far as health permits, and those above the count.
    fn stop_surplus(&mut self, key: &str) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(primary) = service
            .primary()
            .filter(|p| p.state != RolloutState::Failed)
        else {
            return;
        };
        let (least, most) = service.bounds();
        let (id, desired) = (primary.id.clone(), service.desired);
        let census = self.census(key, &id);
        let needs_room = census.mine < desired && census.mine + census.others >= most;
        let floor = if needs_room {
            least
        } else {
            least.max(desired)
        };
        let mut healthy = census.healthy;
        let mut chosen = Vec::new();
        let stays = !self.may_stop_old(key);
        let mut old = self.task_ids(key, |task| {
            task.is_active() && task.deployment != id && !stays
        });
        old.sort_by_key(|id| self.tasks.get(id).is_some_and(Task::is_healthy));
        for task in old {
            if self.tasks.get(&task).is_some_and(Task::is_healthy) {
                if healthy <= floor {
                    break;
                }
                healthy -= 1;
            }
            chosen.push(task);
        }
        let mut mine = self.task_ids(key, |task| task.is_active() && task.deployment == id);
        mine.sort_by_key(|id| self.tasks.get(id).is_some_and(Task::is_healthy));
        let above = usize::try_from((census.mine - desired).max(0)).unwrap_or(0);
        chosen.extend(mine.into_iter().take(above));
        self.stop_chosen(key, &id, &chosen);
    }

    fn stop_chosen(&mut self, key: &str, deployment: &str, chosen: &[String]) {
        if chosen.is_empty() {
            return;
        }
        let draining = |id: &&String| {
            self.tasks
                .get(*id)
                .is_some_and(|task| task.target.is_some())
        };
        let draining = chosen.iter().filter(draining).count();
        if draining > 0 {
            self.event(
                key,
                &format!("has begun draining connections on {draining} tasks."),
            );
        }
        let reason = format!("Scaling activity initiated by (deployment {deployment})");
        for id in chosen {
            self.stop_task(id, "ServiceSchedulerInitiated", &reason);
        }
        let list = Self::task_list(chosen.iter().map(String::as_str));
        self.event(
            key,
            &format!("has stopped {} running tasks: {list}.", chosen.len()),
        );
    }

    /// Starts tasks of the PRIMARY as far as the upper percentage permits.
    fn start_missing(&mut self, key: &str) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(primary) = service
            .primary()
            .filter(|p| p.state != RolloutState::Failed)
            .cloned()
        else {
            return;
        };
        if primary.next_attempt.is_some_and(|at| at > self.now) || !self.may_start(key) {
            return;
        }
        let (_, most) = service.bounds();
        let desired = service.desired;
        let census = self.census(key, &primary.id);
        let missing = desired - census.mine;
        // Where traffic shifts, both revisions run whole.
        let room = if self.is_shifting(key) {
            missing
        } else {
            most - census.mine - census.others
        };
        if missing > 0 && room <= 0 && census.others_left == census.others {
            self.deadlocked(key, &primary, census.healthy);
        }
        let mut started = Vec::new();
        let mut used = self.used_providers(key, &primary.id);
        let wanted = missing.min(room);
        let burst = self.timings.launch_burst.max(1);
        if wanted > burst {
            let service = key.to_owned();
            self.later(
                self.timings.launch_pause_ms.max(1),
                Due::Reconcile { service },
            );
        }
        for _ in 0..wanted.min(burst) {
            match self.launch(key, &primary, &mut used) {
                Ok(id) => started.push(id),
                Err(unplaced) => {
                    self.warning(key, &unplaced.text());
                    self.deployment_failure(key, &primary.id, Failure::Placement);
                    break;
                }
            }
        }
        if !started.is_empty() {
            let list = Self::task_list(started.iter().map(String::as_str));
            self.event(
                key,
                &format!("has started {} tasks: {list}.", started.len()),
            );
        }
    }

    /// Neither may a task start nor an old one stop: said once for each deployment.
    fn deadlocked(&mut self, key: &str, primary: &Deployment, healthy: i64) {
        let least = self
            .services
            .get(key)
            .map_or(0, |service| service.bounds().0);
        if primary.deadlock_told || healthy > least {
            return;
        }
        self.event(key, DEADLOCK);
        if let Some(service) = self.services.get_mut(key)
            && let Some(primary) = service.deployments.first_mut()
        {
            primary.deadlock_told = true;
        }
    }
}
