//! The disruption budget: how many pods an eviction may take.

use std::collections::BTreeMap;

use serde_json::json;

use super::render::{Maker, share};
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::{Bound, Unhealthy};

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    ..Facts::of("policy", "v1", "poddisruptionbudgets", |maker| {
        Vec::from_iter(maker.disruption_budget())
    })
};

impl Maker<'_> {
    fn disruption_budget(&self) -> Option<Object> {
        let own = self.service.own.disruption.as_ref()?;
        let (key, bound) = match own.bound {
            Bound::Most(most) => ("maxUnavailable", most),
            Bound::Fewest(fewest) => ("minAvailable", fewest),
        };
        let policy = match own.unhealthy {
            Unhealthy::AlwaysAllow => "AlwaysAllow",
            Unhealthy::IfHealthyBudget => "IfHealthyBudget",
        };
        let mut spec = json!({
            "unhealthyPodEvictionPolicy": policy,
            "selector": { "matchLabels": own.selector },
        });
        spec[key] = share(bound);
        let name = own.name.as_ref();
        let name = name.map_or_else(|| self.name(), ToString::to_string);
        Some(self.object(Kind::PodDisruptionBudget, name, BTreeMap::new(), Some(spec)))
    }
}
