//! What becomes of requests on the way through a Gateway: the filters of an `HTTPRoute`, in the API's form.

use serde_json::{Map as Object, Value as Json, json};

use super::rules::RouteRuleTable;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, table};
use crate::spec::words::patch::api_form::trees;

table! {
    /// Where clients are to go instead; what is left out stays as it was asked for.
    "redirect" RedirectTable {
        /// "http" or "https".
        scheme: Filled,
        /// The host.
        host: Filled,
        /// The path, in place of all of it.
        path: Filled,
        /// The path, in place of what a prefix has matched.
        prefix: Filled,
        /// The port.
        port: Whole<1, 65_535>,
        /// The status of the answer: 301, 302, 303, 307 or 308. Default: 302.
        status: Whole<301, 308>,
    }
}

table! {
    /// What the service is asked for in place of what clients ask for.
    "rewrite" RewriteTable {
        /// The host.
        host: Filled,
        /// The path, in place of all of it.
        path: Filled,
        /// The path, in place of what a prefix has matched.
        prefix: Filled,
    }
}

table! {
    /// What becomes of headers.
    "headers of `gateway`" HeadersTable {
        /// Headers that get this value.
        set: Map<Filled>,
        /// Values that headers get beside those that they have.
        add: Map<Filled>,
        /// Headers that go.
        remove: Vec<At<Filled>>,
    }
}

/// The filters of a rule, in the order in which the words stand.
pub(super) fn filters(raw: &mut RouteRuleTable, findings: &mut Findings) -> Vec<Json> {
    let (request, response) = (raw.request_headers.take(), raw.response_headers.take());
    let filters = [
        request.map(|at| headers("RequestHeaderModifier", "requestHeaderModifier", at.value)),
        response.map(|at| headers("ResponseHeaderModifier", "responseHeaderModifier", at.value)),
        raw.rewrite.take().map(|at| rewrite(at, findings)),
        raw.redirect.take().map(|at| redirect(at, findings)),
    ];
    let said = filters.into_iter().flatten();
    said.chain(trees(raw.filters.take())).collect()
}

fn headers(kind: &str, key: &str, raw: HeadersTable) -> Json {
    let mut fields = Object::new();
    for (key, map) in [("set", raw.set), ("add", raw.add)] {
        let all = map.map(|at| at.value.0).unwrap_or_default().into_iter();
        let all = all.map(|(name, at)| json!({ "name": name, "value": at.value.0 }));
        let all: Vec<Json> = all.collect();
        if !all.is_empty() {
            fields.insert(key.to_owned(), json!(all));
        }
    }
    let gone = raw.remove.map(|at| at.value).unwrap_or_default();
    let gone: Vec<String> = gone.into_iter().map(|at| at.value.0).collect();
    if !gone.is_empty() {
        fields.insert("remove".to_owned(), json!(gone));
    }
    json!({ "type": kind, key: fields })
}

/// The path that takes the place of the one that was asked for.
fn path(
    whole: Option<At<Filled>>,
    prefix: Option<At<Filled>>,
    findings: &mut Findings,
) -> Option<Json> {
    if let (Some(whole), Some(prefix)) = (&whole, &prefix) {
        let problem = Problem::new("conflict", "`path` and `prefix` exclude each other");
        findings.problem(problem.at(prefix.head).also(whole.head, "the other one"));
    }
    let whole = whole.map(|at| json!({ "type": "ReplaceFullPath", "replaceFullPath": at.value.0 }));
    let prefix =
        prefix.map(|at| json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": at.value.0 }));
    whole.or(prefix)
}

fn rewrite(raw: At<RewriteTable>, findings: &mut Findings) -> Json {
    let table = raw.value;
    let mut fields = json!({});
    if let Some(at) = table.host {
        fields["hostname"] = json!(at.value.0);
    }
    if let Some(path) = path(table.path, table.prefix, findings) {
        fields["path"] = path;
    }
    json!({ "type": "URLRewrite", "urlRewrite": fields })
}

/// The statuses that there are (Gateway API reference, `HTTPRequestRedirectFilter`).
const STATUSES: [u32; 5] = [301, 302, 303, 307, 308];

fn redirect(raw: At<RedirectTable>, findings: &mut Findings) -> Json {
    let table = raw.value;
    let mut fields = json!({});
    if let Some(at) = table.scheme {
        if !["http", "https"].contains(&at.value.0.as_str()) {
            findings.bad_value(at.spot, "must be \"http\" or \"https\"");
        }
        fields["scheme"] = json!(at.value.0);
    }
    if let Some(at) = table.host {
        fields["hostname"] = json!(at.value.0);
    }
    if let Some(path) = path(table.path, table.prefix, findings) {
        fields["path"] = path;
    }
    if let Some(at) = table.port {
        fields["port"] = json!(at.value.0);
    }
    if let Some(at) = table.status {
        if !STATUSES.contains(&at.value.0) {
            findings.bad_value(at.spot, "must be 301, 302, 303, 307 or 308");
        }
        fields["statusCode"] = json!(at.value.0);
    }
    json!({ "type": "RequestRedirect", "requestRedirect": fields })
}
