//! Scalable targets and scaling policies of Application Auto Scaling.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agenda::Due;
use super::deployment::RolloutState;
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
