//! One object that is there against what is asked for, field by field. Pure.
//!
//! Compared are the fields that we ask for, and those that we own and ask for no more. Whatever
//! else an object has, from the API server, from controllers or from people, is none of ours.

use serde_json::Value;

use super::defaults::{is_default, is_left_out, is_zero};
use super::ownership::{Entry, Owned, entries, owned_by};
use super::{Fields, Path, text};
use crate::platform::kubernetes::kinds::service::ALLOCATED;
use crate::platform::kubernetes::kinds::workload::GENERATION;

/// A copy of `serviceAccountName` that the API server keeps for old clients (Kubernetes API
/// reference, `PodSpec`).
pub(crate) const COPY: [&str; 4] = ["spec", "template", "spec", "serviceAccount"];

/// One path on which an object differs from what is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    pub(crate) path: Path,
    /// What is there; `None`: nothing.
    pub(crate) from: Option<Value>,
    /// What is asked for; `None`: nothing any more.
    pub(crate) to: Option<Value>,
}

/// Who owns what of an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ownership {
    /// What we own, or take over.
    pub(crate) ours: Owned,
    /// What anybody else owns: a field that we give up stays while it is among these.
    pub(crate) others: Owned,
    /// What is made ours alone before anything is applied, whoever else owns it.
    pub(crate) claimed: Owned,
}

impl Ownership {
    /// Of an object, with the fields of the managers `taken` counted as ours.
    pub(crate) fn of(object: &Value, taken: impl Fn(&Entry) -> bool) -> Self {
        let entries = entries(object);
        let ours = |entry: &Entry| entry.is_ours() || taken(entry);
        Self {
            ours: owned_by(&entries, ours),
            others: owned_by(&entries, |entry| !ours(entry)),
            claimed: Owned::default(),
        }
    }

    /// Whether the field goes when we no longer apply it.
    pub(crate) fn ends_with_us(&self, path: &Path) -> bool {
        self.claimed.covers(path) || (self.ours.covers(path) && !self.others.covers(path))
    }
}

/// Where `live` differs from `wanted`, by path.
pub(crate) fn differences(
    wanted: &Fields,
    live: &Fields,
    ownership: &Ownership,
) -> Vec<Difference> {
    let asked = wanted.iter().filter_map(|(path, to)| {
        let from = live.get(path);
        (!says_so(path, to, from, live, ownership)).then(|| Difference {
            path: path.clone(),
            from: from.cloned(),
            to: Some(to.clone()),
        })
    });
    let left = live.iter().filter_map(|(path, from)| {
        let goes = ownership.ends_with_us(path) && is_left(wanted, path, from);
        goes.then(|| Difference {
            path: path.clone(),
            from: Some(from.clone()),
            to: None,
        })
    });
    let mut all: Vec<Difference> = asked.chain(left).collect();
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

/// Whether the API server keeps what it once gave a Service there, when an apply leaves it out.
fn is_allocated(path: &Path) -> bool {
    let node_port = path.within(&["spec", "ports"]) && path.last_field() == "nodePort";
    node_port || ALLOCATED.iter().any(|field| path.within(&["spec", *field]))
}

/// Whether a field that is there says something, and nobody asks for it.
pub(crate) fn is_left(wanted: &Fields, path: &Path, from: &Value) -> bool {
    let says_nothing = is_default(path, from)
        || path.within(&COPY)
        || path.last_field() == GENERATION
        || is_allocated(path);
    let is_empty_part = is_zero(from) && wanted.has_any_under(path);
    wanted.get(path).is_none() && !says_nothing && !is_empty_part
}

/// Whether what is there says what is asked for.
fn says_so(
    path: &Path,
    to: &Value,
    from: Option<&Value>,
    live: &Fields,
    ownership: &Ownership,
) -> bool {
    match from {
        Some(from) => same(path, from, to),
        // An empty object asks only that there be one.
        None if to.is_object() => live.has_any_under(path),
        // The API server does not store what says nothing, but it remembers that we said it.
        None => {
            is_left_out(path, to) || (is_zero(to) && (ownership.ours.covers(path) || to.is_array()))
        }
    }
}

/// Whether two values at one path are the same.
pub(crate) fn same(path: &Path, one: &Value, other: &Value) -> bool {
    one == other || text(path, one) == text(path, other)
}

#[cfg(test)]
mod tests;
