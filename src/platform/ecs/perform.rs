//! Performs a plan: one change after another, as the plan says them, each on what this performance
//! has made so far.

use std::cell::{OnceCell, RefCell};

use super::Ecs;
use super::origin::{Scaled, key};
use super::plan::EcsPlan;
use super::plan::change::{Change, Revision};
use super::plan::stale;
use super::rollout::Watched;
use super::rollout::started::Started;
use super::settings::fields::group;
use super::settings::sdk::last_part;
use super::settings::service::is_of_the_service;
use crate::event::Events;
use crate::plan::ChangeView;
use crate::platform::{Done, Failed, FailureKind, Part, PerformError, Performance, Performed};
use crate::spec::EcsService;

pub(crate) mod delete;
pub(crate) mod scaling;
pub(crate) mod schedule;
pub(crate) mod service;
pub(crate) mod tags;
pub(crate) mod task_definition;

/// One performance of a part of a plan.
pub(crate) struct Performing<'a> {
    ecs: &'a Ecs,
    service: &'a EcsService,
    plan: &'a EcsPlan,
    part: Part,
    events: &'a Events,
    /// It was looked whether the service is still what the plan was made for, or need not be.
    has_looked: bool,
    /// The revision that this plan registered.
    registered: OnceCell<String>,
    started: RefCell<Option<Started>>,
}

impl<'a> Performing<'a> {
    pub(super) fn new(
        ecs: &'a Ecs,
        service: &'a EcsService,
        plan: &'a EcsPlan,
        part: Part,
        events: &'a Events,
    ) -> Self {
        Self {
            ecs,
            service,
            plan,
            part,
            events,
            has_looked: part == Part::OnceHealthy,
            registered: OnceCell::new(),
            started: RefCell::new(None),
        }
    }

    /// What must come up after it: once the rollout is healthy, nothing can where no task is wanted.
    pub(super) fn started(&self) -> Option<Started> {
        let started = self.started.borrow().clone();
        started.filter(|started| self.part == Part::Now || started.desired > 0)
    }

    /// Whether the service is still what the plan was made for; one read.
    async fn still(&self) -> Result<(), Failed> {
        let basis = &self.plan.basis;
        let found = self.ecs.find_service(&basis.service).await?;
        let now = basis.clone().seeing(found.service.as_ref());
        stale(basis, &now)
    }

    fn began(&self, started: Started, already: bool) -> Done {
        let result = started.ours.id.clone();
        self.started.replace(Some(started));
        Done { result, already }
    }

    fn arn_of(&self, revision: &Revision) -> Result<String, Failed> {
        match (revision, self.registered.get()) {
            (Revision::Known(arn), _) | (Revision::Registered, Some(arn)) => Ok(arn.clone()),
            (Revision::Registered, None) => Err(Failed::new(
                "perform the plan",
                FailureKind::Invalid,
                "it uses a revision that it does not register",
            )),
        }
    }
}

impl Performance for Performing<'_> {
    type Change = Change;
    type Watched = Watched;

    /// A last look at the service before the first change. The making of a service looks for itself.
    async fn before(&mut self, wave: &[&Change]) -> Result<(), Failed> {
        let has_looked = std::mem::replace(&mut self.has_looked, true);
        match wave {
            [] | [Change::CreateService { .. } | Change::RegisterTaskDefinition { .. }] => Ok(()),
            _ if has_looked => Ok(()),
            _ => self.still().await,
        }
    }

    /// The same beside it, where it only registers a revision, which nobody uses yet.
    async fn beside(&self, wave: &[&Change]) -> Result<(), Failed> {
        match wave {
            [Change::RegisterTaskDefinition { .. }] if self.plan.basis.primary.is_some() => {
                self.still().await
            }
            _ => Ok(()),
        }
    }

    async fn make(&self, change: &Change) -> Result<Done, Failed> {
        let (ecs, basis) = (self.ecs, &self.plan.basis);
        match change {
            Change::RegisterTaskDefinition {
                definition,
                carry_from,
            } => {
                let (arn, already) = ecs.register(definition, carry_from.as_deref()).await?;
                let result = last_part(&arn).to_owned();
                self.registered.get_or_init(|| arn);
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
                let started = ecs.update(update, arn.transpose()?, basis).await?;
                if update.starts_rollout() && self.registered.get().is_none() {
                    // Whoever registered the revision is not who rolls it out now.
                    let number = last_part(&started.ours.id);
                    let tag = (format!("{}{number}", key::ROLLOUT), ecs.origin.credit());
                    ecs.credit(&basis.service, tag, self.events).await;
                }
                Ok(self.began(started, false))
            }
            Change::DeleteService { cluster, service } => ecs.delete(cluster, service).await,
            Change::TagService { arn, tags } => ecs.tag(arn, tags).await,
            Change::UntagService { arn, keys } => ecs.untag(arn, keys).await,
            Change::RegisterScalableTarget { target, .. } => {
                let done = ecs.set_bounds(target).await?;
                // What a rollout of this plan starts is watched with it.
                if self.started.borrow().is_none() {
                    let started = ecs.bring_within(target).await?;
                    self.started.replace(started);
                }
                Ok(done)
            }
            Change::PutScalingPolicy { policy, .. } => ecs.put_policy(policy).await,
            Change::DeleteScalingPolicy { name, resource, .. } => {
                ecs.delete_policy(name, resource).await
            }
            Change::PutScheduledAction { action, .. } => ecs.put_schedule(action).await,
            Change::DeleteScheduledAction { name, resource, .. } => {
                ecs.delete_schedule(name, resource).await
            }
            Change::DeregisterScalableTarget { resource, .. } => ecs.remove_bounds(resource).await,
            Change::SetCount { service, count, .. } => {
                let started = ecs.set_count(service, *count).await?;
                self.started.borrow_mut().get_or_insert(started);
                Ok(Done::now(count.to_string()))
            }
        }
    }

    async fn after(&mut self, broken: Option<&PerformError>) -> Performed<Watched> {
        if broken.is_some() || self.part.of(self.plan).is_empty() {
            return Performed::nothing();
        }
        let scaled = Scaled::by(&self.ecs.origin, &self.plan.views, self.ecs.time.now());
        if let (Part::Now, Some(scaled)) = (self.part, scaled) {
            let tag = (key::SCALED.to_owned(), scaled.text());
            let service = &self.plan.basis.service;
            self.ecs.credit(service, tag, self.events).await;
        }
        let Some(started) = self.started() else {
            return Performed::nothing();
        };
        let mut watched = Watched::new(self.service, started.ours);
        if self.part == Part::Now && watched.ours.count_only.is_some() {
            // A count, or settings alone: what they come to is read again and judged.
            return Performed {
                count: Some(watched),
                ..Performed::nothing()
            };
        }
        if self.part == Part::Now {
            watched.stays_new = stays_new(&self.plan.views);
        }
        Performed::rolls(watched)
    }
}

/// Settings of the service itself, and its tags: ECS keeps them out of its revisions, so a rollback does
/// not bring them back (Amazon ECS developer guide, service revisions).
fn stays_new(views: &[ChangeView]) -> Vec<String> {
    let stays = |path: &str| path.starts_with("tags.") || is_of_the_service(group(path));
    let settings = views
        .iter()
        .filter(|view| view.object == "service" && stays(&view.path));
    settings
        .map(|view| {
            format!(
                "{} stays {}",
                view.path,
                view.to.as_deref().unwrap_or("unset")
            )
        })
        .collect()
}
