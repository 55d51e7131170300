//! Whom pods are: their service account, and the IAM role that comes with it.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::names::{Arn, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{At, Map, Shape, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::kubernetes::nodes::WrittenNodes;
use crate::spec::words::kubernetes::pods::names;
use crate::spec::words::kubernetes::{KubernetesTable, Scene};
use crate::spec::words::tags::{AnnotationKey, annotations};
use crate::spec::words::target::namespace::Reach;

/// How an account gets its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum Identity {
    Irsa,
    PodIdentity,
}

words!(Identity, "a way to a role",
    "irsa" => Identity::Irsa,
    "pod_identity" => Identity::PodIdentity,
);

table! {
    /// The service account, with what it says itself.
    "service_account" AccountTable {
        /// Its name.
        name: KubeName = required,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// Its annotations.
        annotations: Map<String, AnnotationKey>,
        /// Secrets with which the images of its pods are pulled.
        pull_secrets: Vec<At<KubeName>>,
        /// Whether its pods get its token. Default: true.
        automount_token: bool,
        /// How its pods get `role`: "irsa", by an annotation, or `pod_identity`, by an association that EKS keeps.
        /// Default: "irsa".
        identity: Identity,
        /// ARN of a role that `role` assumes for the pods, with `pod_identity`: of another account, say. Default: none.
        target_role: Arn,
        /// Whether EKS leaves its tags off the sessions of `pod_identity`. Default: false.
        disable_session_tags: bool,
    }
}

/// The name of an account, or a table that says more.
pub(in crate::spec) enum WrittenAccount {
    Name(KubeName),
    Table(Box<AccountTable>),
}

impl Shape for WrittenAccount {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return AccountTable::read(node, findings).map(|table| Self::Table(Box::new(table)));
        }
        KubeName::read(node, findings).map(Self::Name)
    }

    fn schema() -> Json {
        json!({ "anyOf": [KubeName::schema(), AccountTable::schema()] })
    }
}

/// The service account of the pods.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Account {
    pub(crate) name: KubeName,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) pull_secrets: Vec<KubeName>,
    /// `None`: as the cluster does.
    pub(crate) automount_token: Option<bool>,
    /// What EKS associates with it; `None`: nothing.
    pub(crate) pod_identity: Option<PodIdentity>,
}

/// What EKS associates with a service account (Amazon EKS API reference, `CreatePodIdentityAssociation`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PodIdentity {
    /// The role of the pods.
    pub(crate) role: Arn,
    /// The role that it assumes for them.
    pub(crate) target_role: Option<Arn>,
    /// Whether EKS leaves its tags off the sessions.
    pub(crate) disable_session_tags: bool,
}

/// The account, and the role that it is annotated with (IRSA).
pub(super) fn account(
    raw: &mut KubernetesTable,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> (Option<Account>, Option<Arn>) {
    let role = raw.role.take();
    let mut table = match raw.service_account.take().map(|at| at.value) {
        None => return (None, role.map(|at| at.value)),
        Some(WrittenAccount::Table(table)) => *table,
        Some(WrittenAccount::Name(name)) => {
            let account = Account {
                name,
                labels: BTreeMap::new(),
                annotations: BTreeMap::new(),
                pull_secrets: Vec::new(),
                automount_token: None,
                pod_identity: None,
            };
            return (Some(account), role.map(|at| at.value));
        }
    };
    let by = table.identity.take();
    let by = by.filter(|at| at.value == Identity::PodIdentity);
    let (role, pod_identity) = match &by {
        None => {
            refuse_without(&table, findings);
            (role.map(|at| at.value), None)
        }
        Some(at) => (None, pod_identity(&mut table, role, at.spot, findings)),
    };
    if let Some(at) = &by {
        fits(raw, scene, at.spot, findings);
    }
    let account = table.name.map(|at| Account {
        name: at.value,
        labels: labels(table.labels, findings),
        annotations: annotations(table.annotations, findings),
        pull_secrets: names(table.pull_secrets),
        automount_token: table.automount_token.map(|at| at.value),
        pod_identity,
    });
    (account, role)
}

fn pod_identity(
    table: &mut AccountTable,
    role: Option<At<Arn>>,
    spot: Spot,
    findings: &mut Findings,
) -> Option<PodIdentity> {
    let Some(role) = role else {
        findings.missing(spot, "role", "`pod_identity` associates a role");
        return None;
    };
    Some(PodIdentity {
        role: role.value,
        target_role: table.target_role.take().map(|at| at.value),
        disable_session_tags: table.disable_session_tags.take().is_some_and(|at| at.value),
    })
}

/// What only an association knows.
fn refuse_without(table: &AccountTable, findings: &mut Findings) {
    let spots = [
        table.target_role.as_ref().map(|at| at.head),
        table.disable_session_tags.as_ref().map(|at| at.head),
    ];
    for spot in spots.into_iter().flatten() {
        let message = "only an association of EKS has it: say `identity = \"pod_identity\"`";
        findings.problem(Problem::new("conflict", message).at(spot));
    }
}

/// Where there are associations (Amazon EKS user guide, EKS Pod Identity, considerations).
fn fits(raw: &KubernetesTable, scene: &Scene<'_>, spot: Spot, findings: &mut Findings) {
    if !matches!(scene.place.reach, Reach::Eks { .. }) {
        let message = "only a cluster of EKS that the target names associates roles";
        let help = "a target of `platform = \"eks\"` names its `cluster` and `region`";
        let problem = Problem::new("conflict", message);
        findings.problem(problem.at(spot).help(help));
    }
    if let Some(nodes) = &raw.nodes
        && matches!(nodes.value, WrittenNodes::Fargate)
    {
        let problem = Problem::new("conflict", "on Fargate pods have no `pod_identity`");
        let problem = problem.at(spot).also(nodes.head, "`nodes` says Fargate");
        findings.problem(problem.help("`identity = \"irsa\"` works there"));
    }
}
