//! What a Deployment says of its own rollout, at one look. Pure.

use serde_json::Value;

use crate::platform::kubernetes::plan::replicas;

/// The reason of a Deployment that made no progress within its deadline (Kubernetes
/// documentation, Deployments, failed deployment).
const EXCEEDED: &str = "ProgressDeadlineExceeded";

/// The reason of one whose newest revision was complete at some time; it stays so when pods are
/// lost later.
const COMPLETE: &str = "NewReplicaSetAvailable";

/// One look at a Deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Pods asked for.
    pub desired: u32,
    /// Pods of the newest template.
    pub updated: u32,
    /// All pods, the old ones included.
    pub all: u32,
    /// Pods that were ready for long enough.
    pub available: u32,
    /// Whether the controllers have seen the newest spec.
    pub observed: bool,
    /// Why it makes no progress any more, in the API's own words.
    pub stuck: Option<String>,
    /// Why no pod can be made, in the API's own words.
    pub refused: Option<String>,
    /// Whether this revision was complete at some time.
    pub was_complete: bool,
    /// Whether somebody paused it.
    pub paused: bool,
}

impl Health {
    /// Of a Deployment as it is.
    pub fn of(deployment: &Value) -> Self {
        let number = |path: &str| {
            let number = deployment.pointer(path).and_then(Value::as_u64);
            u32::try_from(number.unwrap_or(0)).unwrap_or(u32::MAX)
        };
        let generation = |path: &str| deployment.pointer(path).and_then(Value::as_i64);
        let observed =
            generation("/status/observedGeneration") >= generation("/metadata/generation");
        let condition = |kind: &str| {
            let all = deployment.pointer("/status/conditions");
            let mut all = all.and_then(Value::as_array).into_iter().flatten();
            all.find(|one| one["type"] == kind)
        };
        let words = |condition: &Value| {
            let words = condition["message"].as_str().unwrap_or_default();
            Some(words.to_owned())
        };
        let progressing = condition("Progressing").filter(|_| observed);
        let has_reason = |reason: &str| progressing.filter(|one| one["reason"] == reason);
        let refused = condition("ReplicaFailure").filter(|one| observed && one["status"] == "True");
        Self {
            desired: replicas::replicas(deployment),
            updated: number("/status/updatedReplicas"),
            all: number("/status/replicas"),
            available: number("/status/availableReplicas"),
            observed,
            stuck: has_reason(EXCEEDED).and_then(words),
            refused: refused.and_then(words),
            was_complete: has_reason(COMPLETE).is_some(),
            paused: deployment.pointer("/spec/paused") == Some(&Value::Bool(true)),
        }
    }

    /// Whether all pods are of the newest template (Kubernetes documentation, Deployments, complete
    /// deployment).
    pub fn is_rolled_out(&self) -> bool {
        self.observed && self.updated >= self.desired && self.all <= self.updated
    }

    /// Whether nothing moves and all is well.
    pub fn is_settled(&self) -> bool {
        self.is_rolled_out() && self.available >= self.desired
    }

    /// How far it is, in words.
    pub fn words(&self) -> String {
        let old = match self.all.saturating_sub(self.updated) {
            0 => String::new(),
            old => format!(", {old} old ones left"),
        };
        format!(
            "{} of {} pods updated, {} available{old}",
            self.updated, self.desired, self.available
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(status: &Value) -> Value {
        json!({"metadata": {"generation": 3}, "spec": {"replicas": 2}, "status": status})
    }

    #[test]
    fn a_look_before_the_controllers_saw_the_spec_settles_nothing() {
        let stale = deployment(&json!({
            "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
            "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "m"}],
        }));
        let health = Health::of(&stale);
        assert!(!health.is_settled());
        assert_eq!(health.stuck, None);
    }

    #[test]
    fn old_pods_and_missing_ones_unsettle_it() {
        let status = |all: u32, updated: u32, available: u32| {
            Health::of(&deployment(&json!({
                "observedGeneration": 3, "replicas": all, "updatedReplicas": updated, "availableReplicas": available,
            })))
        };
        assert!(status(2, 2, 2).is_settled());
        assert!(!status(3, 2, 2).is_settled());
        assert!(!status(2, 1, 2).is_settled());
        assert!(!status(2, 2, 1).is_settled());
        assert!(status(2, 2, 1).is_rolled_out());
    }

    #[test]
    fn reasons_are_the_apis_own_words() {
        let health = Health::of(&deployment(&json!({
            "observedGeneration": 3,
            "conditions": [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too slow"},
                {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"},
            ],
        })));
        assert_eq!(health.stuck.as_deref(), Some("too slow"));
        assert_eq!(health.refused.as_deref(), Some("exceeded quota"));
        assert!(!health.was_complete);
    }

    #[test]
    fn no_pods_wanted_and_none_there_is_settled() {
        let none = json!({
            "metadata": {"generation": 1}, "spec": {"replicas": 0}, "status": {"observedGeneration": 1},
        });
        assert!(Health::of(&none).is_settled());
    }
}
