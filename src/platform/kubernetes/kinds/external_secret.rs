//! The `ExternalSecret`: what fills the service's own Secret from a store.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::render::{Maker, secrets};
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::SecretRef;

/// How often the store is asked for new values. Written as the operator writes it, so that it is no
/// difference (External Secrets Operator documentation, `ExternalSecret`).
const REFRESH: &str = "1h0m0s";

pub(super) static FACTS: Facts = Facts {
    // External Secrets Operator API reference, `ExternalSecretDataRemoteRef`.
    defaults: &[
        ("conversionStrategy", "Default"),
        ("decodingStrategy", "None"),
        ("metadataPolicy", "None"),
        ("nullBytePolicy", "Ignore"),
    ],
    addon: Some(
        "install the External Secrets Operator, or make the Secret yourself and take `secret_store` out \
         of the target's file",
    ),
    ..Facts::of("external-secrets.io", "v1", "externalsecrets", |maker| {
        Vec::from_iter(maker.external_secret())
    })
};

impl Maker<'_> {
    /// External Secrets Operator documentation, `ExternalSecret` and AWS providers: the key of a
    /// reference may be an ARN.
    fn external_secret(&self) -> Option<Object> {
        let store = self.setting.place.secret_store.as_ref()?;
        let secrets = secrets::all(self.service);
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
