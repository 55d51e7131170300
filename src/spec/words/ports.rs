//! The ports that containers listen on.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, Shape, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::words::Placed;

words!(Protocol, "a protocol", "tcp" => Protocol::Tcp, "udp" => Protocol::Udp);

table! {
    /// A port, with more to say of it than its number.
    "a port" PortTable {
        /// Its number.
        port: Whole<1, 65_535> = required,
        /// What it is called: on ECS by Service Connect, on Kubernetes in the pod.
        name: PortName,
        /// "tcp" or "udp". Default: tcp.
        protocol: Protocol,
        /// What is spoken there, for Service Connect on ECS: "http", "http2" or "grpc".
        app_protocol: Spoken,
        /// The instance's or node's port that leads to it. Default: none on Kubernetes; on ECS any that is free, or the same where network mode has no other.
        host: Whole<1, 65_535>,
    }
}

/// The name of a port.
pub(in crate::spec) struct PortName(String);

/// Letters, digits, `_` and `-`, at most 64 (Amazon ECS API reference, `PortMapping`).
pub(in crate::spec) static PORT_NAME: Pattern = Pattern::new("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

impl Shape for PortName {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = String::read(node, findings)?;
        if !PORT_NAME.holds(&text) {
            let message = "a port's name has at most 64 letters, digits, `_` and `-`";
            findings.bad_value(node.spot, message);
            return None;
        }
        Some(Self(text))
    }

    fn schema() -> Json {
        PORT_NAME.schema()
    }
}

/// What is spoken on a port.
pub(in crate::spec) struct Spoken(&'static str);

words!(
    Spoken, "an application protocol",
    "http" => Spoken("http"),
    "http2" => Spoken("http2"),
    "grpc" => Spoken("grpc"),
);

/// A port: 8080, "53/udp", or a table.
#[derive(Clone)]
pub(in crate::spec) struct WrittenPort(pub(in crate::spec) Port);

/// A port is a number, with a protocol behind it perhaps.
pub(in crate::spec) static PORT: Pattern = Pattern::new("[1-9][0-9]{0,4}(?:/(?:tcp|udp))?");

impl Shape for WrittenPort {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return of_table(PortTable::read(node, findings)?).map(Self);
        }
        let Some(text) = node.word() else {
            let Whole::<1, 65_535>(number) = Whole::read(node, findings)?;
            let number = u16::try_from(number).ok()?;
            return Some(Self(Port::of(number, Protocol::Tcp)));
        };
        if !PORT.holds(text) {
            let message = "this is not a port: write 8080, \"8080/tcp\" or \"53/udp\"";
            findings.bad_value(node.spot, message);
            return None;
        }
        let (number, protocol) = match text.split_once('/') {
            Some((number, "udp")) => (number, Protocol::Udp),
            Some((number, _)) => (number, Protocol::Tcp),
            None => (text, Protocol::Tcp),
        };
        if let Ok(number) = number.parse() {
            Some(Self(Port::of(number, protocol)))
        } else {
            findings.bad_value(node.spot, "must be from 1 to 65535");
            None
        }
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": 65535 },
                PORT.schema(),
                PortTable::schema(),
            ],
        })
    }
}

fn of_table(table: PortTable) -> Option<Port> {
    let number = |at: At<Whole<1, 65_535>>| u16::try_from(at.value.0).ok();
    Some(Port {
        number: number(table.port?)?,
        protocol: table.protocol.map(|at| at.value).unwrap_or_default(),
        name: table.name.map(|at| at.value.0),
        app_protocol: table.app_protocol.map(|at| at.value.0),
        host: table.host.and_then(number),
    })
}

/// A port a container listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    /// The port lies between 1 and 65535.
    pub(crate) number: u16,
    /// The transport that the port is opened for.
    pub(crate) protocol: Protocol,
    /// What it is called.
    pub(crate) name: Option<String>,
    /// What is spoken there, in the words of ECS.
    pub(crate) app_protocol: Option<&'static str>,
    /// The port of the machine that leads to it.
    pub(crate) host: Option<u16>,
}

impl Port {
    /// One of which no more is said.
    pub(crate) fn of(number: u16, protocol: Protocol) -> Self {
        Self {
            number,
            protocol,
            name: None,
            app_protocol: None,
            host: None,
        }
    }
}

/// The transport of a port.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Protocol {
    /// A stream, which is what nearly every service speaks.
    #[default]
    Tcp,
    /// Single datagrams.
    Udp,
}

pub(in crate::spec) fn ports(
    port: Option<At<WrittenPort>>,
    ports: Option<At<Vec<At<WrittenPort>>>>,
    findings: &mut Findings,
) -> Vec<At<Port>> {
    if let (Some(port), Some(ports)) = (&port, &ports) {
        findings.problem(
            Problem::new("conflict", "`port` and `ports` exclude each other")
                .at(ports.head)
                .also(port.head, "the one port"),
        );
    }
    let many = ports.map(|at| at.value).unwrap_or_default();
    let all = port.into_iter().chain(many);
    all.map(|at| At {
        value: at.value.0,
        spot: at.spot,
        head: at.head,
    })
    .collect()
}

/// All containers of a task share one network interface, so a port has one owner; unless each has an
/// interface `apart`, in Docker's bridge. A name stands for one port anyway.
pub(in crate::spec) fn check(containers: &[Placed], apart: bool, findings: &mut Findings) {
    let mut taken: HashMap<_, &At<Port>> = HashMap::new();
    let mut named: HashMap<_, &At<Port>> = HashMap::new();
    for port in containers.iter().flat_map(|placed| &placed.ports) {
        let key = (port.value.number, port.value.protocol == Protocol::Udp);
        let first = *taken.entry(key).or_insert(port);
        if first.spot != port.spot && !apart {
            findings.problem(
                Problem::new(
                    "duplicate-port",
                    "two containers of a service cannot listen on one port",
                )
                .at(port.spot)
                .also(first.spot, "taken here"),
            );
        }
        let Some(name) = &port.value.name else {
            continue;
        };
        let first = *named.entry(name.as_str()).or_insert(port);
        if first.spot != port.spot {
            let message = format!("two ports of a service are called `{name}`");
            let problem = Problem::new("duplicate-port", message).at(port.spot);
            findings.problem(problem.also(first.spot, "the first"));
        }
    }
}
