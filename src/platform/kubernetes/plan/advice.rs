//! What a person should know before saying yes, as far as the specification alone tells it. Pure.

use std::time::Duration;

use crate::plan::Note;
use crate::platform::counting;
use crate::spec::{KubeService, KubeStrategy, Share};

/// The shortest time in which a rollout of `count` pods can end: each wave of pods is asked once and
/// must have been ready for `min_ready`. What nobody can know beforehand (pulling, booting) counts as
/// nothing.
pub(crate) fn shortest(service: &KubeService, count: u32) -> Duration {
    let kubernetes = &service.own;
    let (more, fewer) = bounds(service, count);
    let waves = count.div_ceil((more + fewer).max(1));
    let asked = kubernetes.main.readiness.as_ref().map(|probe| probe.delay);
    let each = asked.unwrap_or_default() + kubernetes.min_ready;
    each * waves + service.rollout.policy.bake
}

/// How many pods of `count` may be there beyond them, and how many may be missing, during a rollout: the
/// former is rounded up and the latter down, and both are never 0 (Kubernetes API reference,
/// `RollingUpdateDeployment`).
pub(crate) fn bounds(service: &KubeService, count: u32) -> (u32, u32) {
    if service.own.strategy != KubeStrategy::Rolling {
        return (0, count.max(1));
    }
    let part = |share: Share, up: bool| match share {
        Share::Pods(pods) => pods,
        Share::Percent(percent) => {
            let hundredths = u64::from(count) * u64::from(percent);
            let pods = if up {
                hundredths.div_ceil(100)
            } else {
                hundredths / 100
            };
            u32::try_from(pods).unwrap_or(u32::MAX)
        }
    };
    let more = part(service.own.max_surge, true);
    let fewer = part(service.own.max_unavailable, false);
    if more == 0 && fewer == 0 {
        (0, 1)
    } else {
        (more, fewer)
    }
}

/// What a rollout of the specification may suffer from.
pub(crate) fn on_rollout(service: &KubeService) -> Vec<Note> {
    let mut notes = Vec::new();
    let breaker = &service.rollout.breaker;
    if !breaker.enabled {
        notes.push(Note::warning(
            "breaker_off",
            "The breaker is off: failing pods are started again and again until the deadline.",
        ));
    } else if !breaker.rollback {
        notes.push(Note::warning(
            "rollback_off",
            "Rollback is off: a version that fails is left as it is.",
        ));
    }
    if service.own.strategy == KubeStrategy::Recreate {
        notes.push(Note::warning(
            "recreates",
            "All pods end before the first new one starts: nothing serves in between.",
        ));
    }
    if service.own.strategy == KubeStrategy::OnDelete {
        notes.push(Note::warning(
            "on_delete",
            "Pods that are there stay as they are until somebody deletes them: the rollout is over as soon \
             as the cluster knows of it.",
        ));
    }
    let deadline = service.rollout.policy.deadline;
    let shortest = shortest(service, service.replicas);
    if shortest > deadline {
        notes.push(Note::warning(
            "deadline_too_short",
            format!(
                "The rollout takes {} s at the very least; the deadline trips it after {} s.",
                shortest.as_secs(),
                deadline.as_secs()
            ),
        ));
    }
    notes
}

/// What else a person should know of what the specification asks for.
pub(crate) fn notes(service: &KubeService) -> Vec<Note> {
    let is_zero = service.replicas == 0;
    let zero = is_zero.then(|| counting::nothing_wanted(service, "pod"));
    zero.into_iter().collect()
}

/// That nobody knows whether it is the cluster that answers.
pub(super) fn unverified() -> Note {
    Note::warning(
        "tls_not_verified",
        "The kubeconfig says `insecure-skip-tls-verify`: anybody on the way to the cluster could read the \
         credentials and every Secret, and answer in its place.",
    )
}
