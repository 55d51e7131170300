//! Sets and removes bounds and policies. All of these calls say what shall be, so that one may be
//! repeated; after a lost reply it is looked at all the same, so as not to claim a write twice.

use aws_sdk_applicationautoscaling::types as scaling;

use super::super::Ecs;
use crate::platform::aws::{failed, scale_once};
use crate::platform::ecs::live::read::Schedules;
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::ecs::settings::to_sdk::policy::{Member, member};
use crate::platform::ecs::settings::{ScalableTarget, ScalingPolicy, SuspendedState};
use crate::platform::{Done, Failed, FailureKind};

/// Another change of the same target is under way (`ConcurrentUpdateException`).
const BUSY: [FailureKind; 1] = [FailureKind::Conflict];

/// A target that was just made may not be known yet to the next call.
pub(super) const BUSY_OR_NEW: [FailureKind; 2] = [FailureKind::Conflict, FailureKind::Missing];

pub(super) fn namespace() -> scaling::ServiceNamespace {
    scaling::ServiceNamespace::Ecs
}

pub(super) fn dimension() -> scaling::ScalableDimension {
    scaling::ScalableDimension::EcsServiceDesiredCount
}

fn suspended(state: SuspendedState) -> scaling::SuspendedState {
    scaling::SuspendedState::builder()
        .dynamic_scaling_in_suspended(state.dynamic_scaling_in_suspended)
        .dynamic_scaling_out_suspended(state.dynamic_scaling_out_suspended)
        .scheduled_scaling_suspended(state.scheduled_scaling_suspended)
        .build()
}

impl Ecs {
    /// Sets the bounds.
    pub(super) async fn set_bounds(&self, target: &ScalableTarget) -> Result<Done, Failed> {
        let name = last_part(&target.resource_id);
        let tags = (!target.tags.is_empty()).then(|| target.tags.clone().into_iter().collect());
        self.write(
            &BUSY,
            async || {
                self.scaling()
                    .register_scalable_target()
                    .service_namespace(namespace())
                    .resource_id(&target.resource_id)
                    .scalable_dimension(dimension())
                    .min_capacity(target.min_capacity)
                    .max_capacity(target.max_capacity)
                    .set_suspended_state(target.suspended_state.map(suspended))
                    .set_tags(tags.clone())
                    .customize()
                    .config_override(scale_once())
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| failed(format!("set autoscaling bounds of {name}"), error))
            },
            async || {
                let there = self.read_scaling(name).await?.target;
                let from = there
                    .map(|there| fields::scaling::target(&there.as_far_as(target)))
                    .unwrap_or_default();
                let so = from
                    .differences(&fields::scaling::target(target))
                    .is_empty();
                Ok(so.then_some(()))
            },
        )
        .await?;
        let bounds = format!("{} to {}", target.min_capacity, target.max_capacity);
        Ok(Done::now(bounds))
    }

    /// Removes the bounds, and the policies with them.
    pub(super) async fn remove_bounds(&self, resource: &str) -> Result<Done, Failed> {
        let name = last_part(resource);
        let send = async || {
            self.scaling()
                .deregister_scalable_target()
                .service_namespace(namespace())
                .resource_id(resource)
                .scalable_dimension(dimension())
                .customize()
                .config_override(scale_once())
                .send()
                .await
                .map(|_| ())
                .map_err(|error| failed(format!("remove autoscaling of {name}"), error))
        };
        let removed = self.remove(resource, Schedules::Welcome, send, |there| {
            there.target.is_none()
        });
        Done::removed(removed.await, resource)
    }

    /// Sets a policy.
    pub(super) async fn put_policy(&self, policy: &ScalingPolicy) -> Result<Done, Failed> {
        let member = member(&policy.configuration)?;
        let kind = policy.configuration.policy_type();
        let name = &policy.policy_name;
        self.write(
            &BUSY_OR_NEW,
            async || {
                let call = self
                    .scaling()
                    .put_scaling_policy()
                    .policy_name(name)
                    .service_namespace(namespace())
                    .resource_id(&policy.resource_id)
                    .scalable_dimension(dimension())
                    .policy_type(kind.into());
                let call = match member.clone() {
                    Member::TargetTracking(it) => {
                        call.target_tracking_scaling_policy_configuration(it)
                    }
                    Member::Step(it) => call.step_scaling_policy_configuration(it),
                    Member::Predictive(it) => call.predictive_scaling_policy_configuration(it),
                };
                call.customize()
                    .config_override(scale_once())
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| failed(format!("set scaling policy {name}"), error))
            },
            async || {
                let there = self.read_scaling(last_part(&policy.resource_id)).await?;
                let wanted = fields::scaling::policy(policy);
                let so = there
                    .policies
                    .iter()
                    .any(|one| fields::scaling::policy(one) == wanted);
                Ok(so.then_some(()))
            },
        )
        .await?;
        Ok(Done::now(policy.policy_name.clone()))
    }

    /// Removes a policy.
    pub(super) async fn delete_policy(&self, name: &str, resource: &str) -> Result<Done, Failed> {
        let send = async || {
            self.scaling()
                .delete_scaling_policy()
                .policy_name(name)
                .service_namespace(namespace())
                .resource_id(resource)
                .scalable_dimension(dimension())
                .customize()
                .config_override(scale_once())
                .send()
                .await
                .map(|_| ())
                .map_err(|error| failed(format!("remove scaling policy {name}"), error))
        };
        let removed = self.remove(resource, Schedules::Welcome, send, |there| {
            there.names().all(|one| one != name)
        });
        Done::removed(removed.await, name)
    }

    /// Removes something of what scales `resource`; whether that was done, `is_gone` tells from
    /// what is there; `needed`: whether that cannot be told without its scheduled actions.
    pub(super) async fn remove(
        &self,
        resource: &str,
        needed: Schedules,
        send: impl AsyncFn() -> Result<(), Failed>,
        is_gone: impl Fn(&LiveScaling) -> bool,
    ) -> Result<(), Failed> {
        self.write(&BUSY, send, async || {
            let there = self.read_scaling_of(last_part(resource), needed).await?;
            Ok(is_gone(&there).then_some(()))
        })
        .await
    }
}
