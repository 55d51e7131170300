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
