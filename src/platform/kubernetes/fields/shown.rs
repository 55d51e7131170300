//! Differences as people see them: with their effect, and without what may be a secret. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::Difference;
use super::defaults::is_zero;
use super::{Fields, Path, Step, text};
use crate::plan::{ChangeView, Effect, MASK};
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::kinds::carried::objects::hides;
use crate::spec::may_be_secret;

/// What `kubectl apply` keeps of a whole object, secrets included.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Fields that only tie our objects together.
const TIES: [&str; 4] = ["labels", "labelSelector", "matchLabels", "selector"];

/// Lists, and the fields that their items repeat in their own names.
const KEYS: [(&str, &str); 11] = [
    ("containers", "name"),
    ("env", "name"),
    ("imagePullSecrets", "name"),
    ("initContainers", "name"),
    ("ports", "containerPort"),
    ("ports", "port"),
    ("ports", "protocol"),
    ("topologySpreadConstraints", "topologyKey"),
    ("topologySpreadConstraints", "whenUnsatisfiable"),
    ("volumeMounts", "mountPath"),
    ("volumes", "name"),
];

/// Environment variables that the file says are sensitive, by container and name.
pub(crate) type Sensitive = BTreeSet<(String, String)>;

/// Differences of one object as they are shown; a value is masked on both sides if it may be a
/// secret on one. What `kubectl apply` keeps for itself is no news.
pub(crate) fn views(id: &Id, differences: &[Difference], sensitive: &Sensitive) -> Vec<ChangeView> {
    let kept = Path::of(&["metadata", "annotations", LAST_APPLIED]);
    let all: Vec<&Path> = differences.iter().map(|one| &one.path).collect();
    differences
        .iter()
        .filter(|one| one.path != kept && !is_said_beside(&one.path, &all))
        .map(|one| view(id, one, sensitive))
        .collect()
}

fn view(id: &Id, difference: &Difference, sensitive: &Sensitive) -> ChangeView {
    let path = &difference.path;
    let sides = [&difference.from, &difference.to];
    let masked = sides
        .into_iter()
        .flatten()
        .any(|value| is_secret(id, path, value, sensitive));
    let show = |value: &Option<Value>| {
        let value = value.as_ref()?;
        Some(if masked {
            MASK.to_owned()
        } else {
            text(path, value)
        })
    };
    let (from, to) = (show(&difference.from), show(&difference.to));
    let hidden = masked && from.is_some();
    ChangeView {
        object: id.to_string(),
        path: path.to_string(),
        from,
        to: to.map(|to| {
            if hidden {
                format!("{to}, another value")
            } else {
                to
            }
        }),
        effect: id.kind.effect(path),
    }
}

/// An object that is made: itself, and what is said of it. Labels and selectors only tie our
/// objects together.
pub(crate) fn made(id: &Id, fields: &Fields, sensitive: &Sensitive) -> Vec<ChangeView> {
    let all: Vec<&Path> = fields.iter().map(|(path, _)| path).collect();
    let ties = |path: &Path| {
        let tie = |step: &Step| matches!(step, Step::Field(name) if TIES.contains(&name.as_str()));
        path.steps().iter().any(tie)
    };
    let said = fields
        .iter()
        .filter(|(path, value)| !ties(path) && !is_zero(value) && !is_said_beside(path, &all))
        .map(|(path, value)| ChangeView {
            object: id.to_string(),
            path: path.to_string(),
            from: None,
            to: Some(if is_secret(id, path, value, sensitive) {
                MASK.to_owned()
            } else {
                text(path, value)
            }),
            effect: Effect::Replaces,
        });
    let mut views = vec![whole(id, None, Some(&id.name))];
    views.extend(said);
    // What is carried along may be a schema of thousands of lines.
    let more = views.len().saturating_sub(MOST);
    if id.kind.is_carried() && more > 1 {
        views.truncate(MOST);
        views.push(ChangeView {
            object: id.to_string(),
            path: "…".to_owned(),
            from: None,
            to: Some(format!("{more} fields more")),
            effect: Effect::Replaces,
        });
    }
    views
}

/// So many fields are shown of an object that is carried along and made.
const MOST: usize = 30;

/// An object that goes.
pub(crate) fn removed(id: &Id) -> ChangeView {
    whole(id, Some(&id.name), None)
}

fn whole(id: &Id, from: Option<&str>, to: Option<&str>) -> ChangeView {
    ChangeView {
        object: id.to_string(),
        path: String::new(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        effect: Effect::Replaces,
    }
}

/// Whether it only repeats the merge key of an item of which something else is shown.
fn is_said_beside(path: &Path, all: &[&Path]) -> bool {
    let Some((item, list)) = item_of(path) else {
        return false;
    };
    let is_key = |path: &Path| {
        item_of(path).is_some_and(|(of, _)| of == item)
            && KEYS.contains(&(list.as_str(), path.last_field()))
    };
    is_key(path)
        && all
            .iter()
            .any(|other| other.is_under(&item) && (!is_key(other) || *other < path))
}

/// The item that a field is directly in, and the name of its list.
fn item_of(path: &Path) -> Option<(Path, String)> {
    match path.steps() {
        [.., Step::Field(list), Step::Item(_), Step::Field(_)] => {
            Some((path.parent(), list.clone()))
        }
        _ => None,
    }
}

/// Whether the value there may be a secret.
fn is_secret(id: &Id, path: &Path, value: &Value, sensitive: &Sensitive) -> bool {
    if id.kind.is_carried() && hides(id.kind, path, value) {
        return true;
    }
    let text = text(path, value);
    match path.steps() {
        [
            ..,
            Step::Item(container),
            Step::Field(env),
            Step::Item(name),
            Step::Field(field),
        ] if env == "env" && field == "value" => {
            sensitive.contains(&(container.clone(), name.clone())) || may_be_secret(name, &text)
        }
        [.., Step::Field(parent), Step::Field(name)] if parent == "annotations" => {
            name == LAST_APPLIED || may_be_secret(name, &text)
        }
        [.., Step::Field(words)] if matches!(words.as_str(), "args" | "command") => {
            let words = value.as_array().map(Vec::as_slice).unwrap_or_default();
            words
                .iter()
                .filter_map(Value::as_str)
                .any(|word| may_be_secret(word.split('=').next().unwrap_or_default(), word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
