//! Whether ECS keeps a count of tasks, or one task on each instance. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::word;
use crate::spec::{EcsPlace, EcsService};

/// What an absent strategy stands for (Amazon ECS API reference, `CreateService`).
const REPLICA: &str = "REPLICA";

/// The scheduling strategy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scheduling {
    /// `DAEMON`; absent, or `REPLICA`: a count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scheduling_strategy: Option<String>,
}

impl Scheduling {
    /// As it is compared: never absent.
    pub(crate) fn strategy(&self) -> &str {
        self.scheduling_strategy.as_deref().unwrap_or(REPLICA)
    }

    /// Whether there is one task on each instance.
    pub(crate) fn is_daemon(&self) -> bool {
        self.strategy() == ecs::SchedulingStrategy::Daemon.as_str()
    }
}

impl ServiceSetting for Scheduling {
    const GROUPS: &'static [&'static str] = &["schedulingStrategy"];

    fn rendered(service: &EcsService, _: &EcsPlace) -> Self {
        let daemon = service.own.daemon;
        Self {
            scheduling_strategy: daemon.then(|| word(&ecs::SchedulingStrategy::Daemon)),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        Self {
            scheduling_strategy: read.scheduling_strategy.as_ref().map(word),
        }
    }

    fn put(&self, _: Beside, fields: &mut Fields) {
        let strategy = Some(self.strategy());
        fields.put_or("schedulingStrategy", strategy, REPLICA, Effect::Restarts);
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        let strategy = self.scheduling_strategy.as_deref();
        Ok(call.set_scheduling_strategy(strategy.map(Into::into)))
    }

    /// It stays for ever: a plan that would change it is refused before.
    fn update(&self, call: Update) -> Result<Update, Failed> {
        Ok(call)
    }
}
