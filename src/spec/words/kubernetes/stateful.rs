//! What only the pods of a `StatefulSet` have: volumes and names of their own, and an order.

use std::collections::BTreeMap;

use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::scalar::Whole;
use crate::spec::shape::{At, Map, table, words};
use crate::spec::units::Mebibytes;
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::kubernetes::service::KubeServiceOwn;
use crate::spec::words::tags::{AnnotationKey, annotations};

table! {
    /// A volume that each pod has of its own, and finds again when it is made anew. Containers have it by its name
    /// in `mounts`.
    "claims" ClaimTable {
        /// How much it holds: "10GiB".
        size: Mebibytes = required,
        /// Its storage class. Default: the cluster's own.
        storage_class: KubeName,
        /// Who may have it at once: `ReadWriteOnce`, `ReadWriteOncePod`, `ReadWriteMany` or `ReadOnlyMany`. Default:
        /// `ReadWriteOnce` alone.
        access: Vec<At<Access>>,
        /// Labels of the claims.
        labels: Map<String, AnnotationKey>,
        /// Annotations of the claims.
        annotations: Map<String, AnnotationKey>,
    }
}

table! {
    /// What becomes of claims that no pod has any more.
    "claim_retention" RetentionTable {
        /// When the `StatefulSet` is deleted: "Retain" or "Delete". Default: "Retain".
        deleted: Retention,
        /// When it is scaled in: "Retain" or "Delete". Default: "Retain".
        scaled: Retention,
    }
}

/// Who may have a volume at once (Kubernetes documentation, persistent volumes, access modes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// The pods of one node.
    Once,
    /// One pod.
    OncePod,
    /// Whoever likes.
    Many,
    /// Whoever likes, to read.
    ReadMany,
}

words!(Access, "an access mode",
    "ReadWriteOnce" => Access::Once,
    "ReadWriteOncePod" => Access::OncePod,
    "ReadWriteMany" => Access::Many,
    "ReadOnlyMany" => Access::ReadMany,
);

impl Access {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Once => "ReadWriteOnce",
            Self::OncePod => "ReadWriteOncePod",
            Self::Many => "ReadWriteMany",
            Self::ReadMany => "ReadOnlyMany",
        }
    }
}

/// What becomes of claims that no pod has any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Retention {
    /// They stay, with what they hold.
    #[default]
    Retain,
    /// They go.
    Delete,
}

words!(Retention, "a retention",
    "Retain" => Retention::Retain,
    "Delete" => Retention::Delete,
);

impl Retention {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Retain => "Retain",
            Self::Delete => "Delete",
        }
    }
}

/// In which order pods come and go (Kubernetes documentation, `StatefulSets`, pod management policies).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PodManagement {
    /// Each once the one before it is ready.
    #[default]
    Ordered,
    /// All at once.
    Parallel,
}

words!(PodManagement, "an order",
    "ordered" => PodManagement::Ordered,
    "parallel" => PodManagement::Parallel,
);

/// A volume that each pod has of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// In MiB.
    pub(crate) size: u32,
    /// `None`: the cluster's own.
    pub(crate) storage_class: Option<KubeName>,
    /// At least one.
    pub(crate) access: Vec<Access>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// What only the pods of a `StatefulSet` have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stateful {
    /// By their names.
    pub(crate) claims: BTreeMap<String, Claim>,
    /// When the set is deleted, and when it is scaled in; `None`: nothing is said.
    pub(crate) retention: Option<(Retention, Retention)>,
    /// The Service under which pods have names of their own; `None`: there is none.
    pub(crate) service_name: Option<String>,
    pub(crate) management: PodManagement,
    /// Pods with a number below it stay as they are.
    pub(crate) partition: u32,
}

/// What the table says of them; `service`: the Service, where there is one.
pub(in crate::spec) fn stateful(
    raw: &mut KubernetesTable,
    service: Option<&KubeServiceOwn>,
    findings: &mut Findings,
) -> Stateful {
    let mut claims = BTreeMap::new();
    for (name, at) in raw.claims.take().map(|at| at.value.0).unwrap_or_default() {
        let claim = claim(at, findings);
        claims.extend(claim.map(|claim| (name, claim)));
    }
    let retention = raw.claim_retention.take().map(|at| at.value);
    let word = |at: Option<At<Retention>>| at.map(|at| at.value).unwrap_or_default();
    let own = raw.service_name.take().map(|at| at.value);
    let service = service.map(|one| &one.name);
    let partition = raw.partition.as_ref().map(|at| at.value);
    Stateful {
        claims,
        retention: retention.map(|table| (word(table.deleted), word(table.scaled))),
        service_name: own.as_ref().or(service).map(ToString::to_string),
        management: raw
            .pod_management
            .take()
            .map(|at| at.value)
            .unwrap_or_default(),
        partition: partition.map_or(0, |Whole(number)| number),
    }
}

fn claim(at: At<ClaimTable>, findings: &mut Findings) -> Option<Claim> {
    let raw = at.value;
    let access = raw.access.map(|at| at.value).unwrap_or_default();
    let access: Vec<Access> = access.into_iter().map(|at| at.value).collect();
    Some(Claim {
        size: raw.size?.value.0,
        storage_class: raw.storage_class.map(|at| at.value),
        access: if access.is_empty() {
            vec![Access::Once]
        } else {
            access
        },
        labels: labels(raw.labels, findings),
        annotations: annotations(raw.annotations, findings),
    })
}
