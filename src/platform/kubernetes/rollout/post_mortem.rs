//! The evidence of a failure on one screen: from what watching saw, and from what may still be
//! read. A piece that may not be read costs that piece only.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Watched;
use super::evidence::{Tails, ask_events, keep_tail};
use super::look::{EventView, View};
use super::watch::{PODS, Watch};
use crate::event::{FailureGroup, LogTail, PostMortem};
use crate::platform::kubernetes::plan::earlier_revision::knows_better;
use crate::platform::kubernetes::{Kubernetes, Session};
use crate::platform::post_mortem::sign::sign;
use crate::platform::post_mortem::{group, newest, stays, what};
use crate::rollout::{Cause, Failure, Rollback, Verdict};

mod advice;
pub(crate) mod chain;

use self::advice::Known;
use self::chain::{chain, gates, worst};

/// Messages shown.
const MESSAGES: usize = 5;

/// What the cluster said is asked for again, unless it was within so long.
const FRESH: SignedDuration = SignedDuration::from_secs(2);

impl Kubernetes {
    /// Gathers the evidence while it is still there: a rollback takes the failing pods away. It
    /// takes a few seconds at most, and nothing where all is known already.
    pub(crate) async fn keep_evidence(&self, rollout: &Watched) {
        let Some(watch) = &rollout.watch else { return };
        let failures = rollout.memory.failures();
        let subject = subject(rollout, group(&failures).first(), &failures);
        gather(watch, subject).await;
    }

    /// The evidence of how a rollout ended.
    pub(crate) async fn tell_why(
        &self,
        session: &Session,
        rollout: &Watched,
        verdict: &Verdict,
        failures: &[Failure],
    ) -> PostMortem {
        let can_go_back = if stays(verdict) {
            let records = self.refresh(session).await;
            knows_better(&records.unwrap_or_default(), rollout.ours.revision)
        } else {
            false
        };
        evidence(rollout, (verdict, can_go_back), failures).await
    }
}

/// `can_go_back`: whether `rollback` would find something to go back to.
pub(crate) async fn evidence(
    rollout: &Watched,
    (verdict, can_go_back): (&Verdict, bool),
    failures: &[Failure],
) -> PostMortem {
    let groups = group(failures);
    let subject = subject(rollout, groups.first(), failures);
    if let Some(watch) = &rollout.watch {
        gather(watch, subject.clone()).await;
    }
    let rolled_back = matches!(
        verdict,
        Verdict::Tripped {
            rollback: Rollback::Done { .. },
            ..
        }
    );
    let (logs, running_logs) = tails(rollout, subject);
    let ours = rollout.seen.ours.as_ref();
    let known = Known {
        sign: groups.first().and_then(|group| sign(group, logs.as_ref())),
        group: groups.first(),
        runs_on: rollout.runs_on,
        spoke: logs.is_some(),
        sees_pods: !rollout.seen.missing.contains_key(PODS),
        can_go_back,
    };
    PostMortem {
        what: what(&rollout.revision(), verdict),
        likely_cause: known.likely().or_else(|| unready(rollout)),
        next: known.next(verdict),
        targets: ours.map(gates).unwrap_or_default(),
        chain: ours.map(chain).unwrap_or_default(),
        logs,
        running_logs,
        messages: messages(rollout),
        now: rollout
            .seen
            .view
            .as_ref()
            .map(|view| now(&rollout.service, view))
            .unwrap_or_default(),
        not_brought_back: if rolled_back {
            rollout.not_brought_back.clone()
        } else {
            Vec::new()
        },
        missing: missing(rollout),
        groups,
    }
}

/// The pod and container whose log lines tell most.
type Subject = (String, String);

/// The one that died last of the main cause; where none died, one that does not come up.
fn subject(
    rollout: &Watched,
    group: Option<&FailureGroup>,
    failures: &[Failure],
) -> Option<Subject> {
    let spoke = |cause: Cause| {
        matches!(
            cause,
            Cause::Exited | Cause::OutOfMemory | Cause::ContainerUnhealthy | Cause::Other
        )
    };
    if let Some(group) = group {
        if !spoke(group.cause) {
            return None;
        }
        let last = newest(group, failures)?;
        return Some((last.task.clone()?, last.container.clone()?));
    }
    let (view, reading) = rollout.seen.ours.as_ref()?;
    let pod = worst(view, reading)?;
    let container = pod.spec.as_ref()?.containers.first()?;
    Some((pod.metadata.name.clone()?, container.name.clone()))
}

/// Asks for what is not known yet.
async fn gather(watch: &Watch, subject: Option<Subject>) {
    let (place, shared) = (watch.place().clone(), Arc::clone(watch.shared()));
    let due = shared.evidence().is_due(place.clock.now(), FRESH);
    let events = async {
        if due {
            ask_events(place.clone(), Arc::clone(&shared)).await;
        }
    };
    let unread = subject.filter(|(_, container)| shared.evidence().tails(container).is_none());
    let lines = async {
        if let Some((pod, container)) = unread {
            keep_tail(place.clone(), Arc::clone(&shared), pod, container).await;
        }
    };
    futures::join!(events, lines);
}

/// The last lines of the run that ended, and of the one that goes on.
fn tails(rollout: &Watched, subject: Option<Subject>) -> (Option<LogTail>, Option<LogTail>) {
    let kept = subject.zip(rollout.watch.as_ref());
    let Some(((_, container), watch)) = kept else {
        return (None, None);
    };
    let evidence = watch.shared().evidence();
    let Some((pod, Tails { ended, running })) = evidence.tails(&container) else {
        return (None, None);
    };
    let tail = |lines: &Vec<String>, run: &str| {
        (!lines.is_empty()).then(|| LogTail {
            source: format!("{pod}, container {container}, the run that {run}"),
            lines: lines.clone(),
        })
    };
    (tail(ended, "ended"), tail(running, "goes on"))
}

/// What the cluster warned of since our write, the newest last; the same words about several pods
/// once.
fn messages(rollout: &Watched) -> Vec<String> {
    let Some(watch) = &rollout.watch else {
        return Vec::new();
    };
    let begun = rollout.ours.begun;
    let events = watch.shared().evidence().events();
    let templates = rollout.templates();
    let is_ours = |event: &EventView| {
        let seen = rollout.seen.ours.as_ref();
        seen.is_none_or(|(view, _)| view.is_about(event, &templates))
    };
    let since = events
        .iter()
        .filter(|event| begun.is_none_or(|begun| event.at >= Some(begun)) && !event.is_echo())
        .filter(|event| is_ours(event));
    let mut told: BTreeMap<(&str, &str), (&Arc<EventView>, u32)> = BTreeMap::new();
    for event in since {
        let key = (event.reason.as_str(), event.message.as_str());
        let entry = told.entry(key).or_insert((event, 0));
        entry.0 = event;
        entry.1 = entry.1.saturating_add(event.count.max(1));
    }
    let mut told: Vec<_> = told.into_values().collect();
    told.sort_by_key(|(event, _)| event.at);
    let skipped = told.len().saturating_sub(MESSAGES);
    let newest = told.into_iter().skip(skipped);
    newest
        .map(|(event, count)| {
            let times = if count > 1 {
                format!(" ({count} times)")
            } else {
                String::new()
            };
            format!("{}: {}: {}{times}", event.name, event.reason, event.message)
        })
        .collect()
}

/// Where nothing failed: what keeps the pods that run from being ready.
fn unready(rollout: &Watched) -> Option<String> {
    let (view, reading) = rollout.seen.ours.as_ref()?;
    let pod = worst(view, reading)?.metadata.uid.as_deref()?.to_owned();
    let events = rollout.watch.as_ref()?.shared().evidence().events();
    let mut about = events.iter().rev().filter(|event| event.uid == pod);
    let probe = about.find(|event| event.reason == "Unhealthy")?;
    Some(format!("the pods run and are not ready: {}", probe.message))
}

/// What runs now, set by set.
fn now(name: &str, view: &View) -> Vec<String> {
    let mut sets: Vec<_> = view
        .own_sets()
        .filter(|set| set.desired + set.replicas > 0)
        .collect();
    sets.sort_by_key(|set| std::cmp::Reverse(set.created));
    let mut lines: Vec<String> = sets
        .iter()
        .map(|set| {
            let images: Vec<&str> = set.images.iter().map(|(_, image)| image.as_str()).collect();
            format!(
                "{} runs {} of {} ({})",
                set.name,
                set.available,
                set.desired,
                images.join(", ")
            )
        })
        .collect();
    match &view.deployment {
        None => lines.push(format!("{} does not exist any more", view.kind.words())),
        Some(deployment) if deployment.available == 0 => {
            // Of this Deployment: under the name that it had before, the service may well serve.
            lines.push(format!("no pod of {name} is available"));
        }
        Some(_) => {}
    }
    lines
}

fn missing(rollout: &Watched) -> Vec<String> {
    let pieces = rollout.seen.missing.iter();
    let mut missing: Vec<String> = pieces
        .map(|(piece, why)| format!("{piece}: {why}"))
        .collect();
    if let Some(watch) = &rollout.watch {
        let evidence = watch.shared().evidence();
        missing.extend(
            evidence
                .missing()
                .map(|(piece, why)| format!("{piece}: {why}")),
        );
    }
    missing
}
