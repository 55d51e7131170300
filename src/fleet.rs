//! Several services in one command: proposed together, approved once, rolled out side by side,
//! each with its own verdict.

use futures::future::join_all;

use crate::deploy::{Deploy, declined, held_back};
use crate::event::{Kind as Told, Outcome};
use crate::plan::{Effect, Plan};
use crate::platform::{Platform, Proposal};

/// What one service of a fleet has come to before anything was written.
pub type Proposed<P> = Result<Proposal<P>, Outcome>;

/// Proposes for all; each plan is told as an event, in the order of the file.
pub async fn propose<P: Platform>(members: &[Deploy<'_, P>]) -> Vec<Proposed<P>> {
    let proposed = join_all(members.iter().map(Deploy::propose)).await;
    tell(members, &proposed);
    proposed
}

/// Tells the plans as events.
pub fn tell<P: Platform>(members: &[Deploy<'_, P>], proposed: &[Proposed<P>]) {
    for (member, proposed) in members.iter().zip(proposed) {
        if let Ok(proposal) = proposed {
            member.events.send(told(&proposal.plan));
        }
    }
}

/// Stops what is under way for all of them.
pub async fn cancel<P: Platform>(members: &[Deploy<'_, P>], rollback: bool) -> Vec<Outcome> {
    let each = members.iter().map(|member| member.stop(rollback));
    conclude(members, join_all(each).await)
}

/// Whether anything would be written.
pub fn changes<P: Platform>(proposed: &[Proposed<P>]) -> bool {
    proposed
        .iter()
        .flatten()
        .any(|proposal| !proposal.plan.is_empty())
}

/// Performs and watches all of them. Where one could not be proposed, none is begun: a fleet that
/// is half changed because of a spelling error helps nobody.
pub async fn carry_out<P: Platform>(
    members: &[Deploy<'_, P>],
    proposed: Vec<Proposed<P>>,
) -> Vec<Outcome> {
    let broken = proposed.iter().any(Result::is_err);
    let each = members
        .iter()
        .zip(proposed)
        .map(async |(member, proposed)| match proposed {
            Err(outcome) => outcome,
            Ok(proposal) if broken && !proposal.plan.is_empty() => held_back(),
            Ok(proposal) => member.carry_out(&proposal.plan, proposal.current).await,
        });
    conclude(members, join_all(each).await)
}

/// Ends all of them without a write: a person said no.
pub fn decline<P: Platform>(members: &[Deploy<'_, P>], proposed: Vec<Proposed<P>>) -> Vec<Outcome> {
    let outcomes = proposed
        .into_iter()
        .map(|proposed| proposed.err().unwrap_or_else(declined));
    conclude(members, outcomes.collect())
}

/// Follows what is under way for all of them.
pub async fn watch<P: Platform>(members: &[Deploy<'_, P>]) -> Vec<Outcome> {
    let each = members
        .iter()
        .map(async |member| match member.propose().await {
            Err(outcome) => outcome,
            Ok(proposal) => member.watch(&proposal.plan, proposal.current).await,
        });
    conclude(members, join_all(each).await)
}

fn conclude<P: Platform>(members: &[Deploy<'_, P>], outcomes: Vec<Outcome>) -> Vec<Outcome> {
    for (member, outcome) in members.iter().zip(&outcomes) {
        member.events.send(Told::Outcome(outcome.clone()));
    }
    outcomes
}

fn told<B, C>(plan: &Plan<B, C>) -> Told {
    Told::Plan {
        changes: plan.views.clone(),
        notes: plan.notes.clone(),
        effect: plan.effect(),
        shortest_seconds: plan
            .shortest
            .filter(|_| plan.effect() >= Some(Effect::Restarts))
            .map(|d| d.as_secs()),
    }
}
