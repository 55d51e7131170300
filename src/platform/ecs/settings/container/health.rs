//! How ECS tells that a container is well. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT, put_words};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::incomplete;
use crate::platform::ecs::settings::sdk::{seconds, whole};
use crate::spec::{Container, EcsService};

/// How ECS tells that a container is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    /// Absent: it is well while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) health_check: Option<CommandCheck>,
}

/// A health check inside a container; the defaults are those of the Amazon ECS developer guide, task
/// definition parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommandCheck {
    /// `CMD-SHELL` and a shell line, or `CMD` and a program with its arguments.
    pub(crate) command: Vec<String>,
    /// Seconds; absent: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) interval: Option<i32>,
    /// Seconds; absent: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<i32>,
    /// Absent: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retries: Option<i32>,
    /// Seconds; absent: off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start_period: Option<i32>,
}

fn command(health: &crate::spec::HealthCheck) -> Vec<String> {
    if health.program.is_empty() {
        return vec!["CMD-SHELL".into(), health.command.clone()];
    }
    let program = health.program.iter().cloned();
    std::iter::once("CMD".to_owned()).chain(program).collect()
}

impl ContainerPart for Health {
    fn rendered(container: &Container, _: &EcsService) -> Self {
        Self {
            health_check: container.health.as_ref().map(|health| CommandCheck {
                command: command(health),
                interval: Some(seconds(health.interval)),
                timeout: Some(seconds(health.timeout)),
                retries: Some(whole(health.retries)),
                start_period: (!health.grace.is_zero()).then(|| seconds(health.grace)),
            }),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        Self {
            health_check: read.health_check.as_ref().map(|health| CommandCheck {
                command: health.command.clone(),
                interval: health.interval,
                timeout: health.timeout,
                retries: health.retries,
                start_period: health.start_period,
            }),
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        let Some(health) = &self.health_check else {
            return;
        };
        let at = |what: &str| at.path(&format!("healthCheck.{what}"));
        put_words(fields, at("command"), &health.command);
        fields.put_or(at("interval"), health.interval, "30", EFFECT);
        fields.put_or(at("timeout"), health.timeout, "5", EFFECT);
        fields.put_or(at("retries"), health.retries, "3", EFFECT);
        fields.put_or(at("startPeriod"), health.start_period, "0", EFFECT);
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let check = self.health_check.as_ref().map(|health| {
            ecs::HealthCheck::builder()
                .set_command(Some(health.command.clone()))
                .set_interval(health.interval)
                .set_timeout(health.timeout)
                .set_retries(health.retries)
                .set_start_period(health.start_period)
                .build()
        });
        merged.health_check = check.transpose().map_err(incomplete)?;
        Ok(())
    }
}
