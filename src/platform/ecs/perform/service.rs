//! Makes or changes the service, in one call, and takes the identity of the rollout from the
//! answer to it.

use std::collections::BTreeSet;

use aws_sdk_ecs::types as ecs;
use jiff::Timestamp;

use super::super::Ecs;
use crate::platform::aws::{failed, once};
use crate::platform::ecs::plan::change::{Basis, ServiceUpdate};
use crate::platform::ecs::plan::observe::{ObservedService, primary};
use crate::platform::ecs::rollout::from_sdk;
use crate::platform::ecs::rollout::started::Started;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::from_sdk::last_part;
use crate::platform::ecs::settings::to_sdk;
use crate::platform::ecs::settings::{ScalableTarget, ServiceConfig};
use crate::platform::{Failed, FailureKind};

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
    ) -> Result<ecs::Service, Failed> {
        let operation = format!("create service {}", wanted.service_name);
        let call = self
            .ecs()
            .create_service()
            .cluster(&wanted.cluster)
            .service_name(&wanted.service_name)
            .task_definition(revision)
            .client_token(token)
            .set_desired_count(wanted.desired_count)
            .set_tags(to_sdk::tags(&wanted.tags));
        let answer = wanted
            .settings
            .create(call)?
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|error| failed(operation.clone(), error))?;
        named(answer.service, operation)
    }

    /// Whether just this service is there. Another one of the same name: refused.
    async fn made_already(
        &self,
        wanted: &ServiceConfig,
        revision: &str,
    ) -> Result<Option<ecs::Service>, Failed> {
        let found = self.find_service(&wanted.service_name).await?;
        let Some(there) = found.service else {
            return Ok(None);
        };
        let counted = |config: &ServiceConfig| {
            fields::service::fields(config).without(|path| path == fields::service::COUNT)
        };
        let same = there.config.task_definition == revision
            && there.config.tags == wanted.tags
            && counted(&there.config)
                .differences(&counted(wanted))
                .is_empty();
        if same {
            return Ok(Some(there.raw));
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
    ) -> Result<ecs::Service, Failed> {
        let operation = format!("update service {}", update.service);
        let call = self
            .ecs()
            .update_service()
            .cluster(&update.cluster)
            .service(&update.service)
            .set_task_definition(revision.map(str::to_owned))
            .set_desired_count(update.desired_count)
            .set_force_new_deployment(update.force_new_deployment.then_some(true))
            .set_availability_zone_rebalancing(
                update
                    .ends_rebalancing
                    .then_some(ecs::AvailabilityZoneRebalancing::Disabled),
            );
        let answer = update
            .settings
            .update(call)?
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|error| failed(operation.clone(), error))?;
        named(answer.service, operation)
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
                    let there = found.service.map(|one| one.raw);
                    Ok(there.filter(|there| there.desired_count == count))
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
        if there.raw.desired_count < target.min_capacity {
            return self.set_count(name, target.min_capacity).await.map(Some);
        }
        if there.raw.desired_count > there.raw.running_count {
            return Self::counted(&there.raw, asked).map(Some);
        }
        Ok(None)
    }

    /// What a count that was set at `asked`, by the platform's clock, makes come up: failures before
    /// it say nothing of that.
    fn counted(service: &ecs::Service, asked: Timestamp) -> Result<Started, Failed> {
        Ok(Started {
            count_only: true,
            created: false,
            begun: Some(asked),
            said: from_sdk::said(service),
            ..Self::started(service, None)?
        })
    }

    /// The rollout in the answer to our own call: its PRIMARY deployment.
    fn started(service: &ecs::Service, before: Option<&Basis>) -> Result<Started, Failed> {
        let name = service.service_name.clone().unwrap_or_default();
        let newest = primary(service);
        let id = newest.and_then(|deployment| deployment.id.clone());
        let primary_id = id.ok_or_else(|| {
            let what = format!("follow the deployment of {name}");
            Failed::new(
                what,
                FailureKind::Lost,
                "the answer names no PRIMARY deployment",
            )
        })?;
        let task_definition = newest
            .and_then(|deployment| deployment.task_definition.clone())
            .or_else(|| service.task_definition.clone())
            .unwrap_or_default();
        let primary_before = before.and_then(|basis| basis.primary.clone());
        let count_only = primary_before.as_deref() == Some(&primary_id);
        let said = if count_only {
            from_sdk::said(service)
        } else {
            BTreeSet::new()
        };
        Ok(Started {
            count_only,
            primary_id,
            primary_before,
            task_definition,
            task_definition_before: before.and_then(|basis| basis.task_definition.clone()),
            created: before.is_none(),
            said,
            begun: from_sdk::time(newest.and_then(|deployment| deployment.created_at.as_ref())),
            desired: u32::try_from(service.desired_count).unwrap_or(0),
        })
    }
}

fn named(service: Option<ecs::Service>, operation: String) -> Result<ecs::Service, Failed> {
    service.ok_or_else(|| Failed::new(operation, FailureKind::Lost, "the answer names no service"))
}

/// After a lost reply: whether the service shows that our update was performed. The PRIMARY of the
/// basis and not our settings: it was not. Another PRIMARY with what we asked for: ours, by
/// content. Anything else: somebody was faster.
fn judge(
    there: Option<ObservedService>,
    update: &ServiceUpdate,
    revision: Option<&str>,
    basis: &Basis,
) -> Result<Option<ecs::Service>, Failed> {
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
        .is_empty();
    let same_primary = there.primary_id() == basis.primary.as_deref();
    match (same_primary, runs_ours && set) {
        (true, true) if !update.starts_rollout() => Ok(Some(there.raw)),
        (true, _) => Ok(None),
        (false, true) => Ok(Some(there.raw)),
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
