//! How the outside reaches a service: `expose`, and the Ingress that it asks for on Kubernetes.

use std::collections::BTreeMap;

use crate::names::{Arn, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::Scene;
use crate::spec::resolve::{arns, or};
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map, Table, table};
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
    /// The host name that leads to the service.
    pub(crate) host: Option<String>,
    /// The certificate that proves the host name.
    pub(crate) certificate: Option<Arn>,
    /// Whether the load balancer faces the Internet; else it is internal.
    pub(crate) public: bool,
    /// The path prefix that it takes.
    pub(crate) path: String,
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

/// The Ingress, where `expose` asks for one.
pub(in crate::spec) fn ingress(
    raw: Option<At<IngressTable>>,
    expose: Option<At<ExposeTable>>,
    scene: &Scene<'_, KubePlace>,
    default: KubeName,
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
    let raw = raw.map(|at| at.value).unwrap_or_default();
    let alb = matches!(scene.place.reach, Reach::Eks { .. })
        .then(|| ALB.parse().ok())
        .flatten();
    if let Some(at) = raw.path.as_ref().filter(|at| !at.value.0.starts_with('/')) {
        findings.bad_value(at.spot, "a path starts with `/`");
    }
    let ingress = Ingress {
        name: or(raw.name, default),
        class: raw.class.map(|at| at.value).or(alb),
        host: expose.host.as_ref().map(|at| at.value.0.clone()),
        certificate: expose.certificate.as_ref().map(|at| at.value.clone()),
        public: expose.public.as_ref().is_some_and(|at| at.value),
        path: raw.path.map_or_else(|| "/".to_owned(), |at| at.value.0),
        annotations: annotations(raw.annotations, findings),
    };
    port(head, scene, findings);
    if let Some(at) = &expose.host {
        host(&at.value.0, at.spot, findings);
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

/// Whether there is a port that an Ingress can send to.
fn port(expose: Spot, scene: &Scene<'_, KubePlace>, findings: &mut Findings) {
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

fn host(name: &str, spot: Spot, findings: &mut Findings) {
    let name = name.strip_prefix("*.").unwrap_or(name);
    if name.parse::<KubeName>().is_err() {
        findings.bad_value(spot, "this is not a host name such as \"api.example.com\"");
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
