//! The one remedy on ECS: `StopServiceDeployment` with `ROLLBACK`, once per rollout.
//!
//! The request is idempotent: while a deployment goes back it changes nothing (Amazon ECS
//! developer guide, stop service deployment). So the SDK may repeat it after a lost reply.

use aws_sdk_ecs::types::StopServiceDeploymentStopType;

use super::rollout::sample::Sampler;
use super::rollout::{RecordState, Watched};
use crate::platform::aws::failed;
use crate::platform::failure::{Failed, FailureKind};
use crate::rollout::Halted;

impl Sampler<'_> {
    /// Asks ECS to stop our deployment and go back.
    pub(super) async fn halt(&self, rollout: &mut Watched) -> Halted {
        if rollout.ours.count_only.is_some() {
            return Halted::Refused("no rollout is under way that could be stopped".into());
        }
        let arn = match self.arn(rollout).await {
            Ok(Some(arn)) => arn,
            Ok(None) => return Halted::Refused("there is no service deployment to stop".into()),
            Err(error) => return Halted::Refused(error.to_string()),
        };
        // Before the call: its reply may be lost and the request performed.
        rollout.memory.stopped_by_us = true;
        let answer = self
            .client
            .stop_service_deployment()
            .service_deployment_arn(&arn)
            .stop_type(StopServiceDeploymentStopType::Rollback)
            .send()
            .await
            .map_err(|error| failed("stop the service deployment", error));
        match answer {
            Ok(_) => Halted::Accepted,
            Err(error)
                if matches!(
                    error.kind,
                    FailureKind::Conflict | FailureKind::Missing | FailureKind::Invalid
                ) =>
            {
                self.after_conflict(rollout, error).await
            }
            Err(error) => {
                rollout.memory.stopped_by_us = !error.kind.proves_not_performed();
                Halted::Refused(error.to_string())
            }
        }
    }

    /// Whether the record of a rollout does not show up in the list yet: without it nothing can
    /// be stopped.
    pub(super) async fn is_not_listed(&self, rollout: &mut Watched) -> bool {
        if rollout.record != RecordState::Unknown || rollout.ours.count_only.is_some() {
            return false;
        }
        match self.find(rollout).await {
            Ok(Some(arn)) => {
                rollout.record = RecordState::Arn(arn);
                false
            }
            Ok(None) => true,
            Err(_) => false,
        }
    }

    async fn arn(&self, rollout: &Watched) -> Result<Option<String>, Failed> {
        match &rollout.record {
            RecordState::Arn(arn) => Ok(Some(arn.clone())),
            RecordState::Unknown | RecordState::Unavailable(_) => self.find(rollout).await,
        }
    }

    /// It does not allow the request in its present state: it is over, or going back already.
    async fn after_conflict(&self, rollout: &mut Watched, error: Failed) -> Halted {
        rollout.memory.stopped_by_us = false;
        let Ok(Some(arn)) = self.arn(rollout).await else {
            return Halted::Refused(error.to_string());
        };
        match self.read(&arn, rollout.number()).await {
            Ok(Some(record)) => match record.status.as_str() {
                "SUCCESSFUL" | "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => {
                    Halted::JustFinished
                }
                "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "STOP_REQUESTED" => {
                    Halted::Accepted
                }
                _ => Halted::Refused(error.to_string()),
            },
            _ => Halted::Refused(error.to_string()),
        }
    }
}
