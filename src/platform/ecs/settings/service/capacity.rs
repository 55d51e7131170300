//! Where tasks run: a launch type, or capacity providers in shares. Pure.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::whole;
use crate::platform::ecs::settings::sdk::{incomplete, word};
use crate::spec::{EcsPlace, EcsService};

/// Where tasks run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Launch {
    /// `FARGATE`, `EC2` or `EXTERNAL`; absent with a capacity-provider strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) launch_type: Option<String>,
    /// Capacity providers in shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) capacity_provider_strategy: Vec<StrategyItem>,
}

/// One item of a capacity-provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyItem {
    /// `FARGATE`, `FARGATE_SPOT`, or one of the cluster's own.
    pub(crate) capacity_provider: String,
    /// Its share.
    pub(crate) weight: i32,
    /// So many go here first.
    pub(crate) base: i32,
}

impl ServiceSetting for Launch {
    const GROUPS: &'static [&'static str] = &["launchType", "capacity"];
    const OF_A_REVISION: bool = true;
    // ECS refuses another strategy that forces no new deployment.
    const FORCES: bool = true;

    fn rendered(service: &EcsService, _: &EcsPlace) -> Self {
        let shares = &service.own.capacity;
        Self {
            launch_type: shares.is_empty().then(|| service.own.launch.word().into()),
            capacity_provider_strategy: shares
                .iter()
                .map(|item| StrategyItem {
                    capacity_provider: item.provider.clone(),
                    weight: whole(item.weight),
                    base: whole(item.base),
                })
                .collect(),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        let strategy = shares(read.capacity_provider_strategy());
        Self {
            // ECS tells the launch type of the tasks beside the strategy that chose it.
            launch_type: read
                .launch_type
                .as_ref()
                .filter(|_| strategy.is_empty())
                .map(word),
            capacity_provider_strategy: strategy,
        }
    }

    fn of_a_revision(read: &ecs::ServiceRevision) -> Self {
        Self {
            launch_type: read.launch_type.as_ref().map(word),
            capacity_provider_strategy: shares(read.capacity_provider_strategy()),
        }
    }

    fn put(&self, _: Beside, fields: &mut Fields) {
        if self.capacity_provider_strategy.is_empty() {
            let launch_type = self.launch_type.as_ref();
            fields.put_or("launchType", launch_type, "FARGATE", Effect::Restarts);
        }
        for item in &self.capacity_provider_strategy {
            fields.put(
                format!("capacity.{}", item.capacity_provider),
                format!("base {}, weight {}", item.base, item.weight),
                Effect::Restarts,
            );
        }
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        let strategy = self.strategy()?;
        Ok(call
            .set_launch_type(self.launch_type.as_deref().map(Into::into))
            .set_capacity_provider_strategy((!strategy.is_empty()).then_some(strategy)))
    }

    /// An empty strategy goes back to the launch type.
    fn update(&self, call: Update) -> Result<Update, Failed> {
        Ok(call.set_capacity_provider_strategy(Some(self.strategy()?)))
    }
}

impl Launch {
    fn strategy(&self) -> Result<Vec<ecs::CapacityProviderStrategyItem>, Failed> {
        self.capacity_provider_strategy
            .iter()
            .map(|item| {
                ecs::CapacityProviderStrategyItem::builder()
                    .capacity_provider(&item.capacity_provider)
                    .weight(item.weight)
                    .base(item.base)
                    .build()
                    .map_err(incomplete)
            })
            .collect()
    }
}

fn shares(read: &[ecs::CapacityProviderStrategyItem]) -> Vec<StrategyItem> {
    read.iter()
        .map(|item| StrategyItem {
            capacity_provider: item.capacity_provider.clone(),
            weight: item.weight,
            base: item.base,
        })
        .collect()
}
