//! Scalable targets and scaling policies of Application Auto Scaling.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agenda::Due;
use super::deployment::RolloutState;
use super::schedule::Schedule;
use super::service::ServiceStatus;
use super::{Millis, World};

/// A scalable target, keyed by its resource id `service/CLUSTER/NAME`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScalableTarget {
    pub(crate) resource: String,
    pub(crate) arn: String,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) role: String,
    pub(crate) created_at: Millis,
    pub(crate) suspended_in: bool,
    pub(crate) suspended_out: bool,
    pub(crate) suspended_scheduled: bool,
}

/// A scaling policy, keyed by resource id and name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScalingPolicy {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) resource: String,
    pub(crate) kind: String,
    /// The configuration of its kind, as it was put.
    pub(crate) configuration: Value,
    pub(crate) created_at: Millis,
    /// Names and ARNs of the alarms that belong to it.
    pub(crate) alarms: Vec<(String, String)>,
}

/// A scheduled action, keyed as policies are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScheduledAction {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) resource: String,
    pub(crate) schedule: String,
    pub(crate) timezone: Option<String>,
    pub(crate) start: Option<Value>,
    pub(crate) end: Option<Value>,
    /// The bounds it sets.
    pub(crate) action: Option<Value>,
    pub(crate) created_at: Millis,
    /// When it is due next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Millis>,
}

impl ScheduledAction {
    /// When it is due after this moment, between its begin and its end.
    fn due_after(&self, now: Millis) -> Option<Millis> {
        let time = |time: &Option<Value>| {
            let seconds = time.as_ref()?.as_f64()?;
            let moment = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
            i64::try_from(moment.as_millis()).ok()
        };
        let begin = time(&self.start);
        let schedule = Schedule::read(&self.schedule)?;
        let after = begin.map_or(now, |begin| now.max(begin - 1));
        let since = begin.unwrap_or(self.created_at);
        let next = schedule.next(after, since, self.timezone.as_deref())?;
        time(&self.end)
            .is_none_or(|end| next <= end)
            .then_some(next)
    }

    fn bound(&self, name: &str) -> Option<i64> {
        self.action.as_ref()?.get(name)?.as_i64()
    }
}

impl World {
    /// The policies of a scalable target, whose keys begin with its resource id.
    pub(crate) fn policies_of(&self, resource: &str) -> impl Iterator<Item = &ScalingPolicy> {
        let prefix = format!("{resource}|");
        let from = self.policies.range(prefix.clone()..);
        from.take_while(move |(key, _)| key.starts_with(&prefix))
            .map(|(_, policy)| policy)
    }

    /// Sets a service's count, as `UpdateService` and the autoscaler do.
    pub(crate) fn set_desired(&mut self, key: &str, desired: i64) {
        if let Some(service) = self.services.get_mut(key)
            && service.status == ServiceStatus::Active
        {
            service.desired = desired;
            self.later(
                0,
                Due::Reconcile {
                    service: key.to_owned(),
                },
            );
        }
    }

    /// Moves a service's present count inside the bounds of its scalable target.
    pub(crate) fn clamp_to_target(&mut self, resource: &str) {
        let Some((min, max)) = self.targets.get(resource).map(|t| (t.min, t.max)) else {
            return;
        };
        let key = resource.trim_start_matches("service/").to_owned();
        if let Some(desired) = self.services.get(&key).map(|service| service.desired)
            && desired != desired.clamp(min, max)
        {
            self.set_desired(&key, desired.clamp(min, max));
        }
    }

    /// Notes when a scheduled action is due next.
    pub(crate) fn expect_scheduled(&mut self, key: &str) {
        let now = self.now;
        let Some(action) = self.scheduled.get_mut(key) else {
            return;
        };
        action.next = action.due_after(now);
        if let Some(at) = action.next {
            let action = key.to_owned();
            self.agenda.push(at, Due::Scheduled { action });
        }
    }

    /// The time of a scheduled action has come; what was put off or deleted since does nothing. Bounds
    /// that it does not say stay; ones that contradict those are not set.
    pub(super) fn perform_scheduled(&mut self, key: &str) {
        let now = self.now;
        let due = self.scheduled.get(key).filter(|one| one.next == Some(now));
        let Some(action) = due.cloned() else {
            return;
        };
        self.expect_scheduled(key);
        let Some(target) = self.targets.get_mut(&action.resource) else {
            return;
        };
        let min = action.bound("MinCapacity").unwrap_or(target.min);
        let max = action.bound("MaxCapacity").unwrap_or(target.max);
        if target.suspended_scheduled || min > max {
            return;
        }
        (target.min, target.max) = (min, max);
        self.clamp_to_target(&action.resource);
    }

    /// The autoscaler wants a count.
    pub(super) fn autoscale(&mut self, key: &str, wanted: i64) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let rolling = service
            .primary()
            .is_some_and(|p| p.state == RolloutState::InProgress);
        let desired = service.desired;
        let target = self.targets.get(&format!("service/{key}"));
        let wanted = target.map_or(wanted, |target| wanted.clamp(target.min, target.max));
        let suspended = target.is_some_and(|target| {
            (wanted < desired && target.suspended_in) || (wanted > desired && target.suspended_out)
        });
        let scales_in = wanted < desired;
        if !suspended && (!rolling || !scales_in) {
            self.set_desired(key, wanted);
        }
    }
}
