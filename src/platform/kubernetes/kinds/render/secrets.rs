//! One Secret for all secrets of a service: its keys, how they get into containers, and the
//! `ExternalSecret` that fills it; and single keys of Secrets that somebody else keeps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Maker;
use crate::names::ContainerName;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Kind;
use crate::spec::{Container, KubeService, SecretRef};

/// How often the store is asked for new values. Written as the operator writes it, so that it is no
/// difference (External Secrets Operator documentation, `ExternalSecret`).
const REFRESH: &str = "1h0m0s";

/// The keys of the service's own Secret, each with where its value is kept.
pub(super) fn all(service: &KubeService) -> Vec<(String, &SecretRef)> {
    let keyed = service.containers.iter().flat_map(|container| {
        let own = own(container);
        own.map(move |(name, secret)| (key(service, &container.name, name), secret))
    });
    keyed.collect()
}

/// The Secrets of others that are read, each with the keys that it must have.
pub(super) fn of_others(service: &KubeService) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, reference) in service.containers.iter().flat_map(|one| &one.secrets) {
        if let SecretRef::Kubernetes { secret, key } = reference {
            let keys = found.entry(secret.to_string()).or_default();
            keys.insert(key.as_ref().unwrap_or(name).clone());
        }
    }
    found
}

/// What a container gets from the service's own Secret.
fn own(container: &Container) -> impl Iterator<Item = (&String, &SecretRef)> {
    let secrets = container.secrets.iter();
    secrets.filter(|(_, secret)| !matches!(secret, SecretRef::Kubernetes { .. }))
}

/// The key of a variable: its own name, and for a sidecar the sidecar's before it.
fn key(service: &KubeService, container: &ContainerName, variable: &str) -> String {
    if *container == service.main().name {
        variable.to_owned()
    } else {
        format!("{container}.{variable}")
    }
}

/// Whether the Secret is all the main container's, which then takes it whole.
fn is_whole(service: &KubeService) -> bool {
    let mut sidecars = service.containers.iter().skip(1);
    sidecars.all(|container| own(container).next().is_none())
}

/// `envFrom` of a container; empty: it has none.
pub(super) fn env_from(service: &KubeService, container: &Container) -> Vec<Value> {
    if own(container).next().is_none() || !is_whole(service) {
        return Vec::new();
    }
    vec![json!({ "secretRef": { "name": service.own.secret.as_str() } })]
}

/// Variables that are filled key by key: from the Secrets of others, and from the service's own so
/// that no container sees another one's.
pub(super) fn env(service: &KubeService, container: &Container) -> Vec<Value> {
    let whole = is_whole(service);
    let reference = |(name, reference): (&String, &SecretRef)| {
        let (secret, key) = match reference {
            SecretRef::Kubernetes { secret, key } => (secret, key.as_ref().unwrap_or(name).clone()),
            _ if whole => return None,
            _ => (&service.own.secret, key(service, &container.name, name)),
        };
        let from = json!({ "secretKeyRef": { "name": secret.as_str(), "key": key } });
        Some(json!({ "name": name, "valueFrom": from }))
    };
    container.secrets.iter().filter_map(reference).collect()
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
            .filter_map(|(key, secret)| {
                Some(json!({ "secretKey": key, "remoteRef": remote(secret)? }))
            })
            .collect();
        let name = self.service.own.secret.to_string();
        let spec = json!({
            "refreshInterval": REFRESH,
            "secretStoreRef": { "kind": store.kind, "name": store.name.as_str() },
            "target": { "name": name, "creationPolicy": "Owner" },
            "data": data,
        });
        Some(self.object(Kind::ExternalSecret, name, BTreeMap::new(), Some(spec)))
    }
}

/// Where the store has it; `None`: it is no store's.
fn remote(secret: &SecretRef) -> Option<Value> {
    Some(match secret {
        SecretRef::Kubernetes { .. } => return None,
        SecretRef::SecretsManager { arn, key: None } => json!({ "key": arn.as_str() }),
        SecretRef::SecretsManager {
            arn,
            key: Some(key),
        } => json!({ "key": arn.as_str(), "property": key }),
        SecretRef::Parameter(name) => json!({ "key": name }),
    })
}
