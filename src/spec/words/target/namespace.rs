//! A namespace of a Kubernetes cluster, and how the cluster is reached.

use std::path::PathBuf;

use crate::names::{AccountId, EcsName, KubeLabel, KubeName, Region};
use crate::spec::findings::Findings;
use crate::spec::resolve::or;
use crate::spec::shape::{table, words};
use crate::spec::words::target::TargetTable;
use crate::spec::words::target::cluster::{endpoint, name};

/// Kinds of External Secrets stores, spelt as Kubernetes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum StoreKind {
    Namespaced,
    Cluster,
}
words!(
    StoreKind, "a kind of store",
    "SecretStore" => StoreKind::Namespaced,
    "ClusterSecretStore" => StoreKind::Cluster,
);

table! {
    /// An External Secrets store.
    "secret_store" SecretStoreTable {
        /// `SecretStore` or `ClusterSecretStore`. Default: `SecretStore`.
        kind: StoreKind,
        /// The name of the store.
        name: KubeName = required,
    }
}

/// A namespace of a Kubernetes cluster, and how the cluster is reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KubePlace {
    /// The AWS account: on EKS refused elsewhere, before any write; otherwise for references only.
    pub(crate) account: Option<AccountId>,
    /// The AWS Region: where the EKS cluster is, and of the secrets that are referred to.
    pub(crate) region: Option<Region>,
    /// How the cluster is reached.
    pub(crate) reach: Reach,
    /// The namespace that holds everything of ours.
    pub(crate) namespace: KubeLabel,
    /// Whether the namespace is made where it is missing.
    pub(crate) create_namespace: bool,
    /// The External Secrets store that fills the Secret; `None`: the Secret must exist already.
    pub(crate) secret_store: Option<SecretStore>,
}

/// How a cluster is reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reach {
    /// By a kubeconfig; where there is none, by the service account of the pod we run in.
    Kubeconfig {
        /// The file; `None`: `KUBECONFIG`, else `~/.kube/config`.
        path: Option<PathBuf>,
        /// The context; `None`: the current one.
        context: Option<String>,
        /// The name that the kubeconfig must have for the cluster; any other is refused before any write.
        cluster: Option<String>,
    },
    /// It is reached by AWS credentials and nothing else.
    Eks {
        /// The cluster's name (Amazon EKS API reference, `CreateCluster`: letters, digits, `-`, `_`).
        cluster: EcsName,
        /// For emulators: takes the place of the AWS endpoints.
        endpoint: Option<String>,
    },
}

/// An External Secrets store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretStore {
    /// The kind is `SecretStore` or `ClusterSecretStore`.
    pub(crate) kind: String,
    /// The name of the store.
    pub(crate) name: KubeName,
}

impl KubePlace {
    /// A namespace of the cluster that the current context names.
    pub(crate) fn of_context(namespace: KubeLabel) -> Self {
        Self {
            account: None,
            region: None,
            reach: Reach::Kubeconfig {
                path: None,
                context: None,
                cluster: None,
            },
            namespace,
            create_namespace: false,
            secret_store: None,
        }
    }
}

/// Some namespace of some cluster, for checks that need one: of EKS, which has all that others have.
pub(in crate::spec) fn somewhere() -> Option<KubePlace> {
    let reach = Reach::Eks {
        cluster: "main".parse().ok()?,
        endpoint: None,
    };
    Some(KubePlace {
        reach,
        ..KubePlace::of_context("default".parse().ok()?)
    })
}

/// The place that a target's file describes: of EKS, or of a cluster in a kubeconfig.
pub(in crate::spec) fn place(
    mut raw: TargetTable,
    eks: bool,
    findings: &mut Findings,
) -> Option<KubePlace> {
    let secret_store = match raw.secret_store.take() {
        Some(at) => Some(secret_store(at.value)?),
        None => None,
    };
    let reach = if eks {
        by_aws(&mut raw, findings)
    } else {
        Some(by_kubeconfig(&mut raw, findings))
    };
    Some(KubePlace {
        account: raw.account.map(|at| at.value),
        region: raw.region.map(|at| at.value),
        reach: reach?,
        namespace: raw.namespace?.value,
        create_namespace: or(raw.create_namespace, false),
        secret_store,
    })
}

fn by_aws(raw: &mut TargetTable, findings: &mut Findings) -> Option<Reach> {
    let endpoint = raw.endpoint.take().map(|at| {
        endpoint(&at.value.0, at.spot, false, findings);
        at.value.0
    });
    let cluster = name(raw.cluster.as_ref()?, findings)?;
    raw.region.as_ref()?;
    Some(Reach::Eks { cluster, endpoint })
}

fn by_kubeconfig(raw: &mut TargetTable, findings: &mut Findings) -> Reach {
    let cluster = raw.cluster.take();
    if let Some(at) = cluster
        .as_ref()
        .filter(|at| at.value.text.trim().is_empty())
    {
        findings.bad_value(at.spot, "must not be empty");
    }
    Reach::Kubeconfig {
        path: raw.kubeconfig.take().map(|at| at.value.0.into()),
        context: raw.context.take().map(|at| at.value.0),
        cluster: cluster.map(|at| at.value.text),
    }
}

fn secret_store(raw: SecretStoreTable) -> Option<SecretStore> {
    let kind = match or(raw.kind, StoreKind::Namespaced) {
        StoreKind::Namespaced => "SecretStore",
        StoreKind::Cluster => "ClusterSecretStore",
    };
    Some(SecretStore {
        kind: kind.to_owned(),
        name: raw.name?.value,
    })
}
