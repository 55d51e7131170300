//! The rules of an `HTTPRoute`: which requests each takes, what becomes of them, and where they are sent.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::filters::{HeadersTable, RedirectTable, RewriteTable, filters};
use crate::names::{KubeName, Pattern};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Shape, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::words::patch::api_form::ApiForm;

table! {
    /// Which requests, and where they are sent.
    "a rule of `gateway`" RouteRuleTable {
        /// The path that it takes. Default: /.
        path: Filled,
        /// How it is compared. Default: `path_type` of `gateway`.
        path_type: RoutePath,
        /// Requests in place of `path`: one of these must fit.
        matches: Vec<At<RouteMatchTable>>,
        /// Where requests are sent. Default: all to this service.
        to: Vec<At<RouteBackendTable>>,
        /// What is answered instead: where clients are to go.
        redirect: RedirectTable,
        /// Another host or path for the service than clients have asked for.
        rewrite: RewriteTable,
        /// What becomes of the headers of requests.
        request_headers: HeadersTable,
        /// What becomes of the headers of answers.
        response_headers: HeadersTable,
        /// Other filters, in the API's form: [{ type = "CORS", cors = { … } }].
        filters: Vec<At<Free>>,
        /// A whole request may take so long: "10s". Default: as the Gateway says.
        timeout: RouteTime,
        /// One attempt to reach the service may take so long. Default: `timeout`.
        backend_timeout: RouteTime,
    }
}

table! {
    /// What a request must be like; all of it.
    "a match of `gateway`" RouteMatchTable {
        /// Its path. Default: /.
        path: Filled,
        /// How the path is compared. Default: `path_type` of `gateway`.
        path_type: RoutePath,
        /// Its method: "GET".
        method: Filled,
        /// Its headers: { x-version = "2" }, or { x-version = { regex = "2.*" } }.
        headers: Map<Compared>,
        /// Its query parameters, in the same way.
        query: Map<Compared>,
    }
}

table! {
    /// Where requests are sent.
    "a backend of `gateway`" RouteBackendTable {
        /// The Service. Default: this service's.
        service: KubeName,
        /// The port of that Service. Default: the first of this service's own.
        port: Whole<1, 65_535>,
        /// Its share of the requests, beside the other weights. Default: 1.
        weight: Whole<0, 1_000_000>,
    }
}

table! {
    /// A value that an expression describes.
    "a compared value" RegexTable {
        /// The regular expression, in the Gateway's own dialect.
        regex: Filled = required,
    }
}

/// A table of the API's, whatever it holds.
pub(in crate::spec) type Free = ApiForm<BTreeMap<String, Json>>;

/// How a path is compared (Gateway API reference, `PathMatchType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RoutePath {
    /// Part by part.
    #[default]
    Prefix,
    /// Letter by letter.
    Exact,
    /// By an expression, as the Gateway does.
    Regex,
}

words!(RoutePath, "a path type",
    "PathPrefix" => RoutePath::Prefix,
    "Exact" => RoutePath::Exact,
    "RegularExpression" => RoutePath::Regex,
);

impl RoutePath {
    fn as_str(self) -> &'static str {
        match self {
            Self::Prefix => "PathPrefix",
            Self::Exact => "Exact",
            Self::Regex => "RegularExpression",
        }
    }
}

/// A time as the Gateway API has it.
pub(in crate::spec) struct RouteTime(pub(in crate::spec) String);

/// Whole numbers with their units (Gateway API, GEP-2257).
pub(in crate::spec) static ROUTE_TIME: Pattern = Pattern::new("(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}");

impl Shape for RouteTime {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = String::read(node, findings)?;
        if !ROUTE_TIME.holds(&text) {
            let message = "this is not a time such as \"10s\", \"500ms\" or \"1m30s\"";
            findings.bad_value(node.spot, message);
            return None;
        }
        Some(Self(text))
    }

    fn schema() -> Json {
        ROUTE_TIME.schema()
    }
}

/// A value that must be just so, or that an expression describes.
pub(in crate::spec) enum Compared {
    Exact(String),
    Regex(String),
}

impl Shape for Compared {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            let regex = RegexTable::read(node, findings)?.regex?;
            return Some(Self::Regex(regex.value.0));
        }
        Filled::read(node, findings).map(|text| Self::Exact(text.0))
    }

    fn schema() -> Json {
        json!({ "anyOf": [Filled::schema(), RegexTable::schema()] })
    }
}

/// A rule of an `HTTPRoute`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RouteRule {
    /// At least one, in the API's form.
    pub(crate) matches: Vec<Json>,
    /// In the API's form.
    pub(crate) filters: Vec<Json>,
    /// Where requests are sent; nowhere, where clients are sent elsewhere.
    pub(crate) to: Vec<RouteBackend>,
    /// A whole request may take so long.
    pub(crate) timeout: Option<String>,
    /// One attempt may.
    pub(crate) backend_timeout: Option<String>,
}

/// Where requests are sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RouteBackend {
    /// `None`: this service's Service.
    pub(crate) service: Option<KubeName>,
    /// `None`: the first port of this service's Service.
    pub(crate) port: Option<u32>,
    /// `None`: 1.
    pub(crate) weight: Option<u32>,
}

impl RouteRule {
    /// One that sends what fits to this service.
    pub(super) fn of(one: Json) -> Self {
        Self {
            matches: vec![one],
            to: vec![RouteBackend::default()],
            ..Self::default()
        }
    }
}

/// The match of a path.
pub(super) fn one_path(path: Option<At<Filled>>, kind: RoutePath, findings: &mut Findings) -> Json {
    if let Some(at) = &path
        && kind != RoutePath::Regex
        && !at.value.0.starts_with('/')
    {
        findings.bad_value(at.spot, "a path starts with `/`");
    }
    let path = path.map_or_else(|| "/".to_owned(), |at| at.value.0);
    json!({ "path": { "type": kind.as_str(), "value": path } })
}

pub(super) fn rule(
    mut raw: RouteRuleTable,
    usual: RoutePath,
    findings: &mut Findings,
) -> RouteRule {
    let kind = raw.path_type.take().map_or(usual, |at| at.value);
    if let (Some(many), Some(path)) = (&raw.matches, &raw.path) {
        let problem = Problem::new("conflict", "`matches` and `path` exclude each other");
        findings.problem(problem.at(many.head).also(path.head, "the other one"));
    }
    let matches = match raw.matches.take() {
        None => vec![one_path(raw.path.take(), kind, findings)],
        Some(many) => {
            let each = many.value.into_iter();
            each.map(|at| one(at.value, kind, findings)).collect()
        }
    };
    let redirects = raw.redirect.as_ref().map(|at| at.head);
    if let (Some(to), Some(redirect)) = (&raw.to, redirects) {
        let problem = Problem::new("conflict", "a `redirect` is sent to no service");
        findings.problem(problem.at(to.head).also(redirect, "it is said here"));
    }
    if let (Some(rewrite), Some(redirect)) = (&raw.rewrite, redirects) {
        let problem = Problem::new("conflict", "`rewrite` and `redirect` exclude each other");
        findings.problem(problem.at(rewrite.head).also(redirect, "the other one"));
    }
    let filters = filters(&mut raw, findings);
    let to = raw
        .to
        .map(|at| at.value.into_iter().map(|at| backend(at.value)));
    let usual = || Vec::from_iter(redirects.is_none().then(RouteBackend::default));
    RouteRule {
        matches,
        filters,
        to: to.map_or_else(usual, Iterator::collect),
        timeout: raw.timeout.map(|at| at.value.0),
        backend_timeout: raw.backend_timeout.map(|at| at.value.0),
    }
}

fn backend(raw: RouteBackendTable) -> RouteBackend {
    RouteBackend {
        service: raw.service.map(|at| at.value),
        port: raw.port.map(|at| at.value.0),
        weight: raw.weight.map(|at| at.value.0),
    }
}

/// The methods that there are (Gateway API reference, `HTTPMethod`).
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

fn one(raw: RouteMatchTable, usual: RoutePath, findings: &mut Findings) -> Json {
    let kind = raw.path_type.map_or(usual, |at| at.value);
    let mut fields = one_path(raw.path, kind, findings);
    if let Some(at) = raw.method {
        if !METHODS.contains(&at.value.0.as_str()) {
            findings.bad_value(at.spot, format!("must be one of {}", METHODS.join(", ")));
        }
        fields["method"] = json!(at.value.0);
    }
    for (key, compared) in [("headers", raw.headers), ("queryParams", raw.query)] {
        let all = compared.map(|at| at.value.0).unwrap_or_default();
        let all = all.into_iter().map(|(name, at)| match at.value {
            Compared::Exact(value) => json!({ "name": name, "value": value }),
            Compared::Regex(value) => {
                json!({ "type": "RegularExpression", "name": name, "value": value })
            }
        });
        let all: Vec<Json> = all.collect();
        if !all.is_empty() {
            fields[key] = json!(all);
        }
    }
    fields
}
