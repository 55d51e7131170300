//! The calls that ask for a service, for the revisions of its task definition, and for what scales it.

use aws_sdk_applicationautoscaling::types as scaling;
use aws_sdk_ecs::operation::describe_services::DescribeServicesOutput;
use aws_sdk_ecs::types as ecs;
use aws_sdk_ecs::types::{ServiceField, TaskDefinitionField};

use super::definition::Definition;
use super::scaling::LiveScaling;
use super::service::LiveService;
use crate::platform::aws::failed;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::settings::sdk::account_in;
use crate::platform::{Failed, FailureKind};
use crate::spec::Scaling;

/// The answer about a service: it, or when a deleted one was made, or nothing; with the account
/// that the answer tells.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The service, if it is there.
    pub(crate) service: Option<LiveService>,
    /// When a deleted one was made, in seconds.
    pub(crate) deleted: Option<i64>,
    /// The account that the answer's ARNs name.
    pub(crate) account: Option<String>,
}

/// Which scheduled actions are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schedules {
    /// All, and it fails where they may not be read.
    Needed,
    /// All that may be read, beside the rest.
    Welcome,
    /// The same, once it is known that something scales the service.
    IfScaled,
}

impl Schedules {
    /// For what the file says of scaling.
    pub(crate) fn of(scaling: Option<&Scaling>) -> Self {
        match scaling {
            None => Self::IfScaled,
            Some(scaling) if scaling.schedules.is_empty() => Self::Welcome,
            Some(_) => Self::Needed,
        }
    }
}

impl Ecs {
    /// Asks for a service.
    pub(crate) async fn describe_service(
        &self,
        name: &str,
    ) -> Result<DescribeServicesOutput, Failed> {
        let call = self
            .ecs()
            .describe_services()
            .cluster(self.place().cluster.as_str())
            .services(name)
            .include(ServiceField::Tags);
        let answer = call.send().await;
        answer.map_err(|error| self.placed(failed(format!("describe service {name}"), error)))
    }

    /// Reads a service.
    pub(crate) async fn find_service(&self, name: &str) -> Result<Found, Failed> {
        let answer = self.describe_service(name).await?;
        let service = answer.services().first();
        let account = service
            .and_then(|service| service.service_arn.as_deref())
            .or_else(|| answer.failures().first()?.arn.as_deref())
            .and_then(account_in);
        let is_deleted = |service: &&ecs::Service| service.status.as_deref() == Some("INACTIVE");
        let deleted = service.filter(is_deleted);
        Ok(Found {
            service: service
                .filter(|one| !is_deleted(one))
                .map(LiveService::read),
            deleted: deleted.and_then(|service| Some(service.created_at?.secs())),
            account,
        })
    }

    /// A failure that is about the place, with the place in it: AWS names neither.
    pub(crate) fn placed(&self, mut error: Failed) -> Failed {
        let place = self.place();
        let which = match (error.kind, &place.endpoint) {
            (FailureKind::ClusterMissing, _) => {
                format!("cluster {} in {}", place.cluster, place.region)
            }
            (FailureKind::Unreachable, Some(endpoint)) => format!("no connection to {endpoint}"),
            (FailureKind::Unreachable, None) => format!("no connection to AWS in {}", place.region),
            _ => return error,
        };
        error.message = format!("{which}: {}", error.message);
        error
    }

    /// The newest active revision of a family; `None`: there is none.
    pub(crate) async fn newest_definition(
        &self,
        family: &str,
    ) -> Result<Option<Definition>, Failed> {
        match self.definition(family).await {
            Ok(newest) => Ok(Some(newest)),
            // ECS says of an unknown family only that the request is wrong (ClientException).
            Err(error) if error.code.as_deref() == Some("ClientException") => Ok(None),
            Err(error) if error.kind == FailureKind::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A revision, by family, `family:revision` or ARN. Revisions never change, so that one that
    /// was read by its ARN is not read again.
    pub(crate) async fn definition(&self, name: &str) -> Result<Definition, Failed> {
        if let Some(known) = self.known_definition(name) {
            return Ok(known);
        }
        let answer = self
            .ecs()
            .describe_task_definition()
            .task_definition(name)
            .include(TaskDefinitionField::Tags)
            .send()
            .await
            .map_err(|error| failed(format!("describe task definition {name}"), error))?;
        let raw = answer.task_definition.clone().ok_or_else(|| {
            Failed::new(
                format!("describe task definition {name}"),
                FailureKind::Unsupported,
                "the answer has no task definition in it",
            )
        })?;
        let definition = Definition::read(raw, answer.tags());
        self.remember(&definition);
        Ok(definition)
    }

    /// What scales a service; without its scheduled actions, where they may not be read.
    pub(crate) async fn read_scaling(&self, name: &str) -> Result<LiveScaling, Failed> {
        self.read_scaling_of(name, Schedules::Welcome).await
    }

    /// The same, with scheduled actions as they are needed.
    pub(crate) async fn read_scaling_of(
        &self,
        name: &str,
        needed: Schedules,
    ) -> Result<LiveScaling, Failed> {
        let resource = self.resource_id(name);
        let read = async || self.schedules(&resource).await;
        let scheduled = async {
            let target = self.scalable_targets(&resource);
            if needed != Schedules::IfScaled {
                return futures::join!(target, read());
            }
            // Without a target there are none: it takes them with it.
            match target.await {
                Ok(Some(target)) => (Ok(Some(target)), read().await),
                other => (other, Ok(Vec::new())),
            }
        };
        let ((target, schedules), policies) = futures::join!(scheduled, self.policies(&resource));
        let schedules = match schedules {
            // Who uses no schedule needs no right to see them.
            Err(error) if error.kind == FailureKind::Denied && needed != Schedules::Needed => None,
            schedules => Some(schedules?),
        };
        Ok(LiveScaling::read(target?.as_ref(), policies?, schedules))
    }

    async fn scalable_targets(
        &self,
        resource: &str,
    ) -> Result<Option<scaling::ScalableTarget>, Failed> {
        let answer = self
            .scaling()
            .describe_scalable_targets()
            .service_namespace("ecs".into())
            .resource_ids(resource)
            .scalable_dimension("ecs:service:DesiredCount".into())
            .send()
            .await
            .map_err(|error| failed(format!("read the autoscaling of {resource}"), error))?;
        let found = answer
            .scalable_targets()
            .iter()
            .find(|target| target.resource_id == resource);
        Ok(found.cloned())
    }

    async fn policies(&self, resource: &str) -> Result<Vec<scaling::ScalingPolicy>, Failed> {
        let pages = self
            .scaling()
            .describe_scaling_policies()
            .service_namespace("ecs".into())
            .resource_id(resource)
            .into_paginator()
            .items()
            .send();
        pages
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| failed(format!("read the scaling policies of {resource}"), error))
    }

    async fn schedules(&self, resource: &str) -> Result<Vec<scaling::ScheduledAction>, Failed> {
        let pages = self
            .scaling()
            .describe_scheduled_actions()
            .service_namespace("ecs".into())
            .resource_id(resource)
            .into_paginator()
            .items()
            .send();
        pages
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| failed(format!("read the scheduled actions of {resource}"), error))
    }
}
