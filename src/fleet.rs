//! Several services in one command, at one or several places: proposed together, approved once,
//! rolled out side by side, each with its own verdict.
//!
//! The set of platforms is closed: a [`Member`] is a deploy loop over one of them, and every
//! question that does not depend on the platform is asked through one `match`.

use futures::future::join_all;

use crate::answer::{Deployed, LogLine, Status, Wanted};
use crate::deploy::{Deploy, held_back, stale, the_same};
use crate::event::{EventKind, Events, Outcome};
use crate::names::ServiceName;
use crate::plan::{Effect, Plan};
use crate::platform::ecs::Ecs;
use crate::platform::kubernetes::Kubernetes;
use crate::platform::{Failed, Platform, Proposal};

mod stored;

pub(crate) use self::stored::StoredPlan;

/// The deploy loop of one service, at a place of one platform.
#[derive(Debug)]
pub(crate) enum Member<'a> {
    /// At an ECS cluster.
    Ecs(Deploy<'a, Ecs>),
    /// In a namespace of a Kubernetes cluster.
    Kubernetes(Deploy<'a, Kubernetes>),
}

/// What one service has come to before anything was written, with the loop that carries it out.
#[derive(Debug)]
pub(crate) enum Ready<'m> {
    /// At an ECS cluster.
    Ecs(Box<Staged<'m, Ecs>>),
    /// In a namespace of a Kubernetes cluster.
    Kubernetes(Box<Staged<'m, Kubernetes>>),
}

/// A proposal with its loop.
#[derive(Debug)]
pub(crate) struct Staged<'m, P: Platform> {
    deploy: &'m Deploy<'m, P>,
    proposal: Proposal<P>,
}

/// A member's proposal, or how it ended without one.
pub(crate) type Proposed<'m> = Result<Ready<'m>, Outcome>;

/// Does the same for a member of any platform.
macro_rules! each {
    ($member:expr, $inner:ident => $does:expr) => {
        match $member {
            Self::Ecs($inner) => $does,
            Self::Kubernetes($inner) => $does,
        }
    };
}

impl<'a> Member<'a> {
    /// The name of the member's service.
    pub(crate) fn service(&self) -> &ServiceName {
        each!(self, deploy => &deploy.service.name)
    }

    /// The events go here that tell the member's story.
    pub(crate) fn events(&self) -> &Events {
        each!(self, deploy => &deploy.events)
    }

    /// The time, for the member.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        each!(self, deploy => deploy.clock.now())
    }

    /// Reads what is there and compares it with what the files ask for.
    pub(crate) async fn propose(&'a self) -> Proposed<'a> {
        match self {
            Self::Ecs(deploy) => {
                let proposal = deploy.propose().await?;
                Ok(Ready::Ecs(Box::new(Staged { deploy, proposal })))
            }
            Self::Kubernetes(deploy) => {
                let proposal = deploy.propose().await?;
                Ok(Ready::Kubernetes(Box::new(Staged { deploy, proposal })))
            }
        }
    }

    /// Puts a saved plan in the place of a fresh one, if the facts that it rests on still hold.
    pub(crate) async fn propose_saved(&'a self, saved: &StoredPlan) -> Proposed<'a> {
        match (self, saved) {
            (Self::Ecs(deploy), StoredPlan::Ecs(plan)) => {
                let proposal = deploy.propose_saved(plan).await?;
                Ok(Ready::Ecs(Box::new(Staged { deploy, proposal })))
            }
            (Self::Kubernetes(deploy), StoredPlan::Kubernetes(plan)) => {
                let proposal = deploy.propose_saved(plan).await?;
                Ok(Ready::Kubernetes(Box::new(Staged { deploy, proposal })))
            }
            _ => Err(stale("the target is another platform now")),
        }
    }

    /// What runs now; `None`: the service is not there.
    pub(crate) async fn status(&self) -> Result<Option<Status>, Failed> {
        match self {
            Self::Ecs(deploy) => deploy.platform.status(deploy.service, &deploy.events).await,
            Self::Kubernetes(deploy) => {
                let name = deploy.service.own.name.as_str();
                deploy.platform.status(deploy.service, name).await
            }
        }
    }

    /// Who deployed what, the newest first.
    pub(crate) async fn history(&self, most: usize) -> Result<Vec<Deployed>, Failed> {
        match self {
            Self::Ecs(deploy) => deploy.platform.history(deploy.service, most).await,
            Self::Kubernetes(deploy) => deploy.platform.history(deploy.service, most).await,
        }
    }

    /// Tells lines of the log.
    pub(crate) async fn tell_logs(
        &self,
        wanted: &Wanted,
        each: impl FnMut(LogLine),
    ) -> Result<(), Failed> {
        match self {
            Self::Ecs(deploy) => {
                deploy
                    .platform
                    .tell_logs(deploy.service, wanted, &deploy.events, each)
                    .await
            }
            Self::Kubernetes(deploy) => {
                let logs = deploy
                    .platform
                    .tell_logs(deploy.service, wanted, &deploy.events, each);
                logs.await
            }
        }
    }

    async fn stop(&self, rollback: bool) -> Outcome {
        each!(self, deploy => deploy.stop(rollback).await)
    }

    async fn go_on(&self, goes_on: bool) -> Outcome {
        each!(self, deploy => deploy.go_on(goes_on).await)
    }

    async fn watch(&self) -> Outcome {
        each!(self, deploy => match deploy.propose().await {
            Err(outcome) => outcome,
            Ok(proposal) => {
                let Proposal { session, plan, current } = proposal;
                deploy.watch(&session, &plan, current).await
            },
        })
    }
}

impl Ready<'_> {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        each!(self, staged => staged.proposal.plan.is_empty())
    }

    /// The one object that the plan is about, in words; two plans say the same only of the same one.
    fn object(&self) -> String {
        each!(self, staged => {
            let platform = staged.deploy.platform;
            platform.object(&staged.proposal.plan.basis)
        })
    }

    /// Tells of another rollout that is under way.
    pub(crate) async fn warn_if_busy(&mut self) {
        each!(self, staged => staged.deploy.warn_if_busy(&mut staged.proposal).await);
    }

    /// The plan, to be saved.
    pub(crate) fn into_plan(self) -> StoredPlan {
        match self {
            Self::Ecs(staged) => StoredPlan::Ecs(staged.proposal.plan),
            Self::Kubernetes(staged) => StoredPlan::Kubernetes(staged.proposal.plan),
        }
    }

    fn told(&self) -> EventKind {
        each!(self, staged => told(&staged.proposal.plan))
    }

    async fn carry_out(self) -> Outcome {
        each!(self, staged => {
            let Staged { deploy, proposal: Proposal { session, plan, current } } = *staged;
            Box::pin(deploy.carry_out(&session, &plan, current)).await
        })
    }
}

/// Proposes for all; each plan is told as an event, in the order of the file.
pub(crate) async fn propose<'m>(members: &'m [Member<'m>]) -> Vec<Proposed<'m>> {
    let mut proposed = join_all(members.iter().map(Member::propose)).await;
    refuse_the_same(members, &mut proposed);
    tell(members, &proposed);
    proposed
}

/// Refuses what two targets of one command both name: each would take the other's away, and both
/// would be told that all is well.
fn refuse_the_same(members: &[Member<'_>], proposed: &mut [Proposed<'_>]) {
    let objects: Vec<Option<String>> = proposed
        .iter()
        .map(|one| one.as_ref().ok().map(Ready::object))
        .collect();
    for (index, object) in objects.iter().enumerate() {
        let Some(object) = object else { continue };
        let other = objects
            .iter()
            .enumerate()
            .position(|(at, other)| at != index && other.as_ref() == Some(object));
        if let Some(other) = other {
            proposed[index] = Err(the_same(object, members[other].events().target()));
        }
    }
}

/// Tells the plans as events.
pub(crate) fn tell(members: &[Member<'_>], proposed: &[Proposed<'_>]) {
    for (member, proposed) in members.iter().zip(proposed) {
        if let Ok(ready) = proposed {
            member.events().send(ready.told());
        }
    }
}

/// Stops what is under way for all of them.
pub(crate) async fn cancel(members: &[Member<'_>], rollback: bool) -> Vec<Outcome> {
    let each = members.iter().map(|member| member.stop(rollback));
    conclude(members, join_all(each).await)
}

/// Answers for a person whom the rollouts of all of them wait for.
pub(crate) async fn go_on(members: &[Member<'_>], goes_on: bool) -> Vec<Outcome> {
    let each = members.iter().map(|member| member.go_on(goes_on));
    conclude(members, join_all(each).await)
}

/// Whether anything would be written.
pub(crate) fn changes(proposed: &[Proposed<'_>]) -> bool {
    proposed.iter().flatten().any(|ready| !ready.is_empty())
}

/// Performs and watches all of them. Where one could not be proposed, none is begun: a fleet that
/// is half changed because of a spelling error helps nobody.
pub(crate) async fn carry_out(members: &[Member<'_>], proposed: Vec<Proposed<'_>>) -> Vec<Outcome> {
    let broken = proposed.iter().any(Result::is_err);
    let each = proposed.into_iter().map(async |proposed| match proposed {
        Err(outcome) => outcome,
        Ok(ready) if broken && !ready.is_empty() => held_back(),
        Ok(ready) => ready.carry_out().await,
    });
    conclude(members, join_all(each).await)
}

/// Ends all of them without a write, each with `why`: a person said no, or nothing.
pub(crate) fn decline(
    members: &[Member<'_>],
    proposed: Vec<Proposed<'_>>,
    why: fn() -> Outcome,
) -> Vec<Outcome> {
    let outcomes = proposed
        .into_iter()
        .map(|proposed| proposed.err().unwrap_or_else(why));
    conclude(members, outcomes.collect())
}

/// Follows what is under way for all of them.
pub(crate) async fn watch(members: &[Member<'_>]) -> Vec<Outcome> {
    let each = members.iter().map(Member::watch);
    conclude(members, join_all(each).await)
}

fn conclude(members: &[Member<'_>], outcomes: Vec<Outcome>) -> Vec<Outcome> {
    for (member, outcome) in members.iter().zip(&outcomes) {
        member.events().send(EventKind::Outcome(outcome.clone()));
    }
    outcomes
}

fn told<B, C>(plan: &Plan<B, C>) -> EventKind {
    EventKind::Plan {
        changes: plan.views.clone(),
        notes: plan.notes.clone(),
        effect: plan.effect(),
        shortest_seconds: plan
            .shortest
            .filter(|_| plan.effect() >= Some(Effect::Restarts))
            .map(|d| d.as_secs()),
    }
}
