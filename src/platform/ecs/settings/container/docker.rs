//! What of Docker's own a container has: limits, labels, capabilities, files of its environment, and their
//! like. Each is kept as the API's JSON, so that it is compared leaf by leaf. Pure.

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::part::{At, ContainerPart, EFFECT};
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::patched::{NAMED, whole};
use crate::spec::{Container, EcsService, aws_json, may_be_secret};

/// Makes of one list of members what is kept of them.
macro_rules! members {
    ($($name:ident,)*) => {
        /// What of Docker's own a container has; absent is what Docker does anyway.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct Docker {
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub(crate) $name: Option<Value>,
            )*
        }

        /// Moves the members from one definition to another.
        fn set(from: ecs::ContainerDefinition, to: &mut ecs::ContainerDefinition) {
            $(to.$name = from.$name;)*
        }
    };
}

members! {
    docker_labels,
    docker_security_options,
    dns_search_domains,
    dns_servers,
    environment_files,
    extra_hosts,
    firelens_configuration,
    hostname,
    interactive,
    links,
    linux_parameters,
    privileged,
    pseudo_terminal,
    repository_credentials,
    resource_requirements,
    restart_policy,
    start_timeout,
    system_controls,
    ulimits,
    version_consistency,
}

impl Docker {
    /// Of members in the API's own spelling; what says nothing is not there.
    pub(crate) fn of(mut members: Value) -> Self {
        drop_nothing(&mut members);
        if members["versionConsistency"] == "enabled" {
            members["versionConsistency"] = Value::Null;
        }
        // Emulators tell a number of none.
        if members["startTimeout"] == 0 {
            members["startTimeout"] = Value::Null;
        }
        let policy = &mut members["restartPolicy"];
        if policy["enabled"] != true {
            *policy = Value::Null;
        } else if policy["restartAttemptPeriod"].is_null() {
            // So long it is where nothing is said (Amazon ECS API reference, `ContainerRestartPolicy`).
            policy["restartAttemptPeriod"] = json!(300);
        }
        serde_json::from_value(members).unwrap_or_default()
    }
}

/// Takes away what is empty or off, and tables that hold nothing else.
fn drop_nothing(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(drop_nothing);
            members.retain(|_, value| !is_nothing(value));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nothing),
        _ => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) => false,
    }
}

impl ContainerPart for Docker {
    fn rendered(container: &Container, service: &EcsService) -> Self {
        let own = service.own.containers.get(container.name.as_str());
        own.map(|own| Self::of(Value::Object(own.members.clone())))
            .unwrap_or_default()
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        aws_json::write(read).map(Self::of).unwrap_or_default()
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        if let Value::Object(members) = json!(self) {
            leaves(&members, &at.path(""), fields);
        }
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let read = aws_json::read(&json!(self), ecs::ContainerDefinition::deserialize);
        set(whole("container", read)?, merged);
        Ok(())
    }
}

/// Each value under its path; `under` ends with a dot.
fn leaves(members: &Map<String, Value>, under: &str, fields: &mut Fields) {
    for (key, value) in members {
        let path = format!("{under}{key}");
        let names = NAMED.iter().find(|(list, _)| list == key);
        match (value, names) {
            (Value::Object(members), _) => leaves(members, &format!("{path}."), fields),
            (Value::Array(items), Some((_, names))) => {
                for item in items.iter().filter_map(Value::as_object) {
                    let name = names.iter().find_map(|name| item.get(*name)?.as_str());
                    let mut rest = item.clone();
                    rest.retain(|key, _| !names.contains(&key.as_str()));
                    let path = format!("{path}.{}.", name.unwrap_or_default());
                    leaves(&rest, &path, fields);
                }
            }
            (value, _) => {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let hidden = may_be_secret(key, &text);
                fields.put_hidden(path, &text, hidden, EFFECT);
            }
        }
    }
}
