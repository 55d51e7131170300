//! The disruption budget: how many pods an eviction may take.

use serde_json::json;

use super::render::{Maker, share};
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    ..Facts::of("policy", "v1", "poddisruptionbudgets", |maker| {
        Vec::from_iter(maker.disruption_budget())
    })
};

impl Maker<'_> {
    /// Pods that are broken are no reason to keep a node from being drained.
    fn disruption_budget(&self) -> Option<Object> {
        let most = self.service.own.disruption?;
        let spec = json!({
            "maxUnavailable": share(most),
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": { "matchLabels": self.selector() },
        });
        Some(self.plain(Kind::PodDisruptionBudget, spec))
    }
}
