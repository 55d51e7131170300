//! The words of the files for an `HTTPRoute`.

use serde_json::{Value, json};

use super::family::{self, Family, items, text};
use super::labels::{Labels, annotations};
use crate::import::write::{Word, Words, say};

const GROUP: &str = "gateway.networking.k8s.io";

/// Whether this leads to a Service of that name.
pub(super) fn leads(object: &Value, service: &str) -> bool {
    let rules = items(object, "/spec/rules");
    let mut to = rules.flat_map(|rule| items(rule, "/backendRefs"));
    is_route(object) && to.any(|to| text(to, "/name") == service)
}

fn is_route(object: &Value) -> bool {
    family::kind(object) == "HTTPRoute"
        && text(object, "/apiVersion").starts_with(&format!("{GROUP}/"))
}

/// Whether an object has no other keys than these.
pub(super) fn has_only(object: &Value, keys: &[&str]) -> bool {
    let members = object.as_object();
    members.is_some_and(|members| members.keys().all(|key| keys.contains(&key.as_str())))
}

/// Whether the words say all of it; else it is carried along as it is.
pub(super) fn is_sayable(route: &Value) -> bool {
    let is = |value: &Value, key: &str, known: &[&str]| {
        let said = value.get(key).and_then(Value::as_str);
        said.is_none_or(|said| known.contains(&said))
    };
    let parent = |parent: &Value| {
        let keys = ["group", "kind", "name", "namespace", "sectionName", "port"];
        has_only(parent, &keys) && is(parent, "kind", &["Gateway"]) && is(parent, "group", &[GROUP])
    };
    let backend = |to: &Value| {
        let keys = ["group", "kind", "name", "port", "weight"];
        has_only(to, &keys)
            && is(to, "kind", &["Service"])
            && is(to, "group", &["", "core"])
            && to.get("port").is_some()
    };
    let compared = |list: &Value| {
        let kinds = ["Exact", "RegularExpression"];
        let mut all = list.as_array().into_iter().flatten();
        all.all(|one| has_only(one, &["name", "type", "value"]) && is(one, "type", &kinds))
    };
    let fits = |one: &Value| {
        let lists = ["headers", "queryParams"];
        let mut lists = lists.iter().filter_map(|key| one.get(*key));
        has_only(one, &["path", "method", "headers", "queryParams"]) && lists.all(compared)
    };
    let rule = |rule: &Value| {
        let timeouts = rule.get("timeouts");
        has_only(rule, &["matches", "filters", "backendRefs", "timeouts"])
            && timeouts.is_none_or(|all| has_only(all, &["request", "backendRequest"]))
            && items(rule, "/matches").all(fits)
            && items(rule, "/backendRefs").all(backend)
    };
    let spec = route.get("spec");
    spec.is_some_and(|spec| has_only(spec, &["parentRefs", "hostnames", "rules"]))
        && items(route, "/spec/parentRefs").next().is_some()
        && items(route, "/spec/parentRefs").all(parent)
        && items(route, "/spec/rules").next().is_some()
        && items(route, "/spec/rules").all(rule)
}

/// Says what the API fills in: a rule without a match takes every path.
pub(super) fn modern(route: &mut Value) {
    let usual = || json!({ "type": "PathPrefix", "value": "/" });
    let rules = route
        .pointer_mut("/spec/rules")
        .and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten().filter(|rule| rule.is_object()) {
        if items(rule, "/matches").next().is_none() {
            rule["matches"] = json!([{ "path": usual() }]);
        }
        let matches = rule.get_mut("matches").and_then(Value::as_array_mut);
        for one in matches.into_iter().flatten().filter(|one| one.is_object()) {
            let mut path = usual();
            for key in ["type", "value"] {
                if let Some(said) = one.pointer(&format!("/path/{key}")) {
                    path[key] = said.clone();
                }
            }
            one["path"] = path;
        }
    }
}

/// The one host name that `expose` can say; `None`: the table says them.
pub(super) fn host(family: &Family) -> Option<&str> {
    let mut all = items(family.route.as_ref()?, "/spec/hostnames");
    match (all.next(), all.next()) {
        (Some(one), None) => one.as_str(),
        _ => None,
    }
}

/// `gateway`.
pub(super) fn words(family: &Family, labels: &Labels) -> Option<Word> {
    let route = family.route.as_ref()?;
    let mut words = Words::new();
    let parents: Vec<&Value> = items(route, "/spec/parentRefs").collect();
    match parents.as_slice() {
        [one] if one.get("port").is_none() => words.extend(parent(one)),
        all => {
            let all = all.iter().map(|one| Word::Table(parent(one)));
            say(&mut words, "parents", Some(Word::List(all.collect())));
        }
    }
    let called = family::name(route);
    let other = called != format!("{}-route", family.name);
    say(&mut words, "route", other.then(|| Word::text(called)));
    // What `expose` says is the Ingress's, where there is one.
    let exposed = family.ingress.is_none() && host(family).is_some();
    let hosts = items(route, "/spec/hostnames").map(Word::api).collect();
    let is_none = items(route, "/spec/hostnames").next().is_none();
    let left_out = exposed || is_none && family.ingress.is_none();
    let hosts = (!left_out).then_some(Word::List(hosts));
    say(&mut words, "hosts", hosts);
    if let Some(plain) = plain(family, route) {
        words.extend(plain);
    } else {
        let rules = items(route, "/spec/rules").map(|rule| self::rule(family, rule));
        say(&mut words, "rules", Some(Word::List(rules.collect())));
    }
    say(&mut words, "labels", labels.own(route));
    say(&mut words, "annotations", annotations(route, &[]));
    Some(Word::Table(words))
}

fn parent(parent: &Value) -> Words {
    let mut words = Words::new();
    for (key, name) in [
        ("name", "name"),
        ("namespace", "namespace"),
        ("section", "sectionName"),
        ("port", "port"),
    ] {
        say(&mut words, key, parent.get(name).map(Word::api));
    }
    words
}

/// The words for a route of one rule that sends one path to this service.
fn plain(family: &Family, route: &Value) -> Option<Words> {
    let mut rules = items(route, "/spec/rules");
    let (rule, None) = (rules.next()?, rules.next()) else {
        return None;
    };
    let mut words = path(rule)?;
    let timeout = rule.pointer("/timeouts/request").map(Word::api);
    say(&mut words, "timeout", timeout);
    let more = rule.get("filters").is_some() || rule.pointer("/timeouts/backendRequest").is_some();
    (!more && sends_here(family, rule)).then_some(words)
}

/// `path` and `path_type`, where a rule has no other match.
fn path(rule: &Value) -> Option<Words> {
    let mut matches = items(rule, "/matches");
    let (one, None) = (matches.next()?, matches.next()) else {
        return None;
    };
    has_only(one, &["path"]).then(|| path_words(one))
}

fn path_words(one: &Value) -> Words {
    let mut words = Words::new();
    let (path, kind) = (text(one, "/path/value"), text(one, "/path/type"));
    say(&mut words, "path", (path != "/").then(|| Word::text(path)));
    let other = kind != "PathPrefix";
    say(&mut words, "path_type", other.then(|| Word::text(kind)));
    words
}

/// Whether a rule sends all to this service's Service and its first port.
fn sends_here(family: &Family, rule: &Value) -> bool {
    let mut all = items(rule, "/backendRefs");
    match (all.next(), all.next()) {
        (Some(one), None) => backend(family, one).is_empty(),
        _ => false,
    }
}

/// What of a backend differs from this service's own Service, its first port and all requests.
fn backend(family: &Family, to: &Value) -> Words {
    let mut words = Words::new();
    let own = family.service.as_ref();
    let name = text(to, "/name");
    let other = own.is_none_or(|own| family::name(own) != name);
    say(&mut words, "service", other.then(|| Word::text(name)));
    let first = own.and_then(|own| own.pointer("/spec/ports/0/port"));
    let port = to.get("port").filter(|port| other || Some(*port) != first);
    say(&mut words, "port", port.map(Word::api));
    let weight = to.get("weight").filter(|weight| **weight != json!(1));
    say(&mut words, "weight", weight.map(Word::api));
    words
}

fn rule(family: &Family, rule: &Value) -> Word {
    let mut words = path(rule).unwrap_or_else(|| {
        let all = items(rule, "/matches").map(|one| {
            let mut words = path_words(one);
            say(&mut words, "method", one.get("method").map(Word::api));
            say(&mut words, "headers", compared(one, "/headers"));
            say(&mut words, "query", compared(one, "/queryParams"));
            Word::Table(words)
        });
        vec![("matches".to_owned(), Word::List(all.collect()))]
    });
    let filters: Vec<&Value> = items(rule, "/filters").collect();
    let said = self::filters(&filters).unwrap_or_else(|| {
        let all = filters.iter().copied().map(Word::api);
        vec![("filters".to_owned(), Word::List(all.collect()))]
    });
    let redirects = said.iter().any(|(key, _)| key == "redirect");
    words.extend(said);
    let to = items(rule, "/backendRefs").map(|to| Word::Table(backend(family, to)));
    let to: Vec<Word> = to.collect();
    let follows = sends_here(family, rule) || redirects && to.is_empty();
    if !follows {
        say(&mut words, "to", Some(Word::List(to)));
    }
    for (key, name) in [
        ("timeout", "request"),
        ("backend_timeout", "backendRequest"),
    ] {
        let time = rule.pointer(&format!("/timeouts/{name}"));
        say(&mut words, key, time.map(Word::api));
    }
    Word::Table(words)
}

/// Values by name, with those that an expression describes.
fn compared(one: &Value, pointer: &str) -> Option<Word> {
    let all = items(one, pointer).map(|one| {
        let value = Word::text(text(one, "/value"));
        let word = match text(one, "/type") {
            "RegularExpression" => Word::Table(vec![("regex".to_owned(), value)]),
            _ => value,
        };
        (text(one, "/name").to_owned(), word)
    });
    let all: Words = all.collect();
    (!all.is_empty()).then_some(Word::Table(all))
}

/// The filters that there are words for, in the order in which the words come to them; `None`: these are
/// others, or in another order.
fn filters(all: &[&Value]) -> Option<Words> {
    let mut words = Words::new();
    let mut rank = 0;
    for filter in all {
        let (own, key, word) = match text(filter, "/type") {
            "RequestHeaderModifier" => (
                1,
                "request_headers",
                headers(filter.get("requestHeaderModifier")?)?,
            ),
            "ResponseHeaderModifier" => (
                2,
                "response_headers",
                headers(filter.get("responseHeaderModifier")?)?,
            ),
            "URLRewrite" => (3, "rewrite", place(filter.get("urlRewrite")?)?),
            "RequestRedirect" => (4, "redirect", place(filter.get("requestRedirect")?)?),
            _ => return None,
        };
        if own <= rank || !has_only(filter, &["type", filter_key(own)]) {
            return None;
        }
        rank = own;
        words.push((key.to_owned(), word));
    }
    Some(words)
}

fn filter_key(rank: u8) -> &'static str {
    match rank {
        1 => "requestHeaderModifier",
        2 => "responseHeaderModifier",
        3 => "urlRewrite",
        _ => "requestRedirect",
    }
}

fn headers(filter: &Value) -> Option<Word> {
    let mut words = Words::new();
    for key in ["set", "add"] {
        say(&mut words, key, compared(filter, &format!("/{key}")));
    }
    let gone = filter.get("remove");
    say(&mut words, "remove", gone.map(Word::api));
    has_only(filter, &["set", "add", "remove"]).then_some(Word::Table(words))
}

/// `rewrite` or `redirect`.
fn place(filter: &Value) -> Option<Word> {
    let mut words = Words::new();
    for (key, pointer) in [
        ("scheme", "/scheme"),
        ("host", "/hostname"),
        ("path", "/path/replaceFullPath"),
        ("prefix", "/path/replacePrefixMatch"),
        ("port", "/port"),
        ("status", "/statusCode"),
    ] {
        let said = filter.pointer(pointer);
        // Nothing is no text of the files.
        if said.is_some_and(|said| said == "") {
            return None;
        }
        say(&mut words, key, said.map(Word::api));
    }
    let known = ["scheme", "hostname", "path", "port", "statusCode"];
    has_only(filter, &known).then_some(Word::Table(words))
}
