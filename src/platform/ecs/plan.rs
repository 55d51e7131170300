//! From a service in the file to a plan: observe, compare, advise.

pub(crate) mod adopt;
pub(crate) mod advice;
pub(crate) mod autoscaling;
pub(crate) mod change;
pub(crate) mod count;
pub(crate) mod create;
pub(crate) mod current;
pub(crate) mod destroy;
pub(crate) mod diff;
pub(crate) mod draft;
pub(crate) mod earlier_revision;
pub(crate) mod former;
pub(crate) mod observe;
pub(crate) mod proposed;
pub(crate) mod register_again;
pub(crate) mod scale_and_restart;
pub(crate) mod schedules;
pub(crate) mod tagged;
pub(crate) mod update;
pub(crate) mod waves;

use super::Ecs;

use self::change::{Basis, Change};
use self::count::CountOwner;
use self::draft::Draft;
use self::observe::Observed;
use super::live::service::LiveService;
use super::settings::Desired;

use crate::event::Events;
use crate::plan::Plan;
use crate::platform::{Failed, FailureKind, Intent, TakesOver};
use crate::spec::EcsService;

/// A plan for ECS.
pub(crate) type EcsPlan = Plan<Basis, Change>;

/// A plan, with what it was made from.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) plan: EcsPlan,
    pub(crate) observed: Observed,
}

/// What is asked for of one service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal<'a> {
    pub(crate) service: &'a EcsService,
    /// What they come to.
    pub(crate) desired: &'a Desired,
    /// What the command asks for beyond them.
    pub(crate) intent: &'a Intent,
}

impl Ecs {
    /// Reads the service and compares it with what is asked for. Writes nothing.
    pub(crate) async fn plan(&self, goal: Goal<'_>, events: &Events) -> Result<Planned, Failed> {
        let Goal {
            service,
            desired,
            intent,
        } = goal;
        let observed = Box::pin(self.observe(service, events)).await?;
        if intent.destroy {
            let draft = self.take_away(service, intent, &observed)?;
            let basis = self.basis(service, &observed, false);
            let plan = draft.into_plan(&service.name, basis, None);
            return Ok(Planned { plan, observed });
        }
        let owner = CountOwner::of(desired, observed.scaling.as_ref(), service);
        let mut draft = self.draft(goal, owner, &observed).await?;
        let count = match (intent.count, owner) {
            (Some(count), _) => count,
            (None, CountOwner::File) => service.replicas,
            _ => count::wanted(service, &observed, &draft.changes),
        };
        let notes = advice::notes(service, &draft.changes, count, &observed);
        draft.notes.extend(notes);
        if observed.service.is_none() {
            let former = Box::pin(self.former_names(service)).await;
            draft.notes.extend(former);
        }
        // The embedded cloud's time runs as its own timings say: nothing is predicted of it.
        let rolls = self.credentials.is_some() && draft.starts_rollout();
        let shortest = rolls.then(|| advice::shortest(service, count)).flatten();
        let basis = self.basis(service, &observed, owner == CountOwner::File);
        let plan = draft.into_plan(&service.name, basis, shortest);
        Ok(Planned { plan, observed })
    }

    /// What must be done, unless that is refused; `owner` decides how many tasks run.
    async fn draft(
        &self,
        goal: Goal<'_>,
        owner: CountOwner,
        observed: &Observed,
    ) -> Result<Draft, Failed> {
        let Goal {
            service,
            desired,
            intent,
        } = goal;
        let there = observed.service.as_ref();
        let refuse = |there| adopt::refuse_kind(there, &desired.service);
        if let Some(refused) = there.and_then(refuse) {
            return Err(refused);
        }
        if TakesOver::of(intent) == TakesOver::ByApply {
            // Before anything is looked for in a history that is not ours either.
            self.check_ours(service, intent, there, &mut Draft::default())?;
        }
        let particular = intent.restart || intent.count.is_some() || intent.back_to.is_some();
        let mut draft = match there.filter(|_| particular) {
            None if particular => {
                return Err(Failed::new(
                    format!("change service {}", service.own.service),
                    FailureKind::Missing,
                    "it is not there; `apply` makes it",
                ));
            }
            None => diff::diff(desired, observed, owner, service)?,
            Some(there) => match (&intent.back_to, intent.count) {
                (Some(to), _) => self.back_to(there, to.named()).await?,
                (None, Some(count)) => {
                    let scaling = observed.scaling.as_ref();
                    scale_and_restart::scale_to(service, there, scaling, count)?
                }
                (None, None) => scale_and_restart::restart(there),
            },
        };
        self.check_ours(service, intent, there, &mut draft)?;
        Ok(draft)
    }

    /// Refuses what is not ours unless it is to be adopted, and says what that resets.
    fn check_ours(
        &self,
        service: &EcsService,
        intent: &Intent,
        there: Option<&LiveService>,
        draft: &mut Draft,
    ) -> Result<(), Failed> {
        let foreign = |there: &&LiveService| !adopt::is_ours(there, &self.tenant, &service.name);
        let Some(there) = there.filter(foreign) else {
            return Ok(());
        };
        if !intent.adopt {
            let ours = (&self.tenant, &service.name);
            let takes_over = TakesOver::of(intent);
            return Err(adopt::refuse_foreign(there, ours, draft, takes_over));
        }
        draft.notes.push(adopt::note(draft));
        Ok(())
    }

    /// The facts that a plan rests on; `counted`: the count is among them.
    fn basis(&self, service: &EcsService, observed: &Observed, counted: bool) -> Basis {
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
pub(crate) fn stale(planned: &Basis, now: &Basis) -> Result<(), Failed> {
    match planned.differs(now) {
        None => Ok(()),
        Some(why) => Err(Failed::new(
            format!("change service {}", planned.service),
            FailureKind::Refused,
            format!("the plan is stale: {why}"),
        )),
    }
}
