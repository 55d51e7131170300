//! Where pods run and what they find there: nodes, priorities and names.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, HostAlias, PodDNSConfig, Toleration, TopologySpreadConstraint,
};
use serde_json::{Map as Object, Value as Json, json};

use crate::names::KubeName;
use crate::spec::findings::Findings;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Shape};
use crate::spec::tree::{Node, Value};
use crate::spec::words::kubernetes::KubernetesTable;
use crate::spec::words::kubernetes::kind::WorkloadKind;
use crate::spec::words::kubernetes::nodes;
use crate::spec::words::kubernetes::security::of_pod;
use crate::spec::words::patch::api_form::{ApiForm, tree, trees};

/// Which nodes and which pods it goes beside.
pub(in crate::spec) type WrittenAffinity = ApiForm<Affinity>;
/// Taints of nodes that are borne.
pub(in crate::spec) type Tolerations = Vec<At<ApiForm<Toleration>>>;
/// How names are found.
pub(in crate::spec) type Dns = ApiForm<PodDNSConfig>;
/// Names beside those that are found.
pub(in crate::spec) type HostAliases = Vec<At<ApiForm<HostAlias>>>;

/// Whether pods are spread, or how.
pub(in crate::spec) enum WrittenSpread {
    Usual(bool),
    Own(Vec<At<ApiForm<TopologySpreadConstraint>>>),
}

impl Shape for WrittenSpread {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match node.value {
            Value::Bool(usual) => Some(Self::Usual(usual)),
            Value::List(_) => Shape::read(node, findings).map(Self::Own),
            _ => {
                findings.wrong_type(node, "true, false or an array of constraints", None);
                None
            }
        }
    }

    fn schema() -> Json {
        let list = <Vec<At<ApiForm<TopologySpreadConstraint>>>>::schema();
        json!({ "anyOf": [bool::schema(), list] })
    }
}

pub(super) fn names(raw: Option<At<Vec<At<KubeName>>>>) -> Vec<KubeName> {
    let all = raw.map(|at| at.value).unwrap_or_default();
    all.into_iter().map(|at| at.value).collect()
}

/// What the table says of the pods' own specification, in the API's form, and whether pods are spread as
/// usual.
pub(in crate::spec) fn pod(
    raw: &mut KubernetesTable,
    kind: WorkloadKind,
    selector: &BTreeMap<String, String>,
    findings: &mut Findings,
) -> (Object<String, Json>, bool) {
    // Of a DaemonSet each node has its one anyway.
    let usual = raw.spread.is_some() || kind != WorkloadKind::DaemonSet;
    let mut found = Object::new();
    let mut put = |key: &str, value: Option<Json>| {
        let value = value.filter(|value| !is_empty(value));
        found.extend(value.map(|value| (key.to_owned(), value)));
    };
    let security = of_pod(raw.pod_security.take(), raw.security.as_ref(), findings);
    put("securityContext", Some(security));
    put("nodeSelector", Some(nodes::selector(raw, findings)));
    put("affinity", tree(raw.affinity.take()));
    put(
        "tolerations",
        Some(Json::from(trees(raw.tolerations.take()))),
    );
    put(
        "hostAliases",
        Some(Json::from(trees(raw.host_aliases.take()))),
    );
    put("dnsConfig", tree(raw.dns.take()));
    let text = |name: Option<At<KubeName>>| name.map(|at| json!(at.value.as_str()));
    put("priorityClassName", text(raw.priority_class.take()));
    put("runtimeClassName", text(raw.runtime_class.take()));
    put("schedulerName", text(raw.scheduler.take()));
    put(
        "dnsPolicy",
        raw.dns_policy.take().map(|at| policy(&at, findings)),
    );
    let secrets = names(raw.pull_secrets.take());
    let secrets = secrets.iter().map(|name| json!({ "name": name.as_str() }));
    put("imagePullSecrets", Some(secrets.collect()));
    let flag = |at: Option<At<bool>>| at.map(|at| json!(at.value));
    put("hostNetwork", flag(raw.host_network.take()));
    put("shareProcessNamespace", flag(raw.share_processes.take()));
    put(
        "automountServiceAccountToken",
        flag(raw.automount_token.take()),
    );
    put("enableServiceLinks", flag(raw.enable_service_links.take()));
    let (spread, constraints) = spread(raw.spread.take(), selector);
    put("topologySpreadConstraints", constraints);
    let grace = raw.termination_grace.take();
    put(
        "terminationGracePeriodSeconds",
        grace.map(|at| json!(at.value.0.as_secs())),
    );
    (found, spread && usual)
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Whether pods are spread as usual, or the constraints that the file says. Pods of this service are
/// counted, unless a constraint says others.
fn spread(
    raw: Option<At<WrittenSpread>>,
    selector: &BTreeMap<String, String>,
) -> (bool, Option<Json>) {
    let own = match raw.map(|at| at.value) {
        None => return (true, None),
        Some(WrittenSpread::Usual(usual)) => return (usual, None),
        Some(WrittenSpread::Own(own)) => own,
    };
    let each = own.into_iter().map(|at| {
        let mut tree = at.value.tree;
        if tree.get("labelSelector").is_none() {
            tree["labelSelector"] = json!({ "matchLabels": selector });
        }
        tree
    });
    (false, Some(each.collect()).filter(|all| !is_empty(all)))
}

/// How names are found (Kubernetes documentation, Pod's DNS Policy).
const DNS: [&str; 4] = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];

fn policy(at: &At<Filled>, findings: &mut Findings) -> Json {
    if !DNS.contains(&at.value.0.as_str()) {
        findings.bad_value(at.spot, format!("must be one of {}", DNS.join(", ")));
    }
    json!(at.value.0)
}
