//! The Service: the name and the port under which pods are found.

pub(crate) mod outside;
pub(crate) mod ports;

use serde_json::{Map, Value, json};

use super::render::{Maker, transport};
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::ServicePort;

/// The type of one that is reached from inside of the cluster alone, which is what is asked for usually.
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
        let own = self.service.own.service.as_ref()?;
        let ports = own.ports.iter().enumerate();
        let ports: Vec<Value> = ports
            .map(|(index, port)| self.service_port(index, port))
            .collect();
        let mut spec =
            json!({ "type": own.r#type.as_str(), "selector": own.selector, "ports": ports });
        if own.headless {
            spec["clusterIP"] = json!("None");
        }
        let name = own.name.to_string();
        Some(self.object(Kind::Service, name, own.annotations.clone(), Some(spec)))
    }

    /// Clients use the first one. Where it leads to the service's own port, it does by that one's name.
    fn service_port(&self, index: usize, port: &ServicePort) -> Value {
        let mut fields = Map::new();
        if let Some(name) = &port.name {
            fields.insert("name".into(), json!(name));
        }
        fields.insert("port".into(), json!(port.port));
        let own = self.service.main().ports.first();
        let is_own = own.is_some_and(|own| {
            index == 0 && own.number == port.target && own.protocol == port.protocol
        });
        let target = if is_own {
            json!(own.and_then(ports::said).unwrap_or(ports::NAME))
        } else {
            json!(port.target)
        };
        fields.insert("targetPort".into(), target);
        fields.insert("protocol".into(), json!(transport(port.protocol)));
        if let Some(number) = port.node_port {
            fields.insert("nodePort".into(), json!(number));
        }
        if let Some(protocol) = &port.app_protocol {
            fields.insert("appProtocol".into(), json!(protocol));
        }
        Value::Object(fields)
    }
}
