//! On what kind of nodes pods run: those of Karpenter, of a managed node group, or Fargate's.

use std::collections::BTreeMap;

use serde_json::{Map as Object, Value as Json, json};

use crate::names::{EcsName, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, Shape, Table, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::words::architecture::Architecture;
use crate::spec::words::kubernetes::part::KubePart;
use crate::spec::words::kubernetes::{KubeOwn, KubernetesTable, Scene};
use crate::spec::words::tags::annotations;

table! {
    /// On which nodes of EKS pods run.
    "nodes" NodesTable {
        /// How they are paid for: "spot", "on-demand" or "reserved": a label that Karpenter and EKS Auto Mode give
        /// their nodes, and with `group` the node group.
        capacity: CapacityType,
        /// The node pool of Karpenter or EKS Auto Mode.
        pool: KubeName,
        /// The managed node group.
        group: EcsName,
    }
}

/// How nodes are paid for (Karpenter documentation, well-known labels).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum CapacityType {
    Spot,
    OnDemand,
    Reserved,
}

words!(CapacityType, "a type of capacity",
    "spot" => CapacityType::Spot,
    "on-demand" => CapacityType::OnDemand,
    "reserved" => CapacityType::Reserved,
);

/// Fargate, or which nodes.
pub(in crate::spec) enum WrittenNodes {
    Fargate,
    Table(Box<NodesTable>),
}

/// The word that stands for Fargate.
struct Fargate;

words!(Fargate, "a kind of nodes", "fargate" => Fargate);

impl Shape for WrittenNodes {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return NodesTable::read(node, findings).map(|table| Self::Table(Box::new(table)));
        }
        Fargate::read(node, findings).map(|Fargate| Self::Fargate)
    }

    fn schema() -> Json {
        json!({ "anyOf": [Fargate::schema(), NodesTable::schema()] })
    }
}

/// Labels of nodes (Karpenter documentation, well-known labels; Amazon EKS user guide, managed node groups).
pub(crate) const CAPACITY: &str = "karpenter.sh/capacity-type";
pub(crate) const POOL: &str = "karpenter.sh/nodepool";
pub(crate) const GROUP: &str = "eks.amazonaws.com/nodegroup";
pub(crate) const GROUP_CAPACITY: &str = "eks.amazonaws.com/capacityType";

/// The annotation of pods that Karpenter lets run to their end (Karpenter documentation, disruption).
pub(crate) const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";

/// The labels of the nodes that pods go to.
pub(super) fn selector(raw: &mut KubernetesTable, findings: &mut Findings) -> Json {
    let own = raw.node_selector.take().map(|at| at.value.0);
    let mut found = Object::new();
    let mut spots: BTreeMap<String, Spot> = BTreeMap::new();
    for (key, at) in own.unwrap_or_default() {
        spots.insert(key.clone(), at.head);
        found.insert(key, Json::from(at.value));
    }
    let Some(At {
        value: WrittenNodes::Table(table),
        head,
        ..
    }) = &raw.nodes
    else {
        return Json::Object(found);
    };
    for (key, value) in labels(table, findings) {
        if let Some(spot) = spots.get(key) {
            let message = format!("`nodes` says `{key}` already");
            let problem = Problem::new("conflict", message).at(*spot);
            findings.problem(problem.also(*head, "it is said here"));
        }
        found.insert(key.to_owned(), json!(value));
    }
    Json::Object(found)
}

fn labels(table: &NodesTable, findings: &mut Findings) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let is_group = table.has(&["group"]);
    if let Some(at) = &table.capacity {
        let (karpenter, group) = match at.value {
            CapacityType::Spot => ("spot", "SPOT"),
            CapacityType::OnDemand => ("on-demand", "ON_DEMAND"),
            CapacityType::Reserved => ("reserved", ""),
        };
        if is_group && group.is_empty() {
            let message = "the nodes of a managed node group bear no label for this";
            findings.bad_value(at.spot, message);
        }
        found.push(if is_group {
            (GROUP_CAPACITY, group.to_owned())
        } else {
            (CAPACITY, karpenter.to_owned())
        });
    }
    let pool = table.pool.as_ref();
    found.extend(pool.map(|at| (POOL, at.value.to_string())));
    let group = table.group.as_ref();
    found.extend(group.map(|at| (GROUP, at.value.to_string())));
    if let (Some(pool), Some(group)) = (pool, group) {
        let message = "no node is of a `pool` and of a `group`";
        let problem = Problem::new("conflict", message).at(pool.head);
        findings.problem(problem.also(group.head, "the group"));
    }
    found
}

/// The annotations of the pods.
pub(super) fn pod_annotations(
    raw: &mut KubernetesTable,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut found = annotations(raw.pod_annotations.take(), findings);
    if raw.do_not_disrupt.take().is_some_and(|at| at.value) {
        found.insert(DO_NOT_DISRUPT.to_owned(), "true".to_owned());
    }
    found
}

/// What pods of a Fargate profile cannot have (Amazon EKS user guide, Fargate considerations).
pub(super) fn for_fargate(
    raw: &KubernetesTable,
    own: &KubeOwn,
    scene: &Scene<'_>,
    findings: &mut Findings,
) {
    let Some(at) = &raw.nodes else { return };
    if !matches!(at.value, WrittenNodes::Fargate) {
        return;
    }
    let mut refuse = |what: &str, spot: Option<Spot>| {
        let message = format!("on Fargate {what}");
        let problem = Problem::new("conflict", message).at(spot.unwrap_or(at.head));
        let nodes = spot.map(|_| at.head);
        findings.problem(match nodes {
            Some(nodes) => problem.also(nodes, "`nodes` says Fargate"),
            None => problem,
        });
    };
    if own.pod.get("hostNetwork") == Some(&Json::Bool(true)) {
        refuse("pods have a network of their own", None);
    }
    for port in scene.containers.iter().flat_map(|placed| &placed.ports) {
        if port.value.host.is_some() {
            refuse("no port of the node leads to a pod", Some(port.spot));
        }
    }
    let parts = || std::iter::once(&own.main).chain(own.sidecars.values());
    if parts().any(|part| part.security.get("privileged") == Some(&Json::Bool(true))) {
        refuse("no container is privileged", None);
    }
    let has_gpu = |part: &KubePart| {
        let both = [&part.requests, &part.limits];
        let mut all = both.into_iter().flat_map(|one| one.extended.keys());
        all.any(|name| name.ends_with("/gpu"))
    };
    if parts().any(has_gpu) {
        refuse("there is no GPU", None);
    }
    if own.architecture == Some(Architecture::Arm64) {
        refuse("there are no arm64 processors", None);
    }
}
