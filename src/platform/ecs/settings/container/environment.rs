//! A container's environment: literal variables, and those that ECS fills from a secret store. Pure.

use std::fmt;

use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use super::part::{At, ContainerPart, EFFECT};
use crate::plan::MASK;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::incomplete;
use crate::spec::{Container, EcsService};

/// A container's environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Environment {
    /// Literal variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) environment: Vec<KeyValue>,
    /// Variables from secret stores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) secrets: Vec<Secret>,
}

impl Environment {
    /// Hides values that may be secrets.
    pub(crate) fn mask(&mut self) {
        for variable in &mut self.environment {
            if variable.sensitive {
                MASK.clone_into(&mut variable.value);
            }
        }
    }
}

/// A literal environment variable. Its value is never part of a `Debug` output.
#[derive(Clone, Eq, Serialize, Deserialize)]
pub(crate) struct KeyValue {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether the value may be a secret; not part of the request.
    #[serde(skip)]
    pub(crate) sensitive: bool,
}

/// How it is shown is no part of what it is.
impl PartialEq for KeyValue {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value == other.value
    }
}

impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=…", self.name)
    }
}

/// An environment variable filled from a secret store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// Where the value is kept.
    pub(crate) value_from: String,
}

impl Secret {
    /// As a request says it.
    pub(crate) fn to_sdk(&self) -> Result<ecs::Secret, Failed> {
        ecs::Secret::builder()
            .name(&self.name)
            .value_from(&self.value_from)
            .build()
            .map_err(incomplete)
    }
}

impl ContainerPart for Environment {
    fn rendered(container: &Container, _: &EcsService) -> Self {
        let literals = container.env.iter().map(|(name, literal)| KeyValue {
            name: name.clone(),
            value: literal.expose().to_owned(),
            sensitive: literal.is_sensitive(),
        });
        let secrets = container.secrets.iter().map(|(name, secret)| Secret {
            name: name.clone(),
            value_from: secret.value_from(),
        });
        Self {
            environment: literals.collect(),
            secrets: secrets.collect(),
        }
    }

    fn received(read: &ecs::ContainerDefinition) -> Self {
        let secrets = read.secrets().iter().map(|secret| Secret {
            name: secret.name.clone(),
            value_from: secret.value_from.clone(),
        });
        Self {
            environment: read.environment().iter().map(variable).collect(),
            secrets: secrets.collect(),
        }
    }

    fn put(&self, fields: &mut Fields, at: &At<'_>) {
        for variable in &self.environment {
            let hidden =
                variable.sensitive || crate::spec::may_be_secret(&variable.name, &variable.value);
            let path = at.path(&format!("environment.{}", variable.name));
            fields.put_hidden(path, &variable.value, hidden, EFFECT);
        }
        for secret in &self.secrets {
            let path = at.path(&format!("secrets.{}", secret.name));
            fields.put(path, &secret.value_from, EFFECT);
        }
    }

    fn merge(&self, merged: &mut ecs::ContainerDefinition) -> Result<(), Failed> {
        let literals = self.environment.iter().map(|variable| {
            ecs::KeyValuePair::builder()
                .name(&variable.name)
                .value(&variable.value)
                .build()
        });
        merged.environment = Some(literals.collect());
        let secrets = self.secrets.iter().map(Secret::to_sdk);
        merged.secrets = Some(secrets.collect::<Result<_, _>>()?);
        Ok(())
    }
}

fn variable(read: &ecs::KeyValuePair) -> KeyValue {
    let name = read.name.clone().unwrap_or_default();
    let value = read.value.clone().unwrap_or_default();
    KeyValue {
        sensitive: crate::spec::may_be_secret(&name, &value),
        name,
        value,
    }
}
