//! What a plan does, as rights. Pure.

use std::collections::BTreeSet;

use super::{Resource, Right, Verb};
use crate::plan::Change as _;
use crate::platform::kubernetes::history::record::{KEPT, record_name};
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::lock::lease_name;
use crate::platform::kubernetes::plan::change::Change;
use crate::platform::kubernetes::plan::observe::Observed;
use crate::spec::WorkloadKind;

/// The rights that a plan takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Which the dry run of an apply shows, too.
    pub(crate) applies: BTreeSet<Right>,
    /// All others that it cannot do without.
    pub(crate) beside: BTreeSet<Right>,
    /// Without which it says less of what fails, or leaves more behind.
    pub(crate) useful: BTreeSet<Right>,
}

impl Needs {
    /// What performing these changes takes of the Deployment `name`.
    pub(crate) fn of(changes: &[Change], observed: &Observed, name: &str) -> Self {
        let mut needs = Self::default();
        if changes.is_empty() {
            return needs;
        }
        needs.lock(observed.lease.is_some(), name);
        for change in changes.iter().filter(|change| !is_elsewhere(change)) {
            needs.change(change, observed, name);
        }
        if changes.iter().any(Change::starts_rollout) {
            needs.follow(observed.kind, name);
        }
        needs
    }

    /// What it takes to make these objects where nothing can be read, so that nobody knows which of
    /// them are there.
    pub(crate) fn of_all(ids: &[Id], name: &str, writes: bool) -> Self {
        let mut needs = Self::default();
        let ids = || ids.iter().filter(|id| id.kind.is_of_cluster());
        let read = ids().map(|id| Right::named(id.kind, Verb::Get, &id.name));
        needs.beside.extend(read);
        if writes {
            needs.beside.extend([
                Right::named(Resource::LEASES, Verb::Get, &lease_name(name)),
                Right::any(Resource::SECRETS, Verb::List),
                Right::any(Resource::SECRETS, Verb::Create),
                Right::named(Resource::SECRETS, Verb::Patch, &record_name(name, 1)),
            ]);
            needs.lock(false, name);
            for id in ids() {
                needs.beside.extend(apply(id, true));
            }
        }
        needs
    }

    fn lock(&mut self, there: bool, name: &str) {
        if !there {
            self.beside
                .insert(Right::any(Resource::LEASES, Verb::Create));
        }
        // Each renewal is one.
        self.beside.insert(Right::named(
            Resource::LEASES,
            Verb::Patch,
            &lease_name(name),
        ));
    }

    fn change(&mut self, change: &Change, observed: &Observed, name: &str) {
        let secret =
            |verb, number| Right::named(Resource::SECRETS, verb, &record_name(name, number));
        match change {
            Change::Record { .. } => {
                self.beside
                    .insert(Right::any(Resource::SECRETS, Verb::Create));
                self.beside
                    .insert(secret(Verb::Patch, observed.next_number()));
                let oldest = observed
                    .records
                    .last()
                    .filter(|_| observed.records.len() >= KEPT);
                self.useful
                    .extend(oldest.map(|head| secret(Verb::Delete, head.number)));
            }
            Change::CreateNamespace { object } => self.beside.extend(apply(&object.id, true)),
            Change::Apply { object, uid, .. } => {
                self.applies.extend(apply(&object.id, uid.is_none()));
                // Going back takes it away.
                let goes = object.id.kind.is_namespaced();
                let added = goes && uid.is_none() && observed.deployment(name).is_some();
                let away = Right::named(object.id.kind, Verb::Delete, &object.id.name);
                self.useful.extend(added.then_some(away));
            }
            Change::Count { deployment, .. } => {
                let right = Right::named(observed.kind.kind(), Verb::Patch, deployment);
                self.beside.insert(right);
            }
            Change::Delete { id, .. } => {
                let right = Right::named(id.kind, Verb::Delete, &id.name);
                self.beside.insert(right);
            }
            Change::MoveHistory { from, .. } => {
                let heads = observed.formers.iter().flat_map(|former| &former.records);
                for head in heads {
                    let own = record_name(from, head.number);
                    for verb in [Verb::Get, Verb::Delete] {
                        self.beside
                            .insert(Right::named(Resource::SECRETS, verb, &own));
                    }
                    self.beside
                        .insert(Right::any(Resource::SECRETS, Verb::Create));
                }
                self.forget_lock(from);
            }
            Change::Forget { deployment } => {
                let heads = observed.records.iter();
                self.beside.extend(heads.map(|head| {
                    Right::named(
                        Resource::SECRETS,
                        Verb::Delete,
                        &record_name(deployment, head.number),
                    )
                }));
                self.forget_lock(deployment);
            }
        }
    }

    fn forget_lock(&mut self, name: &str) {
        self.beside.insert(Right::named(
            Resource::LEASES,
            Verb::Delete,
            &lease_name(name),
        ));
    }

    /// What a rollout is seen by. The Deployment itself was read already.
    fn follow(&mut self, kind: WorkloadKind, name: &str) {
        let sets = Resource::sets(kind);
        let watched = [Resource::PODS, sets, Resource::EVENTS];
        for resource in watched {
            self.useful.insert(Right::any(resource, Verb::List));
            self.useful.insert(Right::any(resource, Verb::Watch));
        }
        for verb in [Verb::List, Verb::Watch] {
            self.useful.insert(Right::named(kind.kind(), verb, name));
        }
        // One that is broken keeps it from going on.
        if kind == WorkloadKind::StatefulSet {
            self.useful.insert(Right::any(Resource::PODS, Verb::Delete));
        }
        self.useful.insert(Right::any(Resource::LOGS, Verb::Get));
    }
}

/// Whether IAM decides it, which tells nothing beforehand.
fn is_elsewhere(change: &Change) -> bool {
    match change {
        Change::Apply { object, .. } => !object.id.kind.is_of_cluster(),
        Change::Delete { id, .. } => !id.kind.is_of_cluster(),
        _ => false,
    }
}

/// An apply changes, and makes what is not there.
fn apply(id: &Id, makes: bool) -> impl Iterator<Item = Right> {
    let verbs = [Some(Verb::Patch), makes.then_some(Verb::Create)];
    let rights = verbs.map(|verb| Some(Right::named(id.kind, verb?, &id.name)));
    rights.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::platform::kubernetes::api::object::Object;
    use crate::platform::kubernetes::kinds::Kind;
    use crate::platform::kubernetes::plan::change::Count;

    fn id(kind: Kind) -> Id {
        Id {
            kind,
            name: "api".into(),
        }
    }

    fn apply_of(kind: Kind, there: bool, rolls: bool) -> Change {
        Change::Apply {
            object: Object {
                place: None,
                id: id(kind),
                manifest: json!({}),
            },
            uid: there.then(|| "u".to_owned()),
            force: false,
            rolls,
            after_health: false,
            takes_over: Vec::new(),
            claims: Vec::new(),
        }
    }

    fn said(rights: &BTreeSet<Right>) -> Vec<String> {
        let said = |right: &Right| {
            let name = right.name.as_deref().unwrap_or("*");
            format!("{} {} {name}", right.verb.as_str(), right.resource.plural)
        };
        rights.iter().map(said).collect()
    }

    #[test]
    fn a_plan_takes_what_its_changes_do() {
        let there = Observed {
            objects: [(id(Kind::Deployment), json!({}))].into(),
            ..Observed::default()
        };
        let changes = [
            Change::Record { asked: Vec::new() },
            apply_of(Kind::Service, false, false),
            apply_of(Kind::Deployment, true, true),
            Change::Count {
                deployment: "api".into(),
                replicas: 2,
                why: Count::Set,
                after_health: false,
            },
            Change::Delete {
                id: id(Kind::Ingress),
                uid: "u".into(),
                after_health: true,
            },
        ];
        let needs = Needs::of(&changes, &there, "api");
        assert_eq!(
            said(&needs.applies),
            [
                "create services api",
                "patch services api",
                "patch deployments api"
            ]
        );
        assert_eq!(
            said(&needs.beside),
            [
                "create secrets *",
                "patch secrets deployer.api.v1",
                "patch deployments api",
                "create leases *",
                "patch leases deployer.api",
                "delete ingresses api",
            ]
        );
        let useful = said(&needs.useful);
        assert!(
            useful.contains(&"delete services api".to_owned()),
            "{useful:?}"
        );
        assert!(useful.contains(&"get pods/log *".to_owned()), "{useful:?}");
    }

    #[test]
    fn a_plan_without_changes_takes_nothing_and_one_that_rolls_nothing_watches_nothing() {
        let nothing = Needs::of(&[], &Observed::default(), "api");
        assert_eq!(nothing, Needs::default());
        let changes = [apply_of(Kind::Service, true, false)];
        let needs = Needs::of(&changes, &Observed::default(), "api");
        assert_eq!(said(&needs.useful), Vec::<String>::new());
    }
}
