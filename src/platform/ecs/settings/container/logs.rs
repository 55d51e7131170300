//! Where a container's output goes. Pure.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::container::environment::Secret;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::{incomplete, word};
use crate::spec::{Container, ContainerLog, EcsService, Log, may_be_secret};

/// Where a container's output goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Logs {
    /// Absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log_configuration: Option<LogConfiguration>,
}

/// A log driver with its options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogConfiguration {
    /// `awslogs`, `awsfirelens`, or another of Docker's.
    pub(crate) log_driver: String,
    /// Such as group, Region and prefix.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
    /// Options from secret stores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) secret_options: Vec<Secret>,
}

impl Logs {
    /// Whether ECS itself writes it, by the execution role.
    pub(crate) fn is_on_cloudwatch(&self) -> bool {
        let logs = self.log_configuration.as_ref();
        logs.is_some_and(|logs| logs.log_driver == "awslogs")
    }
}

impl From<&Log> for LogConfiguration {
    fn from(log: &Log) -> Self {
        let secrets = log.secrets.iter().map(|(name, from)| Secret {
            name: name.clone(),
            value_from: from.clone(),
        });
        Self {
            log_driver: log.driver.clone(),
            options: log.options.clone(),
            secret_options: secrets.collect(),
        }
    }
}

impl ContainerPart for Logs {
    fn rendered(container: &Container, service: &EcsService) -> Self {
        let own = service.own.containers.get(container.name.as_str());
        let log = match own.map(|own| &own.log) {
            Some(ContainerLog::None) => None,
            Some(ContainerLog::Own(log)) => Some(log),
            Some(ContainerLog::Shared) | None => service.own.log.as_ref(),
        };
        Self {
            log_configuration: log.map(LogConfiguration::from),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        let logs = read.log_configuration.as_ref();
        Self {
            log_configuration: logs.map(|logs| LogConfiguration {
                log_driver: word(&logs.log_driver),
                options: logs
                    .options
                    .clone()
                    .unwrap_or_default()
                    .into_iter()
                    .collect(),
                secret_options: logs
                    .secret_options()
                    .iter()
                    .map(|secret| Secret {
                        name: secret.name.clone(),
                        value_from: secret.value_from.clone(),
                    })
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
            fields.put_hidden(at(option), value, may_be_secret(option, value), EFFECT);
        }
        for secret in &logs.secret_options {
            let path = at(&format!("secretOptions.{}", secret.name));
            fields.put(path, &secret.value_from, EFFECT);
        }
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let Some(wanted) = &self.log_configuration else {
            merged.log_configuration = None;
            return Ok(());
        };
        let secrets = wanted.secret_options.iter().map(Secret::to_sdk);
        let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
        let options: HashMap<String, String> = wanted.options.clone().into_iter().collect();
        let logs = ecs::LogConfiguration::builder()
            .log_driver(wanted.log_driver.as_str().into())
            .set_options((!options.is_empty()).then_some(options))
            .set_secret_options((!secrets.is_empty()).then_some(secrets))
            .build()
            .map_err(incomplete)?;
        merged.log_configuration = Some(logs);
        Ok(())
    }
}
