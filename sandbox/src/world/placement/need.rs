//! What a task needs of an instance, and whether one has it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::unplaced::Why;
use super::{Held, Instance, RESERVED, Seeker, expression};
use crate::world::task_definition::TaskDefinition;

/// A port of the host that leads to one of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Binding {
    pub(crate) container: String,
    pub(crate) container_port: i64,
    /// 0 before one was chosen.
    pub(crate) host_port: i64,
    pub(crate) protocol: String,
}

/// What a task reserves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Need {
    pub(crate) cpu: i64,
    pub(crate) memory: i64,
    pub(crate) gpu: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) ports: Vec<Binding>,
}

fn number(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

impl Need {
    /// The size of the task, or else what its containers reserve together.
    pub(crate) fn of(definition: &TaskDefinition) -> Self {
        let containers = definition.body.get("containerDefinitions");
        let containers = containers.and_then(Value::as_array);
        let containers = || containers.into_iter().flatten();
        let sum = |of: &dyn Fn(&Value) -> i64| containers().map(of).sum::<i64>();
        let memory = |one: &Value| {
            let soft = number(one.get("memoryReservation"));
            soft.or_else(|| number(one.get("memory"))).unwrap_or(0)
        };
        let mode = definition.text("networkMode");
        Self {
            cpu: number(definition.body.get("cpu"))
                .unwrap_or_else(|| sum(&|one| number(one.get("cpu")).unwrap_or(0))),
            memory: number(definition.body.get("memory")).unwrap_or_else(|| sum(&memory)),
            gpu: sum(&gpus),
            ports: containers().flat_map(|one| ports(one, mode)).collect(),
        }
    }
}

fn gpus(container: &Value) -> i64 {
    let asked = container
        .get("resourceRequirements")
        .and_then(Value::as_array);
    let gpu = |one: &&Value| one.get("type").and_then(Value::as_str) == Some("GPU");
    let asked = asked.into_iter().flatten().filter(gpu);
    asked.filter_map(|one| number(one.get("value"))).sum()
}

/// The ports that a container needs of its host: none where the task has an address of its own.
fn ports(container: &Value, mode: &str) -> Vec<Binding> {
    let text = |value: &Value, key: &str| {
        let found = value.get(key).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    if !matches!(mode, "bridge" | "host") {
        return Vec::new();
    }
    let mapped = container.get("portMappings").and_then(Value::as_array);
    let mapped = mapped.into_iter().flatten().map(|mapping| {
        let port = number(mapping.get("containerPort")).unwrap_or(0);
        let chosen = number(mapping.get("hostPort")).filter(|port| *port != 0);
        let protocol = text(mapping, "protocol");
        Binding {
            container: text(container, "name"),
            container_port: port,
            host_port: chosen.unwrap_or(if mode == "host" { port } else { 0 }),
            protocol: if protocol.is_empty() {
                "tcp".to_owned()
            } else {
                protocol
            },
        }
    });
    mapped.collect()
}

impl Seeker<'_> {
    /// Whether an instance is one of those that the task may go to at all.
    pub(super) fn takes(&self, instance: &Instance) -> bool {
        let own = instance.kind.capacity_provider.as_deref();
        own.is_none() || self.provider.is_none() || own == self.provider
    }

    /// Why an instance never takes such a task, whatever runs there.
    pub(super) fn rules_out(&self, instance: &Instance) -> Option<Why> {
        let platform = self.definition.body.get("runtimePlatform");
        let wanted = platform.and_then(|one| one.get("cpuArchitecture")?.as_str());
        let has = instance.attribute("ecs.cpu-architecture");
        if wanted.is_some_and(|wanted| has.is_some_and(|has| !has.eq_ignore_ascii_case(wanted))) {
            return Some(Why::Attribute);
        }
        let expressions = self.constraints.iter();
        let mut expressions = expressions.filter_map(|one| one.get("expression")?.as_str());
        let misses = expressions.any(|text| !expression::holds(text, instance));
        misses.then_some(Why::MemberOf)
    }

    /// Why an instance does not take the task now.
    pub(super) fn hindrance(&self, instance: &Instance, held: &Held, need: &Need) -> Option<Why> {
        if let Some(why) = self.rules_out(instance) {
            return Some(why);
        }
        let kind =
            |one: &Value| one.get("type").and_then(Value::as_str) == Some("distinctInstance");
        let taken = |port: &super::Binding| {
            port.host_port != 0
                && (RESERVED.contains(&port.host_port)
                    || held
                        .ports
                        .contains(&(port.protocol.clone(), port.host_port)))
        };
        let distinct = self.daemon || self.constraints.iter().any(kind);
        let rows = [
            (distinct && held.mine > 0, Why::Distinct),
            (need.gpu > instance.kind.gpu - held.gpu, Why::Gpu),
            (need.cpu > instance.kind.cpu - held.cpu, Why::Cpu),
            (
                need.memory > instance.kind.memory - held.memory,
                Why::Memory,
            ),
            (need.ports.iter().any(taken), Why::Port),
        ];
        let row = rows.into_iter().find(|(hinders, _)| *hinders);
        row.map(|(_, why)| why)
    }
}
