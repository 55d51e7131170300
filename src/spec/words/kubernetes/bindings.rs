//! Target groups of load balancers that were made elsewhere, and that the pods become targets of.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::names::{Arn, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::arns;
use crate::spec::shape::{Map, table, words};
use crate::spec::words::ingress::rules::BackendPort;
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::kubernetes::service::{KubeServiceOwn, ServiceType};
use crate::spec::words::kubernetes::{KubernetesTable, Scene};
use crate::spec::words::patch::api_form::{ApiForm, tree};
use crate::spec::words::tags::{AnnotationKey, annotations};

table! {
    /// A load balancer's target group, and what of the Service its targets are.
    "kubernetes.target_groups" BindingTable {
        /// Its ARN.
        arn: Arn = required,
        /// The port of the Service. Default: its first.
        port: BackendPort,
        /// What the targets are: "ip" for the pods themselves, "instance" for a port on the nodes. Default: "ip".
        r#type: TargetType,
        /// Who may reach the pods, for security groups that the controller keeps, in the API's form.
        networking: ApiForm<BTreeMap<String, Json>>,
        /// The name of the `TargetGroupBinding`. Default: the Deployment's, and the ID of the target group.
        name: KubeName,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// Its annotations.
        annotations: Map<String, AnnotationKey>,
    }
}

/// What the targets of a target group are (AWS Load Balancer Controller documentation, `TargetGroupBinding`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TargetType {
    /// Pods, by their own addresses.
    #[default]
    Ip,
    /// Nodes, by a port of the Service.
    Instance,
}

words!(TargetType, "a type of targets",
    "ip" => TargetType::Ip,
    "instance" => TargetType::Instance,
);

impl TargetType {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Instance => "instance",
        }
    }
}

/// A target group that the pods become targets of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Binding {
    pub(crate) name: String,
    pub(crate) arn: Arn,
    /// `None`: the first port of the Service.
    pub(crate) port: Option<BackendPort>,
    pub(crate) r#type: TargetType,
    /// In the API's form.
    pub(crate) networking: Option<Json>,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Binding {
    /// What is called so beside the Deployment `name` where nothing is said. Of a binding the target group, whose
    /// ARN ends so, never changes: another one is another binding.
    pub(crate) fn usual_name(name: &str, target_group: &str) -> String {
        let id = target_group.rsplit('/').next().unwrap_or_default();
        format!("{name}-{}", id.to_ascii_lowercase())
    }
}

/// The bindings that the table asks for.
pub(in crate::spec) fn bindings(
    raw: &mut KubernetesTable,
    name: &str,
    service: Option<&KubeServiceOwn>,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Vec<Binding> {
    let (one, many) = (raw.target_group.take(), raw.target_groups.take());
    if let (Some(one), Some(many)) = (&one, &many) {
        let message = "`target_group` and `target_groups` exclude each other";
        let problem = Problem::new("conflict", message).at(many.head);
        findings.problem(problem.also(one.head, "the one target group"));
    }
    let Some(head) = one
        .as_ref()
        .map(|at| at.head)
        .or(many.as_ref().map(|at| at.head))
    else {
        return Vec::new();
    };
    if service.is_none() {
        let message = "the pods become targets by a Service, and there is none";
        let problem = Problem::new("missing-key", message).at(head);
        findings.problem(problem.help("give the service a `port`"));
    }
    let one = one.map(|arn| BindingTable {
        arn: Some(arn),
        ..BindingTable::default()
    });
    let many = many.map(|at| at.value).unwrap_or_default().into_iter();
    let all = one.into_iter().chain(many.map(|at| at.value));
    all.filter_map(|table| binding(table, name, service, scene, findings))
        .collect()
}

fn binding(
    table: BindingTable,
    name: &str,
    service: Option<&KubeServiceOwn>,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Option<Binding> {
    let arn = table.arn?;
    let (kind, what) = ("elasticloadbalancing", "a target group");
    arns::kind(&arn, kind, "targetgroup/", what, findings);
    arns::home("target_group", &arn.value, scene.place.into(), findings);
    if let Some(at) = table
        .r#type
        .as_ref()
        .filter(|at| at.value == TargetType::Instance)
        && service.is_some_and(|service| service.r#type == ServiceType::ClusterIp)
    {
        let message = "nodes are targets by a port that they have for the Service";
        let problem = Problem::new("conflict", message).at(at.spot);
        findings
            .problem(problem.help("kubernetes.service.type = \"NodePort\", or leave `type` out"));
    }
    let usual = Binding::usual_name(name, arn.value.resource());
    Some(Binding {
        name: table.name.map_or(usual, |at| at.value.to_string()),
        arn: arn.value,
        port: table.port.map(|at| at.value),
        r#type: table.r#type.map(|at| at.value).unwrap_or_default(),
        networking: tree(table.networking),
        labels: labels(table.labels, findings),
        annotations: annotations(table.annotations, findings),
    })
}
