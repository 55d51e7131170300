//! The Ingress, and what the AWS Load Balancer Controller reads from its annotations.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::render::Maker;
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::{Backend, BackendPort, Check, Ingress, IngressPath};

/// Before the key of each annotation for the controller (AWS Load Balancer Controller documentation,
/// Ingress annotations).
const ALB: &str = "alb.ingress.kubernetes.io/";

pub(super) static FACTS: Facts = Facts {
    backend: Some(backend),
    ..Facts::of("networking.k8s.io", "v1", "ingresses", |maker| {
        Vec::from_iter(maker.ingress())
    })
};

/// The Service of its first path, else that of whatever no path takes.
fn backend(live: &Value) -> Option<&str> {
    let first = live.pointer("/spec/rules/0/http/paths/0/backend/service/name");
    let name = first.or_else(|| live.pointer("/spec/defaultBackend/service/name"));
    name?.as_str()
}

impl Maker<'_> {
    fn ingress(&self) -> Option<Object> {
        let ingress = self.service.own.ingress.as_ref()?;
        let mut annotations = BTreeMap::new();
        if ingress.is_alb() {
            annotations = self.for_alb(ingress);
        }
        annotations.extend(ingress.annotations.clone());
        let spec = self.rules(ingress);
        let name = ingress.name.to_string();
        Some(self.object(Kind::Ingress, name, annotations, Some(spec)))
    }

    fn rules(&self, ingress: &Ingress) -> Value {
        let mut spec = json!({});
        let rules = ingress.rules.iter().map(|rule| {
            let paths = rule.paths.iter().map(|path| self.path(path));
            let mut fields = json!({});
            if !rule.paths.is_empty() {
                fields["http"] = json!({ "paths": paths.collect::<Vec<_>>() });
            }
            if let Some(host) = &rule.host {
                fields["host"] = json!(host);
            }
            fields
        });
        let rules: Vec<Value> = rules.collect();
        if !rules.is_empty() {
            spec["rules"] = json!(rules);
        }
        if let Some(backend) = &ingress.default_backend {
            spec["defaultBackend"] = self.backend(backend);
        }
        let tls = ingress.tls.iter().map(|tls| {
            let mut fields = json!({});
            if !tls.hosts.is_empty() {
                fields["hosts"] = json!(tls.hosts);
            }
            if let Some(secret) = &tls.secret {
                fields["secretName"] = json!(secret.as_str());
            }
            fields
        });
        let tls: Vec<Value> = tls.collect();
        if !tls.is_empty() {
            spec["tls"] = json!(tls);
        }
        if let Some(class) = &ingress.class {
            spec["ingressClassName"] = json!(class.as_str());
        }
        spec
    }

    fn path(&self, path: &IngressPath) -> Value {
        let mut fields = json!({
            "pathType": path.r#type.as_str(),
            "backend": self.backend(&path.backend),
        });
        if let Some(path) = &path.path {
            fields["path"] = json!(path);
        }
        fields
    }

    /// Our own Service, unless another one is said.
    fn backend(&self, backend: &Backend) -> Value {
        let own = &self.service.own;
        let name = backend.service.as_ref().map(ToString::to_string);
        let ours = own.service.as_ref().map(|service| service.name.to_string());
        let port = match &backend.port {
            None => json!({ "number": own.service_port() }),
            Some(BackendPort::Number(number)) => json!({ "number": number }),
            Some(BackendPort::Name(name)) => json!({ "name": name }),
        };
        json!({ "service": { "name": name.or(ours), "port": port } })
    }

    /// Targets are the pods' own addresses: a Service of type `ClusterIP` has no port on the nodes
    /// that an instance target could be.
    fn for_alb(&self, ingress: &Ingress) -> BTreeMap<String, String> {
        let scheme = if ingress.public {
            "internet-facing"
        } else {
            "internal"
        };
        let mut found = vec![
            ("scheme", scheme.to_owned()),
            ("target-type", "ip".to_owned()),
        ];
        match &ingress.certificate {
            Some(certificate) => found.extend([
                ("certificate-arn", certificate.to_string()),
                ("listen-ports", r#"[{"HTTP":80},{"HTTPS":443}]"#.to_owned()),
                ("ssl-redirect", "443".to_owned()),
            ]),
            None => found.push(("listen-ports", r#"[{"HTTP":80}]"#.to_owned())),
        }
        let readiness = self.service.own.main.readiness.as_ref();
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
