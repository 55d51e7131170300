//! Differences as people see them: with their effect, and without what may be a secret. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::Difference;
use super::defaults::is_zero;
use super::fields::{Fields, Path, Step, text};
use super::kind::{Id, Kind};
use crate::plan::{ChangeView, Effect, MASK};
use crate::spec::may_be_secret;

/// What `kubectl apply` keeps of a whole object, secrets included.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Environment variables that the file says are sensitive, by container and name.
pub type Sensitive = BTreeSet<(String, String)>;

/// Differences of one object as they are shown; a value is masked on both sides if it may be a
/// secret on one.
pub fn views(id: &Id, differences: &[Difference], sensitive: &Sensitive) -> Vec<ChangeView> {
    differences
        .iter()
        .filter(|difference| !is_key(&difference.path))
        .map(|difference| {
            let path = &difference.path;
            let sides = [&difference.from, &difference.to];
            let masked = sides
                .into_iter()
                .flatten()
                .any(|value| is_secret(path, value, sensitive));
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
                effect: effect(id.kind, path),
            }
        })
        .collect()
}

/// An object that is made: itself, and what is said of it.
pub fn made(id: &Id, fields: &Fields, sensitive: &Sensitive) -> Vec<ChangeView> {
    let said = fields
        .iter()
        .filter(|(path, value)| !is_key(path) && !path.within(&["metadata"]) && !is_zero(value))
        .map(|(path, value)| ChangeView {
            object: id.to_string(),
            path: path.to_string(),
            from: None,
            to: Some(if is_secret(path, value, sensitive) {
                MASK.to_owned()
            } else {
                text(path, value)
            }),
            effect: Effect::Replaces,
        });
    std::iter::once(whole(id, None, Some(&id.name)))
        .chain(said)
        .collect()
}

/// An object that goes.
pub fn removed(id: &Id) -> ChangeView {
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

/// What people and traffic notice of a change there. A pod's template is never changed in place:
/// any change of it makes new pods (Kubernetes documentation, Deployments).
pub fn effect(kind: Kind, path: &Path) -> Effect {
    match kind {
        Kind::Deployment if path.within(&["spec", "template"]) => Effect::Restarts,
        Kind::Deployment if path.within(&["spec", "replicas"]) => Effect::Scales,
        Kind::HorizontalPodAutoscaler
            if path.within(&["spec", "minReplicas"]) || path.within(&["spec", "maxReplicas"]) =>
        {
            Effect::Scales
        }
        _ => Effect::Invisible,
    }
}

/// Whether it only repeats the merge key of the item that it is in.
fn is_key(path: &Path) -> bool {
    match path.steps() {
        [.., Step::Item(key), Step::Field(field)] => {
            field == "name" && key.parse::<usize>().is_err()
        }
        _ => false,
    }
}

/// Whether the value there may be a secret.
fn is_secret(path: &Path, value: &Value, sensitive: &Sensitive) -> bool {
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
