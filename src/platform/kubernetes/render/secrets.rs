//! One Secret for all secrets of a service: its keys, how they get into containers, and the
//! `ExternalSecret` that fills it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::kind::Kind;
use super::super::object::Object;
use super::Maker;
use crate::names::ContainerName;
use crate::spec::{Container, SecretRef, Service};

/// How often the store is asked for new values. Written as the operator writes it, so that it is no
/// difference (External Secrets Operator documentation, `ExternalSecret`).
const REFRESH: &str = "1h0m0s";

/// The keys of the Secret, each with where its value is kept.
pub(super) fn all(service: &Service) -> Vec<(String, &SecretRef)> {
    let of = |container: &'_ Container| container.name.clone();
    let keyed = service.containers.iter().flat_map(|container| {
        let container_name = of(container);
        let secrets = container.secrets.iter();
        secrets.map(move |(name, secret)| (key(service, &container_name, name), secret))
    });
    keyed.collect()
}

/// The key of a variable: its own name, and for a sidecar the sidecar's before it.
fn key(service: &Service, container: &ContainerName, variable: &str) -> String {
    if *container == service.main().name {
        variable.to_owned()
    } else {
        format!("{container}.{variable}")
    }
}

/// Whether the Secret is all the main container's, which then takes it whole.
fn is_whole(service: &Service) -> bool {
    let mut sidecars = service.containers.iter().skip(1);
    sidecars.all(|container| container.secrets.is_empty())
}

/// `envFrom` of a container; empty: it has none.
pub(super) fn env_from(service: &Service, container: &Container) -> Vec<Value> {
    if container.secrets.is_empty() || !is_whole(service) {
        return Vec::new();
    }
    vec![json!({ "secretRef": { "name": service.kubernetes.secret.as_str() } })]
}

/// Variables that are filled key by key, so that no container sees another one's.
pub(super) fn env(service: &Service, container: &Container) -> Vec<Value> {
    if is_whole(service) {
        return Vec::new();
    }
    let reference = |(name, _): (&String, &SecretRef)| {
        let key = key(service, &container.name, name);
        let secret = service.kubernetes.secret.as_str();
        let from = json!({ "secretKeyRef": { "name": secret, "key": key } });
        json!({ "name": name, "valueFrom": from })
    };
    container.secrets.iter().map(reference).collect()
}

impl Maker<'_> {
    /// What fills the Secret (External Secrets Operator documentation, `ExternalSecret` and AWS
    /// providers: the key of a reference may be an ARN).
    pub(super) fn external_secret(&self) -> Option<Object> {
        let store = self.setting.place.secret_store.as_ref()?;
        let secrets = all(self.service);
        if secrets.is_empty() {
            return None;
        }
        let data: Vec<Value> = secrets
            .into_iter()
            .map(|(key, secret)| json!({ "secretKey": key, "remoteRef": remote(secret) }))
            .collect();
        let name = self.service.kubernetes.secret.to_string();
        let spec = json!({
            "refreshInterval": REFRESH,
            "secretStoreRef": { "kind": store.kind, "name": store.name.as_str() },
            "target": { "name": name, "creationPolicy": "Owner" },
            "data": data,
        });
        Some(self.object(Kind::ExternalSecret, name, BTreeMap::new(), Some(spec)))
    }
}

fn remote(secret: &SecretRef) -> Value {
    match secret {
        SecretRef::SecretsManager { arn, key: None } => json!({ "key": arn.as_str() }),
        SecretRef::SecretsManager {
            arn,
            key: Some(key),
        } => json!({ "key": arn.as_str(), "property": key }),
        SecretRef::Parameter(name) => json!({ "key": name }),
    }
}
