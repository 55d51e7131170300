//! What can be done to ECS, as data: a plan is a list of these and can be saved.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plan;
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::patched;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::ecs::settings::{
    ScalableTarget, ScalingPolicy, ScheduledAction, ServiceConfig, SettingsUpdate, Tag,
    TaskDefinition,
};

/// The facts that a plan rests on: what a change would hurt if it were different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Basis {
    /// The account, where any answer told it.
    pub(crate) account: Option<String>,
    pub(crate) region: String,
    /// The cluster's name.
    pub(crate) cluster: String,
    /// The service's name.
    pub(crate) service: String,
    /// Its PRIMARY deployment; `None`: the service is not there.
    pub(crate) primary: Option<String>,
    /// The ARN of its task definition.
    pub(crate) task_definition: Option<String>,
    /// Whether the count is among the compared fields, because nothing scales the service.
    pub(crate) counted: bool,
    /// A digest of the service's compared fields.
    pub(crate) service_digest: String,
    /// A digest of its autoscaling.
    pub(crate) scaling_digest: String,
}

impl Basis {
    /// The same place with the service as it is there.
    #[must_use]
    pub(crate) fn seeing(self, there: Option<&LiveService>) -> Self {
        Self {
            primary: there.and_then(|there| there.primary_id().map(str::to_owned)),
            task_definition: there.map(|there| there.config.task_definition.clone()),
            service_digest: there
                .map(|there| there.digest(self.counted))
                .unwrap_or_default(),
            ..self
        }
    }

    /// What is different now, in a sentence; `None`: nothing that this basis names.
    pub(crate) fn differs(&self, now: &Self) -> Option<String> {
        if (&self.account, &self.region, &self.cluster, &self.service)
            != (&now.account, &now.region, &now.cluster, &now.service)
        {
            return Some("it was made for another account, Region, cluster or service".into());
        }
        let revision = |basis: &Self| {
            basis
                .task_definition
                .as_deref()
                .map_or("nothing".to_owned(), |arn| last_part(arn).to_owned())
        };
        if self.task_definition != now.task_definition {
            return Some(format!(
                "{} runs {} now, no longer {}",
                self.service,
                revision(now),
                revision(self)
            ));
        }
        if self.primary != now.primary {
            return Some(format!(
                "a new deployment of {} was started since",
                self.service
            ));
        }
        if self.service_digest != now.service_digest {
            return Some(format!(
                "the settings of {} were changed since",
                self.service
            ));
        }
        (self.scaling_digest != now.scaling_digest)
            .then(|| format!("the autoscaling of {} was changed since", self.service))
    }
}

/// A task definition that a change refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Revision {
    /// The one that the plan registers.
    Registered,
    /// One that is there already, by ARN.
    Known(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Change {
    /// Register a revision.
    RegisterTaskDefinition {
        /// What the file says.
        definition: TaskDefinition,
        /// The revision from which everything is taken over that the file has no word for.
        carry_from: Option<String>,
    },
    /// Make the service.
    CreateService {
        /// All of it.
        service: ServiceConfig,
        /// What it runs.
        revision: Revision,
        /// When a service of that name was made before, by its creation time in seconds; so that
        /// the request is not taken for a repetition of the one that made it.
        after: Option<i64>,
    },
    /// Change the service, in one call.
    UpdateService {
        /// What differs.
        update: Box<ServiceUpdate>,
    },
    /// Delete the service and stop its tasks.
    DeleteService {
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
    },
    /// Tag the service.
    TagService {
        /// The service.
        arn: String,
        /// Added, or set anew.
        tags: Vec<Tag>,
    },
    /// Remove tags of the service.
    UntagService {
        /// The service.
        arn: String,
        keys: Vec<String>,
    },
    /// Set the autoscaler's bounds.
    RegisterScalableTarget {
        /// The bounds.
        target: ScalableTarget,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Set a policy.
    PutScalingPolicy {
        /// The policy.
        policy: ScalingPolicy,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Remove a policy.
    DeleteScalingPolicy {
        /// Its name.
        name: String,
        /// `service/CLUSTER/SERVICE`.
        resource: String,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Set bounds that come at a time.
    PutScheduledAction {
        /// The action.
        action: ScheduledAction,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Remove bounds that come at a time.
    DeleteScheduledAction {
        /// Its name.
        name: String,
        /// `service/CLUSTER/SERVICE`.
        resource: String,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Remove the autoscaler, its policies with it.
    DeregisterScalableTarget {
        /// `service/CLUSTER/SERVICE`.
        resource: String,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Set the count, once nothing scales it any more.
    SetCount {
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
        /// How many.
        count: i32,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
}

impl plan::Change for Change {
    fn words(&self) -> String {
        match self {
            Self::RegisterTaskDefinition { definition, .. } => {
                format!("register task definition {}", definition.family)
            }
            Self::CreateService { service, .. } => {
                format!("create service {}", service.service_name)
            }
            Self::UpdateService { update } => format!("update service {}", update.service),
            Self::DeleteService { service, .. } => format!("delete service {service}"),
            Self::TagService { arn, .. } => format!("tag service {}", last_part(arn)),
            Self::UntagService { arn, .. } => format!("remove tags of service {}", last_part(arn)),
            Self::RegisterScalableTarget { target, .. } => {
                format!(
                    "set autoscaling bounds of {}",
                    last_part(&target.resource_id)
                )
            }
            Self::PutScalingPolicy { policy, .. } => {
                format!("set scaling policy {}", policy.policy_name)
            }
            Self::DeleteScalingPolicy { name, .. } => format!("remove scaling policy {name}"),
            Self::PutScheduledAction { action, .. } => {
                format!("set scheduled action {}", action.scheduled_action_name)
            }
            Self::DeleteScheduledAction { name, .. } => format!("remove scheduled action {name}"),
            Self::DeregisterScalableTarget { resource, .. } => {
                format!("remove autoscaling of {}", last_part(resource))
            }
            Self::SetCount { service, count, .. } => {
                format!("set the count of {service} to {count}")
            }
        }
    }

    fn waits_for_health(&self) -> bool {
        match self {
            Self::RegisterTaskDefinition { .. }
            | Self::CreateService { .. }
            | Self::UpdateService { .. }
            | Self::DeleteService { .. }
            | Self::TagService { .. }
            | Self::UntagService { .. } => false,
            Self::RegisterScalableTarget { after_health, .. }
            | Self::PutScalingPolicy { after_health, .. }
            | Self::DeleteScalingPolicy { after_health, .. }
            | Self::PutScheduledAction { after_health, .. }
            | Self::DeleteScheduledAction { after_health, .. }
            | Self::DeregisterScalableTarget { after_health, .. }
            | Self::SetCount { after_health, .. } => *after_health,
        }
    }

    fn starts_rollout(&self) -> bool {
        match self {
            Self::CreateService { .. } => true,
            Self::UpdateService { update } => update.starts_rollout(),
            _ => false,
        }
    }
}

/// What one UpdateService changes; what is absent is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ServiceUpdate {
    pub(crate) cluster: String,
    pub(crate) service: String,
    /// Another revision.
    pub(crate) revision: Option<Revision>,
    /// Another count.
    pub(crate) desired_count: Option<i32>,
    /// What differs of its settings.
    pub(crate) settings: SettingsUpdate,
    /// What differs of the members that the file patches, whole, in the API's own spelling.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) members: Map<String, Value>,
    /// New tasks even though ECS itself sees no reason.
    pub(crate) force_new_deployment: bool,
    /// Availability zone rebalancing off, which ECS has on for a service that says nothing of it and
    /// refuses where no task above the count may run.
    pub(crate) ends_rebalancing: bool,
}

impl ServiceUpdate {
    /// Changes nothing yet.
    pub(crate) fn of(cluster: &str, service: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
            ..Self::default()
        }
    }

    /// Whether ECS starts a deployment on it (Amazon ECS API reference, UpdateService, each
    /// parameter's "triggers a new service deployment").
    pub(crate) fn starts_rollout(&self) -> bool {
        self.force_new_deployment
            || self.revision.is_some()
            || self.settings.starts_rollout()
            || self.members_start_rollout()
    }

    fn members_start_rollout(&self) -> bool {
        let mut members = self.members.keys();
        members.any(|name| patched::starts_rollout(name))
    }

    /// The revision, by ARN, where it rolls out nothing else than one that is there already.
    pub(crate) fn only_revision(&self) -> Option<&str> {
        let alone = !self.force_new_deployment
            && !self.settings.starts_rollout()
            && !self.members_start_rollout();
        match &self.revision {
            Some(Revision::Known(arn)) if alone => Some(arn),
            _ => None,
        }
    }

    /// Whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::of(&self.cluster, &self.service)
    }

    /// What the service's fields are once this is performed on `config`.
    pub(crate) fn applied_to(&self, config: &ServiceConfig) -> Fields {
        let mut config = config.clone();
        if let Some(count) = self.desired_count {
            config.desired_count = Some(count);
        }
        config.settings = config.settings.with(&self.settings);
        fields::service::fields(&config)
    }
}
