//! One look at a rollout: what the watches have brought, and what it becomes. No request is sent
//! for it, but for the first one's watches.

use std::sync::Arc;

use jiff::SignedDuration;

use super::evidence::{ask_events, keep_tail};
use super::failures::{Failures, Want};
use super::look::View;
use super::standing;
use super::standing::Reading;
use super::watch::Watch;
use super::{GoingBack, Rolled, RolloutId, Watched};
use crate::event::{EventKind, Events};
use crate::platform::failure::Failed;
use crate::platform::kubernetes::history::record::{RecordHead, State};
use crate::platform::kubernetes::{Kubernetes, MANAGER, Session};
use crate::rollout::policy::REMEDY_ALLOWANCE;
use crate::rollout::{Class, Observation, Policy, Rollout as Judge, Standing, Verdict};

/// Events are asked for at most so often: while a judgement waits for them, and otherwise.
const SOON: SignedDuration = SignedDuration::from_secs(1);
const SOMETIMES: SignedDuration = SignedDuration::from_secs(30);

#[cfg(test)]
mod tests;

/// The remedy under judgement, as any rollout is.
#[derive(Debug, Clone)]
pub(crate) struct RollbackSeen {
    rolled: Rolled,
    memory: Failures,
    judge: Judge,
}

impl Kubernetes {
    /// One look at a rollout. The first opens the watches.
    pub(crate) async fn look(
        &self,
        session: &Session,
        rollout: &mut Watched,
        events: &Events,
    ) -> Result<Observation, Failed> {
        let watch = self.watch(rollout).await?;
        let mut observation = see(&watch, rollout, events).await?;
        self.unblock(session, rollout, events).await;
        let (Standing::Superseded { .. }, None, Some(number)) = (
            &observation.standing,
            &rollout.going_back,
            rollout.ours.revision,
        ) else {
            return Ok(observation);
        };
        let Ok(heads) = self.refresh(session).await else {
            return Ok(observation);
        };
        if let Some(back) = remedy_on_record(&heads, number, rollout) {
            rollout.going_back = Some(back);
            return see(&watch, rollout, events).await;
        }
        if let Some(standing) = end_on_record(heads, number) {
            observation.standing = standing;
        }
        Ok(observation)
    }

    /// Resolves once something new about a rollout has arrived.
    pub(crate) async fn stirs(&self, rollout: &Watched) {
        match &rollout.watch {
            Some(watch) => watch.changed().await,
            None => std::future::pending().await,
        }
    }

    pub(crate) async fn watch(&self, rollout: &mut Watched) -> Result<Arc<Watch>, Failed> {
        if let Some(watch) = &rollout.watch {
            return Ok(Arc::clone(watch));
        }
        let place = self.at(rollout.own(), rollout.labels.clone()).await?;
        let watch = Arc::new(Watch::open(place, rollout.fresh));
        rollout.watch = Some(Arc::clone(&watch));
        Ok(watch)
    }
}

/// What took the place of a rollout, where that is its own remedy, written by whoever holds the
/// lock: it is judged from now on.
fn remedy_on_record(heads: &[RecordHead], number: u32, rollout: &Watched) -> Option<GoingBack> {
    let deployment = rollout.seen.view.as_ref()?.deployment.as_ref()?;
    let (author, at) = deployment.author.as_ref()?;
    if author != MANAGER || deployment.rolled.uid != rollout.ours.rolled.uid {
        return None;
    }
    // A later deployment of ours would have opened a record of its own first.
    let newest = heads.first().filter(|head| head.number == number);
    let head = newest.filter(|head| matches!(head.state, State::GoingBack | State::RolledBack))?;
    Some(GoingBack {
        ours: RolloutId {
            rolled: deployment.rolled.clone(),
            revision: None,
            begun: *at,
            former: None,
        },
        to: head.back_to.clone().unwrap_or_default(),
        reason: head.reason.clone().or_else(|| Some(BY_ANOTHER.to_owned())),
        kept: false,
    })
}

/// How a rollout whose pods are gone ended, where whoever brought back what was before it has put
/// that on record; `None`: somebody else's pods took the place of its own.
fn end_on_record(heads: Vec<RecordHead>, number: u32) -> Option<Standing> {
    let is_newest = heads.first().is_some_and(|head| head.number == number);
    let head = heads.into_iter().find(|head| head.number == number)?;
    let reason = head.reason;
    match head.state {
        State::GoingBack if is_newest => Some(Standing::Tripping { reason }),
        State::RolledBack => Some(Standing::RolledBack {
            reason,
            to: head.back_to,
        }),
        State::Failed => Some(Standing::NotRolledBack { reason }),
        State::GoingBack | State::Going | State::Healthy | State::Superseded | State::Left => None,
    }
}

async fn see(watch: &Watch, rollout: &mut Watched, events: &Events) -> Result<Observation, Failed> {
    let view = watch.look().await?;
    for (piece, why) in watch.denied() {
        if rollout.seen.missing.insert(piece, why.clone()).is_none() {
            let code = format!("no_{}", piece.to_ascii_lowercase());
            events.warn(&code, format!("{why}; fewer causes of failures are known"));
        }
    }
    for piece in watch.polled() {
        if rollout.seen.polled.insert(piece) {
            events.warn(
                "polled",
                format!(
                    "no right to watch {piece}: read again every 2 s instead, which takes more \
                     requests and may miss what is over in between"
                ),
            );
        }
    }
    let observation = judge(rollout, view);
    gather(rollout, watch, &observation);
    tell(rollout, events);
    Ok(observation)
}

/// Why it goes back, where the run that asked for it has not said more.
const BY_ANOTHER: &str = "another run stopped it and goes back";

/// What a look becomes: of our rollout, and once there is a remedy, of that. Pure.
pub(crate) fn judge(rollout: &mut Watched, view: View) -> Observation {
    let reading = standing::read(&view, &rollout.ours);
    let created = created(&view, &reading);
    let standing = match rollout.going_back.clone() {
        None => {
            let set = reading.set.as_deref();
            rollout.memory.note(&view, set, reading.begun);
            reading.standing.clone()
        }
        Some(back) if back.kept => Standing::RolledBack {
            reason: back.reason,
            to: Some(back.to),
        },
        Some(back) => {
            let theirs = standing::read(&view, &back.ours);
            let remedy = remedy(rollout, &view);
            match remedy.look(&view, &theirs) {
                None => Standing::Tripping {
                    reason: back.reason,
                },
                Some(Ended::Serves) => Standing::RolledBack {
                    reason: back.reason,
                    to: Some(back.to),
                },
                Some(Ended::Fails(why)) => Standing::NotRolledBack {
                    reason: Some(format!("{} does not come up either: {why}", back.to)),
                },
                Some(Ended::Replaced(by)) => Standing::Superseded { by },
            }
        }
    };
    let observation = Observation {
        at: view.by_ours(view.at),
        created,
        standing,
        gauge: reading.gauge.clone(),
        failures: rollout.memory.failures(),
        healed: rollout.memory.healed(),
        waiting: reading.waiting.clone(),
    };
    rollout.seen.was_ready |= matches!(observation.standing, Standing::Ready { .. });
    if rollout.going_back.is_none() {
        rollout.seen.ours = Some((view.clone(), reading));
    }
    rollout.seen.view = Some(view);
    observation
}

/// Since when a rollout is under way, by our clock.
fn created(view: &View, reading: &Reading) -> Option<jiff::Timestamp> {
    let begun = reading.begun?;
    Some(view.by_ours(begun.min(view.at)))
}

/// How the remedy ended.
enum Ended {
    Serves,
    Fails(String),
    Replaced(String),
}

/// The judgement of the remedy that is under way; another remedy is judged anew.
fn remedy<'a>(rollout: &'a mut Watched, view: &View) -> &'a mut RollbackSeen {
    let ours = match &rollout.going_back {
        Some(back) => &back.ours,
        None => &rollout.ours,
    };
    let policy = Policy {
        // What is brought back served before; an API server that was away is no reason to give it up.
        deadline: REMEDY_ALLOWANCE,
        bake: std::time::Duration::ZERO,
        ..rollout.policy
    };
    let fresh = || {
        Box::new(RollbackSeen {
            rolled: ours.rolled.clone(),
            memory: Failures::default(),
            judge: Judge::new(policy, view.by_ours(view.at), None).counting(rollout.budget),
        })
    };
    let same = |remedy: &RollbackSeen| remedy.rolled == ours.rolled;
    if !rollout.remedy.as_deref().is_some_and(same) {
        rollout.remedy = None;
    }
    rollout.remedy.get_or_insert_with(fresh)
}

impl RollbackSeen {
    fn look(&mut self, view: &View, theirs: &Reading) -> Option<Ended> {
        self.memory.note(view, theirs.set.as_deref(), theirs.begun);
        self.judge.observe(&Observation {
            at: view.by_ours(view.at),
            created: created(view, theirs),
            standing: theirs.standing.clone(),
            gauge: theirs.gauge.clone(),
            failures: self.memory.failures(),
            healed: self.memory.healed(),
            waiting: theirs.waiting.clone(),
        });
        if let Some(trip) = self.judge.wants_remedy() {
            return Some(Ended::Fails(trip.reason.clone()));
        }
        match self.judge.verdict()? {
            Verdict::Healthy { .. } => Some(Ended::Serves),
            Verdict::Superseded { by } => Some(Ended::Replaced(by.clone())),
            Verdict::Tripped { trip, .. } => Some(Ended::Fails(trip.reason.clone())),
            Verdict::Undetermined(doubt) => Some(Ended::Fails(doubt.to_string())),
        }
    }
}

/// Gathers beside the watches what a judgement or the evidence wants.
fn gather(rollout: &Watched, watch: &Watch, observation: &Observation) {
    let remedy = rollout.remedy.as_ref().map(|remedy| &remedy.memory);
    let memory = remedy.unwrap_or(&rollout.memory);
    let every = memory.wants_events().map(|want| match want {
        Want::Soon => SOON,
        Want::Sometime => SOMETIMES,
    });
    let shared = watch.shared();
    if every.is_some_and(|every| shared.evidence().is_due(observation.at, every)) {
        watch.beside(ask_events(watch.place().clone(), Arc::clone(shared)));
    }
    let counted = observation.failures.iter();
    let counted = counted.filter(|failure| failure.cause.class() == Class::Counted);
    for failure in counted {
        let (Some(pod), Some(container)) = (&failure.task, &failure.container) else {
            continue;
        };
        if shared.evidence().wants_tail(pod, container) {
            let place = watch.place().clone();
            let (pod, container) = (pod.clone(), container.clone());
            watch.beside(keep_tail(place, Arc::clone(shared), pod, container));
        }
    }
}

/// Tells what the controllers and the cluster said since our write and was not told yet.
fn tell(rollout: &mut Watched, events: &Events) {
    let Some(view) = rollout.seen.view.clone() else {
        return;
    };
    let begun = rollout.ours.begun;
    let since = |at: Option<jiff::Timestamp>| begun.is_none_or(|begun| at >= Some(begun));
    let deployment = view.deployment.iter();
    let conditions = deployment.flat_map(|deployment| &deployment.conditions);
    let telling = conditions.filter(|one| one.kind != "Available" && since(one.updated));
    let said = telling.map(|one| (one.message.clone(), one.updated, one.message.clone()));
    let news = view.events.iter().filter(|event| !event.is_echo());
    let templates = rollout.templates();
    let warned = news.filter(|event| since(event.at) && view.is_about(event, &templates));
    let warned = warned.map(|event| {
        let text = format!("{}: {}", event.reason, event.message);
        (text.clone(), event.at, text)
    });
    for (key, at, text) in said.chain(warned) {
        if !text.is_empty() && rollout.seen.told.insert(key) {
            events.send(EventKind::Message {
                said_at: at.unwrap_or(view.at),
                text,
            });
        }
    }
}
