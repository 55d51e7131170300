//! One Secret for all secrets of a service: its keys, and how they get into containers; and single keys
//! of Secrets that somebody else keeps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::names::ContainerName;
use crate::spec::{Container, EnvFrom, EnvSource, KubeService, SecretRef};

/// The keys of the service's own Secret, each with where its value is kept.
pub(in crate::platform::kubernetes::kinds) fn all(
    service: &KubeService,
) -> Vec<(String, &SecretRef)> {
    let keyed = service.containers.iter().flat_map(|container| {
        let own = own(container);
        own.map(move |(name, secret)| (key(service, &container.name, name), secret))
    });
    keyed.collect()
}

/// The Secrets of others that are read, each with the keys that it must have.
pub(in crate::platform::kubernetes::kinds) fn of_others(
    service: &KubeService,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, reference) in service.containers.iter().flat_map(|one| &one.secrets) {
        if let SecretRef::Kubernetes {
            secret,
            key,
            optional: false,
        } = reference
        {
            let keys = found.entry(secret.to_string()).or_default();
            keys.insert(key.as_ref().unwrap_or(name).clone());
        }
    }
    for from in service.containers.iter().flat_map(|one| &one.env_from) {
        if let (EnvSource::Secret(secret), false) = (&from.source, from.optional) {
            found.entry(secret.to_string()).or_default();
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

/// `envFrom` of a container, the service's own Secret last, whose variables are said one by one; empty: it
/// has none.
pub(in crate::platform::kubernetes::kinds) fn env_from(
    service: &KubeService,
    container: &Container,
) -> Vec<Value> {
    let mut all: Vec<Value> = container.env_from.iter().map(from).collect();
    if own(container).next().is_some() && is_whole(service) {
        all.push(json!({ "secretRef": { "name": service.own.secret.as_str() } }));
    }
    all
}

fn from(from: &EnvFrom) -> Value {
    let (key, name) = match &from.source {
        EnvSource::Config(name) => ("configMapRef", name),
        EnvSource::Secret(name) => ("secretRef", name),
    };
    let mut fields = json!({ key: { "name": name.as_str() } });
    if from.optional {
        fields[key]["optional"] = json!(true);
    }
    if let Some(prefix) = &from.prefix {
        fields["prefix"] = json!(prefix);
    }
    fields
}

/// Variables that are filled key by key: from the Secrets of others, and from the service's own so
/// that no container sees another one's.
pub(in crate::platform::kubernetes::kinds) fn env(
    service: &KubeService,
    container: &Container,
) -> Vec<Value> {
    let whole = is_whole(service);
    let reference = |(name, reference): (&String, &SecretRef)| {
        let (secret, key, optional) = match reference {
            SecretRef::Kubernetes {
                secret,
                key,
                optional,
            } => (secret, key.as_ref().unwrap_or(name).clone(), *optional),
            _ if whole => return None,
            _ => {
                let key = key(service, &container.name, name);
                (&service.own.secret, key, false)
            }
        };
        let mut from = json!({ "secretKeyRef": { "name": secret.as_str(), "key": key } });
        if optional {
            from["secretKeyRef"]["optional"] = json!(true);
        }
        Some(json!({ "name": name, "valueFrom": from }))
    };
    container.secrets.iter().filter_map(reference).collect()
}
