//! A service, as `DescribeServices` and the answers to its changes tell it. Pure.

use std::collections::BTreeSet;

use aws_sdk_ecs::types as ecs;
use serde_json::Value;

use super::view::{DeploymentView, EventView, ServiceView};
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::patched;
use crate::platform::ecs::settings::sdk::{count, last_part, time, word};
use crate::platform::ecs::settings::service::{ServiceSettings, left_over};
use crate::platform::ecs::settings::{ServiceConfig, Tag};
use crate::spec::Overlay;

/// A service that is there.
#[derive(Debug, Clone)]
pub(crate) struct LiveService {
    pub(crate) arn: String,
    /// Its settings in our words.
    pub(crate) config: ServiceConfig,
    /// What goes on with it.
    pub(crate) view: ServiceView,
    /// Tasks of it that are on their way.
    pub(crate) pending: u32,
    /// Whether the file format has words for services like it.
    pub(crate) kind: Kind,
    /// Whether ECS moves its tasks between availability zones by itself.
    pub(crate) rebalances: bool,
    /// What it has beyond our words.
    pub(crate) unmodelled: Vec<String>,
    /// The members of it that a patch may be laid over, in the API's own spelling.
    pub(crate) members: Value,
}

/// What kind of service it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one that the file format has words for.
    Usual,
    /// This, and not ECS, controls its deployments.
    ControlledBy(String),
    /// ECS manages its resources itself.
    Express,
}

impl LiveService {
    /// From the whole answer.
    pub(crate) fn read(read: &ecs::Service) -> Self {
        let rebalancing = read.availability_zone_rebalancing.as_ref();
        Self {
            arn: read.service_arn.clone().unwrap_or_default(),
            config: ServiceConfig {
                cluster: last_part(read.cluster_arn.as_deref().unwrap_or_default()).to_owned(),
                service_name: read.service_name.clone().unwrap_or_default(),
                task_definition: read.task_definition.clone().unwrap_or_default(),
                desired_count: Some(read.desired_count),
                settings: ServiceSettings::received(read),
                tags: Tag::received(read.tags()),
                patch: Overlay::default(),
            },
            view: view(read),
            pending: count(read.pending_count),
            kind: kind(read),
            rebalances: rebalancing == Some(&ecs::AvailabilityZoneRebalancing::Enabled),
            unmodelled: left_over(read),
            members: patched::members(read),
        }
    }

    /// How many tasks are wanted, as the API has it.
    pub(crate) fn desired(&self) -> i32 {
        self.config.desired_count.unwrap_or_default()
    }

    /// The id of the PRIMARY deployment.
    pub(crate) fn primary_id(&self) -> Option<&str> {
        let id = self.view.primary()?.id.as_str();
        (!id.is_empty()).then_some(id)
    }

    /// The value of a tag.
    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        let tag = self.config.tags.iter().find(|tag| tag.key == key)?;
        Some(&tag.value)
    }

    /// The ids of what ECS has said of it, as far as an answer holds it.
    pub(crate) fn said(&self) -> BTreeSet<String> {
        let events = self.view.events.iter();
        events.map(|event| event.id.clone()).collect()
    }

    /// A digest of its compared fields, and of the members that a patch may be laid over; its count is
    /// among them only where nothing scales it.
    pub(crate) fn digest(&self, counted: bool) -> String {
        let compared = fields::service::compared(&self.config, counted).digest();
        match &self.members {
            Value::Object(members) if !members.is_empty() => {
                let members = self.members.to_string();
                fields::digest([compared.as_str(), &members].into_iter())
            }
            _ => compared,
        }
    }
}

/// The revision-level half of a service, from a service revision.
pub(crate) fn revision(read: &ecs::ServiceRevision) -> ServiceConfig {
    ServiceConfig {
        task_definition: read.task_definition.clone().unwrap_or_default(),
        settings: ServiceSettings::of_a_revision(read),
        ..ServiceConfig::default()
    }
}

/// What goes on with it.
pub(crate) fn view(read: &ecs::Service) -> ServiceView {
    let configuration = read.deployment_configuration();
    let breaker =
        configuration.and_then(|configuration| configuration.deployment_circuit_breaker());
    let alarms = configuration.and_then(|configuration| configuration.alarms());
    let events = read.events().iter().filter_map(|event| {
        Some(EventView {
            id: event.id()?.to_owned(),
            at: time(event.created_at())?,
            text: event.message()?.to_owned(),
        })
    });
    ServiceView {
        status: read.status().unwrap_or_default().to_owned(),
        desired: count(read.desired_count()),
        running: count(read.running_count()),
        rolls_back: breaker.is_some_and(|breaker| breaker.enable() && breaker.rollback())
            || alarms.is_some_and(|alarms| alarms.enable() && alarms.rollback()),
        deployments: read.deployments().iter().map(deployment).collect(),
        events: events.collect(),
    }
}

fn deployment(read: &ecs::Deployment) -> DeploymentView {
    DeploymentView {
        id: read.id().unwrap_or_default().to_owned(),
        status: read.status().unwrap_or_default().to_owned(),
        task_definition: read.task_definition().unwrap_or_default().to_owned(),
        rollout: read.rollout_state().map(word),
        reason: read.rollout_state_reason().map(str::to_owned),
        desired: count(read.desired_count()),
        running: count(read.running_count()),
        pending: count(read.pending_count()),
        failed: count(read.failed_tasks()),
        created: time(read.created_at()),
    }
}

fn kind(read: &ecs::Service) -> Kind {
    let controller = read.deployment_controller.as_ref().map(|one| &one.r#type);
    if let Some(other) = controller.filter(|one| **one != ecs::DeploymentControllerType::Ecs) {
        return Kind::ControlledBy(other.to_string());
    }
    if read.resource_management_type == Some(ecs::ResourceManagementType::Ecs) {
        return Kind::Express;
    }
    Kind::Usual
}
