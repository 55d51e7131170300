//! The Service: the name and the port under which pods are found.

pub(crate) mod outside;
pub(crate) mod ports;

use serde_json::{Map, Value, json};

use super::render::{Maker, transport};
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::Port;

/// The type of one that is reached from inside of the cluster alone, which is what is asked for.
const INSIDE: &str = "ClusterIP";

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    // Kubernetes API reference, `ServiceSpec` and `ServicePort`.
    defaults: &[
        ("internalTrafficPolicy", "Cluster"),
        ("ipFamilyPolicy", "SingleStack"),
        ("protocol", "TCP"),
        ("sessionAffinity", "None"),
        ("type", INSIDE),
    ],
    left_out: &["publishNotReadyAddresses"],
    ..Facts::of("", "v1", "services", |maker| {
        Vec::from_iter(maker.service())
    })
};

/// What the API server gives one and never takes back (Kubernetes API reference, `ServiceSpec`).
pub(crate) const ALLOCATED: [&str; 5] = [
    "clusterIP",
    "clusterIPs",
    "healthCheckNodePort",
    "ipFamilies",
    "ipFamilyPolicy",
];

impl Maker<'_> {
    fn service(&self) -> Option<Object> {
        let ports = &self.service.main().ports;
        if ports.is_empty() {
            return None;
        }
        let ports: Vec<Value> = ports
            .iter()
            .enumerate()
            .map(|(index, port)| self.service_port(index, port, ports.len() > 1))
            .collect();
        let spec = json!({ "type": INSIDE, "selector": self.selector(), "ports": ports });
        Some(self.plain(Kind::Service, spec))
    }

    /// Of several ports each must have a name (Kubernetes documentation, multi-port Services).
    fn service_port(&self, index: usize, port: &Port, several: bool) -> Value {
        let number = if index == 0 {
            self.service.own.service_port
        } else {
            port.number
        };
        let mut fields = Map::new();
        if several {
            let word = transport(port.protocol).to_lowercase();
            fields.insert("name".into(), json!(format!("{word}-{}", port.number)));
        }
        fields.insert("port".into(), json!(number));
        let target = if index == 0 {
            json!(ports::NAME)
        } else {
            json!(port.number)
        };
        fields.insert("targetPort".into(), target);
        fields.insert("protocol".into(), json!(transport(port.protocol)));
        Value::Object(fields)
    }
}
