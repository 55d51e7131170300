//! What a server was asked for and does not tell any more.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// What `CreateService` and `UpdateService` set and `DescribeServices` tells on AWS under the same name.
const FIELDS: [&str; 7] = [
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "networkConfiguration",
    "platformVersion",
    "propagateTags",
];

/// The last value of each field that each service was given.
#[derive(Debug, Default)]
pub(super) struct Memory {
    services: HashMap<String, Map<String, Value>>,
}

impl Memory {
    pub(super) fn learn(&mut self, operation: &str, input: &Value) {
        let name = match operation {
            "CreateService" => &input["serviceName"],
            "UpdateService" => &input["service"],
            _ => return,
        };
        let Some(name) = name.as_str().and_then(|name| name.rsplit('/').next()) else {
            return;
        };
        let known = self.services.entry(name.to_owned()).or_default();
        for field in FIELDS {
            if let Some(value) = input.get(field) {
                known.insert(field.to_owned(), value.clone());
            }
        }
    }

    pub(super) fn fill(&self, service: &mut Value) {
        let known = service["serviceName"]
            .as_str()
            .and_then(|name| self.services.get(name));
        for (field, value) in known.into_iter().flatten() {
            service[field] = value.clone();
        }
    }
}

/// Which deployment the tasks of a revision belong to. On AWS `startedBy` of a service's task is the id of its
/// deployment (Amazon ECS API reference, Task); ministack tells the service's name.
#[derive(Debug, Default)]
pub(super) struct Starters {
    by_revision: HashMap<String, Value>,
}

impl Starters {
    /// Of several deployments of one revision the newest counts, which is listed first.
    pub(super) fn learn(&mut self, service: &Value) {
        let deployments = service["deployments"].as_array();
        for deployment in deployments.into_iter().flatten().rev() {
            if let Some(revision) = deployment["taskDefinition"].as_str() {
                self.by_revision
                    .insert(revision.to_owned(), deployment["id"].clone());
            }
        }
    }

    pub(super) fn fill(&self, task: &mut Value) {
        let revision = task["taskDefinitionArn"].as_str();
        if let Some(id) = revision.and_then(|revision| self.by_revision.get(revision)) {
            task["startedBy"] = id.clone();
        }
    }
}
