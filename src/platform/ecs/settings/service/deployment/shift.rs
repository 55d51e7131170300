//! How a rollout moves traffic to what is new: its strategy, bake times and hooks. Pure.

use aws_sdk_ecs::types as ecs;
use aws_sdk_ecs::types::builders::DeploymentConfigurationBuilder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::Effect;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::{whole, word};
use crate::spec::{Asked, HOOK_WAIT, StageHook, Strategy, TrafficShift, aws_json};

const ROLLING: &str = "ROLLING";
const LAMBDA: &str = "AWS_LAMBDA";
const PAUSE: &str = "PAUSE";

/// What follows where nothing is said (Amazon ECS API reference, `DeploymentLifecycleHookTimeoutConfiguration`).
const AFTER_WAIT: &str = "ROLLBACK";

/// How a rollout moves traffic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Shift {
    /// Absent: `ROLLING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) strategy: Option<String>,
    /// Absent: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bake_time_in_minutes: Option<i32>,
    /// Of `LINEAR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) linear_configuration: Option<Linear>,
    /// Of `CANARY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canary_configuration: Option<Canary>,
    /// Replaced as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lifecycle_hooks: Option<Vec<Hook>>,
}

/// Equal steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Linear {
    /// Absent: 10.
    pub(crate) step_percent: Option<f64>,
    /// Absent: 6.
    pub(crate) step_bake_time_in_minutes: Option<i32>,
}

/// A little at first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Canary {
    /// Absent: 5.
    pub(crate) canary_percent: Option<f64>,
    /// Absent: 10.
    pub(crate) canary_bake_time_in_minutes: Option<i32>,
}

/// What is asked at a stage.
#[expect(
    clippy::struct_field_names,
    reason = "they are called as the API calls them"
)]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Hook {
    /// Absent: `AWS_LAMBDA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_type: Option<String>,
    /// The function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hook_target_arn: Option<String>,
    /// The role by which it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<String>,
    pub(crate) lifecycle_stages: Vec<String>,
    /// What the function is given besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hook_details: Option<Value>,
    /// Absent: 1440 minutes, and `ROLLBACK`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_configuration: Option<Wait>,
}

/// How long a hook is waited for, and what follows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Wait {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_in_minutes: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
}

/// A share of the traffic, as the API has it.
fn percent(tenths: u32) -> f64 {
    f64::from(tenths) / 10.0
}

impl Shift {
    /// What the file asks for; a rolling update is what there is without a word.
    pub(super) fn rendered(shift: &TrafficShift) -> Self {
        let strategy = match shift.strategy {
            Strategy::Rolling => return Self::default(),
            Strategy::BlueGreen => "BLUE_GREEN",
            Strategy::Linear { .. } => "LINEAR",
            Strategy::Canary { .. } => "CANARY",
        };
        let linear_configuration = match shift.strategy {
            Strategy::Linear { step, bake } => Some(Linear {
                step_percent: Some(percent(step)),
                step_bake_time_in_minutes: Some(whole(bake)),
            }),
            _ => None,
        };
        let canary_configuration = match shift.strategy {
            Strategy::Canary { first, bake } => Some(Canary {
                canary_percent: Some(percent(first)),
                canary_bake_time_in_minutes: Some(whole(bake)),
            }),
            _ => None,
        };
        let hooks: Vec<Hook> = shift.hooks.iter().map(Hook::rendered).collect();
        Self {
            strategy: Some(strategy.to_owned()),
            bake_time_in_minutes: Some(whole(shift.bake)),
            linear_configuration,
            canary_configuration,
            lifecycle_hooks: (!hooks.is_empty()).then_some(hooks),
        }
    }

    /// What a service has.
    pub(super) fn received(read: &ecs::DeploymentConfiguration) -> Self {
        let linear = read.linear_configuration();
        let canary = read.canary_configuration();
        let hooks: Vec<Hook> = read.lifecycle_hooks().iter().map(Hook::received).collect();
        Self {
            strategy: read.strategy().map(word),
            bake_time_in_minutes: read.bake_time_in_minutes(),
            linear_configuration: linear.map(|linear| Linear {
                step_percent: linear.step_percent(),
                step_bake_time_in_minutes: linear.step_bake_time_in_minutes(),
            }),
            canary_configuration: canary.map(|canary| Canary {
                canary_percent: canary.canary_percent(),
                canary_bake_time_in_minutes: canary.canary_bake_time_in_minutes(),
            }),
            lifecycle_hooks: (!hooks.is_empty()).then_some(hooks),
        }
    }

    /// Whether it moves traffic between two sets of tasks.
    pub(crate) fn shifts(&self) -> bool {
        self.strategy.as_deref().is_some_and(|word| word != ROLLING)
    }

    /// What is there and not asked for is ended: an update keeps a member that is left out.
    pub(super) fn complete(&mut self, there: &Self) {
        if there.shifts() && self.strategy.is_none() {
            self.strategy = Some(ROLLING.to_owned());
        }
        if there.bake_time_in_minutes.is_some_and(|bake| bake > 0) {
            self.bake_time_in_minutes.get_or_insert(0);
        }
        if there.lifecycle_hooks.is_some() {
            self.lifecycle_hooks.get_or_insert_default();
        }
    }

    /// Adds its compared values. Steps count with the strategy that they are of.
    pub(super) fn put(&self, fields: &mut Fields) {
        let quiet = Effect::Invisible;
        let strategy = self.strategy.as_deref();
        fields.put_or("deployment.strategy", strategy, ROLLING, quiet);
        let bake = self.bake_time_in_minutes;
        fields.put_or("deployment.bakeTimeInMinutes", bake, "0", quiet);
        if strategy == Some("LINEAR") {
            let linear = self.linear_configuration.clone().unwrap_or_default();
            let (step, bake) = (linear.step_percent, linear.step_bake_time_in_minutes);
            fields.put_or(
                "deployment.linearConfiguration.stepPercent",
                step,
                "10",
                quiet,
            );
            let path = "deployment.linearConfiguration.stepBakeTimeInMinutes";
            fields.put_or(path, bake, "6", quiet);
        }
        if strategy == Some("CANARY") {
            let canary = self.canary_configuration.clone().unwrap_or_default();
            let (first, bake) = (canary.canary_percent, canary.canary_bake_time_in_minutes);
            fields.put_or(
                "deployment.canaryConfiguration.canaryPercent",
                first,
                "5",
                quiet,
            );
            let path = "deployment.canaryConfiguration.canaryBakeTimeInMinutes";
            fields.put_or(path, bake, "10", quiet);
        }
        for (index, hook) in self.lifecycle_hooks.iter().flatten().enumerate() {
            let path = format!("deployment.lifecycleHooks.{index}");
            fields.put(path, hook.words(), quiet);
        }
    }

    pub(super) fn to_sdk(
        &self,
        built: DeploymentConfigurationBuilder,
    ) -> DeploymentConfigurationBuilder {
        let linear = self.linear_configuration.as_ref().map(|linear| {
            ecs::LinearConfiguration::builder()
                .set_step_percent(linear.step_percent)
                .set_step_bake_time_in_minutes(linear.step_bake_time_in_minutes)
                .build()
        });
        let canary = self.canary_configuration.as_ref().map(|canary| {
            ecs::CanaryConfiguration::builder()
                .set_canary_percent(canary.canary_percent)
                .set_canary_bake_time_in_minutes(canary.canary_bake_time_in_minutes)
                .build()
        });
        let hooks = self.lifecycle_hooks.as_ref();
        let hooks = hooks.map(|hooks| hooks.iter().map(Hook::to_sdk).collect());
        built
            .set_strategy(self.strategy.as_deref().map(Into::into))
            .set_bake_time_in_minutes(self.bake_time_in_minutes)
            .set_linear_configuration(linear)
            .set_canary_configuration(canary)
            .set_lifecycle_hooks(hooks)
    }
}

impl Hook {
    fn rendered(hook: &StageHook) -> Self {
        let stages = hook
            .stages
            .iter()
            .map(|stage| (*stage).to_owned())
            .collect();
        let wait = Wait {
            timeout_in_minutes: hook.timeout.map(whole),
            action: hook.on_timeout.map(str::to_owned),
        };
        let common = Self {
            lifecycle_stages: stages,
            timeout_configuration: (wait != Wait::default()).then(|| Wait {
                timeout_in_minutes: wait.timeout_in_minutes.or(Some(whole(HOOK_WAIT))),
                action: wait.action.or_else(|| Some(AFTER_WAIT.to_owned())),
            }),
            ..Self::default()
        };
        match &hook.asks {
            Asked::Person => Self {
                target_type: Some(PAUSE.to_owned()),
                ..common
            },
            Asked::Lambda {
                function,
                role,
                details,
            } => Self {
                target_type: Some(LAMBDA.to_owned()),
                hook_target_arn: Some(function.to_string()),
                role_arn: Some(role.clone()),
                hook_details: details.clone(),
                ..common
            },
        }
    }

    fn received(read: &ecs::DeploymentLifecycleHook) -> Self {
        let wait = read.timeout_configuration();
        Self {
            target_type: read.target_type().map(word),
            hook_target_arn: read.hook_target_arn().map(str::to_owned),
            role_arn: read.role_arn().map(str::to_owned),
            lifecycle_stages: read.lifecycle_stages().iter().map(word).collect(),
            hook_details: read.hook_details().map(aws_json::of_document),
            timeout_configuration: wait.map(|wait| Wait {
                timeout_in_minutes: wait.timeout_in_minutes(),
                action: wait.action().map(word),
            }),
        }
    }

    /// Whether it waits for a person.
    pub(crate) fn pauses(&self) -> bool {
        self.target_type.as_deref() == Some(PAUSE)
    }

    /// How long it is waited for.
    pub(crate) fn minutes(&self) -> i32 {
        let wait = self.timeout_configuration.as_ref();
        wait.and_then(|wait| wait.timeout_in_minutes)
            .unwrap_or(whole(HOOK_WAIT))
    }

    /// What follows when that is over.
    pub(crate) fn after_wait(&self) -> &str {
        let wait = self.timeout_configuration.as_ref();
        let action = wait.and_then(|wait| wait.action.as_deref());
        action.unwrap_or(AFTER_WAIT)
    }

    /// As it is compared: stages have no order, and what is left out is its default.
    fn words(&self) -> String {
        let mut stages = self.lifecycle_stages.clone();
        stages.sort();
        let who = match (self.pauses(), &self.hook_target_arn) {
            (true, _) => "a person".to_owned(),
            (false, function) => {
                let role = self.role_arn.as_deref().unwrap_or("?");
                let details = self.hook_details.as_ref();
                let details =
                    details.map_or_else(String::new, |details| format!(" with {details}"));
                format!("{}{details}, by {role}", function.as_deref().unwrap_or("?"))
            }
        };
        let (minutes, after) = (self.minutes(), self.after_wait());
        format!(
            "{}: {who}; after {minutes} minutes {after}",
            stages.join(", ")
        )
    }

    fn to_sdk(&self) -> ecs::DeploymentLifecycleHook {
        let wait = self.timeout_configuration.as_ref().map(|wait| {
            ecs::DeploymentLifecycleHookTimeoutConfiguration::builder()
                .set_timeout_in_minutes(wait.timeout_in_minutes)
                .set_action(wait.action.as_deref().map(Into::into))
                .build()
        });
        let stages = self.lifecycle_stages.iter();
        ecs::DeploymentLifecycleHook::builder()
            .set_target_type(self.target_type.as_deref().map(Into::into))
            .set_hook_target_arn(self.hook_target_arn.clone())
            .set_role_arn(self.role_arn.clone())
            .set_lifecycle_stages(Some(stages.map(|stage| stage.as_str().into()).collect()))
            .set_hook_details(self.hook_details.as_ref().map(aws_json::document))
            .set_timeout_configuration(wait)
            .build()
    }
}
