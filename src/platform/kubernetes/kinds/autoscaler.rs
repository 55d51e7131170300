//! The Horizontal Pod Autoscaler.

mod ambiguous;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::render::{Maker, seconds};
use super::scaler::Scaler;
use super::{Facts, Id, Kind};
use crate::plan::Effect;
use crate::platform::kubernetes::api::object::{Object, condition};
use crate::platform::kubernetes::plan::wave::Wave;
use crate::spec::Autoscaling;

/// The fields of its bounds (Kubernetes API reference, `HorizontalPodAutoscalerSpec`).
const MIN: &str = "minReplicas";
const MAX: &str = "maxReplicas";

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    wave: Wave::Autoscaler,
    // It must be gone before the count is set.
    removal: Wave::Around,
    effects: &[
        (&["spec", MIN], Effect::Scales),
        (&["spec", MAX], Effect::Scales),
    ],
    defaults: &[("selectPolicy", "Max")],
    scaler: Some(Scaler {
        min: MIN,
        max: MAX,
        policies,
        suspended,
        stuck: ambiguous::message,
        stuck_code: "two_autoscalers",
    }),
    ..Facts::of("autoscaling", "v2", "horizontalpodautoscalers", |maker| {
        Vec::from_iter(maker.autoscaler())
    })
};

impl Maker<'_> {
    /// The cool-downs become the windows over which the autoscaler looks back before it follows the
    /// metric (Kubernetes documentation, Horizontal Pod Autoscaling, stabilization window).
    fn autoscaler(&self) -> Option<Object> {
        let scaling = self.service.scaling.as_ref()?;
        let Autoscaling::Plain(own) = &self.service.own.autoscaling else {
            return None;
        };
        let mut metrics: Vec<Value> = [("cpu", scaling.cpu), ("memory", scaling.memory)]
            .into_iter()
            .filter_map(|(resource, percent)| Some(self.metric(resource, percent?)))
            .collect();
        metrics.extend(own.metrics.iter().cloned());
        let mut spec = json!({
            "scaleTargetRef": self.scale_target(),
            MIN: scaling.min,
            MAX: scaling.max,
            "metrics": metrics,
            "behavior": {
                "scaleDown": { "stabilizationWindowSeconds": seconds(scaling.scale_in_cooldown) },
                "scaleUp": { "stabilizationWindowSeconds": seconds(scaling.scale_out_cooldown) },
            },
        });
        lay_rules(&mut spec["behavior"], own.behavior.as_ref());
        let none = BTreeMap::new();
        let name = self.scaler_name();
        Some(self.object(Kind::HorizontalPodAutoscaler, name, none, Some(spec)))
    }

    /// The container whose share is measured; `None`: the whole pod.
    pub(super) fn measured(&self) -> Option<&str> {
        let several = self.service.containers.len() > 1;
        several.then(|| self.service.main().name.as_str())
    }

    /// The name of what moves the number of pods.
    pub(super) fn scaler_name(&self) -> String {
        let own = &self.service.own;
        own.autoscaling
            .name()
            .map_or_else(|| self.name(), ToString::to_string)
    }

    /// What it moves the number of.
    pub(super) fn scale_target(&self) -> Value {
        let kind = self.service.own.kind;
        json!({
            "apiVersion": kind.kind().api_version(),
            "kind": kind.as_str(),
            "name": self.name(),
        })
    }

    /// Of the whole pod; beside sidecars of the main container alone, since the metric of a pod is
    /// unknown as long as one of its containers reserves nothing (Kubernetes documentation, Horizontal
    /// Pod Autoscaling, container resource metrics).
    fn metric(&self, resource: &str, percent: f64) -> Value {
        let target = json!({ "type": "Utilization", "averageUtilization": whole(percent) });
        let Some(container) = self.measured() else {
            return json!({ "type": "Resource", "resource": { "name": resource, "target": target } });
        };
        json!({
            "type": "ContainerResource",
            "containerResource": {
                "container": container,
                "name": resource,
                "target": target,
            },
        })
    }
}

/// Lays the file's own rules over how fast it scales each way.
pub(super) fn lay_rules(behavior: &mut Value, said: Option<&Value>) {
    let said = said.and_then(Value::as_object);
    for (way, rules) in said.into_iter().flatten() {
        for (key, value) in rules.as_object().into_iter().flatten() {
            behavior[way][key] = value.clone();
        }
    }
}

/// Whether it moves the number of the pods that this runs.
pub(crate) fn moves(scaler: &Value, own: &Id) -> bool {
    let target = &scaler["spec"]["scaleTargetRef"];
    target["kind"] == own.kind.as_str() && target["name"] == own.name
}

/// The `ScaledObject` of which KEDA made it.
fn keda(scaler: &Value) -> Option<&Value> {
    let owners = scaler.pointer("/metadata/ownerReferences")?.as_array()?;
    let mut owners = owners.iter();
    owners.find(|owner| owner["kind"] == Kind::ScaledObject.as_str())
}

/// Whether KEDA made an object: such an autoscaler comes and goes with its `ScaledObject`.
pub(crate) fn is_made(object: &Value) -> bool {
    object["kind"] == Kind::HorizontalPodAutoscaler.as_str() && keda(object).is_some()
}

/// What moves the number, by its kind and name: KEDA, where it made this one.
pub(crate) fn title(scaler: &Value) -> Option<String> {
    let name = |of: &Value| of["name"].as_str().map(str::to_owned);
    if let Some(keda) = keda(scaler) {
        return Some(format!("{} {}", Kind::ScaledObject, name(keda)?));
    }
    let kind = Kind::HorizontalPodAutoscaler;
    Some(format!("{kind} {}", name(&scaler["metadata"])?))
}

/// What it aims at, each in a few words.
fn policies(scaler: &Value) -> Vec<String> {
    let metrics = scaler.pointer("/spec/metrics").and_then(Value::as_array);
    let policies = metrics.into_iter().flatten().map(|metric| {
        let name = metric.pointer("/resource/name").and_then(Value::as_str);
        let aim = metric.pointer("/resource/target/averageUtilization");
        match (name, aim) {
            (Some(name), Some(aim)) => format!("{name} at {aim} %"),
            _ => metric["type"].as_str().unwrap_or("a metric").to_owned(),
        }
    });
    policies.collect()
}

/// What it says of itself where it does not scale for this reason.
fn inactive<'v>(scaler: &'v Value, reason: &str) -> Option<&'v Value> {
    condition(scaler, "ScalingActive", "False").filter(|one| one["reason"] == reason)
}

/// Why it leaves the number alone, where somebody switched it off by setting it to 0 (Kubernetes
/// documentation, Horizontal Pod Autoscaling, implicit maintenance-mode deactivation).
fn suspended(scaler: &Value) -> Option<String> {
    let off = inactive(scaler, "ScalingDisabled")?;
    let why = off["message"].as_str().filter(|why| !why.is_empty());
    Some(why.unwrap_or("the number of pods is 0").to_owned())
}

/// A share of a hundred that the reader of the files knows to be whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "above 0 and at most 100"
)]
pub(super) fn whole(percent: f64) -> u32 {
    percent.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Bounds;

    fn bounds(scaler: &Value) -> Bounds {
        let kind = Kind::HorizontalPodAutoscaler;
        kind.scaler().unwrap().bounds(scaler).unwrap()
    }

    #[test]
    fn an_autoscaler_is_told_by_its_bounds_and_aims() {
        let scaler = json!({"spec": {"minReplicas": 2, "maxReplicas": 20, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}},
            {"type": "External"},
        ]}});
        let bounds = bounds(&scaler);
        assert_eq!((bounds.min, bounds.max), (2, 20));
        assert_eq!(bounds.policies, ["cpu at 70 %", "External"]);
    }

    #[test]
    fn the_one_that_keda_made_goes_by_what_keda_was_asked_for() {
        let owner = |kind: &str| {
            json!({
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "keda-hpa-api", "ownerReferences": [{"kind": kind, "name": "api"}]},
            })
        };
        assert_eq!(title(&owner("ScaledObject")).unwrap(), "ScaledObject api");
        let other = title(&owner("Team")).unwrap();
        assert_eq!(other, "HorizontalPodAutoscaler keda-hpa-api");
        assert!(is_made(&owner("ScaledObject")) && !is_made(&owner("Team")));
    }

    #[test]
    fn an_autoscaler_that_a_count_of_0_switched_off_is_told() {
        let scaler = |reason: &str| {
            json!({
                "spec": {"maxReplicas": 4},
                "status": {"conditions": [{
                    "type": "ScalingActive", "status": "False", "reason": reason,
                    "message": "scaling is disabled since the replica count of the target is zero",
                }]},
            })
        };
        let told = |reason| bounds(&scaler(reason)).suspended;
        assert!(told("ScalingDisabled")[0].contains("is zero"));
        assert_eq!(told("FailedGetResourceMetric"), Vec::<String>::new());
    }
}
