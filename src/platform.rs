//! The narrow waist between the one deploy loop and the platforms.
//!
//! Each platform keeps its own desired, observed and change types end to end. The loop sees a
//! [`Plan`], an identity to follow, and [`Observation`]s.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cancel::Cancel;
use crate::event::{Events, Outcome, PostMortem};
use crate::plan::{Change, Note, Plan};
use crate::rollout::{Budget, Failure, Halted, Observation, Trip, Verdict};
use crate::spec::Service;

pub(crate) mod again;
pub(crate) mod aws;
pub(crate) mod beside;
pub(crate) mod bounded;
pub(crate) mod causes;
pub(crate) mod counting;
pub(crate) mod digest;
pub(crate) mod ecs;
pub(crate) mod exchange;
pub(crate) mod failure;
mod intent;
pub(crate) mod kubernetes;
pub(crate) mod leaving;
pub(crate) mod origin;
pub(crate) mod owner;
pub(crate) mod patch;
pub(crate) mod performance;
pub(crate) mod post_mortem;
pub(crate) mod program;
pub(crate) mod send;
pub(crate) mod usual;

pub(crate) use self::failure::{Failed, FailureKind};
pub(crate) use self::intent::{BackTo, IfBusy, Intent, TakesOver};
pub(crate) use self::leaving::Gone;
pub(crate) use self::performance::{Done, Part, PerformError, Performance, Performed};

/// Who asks, in every request to a platform.
pub(crate) const AGENT: &str = concat!("deployer/", env!("CARGO_PKG_VERSION"));

/// A plan with the state of the service that it was made from.
#[derive(Debug)]
pub(crate) struct Proposal<P: Platform + ?Sized> {
    /// What differs and what will be done.
    pub(crate) plan: Plan<P::Basis, P::Change>,
    /// What goes on there now.
    pub(crate) current: Current<P::Watched>,
    /// What this run holds and knows of the service from now on.
    pub(crate) session: P::Session,
}

/// What goes on with a service before we touch it.
#[derive(Debug)]
pub(crate) enum Current<F> {
    /// It does not exist (any more).
    Absent,
    /// Nothing moves and all is well.
    Settled {
        /// `false`: nothing runs that could have failed.
        proven: bool,
        /// The revision that serves.
        serving: String,
    },
    /// A rollout, or a rollback, whose target is what is asked for. What remains to be done beside
    /// it starts none.
    Rolling(F),
    /// A rollout whose target is something else.
    Busy {
        /// Which, since when, whose.
        what: String,
        /// To follow it.
        rollout: F,
        /// How it stands to this run.
        whose: Whose,
    },
    /// Nothing moves, and it failed or fewer run than should.
    Unwell {
        /// Why, in a sentence.
        reason: String,
        /// To gather its evidence.
        rollout: F,
    },
}

/// How a rollout whose target is something else stands to this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Somebody else's.
    Another,
    /// Somebody else's, who is at work on the service and lets nobody write meanwhile.
    Held,
    /// The rollback of just what is asked for.
    Ours,
    /// The same, and nobody was told yet how it ended: a run that was killed left it open.
    Owed,
}

impl Whose {
    /// Whether it is the rollback of just what is asked for: its end is the verdict on that.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::Owed)
    }
}

/// What is told of a rollout when its watch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Following {
    /// Its identity, as people read it.
    pub(crate) rollout: String,
    /// What served before, in words.
    pub(crate) from: Option<String>,
    /// How long the last ones took.
    pub(crate) usual: Option<Duration>,
}

/// A platform, as the deploy loop sees it.
pub(crate) trait Platform {
    /// What only it knows about a service.
    type Own: Debug;
    /// The facts a plan rests on.
    type Basis: Debug + Clone + PartialEq + Serialize + DeserializeOwned;
    type Change: Change;
    /// The identity of a rollout, with what sampling remembers of it.
    type Watched: Debug;
    /// What a run holds and knows of one service. Only [`Self::propose`] hands one out, so that what
    /// nobody proposed cannot be performed; it belongs to whoever carries the plan out.
    type Session: Debug;
    /// One performance of a part of a plan.
    type Performance<'a>: Performance<Change = Self::Change, Watched = Self::Watched>
    where
        Self: 'a;

    /// Reads the service and compares it with what is asked for. Writes nothing.
    async fn propose(
        &self,
        service: &Service<Self::Own>,
        intent: &Intent,
        events: &Events,
    ) -> Result<Proposal<Self>, Failed>;

    /// What goes on with a service after something was performed, by what is asked for now. Writes
    /// nothing.
    async fn reread(
        &self,
        session: &Self::Session,
        service: &Service<Self::Own>,
        intent: &Intent,
        events: &Events,
    ) -> Result<Current<Self::Watched>, Failed>;

    /// What happened before that a person should know before saying yes: reads that only feed
    /// warnings. No write ever waits for them, and one that fails costs its warning only.
    async fn warnings(&self, service: &Service<Self::Own>) -> Vec<Note>;

    /// The one object that a plan is about, in words that no other object has.
    fn object(&self, basis: &Self::Basis) -> String;

    /// Why a plan made on `saved` must not be performed now; `None`: nothing has changed that it
    /// would hurt.
    fn stale(&self, saved: &Self::Basis, now: &Self::Basis) -> Option<String>;

    /// Begins to perform a part of a plan. Changes nothing yet.
    async fn performance<'a>(
        &'a self,
        session: &'a Self::Session,
        service: &'a Service<Self::Own>,
        plan: &'a Plan<Self::Basis, Self::Change>,
        part: Part,
        events: &'a Events,
    ) -> Result<Self::Performance<'a>, Failed>;

    /// What was under way when `count` was set beside it: it is well once both are.
    fn join(&self, rolling: Self::Watched, count: Self::Watched) -> Self::Watched;

    /// One look at a rollout.
    async fn sample(
        &self,
        session: &Self::Session,
        rollout: &mut Self::Watched,
        events: &Events,
    ) -> Result<Observation, Failed>;

    /// How many failures a rollout may have, where the platform has no breaker that counts them.
    fn budget(&self, rollout: &Self::Watched) -> Option<Budget>;

    /// The platform's clock less ours, as its answers showed it.
    fn skew(&self) -> jiff::SignedDuration;

    /// Resolves once there is something new to be seen of a rollout, where the platform tells of
    /// itself; otherwise never.
    async fn changed(&self, rollout: &Self::Watched);

    /// Takes up a rollout that somebody else, or a run of ours that was killed, began: from now on
    /// it is ours to bring back, and what that run left undone of its remedy is done.
    async fn resume(
        &self,
        session: &Self::Session,
        rollout: &mut Self::Watched,
        events: &Events,
    ) -> Result<(), Failed>;

    /// Ends the work on a service: how it ended is remembered where the platform itself does not,
    /// and others may deploy it again. What fails costs a warning.
    async fn close(
        &self,
        session: &Self::Session,
        service: &Service<Self::Own>,
        outcome: &Outcome,
        events: &Events,
    );

    /// What is told of a rollout when its watch begins.
    fn following(&self, session: &Self::Session, rollout: &Self::Watched) -> Following;

    /// A rollout by its identity, under way or over.
    async fn rollout(
        &self,
        session: &Self::Session,
        service: &Service<Self::Own>,
        id: &str,
    ) -> Result<Self::Watched, Failed>;

    /// The identity by which [`Self::rollout`] finds a rollout again; `None`: it has none.
    fn identity(&self, rollout: &Self::Watched) -> Option<String>;

    /// Our revision, in the platform's short form.
    fn revision(&self, rollout: &Self::Watched) -> String;

    /// What serves now, as the last sample showed it.
    fn serving(&self, session: &Self::Session, rollout: &Self::Watched) -> Option<String>;

    /// Whether a revision exists that the platform could go back to.
    fn can_go_back(&self, rollout: &Self::Watched) -> bool;

    /// How long a rollout may wait for what is none of its tasks' doing: bake times, hooks, people.
    fn waits(&self, _service: &Service<Self::Own>) -> Duration {
        Duration::ZERO
    }

    /// Answers for a person whom a rollout waits for; with the stage that it waits at.
    async fn go_on(&self, service: &Service<Self::Own>, goes_on: bool) -> Result<String, Failed>;

    /// Asks the platform to stop a rollout and go back, for what tripped it; sent at most once per
    /// rollout.
    async fn halt(
        &self,
        session: &Self::Session,
        rollout: &mut Self::Watched,
        trip: &Trip,
    ) -> Halted;

    /// Waits until what a plan deleted beside a rollout is gone, where somebody else holds it, at most
    /// until `end`.
    async fn let_go(
        &self,
        plan: &Plan<Self::Basis, Self::Change>,
        end: Timestamp,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<Gone, Failed>;

    /// Waits until what a plan applied beside a service has come up, at most until `end`.
    async fn come_up(
        &self,
        plan: &Plan<Self::Basis, Self::Change>,
        end: Timestamp,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<beside::Beside, Failed>;

    /// Waits until the last task of a deleted service has stopped, at most until `end`.
    async fn gone(
        &self,
        session: &Self::Session,
        service: &Service<Self::Own>,
        end: Timestamp,
        cancel: &Cancel,
        events: &Events,
    ) -> Result<Gone, Failed>;

    /// Gathers the evidence on one screen, from what sampling saw and what can still be read.
    async fn post_mortem(
        &self,
        session: &Self::Session,
        rollout: &Self::Watched,
        verdict: &Verdict,
        failures: &[Failure],
    ) -> PostMortem;
}
