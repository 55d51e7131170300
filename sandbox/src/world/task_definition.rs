//! Task definitions: families, their revisions and what the scheduler reads from them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Millis, World};

/// A family and its revisions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Family {
    pub(crate) last: i64,
    pub(crate) revisions: BTreeMap<i64, TaskDefinition>,
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskDefinition {
    pub(crate) arn: String,
    pub(crate) family: String,
    pub(crate) revision: i64,
    pub(crate) active: bool,
    /// Deleted, which only an inactive one can be.
    #[serde(default)]
    pub(crate) deleting: bool,
    pub(crate) registered_at: Millis,
    pub(crate) deregistered_at: Option<Millis>,
    /// The fields that `RegisterTaskDefinition` takes, with ECS's defaults filled in.
    pub(crate) body: Map<String, Value>,
}

/// What the scheduler needs to know of a container definition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerDefinition {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) image: String,
    #[serde(default = "yes")]
    pub(crate) essential: bool,
    #[serde(default)]
    pub(crate) cpu: i64,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) log_configuration: Option<LogConfiguration>,
    #[serde(default)]
    pub(crate) depends_on: Vec<Dependency>,
    #[serde(default)]
    pub(crate) secrets: Vec<Secret>,
    #[serde(default)]
    pub(crate) port_mappings: Vec<PortMapping>,
}

fn yes() -> bool {
    true
}

/// A container health check, in seconds and tries.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HealthCheck {
    #[serde(default = "thirty")]
    pub(crate) interval: i64,
    #[serde(default = "three")]
    pub(crate) retries: i64,
    #[serde(default)]
    pub(crate) start_period: i64,
}

fn thirty() -> i64 {
    30
}

fn three() -> i64 {
    3
}

/// Where a container's output goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogConfiguration {
    pub(crate) log_driver: String,
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
}

/// What a container waits for before its start.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    pub(crate) container_name: String,
    pub(crate) condition: String,
}

/// A secret that a container reads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secret {
    pub(crate) value_from: String,
}

/// A port of a container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortMapping {
    #[serde(default)]
    pub(crate) container_port: i64,
}

impl TaskDefinition {
    /// The container definitions, as far as the scheduler reads them.
    pub(crate) fn containers(&self) -> Vec<ContainerDefinition> {
        let list = self
            .body
            .get("containerDefinitions")
            .cloned()
            .unwrap_or_default();
        serde_json::from_value(list).unwrap_or_default()
    }

    /// Its status, as ECS writes it.
    pub(crate) fn status(&self) -> &'static str {
        match (self.active, self.deleting) {
            (true, _) => "ACTIVE",
            (false, false) => "INACTIVE",
            (false, true) => "DELETE_IN_PROGRESS",
        }
    }

    /// A field of text, or nothing.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.body
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

impl World {
    /// Finds a revision by ARN, `family:revision`, or the newest active one of a family.
    pub(crate) fn task_definition(&self, reference: &str) -> Option<&TaskDefinition> {
        let short = reference.rsplit('/').next().unwrap_or(reference);
        match short.split_once(':') {
            Some((family, revision)) => {
                let revision: i64 = revision.parse().ok()?;
                self.families.get(family)?.revisions.get(&revision)
            }
            None => self
                .families
                .get(short)?
                .revisions
                .values()
                .rev()
                .find(|found| found.active),
        }
    }
}
