//! KEDA in the place of the autoscaler: what scales a service by events, also to nothing.

pub(in crate::spec) mod authentications;
pub(in crate::spec) mod triggers;

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerBehavior;
use serde_json::{Value as Json, json};

use self::authentications::{Authentication, authentications};
use self::triggers::{Trigger, TriggerTable, triggers};
use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, Map, Shape, Table, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::units::Time;
use crate::spec::words::ServiceTable;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::patch::api_form::{ApiForm, tree};
use crate::spec::words::scaling::{Aims, DAY, ScalingTable};
use crate::spec::words::tags::{AnnotationKey, annotations};

table! {
    /// The `ScaledObject` of KEDA that `scaling` asks for, in place of a `HorizontalPodAutoscaler`: it scales by events,
    /// with `scaling.min = 0` to none.
    "[service.NAME.kubernetes.keda]" KedaTable {
        /// What it looks at beside `scaling.cpu` and `scaling.memory`.
        triggers: Vec<At<TriggerTable>>,
        /// How often it looks, where there may be no pod. Default: 30s.
        polling_interval: Time<1, DAY>,
        /// The last pod goes so long after the last event. Default: 300s.
        cooldown: Time<0, DAY>,
        /// For so long after it is made nothing scales to none. Default: 0s.
        initial_cooldown: Time<0, DAY>,
        /// So many pods while there is no event, fewer than `scaling.min`. Default: `scaling.min`.
        idle: Whole<0, 4999>,
        /// How many pods there are while a trigger cannot be asked.
        fallback: FallbackTable,
        /// How fast it scales, in the API's form: { scaleUp = { policies = [ … ] } }.
        behavior: ApiForm<HorizontalPodAutoscalerBehavior>,
        /// Whether it leaves the count alone, or the count that it holds meanwhile. Default: false.
        paused: Paused,
        /// Whether the count goes back to what it was before, when it is deleted. Default: false.
        restore: bool,
        /// As whom triggers ask, in the API's form of a `TriggerAuthentication`: { queue = { podIdentity = { provider =
        /// "aws" } } }.
        authentications: Map<ApiForm<Authentication>, KubeName>,
        /// Its name. Default: the Deployment's.
        name: KubeName,
        /// The name of the autoscaler that it makes. Default: keda-hpa-NAME.
        hpa_name: KubeName,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// Its annotations.
        annotations: Map<String, AnnotationKey>,
    }
}

table! {
    /// How many pods there are while a trigger cannot be asked.
    "keda.fallback" FallbackTable {
        /// After so many failures in a row.
        failures: Whole<0, 1_000_000> = required,
        /// So many pods.
        replicas: Whole<0, 5000> = required,
        /// Whether that is the number ("static"), the present one (`currentReplicas`), or the higher or lower of both
        /// (`currentReplicasIfHigher`, `currentReplicasIfLower`); `scalingModifiers` puts it into their formula.
        /// Default: "static".
        behavior: FallbackBehavior,
    }
}

/// What becomes of the count while a trigger cannot be asked (KEDA documentation, `ScaledObject`, fallback).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum FallbackBehavior {
    /// It is the one that is said.
    #[default]
    Static,
    /// It stays.
    Current,
    /// It stays where it is higher.
    CurrentIfHigher,
    /// It stays where it is lower.
    CurrentIfLower,
    /// A formula makes it.
    Modifiers,
}

words!(FallbackBehavior, "a behavior of the fallback",
    "static" => FallbackBehavior::Static,
    "currentReplicas" => FallbackBehavior::Current,
    "currentReplicasIfHigher" => FallbackBehavior::CurrentIfHigher,
    "currentReplicasIfLower" => FallbackBehavior::CurrentIfLower,
    "scalingModifiers" => FallbackBehavior::Modifiers,
);

impl FallbackBehavior {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Current => "currentReplicas",
            Self::CurrentIfHigher => "currentReplicasIfHigher",
            Self::CurrentIfLower => "currentReplicasIfLower",
            Self::Modifiers => "scalingModifiers",
        }
    }
}

/// Whether it leaves the count alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paused {
    /// At whatever it is.
    AsIs(bool),
    /// At this.
    At(u32),
}

impl Shape for Paused {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match node.value {
            Value::Bool(paused) => Some(Self::AsIs(paused)),
            Value::Whole(_) => {
                let Whole::<0, 5000>(count) = Whole::read(node, findings)?;
                Some(Self::At(count))
            }
            _ => {
                findings.wrong_type(node, "true, false or a whole number", None);
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [bool::schema(), Whole::<0, 5000>::schema()] })
    }
}

/// How many pods there are while a trigger cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fallback {
    pub(crate) failures: u32,
    pub(crate) replicas: u32,
    pub(crate) behavior: FallbackBehavior,
}

/// What the `ScaledObject` knows besides `scaling`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Keda {
    /// `None`: the Deployment's.
    pub(crate) name: Option<KubeName>,
    /// The name of the autoscaler that it makes; `None`: KEDA's usual one.
    pub(crate) hpa_name: Option<KubeName>,
    pub(crate) triggers: Vec<Trigger>,
    /// `None`: KEDA's usual times.
    pub(crate) polling_interval: Option<Duration>,
    pub(crate) cooldown: Option<Duration>,
    pub(crate) initial_cooldown: Option<Duration>,
    /// So many pods while there is no event; `None`: the lower bound.
    pub(crate) idle: Option<u32>,
    pub(crate) fallback: Option<Fallback>,
    /// In the API's form.
    pub(crate) behavior: Option<Json>,
    pub(crate) paused: Paused,
    /// Whether the count goes back to what it was before, when it is deleted.
    pub(crate) restores: bool,
    /// What is made so that triggers may ask, in the API's form, each under its name.
    pub(crate) authentications: BTreeMap<String, Json>,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// What it aims at beside CPU and memory. What could not be read was told.
pub(in crate::spec) fn aims(raw: &KubernetesTable) -> Aims {
    let own = raw.keda.as_ref();
    let Some(own) = own.filter(|at| at.value.has(&["triggers"])) else {
        return Aims::Nothing;
    };
    match &own.value.triggers {
        Some(at) if at.value.is_empty() => Aims::Nothing,
        Some(at) if at.value.iter().all(|one| one.value.is_resource()) => Aims::Metrics,
        _ => Aims::Events,
    }
}

/// What KEDA is told, where the file has a table for it.
pub(super) fn keda(
    raw: &mut KubernetesTable,
    common: &ServiceTable,
    findings: &mut Findings,
) -> Option<Keda> {
    let aims = aims(raw);
    let At { value, head, .. } = raw.keda.take()?;
    if let Some(autoscaler) = &raw.autoscaler {
        let message = "`keda` takes the place of `autoscaler`: KEDA makes one of its own";
        let problem = Problem::new("conflict", message).at(head);
        findings.problem(problem.also(autoscaler.head, "the other one"));
    }
    let scaling = common.scaling.as_ref();
    if scaling.is_none() {
        let problem = Problem::new("missing-key", "`scaling` is missing").at(head);
        let problem = problem.label("it says how many pods KEDA makes at most");
        findings.problem(problem.help("scaling = { min = 0, max = 10 }"));
    }
    let scaling = scaling.map(|at| &at.value);
    idles(&value, scaling, findings);
    if let Some(at) = value.fallback.as_ref().filter(|_| aims != Aims::Events) {
        let message = "CPU and memory have no fallback: the cluster itself measures them";
        let problem = Problem::new("conflict", message).at(at.head);
        findings.problem(problem.help("add a trigger of another kind, or leave `fallback` out"));
    }
    Some(Keda {
        name: value.name.map(|at| at.value),
        hpa_name: value.hpa_name.map(|at| at.value),
        triggers: triggers(value.triggers, scaling, findings),
        polling_interval: value.polling_interval.map(|at| at.value.0),
        cooldown: value.cooldown.map(|at| at.value.0),
        initial_cooldown: value.initial_cooldown.map(|at| at.value.0),
        idle: value.idle.map(|at| at.value.0),
        fallback: value.fallback.and_then(|at| fallback(at.value)),
        behavior: tree(value.behavior),
        paused: value.paused.map_or(Paused::AsIs(false), |at| at.value),
        restores: value.restore.is_some_and(|at| at.value),
        authentications: authentications(value.authentications),
        labels: labels(value.labels, findings),
        annotations: annotations(value.annotations, findings),
    })
}

fn fallback(raw: FallbackTable) -> Option<Fallback> {
    Some(Fallback {
        failures: raw.failures?.value.0,
        replicas: raw.replicas?.value.0,
        behavior: raw.behavior.map(|at| at.value).unwrap_or_default(),
    })
}

/// While there is no event there are fewer pods than with one (KEDA documentation, `ScaledObject`,
/// idleReplicaCount); a lower bound of 0 counts as 1 there.
fn idles(raw: &KedaTable, scaling: Option<&ScalingTable>, findings: &mut Findings) {
    let min = scaling.and_then(|scaling| scaling.min.as_ref());
    if let (Some(idle), Some(min)) = (&raw.idle, min)
        && idle.value.0 >= min.value.0.max(1)
    {
        let message = "`idle` must be below `scaling.min`";
        let problem = Problem::new("conflict", message).at(idle.spot);
        findings.problem(problem.also(min.spot, "the fewest pods while there are events"));
    }
}
