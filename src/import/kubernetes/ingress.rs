//! The words of the files for an Ingress.

use serde_json::Value;

use super::family::{self, Family, items, text};
use super::labels::{Labels, annotations};
use crate::import::write::{Word, Words, say};

/// The host of an Ingress with one rule for one path of this service.
pub(super) fn host(family: &Family) -> Option<&str> {
    let ingress = family.ingress.as_ref()?;
    let host = text(ingress, "/spec/rules/0/host");
    (is_plain(family, ingress) && !host.is_empty()).then_some(host)
}

/// Whether `expose.host`, `path` and `path_type` say all its rules.
fn is_plain(family: &Family, ingress: &Value) -> bool {
    let rules = items(ingress, "/spec/rules").count();
    let mut paths = items(ingress, "/spec/rules/0/http/paths");
    match (rules, paths.next(), paths.next()) {
        (1, Some(path), None) => {
            let said = !text(path, "/path").is_empty();
            said && backend(family, path.get("backend")).is_empty()
        }
        (0, _, _) => true,
        _ => false,
    }
}

/// `ingress`.
pub(super) fn words(family: &Family, labels: &Labels) -> Option<Word> {
    let ingress = family.ingress.as_ref()?;
    let mut words = Words::new();
    let called = family::name(ingress);
    let other = called != format!("{}-ingress", family.name);
    say(&mut words, "name", other.then(|| Word::text(called)));
    let class = text(ingress, "/spec/ingressClassName");
    let class = (!class.is_empty()).then(|| Word::text(class));
    say(&mut words, "class", class);
    if is_plain(family, ingress) {
        let path = text(ingress, "/spec/rules/0/http/paths/0/path");
        let other = !path.is_empty() && path != "/";
        say(&mut words, "path", other.then(|| Word::text(path)));
        let kind = text(ingress, "/spec/rules/0/http/paths/0/pathType");
        let other = !matches!(kind, "" | "Prefix");
        say(&mut words, "path_type", other.then(|| Word::text(kind)));
    } else {
        let rules = items(ingress, "/spec/rules").map(|rule| self::rule(family, rule));
        say(&mut words, "rules", Some(Word::List(rules.collect())));
    }
    let default = ingress.pointer("/spec/defaultBackend");
    let default = default.map(|one| Word::Table(backend(family, Some(one))));
    say(&mut words, "default_backend", default);
    let tls: Vec<Word> = items(ingress, "/spec/tls").map(tls).collect();
    let tls = (!tls.is_empty()).then_some(Word::List(tls));
    say(&mut words, "tls", tls);
    say(&mut words, "labels", labels.own(ingress));
    say(&mut words, "annotations", annotations(ingress, &[]));
    Some(Word::Table(words))
}

fn rule(family: &Family, rule: &Value) -> Word {
    let mut words = Words::new();
    let host = rule.get("host").and_then(Value::as_str);
    say(&mut words, "host", host.map(Word::text));
    let paths = items(rule, "/http/paths").map(|path| {
        let mut words = Words::new();
        let word = |key: &str| path.get(key).and_then(Value::as_str);
        say(&mut words, "path", word("path").map(Word::text));
        let kind = word("pathType").filter(|kind| *kind != "Prefix");
        say(&mut words, "type", kind.map(Word::text));
        words.extend(backend(family, path.get("backend")));
        Word::Table(words)
    });
    say(&mut words, "paths", Some(Word::List(paths.collect())));
    Word::Table(words)
}

/// What of a backend differs from this service's own Service and its first port.
fn backend(family: &Family, backend: Option<&Value>) -> Words {
    let mut words = Words::new();
    let Some(service) = backend.and_then(|backend| backend.get("service")) else {
        return words;
    };
    let own = family.service.as_ref();
    let name = family::text(service, "/name");
    let other = own.is_none_or(|own| family::name(own) != name);
    say(&mut words, "service", other.then(|| Word::text(name)));
    let first = own.and_then(|own| own.pointer("/spec/ports/0/port"));
    let number = service.pointer("/port/number");
    let number = number.filter(|number| other || Some(*number) != first);
    let called = service.pointer("/port/name").and_then(Value::as_str);
    let port = number.map(Word::plain).or(called.map(Word::text));
    say(&mut words, "port", port);
    words
}

fn tls(tls: &Value) -> Word {
    let mut words = Words::new();
    let hosts: Vec<Word> = items(tls, "/hosts")
        .filter_map(Value::as_str)
        .map(Word::text)
        .collect();
    let hosts = (!hosts.is_empty()).then_some(Word::List(hosts));
    say(&mut words, "hosts", hosts);
    let secret = tls.get("secretName").and_then(Value::as_str);
    say(&mut words, "secret", secret.map(Word::text));
    Word::Table(words)
}
