//! Flat, normalised views of what ECS holds: path to value. Two of them are compared instead of
//! the nested structures, so that neither order, nor an unset default, nor a default that AWS
//! adds tomorrow can be a difference. Pure.

use std::collections::BTreeMap;

use crate::plan::{Effect, MASK};

pub(crate) use crate::platform::digest::digest;

pub(crate) mod definition;
pub(crate) mod patched;
pub(crate) mod scaling;
pub(crate) mod service;

/// One compared value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// As it is compared, and shown unless it may be a secret.
    text: String,
    /// Whether it may be a secret.
    sensitive: bool,
    /// Whether it is the documented default.
    pub(crate) default: bool,
    /// What people and traffic notice when it changes.
    pub(crate) effect: Effect,
}

impl Field {
    /// As it may be shown.
    pub(crate) fn shown(&self, masked: bool) -> String {
        if masked || self.sensitive {
            MASK.to_owned()
        } else {
            self.text.clone()
        }
    }

    /// Whether it may be a secret.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Whether both say the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.text == other.text || names(&self.text, &other.text) || names(&other.text, &self.text)
    }
}

/// Whether `arn` is the role that ECS makes of a name (Amazon ECS API reference, `RegisterTaskDefinition`).
fn names(name: &str, arn: &str) -> bool {
    let role = arn
        .split_once(":iam::")
        .and_then(|(_, rest)| rest.split_once(":role/"));
    arn.starts_with("arn:") && role.is_some_and(|(_, role)| role == name)
}

/// Values by path, such as `containers.api.image`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(BTreeMap<String, Field>);

/// One path on which two views differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) path: String,
    /// There now.
    pub(crate) from: Option<Field>,
    /// Asked for.
    pub(crate) to: Option<Field>,
}

/// The first part of a path.
pub(crate) fn group(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

impl Difference {
    /// What people and traffic notice of it.
    pub(crate) fn effect(&self) -> Effect {
        let effects = [&self.from, &self.to];
        effects
            .into_iter()
            .flatten()
            .map(|field| field.effect)
            .max()
            .unwrap_or(Effect::Invisible)
    }

    /// The first part of the path.
    pub(crate) fn group(&self) -> &str {
        group(&self.path)
    }
}

impl Fields {
    /// Adds a value that has no default.
    pub(crate) fn put(&mut self, path: impl Into<String>, text: impl Into<String>, effect: Effect) {
        self.insert(path.into(), text.into(), effect, false);
    }

    /// Adds a value, or its default where it is not set.
    pub(crate) fn put_or<T: ToString>(
        &mut self,
        path: impl Into<String>,
        value: Option<T>,
        default: &str,
        effect: Effect,
    ) {
        let text = value.map_or_else(|| default.to_owned(), |value| value.to_string());
        let is_default = text == default;
        self.insert(path.into(), text, effect, is_default);
    }

    /// Adds a value, if there is one, that is no difference where the other side has none.
    pub(crate) fn put_if_said(&mut self, path: String, value: Option<&str>, effect: Effect) {
        if let Some(value) = value {
            self.insert(path, value.to_owned(), effect, true);
        }
    }

    /// Adds a value that is hidden when it may be a secret.
    pub(crate) fn put_hidden(&mut self, path: String, text: &str, sensitive: bool, effect: Effect) {
        self.0.insert(
            path,
            Field {
                text: text.to_owned(),
                sensitive,
                default: false,
                effect,
            },
        );
    }

    fn insert(&mut self, path: String, text: String, effect: Effect, default: bool) {
        self.0.insert(
            path,
            Field {
                text,
                sensitive: false,
                default,
                effect,
            },
        );
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.0.iter().map(|(path, field)| (path.as_str(), field))
    }

    /// With others, which take the place of those at the same path.
    #[must_use]
    pub(crate) fn with(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Without those whose path `leave` says so of.
    #[must_use]
    pub(crate) fn without(mut self, leave: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|path, _| !leave(path));
        self
    }

    /// Where `wanted` differs from this, by path.
    pub(crate) fn differences(&self, wanted: &Self) -> Vec<Difference> {
        let mut paths: Vec<&String> = self.0.keys().chain(wanted.0.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
            .into_iter()
            .filter_map(|path| {
                let (from, to) = (self.0.get(path), wanted.0.get(path));
                let same = match (from, to) {
                    (Some(from), Some(to)) => from.same(to),
                    // Absent and the documented default are the same.
                    (Some(only), None) | (None, Some(only)) => only.default,
                    (None, None) => true,
                };
                (!same).then(|| Difference {
                    path: path.clone(),
                    from: from.cloned(),
                    to: to.cloned(),
                })
            })
            .collect()
    }

    /// A digest of all paths and values: 32 hexadecimal digits. It does not tell a secret's value.
    pub(crate) fn digest(&self) -> String {
        digest(
            self.0
                .iter()
                .flat_map(|(path, field)| [path.as_str(), field.text.as_str()]),
        )
    }
}
