//! One container of one of our pods: what it is stuck with, and how often it ended.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{
    Container, ContainerStateTerminated, ContainerStatus, Pod, Probe,
};

use super::states::Sighting;
use crate::platform::kubernetes::rollout::causes;
use crate::platform::kubernetes::rollout::causes::Waiting;
use crate::platform::kubernetes::rollout::look::{EventView, View};
use crate::platform::post_mortem::is_signalled;
use crate::rollout::{Cause, Failure, Unit};

/// So long an end waits for the events that may say that a probe brought it about. They are written
/// just before it.
const HOLD: SignedDuration = SignedDuration::from_secs(3);

/// A probe that brought an end about failed within this time before it: the grace period that the
/// container then had is 30 s unless said otherwise.
const BEFORE: SignedDuration = SignedDuration::from_secs(90);

/// A container, as it is asked for and as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct One<'a> {
    spec: &'a Container,
    status: &'a ContainerStatus,
    /// It is to end well before the others begin.
    comes_first: bool,
}

/// The containers of a pod that have a status.
pub(super) fn all(pod: &Pod) -> Vec<One<'_>> {
    let (Some(spec), Some(status)) = (&pod.spec, &pod.status) else {
        return Vec::new();
    };
    let init = spec.init_containers.iter().flatten().map(|container| {
        let sidecar = container.restart_policy.as_deref() == Some("Always");
        (container, &status.init_container_statuses, !sidecar)
    });
    let main = spec
        .containers
        .iter()
        .map(|container| (container, &status.container_statuses, false));
    init.chain(main)
        .filter_map(|(spec, statuses, comes_first)| {
            let mut statuses = statuses.iter().flatten();
            let status = statuses.find(|status| status.name == spec.name)?;
            Some(One {
                spec,
                status,
                comes_first,
            })
        })
        .collect()
}

impl<'a> One<'a> {
    pub(super) fn name(&self) -> &'a str {
        &self.spec.name
    }

    fn ended(&self) -> Option<&'a ContainerStateTerminated> {
        self.status.state.as_ref()?.terminated.as_ref()
    }

    /// Its newest end, of this run or of the one before.
    fn newest_end(&self) -> Option<&'a ContainerStateTerminated> {
        let before = || self.status.last_state.as_ref()?.terminated.as_ref();
        self.ended().or_else(before)
    }

    /// What it is stuck with.
    pub(super) fn stuck(&self, pod: &Pod, view: &View) -> Sighting {
        let state = self.status.state.as_ref();
        let Some(waiting) = state.and_then(|state| state.waiting.as_ref()) else {
            return Sighting::Fine;
        };
        let reason = waiting.reason.as_deref().unwrap_or_default();
        let message = waiting.message.as_deref().unwrap_or_default();
        let image = self.spec.image.as_deref().unwrap_or_default();
        let about = |cause, text| {
            Sighting::of(cause, text, view.at).with(pod.metadata.name.as_ref(), Some(self.name()))
        };
        match causes::waiting(reason, message, image) {
            Waiting::OnItsWay => Sighting::AsBefore,
            Waiting::Stuck(cause) => about(cause, super::words(reason, message)),
            Waiting::Untold => match self.told_by_events(pod, view, image) {
                Some((cause, text)) => about(cause, text),
                None => Sighting::Untold,
            },
        }
    }

    fn told_by_events(&self, pod: &Pod, view: &View, image: &str) -> Option<(Cause, String)> {
        let uid = pod.metadata.uid.as_deref()?;
        let about = view.events.iter().filter(|event| event.uid == uid);
        let own = about.filter(|event| {
            event.reason == "Failed"
                && event
                    .container
                    .as_deref()
                    .is_none_or(|name| name == self.name())
        });
        own.filter_map(|event| {
            let cause = causes::event(&event.reason, &event.message, image)?;
            Some((cause, event.message.clone()))
        })
        .next_back()
    }

    /// How often in a row a probe must fail before the container is killed (Kubernetes API reference,
    /// Probe: three times, unless said otherwise).
    fn patience(&self) -> u32 {
        let probes = [&self.spec.startup_probe, &self.spec.liveness_probe];
        let often = probes.into_iter().flatten().map(|probe| {
            let often = probe.failure_threshold.unwrap_or(3);
            u32::try_from(often).unwrap_or(1).max(1)
        });
        often.min().unwrap_or(1)
    }

    /// Whether its end may have been brought about by the kubelet, since a probe failed: it was ended
    /// by a signal, or lived for long enough.
    fn may_be_killed(&self, end: &ContainerStateTerminated) -> bool {
        let probe = self.spec.startup_probe.as_ref();
        let Some(probe) = probe.or(self.spec.liveness_probe.as_ref()) else {
            return false;
        };
        if causes::ended(end.reason.as_deref().unwrap_or_default()) != Cause::Exited {
            return false;
        }
        let signalled = is_signalled(end.exit_code);
        match (&end.started_at, &end.finished_at) {
            (Some(started), Some(finished)) => {
                let lived = finished.0.duration_since(started.0);
                signalled || lived + SignedDuration::from_secs(1) >= soonest(probe)
            }
            _ => true,
        }
    }
}

/// The soonest at which a probe can have failed often enough (Kubernetes API reference, Probe: three
/// times, ten seconds apart, unless said otherwise).
fn soonest(probe: &Probe) -> SignedDuration {
    let delay = i64::from(probe.initial_delay_seconds.unwrap_or(0));
    let period = i64::from(probe.period_seconds.unwrap_or(10));
    let failures = i64::from(probe.failure_threshold.unwrap_or(3));
    SignedDuration::from_secs(delay + period * (failures - 1).max(0))
}

/// How often a container ended, and what is still to be told of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ends {
    count: u32,
    newest: Option<String>,
    held: Option<(Timestamp, Failure)>,
    /// So often its probes had failed before its newest run.
    failed_probes: u32,
}

impl Ends {
    /// What happened to a container before our rollout began is none of its failures.
    pub(super) fn before(one: &One<'_>, pod: &Pod, begun: Option<Timestamp>) -> Self {
        let created = pod.metadata.creation_timestamp.as_ref();
        let older = begun.is_some_and(|begun| created.is_some_and(|created| created.0 < begun));
        if !older {
            return Self::default();
        }
        let end = one.newest_end();
        let since = end.is_some_and(|end| {
            let finished = end.finished_at.as_ref();
            finished.is_some_and(|finished| begun.is_some_and(|begun| finished.0 >= begun))
        });
        Self {
            count: floor(one).saturating_sub(u32::from(since)),
            newest: end.filter(|_| !since).map(mark),
            ..Self::default()
        }
    }

    /// Takes in a look; gives the failures that are new, and whether one waits for events.
    pub(super) fn note(&mut self, one: &One<'_>, pod: &Pod, view: &View) -> (Vec<Failure>, bool) {
        let mut new = Vec::new();
        if let Some(end) = one.newest_end().filter(|end| counts(one, pod, end)) {
            let fresh = self.newest.as_ref() != Some(&mark(end));
            let before = self.count;
            let at_least = if one.comes_first { 0 } else { floor(one) };
            self.count = at_least.max(before + u32::from(fresh));
            self.newest = Some(mark(end));
            for number in before + 1..=self.count {
                let failure = failure(one, pod, end, number, view.at);
                let last = number == self.count;
                if last && one.may_be_killed(end) {
                    new.extend(self.held.take().map(|(_, failure)| failure));
                    self.held = Some((view.at, failure));
                } else {
                    new.push(failure);
                }
            }
        }
        new.extend(self.release(one, pod, view));
        (new, self.held.is_some())
    }

    /// An end that was held back, once it is known whether a probe brought it about.
    fn release(&mut self, one: &One<'_>, pod: &Pod, view: &View) -> Option<Failure> {
        let (since, mut failure) = self.held.take()?;
        let uid = pod.metadata.uid.as_deref().unwrap_or_default();
        let of_it = |event: &&Arc<EventView>| {
            event.uid == uid
                && (event.container.is_none() || event.container == failure.container)
                && causes::is_probe_kill(&event.reason, &event.message)
        };
        let about: Vec<_> = view.events.iter().filter(of_it).collect();
        let failed: u32 = about.iter().map(|event| event.count).sum();
        let recent = about.iter().rev().find(|event| {
            let ago = event.at.map(|at| failure.at.duration_since(at));
            ago.is_none_or(|ago| ago <= BEFORE)
        });
        let by_probe = recent.filter(|event| {
            event.reason == "Killing"
                // A probe that fails now and then, or finds nobody since the container has just ended,
                // tells nothing about any other end.
                || failure.exit_code.is_some_and(is_signalled)
                || failed.saturating_sub(self.failed_probes) >= one.patience()
        });
        let asked = view.events_asked.is_some_and(|asked| asked >= since);
        if let Some(event) = by_probe {
            failure.cause = Cause::ContainerUnhealthy;
            failure.text.clone_from(&event.message);
        } else if !asked && view.at.duration_since(since) < HOLD {
            self.held = Some((since, failure));
            return None;
        }
        self.failed_probes = failed;
        Some(failure)
    }
}

/// It ended at least so often.
fn floor(one: &One<'_>) -> u32 {
    let restarts = u32::try_from(one.status.restart_count).unwrap_or_default();
    restarts + u32::from(one.ended().is_some())
}

/// What tells one end from another.
fn mark(end: &ContainerStateTerminated) -> String {
    let id = end.container_id.as_deref().unwrap_or_default();
    let finished = end.finished_at.as_ref().map(|time| time.0.to_string());
    format!("{id} {}", finished.unwrap_or_default())
}

/// Whether an end is a failure: one that is to come first may end well, and what ends since its pod
/// is deleted was told to.
fn counts(one: &One<'_>, pod: &Pod, end: &ContainerStateTerminated) -> bool {
    let told_to = pod.metadata.deletion_timestamp.is_some() && one.ended().is_some();
    let well = one.comes_first && end.exit_code == 0;
    !told_to && !well
}

fn failure(
    one: &One<'_>,
    pod: &Pod,
    end: &ContainerStateTerminated,
    number: u32,
    now: Timestamp,
) -> Failure {
    let uid = pod.metadata.uid.as_deref().unwrap_or_default();
    let reason = end.reason.as_deref().unwrap_or("Error");
    let message = end.message.as_deref().unwrap_or_default().trim();
    let colon = if message.is_empty() { "" } else { ": " };
    Failure {
        id: format!("{uid}/{}/{number}", one.name()),
        at: end.finished_at.as_ref().map_or(now, |time| time.0),
        cause: causes::ended(reason),
        text: format!(
            "{reason}, exit code {}{colon}{}",
            end.exit_code,
            last_part(message)
        ),
        container: Some(one.name().to_owned()),
        exit_code: Some(end.exit_code),
        unit: Unit::Pod,
        task: pod.metadata.name.clone(),
    }
}

/// A termination message may be up to 4 KiB of log (Kubernetes documentation, determine the reason
/// for pod failure); its end says most.
fn last_part(message: &str) -> String {
    const LONGEST: usize = 300;
    let skipped = message.chars().count().saturating_sub(LONGEST);
    message.chars().skip(skipped).collect()
}
