//! How a Gateway leads to a service on Kubernetes: `gateway`, and the `HTTPRoute` that it makes of `expose`.

pub(in crate::spec) mod filters;
pub(in crate::spec) mod rules;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use self::rules::{RoutePath, RouteRule, RouteRuleTable, RouteTime, one_path, rule};
use crate::names::{KubeLabel, KubeName};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::{Scene, or};
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Shape, Table, table};
use crate::spec::tree::{Node, Value};
use crate::spec::words::ingress::rules::host;
use crate::spec::words::ingress::{ExposeTable, port};
use crate::spec::words::kubernetes::labels::labels;
use crate::spec::words::tags::{AnnotationKey, annotations};
use crate::spec::words::target::namespace::KubePlace;

table! {
    /// The `HTTPRoute` that `expose` asks for, at a Gateway.
    "gateway" GatewayTable {
        /// The Gateway.
        name: KubeName,
        /// The Gateway's namespace. Default: the target's own.
        namespace: KubeLabel,
        /// Which of its listeners, by name. Default: all that fit.
        section: KubeName,
        /// Several Gateways in place of one: { name, namespace, section } each.
        parents: Vec<At<ParentTable>>,
        /// The name of the `HTTPRoute`. Default: NAME-route.
        route: KubeName,
        /// Its host names. Default: the one of `expose`.
        hosts: Vec<At<Filled>>,
        /// The path that it takes. Default: /.
        path: Filled,
        /// How paths are compared: `PathPrefix`, "Exact" or `RegularExpression`. Default: `PathPrefix`.
        path_type: RoutePath,
        /// A whole request may take so long: "10s". Default: as the Gateway says.
        timeout: RouteTime,
        /// Several rules in place of `path` and `timeout`.
        rules: Vec<At<RouteRuleTable>>,
        /// Labels of its own, beside `labels`.
        labels: Map<String, AnnotationKey>,
        /// Its annotations.
        annotations: Map<String, AnnotationKey>,
    }
}

table! {
    /// A Gateway that takes requests.
    "a Gateway" ParentTable {
        /// Its name.
        name: KubeName = required,
        /// Its namespace. Default: the target's own.
        namespace: KubeLabel,
        /// Which of its listeners, by name. Default: all that fit.
        section: KubeName,
        /// Which of its listeners, by port. Default: all that fit.
        port: Whole<1, 65_535>,
    }
}

/// The name of a Gateway, or a table that says more.
pub(in crate::spec) enum WrittenGateway {
    Name(At<KubeName>),
    Table(Box<GatewayTable>),
}

impl Shape for WrittenGateway {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return GatewayTable::read(node, findings).map(|table| Self::Table(Box::new(table)));
        }
        let name = At {
            value: KubeName::read(node, findings)?,
            spot: node.spot,
            head: node.head(),
        };
        Some(Self::Name(name))
    }

    fn schema() -> Json {
        json!({ "anyOf": [KubeName::schema(), GatewayTable::schema()] })
    }
}

/// The `HTTPRoute` of a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    pub(crate) name: KubeName,
    /// The Gateways, in the API's form.
    pub(crate) parents: Vec<Json>,
    pub(crate) hosts: Vec<String>,
    pub(crate) rules: Vec<RouteRule>,
    /// Labels of its own.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// The route, where `gateway` and `expose` ask for one; `own_ports`: whether the Service's ports are said by
/// the file.
pub(in crate::spec) fn route(
    raw: Option<At<WrittenGateway>>,
    expose: Option<&At<ExposeTable>>,
    scene: &Scene<'_, KubePlace>,
    (default, own_ports): (KubeName, bool),
    findings: &mut Findings,
) -> Option<Route> {
    let raw = raw?;
    let Some(expose) = expose else {
        findings.note("not-honoured", "`gateway` makes no route without `expose`");
        return None;
    };
    let mut table = match raw.value {
        WrittenGateway::Table(table) => *table,
        WrittenGateway::Name(name) => GatewayTable {
            name: Some(name),
            ..GatewayTable::default()
        },
    };
    if table.name.is_none() && !table.has(&["parents", "name"]) {
        let why = "the Gateway that takes the requests";
        findings.missing(raw.head, "name", why);
    }
    if !own_ports {
        port(expose.head, scene, findings);
    }
    if expose.value.certificate.is_some() || expose.value.has(&["public"]) {
        let message = "a route leaves `expose.certificate` and `expose.public` to the listeners of its Gateway";
        findings.note("not-honoured", message);
    }
    let hosts = hosts(&mut table, &expose.value, findings);
    let rules = rules(&mut table, findings);
    Some(Route {
        parents: parents(&mut table, findings),
        hosts,
        rules,
        name: or(table.route, default),
        labels: labels(table.labels, findings),
        annotations: annotations(table.annotations, findings),
    })
}

/// The Gateways, in the API's form.
fn parents(table: &mut GatewayTable, findings: &mut Findings) -> Vec<Json> {
    let (name, section) = (table.name.take(), table.section.take());
    let namespace = table.namespace.take();
    let several = table.parents.take();
    let said = [
        name.as_ref().map(|at| at.head),
        section.as_ref().map(|at| at.head),
        namespace.as_ref().map(|at| at.head),
    ];
    if let (Some(several), Some(one)) = (&several, said.into_iter().flatten().next()) {
        let message = "`parents` takes the place of `name`, `namespace` and `section`";
        let problem = Problem::new("conflict", message).at(several.head);
        findings.problem(problem.also(one, "the one Gateway"));
    }
    let one = name.map(|name| ParentTable {
        name: Some(name),
        namespace,
        section,
        ..ParentTable::default()
    });
    let several = several.map(|at| at.value).unwrap_or_default();
    let all = one
        .into_iter()
        .chain(several.into_iter().map(|at| at.value));
    all.filter_map(|parent| {
        let mut fields = json!({ "name": parent.name?.value.as_str() });
        if let Some(at) = parent.namespace {
            fields["namespace"] = json!(at.value.as_str());
        }
        if let Some(at) = parent.section {
            fields["sectionName"] = json!(at.value.as_str());
        }
        if let Some(at) = parent.port {
            fields["port"] = json!(at.value.0);
        }
        Some(fields)
    })
    .collect()
}

/// Its host names: its own, or the one of `expose`.
fn hosts(table: &mut GatewayTable, expose: &ExposeTable, findings: &mut Findings) -> Vec<String> {
    let own = table.hosts.take().map(|at| at.value);
    let all = own.unwrap_or_else(|| expose.host.iter().cloned().collect());
    for at in &all {
        host(&at.value.0, at.spot, findings);
    }
    all.into_iter().map(|at| at.value.0).collect()
}

/// Its rules: the one of `path`, or all that the table says.
fn rules(table: &mut GatewayTable, findings: &mut Findings) -> Vec<RouteRule> {
    let usual = table
        .path_type
        .take()
        .map(|at| at.value)
        .unwrap_or_default();
    let (path, timeout) = (table.path.take(), table.timeout.take());
    let Some(several) = table.rules.take() else {
        return vec![RouteRule {
            timeout: timeout.map(|at| at.value.0),
            ..RouteRule::of(one_path(path, usual, findings))
        }];
    };
    let said = [
        path.as_ref().map(|at| (at.head, "path")),
        timeout.as_ref().map(|at| (at.head, "timeout")),
    ];
    for (spot, key) in said.into_iter().flatten() {
        let message = format!("`gateway.rules` and `gateway.{key}` exclude each other");
        let problem = Problem::new("conflict", message).at(several.head);
        findings.problem(problem.also(spot, "the other one"));
    }
    let each = several.value.into_iter();
    each.map(|at| rule(at.value, usual, findings)).collect()
}
