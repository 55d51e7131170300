//! Performs a plan: under the lock, with what was there before in the history.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::api::requests::Wire;
use super::history::record::{Mark, State};
use super::kinds::Id;
use super::plan::KubePlan;
use super::plan::change::{Change, Count};
use super::plan::earlier_revision;
use super::plan::identity::{SETTLES, associates};
use super::plan::observe::Observed;
use super::plan::wave::Wave;
use super::rollout::{RolloutId, Watched};
use super::{Kubernetes, Session};
use crate::event::Events;
use crate::plan::Change as _;
use crate::platform::origin::Scaled;
use crate::platform::{Done, Failed, Part, PerformError, Performance, Performed};
use crate::spec::KubeService;

mod established;
mod prepare;
mod write;

/// One performance of a part of a plan.
pub(crate) struct Performing<'a> {
    kube: &'a Kubernetes,
    /// What this run holds and knows of the service.
    session: &'a Session,
    wire: Wire<'a>,
    service: &'a KubeService,
    name: &'a str,
    plan: &'a KubePlan,
    part: Part,
    events: &'a Events,
    /// All that must precede the first write is so.
    is_ready: bool,
    /// What was there.
    observed: Arc<Observed>,
    /// Objects that the API server says are so already.
    as_is: Vec<Id>,
    /// The Deployment as the last write of it left it.
    deployment: RefCell<Option<Value>>,
    /// What goes waits for so long, where an Ingress was led away from it just before: its controller
    /// has to hear of that.
    leaves: Duration,
}

impl Kubernetes {
    /// Begins to perform a part of a plan.
    pub(super) async fn performing<'a>(
        &'a self,
        session: &'a Session,
        service: &'a KubeService,
        plan: &'a KubePlan,
        part: Part,
        events: &'a Events,
    ) -> Result<Performing<'a>, Failed> {
        Ok(Performing {
            kube: self,
            session,
            wire: self.wire().await?,
            service,
            name: session.name(),
            plan,
            part,
            events,
            is_ready: part == Part::OnceHealthy,
            observed: session.look().observed,
            as_is: Vec::new(),
            deployment: RefCell::new(None),
            leaves: if plan.changes.iter().any(Change::leads_away) {
                service.own.drain
            } else {
                Duration::ZERO
            },
        })
    }
}

/// Takes the metadata of a Deployment that was given its number to what making it replied. Where
/// more than that happened in between, what was made stays what is ours.
fn count_on(made: &mut Value, counted: &Value) {
    let generation = |object: &Value| object["metadata"]["generation"].as_i64();
    let only_counted = generation(made).map(|made| made + 1) == generation(counted);
    if only_counted && made["metadata"]["uid"] == counted["metadata"]["uid"] {
        made["metadata"] = counted["metadata"].clone();
    }
}

impl Performance for Performing<'_> {
    type Change = Change;
    type Watched = Watched;

    async fn before(&mut self, wave: &[&Change]) -> Result<(), Failed> {
        let is_in = |one: Wave| wave.iter().any(|change| change.wave() == one);
        if is_in(Wave::Namespace) {
            return Ok(());
        }
        if !self.is_ready {
            Box::pin(self.prepare()).await?;
            self.is_ready = true;
        }
        if wave.is_empty() {
            return Ok(());
        }
        self.holds()?;
        if is_in(Wave::Pods) && self.plan.changes.iter().any(associates) {
            let clock = self.kube.clock;
            clock.sleep_until(clock.now() + SETTLES).await;
        }
        if is_in(Wave::Removal) {
            let clock = self.kube.clock;
            clock.sleep_until(clock.now() + self.leaves).await;
        }
        Ok(())
    }

    async fn make(&self, change: &Change) -> Result<Done, Failed> {
        self.write(change).await
    }

    async fn after(&mut self, broken: Option<&PerformError>) -> Performed<Watched> {
        let ours = match self.part {
            Part::Now if self.is_ready => self.conclude(broken).await,
            Part::OnceHealthy if broken.is_none() => {
                let made = self.deployment.take();
                made.and_then(|made| RolloutId::of(&made, self.session.record()))
            }
            _ => None,
        };
        let rollout = ours.map(|ours| {
            let mut rollout = Watched::new(self.service, ours);
            rollout.fresh = true;
            rollout.holds_lock = true;
            rollout.can_go_back = self.session.can_go_back();
            rollout
        });
        rollout.map_or_else(Performed::nothing, Performed::rolls)
    }
}

impl<'a> Performing<'a> {
    /// What follows the last write of a deployment; the rollout that was started.
    async fn conclude(&self, broken: Option<&PerformError>) -> Option<RolloutId> {
        if let Some(error) = broken {
            self.nothing_came_of_it(error).await;
        }
        self.tell_warnings().await;
        if broken.is_some() {
            return None;
        }
        self.credit_scale().await;
        self.started().await
    }

    /// Says in the history who set the count, where that was all: no revision of its own tells it.
    /// It is done already: what fails here costs a warning.
    async fn credit_scale(&self) {
        let (Some(at), Some(newest)) = (self.observed.at, self.observed.newest()) else {
            return;
        };
        let Some(scaled) = Scaled::by(&self.kube.origin, &self.plan.views, at) else {
            return;
        };
        let mark = Mark {
            scaled: Some(scaled.text()),
            ..Mark::default()
        };
        if let Err(error) = self.kube.mark(self.session, newest.number, &mark).await {
            let text = format!("{error}; the history will not tell who did this");
            self.events.warn("not_credited", text);
        }
    }

    /// What the API server warned of on the way; a plan that was proven has told it already.
    async fn tell_warnings(&self) {
        for text in self.kube.warnings().await.unwrap_or_default() {
            self.events.warn("server_warning", text);
        }
    }

    /// The names beside the service's own whose locks the plan needs.
    fn other_locks(&self) -> impl Iterator<Item = &'a str> {
        let (name, plan) = (self.name, self.plan);
        let taken = plan.changes.iter().filter_map(Change::takes_history_of);
        taken.filter(move |other| *other != name)
    }

    /// Whether this run may write, under every name.
    fn holds(&self) -> Result<(), Failed> {
        self.kube.holds(self.session)?;
        let mut others = self.other_locks();
        others.try_for_each(|name| self.kube.holds_under(self.session, name))
    }

    /// The Deployment, as a write of it left it.
    fn keep(&self, change: &Change, reply: Value) {
        let mut deployment = self.deployment.borrow_mut();
        match change {
            Change::Apply { object, .. } if object.id.kind.runs_pods() => {
                *deployment = Some(reply);
            }
            Change::Count { why, .. } => match (why, &mut *deployment) {
                (Count::HandOver, _) | (Count::Initial, None) => {}
                (Count::Initial, Some(made)) => count_on(made, &reply),
                _ => *deployment = Some(reply),
            },
            _ => {}
        }
    }

    /// The rollout that was started, which the record then knows; with what served before.
    async fn started(&self) -> Option<RolloutId> {
        let number = self.session.record();
        let rolls = self.plan.changes.iter().any(|change| {
            change.starts_rollout()
                && !matches!(change, Change::Apply { object, .. } if self.as_is.contains(&object.id))
        });
        let before = self.observed.deployment(self.name);
        let made = self.deployment.take();
        let mut ours = RolloutId::of(made.as_ref().or(before)?, number)?;
        ours.former = before.map(|live| earlier_revision::words(&self.observed, self.name, live));
        if let Some(number) = number {
            let (marked, ()) = futures::join!(
                self.kube.mark_rolled(self.session, number, &ours.rolled),
                self.supersede(number),
            );
            if let Err(error) = marked {
                self.events.warn("history_not_kept", error.to_string());
            }
        }
        rolls.then_some(ours)
    }

    /// A run that was killed, or left its rollout to itself, never said how that ended: now it
    /// cannot be told any more.
    async fn supersede(&self, number: u32) {
        let open = self
            .observed
            .newest()
            .filter(|head| head.state.is_open() && head.number != number);
        let Some(head) = open else { return };
        let mark = Mark {
            state: Some(State::Superseded),
            reason: Some("the next deployment came before anybody saw its end".into()),
            ..Mark::default()
        };
        if let Err(error) = self.kube.mark(self.session, head.number, &mark).await {
            tracing::info!(%error, "an older record stays open");
        }
    }
}
