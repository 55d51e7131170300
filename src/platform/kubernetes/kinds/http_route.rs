//! The `HTTPRoute`: how a Gateway leads to the service.

use serde_json::{Value, json};

use super::render::Maker;
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::{RouteBackend, RouteRule};

pub(super) static FACTS: Facts = Facts {
    backend: Some(backend),
    // Gateway API reference, `ParentReference`, `HTTPBackendRef`, `HTTPRouteMatch` and
    // `HTTPRequestRedirectFilter`.
    defaults: &[
        ("group", "gateway.networking.k8s.io"),
        ("group", ""),
        ("kind", "Gateway"),
        ("kind", "Service"),
        ("weight", "1"),
        ("type", "PathPrefix"),
        ("type", "Exact"),
        ("statusCode", "302"),
    ],
    addon: Some(
        "install the Gateway API and a controller for it, or take `gateway` out of the file, so that \
         `expose` makes an Ingress",
    ),
    ..Facts::of("gateway.networking.k8s.io", "v1", "httproutes", |maker| {
        Vec::from_iter(maker.http_route())
    })
};

/// The Service of its first rule.
fn backend(live: &Value) -> Option<&str> {
    live.pointer("/spec/rules/0/backendRefs/0/name")?.as_str()
}

impl Maker<'_> {
    fn http_route(&self) -> Option<Object> {
        let route = self.service.own.around.route.as_ref()?;
        let rules: Vec<Value> = route
            .rules
            .iter()
            .map(|rule| self.route_rule(rule))
            .collect();
        let mut spec = json!({ "parentRefs": route.parents, "rules": rules });
        if !route.hosts.is_empty() {
            spec["hostnames"] = json!(route.hosts);
        }
        let (name, annotations) = (route.name.to_string(), route.annotations.clone());
        Some(self.object(Kind::HTTPRoute, name, annotations, Some(spec)))
    }

    fn route_rule(&self, rule: &RouteRule) -> Value {
        let mut fields = json!({ "matches": rule.matches });
        if !rule.filters.is_empty() {
            fields["filters"] = json!(rule.filters);
        }
        let to: Vec<Value> = rule.to.iter().map(|to| self.route_backend(to)).collect();
        if !to.is_empty() {
            fields["backendRefs"] = json!(to);
        }
        for (key, time) in [
            ("request", &rule.timeout),
            ("backendRequest", &rule.backend_timeout),
        ] {
            if let Some(time) = time {
                fields["timeouts"][key] = json!(time);
            }
        }
        fields
    }

    /// Our own Service, unless another one is said.
    fn route_backend(&self, to: &RouteBackend) -> Value {
        let own = &self.service.own;
        let name = to.service.as_ref().map(ToString::to_string);
        let ours = own.service.as_ref().map(|service| service.name.to_string());
        let port = to.port.unwrap_or_else(|| u32::from(own.service_port()));
        let mut fields = json!({ "name": name.or(ours), "port": port });
        if let Some(weight) = to.weight {
            fields["weight"] = json!(weight);
        }
        fields
    }
}
