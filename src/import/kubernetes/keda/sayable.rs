//! Whether the words say all of what KEDA is told; else it is carried along as it is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{BEHAVIOR, VERSION};
use crate::import::kubernetes::family::{self, Family, items, text};
use crate::import::kubernetes::gateway::has_only;
use crate::import::kubernetes::labels::{Labels, annotations};
use crate::spec::{Trigger, manifests};

/// The share of CPU or memory that a trigger aims at, as we would write it.
pub(super) fn is_share(family: &Family, trigger: &Value) -> Option<u64> {
    let alone = family.is_alone();
    let keys: &[&str] = if alone {
        &["value"]
    } else {
        &["value", "containerName"]
    };
    let ours = alone || text(trigger, "/metadata/containerName") == family.main;
    let plain = has_only(trigger, &["type", "metricType", "metadata"])
        && has_only(trigger.get("metadata")?, keys)
        && text(trigger, "/metricType") == "Utilization";
    let share: u64 = text(trigger, "/metadata/value").parse().ok()?;
    (plain && ours && (1..=100).contains(&share)).then_some(share)
}

/// Whether the cluster itself measures it.
fn is_resource(trigger: &Value) -> bool {
    Trigger::is_resource(text(trigger, "/type"))
}

/// Whether the words, and the patch, say all of a `ScaledObject`.
pub(super) fn is_sayable(scaled: &Value) -> bool {
    let number = |key: &str| scaled.pointer(&format!("/spec/{key}")).map(Value::as_u64);
    let within = |key: &str, from: u64, to: u64| {
        number(key).is_none_or(|number| number.is_some_and(|number| (from..=to).contains(&number)))
    };
    let min = number("minReplicaCount").flatten().unwrap_or(0);
    let max = number("maxReplicaCount").flatten().unwrap_or(100);
    let events = items(scaled, "/spec/triggers").any(|one| !is_resource(one));
    let triggers = items(scaled, "/spec/triggers").next().is_some()
        && items(scaled, "/spec/triggers").all(is_trigger)
        && are_named_apart(scaled);
    let windows = ["scaleUp", "scaleDown"].iter().all(|way| {
        let window = scaled.pointer(&format!("{BEHAVIOR}/{way}/stabilizationWindowSeconds"));
        window.is_none_or(|window| window.as_u64().is_some_and(|window| window <= 3600))
    });
    triggers
        && windows
        && within("minReplicaCount", 0, max)
        && within("maxReplicaCount", 1, 5000)
        && (min > 0 || events)
        && within("pollingInterval", 1, 86_400)
        && within("cooldownPeriod", 0, 86_400)
        && within("initialCooldownPeriod", 0, 86_400)
        && within("idleReplicaCount", 0, min.max(1) - 1)
        && scaled
            .pointer("/spec/fallback")
            .is_none_or(|one| events && is_fallback(one))
        && manifests::secret(scaled, &[]).is_none()
}

fn is_trigger(trigger: &Value) -> bool {
    let keys = [
        "type",
        "name",
        "metadata",
        "authenticationRef",
        "metricType",
        "useCachedMetrics",
    ];
    let metadata = trigger.get("metadata").and_then(Value::as_object);
    let reference = trigger.get("authenticationRef");
    let kind = text(trigger, "/metricType");
    let cached = trigger
        .get("useCachedMetrics")
        .is_some_and(|cached| *cached == true);
    let keeps = !is_resource(trigger) && text(trigger, "/type") != "cron";
    has_only(trigger, &keys)
        && !text(trigger, "/type").is_empty()
        && trigger
            .get("name")
            .is_none_or(|_| !text(trigger, "/name").is_empty())
        && metadata.is_some_and(|all| all.values().all(Value::is_string))
        && reference
            .is_none_or(|one| has_only(one, &["name", "kind"]) && !text(one, "/name").is_empty())
        && match kind {
            "Utilization" => is_resource(trigger),
            kind => ["", "AverageValue", "Value"].contains(&kind),
        }
        && (keeps || !cached)
}

fn are_named_apart(scaled: &Value) -> bool {
    let mut met = BTreeSet::new();
    let mut names = items(scaled, "/spec/triggers").filter_map(|one| one.get("name")?.as_str());
    names.all(|name| met.insert(name))
}

fn is_fallback(fallback: &Value) -> bool {
    let is_number = |key: &str| fallback.get(key).is_some_and(Value::is_u64);
    has_only(fallback, &["failureThreshold", "replicas", "behavior"])
        && is_number("failureThreshold")
        && is_number("replicas")
}

/// Whether the words say all of a `TriggerAuthentication`.
pub(super) fn authentication(object: &Value, labels: &Labels) -> bool {
    text(object, "/apiVersion") == VERSION
        && !family::name(object).is_empty()
        && object.get("spec").is_some_and(Value::is_object)
        && labels.own(object).is_none()
        && annotations(object, &[]).is_none()
        && manifests::secret(object, &[]).is_none()
}
