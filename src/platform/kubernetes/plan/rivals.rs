//! Fields of others that stand in the way of what is asked for, and fields that others hold beside
//! us. An apply says nothing of what it leaves to others: the first kind makes the API server
//! refuse an object that is right in the file, the second stays though it left the file. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::replicas;
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::kubernetes::api::conflict::Conflict;
use crate::platform::kubernetes::fields::compare::{Ownership, is_left};
use crate::platform::kubernetes::fields::ownership::Entry;
use crate::platform::kubernetes::fields::{Fields, Path, Step};
use crate::platform::kubernetes::kinds::Id;

/// How a probe or a hook of a container may act: one of these (Kubernetes API reference, `Probe` and
/// `LifecycleHandler`).
const HANDLERS: [&str; 5] = ["exec", "grpc", "httpGet", "sleep", "tcpSocket"];

/// What has one of them.
const HANDLED: [&str; 5] = [
    "livenessProbe",
    "postStart",
    "preStop",
    "readinessProbe",
    "startupProbe",
];

/// Where the value of a variable comes from: one of these (Kubernetes API reference, `EnvVarSource`).
const SOURCES: [&str; 5] = [
    "configMapKeyRef",
    "fieldRef",
    "fileKeyRef",
    "resourceFieldRef",
    "secretKeyRef",
];

/// One part of an object that others hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// It, with all below it.
    pub(crate) path: Path,
    /// What must be ours so that it goes and nothing of it is left: an item of a list with its key.
    pub(crate) claim: Path,
    /// Who: empty where nobody is on record.
    pub(crate) managers: Vec<String>,
}

impl Held {
    /// As the API server would say of a field that is applied.
    pub(crate) fn conflicts(&self) -> impl Iterator<Item = Conflict> + '_ {
        self.managers.iter().map(|manager| Conflict {
            field: self.path.to_string(),
            manager: manager.clone(),
        })
    }
}

/// An object that is there, and what is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides<'a> {
    /// What is asked for.
    pub(crate) wanted: &'a Fields,
    pub(crate) live: &'a Fields,
    /// Who holds what of it.
    pub(crate) entries: &'a [Entry],
    /// The same, as ours and others'.
    pub(crate) ownership: &'a Ownership,
}

impl Sides<'_> {
    /// What is there in the place of something that is asked for, where only one of them may be, and
    /// that does not go by itself.
    pub(crate) fn rivals(&self) -> Vec<Held> {
        let asked: BTreeSet<Path> = self
            .wanted
            .iter()
            .flat_map(|(path, _)| members(path))
            .collect();
        let places: BTreeSet<Path> = asked.iter().map(Path::parent).collect();
        let rival = |path: &Path| {
            let one = members(path)
                .into_iter()
                .find(|one| !asked.contains(one) && places.contains(&one.parent()))?;
            (!self.ownership.ends_with_us(path)).then(|| (one.clone(), one.parent()))
        };
        self.held(|path, _| rival(path))
    }

    /// What we hold and ask for no more, and others hold too.
    pub(crate) fn shared(&self) -> Vec<Held> {
        self.held(|path, value| {
            let leaves = self.ownership.ours.covers(path) && self.is_left(path, value);
            leaves.then(|| self.whole(path))
        })
    }

    /// What stays of an object that is taken over: of others, and not asked for. What controllers say
    /// of it is none of anybody's.
    pub(crate) fn staying(&self) -> Vec<Held> {
        let mut all = self.held(|path, value| {
            let stays = !self.ownership.ours.covers(path) && self.is_left(path, value);
            stays.then(|| self.whole(path))
        });
        for one in &mut all {
            one.managers.retain(|name| !is_controller(name));
        }
        all.retain(|one| !one.managers.is_empty());
        all
    }

    /// Whether others hold a field that nobody asks for. Who decides the count is another question.
    fn is_left(&self, path: &Path, value: &Value) -> bool {
        self.ownership.others.covers(path)
            && is_left(self.wanted, path, value)
            && *path != replicas::path()
    }

    /// The largest item that a field is in and of which nothing is asked for; else the field.
    fn whole(&self, path: &Path) -> (Path, Path) {
        let item = |path: &Path| matches!(path.steps().last(), Some(Step::Item(_)));
        let unasked = |path: &Path| item(path) && !self.wanted.has_any_under(path);
        let whole = path.upwards().filter(unasked).last();
        let whole = whole.unwrap_or_else(|| path.clone());
        (whole.clone(), whole)
    }

    /// Each part, and what must be claimed for it, with those who hold something in it.
    fn held(&self, part: impl Fn(&Path, &Value) -> Option<(Path, Path)>) -> Vec<Held> {
        let mut all: BTreeMap<(Path, Path), BTreeSet<String>> = BTreeMap::new();
        for (path, value) in self.live.iter() {
            let Some(part) = part(path, value) else {
                continue;
            };
            let managers = self.entries.iter().filter(|entry| {
                !entry.is_ours() && entry.owned.covers(path) && self.ownership.others.covers(path)
            });
            all.entry(part)
                .or_default()
                .extend(managers.map(|entry| entry.manager.clone()));
        }
        let held = |((path, claim), managers): ((Path, Path), BTreeSet<String>)| Held {
            path,
            claim,
            managers: managers.into_iter().collect(),
        };
        all.into_iter().map(held).collect()
    }
}

/// Those that belong to the cluster itself.
fn is_controller(manager: &str) -> bool {
    manager.starts_with("kube-") || manager == "kubelet"
}

/// Something that left the file and stays, as a plan shows it. Its value is not ours to show.
pub(crate) fn left(id: &Id, held: &Held) -> ChangeView {
    ChangeView {
        object: id.to_string(),
        path: held.path.to_string(),
        from: Some("managed by us too".into()),
        to: Some(format!("left to {}", held.managers.join(" and "))),
        effect: Effect::Invisible,
    }
}

/// What stays, with whose it is, as a note of the plan.
pub(crate) fn note(all: &[Held]) -> Note {
    let mut by_manager: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for held in all {
        let paths = by_manager.entry(held.managers.join(" and "));
        paths.or_default().push(held.path.to_string());
    }
    let parts: Vec<String> = by_manager
        .iter()
        .map(|(managers, paths)| format!("{} ({managers})", paths.join(", ")))
        .collect();
    Note::warning(
        "managed_by_others",
        format!(
            "The file does not say it, and it stays, since others manage it: {}.",
            parts.join("; ")
        ),
    )
}

/// The parts on this path, the whole ones first, beside which there may be no other.
fn members(path: &Path) -> Vec<Path> {
    let mut all: Vec<Path> = path.upwards().filter(is_member).collect();
    all.reverse();
    all
}

fn is_member(path: &Path) -> bool {
    match path.steps() {
        [.., Step::Field(of), Step::Field(one)] => {
            let (of, one) = (of.as_str(), one.as_str());
            (HANDLED.contains(&of) && HANDLERS.contains(&one))
                || (of == "valueFrom" && SOURCES.contains(&one))
        }
        [.., Step::Field(list), Step::Item(_), Step::Field(one)] => match list.as_str() {
            "env" => matches!(one.as_str(), "value" | "valueFrom"),
            "volumes" => one != "name",
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
