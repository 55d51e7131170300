//! From a service in the file to a plan: observe, compare, advise.

pub mod adopt;
pub mod advice;
pub mod autoscaling;
pub mod change;
pub mod create;
pub mod current;
pub mod destroy;
pub mod diff;
pub mod earlier_revision;
pub mod former;
pub mod observe;
pub mod proposed;
pub mod register_again;
pub mod scale_and_restart;
pub mod update;
pub mod waves;

use super::Ecs;

use self::change::{Basis, Change};

use self::diff::{CountOwner, Diff};
use self::observe::{Observed, Scaling};
use super::settings::render::render;

use crate::event::Events;
use crate::plan::Plan;
use crate::platform::{Failed, FailureKind, Intent, TakesOver, counting};
use crate::spec::EcsService;

/// A plan for ECS.
pub type EcsPlan = Plan<Basis, Change>;

/// A plan, with what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: EcsPlan,
    /// What is there.
    pub observed: Observed,
}

impl Ecs {
    /// Reads the service and compares it with what is asked for. Writes nothing.
    pub async fn plan(
        &self,
        service: &EcsService,
        intent: &Intent,
        events: &Events,
    ) -> Result<Planned, Failed> {
        let observed = Box::pin(self.observe(service, events)).await?;
        let scaling = observed.scaling.as_ref();
        if let Some(refused) = observed
            .service
            .as_ref()
            .and_then(|there| adopt::refuse_kind(&there.raw))
        {
            return Err(refused);
        }
        let desired = render(service, &self.setting());
        let owner = autoscaling::count_owner(&desired, scaling, service);
        if TakesOver::of(intent) == TakesOver::ByApply {
            // Before anything is looked for in a history that is not ours either.
            self.check_ours(service, intent, &observed, &mut Diff::default())?;
        }
        let mut diff = self.diff_for(service, intent, &observed, scaling).await?;
        self.check_ours(service, intent, &observed, &mut diff)?;
        let basis = self.basis(service, &observed, owner == CountOwner::File);
        let count = match (intent.count, owner) {
            (Some(count), _) => count,
            (None, CountOwner::File) => service.replicas,
            _ => wanted_count(service, &observed, &diff.changes),
        };
        // The embedded cloud's time runs as its own timings say: nothing is predicted of it.
        let rolls = self.credentials.is_some() && diff.starts_rollout();
        let mut notes = diff.notes;
        notes.extend(advice::notes(service, &diff.changes, count, &observed));
        notes.extend(scaling.and_then(|scaling| counting::suspended(&scaling.suspended)));
        if observed.service.is_none() {
            notes.extend(Box::pin(self.former_names(service)).await);
        }
        Ok(Planned {
            plan: Plan {
                service: service.name.clone(),
                basis,
                changes: diff.changes,
                views: diff.views,
                notes,
                shortest: rolls.then(|| advice::shortest(service, count)).flatten(),
            },
            observed,
        })
    }

    async fn diff_for(
        &self,
        service: &EcsService,
        intent: &Intent,
        observed: &Observed,
        scaling: Option<&Scaling>,
    ) -> Result<Diff, Failed> {
        let particular = intent.restart || intent.count.is_some() || intent.back_to.is_some();
        let Some(there) = observed.service.as_ref().filter(|_| particular) else {
            if particular {
                return Err(Failed::new(
                    format!("change service {}", service.own.service),
                    FailureKind::Missing,
                    "it is not there; `apply` makes it",
                ));
            }
            let desired = render(service, &self.setting());
            return diff::diff(&desired, observed, scaling, service);
        };
        if let Some(to) = &intent.back_to {
            return self.back_to(there, to.as_deref()).await;
        }
        match intent.count {
            Some(count) => scale_and_restart::scale_to(service, there, scaling, count),
            None => Ok(scale_and_restart::restart(there)),
        }
    }

    /// Refuses what is not ours unless it is to be adopted, and says what that resets.
    fn check_ours(
        &self,
        service: &EcsService,
        intent: &Intent,
        observed: &Observed,
        diff: &mut Diff,
    ) -> Result<(), Failed> {
        let Some(there) = &observed.service else {
            return Ok(());
        };
        if adopt::is_ours(there, &self.tenant, &service.name) {
            return Ok(());
        }
        if !intent.adopt {
            let ours = (&self.tenant, &service.name);
            let takes_over = TakesOver::of(intent);
            return Err(adopt::refuse_foreign(there, ours, diff, takes_over));
        }
        diff.notes.push(adopt::note(diff));
        Ok(())
    }

    /// The facts that a plan rests on; `counted`: the count is among them.
    pub(super) fn basis(&self, service: &EcsService, observed: &Observed, counted: bool) -> Basis {
        let place = Basis {
            account: observed.account.clone(),
            region: self.place().region.to_string(),
            cluster: self.cluster().to_owned(),
            service: service.own.service.to_string(),
            primary: None,
            task_definition: None,
            counted,
            service_digest: String::new(),
            scaling_digest: autoscaling::digest(observed.scaling.as_ref()),
        };
        place.seeing(observed.service.as_ref())
    }
}

/// Refuses facts that are no longer so.
pub fn stale(planned: &Basis, now: &Basis) -> Result<(), Failed> {
    match planned.differs(now) {
        None => Ok(()),
        Some(why) => Err(Failed::new(
            format!("change service {}", planned.service),
            FailureKind::Refused,
            format!("the plan is stale: {why}"),
        )),
    }
}

/// How many tasks a rollout of this plan is about, where the file does not say so: as many as are
/// wanted now, or as the plan itself starts where none is.
fn wanted_count(service: &EcsService, observed: &Observed, changes: &[Change]) -> u32 {
    let Some(there) = &observed.service else {
        return service.replicas;
    };
    let now = there.raw.desired_count;
    let count = if now == 0 {
        autoscaling::count_after(changes, now).unwrap_or(now)
    } else {
        now
    };
    u32::try_from(count).unwrap_or(service.replicas)
}
