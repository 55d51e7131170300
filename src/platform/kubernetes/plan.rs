//! From a service in the file to a plan: observe, compare, prove, advise.

use std::sync::Arc;

use self::adopt::Owner;
use self::change::{Basis, Change};
use self::current::{Facts, current};
use self::destroy::removal;
use self::diff::{Draft, Wish, diff};
use self::earlier_revision::{in_place_of, recorded, tripped_before};
use self::observe::{Look, Observed, Sought, Space};
use super::history::record;
use super::kinds::Id;
use super::kinds::desired::Desired;
use super::kinds::render::{Setting, render};
use super::kinds::service::ports;
use super::rollout::Watched;
use super::{Kubernetes, Session};
use crate::event::Events;
use crate::names::label_value;
use crate::plan::{Note, Plan};
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::{Current, Intent, TakesOver, counting};
use crate::spec::{KubeService, KubeStrategy};

pub(crate) mod adopt;
pub(crate) mod advice;
mod allowed;
pub(crate) mod basis;
pub(crate) mod beside;
pub(crate) mod change;
pub(crate) mod current;
pub(crate) mod destroy;
pub(crate) mod diff;
pub(crate) mod discover;
pub(crate) mod dry_run;
pub(crate) mod earlier_revision;
pub(crate) mod identity;
pub(crate) mod leaving;
mod met;
pub(crate) mod observe;
pub(crate) mod prerequisites;
pub(crate) mod replicas;
pub(crate) mod rights;
pub(crate) mod rivals;
pub(crate) mod scale_and_restart;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod wave;

/// A plan for Kubernetes.
pub(crate) type KubePlan = Plan<Basis, Change>;

/// A plan, with what it was made from.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) plan: KubePlan,
    /// What it was made from.
    pub(crate) look: Look,
    /// What goes on there.
    pub(crate) current: Current<Watched>,
}

/// How often a lock is watched until it is free, when others take it in between.
const LOOKS: u32 = 3;

/// The making of one plan.
struct Planning<'a> {
    kube: &'a Kubernetes,
    /// What this run holds already.
    session: Option<&'a Session>,
    service: &'a KubeService,
    intent: &'a Intent,
    events: &'a Events,
    /// The project, as a label can hold it.
    project: String,
}

impl Kubernetes {
    /// Reads the service and compares it with what is asked for. Writes nothing. `session`: what this
    /// run holds of it since an earlier plan.
    pub(crate) async fn plan(
        &self,
        session: Option<&Session>,
        service: &KubeService,
        intent: &Intent,
        events: &Events,
    ) -> Result<Planned, Failed> {
        let planning = Planning {
            kube: self,
            session,
            service,
            intent,
            events,
            project: label_value(&self.tenant.project),
        };
        Box::pin(planning.plan()).await
    }
}

impl Planning<'_> {
    fn name(&self) -> &str {
        self.service.own.name.as_str()
    }

    /// Whether this run holds the lock of this name already.
    fn holds(&self, name: &str) -> bool {
        let held = |session| self.kube.holds_under(session, name).is_ok();
        self.session.is_some_and(held)
    }

    fn owner(&self) -> Owner<'_> {
        Owner::of(self.service, &self.kube.tenant, &self.project)
    }

    async fn plan(self) -> Result<Planned, Failed> {
        let rendered = render(
            self.service,
            &Setting {
                tenant: &self.kube.tenant,
                place: self.kube.place(),
            },
        );
        let (desired, observed) = self.looked(rendered).await?;
        let leaves = prerequisites::leaving(self.kube.place(), &observed, self.intent)?;
        let mut diff = self.diff(&desired, &observed)?;
        diff.notes.extend(leaves);
        let (place, writes) = (self.kube.place(), self.intent.writes);
        let notes = prerequisites::check(place, &desired, &observed, writes, &mut diff)?;
        diff.notes.extend(notes);
        diff.notes
            .extend(self.kube.link().await?.unverified.then(advice::unverified));
        let proven = self.prove(&mut diff, &observed).await?;
        let asked = recorded(&diff.changes).unwrap_or(&desired.objects);
        let asked = record::digest(asked);
        let current = self.current(&diff, &asked, &observed);
        diff.notes.extend(self.scaler_stuck(&diff, &observed));
        let associated = identity::note(&diff, self.service.name.as_str());
        diff.notes.extend(associated);
        let rolls = diff.starts_rollout();
        let mut notes = desired.notes;
        notes.extend(diff.notes);
        notes.extend(self.meets(&observed, &diff.changes, rolls));
        if rolls {
            notes.extend(desired.on_rollout);
            notes.extend(tripped_before(
                self.name(),
                &observed.records,
                &desired.objects,
            ));
        }
        Ok(Planned {
            plan: Plan {
                service: self.service.name.clone(),
                basis: Basis::of(&observed, self.kube.namespace(), self.name()),
                changes: diff.changes,
                views: diff.views,
                notes,
                shortest: rolls.then(|| {
                    let live = observed.deployment(self.name()).map(replicas::replicas);
                    let scaled = live.filter(|_| desired.scaled);
                    advice::shortest(self.service, scaled.unwrap_or(desired.replicas))
                }),
            },
            look: Look {
                observed: Arc::new(observed),
                asked,
                proven,
            },
            current,
        })
    }

    /// What is asked for, and what is there of it; else why it cannot be seen.
    async fn looked(&self, mut rendered: Desired) -> Result<(Desired, Observed), Failed> {
        let passes = !self.intent.makes_it() || self.intent.back_to.is_some();
        let discovered = self.kube.discover(&mut rendered.objects, passes);
        discovered.await?;
        let ids: Vec<Id> = rendered.objects.iter().map(|one| one.id.clone()).collect();
        match self.asked(rendered).await {
            Err(error) if error.kind == FailureKind::Denied => {
                Err(self.may_not_read(&ids, error).await)
            }
            asked => asked,
        }
    }

    /// What is asked for, and what is there of it.
    async fn asked(&self, rendered: Desired) -> Result<(Desired, Observed), Failed> {
        let (observed, ()) = futures::join!(self.look(&rendered), self.ask_for_rights());
        let mut observed = observed?;
        let mut desired = rendered;
        if let Some(to) = &self.intent.back_to {
            self.must_be_there(&observed)?;
            let asked = self.kube.asked_by(self.name(), &observed, to.named());
            desired = in_place_of(desired, asked.await?);
            for object in &mut desired.objects {
                if object.id.kind.is_namespaced() {
                    self.owner().mark(&mut object.manifest);
                }
            }
            observed = self.look(&desired).await?;
        }
        let goes_back = self.intent.back_to.is_some();
        ports::name_as_there(&mut desired.objects, &observed, self.name(), goes_back);
        let live = observed.deployment(self.name());
        let restarted = live.and_then(scale_and_restart::restarted);
        for object in &mut desired.objects {
            if !object.id.kind.runs_pods() {
                continue;
            }
            if let (Some(at), None) = (restarted, &self.intent.back_to) {
                scale_and_restart::say_restarted(&mut object.manifest, at);
            }
            if let Some(scaler) = observed.scaler.as_ref().filter(|_| !desired.scaled) {
                object.manifest = replicas::saying(object.manifest.take(), None);
                desired.notes.push(Note::info(
                    "scaled_by_others",
                    format!(
                        "{scaler}, which is not ours, scales this service, so `replicas` is not \
                         applied."
                    ),
                ));
            }
        }
        Ok((desired, observed))
    }

    /// Reads everything. Before a write, a lock that looks as if it were held is watched until it is
    /// certain whether somebody is still at work; then everything is read again. Who takes the lock
    /// from its holder need not know.
    async fn look(&self, desired: &Desired) -> Result<Observed, Failed> {
        let supersedes = self.intent.supersedes();
        let ids: Vec<Id> = desired.objects.iter().map(|one| one.id.clone()).collect();
        let sought = Sought {
            name: self.name(),
            kind: self.service.own.kind,
            owner: self.owner(),
            objects: &ids,
            secrets: &desired.needs_secrets,
            writes: self.intent.writes,
        };
        for _ in 0..LOOKS {
            let mut observed = self.kube.observe(sought, self.events).await?;
            if self.holds(self.name()) {
                observed.lease = None;
            }
            for former in observed.formers.iter_mut() {
                former.lease = former.lease.take().filter(|_| !self.holds(&former.name));
            }
            let waits = self.intent.writes && !supersedes;
            let Some((former, holder)) = observed.held().filter(|_| waits) else {
                return Ok(observed);
            };
            let words = format!("{holder}; waiting to see whether it is still at work");
            self.events.warn("locked", words);
            let (former, seen) = (former.map(str::to_owned), holder.clone());
            let name = former.as_deref().unwrap_or(self.name());
            if let Some(holder) = self.kube.wait_out(name, Some(seen)).await? {
                observed.locked_by(former.as_deref(), holder);
                return Ok(observed);
            }
        }
        self.kube.observe(sought, self.events).await
    }

    fn diff(&self, desired: &Desired, observed: &Observed) -> Result<Draft, Failed> {
        let intent = self.intent;
        if intent.destroy && observed.namespace == Some(Space::Leaving) {
            // It goes with the namespace, and is waited for.
            return Ok(Draft::default());
        }
        if intent.destroy {
            return removal(observed, self.name(), self.owner(), intent.adopt);
        }
        if intent.restart || intent.count.is_some() {
            return self.particular(observed);
        }
        diff(
            &Wish {
                desired,
                owner: self.owner(),
                name: self.name(),
                adopt: intent.adopt,
                takes_over: TakesOver::of(intent),
                force: intent.force_conflicts,
            },
            observed,
        )
    }

    fn particular(&self, observed: &Observed) -> Result<Draft, Failed> {
        self.must_be_there(observed)?;
        let id = self.service.own.kind.named(self.name());
        let Some(live) = observed.live(&id) else {
            return Ok(Draft::default());
        };
        if !self.owner().has(live) {
            return Err(adopt::refuse_foreign(
                &[(&id, live)],
                self.owner(),
                &[],
                TakesOver::ByApply,
            ));
        }
        if let Some(count) = self.intent.count {
            return scale_and_restart::scale_to(self.service, observed, self.owner(), count);
        }
        if self.service.own.strategy == KubeStrategy::OnDelete {
            let words =
                "with `strategy = \"on_delete\"` each pod makes way only when somebody deletes it";
            let what = format!("restart {}", self.name());
            return Err(Failed::new(what, FailureKind::Refused, words));
        }
        let owned = scale_and_restart::owned(observed, self.owner());
        let now = observed.at.map(|at| format!("{at:.0}"));
        Ok(scale_and_restart::restart(
            live,
            &id,
            owned,
            &now.unwrap_or_default(),
        ))
    }

    fn must_be_there(&self, observed: &Observed) -> Result<(), Failed> {
        match observed.deployment(self.name()) {
            Some(_) => Ok(()),
            None => Err(Failed::new(
                format!("change service {}", self.name()),
                FailureKind::Missing,
                "it is not there; `apply` makes it",
            )),
        }
    }

    /// That ours stands still, as it does beside another autoscaler, where anything changes.
    fn scaler_stuck(&self, diff: &Draft, observed: &Observed) -> Option<Note> {
        let objects = observed.objects.iter();
        let mut own = objects.filter(|(id, _)| id.name == self.name() && !diff.changes.is_empty());
        own.find_map(|(id, live)| {
            let scaler = id.kind.scaler()?;
            Some(Note::warning(scaler.stuck_code, (scaler.stuck)(live)?.text))
        })
    }

    /// Asks the API server what would come of it, where somebody reads that before it is done, and
    /// where what is there differs: admission may make just that of what we send. What we may not do
    /// of it is asked for beside that. Whether it was asked.
    async fn prove(&self, diff: &mut Draft, observed: &Observed) -> Result<bool, Failed> {
        let is_read = self.intent.is_read;
        let applies = |change: &Change| matches!(change, Change::Apply { .. });
        let differs = |change: &Change| matches!(change, Change::Apply { uid: Some(_), .. });
        let asks = diff
            .changes
            .iter()
            .any(if is_read { applies } else { differs });
        let tried = asks && observed.namespace != Some(Space::Missing);
        let mut unlisted = self.unlisted(diff, observed, tried).await;
        let needed = std::mem::take(&mut unlisted.needed);
        let proofs = async {
            if tried {
                self.kube.prove(&diff.changes, observed).await
            } else {
                Ok(Vec::new())
            }
        };
        let (mut lacking, proofs) = futures::join!(self.kube.denied(needed), proofs);
        let proofs = proofs?;
        lacking.extend(dry_run::denied(&proofs));
        self.tell_rights(diff, &lacking, &unlisted).await?;
        if asks && !tried {
            let why = format!("namespace {} is not there yet", self.kube.namespace());
            diff.notes.push(dry_run::not_proven(&why));
        }
        if tried {
            dry_run::settle(diff, proofs, observed, self.intent.writes)?;
            let warned = self.kube.warnings().await?;
            if !diff.changes.is_empty() {
                let notes = warned.iter().map(|text| dry_run::warned(text));
                diff.notes.extend(notes);
            }
        }
        Ok(asks || is_read)
    }

    fn current(&self, diff: &Draft, asked: &str, observed: &Observed) -> Current<Watched> {
        current(&Facts {
            service: self.service,
            observed,
            digest: asked,
            rolls: diff.starts_rollout(),
            writes: !diff.changes.is_empty() && !self.intent.supersedes(),
        })
    }
}
