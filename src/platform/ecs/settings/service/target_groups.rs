//! The target groups through which load balancers send to a service. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::health_grace::HealthGrace;
use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::spec::{EcsPlace, EcsService};

/// The target groups of a service; replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetGroups {
    /// One item for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) load_balancers: Vec<LoadBalancer>,
}

/// A target group of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadBalancer {
    /// The target group.
    pub(crate) target_group_arn: String,
    /// The container that it sends to.
    pub(crate) container_name: String,
    /// The port of that container.
    pub(crate) container_port: i32,
}

impl ServiceSetting for TargetGroups {
    const GROUPS: &'static [&'static str] = &["loadBalancers"];
    const OF_A_REVISION: bool = true;
    const STARTS_ROLLOUT: bool = true;

    fn rendered(service: &EcsService, _: &EcsPlace) -> Self {
        let groups = service.own.target_groups.iter();
        Self {
            load_balancers: groups
                .map(|group| LoadBalancer {
                    target_group_arn: group.arn.to_string(),
                    container_name: group.container.to_string(),
                    container_port: i32::from(group.port),
                })
                .collect(),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        Self::read(read.load_balancers())
    }

    fn of_a_revision(read: &ecs::ServiceRevision) -> Self {
        Self::read(read.load_balancers())
    }

    fn put(&self, _: Beside, fields: &mut Fields) {
        for group in &self.load_balancers {
            let arn = &group.target_group_arn;
            let name = arn.split('/').nth(1).unwrap_or(arn);
            fields.put(
                format!("loadBalancers.{name}"),
                format!("{}:{} ({arn})", group.container_name, group.container_port),
                Effect::Restarts,
            );
        }
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        let groups = self.to_sdk();
        Ok(call.set_load_balancers((!groups.is_empty()).then_some(groups)))
    }

    /// An empty list takes the service off all of them.
    fn update(&self, call: Update) -> Result<Update, Failed> {
        Ok(call.set_load_balancers(Some(self.to_sdk())))
    }

    /// The grace goes with the last target group: ECS refuses one without any.
    fn brings(&self) -> &'static [&'static str] {
        if self.load_balancers.is_empty() {
            &[]
        } else {
            HealthGrace::GROUPS
        }
    }
}

impl TargetGroups {
    fn read(read: &[ecs::LoadBalancer]) -> Self {
        let groups = read.iter().map(|balancer| LoadBalancer {
            // A classic load balancer has a name and no target group.
            target_group_arn: balancer
                .target_group_arn
                .clone()
                .or_else(|| balancer.load_balancer_name.clone())
                .unwrap_or_default(),
            container_name: balancer.container_name.clone().unwrap_or_default(),
            container_port: balancer.container_port.unwrap_or_default(),
        });
        Self {
            load_balancers: groups.collect(),
        }
    }

    fn to_sdk(&self) -> Vec<ecs::LoadBalancer> {
        let groups = self.load_balancers.iter().map(|group| {
            ecs::LoadBalancer::builder()
                .target_group_arn(&group.target_group_arn)
                .container_name(&group.container_name)
                .container_port(group.container_port)
                .build()
        });
        groups.collect()
    }
}
