//! Performs a plan: in its order, each change once, nothing that the plan does not say.

use super::Ecs;
use super::origin::{Scaled, key};
use super::plan::change::{Basis, Change, Revision};
use super::plan::{EcsPlan, stale};
use super::rollout::started::Started;
use super::settings::sdk::last_part;
use crate::event::{EventKind, Events};
use crate::platform::{Failed, FailureKind, PerformError};

pub mod delete;
pub mod scaling;
pub mod service;
pub mod tags;
pub mod task_definition;

/// What came of one change.
#[derive(Debug)]
pub struct Done {
    /// What it made: a revision, a deployment id.
    pub result: String,
    /// Nothing was written, since it was so already.
    pub already: bool,
}

impl Done {
    /// Removed now; what is not there need not be removed.
    fn removed(removed: Result<(), Failed>, what: &str) -> Result<Self, Failed> {
        match removed {
            Ok(()) => Ok(Self::now(what)),
            Err(error) if error.kind == FailureKind::Missing => Ok(Self {
                result: what.to_owned(),
                already: true,
            }),
            Err(error) => Err(error),
        }
    }

    /// Written now.
    pub fn now(result: impl Into<String>) -> Self {
        Self {
            result: result.into(),
            already: false,
        }
    }
}

/// One performance of a plan.
struct Performing<'a> {
    ecs: &'a Ecs,
    basis: &'a Basis,
    events: &'a Events,
    /// The revision that this plan registered.
    registered: Option<String>,
    started: Option<Started>,
    /// The whole plan, for telling what remains.
    plan: &'a EcsPlan,
    /// What was done, in words.
    performed: Vec<String>,
    /// It goes on with a plan that was performed in part before.
    settles: bool,
}

impl Ecs {
    /// Performs what must precede the rollout, starts it, and performs what does not wait for it.
    /// `None`: the plan starts none.
    pub async fn perform_plan(
        &self,
        plan: &EcsPlan,
        events: &Events,
    ) -> Result<Option<Started>, PerformError> {
        let mut run = Performing::new(self, plan, events);
        let now: Vec<&Change> = plan
            .changes
            .iter()
            .filter(|change| !change.waits_for_health())
            .collect();
        let Some((first, rest)) = now.split_first() else {
            return Ok(None);
        };
        run.first(first).await?;
        for change in rest {
            run.tell(change).await?;
        }
        if let Some(scaled) = Scaled::by(&self.origin, &plan.views, self.time.now()) {
            let tag = (key::SCALED.to_owned(), scaled.text());
            self.credit(&plan.basis.service, tag, events).await;
        }
        Ok(run.started)
    }

    /// Performs the changes that waited for a healthy rollout; what must come up after them,
    /// where they set or move the count.
    pub async fn settle_plan(
        &self,
        plan: &EcsPlan,
        events: &Events,
    ) -> Result<Option<Started>, PerformError> {
        let mut run = Performing::new(self, plan, events);
        run.settles = true;
        for change in plan.changes.iter().filter(|one| one.waits_for_health()) {
            run.tell(change).await?;
        }
        // Where no task is wanted, none can come up.
        Ok(run.started.filter(|started| started.desired > 0))
    }

    /// Whether the service is still what the plan was made for; one read.
    async fn still(&self, basis: &Basis) -> Result<(), Failed> {
        let found = self.find_service(&basis.service).await?;
        let now = basis.clone().seeing(found.service.as_ref());
        stale(basis, &now)
    }
}

impl<'a> Performing<'a> {
    fn new(ecs: &'a Ecs, plan: &'a EcsPlan, events: &'a Events) -> Self {
        Self {
            ecs,
            basis: &plan.basis,
            events,
            registered: None,
            started: None,
            plan,
            performed: Vec::new(),
            settles: false,
        }
    }

    /// The first change, with a last look at the service: beside it where it only registers a
    /// revision, which nobody uses yet; else before it. The making of a service looks for itself.
    async fn first(&mut self, change: &Change) -> Result<(), PerformError> {
        let ecs = self.ecs;
        let basis = self.basis;
        let looked = match change {
            Change::CreateService { .. } => Ok(()),
            Change::RegisterTaskDefinition { .. } if basis.primary.is_none() => Ok(()),
            Change::RegisterTaskDefinition { .. } => {
                let (looked, registered) = futures::join!(ecs.still(basis), self.tell(change));
                registered?;
                let later = self.plan.changes.iter().skip_while(|one| *one != change);
                let next = later.skip(1).find(|one| !one.waits_for_health());
                return looked.map_err(|source| self.error(next.unwrap_or(change), source));
            }
            _ => ecs.still(basis).await,
        };
        looked.map_err(|source| self.error(change, source))?;
        self.tell(change).await
    }

    /// One change, told before and after.
    async fn tell(&mut self, change: &Change) -> Result<(), PerformError> {
        self.events.send(EventKind::Performing {
            change: change.words(),
        });
        match self.one(change).await {
            Ok(done) => {
                self.performed.push(change.words());
                self.events.send(EventKind::Performed {
                    change: change.words(),
                    result: done.result,
                    already: done.already,
                });
                Ok(())
            }
            Err(source) => Err(self.error(change, source)),
        }
    }

    fn error(&self, change: &Change, source: Failed) -> PerformError {
        PerformError {
            change: change.words(),
            performed: self.performed.clone(),
            remaining: self.remaining(change),
            nothing_changed: self.performed.is_empty()
                && !self.settles
                && source.kind.proves_not_performed(),
            source,
        }
    }

    /// This change and all that would have followed, in words.
    fn remaining(&self, change: &Change) -> Vec<String> {
        let later = self
            .plan
            .changes
            .iter()
            .skip_while(|other| *other != change);
        later.map(Change::words).collect()
    }

    async fn one(&mut self, change: &Change) -> Result<Done, Failed> {
        let ecs = self.ecs;
        match change {
            Change::RegisterTaskDefinition {
                definition,
                carry_from,
            } => {
                let (arn, already) = ecs.register(definition, carry_from.as_deref()).await?;
                let result = last_part(&arn).to_owned();
                self.registered = Some(arn);
                Ok(Done { result, already })
            }
            Change::CreateService {
                service,
                revision,
                after,
            } => {
                let arn = self.arn_of(revision)?;
                let (started, already) = ecs.create(service, &arn, *after).await?;
                Ok(self.began(started, already))
            }
            Change::UpdateService { update } => {
                let arn = update.revision.as_ref().map(|one| self.arn_of(one));
                let started = ecs.update(update, arn.transpose()?, self.basis).await?;
                if update.starts_rollout() && self.registered.is_none() {
                    // Whoever registered the revision is not who rolls it out now.
                    let number = last_part(&started.ours.id);
                    let tag = (format!("{}{number}", key::ROLLOUT), ecs.origin.credit());
                    ecs.credit(&self.basis.service, tag, self.events).await;
                }
                Ok(self.began(started, false))
            }
            Change::DeleteService { cluster, service } => ecs.delete(cluster, service).await,
            Change::TagService { arn, tags } => ecs.tag(arn, tags).await,
            Change::UntagService { arn, keys } => ecs.untag(arn, keys).await,
            Change::RegisterScalableTarget { target, .. } => {
                let done = ecs.set_bounds(target).await?;
                // What a rollout of this plan starts is watched with it.
                if self.started.is_none() {
                    self.started = ecs.bring_within(target).await?;
                }
                Ok(done)
            }
            Change::PutScalingPolicy { policy, .. } => ecs.put_policy(policy).await,
            Change::DeleteScalingPolicy { name, resource, .. } => {
                ecs.delete_policy(name, resource).await
            }
            Change::DeregisterScalableTarget { resource, .. } => ecs.remove_bounds(resource).await,
            Change::SetCount { service, count, .. } => {
                let started = ecs.set_count(service, *count).await?;
                self.started.get_or_insert(started);
                Ok(Done::now(count.to_string()))
            }
        }
    }

    fn began(&mut self, started: Started, already: bool) -> Done {
        let result = started.ours.id.clone();
        self.started = Some(started);
        Done { result, already }
    }

    fn arn_of(&self, revision: &Revision) -> Result<String, Failed> {
        match (revision, &self.registered) {
            (Revision::Known(arn), _) | (Revision::Registered, Some(arn)) => Ok(arn.clone()),
            (Revision::Registered, None) => Err(Failed::new(
                "perform the plan",
                FailureKind::Invalid,
                "it uses a revision that it does not register",
            )),
        }
    }
}
