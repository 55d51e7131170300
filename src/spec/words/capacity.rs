//! On which capacity of Fargate tasks run.

use serde::{Deserialize, Serialize};

use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::or;
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, table, words};

words!(
    Provider, "a capacity provider",
    "FARGATE" => Provider::Fargate,
    "FARGATE_SPOT" => Provider::FargateSpot,
);

table! {
    /// One part of a capacity mix.
    "capacity" CapacityTable {
        /// `FARGATE` or `FARGATE_SPOT`.
        provider: Provider = required,
        /// So many tasks go here first. Default: 0.
        base: Whole<0, 100_000>,
        /// Share of the rest, 0 to 1000. Default: 1.
        weight: Whole<0, 1000>,
    }
}

/// One item of a capacity-provider strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// Fargate or Fargate Spot.
    pub(crate) provider: Provider,
    /// So many tasks go here first; at most one item has a base above 0.
    pub(crate) base: u32,
    /// Share of the rest, 0 to 1000.
    pub(crate) weight: u32,
}

/// The capacity providers of Fargate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    /// Capacity on demand, which is not taken back.
    Fargate,
    /// Cheaper; may be taken back with two minutes' notice.
    FargateSpot,
}

/// Amazon ECS API reference, `CapacityProviderStrategyItem`.
pub(in crate::spec) fn capacity(
    raw: Option<At<Vec<At<CapacityTable>>>>,
    findings: &mut Findings,
) -> Vec<Capacity> {
    let Some(items) = raw else {
        return Vec::new();
    };
    let mut found: Vec<Capacity> = Vec::new();
    for At {
        value: raw, spot, ..
    } in items.value
    {
        let Some(provider) = raw.provider else {
            continue;
        };
        if found.iter().any(|other| other.provider == provider.value) {
            findings.problem(
                Problem::new("duplicate-name", "this provider is listed twice").at(provider.spot),
            );
        }
        let base = or(raw.base, Whole(0)).0;
        if base > 0 && found.iter().any(|other| other.base > 0) {
            findings.bad_value(spot, "only one provider can have a `base`");
        }
        found.push(Capacity {
            provider: provider.value,
            base,
            weight: or(raw.weight, Whole(1)).0,
        });
    }
    if !found.is_empty() && found.iter().all(|item| item.weight == 0) {
        findings.bad_value(items.head, "at least one provider needs a `weight` above 0");
    }
    found
}
