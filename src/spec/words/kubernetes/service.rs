//! The Service: the name, the type and the ports under which pods are found.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::KubeLabel;
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Switch, Table, table, words};
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::labels::{Found, labels};
use crate::spec::words::ports::{Port, Protocol};
use crate::spec::words::tags::{AnnotationKey, annotations};

table! {
    /// The Service.
    "kubernetes.service" KubeServiceTable {
        /// Its name. Default: the Deployment's.
        name: KubeLabel,
        /// How it is reached: `ClusterIP`, `NodePort` or `LoadBalancer`. Default: `ClusterIP`.
        r#type: ServiceType,
        /// Whether its name leads to the pods themselves, without an address of its own. Default: false.
        headless: bool,
        /// Its ports; clients use the first. Default: the service's ports, the first of them at `service_port`.
        ports: Vec<At<ServicePortTable>>,
        /// The labels by which it finds pods. Default: `selector`.
        selector: Map<Filled, AnnotationKey>,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// Its annotations.
        annotations: Map<String, AnnotationKey>,
    }
}

table! {
    /// A port of the Service.
    "a port of the Service" ServicePortTable {
        /// The port that clients use.
        port: Whole<1, 65_535> = required,
        /// The port of the pods. Default: the service's own for the first one, else the same number.
        target: Whole<1, 65_535>,
        /// Its name; each of several needs one.
        name: KubeLabel,
        /// "tcp" or "udp". Default: "tcp".
        protocol: Protocol,
        /// The port on every node, of type `NodePort` or `LoadBalancer`. Default: the cluster chooses.
        node_port: Whole<1, 65_535>,
        /// What is spoken there, such as "kubernetes.io/h2c".
        app_protocol: Filled,
    }
}

/// How a Service is reached (Kubernetes documentation, Service, type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ServiceType {
    /// From inside of the cluster alone.
    #[default]
    ClusterIp,
    /// By a port on every node.
    NodePort,
    /// By a load balancer.
    LoadBalancer,
}

words!(ServiceType, "a type of Service",
    "ClusterIP" => ServiceType::ClusterIp,
    "NodePort" => ServiceType::NodePort,
    "LoadBalancer" => ServiceType::LoadBalancer,
);

impl ServiceType {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ClusterIp => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
        }
    }
}

/// The Service of a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KubeServiceOwn {
    pub(crate) name: KubeLabel,
    pub(crate) r#type: ServiceType,
    /// Whether its name leads to the pods themselves.
    pub(crate) headless: bool,
    /// At least one; clients use the first.
    pub(crate) ports: Vec<ServicePort>,
    /// The labels by which it finds pods.
    pub(crate) selector: BTreeMap<String, String>,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServicePort {
    pub(crate) name: Option<String>,
    pub(crate) port: u16,
    /// The port of the pods.
    pub(crate) target: u16,
    pub(crate) protocol: Protocol,
    pub(crate) node_port: Option<u16>,
    pub(crate) app_protocol: Option<String>,
}

/// What the Service goes by: the Deployment's name, the labels of the pods, and their ports.
pub(in crate::spec) struct Pods<'a> {
    pub(in crate::spec) name: &'a KubeLabel,
    pub(in crate::spec) found: Found<'a>,
    pub(in crate::spec) ports: &'a [At<Port>],
    /// Where the service stands.
    pub(in crate::spec) head: Spot,
    /// Where it says that the outside reaches it.
    pub(in crate::spec) expose: Option<Spot>,
    /// Whether the file says the ports of the Service.
    pub(in crate::spec) says_ports: bool,
}

/// Whether the file says the ports of the Service.
pub(in crate::spec) fn has_ports(raw: Option<&At<Switch<KubeServiceTable>>>) -> bool {
    matches!(raw, Some(At { value: Switch::On(own), .. }) if own.has(&["ports"]))
}

/// There is no Service by the file's word: neither a port of it, nor anything that leads to it.
fn none(raw: &KubernetesTable, pods: &Pods<'_>, findings: &mut Findings) {
    if let Some(at) = &raw.service_port {
        let problem = Problem::new("conflict", "`service = false` makes no Service");
        findings.problem(problem.at(at.head).label("this would be its port"));
    }
    if let Some(expose) = pods.expose.filter(|_| !pods.ports.is_empty()) {
        let problem = Problem::new("conflict", "`expose` needs a Service to send to");
        let help = "leave `service = false` out, or `expose`";
        findings.problem(problem.at(expose).help(help));
    }
}

/// The Service; `None`: there is none, since there is nothing that it could send to, or by the file's word.
pub(in crate::spec) fn service(
    raw: &mut KubernetesTable,
    pods: &Pods<'_>,
    findings: &mut Findings,
) -> Option<KubeServiceOwn> {
    let (own, head) = match raw.service.take() {
        None => (KubeServiceTable::default(), pods.head),
        Some(At {
            value: Switch::On(own),
            head,
            ..
        }) => (own, head),
        Some(At {
            value: Switch::Off, ..
        }) => {
            none(raw, pods, findings);
            return None;
        }
    };
    let said = own.has(&["ports"]);
    let ports = match own.ports {
        Some(at) => {
            if let Some(first) = &raw.service_port {
                let message = "`service_port` and `service.ports` exclude each other";
                let problem = Problem::new("conflict", message).at(first.head);
                findings.problem(problem.also(at.head, "the other one"));
            }
            if at.value.is_empty() {
                let problem = Problem::new("bad-value", "a Service has at least one port");
                findings.problem(problem.at(at.spot).help("`service = false` makes none"));
            }
            written(at.value, own.r#type.as_ref(), pods, findings)
        }
        None => usual(raw, pods, findings),
    };
    if ports.is_empty() {
        if !said && !own.given.is_empty() {
            let why = "the service listens on no port that a Service could send to";
            findings.missing(head, "ports", why);
        }
        return None;
    }
    let name = own
        .name
        .map_or_else(|| (pods.name.clone(), pods.head), |at| (at.value, at.spot));
    let headless = own.headless.filter(|at| at.value);
    let kind = own.r#type.map_or(ServiceType::ClusterIp, |at| at.value);
    if let Some(at) = headless.as_ref().filter(|_| kind != ServiceType::ClusterIp) {
        let message = "a Service without an address is reached from inside of the cluster alone";
        let problem = Problem::new("conflict", message).at(at.head);
        findings.problem(problem.help("leave `type` out, or `headless`"));
    }
    Some(KubeServiceOwn {
        name: lettered(name, raw.name.as_ref(), findings),
        r#type: kind,
        headless: headless.is_some(),
        ports,
        selector: pods.found.by(own.selector, findings),
        labels: labels(own.labels, findings),
        annotations: annotations(own.annotations, findings),
    })
}

/// A Service has a DNS label that starts with a letter (Kubernetes documentation, Service).
fn lettered(
    (name, spot): (KubeLabel, Spot),
    own: Option<&At<KubeLabel>>,
    findings: &mut Findings,
) -> KubeLabel {
    if name.as_str().starts_with(|c: char| c.is_ascii_digit()) {
        let spot = own.filter(|at| at.value == name).map_or(spot, |at| at.spot);
        let problem = Problem::new("bad-value", "a Service's name starts with a letter").at(spot);
        findings.problem(problem.help("give it another: kubernetes.service.name = \"…\""));
    }
    name
}

fn number(at: Option<&At<Whole<1, 65_535>>>) -> Option<u16> {
    at.and_then(|at| u16::try_from(at.value.0).ok())
}

/// The ports that the file says.
fn written(
    raw: Vec<At<ServicePortTable>>,
    kind: Option<&At<ServiceType>>,
    pods: &Pods<'_>,
    findings: &mut Findings,
) -> Vec<ServicePort> {
    let several = raw.len() > 1;
    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    let mut ports = Vec::new();
    for (index, at) in raw.into_iter().enumerate() {
        let one = at.value;
        let Some(port) = number(one.port.as_ref()) else {
            continue;
        };
        let protocol = one.protocol.map_or(Protocol::Tcp, |at| at.value);
        if !numbers.insert((port, protocol == Protocol::Udp)) {
            let message = format!("the Service would have port {port} twice");
            findings.problem(Problem::new("duplicate-port", message).at(at.spot));
        }
        match &one.name {
            Some(name) if !names.insert(name.value.clone()) => {
                findings.bad_value(name.spot, "another port of the Service has this name");
            }
            None if several => findings.missing(at.spot, "name", "each of several ports has one"),
            _ => {}
        }
        let inside = kind.is_none_or(|at| at.value == ServiceType::ClusterIp);
        if let Some(at) = one.node_port.as_ref().filter(|_| inside) {
            let message = "only of type \"NodePort\" or \"LoadBalancer\" it has a port on nodes";
            findings.problem(Problem::new("conflict", message).at(at.head));
        }
        let own = pods.ports.first().map(|at| at.value.number);
        let usual = own.filter(|_| index == 0).unwrap_or(port);
        ports.push(ServicePort {
            name: one.name.map(|at| at.value.to_string()),
            port,
            target: number(one.target.as_ref()).unwrap_or(usual),
            protocol,
            node_port: number(one.node_port.as_ref()),
            app_protocol: one.app_protocol.map(|at| at.value.0),
        });
    }
    ports
}

/// One for each port of the service; of several each must have a name (Kubernetes documentation,
/// multi-port Services).
fn usual(raw: &KubernetesTable, pods: &Pods<'_>, findings: &mut Findings) -> Vec<ServicePort> {
    let first = first_port(raw, pods, findings);
    let several = pods.ports.len() > 1;
    let each = pods.ports.iter().enumerate().map(|(index, at)| {
        let Port {
            number, protocol, ..
        } = at.value;
        let word = match protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        ServicePort {
            name: several.then(|| format!("{word}-{number}")),
            port: if index == 0 { first } else { number },
            target: number,
            protocol,
            node_port: None,
            app_protocol: None,
        }
    });
    each.collect()
}

/// The first port of the Service: 80 unless said otherwise, and none without a port to send to.
fn first_port(raw: &KubernetesTable, pods: &Pods<'_>, findings: &mut Findings) -> u16 {
    let written = raw.service_port.as_ref();
    let ports = pods.ports;
    let Some(first) = ports.first().map(|at| &at.value) else {
        if let Some(at) = written {
            findings.problem(
                Problem::new("missing-key", "`port` is missing")
                    .at(at.head)
                    .also(pods.head, "the service")
                    .label("there is nothing that it could send to"),
            );
        }
        return 0;
    };
    let usual = match first.protocol {
        Protocol::Tcp => 80,
        Protocol::Udp => first.number,
    };
    let port = number(written).unwrap_or(usual);
    let same = |at: &&At<Port>| at.value.number == port && at.value.protocol == first.protocol;
    if let Some(at) = ports.iter().skip(1).find(same) {
        let message =
            format!("the Service would have port {port} twice: it is also the first one's");
        let problem = Problem::new("duplicate-port", message).at(at.spot);
        findings.problem(problem.help("give the first another: kubernetes.service_port = …"));
    }
    port
}
