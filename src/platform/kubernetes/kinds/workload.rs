//! The kinds that run pods: what a rollout of each is judged by, where the API says it. Pure.

use kube::api::ApiResource;
use serde_json::Value;

use super::{Id, Kind};
use crate::spec::WorkloadKind;

/// The label by which a Deployment's controller tells the pods of its revisions apart (Kubernetes
/// documentation, Deployments, pod-template-hash label).
pub(crate) const TEMPLATE_HASH: &str = "pod-template-hash";

/// The one by which the controllers of the other kinds do.
pub(crate) const REVISION_HASH: &str = "controller-revision-hash";

/// The annotation in which the API server keeps a number of a `DaemonSet` that its own field has no more.
pub(crate) const GENERATION: &str = "deprecated.daemonset.template.generation";

/// What there is to say of a kind that runs pods.
#[derive(Debug)]
pub(crate) struct Workload {
    /// Pods wanted, and how many there are where nothing is said.
    pub(crate) desired: (&'static str, u32),
    /// Pods of its template.
    pub(crate) updated: &'static str,
    /// Pods of any template.
    pub(crate) replicas: &'static str,
    /// Pods of any template that have been ready for long enough.
    pub(crate) available: &'static str,
    /// How many pods of so many that are wanted may stay as they are when the template changes.
    pub(crate) held: fn(&Value, u32) -> u32,
    /// Whether its newest revision is all that runs, by its own word, where it has one that a broken
    /// pod takes back.
    pub(crate) settled: Option<fn(&Value) -> bool>,
    /// The kind in which it keeps what each revision is, and the plural of that.
    pub(crate) sets: (&'static str, &'static str),
}

impl WorkloadKind {
    /// The kind of its objects.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Deployment => Kind::Deployment,
            Self::StatefulSet => Kind::StatefulSet,
            Self::DaemonSet => Kind::DaemonSet,
        }
    }

    /// The one of that name.
    pub(crate) fn named(self, name: &str) -> Id {
        Id {
            kind: self.kind(),
            name: name.to_owned(),
        }
    }

    /// What an object is. The items of a list do not say it; but the API server fills in a policy of every
    /// `StatefulSet`, and a strategy under this name of every `DaemonSet`.
    pub(crate) fn of(live: &Value) -> Self {
        let said = |field: &str| live.pointer(field).is_some();
        match live["kind"].as_str().and_then(Self::called) {
            Some(kind) => kind,
            _ if said("/spec/podManagementPolicy") => Self::StatefulSet,
            _ if said("/spec/updateStrategy") => Self::DaemonSet,
            _ => Self::Deployment,
        }
    }

    /// What there is to say of it.
    pub(crate) fn facts(self) -> &'static Workload {
        match self {
            Self::Deployment => &super::deployment::WORKLOAD,
            Self::StatefulSet => &super::stateful_set::WORKLOAD,
            Self::DaemonSet => &super::daemon_set::WORKLOAD,
        }
    }

    /// How many pods an object of it asks for.
    pub(crate) fn desired(self, live: &Value) -> u32 {
        let (field, usual) = self.facts().desired;
        let said = live.pointer(field).and_then(Value::as_u64);
        said.map_or(usual, |said| u32::try_from(said).unwrap_or(u32::MAX))
    }

    /// Where the API server has what each revision is, which we only read.
    pub(crate) fn sets(self) -> ApiResource {
        let (kind, plural) = self.facts().sets;
        ApiResource {
            group: "apps".to_owned(),
            version: "v1".to_owned(),
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        }
    }

    /// That kind, of which there are several.
    pub(crate) fn sets_words(self) -> &'static str {
        match self {
            Self::Deployment => "ReplicaSets",
            Self::StatefulSet | Self::DaemonSet => "ControllerRevisions",
        }
    }

    /// The label that tells the pods of its revisions apart (Kubernetes documentation, well-known labels).
    pub(crate) fn told_apart_by(self) -> &'static str {
        match self {
            Self::Deployment => TEMPLATE_HASH,
            Self::StatefulSet | Self::DaemonSet => REVISION_HASH,
        }
    }

    /// The one that is meant, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Deployment => "the Deployment",
            Self::StatefulSet => "the StatefulSet",
            Self::DaemonSet => "the DaemonSet",
        }
    }
}

impl Kind {
    /// As what it runs the pods of a service; `None`: it runs none.
    pub(crate) fn workload(self) -> Option<WorkloadKind> {
        let mut all = WorkloadKind::ALL.into_iter();
        all.find(|own| own.kind() == self)
    }

    /// Whether it runs the pods of a service.
    pub(crate) fn runs_pods(self) -> bool {
        self.workload().is_some()
    }
}

/// All of them, where each makes way only when somebody deletes it (Kubernetes documentation, `StatefulSets`
/// and `DaemonSets`, update strategies).
pub(crate) fn on_delete(live: &Value) -> bool {
    let strategy = live.pointer("/spec/updateStrategy/type");
    strategy.is_some_and(|strategy| strategy == "OnDelete")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_object_is_shows_where_it_does_not_say_so() {
        let table = [
            (json!({"spec": {"strategy": {}}}), WorkloadKind::Deployment),
            (
                json!({"spec": {"podManagementPolicy": "Parallel", "updateStrategy": {}}}),
                WorkloadKind::StatefulSet,
            ),
            (
                json!({"spec": {"updateStrategy": {}}}),
                WorkloadKind::DaemonSet,
            ),
            (json!({"kind": "DaemonSet"}), WorkloadKind::DaemonSet),
        ];
        for (live, kind) in table {
            assert_eq!(WorkloadKind::of(&live), kind, "{live}");
        }
    }
}
