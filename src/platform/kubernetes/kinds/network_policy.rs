//! The `NetworkPolicy`: who may reach the pods, and whom they may reach.

use serde_json::{Value, json};

use super::render::Maker;
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::{Peer, PolicyRule};

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    ..Facts::of("networking.k8s.io", "v1", "networkpolicies", |maker| {
        Vec::from_iter(maker.network_policy())
    })
};

impl Maker<'_> {
    fn network_policy(&self) -> Option<Object> {
        let policy = self.service.own.around.policy.as_ref()?;
        let mut spec = json!({ "podSelector": { "matchLabels": policy.selector } });
        let mut types = Vec::new();
        for (kind, key, peers, rules) in [
            ("Ingress", "ingress", "from", &policy.ingress),
            ("Egress", "egress", "to", &policy.egress),
        ] {
            let Some(rules) = rules else { continue };
            types.push(kind);
            // What has no rule lets nobody through, by its type alone.
            if !rules.is_empty() {
                let rules = rules.iter().map(|rule| allowed(rule, peers));
                spec[key] = json!(rules.collect::<Vec<_>>());
            }
        }
        spec["policyTypes"] = json!(types);
        let name = policy.name.as_ref();
        let name = name.map_or_else(|| self.name(), ToString::to_string);
        let annotations = policy.annotations.clone();
        Some(self.object(Kind::NetworkPolicy, name, annotations, Some(spec)))
    }
}

fn allowed(rule: &PolicyRule, side: &str) -> Value {
    let mut fields = json!({});
    if !rule.peers.is_empty() {
        let peers = rule.peers.iter().map(Peer::manifest);
        fields[side] = json!(peers.collect::<Vec<_>>());
    }
    if !rule.ports.is_empty() {
        fields["ports"] = json!(rule.ports);
    }
    fields
}
