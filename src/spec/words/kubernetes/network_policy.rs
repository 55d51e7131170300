//! Who may reach the pods, and whom they may reach.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::names::{KubeLabel, KubeName, Pattern, ServiceName};
use crate::spec::findings::Findings;
use crate::spec::nearest;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Filled, Whole, is_number};
use crate::spec::shape::{At, Map, Shape, Table, table};
use crate::spec::tree::Node;
use crate::spec::words::kubernetes::labels::{Found, labels};
use crate::spec::words::service::KubeService;
use crate::spec::words::tags::{AnnotationKey, annotations};

table! {
    /// Who may reach the pods, and whom they may reach. What is not said is not restricted; answers are always let
    /// through.
    "network_policy" PolicyTable {
        /// Who may reach them: [{ service = "web" }, { namespace = "monitoring" }, { cidr = "10.0.0.0/8" }]; []:
        /// nobody.
        from: Vec<At<PeerTable>>,
        /// On which of their ports: [8080, "53/udp", "metrics"]. Default: all.
        ports: Vec<At<PolicyPort>>,
        /// Whom they may reach, in the same way; names are found only where this lets them reach the cluster's DNS.
        to: Vec<At<PeerTable>>,
        /// On which ports of theirs. Default: all.
        to_ports: Vec<At<PolicyPort>>,
        /// Several rules in place of `from` and `ports`.
        ingress: Vec<At<PolicyRuleTable>>,
        /// Several rules in place of `to` and `to_ports`.
        egress: Vec<At<PolicyRuleTable>>,
        /// The name of the policy. Default: the Deployment's.
        name: KubeName,
        /// The labels by which it finds pods. Default: `selector`.
        selector: Map<Filled, AnnotationKey>,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// Its annotations.
        annotations: Map<String, AnnotationKey>,
    }
}

table! {
    /// Whom a rule lets through, and on which ports.
    "a rule of `network_policy`" PolicyRuleTable {
        /// Who. Default: everybody.
        peers: Vec<At<PeerTable>>,
        /// On which ports. Default: all.
        ports: Vec<At<PolicyPort>>,
    }
}

table! {
    /// The other side of a connection: by one of `service`, `pods`, `namespace`, `namespaces` and `cidr`, or pods of
    /// namespaces by both.
    "a peer of `network_policy`" PeerTable {
        /// Another service of this file.
        service: ServiceName,
        /// Pods with these labels; {} is all of the namespace.
        pods: Map<String, AnnotationKey>,
        /// A namespace, by its name.
        namespace: KubeLabel,
        /// Namespaces with these labels; {} is all of them.
        namespaces: Map<String, AnnotationKey>,
        /// Addresses: "10.0.0.0/8".
        cidr: Filled,
        /// Addresses within `cidr` that are left out.
        except: Vec<At<Filled>>,
    }
}

/// A port of a rule, in the API's form.
pub(in crate::spec) struct PolicyPort(Json);

/// A number, a range of them, or the name of a port of the pods; with a protocol behind it perhaps.
pub(in crate::spec) static POLICY_PORT: Pattern = Pattern::new(
    "(?:[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4})?|[a-z0-9-]*[a-z][a-z0-9-]*)(?:/(?:tcp|udp))?",
);

impl Shape for PolicyPort {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if is_number(node) {
            let Whole::<1, 65_535>(number) = Whole::read(node, findings)?;
            return Some(Self(json!({ "port": number, "protocol": "TCP" })));
        }
        let text = String::read(node, findings)?;
        if !POLICY_PORT.holds(&text) {
            let message =
                "this is not a port such as 8080, \"53/udp\", \"8000-9000\" or \"metrics\"";
            findings.bad_value(node.spot, message);
            return None;
        }
        let (ports, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
        let mut fields = json!({ "port": ports, "protocol": protocol.to_ascii_uppercase() });
        let (first, last) = ports
            .split_once('-')
            .map_or((ports, None), |(first, last)| (first, Some(last)));
        if let Ok(first) = first.parse::<u16>() {
            fields["port"] = json!(first);
            if let Some(last) = last.and_then(|last| last.parse::<u16>().ok()) {
                fields["endPort"] = json!(last);
            }
        }
        Some(Self(fields))
    }

    fn schema() -> Json {
        json!({ "anyOf": [Whole::<1, 65_535>::schema(), POLICY_PORT.schema()] })
    }
}

/// The `NetworkPolicy` of a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NetworkPolicy {
    /// `None`: the Deployment's.
    pub(crate) name: Option<KubeName>,
    /// Who may reach the pods; `None`: everybody.
    pub(crate) ingress: Option<Vec<PolicyRule>>,
    /// Whom they may reach; `None`: everybody.
    pub(crate) egress: Option<Vec<PolicyRule>>,
    /// The labels by which it finds pods.
    pub(crate) selector: BTreeMap<String, String>,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Whom a rule lets through.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PolicyRule {
    /// Empty: everybody.
    pub(crate) peers: Vec<Peer>,
    /// In the API's form; empty: all.
    pub(crate) ports: Vec<Json>,
}

/// The other side of a connection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Peer {
    /// Another service, as long as the labels of its pods are not known.
    Service(ServiceName, Spot),
    /// In the API's form.
    Known(Json),
}

impl Peer {
    /// As manifests have it.
    pub(crate) fn manifest(&self) -> Json {
        match self {
            Self::Known(peer) => peer.clone(),
            Self::Service(name, _) => {
                of_pods(&BTreeMap::from([("app".to_owned(), name.to_string())]))
            }
        }
    }
}

fn of_pods(labels: &BTreeMap<String, String>) -> Json {
    json!({ "podSelector": { "matchLabels": labels } })
}

/// The policy that the table asks for.
pub(in crate::spec) fn network_policy(
    raw: Option<At<PolicyTable>>,
    pods: &Found<'_>,
    findings: &mut Findings,
) -> Option<NetworkPolicy> {
    let At { value, head, .. } = raw?;
    let ways = ["from", "ports", "ingress", "to", "to_ports", "egress"];
    if !value.has(&ways) {
        findings.missing(
            head,
            "from",
            "or `to`: without them nothing would be restricted",
        );
    }
    let ingress = (value.from, value.ports, value.ingress);
    let egress = (value.to, value.to_ports, value.egress);
    Some(NetworkPolicy {
        name: value.name.map(|at| at.value),
        ingress: way(ingress, "ingress", findings),
        egress: way(egress, "egress", findings),
        selector: pods.by(value.selector, findings),
        labels: labels(value.labels, findings),
        annotations: annotations(value.annotations, findings),
    })
}

type Way = (
    Option<At<Vec<At<PeerTable>>>>,
    Option<At<Vec<At<PolicyPort>>>>,
    Option<At<Vec<At<PolicyRuleTable>>>>,
);

/// The rules of one direction; `None`: it is not restricted.
fn way(
    (peers, ports, several): Way,
    key: &str,
    findings: &mut Findings,
) -> Option<Vec<PolicyRule>> {
    let one = peers
        .as_ref()
        .map(|at| at.head)
        .or(ports.as_ref().map(|at| at.head));
    if let (Some(one), Some(several)) = (one, &several) {
        let message = format!("`{key}` says all rules of this direction");
        let problem = Problem::new("conflict", message).at(several.head);
        findings.problem(problem.also(one, "and this is another one"));
    }
    if let Some(several) = several {
        let each = several.value.into_iter();
        return Some(
            each.map(|at| rule(at.value.peers, at.value.ports, findings))
                .collect(),
        );
    }
    one?;
    // An empty list lets nobody through, where a rule without peers lets everybody.
    let nobody = peers.as_ref().is_some_and(|at| at.value.is_empty());
    Some(if nobody {
        Vec::new()
    } else {
        vec![rule(peers, ports, findings)]
    })
}

fn rule(
    peers: Option<At<Vec<At<PeerTable>>>>,
    ports: Option<At<Vec<At<PolicyPort>>>>,
    findings: &mut Findings,
) -> PolicyRule {
    let peers = peers.map(|at| at.value).unwrap_or_default().into_iter();
    let ports = ports.map(|at| at.value).unwrap_or_default().into_iter();
    PolicyRule {
        peers: peers.filter_map(|at| peer(at, findings)).collect(),
        ports: ports.map(|at| at.value.0).collect(),
    }
}

fn peer(at: At<PeerTable>, findings: &mut Findings) -> Option<Peer> {
    let At { value, spot, .. } = at;
    let by = |keys: &[&str]| usize::from(value.has(keys));
    let sides = by(&["service"]) + by(&["pods", "namespace", "namespaces"]) + by(&["cidr"]);
    if sides != 1 || (value.has(&["namespace"]) && value.has(&["namespaces"])) {
        let message =
            "a peer is said by one of `service`, `pods`, `namespace`, `namespaces` and `cidr`";
        findings.bad_value(spot, message);
        return None;
    }
    if let Some(name) = value.service {
        return Some(Peer::Service(name.value, name.spot));
    }
    let mut fields = json!({});
    if let Some(cidr) = value.cidr {
        fields["ipBlock"] = json!({ "cidr": cidr.value.0 });
        let except = value.except.map(|at| at.value).unwrap_or_default();
        let except: Vec<String> = except.into_iter().map(|at| at.value.0).collect();
        if !except.is_empty() {
            fields["ipBlock"]["except"] = json!(except);
        }
    }
    let selector = |map: At<Map<String, AnnotationKey>>, findings: &mut Findings| {
        let found = labels(Some(map), findings);
        if found.is_empty() {
            return json!({});
        }
        json!({ "matchLabels": found })
    };
    if let Some(at) = value.namespace {
        let name = at.value.as_str();
        fields["namespaceSelector"] = json!({ "matchLabels": { NAMESPACE: name } });
    }
    if let Some(map) = value.namespaces {
        fields["namespaceSelector"] = selector(map, findings);
    }
    if let Some(map) = value.pods {
        fields["podSelector"] = selector(map, findings);
    }
    Some(Peer::Known(fields))
}

/// The label that every namespace has by its name (Kubernetes documentation, automatic labelling of
/// namespaces).
pub(crate) const NAMESPACE: &str = "kubernetes.io/metadata.name";

/// Says other services by the labels of their pods.
pub(in crate::spec) fn meet(services: &mut [KubeService], findings: &mut Findings) {
    let known: Vec<(ServiceName, BTreeMap<String, String>)> = services
        .iter()
        .map(|one| (one.name.clone(), one.own.selector.clone()))
        .collect();
    for service in services {
        findings.service = Some(service.name.clone());
        let policy = service.own.around.policy.as_mut().into_iter();
        let ways = policy.flat_map(|policy| [&mut policy.ingress, &mut policy.egress]);
        let rules = ways.flatten().flatten();
        for peer in rules.flat_map(|rule| &mut rule.peers) {
            let Peer::Service(name, spot) = peer else {
                continue;
            };
            if let Some((_, labels)) = known.iter().find(|(known, _)| known == name) {
                *peer = Peer::Known(of_pods(labels));
                continue;
            }
            let names = known.iter().map(|(known, _)| known.as_str());
            let hint = nearest::hint(name.as_str(), names);
            let help = hint.unwrap_or_else(|| {
                "other pods are said by their labels: { pods = { app = \"…\" } }".to_owned()
            });
            let message = format!("no service `{name}` in this file");
            let problem = Problem::new("unknown-service", message).at(*spot);
            findings.problem(problem.help(help));
        }
    }
    findings.service = None;
}
