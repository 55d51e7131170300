//! How long after its start a task's findings by load balancers do not count. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::seconds;
use crate::spec::{EcsPlace, EcsService};

/// The grace of a service's health checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HealthGrace {
    /// Seconds; ECS takes it only with target groups. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) health_check_grace_period_seconds: Option<i32>,
}

impl ServiceSetting for HealthGrace {
    const GROUPS: &'static [&'static str] = &["healthCheckGracePeriodSeconds"];

    fn rendered(service: &EcsService, _: &EcsPlace) -> Self {
        let grace = seconds(service.own.health_grace);
        let matters = grace > 0 && !service.own.target_groups.is_empty();
        Self {
            health_check_grace_period_seconds: matters.then_some(grace),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        Self {
            health_check_grace_period_seconds: read.health_check_grace_period_seconds,
        }
    }

    fn put(&self, beside: Beside, fields: &mut Fields) {
        if beside.is_balanced {
            fields.put_or(
                "healthCheckGracePeriodSeconds",
                self.health_check_grace_period_seconds,
                "0",
                Effect::Invisible,
            );
        }
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        Ok(call.set_health_check_grace_period_seconds(self.health_check_grace_period_seconds))
    }

    /// 0 sets it back.
    fn update(&self, call: Update) -> Result<Update, Failed> {
        let seconds = self.health_check_grace_period_seconds.unwrap_or(0);
        Ok(call.health_check_grace_period_seconds(seconds))
    }
}
