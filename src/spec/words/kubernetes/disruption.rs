//! How many pods drained nodes may take away.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Shape, Switch, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::words::kubernetes::kind::WorkloadKind;
use crate::spec::words::kubernetes::labels::{Found, labels};
use crate::spec::words::kubernetes::share::Share;
use crate::spec::words::tags::AnnotationKey;

table! {
    /// What drained nodes must leave.
    "disruption" DisruptionTable {
        /// Most pods that may be taken away at once: a number or a share. Default: 1.
        max: Share,
        /// Fewest pods that must stay, instead: a number or a share.
        min: Share,
        /// When pods that are not ready may be taken away: `AlwaysAllow` or `IfHealthyBudget`. Default:
        /// `AlwaysAllow`.
        unhealthy: Unhealthy,
        /// The name of the budget. Default: the Deployment's.
        name: KubeName,
        /// The labels by which it finds pods. Default: `selector`.
        selector: Map<Filled, AnnotationKey>,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
    }
}

/// When pods that are not ready may be taken away (Kubernetes documentation, unhealthy pod eviction
/// policy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Unhealthy {
    /// At any time: pods that are broken are no reason to keep a node from being drained.
    #[default]
    AlwaysAllow,
    /// While enough others are ready.
    IfHealthyBudget,
}

words!(Unhealthy, "a policy for pods that are not ready",
    "AlwaysAllow" => Unhealthy::AlwaysAllow,
    "IfHealthyBudget" => Unhealthy::IfHealthyBudget,
);

/// A number, a share, or a table that says more.
pub(in crate::spec) enum WrittenDisruption {
    Most(Share),
    Table(Box<DisruptionTable>),
}

impl Shape for WrittenDisruption {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return DisruptionTable::read(node, findings).map(|table| Self::Table(Box::new(table)));
        }
        Share::read(node, findings).map(Self::Most)
    }

    fn schema() -> Json {
        json!({ "anyOf": [Share::schema(), DisruptionTable::schema()] })
    }
}

/// How many pods an eviction may take, or must leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Most pods that go at once.
    Most(Share),
    /// Fewest pods that stay.
    Fewest(Share),
}

/// The budget of evictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disruption {
    pub(crate) bound: Bound,
    pub(crate) unhealthy: Unhealthy,
    /// `None`: the Deployment's.
    pub(crate) name: Option<KubeName>,
    /// The labels by which it finds pods.
    pub(crate) selector: BTreeMap<String, String>,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
}

impl Disruption {
    fn most(share: Share, selector: &BTreeMap<String, String>) -> Self {
        Self {
            bound: Bound::Most(share),
            unhealthy: Unhealthy::default(),
            name: None,
            selector: selector.clone(),
            labels: BTreeMap::new(),
        }
    }
}

pub(in crate::spec) fn disruption(
    raw: Option<At<Switch<WrittenDisruption>>>,
    kind: WorkloadKind,
    pods: &Found<'_>,
    findings: &mut Findings,
) -> Option<Disruption> {
    // A drained node keeps the pod of a DaemonSet.
    if kind == WorkloadKind::DaemonSet {
        return None;
    }
    let Some(At { value, spot, .. }) = raw else {
        return Some(Disruption::most(Share::Pods(1), pods.selector));
    };
    match value {
        Switch::Off => None,
        Switch::On(WrittenDisruption::Most(share)) => {
            lets_go(share, spot, findings);
            Some(Disruption::most(share, pods.selector))
        }
        Switch::On(WrittenDisruption::Table(table)) => Some(from_table(*table, pods, findings)),
    }
}

fn from_table(table: DisruptionTable, pods: &Found<'_>, findings: &mut Findings) -> Disruption {
    if let (Some(max), Some(min)) = (&table.max, &table.min) {
        let problem = Problem::new("conflict", "`min` and `max` exclude each other").at(min.head);
        findings.problem(problem.also(max.head, "the other one"));
    }
    if let Some(at) = &table.max {
        lets_go(at.value, at.spot, findings);
    }
    if let Some(Share::Percent(100)) = table.min.as_ref().map(|at| at.value) {
        let message =
            "`disruption.min` of 100 % lets no pod go: no node with one of them can be drained";
        findings.note("undrained", message);
    }
    let most = table.max.map_or(Share::Pods(1), |at| at.value);
    Disruption {
        bound: table
            .min
            .map_or(Bound::Most(most), |at| Bound::Fewest(at.value)),
        unhealthy: table.unhealthy.map(|at| at.value).unwrap_or_default(),
        name: table.name.map(|at| at.value),
        selector: pods.by(table.selector, findings),
        labels: labels(table.labels, findings),
    }
}

/// With nothing that may go, a drain would wait for ever.
fn lets_go(share: Share, spot: Spot, findings: &mut Findings) {
    if matches!(share, Share::Pods(0) | Share::Percent(0)) {
        let problem = Problem::new("bad-value", "must let at least one pod go").at(spot);
        let why = "with 0 no node could ever be drained";
        findings.problem(
            problem
                .label(why)
                .help("`disruption = false` makes no budget"),
        );
    }
}
