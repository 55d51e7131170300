//! What a role that EKS associates comes to: a pod gets it when it is made. Pure.

use std::time::Duration;

use super::change::Change;
use super::diff::Draft;
use crate::plan::Note;
use crate::platform::kubernetes::kinds::Kind;

/// So long after an association was made or changed a new pod gets it for certain: EKS promises no more than
/// "several seconds" (Amazon EKS user guide, EKS Pod Identity, considerations).
pub(crate) const SETTLES: Duration = Duration::from_secs(10);

/// Whether a change makes or changes an association.
pub(crate) fn associates(change: &Change) -> bool {
    let kind = Kind::PodIdentityAssociation;
    matches!(change, Change::Apply { object, .. } if object.id.kind == kind)
}

/// That pods that run go on without it, where none is made anew.
pub(super) fn note(diff: &Draft, name: &str) -> Option<Note> {
    let alone = diff.changes.iter().any(associates) && !diff.starts_rollout();
    let text = format!(
        "Pods get the role of a `pod_identity` when they start: those that run keep what they have until \
         `restart {name}`."
    );
    alone.then(|| Note::warning("role_at_start", text))
}
