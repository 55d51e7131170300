//! From one look at the cluster to what is to be said of our rollout. Pure; each row of the table
//! is a test.
//!
//! | seen, once `observedGeneration` has reached ours | said |
//! |---|---|
//! | updated = desired, no pods of other templates left, available ≥ desired | ready; with zero desired not proven |
//! | `Progressing=False`, `ProgressDeadlineExceeded`, about our generation | given up |
//! | the pod template is no longer ours; deleted; another `uid` | superseded |
//! | paused | goes on, and waits for a person |
//! | anything else | goes on |
//!
//! Old pods that are still terminating are in none of the counts, so they delay nothing.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::RolloutId;
use super::look::{Condition, DeploymentView, SetView, View};
use crate::rollout::{Gauge, Standing};
use crate::spec::WorkloadKind;

#[cfg(test)]
pub(crate) mod tests;

/// What one look says of a rollout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// What the controllers say of it.
    pub(crate) standing: Standing,
    /// Counts.
    pub(crate) gauge: Gauge,
    /// What it waits for, where it waits for a person.
    pub(crate) waiting: Option<String>,
    /// Since when it is under way, by the cluster's clock.
    pub(crate) begun: Option<Timestamp>,
    /// The `ReplicaSet` of our template.
    pub(crate) set: Option<Arc<SetView>>,
}

/// Reads what is said of the rollout that is `ours`.
pub(crate) fn read(view: &View, ours: &RolloutId) -> Reading {
    let what = view.kind.words();
    let Some(deployment) = &view.deployment else {
        return gone(format!("{what} was deleted"));
    };
    if deployment.rolled.uid != ours.rolled.uid {
        return gone(format!("{what} was deleted and made anew"));
    }
    if deployment.deleting {
        return gone(format!("{what} is being deleted"));
    }
    let set = our_set(view, deployment, ours);
    let begun = ours.begun.or(set.as_ref().and_then(|set| set.created));
    let standing = standing(deployment, ours, set.as_deref(), begun);
    let waits = deployment.paused && matches!(standing, Standing::Going(_) | Standing::Unknown);
    Reading {
        gauge: gauge(view, deployment, ours, set.as_deref()),
        waiting: waits.then(|| "somebody to resume the Deployment: it is paused".to_owned()),
        standing,
        begun,
        set,
    }
}

fn gone(by: String) -> Reading {
    Reading {
        standing: Standing::Superseded { by },
        gauge: Gauge::default(),
        waiting: None,
        begun: None,
        set: None,
    }
}

/// Whether the Deployment is set to our template. The same generation proves it, too.
fn is_ours(deployment: &DeploymentView, ours: &RolloutId) -> bool {
    let (there, ours) = (&deployment.rolled, &ours.rolled);
    there.generation == ours.generation || there.template == ours.template
}

/// Whether a Deployment says that our rollout is over and well.
pub(crate) fn came_up(deployment: &DeploymentView, ours: &RolloutId) -> bool {
    let (there, wanted) = (&deployment.rolled, &ours.rolled);
    let same = there.uid == wanted.uid && there.generation >= wanted.generation;
    same && is_ours(deployment, ours) && deployment.is_done()
}

fn standing(
    deployment: &DeploymentView,
    ours: &RolloutId,
    set: Option<&SetView>,
    begun: Option<Timestamp>,
) -> Standing {
    // A look that is older than our own write says nothing of it.
    if deployment.rolled.generation < ours.rolled.generation {
        return Standing::Unknown;
    }
    if !is_ours(deployment, ours) {
        return Standing::Superseded {
            by: author(deployment),
        };
    }
    if deployment.observed < ours.rolled.generation {
        return Standing::Unknown;
    }
    if deployment.is_done() {
        return Standing::Ready {
            proven: deployment.is_proven(),
        };
    }
    let progressing = deployment.condition("Progressing");
    if let Some(said) = progressing.filter(|said| has_given_up(deployment, said, set, begun)) {
        return Standing::GivenUp {
            reason: Some(sentence(said)),
        };
    }
    let word = if deployment.paused {
        "paused"
    } else {
        let none = if deployment.kind == WorkloadKind::Deployment {
            "no condition yet"
        } else {
            "in progress"
        };
        progressing.map_or(none, |said| said.reason.as_str())
    };
    Standing::Going(word.to_owned())
}

/// Whether the deadline that passed is the one of our rollout. The condition of a rollout before
/// stays as it was until there is some progress, although the generation it stands beside is ours
/// already; but it was said earlier, and of another `ReplicaSet`.
fn has_given_up(
    deployment: &DeploymentView,
    said: &Condition,
    set: Option<&SetView>,
    begun: Option<Timestamp>,
) -> bool {
    if said.status != "False" || said.reason != "ProgressDeadlineExceeded" {
        return false;
    }
    let about_another = said.message.contains("ReplicaSet \"")
        && set.is_some_and(|set| !said.message.contains(&format!("\"{}\"", set.name)));
    // It cannot be said of ours before a whole deadline has passed; half of one is what two clocks
    // may differ by.
    let earliest = begun.map(|begun| {
        let half = SignedDuration::from_millis(deployment.progress_deadline.saturating_mul(500));
        begun.checked_add(half).unwrap_or(Timestamp::MAX)
    });
    let too_early = match (said.updated, earliest) {
        (Some(updated), Some(earliest)) => updated < earliest,
        _ => false,
    };
    !about_another && !too_early
}

fn sentence(said: &Condition) -> String {
    if said.message.is_empty() {
        said.reason.clone()
    } else {
        format!("{} ({})", said.message.trim_end_matches('.'), said.reason)
    }
}

fn author(deployment: &DeploymentView) -> String {
    match &deployment.author {
        Some((manager, Some(at))) => format!("{manager} changed the pod template at {at}"),
        Some((manager, None)) => format!("{manager} changed the pod template"),
        None => "the pod template was changed".to_owned(),
    }
}

/// The `ReplicaSet` of our template: the oldest of equals, as the controller chooses. Where none is
/// written as the Deployment is, the one with the Deployment's own number.
pub(super) fn our_set(
    view: &View,
    deployment: &DeploymentView,
    ours: &RolloutId,
) -> Option<Arc<SetView>> {
    let oldest = view
        .own_sets()
        .filter(|set| set.template == ours.rolled.template)
        .min_by_key(|set| set.created);
    let numbered = || {
        let settled = deployment.observed >= ours.rolled.generation && is_ours(deployment, ours);
        let mut sets = view.own_sets();
        sets.find(|set| settled && set.revision.is_some() && set.revision == deployment.revision)
    };
    oldest.or_else(numbered).cloned()
}

fn gauge(
    view: &View,
    deployment: &DeploymentView,
    ours: &RolloutId,
    set: Option<&SetView>,
) -> Gauge {
    let (running, pending, old) = match (&view.sets, set) {
        (Some(_), Some(set)) => {
            let others = view.own_sets().filter(|one| one.uid != set.uid);
            let old = others.map(|one| one.ready).sum();
            let pending = set.replicas.saturating_sub(set.available);
            (set.available, pending, old)
        }
        (Some(_), None) => (0, 0, view.own_sets().map(|one| one.ready).sum()),
        // What the controller counts is of the template before ours until it has seen ours.
        (None, _) if deployment.observed < ours.rolled.generation => (0, 0, deployment.replicas),
        // Without the sets: as many as must be ours if all the others are available.
        (None, _) => {
            let others = deployment.replicas.saturating_sub(deployment.updated);
            let running = deployment.available.saturating_sub(others);
            (running, deployment.updated.saturating_sub(running), others)
        }
    };
    Gauge {
        desired: deployment.desired,
        running,
        pending,
        old,
        breaker: None,
        alarms: Vec::new(),
    }
}
