//! The hosts and paths of an Ingress, where they lead, and the certificates of the hosts.

use serde_json::{Value as Json, json};

use super::{ExposeTable, IngressTable};
use crate::names::{KubeLabel, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Filled, Whole, is_number};
use crate::spec::shape::{At, Shape, table, words};
use crate::spec::tree::Node;

table! {
    /// A host, and where its paths lead.
    "a rule of `ingress`" IngressRuleTable {
        /// Host name. Default: any.
        host: Filled,
        /// Its paths. Default: all of them, to this service.
        paths: Vec<At<IngressPathTable>>,
    }
}

table! {
    /// A path, and where it leads.
    "a path of `ingress`" IngressPathTable {
        /// The path. Default: /.
        path: Filled,
        /// How it is compared. Default: `path_type`.
        r#type: PathType,
        /// The Service that it leads to. Default: this service's.
        service: KubeName,
        /// The port of that Service, by number or by name. Default: this service's own.
        port: BackendPort,
    }
}

table! {
    /// Where something is sent.
    "a backend of `ingress`" BackendTable {
        /// The Service. Default: this service's.
        service: KubeName,
        /// The port of that Service, by number or by name. Default: this service's own.
        port: BackendPort,
    }
}

table! {
    /// Hosts, and the Secret that holds their certificate.
    "`ingress.tls`" TlsTable {
        /// The host names.
        hosts: Vec<At<Filled>>,
        /// The Secret. Default: the controller's own certificate.
        secret: KubeName,
    }
}

/// How paths are compared (Kubernetes documentation, Ingress, path types).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PathType {
    /// Part by part.
    #[default]
    Prefix,
    /// Letter by letter.
    Exact,
    /// As the controller does.
    ImplementationSpecific,
}

words!(PathType, "a path type",
    "Prefix" => PathType::Prefix,
    "Exact" => PathType::Exact,
    "ImplementationSpecific" => PathType::ImplementationSpecific,
);

impl PathType {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Prefix => "Prefix",
            Self::Exact => "Exact",
            Self::ImplementationSpecific => "ImplementationSpecific",
        }
    }
}

/// A port of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BackendPort {
    Number(u32),
    Name(String),
}

impl Shape for BackendPort {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if is_number(node) {
            return Whole::<1, 65_535>::read(node, findings).map(|number| Self::Number(number.0));
        }
        KubeLabel::read(node, findings).map(|name| Self::Name(name.to_string()))
    }

    fn schema() -> Json {
        json!({ "anyOf": [Whole::<1, 65_535>::schema(), KubeLabel::schema()] })
    }
}

/// Where something is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Backend {
    /// `None`: this service's Service.
    pub(crate) service: Option<KubeName>,
    /// `None`: the first port of this service's Service.
    pub(crate) port: Option<BackendPort>,
}

/// A path, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IngressPath {
    pub(crate) path: Option<String>,
    pub(crate) r#type: PathType,
    pub(crate) backend: Backend,
}

/// A host, and where its paths lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IngressRule {
    /// `None`: any.
    pub(crate) host: Option<String>,
    pub(crate) paths: Vec<IngressPath>,
}

/// Hosts, and the Secret that holds their certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) hosts: Vec<String>,
    pub(crate) secret: Option<KubeName>,
}

/// Hosts and paths: the one of `expose`, or all that the table says.
pub(super) fn rules(
    raw: &mut IngressTable,
    expose: &ExposeTable,
    findings: &mut Findings,
) -> Vec<IngressRule> {
    let usual = raw.path_type.take().map(|at| at.value).unwrap_or_default();
    if let Some(at) = raw.rules.take() {
        let others = [
            expose.host.as_ref().map(|at| (at.head, "expose.host")),
            raw.path.as_ref().map(|at| (at.head, "ingress.path")),
        ];
        for (spot, key) in others.into_iter().flatten() {
            let message = format!("`ingress.rules` and `{key}` exclude each other");
            let problem = Problem::new("conflict", message).at(at.head);
            findings.problem(problem.also(spot, "the other one"));
        }
        let each = at.value.into_iter();
        return each.map(|at| rule(at.value, usual, findings)).collect();
    }
    if raw.default_backend.is_some() && raw.path.is_none() && expose.host.is_none() {
        return Vec::new();
    }
    let path = raw.path.take();
    if let Some(at) = &path {
        slash(&at.value.0, usual, at.spot, findings);
    }
    if let Some(at) = &expose.host {
        host(&at.value.0, at.spot, findings);
    }
    vec![IngressRule {
        host: expose.host.as_ref().map(|at| at.value.0.clone()),
        paths: vec![IngressPath {
            path: Some(path.map_or_else(|| "/".to_owned(), |at| at.value.0)),
            r#type: usual,
            backend: Backend::default(),
        }],
    }]
}

fn rule(raw: IngressRuleTable, usual: PathType, findings: &mut Findings) -> IngressRule {
    if let Some(at) = &raw.host {
        host(&at.value.0, at.spot, findings);
    }
    let own = || {
        vec![IngressPath {
            path: Some("/".to_owned()),
            r#type: usual,
            backend: Backend::default(),
        }]
    };
    let paths = raw.paths.map(|at| at.value);
    let mut read = |at: At<IngressPathTable>| {
        let one = at.value;
        let kind = one.r#type.map_or(usual, |at| at.value);
        if let Some(at) = &one.path {
            slash(&at.value.0, kind, at.spot, findings);
        }
        let any = (kind != PathType::ImplementationSpecific).then(|| "/".to_owned());
        IngressPath {
            path: one.path.map(|at| at.value.0).or(any),
            r#type: kind,
            backend: Backend {
                service: one.service.map(|at| at.value),
                port: one.port.map(|at| at.value),
            },
        }
    };
    IngressRule {
        host: raw.host.map(|at| at.value.0),
        paths: paths.map_or_else(own, |all| all.into_iter().map(&mut read).collect()),
    }
}

/// What a controller makes of a path of its own kind is its own affair.
fn slash(path: &str, kind: PathType, spot: Spot, findings: &mut Findings) {
    if kind != PathType::ImplementationSpecific && !path.starts_with('/') {
        findings.bad_value(spot, "a path starts with `/`");
    }
}

pub(super) fn tls(raw: Option<At<Vec<At<TlsTable>>>>) -> Vec<Tls> {
    let all = raw.map(|at| at.value).unwrap_or_default().into_iter();
    let each = all.map(|at| {
        let hosts = at.value.hosts.map(|at| at.value).unwrap_or_default();
        Tls {
            hosts: hosts.into_iter().map(|at| at.value.0).collect(),
            secret: at.value.secret.map(|at| at.value),
        }
    });
    each.collect()
}

pub(in crate::spec) fn host(name: &str, spot: Spot, findings: &mut Findings) {
    let name = name.strip_prefix("*.").unwrap_or(name);
    if name.parse::<KubeName>().is_err() {
        findings.bad_value(spot, "this is not a host name such as \"api.example.com\"");
    }
}
