//! Any kind: what manifests carry along, with where the API server has it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Facts, Lies};
use crate::platform::kubernetes::plan::wave::Wave;

pub(crate) mod objects;
mod usual;

/// A kind that has no file of its own here. It is the same kind in whatever version of the API it is
/// written.
#[derive(Clone, Copy)]
pub(crate) struct Carried(&'static Entry);

struct Entry {
    kind: &'static str,
    /// Whether it is known where the API server has it; else only what is usual is.
    is_placed: bool,
    facts: Facts,
}

/// Each kind that was met. There are few, and they are kept for as long as the program runs, so that
/// a kind is a plain value.
static MET: Mutex<Vec<Carried>> = Mutex::new(Vec::new());

/// Where the API server has the objects of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place<'a> {
    /// The group; the core's is empty.
    pub(crate) group: &'a str,
    pub(crate) version: &'a str,
    pub(crate) kind: &'a str,
    /// `None`: that is to be found out.
    pub(crate) plural: Option<&'a str>,
    pub(crate) namespaced: bool,
}

impl Carried {
    /// A kind that is served there.
    pub(crate) fn at(place: Place<'_>) -> Self {
        let mut met = MET.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = met.iter().find(|known| known.place() == place) {
            return *known;
        }
        let kept = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        let facts = Facts {
            lies: if place.namespaced {
                Lies::Inside
            } else {
                Lies::Outside
            },
            wave: wave(place.group, place.kind),
            ..Facts::of(
                kept(place.group),
                kept(place.version),
                kept(place.plural.unwrap_or_default()),
                |_| Vec::new(),
            )
        };
        let entry = Entry {
            kind: kept(place.kind),
            is_placed: place.plural.is_some(),
            facts,
        };
        let made = Self(Box::leak(Box::new(entry)));
        met.push(made);
        made
    }

    /// A kind by what manifests say of it.
    pub(crate) fn named(group: &str, version: &str, kind: &str) -> Self {
        let usual = usual::of(group, version, kind);
        Self::at(Place {
            group,
            version,
            kind,
            plural: usual.map(|(plural, _)| plural),
            // Until the cluster says more, a name tells most.
            namespaced: usual.map_or(!kind.starts_with("Cluster"), |(_, namespaced)| namespaced),
        })
    }

    pub(crate) fn place(self) -> Place<'static> {
        let facts = &self.0.facts;
        Place {
            group: facts.group,
            version: facts.version,
            kind: self.0.kind,
            plural: self.0.is_placed.then_some(facts.plural),
            namespaced: facts.lies != Lies::Outside,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        self.0.kind
    }

    pub(super) fn facts(self) -> &'static Facts {
        &self.0.facts
    }

    /// Whether it is what defines other kinds.
    pub(crate) fn defines(self) -> bool {
        (self.0.facts.group, self.0.kind) == DEFINITION
    }

    /// Whether its name alone would be taken for another kind's.
    pub(super) fn is_ambiguous(self) -> bool {
        usual::group_of(self.0.kind).is_some_and(|group| group != self.0.facts.group)
    }

    /// What tells it from other kinds, in the order in which they are applied.
    fn order(self) -> (Wave, &'static str, &'static str) {
        (self.0.facts.wave, self.0.facts.group, self.0.kind)
    }
}

/// What defines other kinds (Kubernetes documentation, custom resources).
const DEFINITION: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");

/// What other objects of a set rest on comes first.
fn wave(group: &str, kind: &str) -> Wave {
    match (group, kind) {
        DEFINITION | ("", "Namespace") | ("scheduling.k8s.io" | "storage.k8s.io", _) => {
            Wave::Definitions
        }
        (
            "",
            "ConfigMap"
            | "Secret"
            | "ServiceAccount"
            | "PersistentVolume"
            | "PersistentVolumeClaim"
            | "LimitRange"
            | "ResourceQuota",
        )
        | ("rbac.authorization.k8s.io", _) => Wave::Config,
        _ => Wave::Around,
    }
}

/// Whether the objects there lie outside of namespaces, as far as that is usual.
pub(crate) fn is_wide(group: &str, plural: &str) -> bool {
    usual::is_wide(group, plural)
}

impl PartialEq for Carried {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Carried {}

impl PartialOrd for Carried {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Carried {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl Hash for Carried {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0.facts.group, self.0.kind).hash(state);
    }
}

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.place().fmt(f)
    }
}

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.place().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            group: String,
            version: String,
            kind: String,
            plural: Option<String>,
            namespaced: bool,
        }
        let written = Written::deserialize(deserializer)?;
        Ok(Self::at(Place {
            group: &written.group,
            version: &written.version,
            kind: &written.kind,
            plural: written.plural.as_deref(),
            namespaced: written.namespaced,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::kinds::{Id, Kind};

    fn id(group: &str, version: &str, kind: &str) -> Id {
        Id {
            kind: Kind::Carried(Carried::named(group, version, kind)),
            name: "a".into(),
        }
    }

    #[test]
    fn a_kind_is_the_same_in_every_version_and_survives_being_kept() {
        let (old, new) = (
            id("batch", "v1beta1", "CronJob"),
            id("batch", "v1", "CronJob"),
        );
        assert_eq!(old, new);
        assert_ne!(new, id("example.com", "v1", "CronJob"));
        assert_eq!(new.to_string(), "CronJob a");
        assert_eq!(
            id("example.com", "v1", "CronJob").to_string(),
            "CronJob.example.com a"
        );
        let text = serde_json::to_string(&new).unwrap();
        let read: Id = serde_json::from_str(&text).unwrap();
        assert_eq!(read, new);
        assert_eq!(read.kind.place(), ("batch", "v1", "cronjobs"));
        let own: Id = serde_json::from_str(r#"{"kind":"Deployment","name":"a"}"#).unwrap();
        assert!(own.is_same(&id("apps", "v1", "Deployment")));
        assert_ne!(own, id("apps", "v1", "Deployment"));
    }

    #[test]
    fn what_defines_comes_before_what_is_read_before_the_rest() {
        let mut all = [
            id("batch", "v1", "CronJob"),
            id("example.com", "v1", "Widget"),
            id("", "v1", "ConfigMap"),
            id("rbac.authorization.k8s.io", "v1", "ClusterRole"),
            id("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
        ];
        all.sort();
        let kinds = all.each_ref().map(|id| id.kind.as_str());
        assert_eq!(
            kinds,
            [
                "CustomResourceDefinition",
                "ConfigMap",
                "ClusterRole",
                "CronJob",
                "Widget"
            ]
        );
        assert!(all[0].kind < Kind::ServiceAccount);
        let wide = all.each_ref().map(|id| id.kind.is_namespaced());
        assert_eq!(wide, [false, true, false, true, true]);
    }
}
