//! What makes the pods of a service.

use serde::{Deserialize, Serialize};

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{Switch, words};
use crate::spec::words::ServiceTable;
use crate::spec::words::kubernetes::KubernetesTable;

/// What makes the pods of a service (Kubernetes documentation, workload management).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WorkloadKind {
    /// Pods that are all alike.
    #[default]
    Deployment,
    /// Pods with names and volumes of their own.
    StatefulSet,
    /// A pod on each node.
    DaemonSet,
}

words!(WorkloadKind, "a kind of workload",
    "Deployment" => WorkloadKind::Deployment,
    "StatefulSet" => WorkloadKind::StatefulSet,
    "DaemonSet" => WorkloadKind::DaemonSet,
);

impl WorkloadKind {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Deployment, Self::StatefulSet, Self::DaemonSet];

    /// The one that manifests call so.
    pub(crate) fn called(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.as_str() == kind)
    }

    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }
}

/// The kind; the keys that say nothing of it are told.
pub(in crate::spec) fn kind(
    common: &ServiceTable,
    raw: &KubernetesTable,
    findings: &mut Findings,
) -> WorkloadKind {
    let kind = raw.kind.as_ref().map(|at| at.value).unwrap_or_default();
    let own = raw.kind.as_ref().map(|at| at.head);
    let mut refuse = |spot: Option<Spot>, message: &str| {
        let Some(spot) = spot else { return };
        let problem = Problem::new("conflict", message).at(spot);
        let problem = match own {
            Some(own) => problem.also(own, "the kind"),
            None => problem.help("kind = \"StatefulSet\""),
        };
        findings.problem(problem);
    };
    if kind != WorkloadKind::StatefulSet {
        let message = "only a StatefulSet has this";
        refuse(raw.claims.as_ref().map(|at| at.head), message);
        refuse(raw.claim_retention.as_ref().map(|at| at.head), message);
        refuse(raw.service_name.as_ref().map(|at| at.head), message);
        refuse(raw.pod_management.as_ref().map(|at| at.head), message);
        refuse(raw.partition.as_ref().map(|at| at.head), message);
    }
    if kind == WorkloadKind::StatefulSet {
        let message = "a pod of a StatefulSet makes way before its successor has its name";
        refuse(raw.max_surge.as_ref().map(|at| at.head), message);
    }
    if kind == WorkloadKind::DaemonSet {
        let message = "a DaemonSet runs one pod on each node: nobody counts them";
        refuse(common.replicas.as_ref().map(|at| at.head), message);
        refuse(common.scaling.as_ref().map(|at| at.head), message);
        let message = "a drained node keeps the pod of a DaemonSet: no budget holds it";
        let budget = raw.disruption.as_ref();
        let budget = budget.filter(|at| !matches!(at.value, Switch::Off));
        refuse(budget.map(|at| at.head), message);
    }
    kind
}
