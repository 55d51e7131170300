//! Makes or changes the service, in one call, and takes the identity of the rollout from the
//! answer to it.

use aws_sdk_ecs::operation::create_service::CreateServiceInput;
use aws_sdk_ecs::operation::update_service::UpdateServiceInput;
use aws_sdk_ecs::types as ecs;
use jiff::Timestamp;

use super::super::Ecs;
use crate::platform::aws::{failed, once};
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::plan::change::{Basis, ServiceUpdate};
use crate::platform::ecs::rollout::started::{RolloutId, Started};
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::patched::{has, made, whole};
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::ecs::settings::to_sdk;
use crate::platform::ecs::settings::{ScalableTarget, ServiceConfig};
use crate::platform::{Failed, FailureKind};
use crate::spec::aws_json;

/// Adds to a call the members that a patch makes; what it has none of stays as it is.
macro_rules! with_members {
    ($call:expr, $members:expr) => {{
        let (call, members) = ($call, $members);
        call.set_availability_zone_rebalancing(members.availability_zone_rebalancing)
            .set_enable_ecs_managed_tags(members.enable_ecs_managed_tags)
            .set_placement_constraints(members.placement_constraints)
            .set_placement_strategy(members.placement_strategy)
            .set_propagate_tags(members.propagate_tags)
            .set_service_connect_configuration(members.service_connect_configuration)
            .set_service_registries(members.service_registries)
            .set_volume_configurations(members.volume_configurations)
            .set_vpc_lattice_configurations(members.vpc_lattice_configurations)
    }};
}

impl Ecs {
    /// Makes the service; `already`: somebody made just this one between plan and call.
    pub(super) async fn create(
        &self,
        service: &ServiceConfig,
        revision: &str,
        after: Option<i64>,
    ) -> Result<(Started, bool), Failed> {
        let token = client_token(service, revision, after);
        let made = self
            .write(
                &[],
                async || self.send_create(service, revision, &token).await,
                async || self.made_already(service, revision).await,
            )
            .await;
        match made {
            Ok(made) => Ok((Self::started(&made, None)?, false)),
            Err(error) if matches!(error.kind, FailureKind::Invalid | FailureKind::Conflict) => {
                match self.made_already(service, revision).await {
                    Ok(Some(made)) => Ok((Self::started(&made, None)?, true)),
                    Err(refused) if refused.kind == FailureKind::Refused => Err(refused),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn send_create(
        &self,
        wanted: &ServiceConfig,
        revision: &str,
        token: &str,
    ) -> Result<LiveService, Failed> {
        let operation = format!("create service {}", wanted.service_name);
        let members = aws_json::read(&made(wanted).into(), CreateServiceInput::deserialize);
        let members = whole("service", members)?;
        let call = self
            .ecs()
            .create_service()
            .cluster(&wanted.cluster)
            .service_name(&wanted.service_name)
            .task_definition(revision)
            .client_token(token)
            .set_desired_count(wanted.desired_count)
            .set_tags(to_sdk::tags(&wanted.tags));
        let call = wanted.settings.create(call)?;
        let answer = with_members!(call, members)
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|error| failed(operation.clone(), error))?;
        named(answer.service(), operation)
    }

    /// Whether just this service is there. Another one of the same name: refused.
    async fn made_already(
        &self,
        wanted: &ServiceConfig,
        revision: &str,
    ) -> Result<Option<LiveService>, Failed> {
        let found = self.find_service(&wanted.service_name).await?;
        let Some(there) = found.service else {
            return Ok(None);
        };
        let uncounted = |config: &ServiceConfig| fields::service::compared(config, false);
        let same = there.config.task_definition == revision
            && has(&there.members, &made(wanted))
            && there.config.tags == wanted.tags
            && uncounted(&there.config)
                .differences(&uncounted(wanted))
                .is_empty();
        if same {
            return Ok(Some(there));
        }
        Err(Failed::new(
            format!("create service {}", wanted.service_name),
            FailureKind::Refused,
            "somebody else made another service of this name meanwhile; plan again",
        ))
    }

    /// Changes the service.
    pub(super) async fn update(
        &self,
        update: &ServiceUpdate,
        revision: Option<String>,
        basis: &Basis,
    ) -> Result<Started, Failed> {
        let changed = self
            .write(
                &[],
                async || self.send_update(update, revision.as_deref()).await,
                async || {
                    let found = self.find_service(&update.service).await?;
                    judge(found.service, update, revision.as_deref(), basis)
                },
            )
            .await?;
        Self::started(&changed, Some(basis))
    }

    async fn send_update(
        &self,
        update: &ServiceUpdate,
        revision: Option<&str>,
    ) -> Result<LiveService, Failed> {
        let operation = format!("update service {}", update.service);
        let members = update.members.clone().into();
        let members = aws_json::read(&members, UpdateServiceInput::deserialize);
        let members = whole("service", members)?;
        let rebalancing = update
            .ends_rebalancing
            .then_some(ecs::AvailabilityZoneRebalancing::Disabled);
        let call = self
            .ecs()
            .update_service()
            .cluster(&update.cluster)
            .service(&update.service)
            .set_task_definition(revision.map(str::to_owned))
            .set_desired_count(update.desired_count)
            .set_force_new_deployment(update.force_new_deployment.then_some(true));
        let call = with_members!(update.settings.update(call)?, members);
        let set = call.get_availability_zone_rebalancing().clone();
        let answer = call
            .set_availability_zone_rebalancing(set.or(rebalancing))
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|error| failed(operation.clone(), error))?;
        named(answer.service(), operation)
    }

    /// Sets only the count; starts no rollout.
    pub(super) async fn set_count(&self, service: &str, count: i32) -> Result<Started, Failed> {
        let mut update = ServiceUpdate::of(self.cluster(), service);
        update.desired_count = Some(count);
        let asked = self.time.now();
        let set = self
            .write(
                &[],
                async || self.send_update(&update, None).await,
                async || {
                    let found = self.find_service(service).await?;
                    Ok(found.service.filter(|there| there.desired() == count))
                },
            )
            .await?;
        Self::counted(&set, asked)
    }

    /// Sees that at least as many tasks are wanted as the bounds that were just set ask for: what
    /// that starts is to be watched, and the autoscaler does it a moment later. `None`: nothing
    /// starts.
    pub(super) async fn bring_within(
        &self,
        target: &ScalableTarget,
    ) -> Result<Option<Started>, Failed> {
        let name = last_part(&target.resource_id);
        let asked = self.time.now();
        let Some(there) = self.find_service(name).await?.service else {
            return Ok(None);
        };
        if there.desired() < target.min_capacity {
            return self.set_count(name, target.min_capacity).await.map(Some);
        }
        if there.view.desired > there.view.running {
            return Self::counted(&there, asked).map(Some);
        }
        Ok(None)
    }

    /// What a count that was set at `asked`, by the platform's clock, makes come up: failures before
    /// it say nothing of that.
    fn counted(service: &LiveService, asked: Timestamp) -> Result<Started, Failed> {
        let mut started = Self::started(service, None)?;
        started.ours.moves_a_count(service.said());
        started.ours.begun = Some(asked);
        Ok(started)
    }

    /// The rollout in the answer to our own call: its PRIMARY deployment.
    fn started(service: &LiveService, before: Option<&Basis>) -> Result<Started, Failed> {
        let primary = service.view.primary();
        let (Some(primary), Some(id)) = (primary, service.primary_id()) else {
            let what = format!("follow the deployment of {}", service.config.service_name);
            let why = "the answer names no PRIMARY deployment";
            return Err(Failed::new(what, FailureKind::Lost, why));
        };
        let revision = [&primary.task_definition, &service.config.task_definition];
        let revision = revision.into_iter().find(|arn| !arn.is_empty());
        let mut ours = RolloutId {
            task_definition: revision.cloned().unwrap_or_default(),
            former: before.and_then(|basis| basis.task_definition.clone()),
            begun: primary.created,
            found: false,
            ..RolloutId::found(id)
        };
        if before.is_some_and(|basis| basis.primary.as_deref() == Some(id)) {
            ours.moves_a_count(service.said());
        }
        Ok(Started {
            ours,
            desired: service.view.desired,
        })
    }
}

fn named(service: Option<&ecs::Service>, operation: String) -> Result<LiveService, Failed> {
    let read = service.map(LiveService::read);
    read.ok_or_else(|| Failed::new(operation, FailureKind::Lost, "the answer names no service"))
}

/// After a lost reply: whether the service shows that our update was performed. The PRIMARY of the
/// basis and not our settings: it was not. Another PRIMARY with what we asked for: ours, by
/// content. Anything else: somebody was faster.
fn judge(
    there: Option<LiveService>,
    update: &ServiceUpdate,
    revision: Option<&str>,
    basis: &Basis,
) -> Result<Option<LiveService>, Failed> {
    let faster = |why: &str| {
        let what = format!("update service {}", update.service);
        Err(Failed::new(what, FailureKind::Refused, why))
    };
    let Some(there) = there else {
        return faster("somebody deleted it meanwhile");
    };
    let wanted = revision.or(basis.task_definition.as_deref());
    let runs_ours = wanted == Some(&there.config.task_definition);
    let set = fields::service::fields(&there.config)
        .differences(&update.applied_to(&there.config))
        .is_empty()
        && has(&there.members, &update.members);
    let same_primary = there.primary_id() == basis.primary.as_deref();
    match (same_primary, runs_ours && set) {
        (true, true) if !update.starts_rollout() => Ok(Some(there)),
        (true, _) => Ok(None),
        (false, true) => Ok(Some(there)),
        (false, false) => faster("somebody else deployed something else meanwhile; plan again"),
    }
}

/// The same request has the same token, so that ECS takes a repetition for one; at most 36
/// characters (Amazon ECS API reference, CreateService).
fn client_token(service: &ServiceConfig, revision: &str, after: Option<i64>) -> String {
    let config = serde_json::to_string(service).unwrap_or_default();
    let after = after.map(|seconds| seconds.to_string()).unwrap_or_default();
    fields::digest([service.cluster.as_str(), &config, revision, &after].into_iter())
}
