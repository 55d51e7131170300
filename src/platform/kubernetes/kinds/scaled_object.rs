//! The `ScaledObject`: KEDA scales by events, through an autoscaler that it makes itself.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::autoscaler::{lay_rules, whole};
use super::render::{Maker, seconds};
use super::scaler::Scaler;
use super::{Facts, Id, Kind};
use crate::answer::Message;
use crate::plan::Effect;
use crate::platform::kubernetes::api::object::{Object, condition};
use crate::platform::kubernetes::plan::wave::Wave;
use crate::spec::{FallbackBehavior, Keda, Paused, ReferenceKind, Scaling, Trigger};

/// The fields of its bounds (KEDA documentation, `ScaledObject` specification).
const MIN: &str = "minReplicaCount";
const MAX: &str = "maxReplicaCount";

/// What to do where the cluster does not know the kinds of KEDA.
pub(super) const INSTALL: &str = "install KEDA, or take `keda` out of the file, so that an autoscaler of \
                                  Kubernetes scales by CPU and memory";

/// By these it leaves the number alone; with the second it holds it (KEDA documentation, pausing
/// autoscaling).
pub(crate) const PAUSED: &str = "autoscaling.keda.sh/paused";
pub(crate) const PAUSED_AT: &str = "autoscaling.keda.sh/paused-replicas";

/// The label by which KEDA finds what it was asked for; it writes it itself.
pub(crate) const LABEL: &str = "scaledobject.keda.sh/name";

/// How far the autoscaler of Kubernetes looks back where nothing is said, down and up, in seconds
/// (Kubernetes documentation, Horizontal Pod Autoscaling, stabilization window).
const WINDOWS: [u64; 2] = [300, 0];

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    wave: Wave::Autoscaler,
    // It must be gone before the count is set.
    removal: Wave::Around,
    effects: &[
        (&["spec", MIN], Effect::Scales),
        (&["spec", MAX], Effect::Scales),
    ],
    // KEDA documentation, `ScaledObject` specification, "Default: …" of each field.
    defaults: &[
        (MAX, "100"),
        ("pollingInterval", "30"),
        ("cooldownPeriod", "300"),
        ("behavior", "static"),
        ("kind", "TriggerAuthentication"),
        ("kind", "Deployment"),
        ("apiVersion", "apps/v1"),
    ],
    left_out: &[
        MIN,
        "initialCooldownPeriod",
        "useCachedMetrics",
        "restoreToOriginalReplicaCount",
    ],
    scaler: Some(Scaler {
        min: MIN,
        max: MAX,
        policies,
        suspended,
        stuck: not_ready,
        stuck_code: "keda_not_ready",
    }),
    addon: Some(INSTALL),
    ..Facts::of("keda.sh", "v1alpha1", "scaledobjects", |maker| {
        Vec::from_iter(maker.scaled_object())
    })
};

impl Maker<'_> {
    fn scaled_object(&self) -> Option<Object> {
        let scaling = self.service.scaling.as_ref()?;
        let keda = self.service.own.autoscaling.keda()?;
        let mut triggers = self.resources(scaling);
        triggers.extend(keda.triggers.iter().map(trigger));
        let mut spec = json!({
            "scaleTargetRef": self.scale_target(),
            MIN: scaling.min,
            MAX: scaling.max,
            "triggers": triggers,
        });
        for (key, time) in [
            ("pollingInterval", keda.polling_interval),
            ("cooldownPeriod", keda.cooldown),
            ("initialCooldownPeriod", keda.initial_cooldown),
        ] {
            if let Some(time) = time {
                spec[key] = json!(seconds(time));
            }
        }
        if let Some(idle) = keda.idle {
            spec["idleReplicaCount"] = json!(idle);
        }
        if let Some(fallback) = keda.fallback {
            spec["fallback"] = json!({
                "failureThreshold": fallback.failures,
                "replicas": fallback.replicas,
            });
            if fallback.behavior != FallbackBehavior::Static {
                spec["fallback"]["behavior"] = json!(fallback.behavior.as_str());
            }
        }
        if let Some(advanced) = advanced(keda, scaling) {
            spec["advanced"] = advanced;
        }
        let mut annotations = keda.annotations.clone();
        match keda.paused {
            Paused::AsIs(false) => {}
            Paused::AsIs(true) => drop(annotations.insert(PAUSED.into(), "true".into())),
            Paused::At(count) => drop(annotations.insert(PAUSED_AT.into(), count.to_string())),
        }
        let name = self.scaler_name();
        Some(self.object(Kind::ScaledObject, name, annotations, Some(spec)))
    }

    /// Of the whole pod; beside sidecars of the main container alone, as an autoscaler of ours does.
    fn resources(&self, scaling: &Scaling) -> Vec<Value> {
        let of = |kind: &str, percent: f64| {
            let mut metadata = json!({ "value": whole(percent).to_string() });
            if let Some(container) = self.measured() {
                metadata["containerName"] = json!(container);
            }
            json!({ "type": kind, "metricType": "Utilization", "metadata": metadata })
        };
        let all = [("cpu", scaling.cpu), ("memory", scaling.memory)];
        all.into_iter()
            .filter_map(|(kind, percent)| Some(of(kind, percent?)))
            .collect()
    }
}

fn trigger(one: &Trigger) -> Value {
    let mut fields = json!({ "type": one.r#type, "metadata": one.metadata });
    if let Some(name) = &one.name {
        fields["name"] = json!(name);
    }
    if one.cached {
        fields["useCachedMetrics"] = json!(true);
    }
    if let Some(kind) = one.metric_type {
        fields["metricType"] = json!(kind.as_str());
    }
    if let Some(reference) = &one.authentication {
        fields["authenticationRef"] = json!({ "name": reference.name.as_str() });
        if reference.kind == ReferenceKind::Cluster {
            fields["authenticationRef"]["kind"] = json!("ClusterTriggerAuthentication");
        }
    }
    fields
}

/// What is said of the autoscaler that KEDA makes. Windows that are its own are not said: it is compared
/// field by field.
fn advanced(keda: &Keda, scaling: &Scaling) -> Option<Value> {
    let mut fields = json!({});
    if keda.restores {
        fields["restoreToOriginalReplicaCount"] = json!(true);
    }
    let ways = [
        ("scaleDown", scaling.scale_in_cooldown),
        ("scaleUp", scaling.scale_out_cooldown),
    ];
    let mut behavior = json!({});
    for ((way, window), usual) in ways.into_iter().zip(WINDOWS) {
        if seconds(window) != usual {
            behavior[way]["stabilizationWindowSeconds"] = json!(seconds(window));
        }
    }
    lay_rules(&mut behavior, keda.behavior.as_ref());
    if behavior.as_object().is_some_and(|ways| !ways.is_empty()) {
        fields["horizontalPodAutoscalerConfig"]["behavior"] = behavior;
    }
    if let Some(name) = &keda.hpa_name {
        fields["horizontalPodAutoscalerConfig"]["name"] = json!(name.as_str());
    }
    let says = fields.as_object().is_some_and(|fields| !fields.is_empty());
    says.then_some(fields)
}

/// Whether it moves the number of the pods that this runs: of a Deployment it need not say what that is.
pub(crate) fn moves(scaler: &Value, own: &Id) -> bool {
    let target = &scaler["spec"]["scaleTargetRef"];
    let kind = target["kind"].as_str().filter(|kind| !kind.is_empty());
    kind.unwrap_or(Kind::Deployment.as_str()) == own.kind.as_str() && target["name"] == own.name
}

/// It, by its kind and name.
pub(crate) fn title(scaler: &Value) -> Option<String> {
    let name = scaler.pointer("/metadata/name")?.as_str()?;
    Some(format!("{} {name}", Kind::ScaledObject))
}

/// What it looks at, each in a few words.
fn policies(scaler: &Value) -> Vec<String> {
    let triggers = scaler.pointer("/spec/triggers").and_then(Value::as_array);
    let policies = triggers.into_iter().flatten().map(|trigger| {
        let kind = trigger["type"].as_str().unwrap_or("a trigger");
        let share = trigger["metadata"]["value"].as_str();
        let share = share.filter(|_| Trigger::is_resource(kind) && is_share(trigger));
        match (share, trigger["name"].as_str()) {
            (Some(share), _) => format!("{kind} at {share} %"),
            (None, Some(name)) => format!("{kind} {name}"),
            (None, None) => kind.to_owned(),
        }
    });
    policies.collect()
}

fn is_share(trigger: &Value) -> bool {
    trigger["metricType"] == "Utilization"
}

/// Why it leaves the number alone, where somebody paused it.
fn suspended(scaler: &Value) -> Option<String> {
    let annotations = &scaler["metadata"]["annotations"];
    if let Some(count) = annotations[PAUSED_AT].as_str() {
        return Some(format!("KEDA is paused at {count} ({PAUSED_AT})"));
    }
    // Whatever is no truth is true (KEDA, `ScaledObject`).
    let says = annotations[PAUSED].as_str();
    let is_paused = says.is_some_and(|says| !["0", "f", "false"].contains(&&*says.to_lowercase()));
    is_paused.then(|| format!("KEDA is paused ({PAUSED})"))
}

/// That KEDA cannot scale, and why: another autoscaler moves the same pods, or a trigger cannot be asked.
fn not_ready(scaler: &Value) -> Option<Message> {
    let said = condition(scaler, "Ready", "False")?;
    let message = said["message"].as_str().unwrap_or_default();
    let reason = said["reason"].as_str().unwrap_or("NotReady");
    let colon = if message.is_empty() { "" } else { ": " };
    Some(Message {
        at: told(scaler).unwrap_or(Timestamp::UNIX_EPOCH),
        text: format!("KEDA does not scale this service, {reason}{colon}{message}."),
    })
}

/// When KEDA last said how it stands: its conditions have no times.
fn told(scaler: &Value) -> Option<Timestamp> {
    let entries = scaler.pointer("/metadata/managedFields")?.as_array()?;
    let of_status = entries.iter().filter(|one| one["subresource"] == "status");
    of_status
        .filter_map(|one| one["time"].as_str()?.parse().ok())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Bounds;

    fn bounds(scaled: &Value) -> Bounds {
        let kind = Kind::ScaledObject;
        kind.scaler().unwrap().bounds(scaled).unwrap()
    }

    #[test]
    fn it_is_told_by_its_bounds_and_by_what_it_looks_at() {
        let scaled = json!({"spec": {"minReplicaCount": 0, "maxReplicaCount": 20, "triggers": [
            {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}},
            {"type": "aws-sqs-queue", "metadata": {}},
            {"type": "kafka", "name": "orders", "metadata": {}},
        ]}});
        let bounds = bounds(&scaled);
        assert_eq!((bounds.min, bounds.max), (0, 20));
        assert_eq!(
            bounds.policies,
            ["cpu at 70 %", "aws-sqs-queue", "kafka orders"]
        );
    }

    #[test]
    fn a_pause_is_told_by_whoever_said_it() {
        let told = |annotations: Value| {
            suspended(&json!({"metadata": {"annotations": annotations}})).unwrap_or_default()
        };
        assert!(told(json!({PAUSED: "true"})).contains("paused"));
        assert!(told(json!({PAUSED_AT: "3", PAUSED: "false"})).contains("paused at 3"));
        assert_eq!(told(json!({PAUSED: "false"})), "");
        assert_eq!(told(json!({})), "");
    }

    #[test]
    fn that_keda_cannot_scale_is_told_in_its_own_words() {
        let scaled = |status: &str| {
            json!({
                "metadata": {"managedFields": [
                    {"subresource": "status", "time": "2026-01-02T03:04:05Z"},
                    {"time": "2026-02-02T03:04:05Z"},
                ]},
                "status": {"conditions": [
                    {"type": "Active", "status": "False", "reason": "ScalerNotActive"},
                    {
                        "type": "Ready", "status": status, "reason": "ScaledObjectCheckFailed",
                        "message": "no such queue",
                    },
                ]},
            })
        };
        let message = not_ready(&scaled("False")).unwrap();
        assert_eq!(message.at, "2026-01-02T03:04:05Z".parse().unwrap());
        assert!(
            message
                .text
                .contains("ScaledObjectCheckFailed: no such queue."),
            "{}",
            message.text
        );
        assert_eq!(not_ready(&scaled("True")), None);
    }

    #[test]
    fn whose_pods_it_moves_need_not_be_said_of_a_deployment() {
        let own = |kind| Id {
            kind,
            name: "api".into(),
        };
        let scaled = |target: Value| json!({"spec": {"scaleTargetRef": target}});
        assert!(moves(
            &scaled(json!({"name": "api"})),
            &own(Kind::Deployment)
        ));
        assert!(!moves(
            &scaled(json!({"name": "api"})),
            &own(Kind::StatefulSet)
        ));
        assert!(!moves(
            &scaled(json!({"name": "web"})),
            &own(Kind::Deployment)
        ));
        let of_set = scaled(json!({"kind": "StatefulSet", "name": "api"}));
        assert!(moves(&of_set, &own(Kind::StatefulSet)));
    }
}
