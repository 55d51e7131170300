//! From what is asked for and what is there to what must be done. Pure.

use serde_json::Value;

use super::adopt::{self, Owner};
use super::change::Change;
use super::compare::{Difference, Ownership, differences};
use super::count::{self, Decides};
use super::desired::Desired;
use super::fields::{Fields, Path};
use super::health::Health;
use super::kind::{Id, Kind};
use super::object::Object;
use super::observe::Observed;
use super::view::{made, removed, views};
use crate::plan::{ChangeView, Effect, Note};
use crate::platform::failure::Failed;

/// Where the IAM role of a service account stands (Amazon EKS user guide, IAM roles for service
/// accounts).
const ROLE: [&str; 3] = ["metadata", "annotations", "eks.amazonaws.com/role-arn"];

/// What is shown in the place of a number that an autoscaler decides.
const LEFT: &str = "left to the autoscaler";

/// What must be done, for machines and for people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    /// In the order in which they are performed.
    pub changes: Vec<Change>,
    /// Field by field.
    pub views: Vec<ChangeView>,
    /// What the comparison itself has to say.
    pub notes: Vec<Note>,
}

/// How a difference is to be made up for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// What is asked for.
    pub desired: &'a Desired,
    /// Whose it is.
    pub owner: Owner<'a>,
    /// The Deployment's name.
    pub name: &'a str,
    /// Whether what is not ours is taken over.
    pub adopt: bool,
    /// Whether fields that others manage are taken over.
    pub force: bool,
}

/// What must be done so that the cluster holds what is asked for.
pub fn diff(wish: &Wish<'_>, observed: &Observed) -> Result<Diff, Failed> {
    let mut work = Work::new(wish, observed);
    for object in &wish.desired.objects {
        work.object(object)?;
    }
    work.prune();
    work.finish()
}

struct Work<'a> {
    wish: &'a Wish<'a>,
    observed: &'a Observed,
    /// Whether what waits for health waits: pods of the old revision are there, and will go.
    after_health: bool,
    foreign: Vec<(&'a Id, &'a Value)>,
    diff: Diff,
}

/// One object that is there and wanted.
struct Pair<'a> {
    live: &'a Value,
    ownership: Ownership,
    takes_over: Vec<String>,
    differences: Vec<Difference>,
}

impl<'a> Work<'a> {
    fn new(wish: &'a Wish<'a>, observed: &'a Observed) -> Self {
        let mut work = Self {
            wish,
            observed,
            after_health: false,
            foreign: Vec::new(),
            diff: Diff::default(),
        };
        work.after_health = wish.desired.object(Kind::Deployment).is_some_and(|object| {
            observed.live(&object.id).is_some_and(|live| {
                rolls(&work.pair(object, live).differences) || !Health::of(live).is_settled()
            })
        });
        work
    }

    fn pair(&self, object: &Object, live: &'a Value) -> Pair<'a> {
        let foreign = !self.wish.owner.has(live);
        let ownership = Ownership::of(live, |entry| foreign && adopt::is_taken_over(entry));
        let mut differences =
            differences(&Fields::of(&object.manifest), &Fields::of(live), &ownership);
        if !foreign && differences.iter().all(adopt::is_mere_mark) {
            differences.clear();
        }
        Pair {
            differences,
            takes_over: if foreign {
                adopt::taken_from(live)
            } else {
                Vec::new()
            },
            ownership,
            live,
        }
    }

    fn object(&mut self, object: &'a Object) -> Result<(), Failed> {
        let Some(live) = self.observed.live(&object.id) else {
            self.make(object);
            return Ok(());
        };
        if object.id.kind == Kind::ServiceAccount && !self.wish.owner.has(live) {
            self.foreign_account(object, live);
            return Ok(());
        }
        let pair = self.pair(object, live);
        let selector = pair
            .differences
            .iter()
            .any(|one| one.path.within(&["spec", "selector"]));
        if let Some(refused) = adopt::what_hinders(&object.id, live, selector) {
            return Err(refused);
        }
        if !self.wish.owner.has(live) {
            self.foreign.push((&object.id, live));
        }
        if object.id.kind == Kind::Deployment {
            self.deployment(object, &pair);
        } else if !pair.differences.is_empty() {
            let waits = object.id.kind == Kind::HorizontalPodAutoscaler && self.after_health;
            self.show(object, &pair);
            self.apply(object.clone(), &pair, waits);
        }
        Ok(())
    }

    fn make(&mut self, object: &Object) {
        let fields = Fields::of(&object.manifest);
        self.diff
            .views
            .extend(made(&object.id, &fields, &self.wish.desired.sensitive));
        let kind = object.id.kind;
        self.diff.changes.push(Change::Apply {
            object: object.clone(),
            uid: None,
            force: self.wish.force,
            rolls: kind == Kind::Deployment,
            after_health: kind == Kind::HorizontalPodAutoscaler && self.after_health,
            takes_over: Vec::new(),
        });
        if kind == Kind::Deployment && self.wish.desired.scaled {
            let initial = count::initial(self.wish.name, self.wish.desired.replicas);
            self.diff.changes.extend(initial);
        }
    }

    fn deployment(&mut self, object: &Object, pair: &Pair<'_>) {
        let counting = count::counting(
            self.wish.name,
            pair.live,
            self.decides(object),
            &pair.ownership,
            self.after_health,
        );
        let differs = |one: &Difference| !counting.apart || one.path != count::path();
        let applies = pair.differences.iter().any(differs);
        self.show(object, pair);
        self.diff.changes.extend(counting.changes);
        if self.begins_uncounted(pair.live) {
            let initial = count::initial(self.wish.name, self.wish.desired.replicas);
            self.diff.changes.extend(initial);
        }
        if applies {
            let object = Object {
                id: object.id.clone(),
                manifest: count::saying(object.manifest.clone(), counting.said),
            };
            self.apply(object, pair, false);
        }
    }

    /// A run that was killed made the Deployment, and neither its number nor its autoscaler.
    fn begins_uncounted(&self, live: &Value) -> bool {
        let scaler = self.wish.desired.object(Kind::HorizontalPodAutoscaler);
        scaler.is_some_and(|scaler| self.observed.live(&scaler.id).is_none())
            && self.wish.desired.scaled
            && count::is_default(live)
    }

    fn decides(&self, object: &Object) -> Decides {
        let said = object.manifest.pointer("/spec/replicas").is_some();
        let replicas = count::replicas(&object.manifest);
        let leaving = self
            .pruned()
            .any(|(id, _)| id.kind == Kind::HorizontalPodAutoscaler);
        match (said, leaving) {
            (false, _) => Decides::Autoscaler,
            (true, true) => Decides::FileAgain(replicas),
            (true, false) => Decides::File(replicas),
        }
    }

    fn apply(&mut self, object: Object, pair: &Pair<'_>, after_health: bool) {
        let uid = pair.live.pointer("/metadata/uid").and_then(Value::as_str);
        self.diff.changes.push(Change::Apply {
            uid: Some(uid.unwrap_or_default().to_owned()),
            force: self.wish.force,
            rolls: object.id.kind == Kind::Deployment && rolls(&pair.differences),
            after_health,
            takes_over: pair.takes_over.clone(),
            object,
        });
    }

    fn show(&mut self, object: &Object, pair: &Pair<'_>) {
        let sensitive = &self.wish.desired.sensitive;
        let count = count::path().to_string();
        for mut view in views(&object.id, &pair.differences, sensitive) {
            if object.id.kind == Kind::Deployment && view.path == count && view.to.is_none() {
                view.to = Some(LEFT.to_owned());
                view.effect = Effect::Invisible;
            }
            self.diff.views.push(view);
        }
    }

    fn foreign_account(&mut self, object: &Object, live: &Value) {
        let path = Path::of(&ROLE);
        let fields = |object: &Value| Fields::of(object).get(&path).cloned();
        let wanted = fields(&object.manifest);
        let missing = wanted.is_some() && wanted != fields(live);
        let note = adopt::used_as_it_is(&object.id, missing);
        self.diff.notes.push(note);
    }

    /// Objects of ours that are there and that the file does not have any more.
    fn pruned(&self) -> impl Iterator<Item = (&'a Id, &'a Value)> {
        let (wish, observed) = (self.wish, self.observed);
        observed.objects.iter().filter(move |(id, live)| {
            let wanted = wish.desired.objects.iter().any(|one| one.id == **id);
            !wanted
                && id.kind != Kind::Namespace
                && wish.owner.has(live)
                && live.pointer("/metadata/deletionTimestamp").is_none()
        })
    }

    fn prune(&mut self) {
        let pruned: Vec<_> = self.pruned().collect();
        for (id, live) in pruned {
            self.diff.views.push(removed(id));
            self.diff.changes.push(delete(id, live, self.after_health));
        }
    }

    fn finish(mut self) -> Result<Diff, Failed> {
        if !self.foreign.is_empty() {
            if !self.wish.adopt {
                let (foreign, views) = (&self.foreign, &self.diff.views);
                return Err(adopt::refuse_foreign(foreign, self.wish.owner, views));
            }
            let ids: Vec<&Id> = self.foreign.iter().map(|(id, _)| *id).collect();
            let note = adopt::note(&ids, &self.diff.views);
            self.diff.notes.push(note);
        }
        // A count alone is no revision.
        let revision = |change: &Change| !matches!(change, Change::Count { .. });
        if self.diff.changes.iter().any(revision) {
            self.diff.changes.push(Change::Record {
                asked: self.wish.desired.objects.clone(),
            });
        }
        self.diff.changes.sort_by_key(Change::wave);
        Ok(self.diff)
    }
}

/// The change that deletes an object.
pub fn delete(id: &Id, live: &Value, after_health: bool) -> Change {
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str);
    Change::Delete {
        id: id.clone(),
        uid: uid.unwrap_or_default().to_owned(),
        after_health,
    }
}

fn rolls(differences: &[Difference]) -> bool {
    let template = ["spec", "template"];
    differences.iter().any(|one| one.path.within(&template))
}

#[cfg(test)]
mod tests;
