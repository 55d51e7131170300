//! Where a container's output goes. Pure.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::{incomplete, word};
use crate::platform::ecs::settings::unmanaged::left::{Left, sorted};
use crate::spec::{Container, EcsService};

/// The options of `awslogs` that the file format has words for.
const OPTIONS: [&str; 3] = ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"];

/// Where a container's output goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Logs {
    /// Absent: nowhere, or where a driver that we have no word for sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log_configuration: Option<LogConfiguration>,
}

/// The one driver that the file format has a word for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogConfiguration {
    /// `awslogs`.
    pub(crate) log_driver: String,
    /// Group, Region and prefix.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

impl ContainerPart for Logs {
    fn rendered(_: &Container, service: &EcsService) -> Self {
        Self {
            log_configuration: service.own.logs.as_ref().map(|logs| LogConfiguration {
                log_driver: "awslogs".into(),
                options: [
                    ("awslogs-group", logs.group.clone()),
                    ("awslogs-region", logs.region.to_string()),
                    ("awslogs-stream-prefix", logs.prefix.clone()),
                ]
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            }),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        let logs = read
            .log_configuration
            .as_ref()
            .filter(|logs| on_awslogs(logs));
        Self {
            log_configuration: logs.map(|logs| LogConfiguration {
                log_driver: word(&logs.log_driver),
                options: logs
                    .options
                    .iter()
                    .flatten()
                    .filter(|(option, _)| OPTIONS.contains(&option.as_str()))
                    .map(|(option, value)| (option.clone(), value.clone()))
                    .collect(),
            }),
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        let Some(logs) = &self.log_configuration else {
            return;
        };
        let at = |what: &str| at.path(&format!("logConfiguration.{what}"));
        fields.put(at("logDriver"), &logs.log_driver, EFFECT);
        for (option, value) in &logs.options {
            fields.put(at(option), value, EFFECT);
        }
    }

    /// Our three options of awslogs on top of the others; another driver is left alone unless we ask
    /// for awslogs.
    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let base = merged.log_configuration.take();
        let Some(wanted) = &self.log_configuration else {
            merged.log_configuration = base.filter(|base| !on_awslogs(base));
            return Ok(());
        };
        let base = base.filter(on_awslogs);
        let options = base.as_ref().and_then(|base| base.options.clone());
        let mut options: HashMap<String, String> = options.unwrap_or_default();
        options.retain(|option, _| !OPTIONS.contains(&option.as_str()));
        options.extend(wanted.options.clone());
        let logs = ecs::LogConfiguration::builder()
            .log_driver(wanted.log_driver.as_str().into())
            .set_options(Some(options))
            .set_secret_options(base.and_then(|base| base.secret_options))
            .build()
            .map_err(incomplete)?;
        merged.log_configuration = Some(logs);
        Ok(())
    }

    fn left_over(read: &ecs::ContainerDefinition, left: &mut Left) {
        let Some(logs) = &read.log_configuration else {
            return;
        };
        if !on_awslogs(logs) {
            left.add("logConfiguration", &logs.log_driver);
            return;
        }
        let mut others = logs.options.as_ref().map(sorted).unwrap_or_default();
        others.retain(|(option, _)| !OPTIONS.contains(&option.as_str()));
        left.list("logConfiguration.options", &others);
        left.list("logConfiguration.secretOptions", logs.secret_options());
    }
}

fn on_awslogs(logs: &ecs::LogConfiguration) -> bool {
    logs.log_driver == ecs::LogDriver::Awslogs
}
