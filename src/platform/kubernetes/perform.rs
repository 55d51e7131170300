//! Performs a plan: under the lock, with what was there before in the history, in waves, each change
//! once, nothing that the plan does not say.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;

use super::api::requests::Wire;
use super::history::record::{Mark, State};
use super::kinds::{Id, Kind};
use super::plan::KubePlan;
use super::plan::change::{Change, Count, Wave};
use super::plan::earlier_revision;
use super::plan::observe::Observed;
use super::rollout::RolloutId;
use super::{Kubernetes, Session};
use crate::event::{EventKind, Events};
use crate::platform::PerformError;
use crate::platform::failure::Failed;
use crate::platform::origin::Scaled;
use crate::spec::KubeService;

mod prepare;
mod write;

/// What came of one change.
#[derive(Debug, Default)]
struct Done {
    /// In words.
    result: String,
    /// Nothing was written, since it was so already.
    already: bool,
    /// The object as it is now.
    reply: Option<Value>,
}

/// One performance of a plan.
struct Performing<'a> {
    kube: &'a Kubernetes,
    /// What this run holds and knows of the service.
    session: &'a Session,
    wire: Wire<'a>,
    name: &'a str,
    plan: &'a KubePlan,
    events: &'a Events,
    /// What was there.
    observed: Arc<Observed>,
    /// Objects that the API server says are so already.
    as_is: Vec<Id>,
    /// What was done, in words.
    performed: Vec<String>,
    /// The Deployment as the last write of it left it.
    deployment: Option<Value>,
    /// What goes waits for so long, where an Ingress was led away from it just before: its controller
    /// has to hear of that.
    leaves: Duration,
}

impl Kubernetes {
    /// Performs what must precede the rollout, starts it, and performs what does not wait for it.
    /// `None`: no pods are replaced.
    pub async fn perform_plan(
        &self,
        session: &Session,
        service: &KubeService,
        plan: &KubePlan,
        events: &Events,
    ) -> Result<Option<RolloutId>, PerformError> {
        let run = self.run(session, service, plan, events).await?;
        Box::pin(run.perform()).await
    }

    /// Performs the changes that waited for a healthy rollout; what must come up after them, where
    /// they set a count.
    pub async fn settle_plan(
        &self,
        session: &Session,
        service: &KubeService,
        plan: &KubePlan,
        events: &Events,
    ) -> Result<Option<RolloutId>, PerformError> {
        if !plan.changes.iter().any(Change::waits_for_health) {
            return Ok(None);
        }
        let mut run = self.run(session, service, plan, events).await?;
        let waiting = plan.changes.iter().filter(|one| one.waits_for_health());
        Box::pin(run.waves(waiting)).await?;
        let number = session.record();
        Ok(run
            .deployment
            .and_then(|deployment| RolloutId::of(&deployment, number)))
    }

    async fn run<'a>(
        &'a self,
        session: &'a Session,
        service: &'a KubeService,
        plan: &'a KubePlan,
        events: &'a Events,
    ) -> Result<Performing<'a>, PerformError> {
        Ok(Performing {
            kube: self,
            session,
            wire: self.wire().await.map_err(|source| nothing(plan, source))?,
            name: session.name(),
            plan,
            events,
            observed: session.look().observed,
            as_is: Vec::new(),
            performed: Vec::new(),
            deployment: None,
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

/// A failure before anything was done.
fn nothing(plan: &KubePlan, source: Failed) -> PerformError {
    let remaining = words(plan.changes.iter());
    PerformError {
        change: remaining.first().cloned().unwrap_or_default(),
        nothing_changed: true,
        performed: Vec::new(),
        remaining,
        source,
    }
}

/// Changes in words; keeping the history is none of the service.
fn words<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<String> {
    changes
        .filter(|change| !matches!(change, Change::Record { .. }))
        .map(Change::words)
        .collect()
}

impl<'a> Performing<'a> {
    async fn perform(mut self) -> Result<Option<RolloutId>, PerformError> {
        self.prepare().await?;
        let now = |change: &&Change| !change.waits_for_health();
        let performed = self.waves(self.plan.changes.iter().filter(now)).await;
        if performed.is_err() && self.performed.is_empty() {
            self.nothing_came_of_it(performed.as_ref().err()).await;
        }
        self.tell_warnings().await;
        performed?;
        self.credit_scale().await;
        Ok(self.started().await)
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

    /// The changes of one wave at once, waves one after the other.
    async fn waves(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<(), PerformError> {
        let changes: Vec<&Change> = changes
            .filter(|change| change.wave() > Wave::Record)
            .collect();
        for wave in changes.chunk_by(|one, other| one.wave() == other.wave()) {
            if let Err(lost) = self.holds() {
                return Err(self.error(wave, &[], lost));
            }
            if wave.iter().any(|change| change.wave() == Wave::Removal) {
                let clock = self.kube.clock;
                clock.sleep_until(clock.now() + self.leaves).await;
            }
            self.wave(wave).await?;
        }
        Ok(())
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

    async fn wave(&mut self, wave: &[&Change]) -> Result<(), PerformError> {
        let this = &*self;
        let all = join_all(wave.iter().map(|change| this.tell(change))).await;
        let mut failed: Vec<&Change> = Vec::new();
        let mut first = None;
        let mut nothing = self.performed.is_empty();
        for (change, done) in wave.iter().zip(all) {
            match done {
                Ok(done) => {
                    nothing = false;
                    self.performed.push(change.words());
                    self.keep(change, done.reply);
                }
                Err(error) => {
                    nothing &= error.kind.proves_not_performed();
                    failed.push(change);
                    first.get_or_insert((*change, error));
                }
            }
        }
        match first {
            None => Ok(()),
            // The first is told; that nothing was changed, each of them must prove.
            Some((change, source)) => Err(PerformError {
                nothing_changed: nothing,
                ..self.error(&[change], &failed, source)
            }),
        }
    }

    fn keep(&mut self, change: &Change, reply: Option<Value>) {
        let Some(reply) = reply else { return };
        match change {
            Change::Apply { object, .. } if object.id.kind == Kind::Deployment => {
                self.deployment = Some(reply);
            }
            Change::Count { why, .. } => match (why, &mut self.deployment) {
                (Count::HandOver, _) | (Count::Initial, None) => {}
                (Count::Initial, Some(made)) => count_on(made, &reply),
                _ => self.deployment = Some(reply),
            },
            _ => {}
        }
    }

    /// One change, told before and after.
    async fn tell(&self, change: &Change) -> Result<Done, Failed> {
        let words = change.words();
        self.events.send(EventKind::Performing {
            change: words.clone(),
        });
        let done = self.one(change).await?;
        self.events.send(EventKind::Performed {
            change: words,
            result: done.result.clone(),
            already: done.already,
        });
        Ok(done)
    }

    /// `failed`: of the wave of `at`, those that could not be made.
    fn error(&self, at: &[&Change], failed: &[&Change], source: Failed) -> PerformError {
        let first = at.first().copied();
        let wave = first.map(Change::wave);
        let remaining = self.plan.changes.iter().filter(|change| {
            let later = Some(change.wave()) > wave;
            let this = Some(change.wave()) == wave && !self.performed.contains(&change.words());
            let waits =
                change.waits_for_health() && first.is_none_or(|one| !one.waits_for_health());
            (later || this || failed.contains(change)) && !waits
        });
        PerformError {
            change: first.map(Change::words).unwrap_or_default(),
            nothing_changed: self.performed.is_empty() && source.kind.proves_not_performed(),
            performed: self.performed.clone(),
            remaining: words(remaining),
            source,
        }
    }

    /// The rollout that was started, which the record then knows; with what served before.
    async fn started(self) -> Option<RolloutId> {
        let number = self.session.record();
        let rolls = self.plan.changes.iter().any(|change| {
            change.starts_rollout()
                && !matches!(change, Change::Apply { object, .. } if self.as_is.contains(&object.id))
        });
        let before = self.observed.deployment(self.name);
        let now = self.deployment.as_ref().or(before);
        let mut ours = RolloutId::of(now?, number)?;
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
