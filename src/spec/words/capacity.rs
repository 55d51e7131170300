//! On which capacity tasks run.

use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::or;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, table};

table! {
    /// One part of a capacity mix.
    "capacity" CapacityTable {
        /// `FARGATE`, `FARGATE_SPOT`, or the name of one of the cluster's own.
        provider: Filled = required,
        /// So many tasks go here first. Default: 0.
        base: Whole<0, 100_000>,
        /// Share of the rest, 0 to 1000. Default: 1.
        weight: Whole<0, 1000>,
    }
}

/// One item of a capacity-provider strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// The capacity provider's name.
    pub(crate) provider: String,
    /// So many tasks go here first; at most one item has a base above 0.
    pub(crate) base: u32,
    /// Share of the rest, 0 to 1000.
    pub(crate) weight: u32,
}

/// Cheaper than `FARGATE`; may be taken back with two minutes' notice.
pub(crate) const SPOT: &str = "FARGATE_SPOT";

/// Whether a capacity provider is AWS's own for Fargate.
pub(crate) fn is_fargate(provider: &str) -> bool {
    provider == "FARGATE" || provider == SPOT
}

/// A provider's name, whatever the case of Fargate's letters. A name of one's own has letters, digits, `_`
/// and `-`, and does not begin with `aws`, `ecs` or `fargate` (Amazon ECS API reference,
/// `CreateCapacityProvider`).
fn name(at: At<Filled>, findings: &mut Findings) -> At<String> {
    let upper = at.value.0.to_ascii_uppercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let reserved = ["AWS", "ECS", "FARGATE"];
    let value = if is_fargate(&upper) {
        upper
    } else {
        if reserved.iter().any(|word| upper.starts_with(word)) {
            let message = "this is not a capacity provider: AWS has `FARGATE` and `FARGATE_SPOT`, and no other name begins so";
            findings.bad_value(at.spot, message);
        } else if at.value.0.len() > 255 || !at.value.0.chars().all(fits) {
            let message = "a capacity provider's name has at most 255 letters, digits, `_` and `-`";
            findings.bad_value(at.spot, message);
        }
        at.value.0
    };
    At {
        value,
        spot: at.spot,
        head: at.head,
    }
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
        let provider = name(provider, findings);
        let first = found.first().map(|first| is_fargate(&first.provider));
        if first.is_some_and(|fargate| fargate != is_fargate(&provider.value)) {
            let message = "Fargate's providers and others do not go together";
            let problem = Problem::new("conflict", message).at(provider.spot);
            findings.problem(problem.help("ECS refuses a strategy that has both"));
        }
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
