//! How the outside reaches a service: `expose`, and the Ingress that it asks for on Kubernetes.

pub(in crate::spec) mod rules;

use std::collections::BTreeMap;

use self::rules::{
    Backend, BackendTable, IngressRule, IngressRuleTable, PathType, Tls, TlsTable, rules, tls,
};
use crate::names::{Arn, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::Scene;
use crate::spec::resolve::{arns, or};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Table, table};
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::ports::Protocol;
use crate::spec::words::tags::{AnnotationKey, annotations};
use crate::spec::words::target::namespace::{KubePlace, Reach};

table! {
    /// How the outside reaches a service.
    "expose" ExposeTable {
        /// Host name.
        host: Filled,
        /// ARN of the certificate for it.
        certificate: Arn,
        /// Internet-facing or internal. Default: false.
        public: bool,
    }
}

table! {
    /// The Ingress that `expose` asks for.
    "ingress" IngressTable {
        /// Its name. Default: NAME-ingress.
        name: KubeName,
        /// The class of the controller that serves it. Default: alb on EKS, elsewhere the cluster's own.
        class: KubeName,
        /// The path prefix that it takes. Default: /.
        path: Filled,
        /// How paths are compared: "Prefix", "Exact" or `ImplementationSpecific`. Default: "Prefix".
        path_type: PathType,
        /// Several hosts and paths, in place of `expose.host` and `path`.
        rules: Vec<At<IngressRuleTable>>,
        /// Where whatever no rule takes is sent: {} is this service.
        default_backend: BackendTable,
        /// The Secrets that hold certificates: { hosts = […], secret = "api-tls" } each.
        tls: Vec<At<TlsTable>>,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// Annotations beside, or in place of, the derived ones.
        annotations: Map<String, AnnotationKey>,
    }
}

/// How the outside reaches a service: an Ingress of the AWS Load Balancer Controller, or of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ingress {
    /// The name of the Ingress.
    pub(crate) name: KubeName,
    /// The class that a controller of the cluster serves; `None`: the cluster's own default.
    pub(crate) class: Option<KubeName>,
    /// The hosts that lead to the service, and to others.
    pub(crate) rules: Vec<IngressRule>,
    /// Where whatever no rule takes is sent.
    pub(crate) default_backend: Option<Backend>,
    pub(crate) tls: Vec<Tls>,
    /// The certificate that proves the host name.
    pub(crate) certificate: Option<Arn>,
    /// Whether the load balancer faces the Internet; else it is internal.
    pub(crate) public: bool,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
    /// Annotations in place of, or beside, the derived ones.
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Ingress {
    /// Whether the AWS Load Balancer Controller serves it.
    pub(crate) fn is_alb(&self) -> bool {
        self.class
            .as_ref()
            .is_some_and(|class| class.as_str() == ALB)
    }
}

/// The class that the AWS Load Balancer Controller makes for itself (AWS Load Balancer Controller
/// documentation, `IngressClass`).
const ALB: &str = "alb";

/// The Ingress, where `expose` asks for one; `own_ports`: whether the Service's ports are said by the file.
pub(in crate::spec) fn ingress(
    raw: Option<At<IngressTable>>,
    expose: Option<At<ExposeTable>>,
    scene: &Scene<'_, KubePlace>,
    (default, own_ports): (KubeName, bool),
    findings: &mut Findings,
) -> Option<Ingress> {
    let Some(At {
        value: expose,
        head,
        ..
    }) = expose
    else {
        if raw.is_some() {
            findings.note("not-honoured", "`ingress` makes none without `expose`");
        }
        return None;
    };
    let mut raw = raw.map(|at| at.value).unwrap_or_default();
    let alb = matches!(scene.place.reach, Reach::Eks { .. })
        .then(|| ALB.parse().ok())
        .flatten();
    let ingress = Ingress {
        rules: rules(&mut raw, &expose, findings),
        default_backend: raw.default_backend.take().map(|at| Backend {
            service: at.value.service.map(|at| at.value),
            port: at.value.port.map(|at| at.value),
        }),
        tls: tls(raw.tls.take()),
        labels: labels(raw.labels.take(), findings),
        name: or(raw.name, default),
        class: raw.class.map(|at| at.value).or(alb),
        certificate: expose.certificate.as_ref().map(|at| at.value.clone()),
        public: expose.public.as_ref().is_some_and(|at| at.value),
        annotations: annotations(raw.annotations, findings),
    };
    if !own_ports {
        port(head, scene, findings);
    }
    if !ingress.is_alb() {
        only_for_alb(&expose, findings);
    }
    if let Some(at) = &expose.certificate {
        arns::kind(at, "acm", "certificate/", "a certificate", findings);
        arns::home("certificate", &at.value, scene.place.into(), findings);
    }
    Some(ingress)
}

/// Whether there is a port that an Ingress, or a route, can send to.
pub(in crate::spec) fn port(expose: Spot, scene: &Scene<'_, KubePlace>, findings: &mut Findings) {
    let main = scene.containers.first();
    let first = main.and_then(|placed| placed.ports.first());
    if main.is_some_and(|placed| placed.ports_known)
        && first.is_none_or(|at| at.value.protocol != Protocol::Tcp)
    {
        findings.problem(
            Problem::new("missing-key", "`expose` needs a TCP port to send to")
                .at(expose)
                .help("let the service's first port be `8080`, or whatever it listens on"),
        );
    }
}

fn only_for_alb(expose: &ExposeTable, findings: &mut Findings) {
    let keys = [
        (expose.certificate.is_some(), "`expose.certificate`"),
        (expose.has(&["public"]), "`expose.public`"),
    ];
    let said = keys.into_iter().filter(|(said, _)| *said);
    let said: Vec<&str> = said.map(|(_, key)| key).collect();
    if !said.is_empty() {
        let message = format!(
            "{} cannot be honoured here: only an Ingress of class `{ALB}` takes it; what yours takes goes into `ingress.annotations`",
            said.join(" and ")
        );
        findings.note("not-honoured", message);
    }
}
