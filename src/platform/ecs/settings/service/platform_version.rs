//! The version of Fargate that tasks run on. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::spec::{EcsPlace, EcsService, LaunchType};

/// What an absent version stands for (Amazon ECS API reference, CreateService).
pub(crate) const LATEST: &str = "LATEST";

/// The version of Fargate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlatformVersion {
    /// Absent: [`LATEST`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) platform_version: Option<String>,
}

impl PlatformVersion {
    /// As it is compared: never absent.
    pub(crate) fn version(&self) -> &str {
        self.platform_version.as_deref().unwrap_or(LATEST)
    }
}

impl ServiceSetting for PlatformVersion {
    const GROUPS: &'static [&'static str] = &["platformVersion"];
    const OF_A_REVISION: bool = true;
    const STARTS_ROLLOUT: bool = true;

    fn rendered(service: &EcsService, _: &EcsPlace) -> Self {
        Self {
            platform_version: (service.own.launch == LaunchType::Fargate)
                .then(|| service.own.platform_version.clone()),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        Self {
            platform_version: read.platform_version.clone(),
        }
    }

    fn of_a_revision(read: &ecs::ServiceRevision) -> Self {
        Self {
            platform_version: read.platform_version.clone(),
        }
    }

    fn put(&self, _: Beside, fields: &mut Fields) {
        let version = Some(self.version());
        fields.put_or("platformVersion", version, LATEST, Effect::Restarts);
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        Ok(call.set_platform_version(self.platform_version.clone()))
    }

    fn update(&self, call: Update) -> Result<Update, Failed> {
        Ok(call.platform_version(self.version()))
    }
}
