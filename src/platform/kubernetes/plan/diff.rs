//! From what is asked for and what is there to what must be done. Pure.

use serde_json::Value;

use super::adopt::{self, Owner};
use super::change::Change;
use super::observe::Observed;
use super::replicas;
use super::replicas::Decides;
use super::rivals::{self, Held};
use crate::plan::{self, Effect};
use crate::platform::failure::Failed;
use crate::platform::kubernetes::api::conflict;
use crate::platform::kubernetes::api::conflict::Conflict;
use crate::platform::kubernetes::api::object::{Object, is_leaving};
use crate::platform::kubernetes::fields::Fields;
use crate::platform::kubernetes::fields::compare::Difference;
use crate::platform::kubernetes::fields::shown::{made, removed, views};
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::kinds::service::ports::{Both, Passage};
use crate::platform::kubernetes::kinds::service::{outside, ports};
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::rollout::health::is_well;
use crate::platform::{TakesOver, counting};

pub(crate) mod carried;
mod kinds;
mod pair;
mod renames;

use self::pair::Pair;

/// What is shown in the place of a number that the file does not decide.
const LEFT: &str = "left to whoever scales it";

/// What must be done in a cluster.
pub(crate) type Draft = plan::Draft<Change>;

/// How a difference is to be made up for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// What is asked for.
    pub(crate) desired: &'a Desired,
    pub(crate) owner: Owner<'a>,
    pub(crate) name: &'a str,
    /// Whether what is not ours is taken over.
    pub(crate) adopt: bool,
    /// How it may be, where it is not yet.
    pub(crate) takes_over: TakesOver,
    /// Whether fields that others manage are taken over.
    pub(crate) force: bool,
}

/// What must be done so that the cluster holds what is asked for.
pub(crate) fn diff(wish: &Wish<'_>, observed: &Observed) -> Result<Draft, Failed> {
    kinds::refuse(wish, observed)?;
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
    /// What left the file, or never was in it, and stays since others manage it.
    stays: Vec<Held>,
    /// What others manage and what is asked for has no room beside.
    contested: Vec<(Id, Vec<Conflict>)>,
    diff: Draft,
}

impl<'a> Work<'a> {
    fn new(wish: &'a Wish<'a>, observed: &'a Observed) -> Self {
        let mut work = Self {
            wish,
            observed,
            after_health: false,
            foreign: Vec::new(),
            stays: Vec::new(),
            contested: Vec::new(),
            diff: Draft::default(),
        };
        work.after_health = wish.desired.workload().is_some_and(|object| {
            observed
                .live(&object.id)
                .map_or(work.former().is_some(), |live| {
                    rolls(object.id.kind, &work.pair(object, live).differences) || !is_well(live)
                })
        });
        work
    }

    /// Whether a change of this kind waits until the new pods are healthy.
    fn waits(&self, kind: Kind) -> bool {
        let leads_away = kind.leads() && self.former().is_some();
        self.after_health && (kind.waits_for_health() || leads_away)
    }

    fn pair(&self, object: &Object, live: &'a Value) -> Pair<'a> {
        Pair::of(self.wish, object, live)
    }

    fn object(&mut self, object: &'a Object) -> Result<(), Failed> {
        let Some(live) = self.observed.live(&object.id) else {
            self.make(object);
            return Ok(());
        };
        let foreign = !self.wish.owner.holds(&object.id, live);
        let kind = object.id.kind;
        if let Some(note) = kind.used_as_it_is(object, live).filter(|_| foreign) {
            self.diff.notes.push(note);
            return Ok(());
        }
        let led = self.led(object, live)?;
        let wanted = led.as_ref().unwrap_or(object);
        let pair = self.pair(wanted, live);
        if let Some(refused) = adopt::what_hinders(&object.id, live, &pair.differences) {
            return Err(refused);
        }
        if foreign {
            self.foreign.push((&object.id, live));
            let note = adopt::reconciled(&object.id, &pair.takes_over);
            self.diff.notes.extend(note);
            if self.wish.adopt {
                let goes = outside::gate(&object.id, live, &wanted.manifest, self.wish.force);
                self.diff.notes.extend(goes?);
            }
        }
        if !pair.rivals.is_empty() {
            let found = pair.rivals.iter().flat_map(Held::conflicts).collect();
            self.contested.push((object.id.clone(), found));
        }
        self.stays
            .extend(pair.shared.iter().chain(&pair.staying).cloned());
        if kind.runs_pods() {
            self.deployment(object, &pair);
        } else if pair.differs() {
            let waits = self.waits(kind);
            self.moves(object);
            self.show(wanted, &pair);
            self.apply(wanted.clone(), &pair, waits);
        }
        Ok(())
    }

    /// A Service with the target port under which the pods that are there serve until the new ones
    /// do. `None`: as it is asked for.
    fn led(&mut self, object: &Object, live: &Value) -> Result<Option<Object>, Failed> {
        let coming = self.wish.desired.workload();
        let pods = self.observed.deployment(self.wish.name);
        let (Kind::Service, Some(coming), Some(pods)) = (object.id.kind, coming, pods) else {
            return Ok(None);
        };
        let both = Both {
            live,
            pods,
            wanted: &object.manifest,
            coming: &coming.manifest,
        };
        match both.passage() {
            None => Ok(None),
            Some(Passage::Open(target)) => Ok(Some(Object {
                manifest: ports::sending_to(object.manifest.clone(), &target),
                ..object.clone()
            })),
            // Whoever adopts a service takes it as it comes.
            Some(Passage::Cut { from, to }) if !self.wish.owner.has(pods) => {
                self.diff.notes.push(ports::cuts(from, to));
                Ok(None)
            }
            Some(Passage::Cut { from, to }) => Err(ports::refuse_cut(&object.id, from, to)),
        }
    }

    /// What new bounds do to the number of pods; an autoscaler leaves a Deployment at 0 alone.
    fn moves(&mut self, object: &Object) {
        let live = self.observed.deployment(self.wish.name);
        let now = live.map(replicas::replicas).filter(|now| *now > 0);
        if let (Some(scaler), Some(now)) = (object.id.kind.scaler(), now) {
            let scaled = scaler.scaled(&object.manifest, now);
            self.diff.notes.extend(counting::moved(scaled, "pods"));
        }
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
            rolls: kind.runs_pods(),
            after_health: self.waits(kind),
            takes_over: Vec::new(),
            claims: Vec::new(),
        });
        if kind.runs_pods() && self.wish.desired.scaled {
            let initial = replicas::initial(self.wish.name, self.begins_with());
            self.diff.changes.extend(initial);
        }
    }

    fn deployment(&mut self, object: &Object, pair: &Pair<'_>) {
        let counting = replicas::counting(
            self.wish.name,
            pair.live,
            self.decides(object),
            &pair.ownership,
            self.after_health,
        );
        let differs = |one: &Difference| !counting.apart || one.path != replicas::path();
        let applies = pair.differences.iter().any(differs) || !pair.shared.is_empty();
        self.show(object, pair);
        self.diff.changes.extend(counting.changes);
        if self.begins_uncounted(pair.live) {
            let initial = replicas::initial(self.wish.name, self.wish.desired.replicas);
            self.diff.changes.extend(initial);
        }
        if applies {
            let object = Object {
                id: object.id.clone(),
                manifest: replicas::saying(object.manifest.clone(), counting.said),
                place: None,
            };
            self.apply(object, pair, false);
        }
    }

    /// A run that was killed made the Deployment, and neither its number nor its autoscaler.
    fn begins_uncounted(&self, live: &Value) -> bool {
        let scaler = self.wish.desired.scaler();
        scaler.is_some_and(|scaler| self.observed.live(&scaler.id).is_none())
            && self.wish.desired.scaled
            && replicas::is_default(live)
    }

    fn decides(&self, object: &Object) -> Decides {
        let said = object.manifest.pointer("/spec/replicas").is_some();
        let replicas = replicas::replicas(&object.manifest);
        let leaving = self.pruned().any(|(id, _)| id.kind.scales());
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
            rolls: rolls(object.id.kind, &pair.differences),
            after_health,
            takes_over: pair.takes_over.clone(),
            claims: pair.claims.clone(),
            object,
        });
    }

    fn show(&mut self, object: &Object, pair: &Pair<'_>) {
        let sensitive = &self.wish.desired.sensitive;
        let count = replicas::path().to_string();
        for mut view in views(&object.id, &pair.differences, sensitive) {
            if object.id.kind.runs_pods() && view.path == count && view.to.is_none() {
                view.to = Some(LEFT.to_owned());
                view.effect = Effect::Invisible;
            }
            self.diff.views.push(view);
        }
        for held in &pair.shared {
            let view = rivals::left(&object.id, held);
            self.diff
                .left
                .insert((view.object.clone(), view.path.clone()));
            self.diff.views.push(view);
        }
    }

    /// Objects of ours that are there and that the file does not have any more.
    fn pruned(&self) -> impl Iterator<Item = (&'a Id, &'a Value)> {
        let (wish, observed) = (self.wish, self.observed);
        observed.objects.iter().filter(move |(id, live)| {
            let wanted = wish.desired.objects.iter().any(|one| one.id.is_same(id));
            !wanted && id.kind.is_namespaced() && wish.owner.has(live) && !is_leaving(live)
        })
    }

    fn prune(&mut self) {
        let pruned: Vec<_> = self.pruned().collect();
        for (id, live) in pruned {
            self.diff.views.push(removed(id));
            self.diff.changes.push(delete(id, live, self.after_health));
        }
    }

    fn finish(mut self) -> Result<Draft, Failed> {
        if !self.foreign.is_empty() {
            if !self.wish.adopt {
                let (foreign, views) = (&self.foreign, &self.diff.views);
                return Err(adopt::refuse_foreign(
                    foreign,
                    self.wish.owner,
                    views,
                    self.wish.takes_over,
                ));
            }
            let ids: Vec<&Id> = self.foreign.iter().map(|(id, _)| *id).collect();
            let note = adopt::note(&ids, &self.diff.views);
            self.diff.notes.push(note);
        }
        if !self.contested.is_empty() {
            return Err(conflict::refused(&self.contested));
        }
        if !self.stays.is_empty() && !self.diff.changes.is_empty() {
            self.diff.notes.push(rivals::note(&self.stays));
        }
        self.diff
            .notes
            .extend(carried::unjudged(&self.diff.changes));
        let asked = &self.wish.desired.objects;
        if !self.diff.changes.is_empty() {
            let stays = carried::stays(self.wish.owner, asked, self.observed);
            self.diff.notes.extend(stays);
        }
        self.rename();
        if self.is_recorded() {
            self.diff.changes.push(Change::Record {
                asked: self.wish.desired.objects.clone(),
            });
        }
        self.diff.changes.sort_by_key(Change::wave);
        Ok(self.diff)
    }
}

/// The change that deletes an object.
pub(crate) fn delete(id: &Id, live: &Value, after_health: bool) -> Change {
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str);
    Change::Delete {
        id: id.clone(),
        uid: uid.unwrap_or_default().to_owned(),
        after_health,
    }
}

fn rolls(kind: Kind, differences: &[Difference]) -> bool {
    let restarts = |one: &Difference| kind.effect(&one.path) == Effect::Restarts;
    differences.iter().any(restarts)
}

#[cfg(test)]
mod tests;
