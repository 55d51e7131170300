//! The Ingress that `expose` asks for.

use super::super::findings::Findings;
use super::super::model::{ALB, Ingress, KubePlace, Protocol, Reach};
use super::super::problem::{Problem, Spot};
use super::super::raw::{self, kubernetes as table};
use super::super::shape::{At, Table};
use super::kubernetes::annotations;
use super::{Scene, arns, or};
use crate::names::{Arn, KubeName};

/// What `expose` says, before the Ingress takes it over.
pub(super) struct Exposed {
    head: Spot,
    host: Option<(String, Spot)>,
    certificate: Option<At<Arn>>,
    says_public: bool,
}

impl Exposed {
    pub(super) fn of(at: &At<raw::Expose>) -> Self {
        let host = at.value.host.as_ref();
        Self {
            head: at.head,
            host: host.map(|at| (at.value.0.clone(), at.spot)),
            certificate: at.value.certificate.clone(),
            says_public: at.value.has(&["public"]),
        }
    }
}

/// The Ingress, where `expose` asks for one.
pub(super) fn ingress(
    raw: Option<At<table::Ingress>>,
    scene: &Scene<'_>,
    place: &KubePlace,
    default: KubeName,
    findings: &mut Findings,
) -> Option<Ingress> {
    let Some(exposed) = &scene.portable.expose else {
        if raw.is_some() {
            findings.note("not-honoured", "`ingress` makes none without `expose`");
        }
        return None;
    };
    let raw = raw.map(|at| at.value).unwrap_or_default();
    let alb = matches!(place.reach, Reach::Eks { .. })
        .then(|| ALB.parse().ok())
        .flatten();
    if let Some(at) = raw.path.as_ref().filter(|at| !at.value.0.starts_with('/')) {
        findings.bad_value(at.spot, "a path starts with `/`");
    }
    let ingress = Ingress {
        name: or(raw.name, default),
        class: raw.class.map(|at| at.value).or(alb),
        path: raw.path.map_or_else(|| "/".to_owned(), |at| at.value.0),
        annotations: annotations(raw.annotations, findings),
    };
    exposure(exposed, &ingress, scene, findings);
    if let Some(at) = &exposed.certificate {
        arns::kind(at, "acm", "certificate/", "a certificate", findings);
        arns::home("certificate", &at.value, place.into(), findings);
    }
    Some(ingress)
}

/// Whether the Ingress can be what `expose` asks for.
fn exposure(exposed: &Exposed, ingress: &Ingress, scene: &Scene<'_>, findings: &mut Findings) {
    let first = scene
        .containers
        .first()
        .and_then(|placed| placed.ports.first());
    let known = scene
        .containers
        .first()
        .is_some_and(|placed| placed.ports_known);
    if known && first.is_none_or(|at| at.value.protocol != Protocol::Tcp) {
        findings.problem(
            Problem::new("missing-key", "`expose` needs a TCP port to send to")
                .at(exposed.head)
                .help("let the service's first port be `8080`, or whatever it listens on"),
        );
    }
    if let Some((host, spot)) = &exposed.host
        && host
            .strip_prefix("*.")
            .unwrap_or(host)
            .parse::<KubeName>()
            .is_err()
    {
        findings.bad_value(*spot, "this is not a host name such as \"api.example.com\"");
    }
    if !ingress.is_alb() {
        only_for_alb(exposed, findings);
    }
}

fn only_for_alb(exposed: &Exposed, findings: &mut Findings) {
    let keys = [
        (exposed.certificate.is_some(), "`expose.certificate`"),
        (exposed.says_public, "`expose.public`"),
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
