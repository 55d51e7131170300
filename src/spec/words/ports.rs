//! The ports that containers listen on.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, Shape};
use crate::spec::tree::Node;
use crate::spec::words::Placed;

/// A port: 8080, or "53/udp".
#[derive(Clone, Copy)]
pub(in crate::spec) struct WrittenPort(pub(in crate::spec) Port);

/// A port is a number, with a protocol behind it perhaps.
pub(in crate::spec) static PORT: Pattern = Pattern::new("[1-9][0-9]{0,4}(?:/(?:tcp|udp))?");

impl Shape for WrittenPort {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Some(text) = node.word() else {
            let Whole::<1, 65_535>(number) = Whole::read(node, findings)?;
            let number = u16::try_from(number).ok()?;
            return Some(Self(Port {
                number,
                protocol: Protocol::Tcp,
            }));
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
            Some(Self(Port { number, protocol }))
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
            ],
        })
    }
}

/// A port a container listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port {
    /// The port lies between 1 and 65535.
    pub(crate) number: u16,
    /// The transport that the port is opened for.
    pub(crate) protocol: Protocol,
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

/// All containers of a task share one network interface, so a port has one owner.
pub(in crate::spec) fn check(containers: &[Placed], findings: &mut Findings) {
    let mut taken: HashMap<_, &At<Port>> = HashMap::new();
    for port in containers.iter().flat_map(|placed| &placed.ports) {
        let key = (port.value.number, port.value.protocol == Protocol::Udp);
        let first = *taken.entry(key).or_insert(port);
        if first.spot != port.spot {
            findings.problem(
                Problem::new(
                    "duplicate-port",
                    "two containers of a service cannot listen on one port",
                )
                .at(port.spot)
                .also(first.spot, "taken here"),
            );
        }
    }
}
