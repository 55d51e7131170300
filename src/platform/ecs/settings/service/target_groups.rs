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
use crate::spec::{EcsPlace, EcsService, GroupShift};

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
    /// Between which target groups traffic shifts, and by which rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) advanced_configuration: Option<Advanced>,
}

/// Between which target groups traffic shifts, and by which rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Advanced {
    /// The second target group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alternate_target_group_arn: Option<String>,
    /// The rule of production traffic; a Network Load Balancer's listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) production_listener_rule: Option<String>,
    /// The rule of test traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test_listener_rule: Option<String>,
    /// The role by which ECS changes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<String>,
}

impl Advanced {
    fn rendered(shift: &GroupShift) -> Self {
        Self {
            alternate_target_group_arn: Some(shift.alternate.to_string()),
            production_listener_rule: Some(shift.production_rule.to_string()),
            test_listener_rule: shift.test_rule.as_ref().map(ToString::to_string),
            role_arn: Some(shift.role.clone()),
        }
    }

    fn received(read: &ecs::AdvancedConfiguration) -> Self {
        Self {
            alternate_target_group_arn: read.alternate_target_group_arn.clone(),
            production_listener_rule: read.production_listener_rule.clone(),
            test_listener_rule: read.test_listener_rule.clone(),
            role_arn: read.role_arn.clone(),
        }
    }

    fn to_sdk(&self) -> ecs::AdvancedConfiguration {
        ecs::AdvancedConfiguration::builder()
            .set_alternate_target_group_arn(self.alternate_target_group_arn.clone())
            .set_production_listener_rule(self.production_listener_rule.clone())
            .set_test_listener_rule(self.test_listener_rule.clone())
            .set_role_arn(self.role_arn.clone())
            .build()
    }

    fn put(&self, path: &str, fields: &mut Fields) {
        let all = [
            ("alternateTargetGroupArn", &self.alternate_target_group_arn),
            ("productionListenerRule", &self.production_listener_rule),
            ("testListenerRule", &self.test_listener_rule),
            ("roleArn", &self.role_arn),
        ];
        for (name, value) in all {
            if let Some(value) = value {
                fields.put(format!("{path}.{name}"), value, Effect::Restarts);
            }
        }
    }
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
                    advanced_configuration: group.shift.as_ref().map(Advanced::rendered),
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
            let path = format!("loadBalancers.{name}");
            if let Some(advanced) = &group.advanced_configuration {
                advanced.put(&path, fields);
            }
            fields.put(
                path,
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
            advanced_configuration: balancer
                .advanced_configuration
                .as_ref()
                .map(Advanced::received),
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
                .set_advanced_configuration(
                    group.advanced_configuration.as_ref().map(Advanced::to_sdk),
                )
                .build()
        });
        groups.collect()
    }
}
