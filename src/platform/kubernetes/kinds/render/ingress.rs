//! The Ingress, and what the AWS Load Balancer Controller reads from its annotations.

use std::collections::BTreeMap;

use serde_json::json;

use super::Maker;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Kind;
use crate::spec::{Check, Expose, Ingress};

/// Before the key of each annotation for the controller (AWS Load Balancer Controller documentation,
/// Ingress annotations).
const ALB: &str = "alb.ingress.kubernetes.io/";

impl Maker<'_> {
    pub(super) fn ingress(&self) -> Option<Object> {
        let ingress = self.service.own.ingress.as_ref()?;
        let expose = self.service.expose.as_ref()?;
        let mut annotations = BTreeMap::new();
        if ingress.is_alb() {
            annotations = self.for_alb(expose);
        }
        annotations.extend(ingress.annotations.clone());
        let spec = self.rules(ingress, expose);
        let name = ingress.name.to_string();
        Some(self.object(Kind::Ingress, name, annotations, Some(spec)))
    }

    fn rules(&self, ingress: &Ingress, expose: &Expose) -> serde_json::Value {
        let port = self.service.own.service_port;
        let backend = json!({ "service": { "name": self.name(), "port": { "number": port } } });
        let path = json!({ "path": ingress.path, "pathType": "Prefix", "backend": backend });
        let mut rule = json!({ "http": { "paths": [path] } });
        if let Some(host) = &expose.host {
            rule["host"] = json!(host);
        }
        let mut spec = json!({ "rules": [rule] });
        if let Some(class) = &ingress.class {
            spec["ingressClassName"] = json!(class.as_str());
        }
        spec
    }

    /// Targets are the pods' own addresses: a Service of type `ClusterIP` has no port on the nodes
    /// that an instance target could be.
    fn for_alb(&self, expose: &Expose) -> BTreeMap<String, String> {
        let scheme = if expose.public {
            "internet-facing"
        } else {
            "internal"
        };
        let mut found = vec![
            ("scheme", scheme.to_owned()),
            ("target-type", "ip".to_owned()),
        ];
        match &expose.certificate {
            Some(certificate) => found.extend([
                ("certificate-arn", certificate.to_string()),
                ("listen-ports", r#"[{"HTTP":80},{"HTTPS":443}]"#.to_owned()),
                ("ssl-redirect", "443".to_owned()),
            ]),
            None => found.push(("listen-ports", r#"[{"HTTP":80}]"#.to_owned())),
        }
        let readiness = self.service.own.readiness.as_ref();
        if let Some(Check::Http(http)) = readiness.map(|probe| &probe.check) {
            found.push(("healthcheck-path", http.path.clone()));
            if self.service.main().ports.first().map(|port| port.number) != Some(http.port) {
                found.push(("healthcheck-port", http.port.to_string()));
            }
        }
        let whole = |(key, value)| (format!("{ALB}{key}"), value);
        found.into_iter().map(whole).collect()
    }
}
