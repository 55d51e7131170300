//! When a Deployment is rolled out and well, by what it says of itself at one look: the one
//! definition that the verdict, the plan and the history share. Pure.
//!
//! While an autoscaler takes pods away there are more than are wanted. Nothing that is wanted is
//! missing meanwhile, so what serves is well; but a rollout that is watched is over only once just
//! what is wanted is there.

use serde_json::Value;

use super::look::DeploymentView;
use crate::spec::WorkloadKind;

/// The reason of a Deployment that made no progress within its deadline (Kubernetes
/// documentation, Deployments, failed deployment).
const EXCEEDED: &str = "ProgressDeadlineExceeded";

/// The reason of one whose newest revision was complete at some time; it stays so when pods are
/// lost later.
const COMPLETE: &str = "NewReplicaSetAvailable";

/// Whether a Deployment, as it is, serves well.
pub(crate) fn is_well(live: &Value) -> bool {
    DeploymentView::of(live).is_some_and(|view| view.is_well())
}

impl DeploymentView {
    /// Whether what it says is about its newest spec.
    fn is_observed(&self) -> bool {
        self.observed >= self.rolled.generation
    }

    /// Whether all pods are of the newest template but those that may stay as they are, and none that is
    /// wanted is missing (Kubernetes documentation, Deployments, complete deployment; `kubectl rollout
    /// status` for the other kinds).
    pub(crate) fn is_rolled_out(&self) -> bool {
        let old = self.replicas.checked_sub(self.updated);
        self.is_observed()
            && self.updated.saturating_add(self.held) >= self.desired
            && self.replicas >= self.desired
            && old.is_some_and(|old| old <= self.held)
    }

    /// Whether it runs anything of its newest template, which a rollout could prove.
    pub(crate) fn is_proven(&self) -> bool {
        self.desired > 0 && self.updated > 0
    }

    /// Whether it serves as it is wanted to: as many as are wanted have been ready for long enough.
    pub(crate) fn is_well(&self) -> bool {
        self.is_rolled_out() && self.available >= self.desired
    }

    /// Whether a rollout of it is over and well: just what is wanted is there, and serves.
    pub(crate) fn is_done(&self) -> bool {
        self.is_well() && self.replicas == self.desired
    }

    /// Why it makes no progress any more, in the API's own words.
    pub(crate) fn stuck(&self) -> Option<&str> {
        self.progress(EXCEEDED)
    }

    /// Whether this revision was complete at some time.
    pub(crate) fn was_complete(&self) -> bool {
        match self.kind {
            WorkloadKind::Deployment => self.progress(COMPLETE).is_some(),
            // They keep no condition that says so.
            WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => {
                self.is_rolled_out() && self.settled
            }
        }
    }

    /// What its controller says of the progress of the newest spec, where it is for that reason.
    fn progress(&self, reason: &str) -> Option<&str> {
        let said = self
            .condition("Progressing")
            .filter(|said| self.is_observed() && said.reason == reason)?;
        Some(&said.message)
    }

    /// How far it is, in words.
    pub(crate) fn words(&self) -> String {
        let old = match self.replicas.saturating_sub(self.updated) {
            0 => String::new(),
            old => format!(", {old} old ones left"),
        };
        format!(
            "{} of {} pods updated, {} available{old}",
            self.updated,
            self.desired.saturating_sub(self.held),
            self.available
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(status: &Value) -> DeploymentView {
        let object = json!({
            "metadata": {"uid": "u", "generation": 3}, "spec": {"replicas": 2}, "status": status,
        });
        DeploymentView::of(&object).unwrap()
    }

    /// With so many pods in all, of the newest template, and available.
    fn counts(all: u32, updated: u32, available: u32) -> DeploymentView {
        deployment(&json!({
            "observedGeneration": 3, "replicas": all, "updatedReplicas": updated, "availableReplicas": available,
        }))
    }

    #[test]
    fn a_look_before_the_controllers_saw_the_spec_settles_nothing() {
        let stale = deployment(&json!({
            "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
            "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "m"}],
        }));
        assert!(!stale.is_well());
        assert_eq!(stale.stuck(), None);
    }

    #[test]
    fn old_pods_and_missing_ones_unsettle_it() {
        for is in [DeploymentView::is_done, DeploymentView::is_well] {
            assert!(is(&counts(2, 2, 2)));
            assert!(!is(&counts(3, 2, 2)));
            assert!(!is(&counts(2, 1, 2)));
            assert!(!is(&counts(2, 2, 1)));
        }
        assert!(counts(2, 2, 1).is_rolled_out());
    }

    #[test]
    fn pods_that_leave_by_a_scale_in_hide_nothing_but_the_end() {
        let leaving = counts(3, 3, 3);
        assert!(leaving.is_rolled_out() && leaving.is_well());
        assert!(!leaving.is_done());
        assert!(!counts(3, 3, 1).is_well());
        // As many as are wanted, but not all of them of the newest template.
        assert!(!counts(4, 3, 3).is_rolled_out());
    }

    #[test]
    fn reasons_are_the_apis_own_words() {
        let view = deployment(&json!({
            "observedGeneration": 3,
            "conditions": [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too slow"},
            ],
        }));
        assert_eq!(view.stuck(), Some("too slow"));
        assert!(!view.was_complete());
    }

    #[test]
    fn no_pods_wanted_and_none_there_is_done() {
        let none = json!({
            "metadata": {"uid": "u", "generation": 1}, "spec": {"replicas": 0},
            "status": {"observedGeneration": 1},
        });
        assert!(DeploymentView::of(&none).unwrap().is_done());
    }
}
