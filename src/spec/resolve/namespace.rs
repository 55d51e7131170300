//! A namespace of a Kubernetes cluster, and how the cluster is reached.

use super::super::findings::Findings;
use super::super::model::{KubePlace, Reach, SecretStore};
use super::super::raw::target::{self as raw, StoreKind};
use super::or;
use super::place::{endpoint, name};

/// Some namespace of some cluster, for checks that need one.
pub(super) fn somewhere() -> Option<KubePlace> {
    Some(KubePlace {
        account: None,
        region: None,
        reach: Reach::Kubeconfig {
            path: None,
            context: None,
            cluster: None,
        },
        namespace: "default".parse().ok()?,
        create_namespace: false,
        secret_store: None,
    })
}

/// The place that a target's file describes: of EKS, or of a cluster in a kubeconfig.
pub(super) fn place(mut raw: raw::Target, eks: bool, findings: &mut Findings) -> Option<KubePlace> {
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

fn by_aws(raw: &mut raw::Target, findings: &mut Findings) -> Option<Reach> {
    let endpoint = raw.endpoint.take().map(|at| {
        endpoint(&at.value.0, at.spot, false, findings);
        at.value.0
    });
    let cluster = name(raw.cluster.as_ref()?, findings)?;
    raw.region.as_ref()?;
    Some(Reach::Eks { cluster, endpoint })
}

fn by_kubeconfig(raw: &mut raw::Target, findings: &mut Findings) -> Reach {
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

fn secret_store(raw: raw::SecretStore) -> Option<SecretStore> {
    let kind = match or(raw.kind, StoreKind::Namespaced) {
        StoreKind::Namespaced => "SecretStore",
        StoreKind::Cluster => "ClusterSecretStore",
    };
    Some(SecretStore {
        kind: kind.to_owned(),
        name: raw.name?.value,
    })
}
