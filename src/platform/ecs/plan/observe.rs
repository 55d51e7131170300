//! Reads what is there: one round trip of parallel reads in the usual case, a second one only
//! where the service runs another revision than the family's newest.

use aws_sdk_ecs::types as ecs;
use aws_sdk_ecs::types::{ServiceField, TaskDefinitionField};

use crate::event::Events;
use crate::platform::aws::{failed, nobody};
use crate::platform::ecs::Ecs;
use crate::platform::ecs::settings::from_sdk;
use crate::platform::ecs::settings::unmanaged::residue;
use crate::platform::ecs::settings::{
    ScalableTarget, ScalingPolicy, ServiceConfig, TaskDefinition,
};
use crate::platform::{Failed, FailureKind};
use crate::spec::EcsService;

/// What is there of one service.
#[derive(Debug)]
pub struct Observed {
    /// The account, from any ARN in the answers; `None`: nothing told it.
    pub account: Option<String>,
    /// The service; `None`: there is none, or it was deleted.
    pub service: Option<ObservedService>,
    /// When a deleted service of that name was made, in seconds.
    pub deleted: Option<i64>,
    /// The newest active revision of the family.
    pub newest: Option<Definition>,
    /// The revision that the service runs.
    pub running: Option<Definition>,
    /// What scales it; `None`: that may not be read.
    pub scaling: Option<Scaling>,
}

/// A service that is there.
#[derive(Debug, Clone)]
pub struct ObservedService {
    /// Its ARN.
    pub arn: String,
    /// Its settings in our words.
    pub config: ServiceConfig,
    /// What it has beyond our words.
    pub unmodelled: Vec<String>,
    /// The whole answer.
    pub raw: ecs::Service,
}

/// A revision of a task definition.
#[derive(Clone)]
pub struct Definition {
    /// Its ARN.
    pub arn: String,
    /// What it says, in our words.
    pub config: TaskDefinition,
    /// What it says beyond our words: path and value.
    pub residue: Vec<(String, String)>,
    /// The whole answer.
    pub raw: ecs::TaskDefinition,
}

/// The whole answer holds environment values, which may be secrets.
impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Definition").field(&self.arn).finish()
    }
}

/// What scales a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scaling {
    /// The bounds; `None`: nothing scales it.
    pub target: Option<ScalableTarget>,
    /// Policies in our words.
    pub policies: Vec<ScalingPolicy>,
    /// The names of policies of other kinds.
    pub others: Vec<String>,
    /// What of it somebody suspended, in words.
    pub suspended: Vec<&'static str>,
}

impl ObservedService {
    /// From the whole answer.
    pub fn from(raw: ecs::Service) -> Self {
        Self {
            arn: raw.service_arn.clone().unwrap_or_default(),
            config: from_sdk::service(&raw),
            unmodelled: residue::of_service(&raw),
            raw,
        }
    }

    /// The PRIMARY deployment.
    pub fn primary(&self) -> Option<&ecs::Deployment> {
        primary(&self.raw)
    }

    /// The id of the PRIMARY deployment.
    pub fn primary_id(&self) -> Option<&str> {
        self.primary()?.id.as_deref()
    }

    /// The value of a tag.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let tag = self.config.tags.iter().find(|tag| tag.key == key)?;
        Some(&tag.value)
    }
}

/// The PRIMARY deployment of a service.
pub fn primary(service: &ecs::Service) -> Option<&ecs::Deployment> {
    service
        .deployments()
        .iter()
        .find(|deployment| deployment.status.as_deref() == Some("PRIMARY"))
}

/// The account in an ARN.
pub fn account_in(arn: &str) -> Option<String> {
    let account = arn.split(':').nth(4)?;
    (!account.is_empty()).then(|| account.to_owned())
}

/// What scales the service, as far as that may be seen. Where it may not, that fails only a
/// service that asks for scaling: then nobody knows who owns the count, and it is left alone. An
/// endpoint without the API has no autoscaler. Any other failure says nothing of the kind.
fn as_seen(
    read: Result<Scaling, Failed>,
    needed: bool,
    events: &Events,
) -> Result<Option<Scaling>, Failed> {
    match read {
        Ok(scaling) => Ok(Some(scaling)),
        Err(error)
            if !needed && matches!(error.kind, FailureKind::Denied | FailureKind::Unsupported) =>
        {
            events.warn("autoscaling_unreadable", error.to_string());
            Ok((error.kind == FailureKind::Unsupported).then(Scaling::default))
        }
        Err(error) => Err(error),
    }
}

/// The answer about a service: it, or when a deleted one was made, or nothing; with the account
/// that the answer tells.
#[derive(Debug, Default)]
pub struct Found {
    /// The service, if it is there.
    pub service: Option<ObservedService>,
    /// When a deleted one was made.
    pub deleted: Option<i64>,
    /// The account that the answer's ARNs name.
    pub account: Option<String>,
}

impl Ecs {
    /// Reads everything about a service.
    pub async fn observe(&self, service: &EcsService, events: &Events) -> Result<Observed, Failed> {
        let (found, newest, scaling) = futures::join!(
            self.find_service(service.own.service.as_str()),
            self.newest_definition(service.own.family.as_str()),
            self.read_scaling(service.own.service.as_str()),
        );
        let found = match found {
            Err(missing) if missing.kind == FailureKind::ClusterMissing => {
                self.check_account(None).await?;
                return Err(missing);
            }
            found => found?,
        };
        let newest = newest?;
        let scaling = as_seen(scaling, service.scaling.is_some(), events)?;
        let account = found
            .account
            .or_else(|| newest.as_ref().and_then(|newest| account_in(&newest.arn)));
        let account = self.check_account(account).await?;
        let running = match &found.service {
            None => None,
            Some(service) => {
                let arn = &service.config.task_definition;
                match &newest {
                    Some(newest) if newest.arn == *arn => Some(newest.clone()),
                    _ => Some(self.definition(arn).await?),
                }
            }
        };
        Ok(Observed {
            account,
            service: found.service,
            deleted: found.deleted,
            newest,
            running,
            scaling,
        })
    }

    /// Refuses another account than the target's; asks STS only where no answer told it.
    async fn check_account(&self, seen: Option<String>) -> Result<Option<String>, Failed> {
        let Some(wanted) = &self.place().account else {
            return Ok(seen);
        };
        let seen = if seen.is_some() {
            seen
        } else {
            let answer = self.sts().get_caller_identity().send().await;
            answer
                .map_err(|error| failed("ask whose credentials these are", error))?
                .account
        };
        match seen {
            Some(seen) if seen != wanted.as_str() => Err(Failed::new(
                "work in this account",
                FailureKind::Refused,
                format!("these credentials belong to account {seen}; the target says {wanted}"),
            )),
            Some(seen) => Ok(Some(seen)),
            None => Err(nobody()),
        }
    }

    /// Reads a service.
    pub async fn find_service(&self, name: &str) -> Result<Found, Failed> {
        let answer = self
            .ecs()
            .describe_services()
            .cluster(self.place().cluster.as_str())
            .services(name)
            .include(ServiceField::Tags)
            .send()
            .await
            .map_err(|error| self.placed(failed(format!("describe service {name}"), error)))?;
        let service = answer.services().first();
        let account = service
            .and_then(|service| service.service_arn.as_deref())
            .or_else(|| answer.failures().first()?.arn.as_deref())
            .and_then(account_in);
        Ok(match service {
            Some(service) if service.status.as_deref() == Some("INACTIVE") => Found {
                service: None,
                deleted: service.created_at.map(|at| at.secs()),
                account,
            },
            Some(service) => Found {
                service: Some(ObservedService::from(service.clone())),
                deleted: None,
                account,
            },
            None => Found {
                account,
                ..Found::default()
            },
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
    pub async fn newest_definition(&self, family: &str) -> Result<Option<Definition>, Failed> {
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
    pub async fn definition(&self, name: &str) -> Result<Definition, Failed> {
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
        let definition = Definition {
            arn: raw.task_definition_arn.clone().unwrap_or_default(),
            config: from_sdk::task_definition(&raw, answer.tags()),
            residue: residue::of_definition(&raw),
            raw,
        };
        self.remember(&definition);
        Ok(definition)
    }

    /// What scales a service.
    pub async fn read_scaling(&self, name: &str) -> Result<Scaling, Failed> {
        let resource = self.resource_id(name);
        let (targets, policies) =
            futures::join!(self.scalable_targets(&resource), self.policies(&resource));
        let (target, policies) = (targets?, policies?);
        let mut scaling = Scaling {
            suspended: target.as_ref().map(from_sdk::suspended).unwrap_or_default(),
            target: target.as_ref().map(from_sdk::scalable_target),
            ..Scaling::default()
        };
        for policy in policies {
            match from_sdk::policy(&policy) {
                Some(ours) => scaling.policies.push(ours),
                None => scaling.others.push(policy.policy_name),
            }
        }
        Ok(scaling)
    }

    async fn scalable_targets(
        &self,
        resource: &str,
    ) -> Result<Option<aws_sdk_applicationautoscaling::types::ScalableTarget>, Failed> {
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

    async fn policies(
        &self,
        resource: &str,
    ) -> Result<Vec<aws_sdk_applicationautoscaling::types::ScalingPolicy>, Failed> {
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
}
