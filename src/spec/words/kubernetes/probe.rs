//! A probe of the kubelet's: how it is written, and what it comes to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::spec::findings::Findings;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Shape, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::units::Time;

table! {
    /// What the kubelet asks a container, and how often.
    "a probe" ProbeTable {
        /// Path of an HTTP check.
        path: Filled,
        /// A shell line that runs inside of the container.
        command: Filled,
        /// A program with its arguments instead, which needs no shell.
        exec: Vec<At<String>>,
        /// A gRPC health check: true, or the name of the service that is asked for.
        grpc: Grpc,
        /// The port that is asked; without a `path` it must be open. Default: the service's own.
        port: Whole<1, 65_535>,
        /// Of an HTTP check: "HTTP" or "HTTPS". Default: "HTTP".
        scheme: Scheme,
        /// Of an HTTP check: the host that is asked. Default: the pod's address.
        host: Filled,
        /// Of an HTTP check: its headers.
        headers: Map<String>,
        /// Before the first. Default: 0s; of liveness: `health.grace`.
        delay: Time<0, 3600>,
        /// Between two. Default: 5s; of liveness: `health.interval`.
        period: Time<1, 3600>,
        /// How long one may take. Default: `health.timeout`.
        timeout: Time<1, 600>,
        /// Failures in a row that count. Default: `health.retries`; of startup: 60.
        retries: Whole<1, 1000>,
        /// Successes in a row that count; only of readiness more than 1. Default: 1.
        successes: Whole<1, 1000>,
        /// How long a container that failed has to end. Default: as at any other end.
        termination_grace: Time<1, 86_400>,
    }
}

/// How HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// In the clear.
    Http,
    /// Encrypted; the certificate is not looked at.
    Https,
}

words!(Scheme, "a scheme", "HTTP" => Scheme::Http, "HTTPS" => Scheme::Https);

impl Scheme {
    /// As manifests have it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
        }
    }
}

/// Whether a check speaks gRPC, and to which service.
pub(in crate::spec) struct Grpc(pub(in crate::spec) Option<String>);

impl Shape for Grpc {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if let Value::Bool(true) = node.value {
            return Some(Self(None));
        }
        if node.text().is_none() {
            findings.wrong_type(node, "true, or the name of a service", None);
            return None;
        }
        Filled::read(node, findings).map(|name| Self(Some(name.0)))
    }

    fn schema() -> Json {
        json!({ "anyOf": [{ "enum": [true] }, Filled::schema()] })
    }
}

/// A probe of the kubelet's (Kubernetes documentation, liveness, readiness and startup probes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// The check that each probe makes.
    pub(crate) check: Check,
    /// Before the first one, in whole seconds.
    pub(crate) delay: Duration,
    /// Between two, in whole seconds, at least 1.
    pub(crate) period: Duration,
    /// How long one may take, in whole seconds, at least 1.
    pub(crate) timeout: Duration,
    /// Failures in a row that count.
    pub(crate) failures: u32,
    /// Successes in a row that count; `None`: one.
    pub(crate) successes: Option<u32>,
    /// How long a container that failed has to end, in whole seconds.
    pub(crate) termination_grace: Option<Duration>,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Check {
    /// An HTTP GET that must answer 200 to 399.
    Http(HttpProbe),
    /// A shell line in the container that must exit with 0.
    Command(String),
    /// A program with its arguments that must exit with 0.
    Exec(Vec<String>),
    /// The port accepts connections.
    Tcp(u16),
    /// The gRPC health protocol says that it serves.
    Grpc {
        /// The port that answers.
        port: u16,
        /// The service that is asked for; `None`: all of them.
        service: Option<String>,
    },
}

/// Where an HTTP check sends its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpProbe {
    /// The path, with its slash.
    pub(crate) path: String,
    /// The port of the container that answers.
    pub(crate) port: u16,
    /// `None`: in the clear.
    pub(crate) scheme: Option<Scheme>,
    /// `None`: the pod's own address.
    pub(crate) host: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
}

impl HttpProbe {
    pub(in crate::spec) fn of(path: String, port: u16) -> Self {
        Self {
            path,
            port,
            scheme: None,
            host: None,
            headers: BTreeMap::new(),
        }
    }
}

/// The scheme, the host and the headers of a request, where they are said.
pub(in crate::spec) type More<'a> = (
    Option<&'a At<Scheme>>,
    Option<&'a At<Filled>>,
    Option<&'a At<Map<String>>>,
);

/// An HTTP request by its path, its port and what more is said of it.
pub(in crate::spec) fn http_probe(
    path: &At<Filled>,
    port: u16,
    (scheme, host, headers): More<'_>,
    findings: &mut Findings,
) -> HttpProbe {
    if !path.value.0.starts_with('/') {
        findings.bad_value(path.spot, "a path starts with `/`");
    }
    let headers = headers.iter().flat_map(|at| &at.value.0);
    HttpProbe {
        scheme: scheme.map(|at| at.value),
        host: host.map(|at| at.value.0.clone()),
        headers: headers
            .map(|(name, at)| (name.clone(), at.value.clone()))
            .collect(),
        ..HttpProbe::of(path.value.0.clone(), port)
    }
}
