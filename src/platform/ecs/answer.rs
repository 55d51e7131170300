//! Answers the hook at which a rollout waits for a person (`ContinueServiceDeployment`).

use aws_sdk_ecs::types::DeploymentLifecycleHookAction;

use super::Ecs;
use super::live::view::RecordView;
use super::rollout::Watched;
use super::rollout::sample::Sampler;
use super::rollout::started::RolloutId;
use crate::platform::aws::failed;
use crate::platform::{Failed, FailureKind};
use crate::spec::EcsService;

impl Ecs {
    /// Answers every hook of the service's newest deployment that waits for a person; with the stage that it
    /// is at.
    pub(super) async fn answer(
        &self,
        sampler: &Sampler<'_>,
        service: &EcsService,
        goes_on: bool,
    ) -> Result<String, Failed> {
        let refused = |why: String| {
            let what = format!("continue the rollout of {}", service.name);
            Failed::new(what, FailureKind::Refused, why)
        };
        let found = self.find_service(service.own.service.as_str()).await?;
        let there = found.service;
        let Some(id) = there.as_ref().and_then(|there| there.primary_id()) else {
            return Err(refused("the service is not there".to_owned()));
        };
        let rollout = Watched::new(service, RolloutId::found(id));
        let (arn, record) = match sampler.find(&rollout).await? {
            Some(arn) => {
                let record = sampler.read(&arn, rollout.number()).await?;
                (arn, record.unwrap_or_default())
            }
            None => return Err(refused("no rollout is under way".to_owned())),
        };
        if record.stage.awaiting().next().is_none() {
            return Err(refused(nothing_waits(&record)));
        }
        for hook in record.stage.awaiting() {
            self.ecs()
                .continue_service_deployment()
                .service_deployment_arn(&arn)
                .hook_id(&hook.id)
                .action(if goes_on {
                    DeploymentLifecycleHookAction::Continue
                } else {
                    DeploymentLifecycleHookAction::Rollback
                })
                .send()
                .await
                .map_err(|error| failed("answer the hook", error))?;
        }
        Ok(record.stage.name.unwrap_or_default())
    }
}

/// Why there is nothing to answer.
fn nothing_waits(record: &RecordView) -> String {
    let status = record.stage.beside(&record.status);
    match (record.finished, record.stage.waits("")) {
        (Some(_), _) => "no rollout is under way".to_owned(),
        (None, Some(what)) => format!("no hook waits for a person: the rollout waits for {what}"),
        (None, None) => format!("no hook waits for a person: the rollout is {status}"),
    }
}
