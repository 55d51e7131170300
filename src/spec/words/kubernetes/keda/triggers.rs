//! What KEDA looks at.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Shape, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::words::scaling::ScalingTable;

table! {
    /// What KEDA looks at.
    "a trigger of `keda`" TriggerTable {
        /// Its kind, as KEDA calls it: `aws-sqs-queue`, `aws-cloudwatch`, "prometheus", "kafka", "cron".
        r#type: Filled = required,
        /// What KEDA has to know of it: { queueLength = 5, awsRegion = "us-east-1" }.
        metadata: Map<Said>,
        /// As whom it asks: a `TriggerAuthentication`, by its name, or with its kind. Default: as KEDA itself.
        authentication: WrittenReference,
        /// What its number is held against: `AverageValue` for each pod, "Value", or "Utilization" for CPU and memory.
        /// Default: as the kind has it.
        metric_type: MetricType,
        /// Its name among the triggers.
        name: Filled,
        /// Whether a number is kept until the next look, instead of asked for again. Default: false.
        use_cached_metrics: bool,
    }
}

impl TriggerTable {
    /// Whether the cluster itself measures it, of the pods that there are.
    pub(super) fn is_resource(&self) -> bool {
        let kind = self.r#type.as_ref();
        kind.is_some_and(|at| Trigger::is_resource(&at.value.0))
    }
}

table! {
    /// As whom a trigger asks.
    "a trigger's `authentication`" ReferenceTable {
        /// Its name.
        name: KubeName = required,
        /// `TriggerAuthentication`, or `ClusterTriggerAuthentication`. Default: `TriggerAuthentication`.
        kind: ReferenceKind,
    }
}

/// Text, or what KEDA reads as text.
pub(in crate::spec) struct Said(String);

impl Shape for Said {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = match &node.value {
            Value::Whole(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => String::read(node, findings)?,
        };
        Some(Self(text))
    }

    fn schema() -> Json {
        json!({ "type": ["string", "number", "boolean"] })
    }
}

/// What the number of a trigger is held against (Kubernetes API reference, `MetricTarget`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricType {
    /// Of each pod.
    AverageValue,
    /// As it is.
    Value,
    /// A share of what is reserved.
    Utilization,
}

words!(MetricType, "a type of metric",
    "AverageValue" => MetricType::AverageValue,
    "Value" => MetricType::Value,
    "Utilization" => MetricType::Utilization,
);

impl MetricType {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AverageValue => "AverageValue",
            Self::Value => "Value",
            Self::Utilization => "Utilization",
        }
    }
}

/// Whose it is: the namespace's, or the cluster's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ReferenceKind {
    #[default]
    Namespaced,
    Cluster,
}

words!(ReferenceKind, "a kind of authentication",
    "TriggerAuthentication" => ReferenceKind::Namespaced,
    "ClusterTriggerAuthentication" => ReferenceKind::Cluster,
);

/// A name, or a table that says more.
pub(in crate::spec) enum WrittenReference {
    Name(KubeName),
    Table(ReferenceTable),
}

impl Shape for WrittenReference {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return ReferenceTable::read(node, findings).map(Self::Table);
        }
        KubeName::read(node, findings).map(Self::Name)
    }

    fn schema() -> Json {
        json!({ "anyOf": [KubeName::schema(), ReferenceTable::schema()] })
    }
}

/// As whom a trigger asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) name: KubeName,
    pub(crate) kind: ReferenceKind,
}

/// What KEDA looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) r#type: String,
    pub(crate) metadata: BTreeMap<String, String>,
    /// `None`: as KEDA itself.
    pub(crate) authentication: Option<Reference>,
    /// `None`: as the kind has it.
    pub(crate) metric_type: Option<MetricType>,
    pub(crate) name: Option<String>,
    pub(crate) cached: bool,
}

impl Trigger {
    /// Whether the cluster itself measures what is called so, of the pods that there are.
    pub(crate) fn is_resource(kind: &str) -> bool {
        ["cpu", "memory"].contains(&kind)
    }
}

/// All of them; what KEDA would refuse of them is told.
pub(super) fn triggers(
    raw: Option<At<Vec<At<TriggerTable>>>>,
    scaling: Option<&ScalingTable>,
    findings: &mut Findings,
) -> Vec<Trigger> {
    let raw = raw.map(|at| at.value).unwrap_or_default();
    let mut names: Vec<&At<Filled>> = Vec::new();
    for name in raw.iter().filter_map(|at| at.value.name.as_ref()) {
        match names.iter().find(|one| one.value.0 == name.value.0) {
            Some(first) => {
                let message = format!("two triggers are called \"{}\"", name.value.0);
                let problem = Problem::new("conflict", message).at(name.spot);
                findings.problem(problem.also(first.spot, "the first"));
            }
            None => names.push(name),
        }
    }
    for at in &raw {
        check(&at.value, scaling, findings);
    }
    raw.into_iter().filter_map(|at| trigger(at.value)).collect()
}

/// What KEDA refuses (its admission webhook for a `ScaledObject`, and its scalers).
fn check(raw: &TriggerTable, scaling: Option<&ScalingTable>, findings: &mut Findings) {
    let Some(kind) = &raw.r#type else { return };
    let said = match (kind.value.0.as_str(), scaling) {
        ("cpu", Some(scaling)) => scaling.cpu.as_ref(),
        ("memory", Some(scaling)) => scaling.memory.as_ref(),
        _ => None,
    };
    if let Some(said) = said {
        let message = format!("`scaling.{}` makes this trigger already", kind.value.0);
        let problem = Problem::new("conflict", message).at(kind.spot);
        findings.problem(problem.also(said.head, "this one"));
    }
    let is_resource = raw.is_resource();
    let cached = raw.use_cached_metrics.as_ref().filter(|at| at.value);
    if let Some(at) = cached.filter(|_| is_resource || kind.value.0 == "cron") {
        let message = format!("KEDA keeps no numbers of \"{}\"", kind.value.0);
        let problem = Problem::new("conflict", message).at(at.spot);
        findings.problem(problem.also(kind.spot, "the trigger"));
    }
    let share = raw.metric_type.as_ref();
    let share = share.filter(|at| at.value == MetricType::Utilization && !is_resource);
    if let Some(at) = share {
        let message = "only CPU and memory have a utilization";
        let problem = Problem::new("conflict", message).at(at.spot);
        let problem = problem.also(kind.spot, "the trigger");
        findings.problem(problem.help("metric_type = \"AverageValue\", or leave it out"));
    }
}

fn trigger(raw: TriggerTable) -> Option<Trigger> {
    let metadata = raw.metadata.map(|at| at.value.0).unwrap_or_default();
    let metadata = metadata.into_iter();
    let authentication = raw.authentication.and_then(|at| match at.value {
        WrittenReference::Name(name) => Some(Reference {
            name,
            kind: ReferenceKind::Namespaced,
        }),
        WrittenReference::Table(table) => Some(Reference {
            name: table.name?.value,
            kind: table.kind.map(|at| at.value).unwrap_or_default(),
        }),
    });
    Some(Trigger {
        r#type: raw.r#type?.value.0,
        metadata: metadata.map(|(key, at)| (key, at.value.0)).collect(),
        authentication,
        metric_type: raw.metric_type.map(|at| at.value),
        name: raw.name.map(|at| at.value.0),
        cached: raw.use_cached_metrics.is_some_and(|at| at.value),
    })
}
