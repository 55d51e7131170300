//! What stands around the pods of a service: how the outside reaches it, and who may.

use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::words::ServiceTable;
use crate::spec::words::gateway::{Route, route};
use crate::spec::words::ingress::{Ingress, ingress};
use crate::spec::words::kubernetes::bindings::{Binding, bindings};
use crate::spec::words::kubernetes::network_policy::{NetworkPolicy, network_policy};
use crate::spec::words::kubernetes::service::{KubeServiceOwn, Pods};
use crate::spec::words::kubernetes::{KubernetesTable, Scene};
use crate::spec::words::patch::kubernetes::Made;

/// What stands around the pods, beside the Service and the Ingress.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Around {
    /// The `HTTPRoute`; `None`: no Gateway leads to the service.
    pub(crate) route: Option<Route>,
    /// The target groups that the pods become targets of.
    pub(crate) bindings: Vec<Binding>,
    /// Who may reach the pods, and whom they may reach; `None`: nothing is said of it.
    pub(crate) policy: Option<NetworkPolicy>,
}

/// What is called as the service is, with this behind it.
pub(super) fn called(scene: &Scene<'_>, suffix: &str) -> Option<KubeName> {
    format!("{}{suffix}", scene.name).parse().ok()
}

/// What `expose` asks for: an Ingress; with a `gateway` a route instead, and both where the file says both.
pub(super) fn outside(
    raw: &mut KubernetesTable,
    common: &mut ServiceTable,
    scene: &Scene<'_>,
    own_ports: bool,
    findings: &mut Findings,
) -> (Option<Ingress>, Option<Route>) {
    let (Some(of_ingress), Some(of_route)) = (called(scene, "-ingress"), called(scene, "-route"))
    else {
        return (None, None);
    };
    let leads = Leads::of(raw);
    let (own, expose) = (raw.ingress.take(), common.expose.take());
    let gateway = raw.gateway.take();
    let route = route(
        gateway,
        expose.as_ref(),
        scene,
        (of_route, own_ports),
        findings,
    );
    let usual = (of_ingress, own_ports);
    let ingress = leads
        .ingress
        .then(|| ingress(own, expose, scene, usual, findings));
    (ingress.flatten(), route)
}

/// Which of the two ways there are.
struct Leads {
    ingress: bool,
    route: bool,
}

impl Leads {
    fn of(raw: &KubernetesTable) -> Self {
        Self {
            ingress: raw.gateway.is_none() || raw.ingress.is_some(),
            route: raw.gateway.is_some(),
        }
    }
}

/// How the outside reaches the pods, who may, and which target groups they belong to.
pub(super) fn around(
    raw: &mut KubernetesTable,
    common: &mut ServiceTable,
    pods: &Pods<'_>,
    (scene, service): (&Scene<'_>, Option<&KubeServiceOwn>),
    findings: &mut Findings,
) -> (Option<Ingress>, Around) {
    let (ingress, route) = outside(raw, common, scene, pods.says_ports, findings);
    let around = Around {
        route,
        bindings: bindings(raw, pods.name.as_str(), service, scene, findings),
        policy: network_policy(raw.network_policy.take(), &pods.found, findings),
    };
    (ingress, around)
}

impl Made {
    /// What the words ask for, beside the Service and the disruption budget.
    pub(super) fn of(
        common: &ServiceTable,
        raw: &KubernetesTable,
        (service, pdb): (bool, bool),
    ) -> Self {
        let leads = Leads::of(raw);
        Self {
            service,
            ingress: common.expose.is_some() && leads.ingress,
            route: common.expose.is_some() && leads.route,
            hpa: common.scaling.is_some() && raw.keda.is_none(),
            scaled_object: common.scaling.is_some() && raw.keda.is_some(),
            pdb,
            service_account: raw.service_account.is_some(),
            network_policy: raw.network_policy.is_some(),
            kind: raw.kind.as_ref().map(|at| at.value).unwrap_or_default(),
        }
    }
}
