//! How a good rollout ends: steady for a while, SUCCESSFUL, drained, COMPLETED.

use super::World;
use super::agenda::Due;
use super::deployment::{RolloutState, Status};
use super::service::Candidate;
use super::task::Phase;
use crate::switches::{FailedEntry, SuccessfulOrder};

impl World {
    /// Looks whether the PRIMARY has reached its end.
    pub(super) fn conclude(&mut self, key: &str) {
        let now = self.now;
        let Some(service) = self.services.get(key) else {
            return;
        };
        let Some(primary) = service.primary() else {
            return;
        };
        let (id, record, desired) = (primary.id.clone(), primary.record.clone(), service.desired);
        if primary.state == RolloutState::Failed {
            return;
        }
        if primary.state == RolloutState::Completed {
            self.succeed_late(key, &record, primary.updated_at);
            return;
        }
        if !self.may_conclude(key) {
            return;
        }
        let bake = if primary.alarms_watched {
            self.timings.alarm_bake_ms
        } else {
            0
        };
        let census = self.census(key, &id);
        let whole = census.mine_healthy == desired && census.mine == desired && census.others == 0;
        if !whole && !self.is_successful(&record) {
            self.steady_since(key, None);
            return;
        }
        let since = primary.steady_since.unwrap_or(now);
        self.steady_since(key, Some(since));
        let settled = since + self.timings.settle_ms + bake;
        let completed = settled + self.timings.completed_lag_ms;
        self.look_again(key, settled);
        self.look_again(key, completed);
        let order = self.switches.successful;
        if now >= settled && order == SuccessfulOrder::BeforeCompleted {
            self.succeed(&record);
        }
        if now >= completed && census.others_left == 0 {
            self.complete(key, &id);
        }
    }

    pub(super) fn look_again(&mut self, key: &str, at: super::Millis) {
        if at > self.now {
            self.agenda.push(
                at,
                Due::Reconcile {
                    service: key.to_owned(),
                },
            );
        }
    }

    fn is_successful(&self, record: &str) -> bool {
        let status = self.deployments.get(record).map(|record| record.status);
        matches!(
            status,
            Some(Status::Successful | Status::RollbackSuccessful)
        )
    }

    fn steady_since(&mut self, key: &str, since: Option<super::Millis>) {
        let service = self.services.get_mut(key);
        if let Some(primary) = service.and_then(|service| service.deployments.first_mut()) {
            primary.steady_since = since;
        }
    }

    fn succeed(&mut self, record: &str) {
        let Some(found) = self.deployments.get(record) else {
            return;
        };
        let key = found.service.clone();
        let status = match found.status {
            Status::Pending | Status::InProgress => Status::Successful,
            Status::RollbackInProgress => Status::RollbackSuccessful,
            _ => return,
        };
        self.finish_record(record, status);
        if self.switches.successful_is_candidate {
            self.make_candidate(&key);
        }
    }

    /// From here on, rollbacks go back to the present PRIMARY.
    fn make_candidate(&mut self, key: &str) {
        if let Some(service) = self.services.get_mut(key) {
            let candidate = service.primary().map(|primary| Candidate {
                deployment: primary.id.clone(),
                revision: primary.revision.clone(),
            });
            service.completed = candidate;
        }
    }

    /// Where SUCCESSFUL comes after COMPLETED.
    fn succeed_late(&mut self, key: &str, record: &str, completed_at: super::Millis) {
        if self.switches.successful == SuccessfulOrder::AfterCompleted {
            let at = completed_at + self.timings.completed_lag_ms;
            self.look_again(key, at);
            if self.now >= at {
                self.succeed(record);
            }
        }
    }

    fn complete(&mut self, key: &str, id: &str) {
        let now = self.now;
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let Some(primary) = service.deployments.first_mut() else {
            return;
        };
        primary.state = RolloutState::Completed;
        primary.reason = format!("ECS deployment {id} completed.");
        primary.updated_at = now;
        primary.failed_tasks = 0;
        self.make_candidate(key);
        self.event(key, &format!("(deployment {id}) deployment completed."));
        self.event(key, "has reached a steady state.");
        self.later(
            0,
            Due::Reconcile {
                service: key.to_owned(),
            },
        );
    }

    /// Takes deployments without tasks out of the list, a moment after their last task stopped.
    pub(super) fn retire(&mut self, key: &str) {
        let now = self.now;
        let wait = self.timings.retire_ms;
        let stays = self.switches.failed_entry == FailedEntry::Stays;
        let left: Vec<String> = self
            .tasks
            .of_service(key)
            .filter(|task| task.phase != Phase::Stopped)
            .map(|task| task.deployment.clone())
            .collect();
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let mut again = None;
        let primary = service.primary().map(|p| p.id.clone());
        for old in service.deployments.iter_mut().skip(1) {
            if left.contains(&old.id) {
                old.empty_since = None;
            } else {
                again = Some(*old.empty_since.get_or_insert(now) + wait);
            }
        }
        service.deployments.retain(|old| {
            let failed = stays && old.state == RolloutState::Failed;
            let over = old.empty_since.is_some_and(|since| now >= since + wait);
            primary.as_ref() == Some(&old.id) || failed || !over
        });
        if let Some(at) = again {
            self.look_again(key, at);
        }
    }
}
