//! Environment that the cluster fills in: from fields of the pod, from its resources, and from `ConfigMaps` and
//! Secrets, key by key or whole.

use serde_json::{Value as Json, json};

use crate::names::{ContainerName, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::{Filled, Plain};
use crate::spec::shape::{At, Shape, Table, table};
use crate::spec::tree::{Node, Value};
use crate::spec::words::Placed;

table! {
    /// A variable that the cluster fills in: by one of `field`, `resource`, `config` and `expand`.
    "a variable of `env`" EnvRefTable {
        /// A field of the pod: "status.podIP", "metadata.name".
        field: Filled,
        /// What a container may use: "limits.memory", "requests.cpu".
        resource: Filled,
        /// Whose `resource`. Default: the container's own.
        container: ContainerName,
        /// In which unit `resource` is said: "1Mi". Default: 1.
        divisor: Filled,
        /// A `ConfigMap`.
        config: KubeName,
        /// The key in it. Default: the variable's own name.
        key: Filled,
        /// Whether the `ConfigMap` or its key may be missing. Default: false.
        optional: bool,
        /// A text in which $(NAME) stands for another variable.
        expand: Plain,
    }
}

table! {
    /// A whole `ConfigMap`, or a whole Secret.
    "`env_from`" EnvFromTable {
        /// A `ConfigMap`.
        config: KubeName,
        /// A Secret.
        secret: KubeName,
        /// Stands before the name of each variable.
        prefix: Filled,
        /// Whether it may be missing. Default: false.
        optional: bool,
    }
}

/// A variable that the cluster fills in (Kubernetes documentation, expose pod information to containers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnvRef {
    /// A field of the pod.
    Field(String),
    /// What a container may use.
    Resource {
        resource: String,
        /// `None`: the container's own.
        container: Option<ContainerName>,
        divisor: Option<String>,
    },
    /// A key of a `ConfigMap`.
    Config {
        name: KubeName,
        /// `None`: the variable's own name.
        key: Option<String>,
        optional: bool,
    },
}

/// A `ConfigMap` or a Secret, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvFrom {
    pub(crate) source: EnvSource,
    pub(crate) prefix: Option<String>,
    pub(crate) optional: bool,
}

/// Where whole environments come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnvSource {
    Config(KubeName),
    Secret(KubeName),
}

/// A value of `env`.
pub(in crate::spec) enum EnvValue {
    Plain(Plain),
    /// A text in which `$(NAME)` stands for another variable.
    Expand(Plain),
    Ref(EnvRef),
}

impl Shape for EnvValue {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if !matches!(node.value, Value::Table(_)) {
            return Plain::read(node, findings).map(Self::Plain);
        }
        let table = EnvRefTable::read(node, findings)?;
        let kinds = ["field", "resource", "config", "expand"];
        let said = table
            .given()
            .iter()
            .filter(|key| kinds.contains(&key.as_str()));
        if said.count() != 1 {
            let message = "needs one of `field`, `resource`, `config` and `expand`";
            findings.problem(Problem::new("bad-value", message).at(node.head()));
            return None;
        }
        table.value()
    }

    fn schema() -> Json {
        json!({ "anyOf": [Plain::schema(), EnvRefTable::schema()] })
    }
}

impl EnvRefTable {
    fn value(self) -> Option<EnvValue> {
        if let Some(text) = self.expand {
            return Some(EnvValue::Expand(text.value));
        }
        let text = |at: Option<At<Filled>>| at.map(|at| at.value.0);
        Some(EnvValue::Ref(if let Some(field) = self.field {
            EnvRef::Field(field.value.0)
        } else if let Some(resource) = self.resource {
            EnvRef::Resource {
                resource: resource.value.0,
                container: self.container.map(|at| at.value),
                divisor: text(self.divisor),
            }
        } else {
            EnvRef::Config {
                name: self.config?.value,
                key: text(self.key),
                optional: self.optional.is_some_and(|at| at.value),
            }
        }))
    }
}

/// The `ConfigMaps` and Secrets that fill the environment whole.
pub(in crate::spec) fn env_from(
    raw: Option<At<Vec<At<EnvFromTable>>>>,
    findings: &mut Findings,
) -> Vec<EnvFrom> {
    let mut found = Vec::new();
    for at in raw.map(|at| at.value).unwrap_or_default() {
        let spot = at.spot;
        let one = at.value;
        let source = match (one.config, one.secret) {
            (Some(config), None) => EnvSource::Config(config.value),
            (None, Some(secret)) => EnvSource::Secret(secret.value),
            _ => {
                let message = "needs either `config` or `secret`";
                findings.problem(Problem::new("bad-value", message).at(spot));
                continue;
            }
        };
        found.push(EnvFrom {
            source,
            prefix: one.prefix.map(|at| at.value.0),
            optional: one.optional.is_some_and(|at| at.value),
        });
    }
    found
}

/// ECS fills the environment from `secrets` alone.
pub(in crate::spec) fn for_ecs(containers: &[Placed], findings: &mut Findings) {
    for spot in containers.iter().flat_map(|placed| &placed.filled) {
        let message = "only Kubernetes fills the environment in like this";
        let problem = Problem::new("bad-value", message).at(*spot);
        findings.problem(problem.help(
            "ECS has values as text, and secrets; what differs between targets can stand in their files",
        ));
    }
}
