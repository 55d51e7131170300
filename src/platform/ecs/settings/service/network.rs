//! Subnets and security groups of a service's tasks. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::{incomplete, word};
use crate::spec::{EcsPlace, EcsService, NetworkMode};

/// The network of a service's tasks; replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskNetwork {
    /// Absent where a service has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network_configuration: Option<NetworkConfiguration>,
}

/// Of network mode `awsvpc`, which Fargate has alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkConfiguration {
    /// `awsvpc`: each task has an address of its own.
    pub(crate) awsvpc_configuration: AwsVpcConfiguration,
}

/// Subnets and security groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AwsVpcConfiguration {
    /// 1 to 16.
    pub(crate) subnets: Vec<String>,
    /// At most 5.
    #[serde(default)]
    pub(crate) security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`; absent: `DISABLED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assign_public_ip: Option<String>,
}

impl ServiceSetting for TaskNetwork {
    const GROUPS: &'static [&'static str] = &["network"];
    const OF_A_REVISION: bool = true;
    const STARTS_ROLLOUT: bool = true;

    fn rendered(service: &EcsService, place: &EcsPlace) -> Self {
        let awsvpc = service.own.network_mode == NetworkMode::Awsvpc;
        let Some(network) = place.network.as_ref().filter(|_| awsvpc) else {
            return Self::default();
        };
        let public = if network.public_ip {
            "ENABLED"
        } else {
            "DISABLED"
        };
        Self {
            network_configuration: Some(NetworkConfiguration {
                awsvpc_configuration: AwsVpcConfiguration {
                    subnets: network.subnets.clone(),
                    security_groups: network.security_groups.clone(),
                    assign_public_ip: Some(public.into()),
                },
            }),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        Self::read(read.network_configuration.as_ref())
    }

    fn of_a_revision(read: &ecs::ServiceRevision) -> Self {
        Self::read(read.network_configuration.as_ref())
    }

    fn put(&self, _: Beside, fields: &mut Fields) {
        let Some(network) = &self.network_configuration else {
            return;
        };
        let vpc = &network.awsvpc_configuration;
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort();
            list.dedup();
            list.join(", ")
        };
        fields.put("network.subnets", sorted(&vpc.subnets), Effect::Restarts);
        let groups = sorted(&vpc.security_groups);
        fields.put_or("network.securityGroups", Some(groups), "", Effect::Restarts);
        fields.put_or(
            "network.assignPublicIp",
            vpc.assign_public_ip.as_ref(),
            "DISABLED",
            Effect::Restarts,
        );
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        Ok(call.set_network_configuration(self.to_sdk()?))
    }

    fn update(&self, call: Update) -> Result<Update, Failed> {
        Ok(call.set_network_configuration(self.to_sdk()?))
    }
}

impl TaskNetwork {
    fn read(read: Option<&ecs::NetworkConfiguration>) -> Self {
        let vpc = read.and_then(|network| network.awsvpc_configuration.as_ref());
        Self {
            network_configuration: vpc.map(|vpc| NetworkConfiguration {
                awsvpc_configuration: AwsVpcConfiguration {
                    subnets: vpc.subnets.clone(),
                    security_groups: vpc.security_groups().to_vec(),
                    assign_public_ip: vpc.assign_public_ip.as_ref().map(word),
                },
            }),
        }
    }

    fn to_sdk(&self) -> Result<Option<ecs::NetworkConfiguration>, Failed> {
        let Some(network) = &self.network_configuration else {
            return Ok(None);
        };
        let vpc = &network.awsvpc_configuration;
        let public = vpc.assign_public_ip.as_deref();
        let vpc = ecs::AwsVpcConfiguration::builder()
            .set_subnets(Some(vpc.subnets.clone()))
            .set_security_groups(Some(vpc.security_groups.clone()))
            .set_assign_public_ip(public.map(ecs::AssignPublicIp::from))
            .build()
            .map_err(incomplete)?;
        Ok(Some(
            ecs::NetworkConfiguration::builder()
                .awsvpc_configuration(vpc)
                .build(),
        ))
    }
}
