//! Whether `aws ecs execute-command` may run commands in a service's containers. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::spec::{EcsPlace, EcsService};

/// ECS Exec.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exec {
    /// Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) enable_execute_command: Option<bool>,
}

impl ServiceSetting for Exec {
    const GROUPS: &'static [&'static str] = &["enableExecuteCommand"];
    // A task gets its agent when it starts; ECS itself sees no reason to start others.
    const FORCES: bool = true;

    fn rendered(service: &EcsService, _: &EcsPlace) -> Self {
        Self {
            enable_execute_command: service.own.exec.then_some(true),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        Self {
            enable_execute_command: Some(read.enable_execute_command),
        }
    }

    fn put(&self, _: Beside, fields: &mut Fields) {
        let enabled = self.enable_execute_command;
        fields.put_or("enableExecuteCommand", enabled, "false", Effect::Restarts);
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        Ok(call.set_enable_execute_command(self.enable_execute_command))
    }

    fn update(&self, call: Update) -> Result<Update, Failed> {
        Ok(call.enable_execute_command(self.enable_execute_command.unwrap_or(false)))
    }
}
