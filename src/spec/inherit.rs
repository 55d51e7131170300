//! What a service has from others: `[defaults]`, another one that it is `like`, and what the target's
//! file says of it. Trees laid over one another, before any word of them is read.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value as Json;

use super::findings::Findings;
use super::nearest;
use super::problem::Problem;
use super::scalar::Filled;
use super::shape::{At, Shape, Table, field};
use super::tree::{Node, Value};
use super::words::ServiceTable;
use crate::names::TargetName;

/// Names of objects, and objects themselves: no two services can have the same, so none has them from
/// another.
const NAMES: [&[&str]; 12] = [
    &["ecs", "service"],
    &["ecs", "family"],
    &["kubernetes", "name"],
    &["kubernetes", "selector"],
    &["kubernetes", "ingress", "name"],
    &["kubernetes", "manifests"],
    &["kubernetes", "service", "name"],
    &["kubernetes", "disruption", "name"],
    &["kubernetes", "autoscaler", "name"],
    &["kubernetes", "keda", "name"],
    &["kubernetes", "keda", "hpa_name"],
    &["kubernetes", "keda", "authentications"],
];

/// Keys that say what a service is among the others: they are said in deploy.toml, by itself.
pub(super) const ITS_OWN: [&str; 2] = ["like", "targets"];

/// Lays every service over those that it is like, and these over `[defaults]`.
pub(super) fn inherit(deploy: &mut Node, findings: &mut Findings) {
    let defaults = defaults(deploy, findings);
    let Some(services) = deploy.get_mut("service") else {
        return;
    };
    let Value::Table(entries) = &mut services.value else {
        return;
    };
    let likes = entries.iter().any(|(_, node)| node.get("like").is_some());
    if defaults.is_none() && !likes {
        return;
    }
    let written: Vec<(String, Node)> = entries.clone();
    let numbers: HashMap<&str, usize> = written
        .iter()
        .enumerate()
        .map(|(number, (name, _))| (name.as_str(), number))
        .collect();
    let family = Family {
        written: &written,
        numbers: &numbers,
    };
    for (name, node) in entries.iter_mut().filter(|(_, node)| is_table(node)) {
        let forebears = family.forebears(name, findings);
        let mut made = defaults.clone();
        for forebear in forebears.iter().rev() {
            let mut from = family.written[*forebear].1.clone();
            let own = ITS_OWN.iter().map(std::slice::from_ref);
            for path in own.chain(NAMES) {
                from.take(path);
            }
            match &mut made {
                Some(made) => made.overlay(from),
                none => *none = Some(from),
            }
        }
        if let Some(mut made) = made {
            let (spot, key) = (node.spot, node.key);
            made.overlay(std::mem::replace(node, Node::new(Value::Date, spot)));
            (made.spot, made.key) = (spot, key);
            *node = made;
        }
    }
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}

/// Takes `[defaults]` out of the tree: they are read in each service that has them.
fn defaults(deploy: &mut Node, findings: &mut Findings) -> Option<Node> {
    let mut defaults = deploy.take(&["defaults"])?;
    if !is_table(&defaults) {
        findings.wrong_type(&defaults, "a table", None);
        return None;
    }
    for (key, node) in defaults.entries() {
        if ITS_OWN.contains(&key.as_str()) {
            let message = format!("`{key}` is said by each service itself");
            findings.problem(Problem::new("misplaced-key", message).at(node.head()));
        }
    }
    for key in ITS_OWN {
        defaults.take(&[key]);
    }
    // Where there is no service yet, a key that is none is told all the same.
    let mut read = Findings {
        advice: findings.advice,
        ..Findings::default()
    };
    ServiceTable::read(&defaults, &mut read);
    let unknown = |problem: &Problem| problem.code == "unknown-key";
    findings
        .problems
        .extend(read.problems.into_iter().filter(unknown));
    Some(defaults)
}

struct Family<'a> {
    written: &'a [(String, Node)],
    numbers: &'a HashMap<&'a str, usize>,
}

impl Family<'_> {
    /// The services that one is like, the nearest first.
    fn forebears(&self, name: &str, findings: &mut Findings) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut at = self.numbers.get(name).copied();
        while let Some(number) = at {
            let (_, node) = &self.written[number];
            let Some(like) = node.get("like") else { break };
            // What is no name is told where the key is read.
            let Some(word) = like.text() else { break };
            at = self.numbers.get(word).copied();
            match at {
                None => {
                    let known: Vec<String> =
                        self.written.iter().map(|(name, _)| name.clone()).collect();
                    findings.problem(unknown(word, &known).at(like.spot));
                }
                Some(other) if self.written[other].0 == name || found.contains(&other) => {
                    let problem = Problem::new("circle", "this comes back to where it began");
                    findings.problem(problem.at(like.spot));
                    break;
                }
                Some(other) => found.push(other),
            }
        }
        found
    }
}

/// More services than so many are counted, not listed.
const LISTED: usize = 50;

/// A service that is not in the deploy file.
pub(super) fn unknown(name: &str, known: &[String]) -> Problem {
    let help = nearest::hint(name, known.iter().map(String::as_str)).unwrap_or_else(|| {
        let more = known.len().saturating_sub(LISTED);
        let more = (more > 0).then(|| format!(" and {more} more"));
        let listed = known[..known.len().min(LISTED)].join(", ");
        format!("the deploy file has: {listed}{}", more.unwrap_or_default())
    });
    Problem::new(
        "unknown-service",
        format!("no service `{name}` in the deploy file"),
    )
    .help(help)
}

/// The services that are like one, or like those that are.
pub(super) fn heirs(services: &Node, name: &str) -> Vec<String> {
    let mut found: Vec<&str> = vec![name];
    let likes = |known: &[&str]| {
        let mut entries = services.entries().iter();
        entries.find_map(|(heir, node)| {
            let like = node.get("like").and_then(Node::text)?;
            let is_new = known.contains(&like) && !known.contains(&heir.as_str());
            is_new.then_some(heir.as_str())
        })
    };
    while let Some(heir) = likes(&found) {
        found.push(heir);
    }
    found.into_iter().skip(1).map(str::to_owned).collect()
}

/// Takes away what `false` was laid over, but where `false` is a value of the key; tells the services
/// that were taken away as a whole.
pub(super) fn strike(deploy: &mut Node) -> Vec<String> {
    static SCHEMA: OnceLock<Json> = OnceLock::new();
    let mut gone = Vec::new();
    let Some(Value::Table(services)) = deploy.get_mut("service").map(|node| &mut node.value) else {
        return gone;
    };
    services.retain(|(name, service)| {
        gone.extend(service.is_struck().then(|| name.clone()));
        !service.is_struck()
    });
    let schema = SCHEMA.get_or_init(ServiceTable::schema);
    for (_, service) in services {
        struck(service, schema);
    }
    gone
}

fn struck(node: &mut Node, schema: &Json) {
    let Value::Table(entries) = &mut node.value else {
        return;
    };
    entries.retain_mut(|(key, entry)| {
        let Some(schema) = member(schema, key) else {
            return true;
        };
        if entry.is_struck() {
            return takes_false(schema);
        }
        struck(entry, schema);
        true
    });
}

/// The schemas that a value may follow.
fn forms(schema: &Json) -> impl Iterator<Item = &Json> {
    let several = schema.get("anyOf").and_then(Json::as_array);
    std::iter::once(schema).chain(several.into_iter().flatten())
}

fn member<'s>(schema: &'s Json, key: &str) -> Option<&'s Json> {
    forms(schema).find_map(|form| {
        let named = form
            .get("properties")
            .and_then(|properties| properties.get(key));
        named.or_else(|| {
            form.get("additionalProperties")
                .filter(|any| any.is_object())
        })
    })
}

fn takes_false(schema: &Json) -> bool {
    let is_false = |value: &Json| *value == Json::Bool(false);
    forms(schema).any(|form| {
        let listed = form.get("enum").and_then(Json::as_array);
        form.get("type").is_some_and(|word| word == "boolean")
            || listed.is_some_and(|words| words.iter().any(is_false))
            || form.get("const").is_some_and(is_false)
    })
}

/// Drops the services that do not run at this target; those that name a target which is not there are
/// told.
pub(super) fn at_target(
    deploy: &mut Node,
    (target, known): (&TargetName, &dyn Fn() -> Vec<TargetName>),
    findings: &mut Findings,
) -> Vec<String> {
    let mut elsewhere = Vec::new();
    let there = OnceCell::new();
    let Some(Value::Table(services)) = deploy.get_mut("service").map(|node| &mut node.value) else {
        return elsewhere;
    };
    services.retain(|(name, service)| {
        let Some(at) = field::<Vec<At<Filled>>>(service, "targets", findings) else {
            return true;
        };
        let here = at
            .value
            .iter()
            .any(|named| named.value.0 == target.as_str());
        for named in &at.value {
            let known = there.get_or_init(known);
            let word = named.value.0.as_str();
            if !known.iter().any(|name| name.as_str() == word) {
                let hint = nearest::hint(word, known.iter().map(TargetName::as_str));
                let message = format!("no target `{word}`: there is no config/{word}.toml");
                let problem = Problem::new("unknown-target", message).at(named.spot);
                findings.problem(problem.maybe_help(hint));
            }
        }
        if !here {
            elsewhere.push(name.clone());
        }
        here
    });
    elsewhere
}

/// A table of the format as others are laid over: it has any of the keys and needs none, and `false`
/// takes away what others have said.
pub(super) fn laid_over_schema<T: Table>() -> Json {
    let mut schema = T::schema();
    lift(&mut schema);
    schema
}

fn lift(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            // `required` is also a thinkable name of a property; that one is no array.
            if map.get("required").is_some_and(Json::is_array) {
                map.remove("required");
            }
            map.values_mut().for_each(lift);
            if let Some(Json::Object(properties)) = map.get_mut("properties") {
                properties.values_mut().for_each(or_false);
            }
            map.get_mut("additionalProperties").map(or_false);
        }
        Json::Array(items) => items.iter_mut().for_each(lift),
        _ => {}
    }
}

fn or_false(schema: &mut Json) {
    if takes_false(schema) {
        return;
    }
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let description = object.remove("description");
    let form = Json::Object(std::mem::take(object));
    let forms = serde_json::json!([form, { "enum": [false] }]);
    object.insert("anyOf".to_owned(), forms);
    object.extend(description.map(|text| ("description".to_owned(), text)));
}
