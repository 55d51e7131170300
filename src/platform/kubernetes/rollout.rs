//! The identity of a rollout under watch, and what watching remembers of it.

pub(crate) mod causes;
pub(crate) mod evidence;
pub(crate) mod failures;
pub(crate) mod health;
pub(crate) mod look;
pub(crate) mod post_mortem;
mod revision;
mod rolled;
pub(crate) mod sample;
pub(crate) mod standing;
mod stuck;
pub(crate) mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use serde_json::Value;

use self::failures::Failures;
use self::look::{DeploymentView, View};
use self::rolled::template;
pub(crate) use self::rolled::{Rolled, template_digest};
use self::sample::RollbackSeen;
use self::standing::Reading;
use self::watch::Watch;
use super::MANAGER;
use super::history::record::RecordHead;
use super::kinds::Id;
use super::kinds::workload::TEMPLATE_HASH;
use crate::rollout::{Budget, Policy};
use crate::spec::{Architecture, KubeService, WorkloadKind};

/// Whether a pod belongs to this: it controls the pod itself, or, where it is a Deployment, a `ReplicaSet`
/// does that is named after both (Kubernetes documentation, Deployments, creating a Deployment).
pub(crate) fn is_of(pod: &Pod, own: &Id) -> bool {
    let mut controllers = pod.metadata.owner_references.iter().flatten();
    if controllers.any(|owner| owner.kind == own.kind.as_str() && owner.name == own.name) {
        return true;
    }
    let labels = pod.metadata.labels.as_ref();
    let Some(hash) = labels.and_then(|labels| labels.get(TEMPLATE_HASH)) else {
        return false;
    };
    let mut owners = pod.metadata.owner_references.iter().flatten();
    owners.any(|owner| {
        let named = owner.name.strip_suffix(hash.as_str());
        owner.kind == "ReplicaSet"
            && named.and_then(|name| name.strip_suffix('-')) == Some(own.name.as_str())
    })
}

/// Which rollout is ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RolloutId {
    /// What the reply to our own write said.
    pub(crate) rolled: Rolled,
    /// The number of our record of it, where there is one.
    pub(crate) revision: Option<u32>,
    /// When our write was made, by the API server's clock.
    pub(crate) begun: Option<Timestamp>,
    /// What served before, in words.
    pub(crate) former: Option<String>,
}

impl RolloutId {
    /// Reads it from a Deployment as the API server gave it; `None`: it is none.
    pub(crate) fn of(reply: &Value, revision: Option<u32>) -> Option<Self> {
        Some(Self {
            rolled: Rolled::of(reply)?,
            revision,
            begun: written(reply.get("metadata")?),
            former: None,
        })
    }

    /// The rollout that a revision started; `None`: none that is known.
    pub(crate) fn recorded(head: &RecordHead) -> Option<Self> {
        Some(Self {
            rolled: head.rolled.clone()?,
            revision: Some(head.number),
            begun: head.began,
            former: None,
        })
    }
}

/// When our manager last changed the object; where it never did, when anybody did.
fn written(metadata: &Value) -> Option<Timestamp> {
    let entries = metadata.get("managedFields").and_then(Value::as_array);
    let of = |wanted: fn(&Value) -> bool| {
        let entries = entries.into_iter().flatten();
        let spec = entries.filter(|entry| entry.get("subresource").is_none_or(is_empty));
        let times = spec.filter(|entry| wanted(entry)).filter_map(|entry| {
            let time = entry.get("time")?.as_str()?;
            time.parse().ok()
        });
        times.max()
    };
    of(|entry| entry.get("manager").and_then(Value::as_str) == Some(MANAGER))
        .or_else(|| of(|_| true))
        .or_else(|| metadata.get("creationTimestamp")?.as_str()?.parse().ok())
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_none_or(str::is_empty)
}

/// The rollout by which we go back, while that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoingBack {
    /// What the write of the remedy said.
    pub(crate) ours: RolloutId,
    /// What it goes back to, in words.
    pub(crate) to: String,
    /// Why, in a sentence.
    pub(crate) reason: Option<String>,
    /// Whether it served all along, under another name, so that only what was beside it goes.
    pub(crate) kept: bool,
}

/// A rollout under watch. The first look opens the streams; dropping the last clone closes them.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// The Deployment's name.
    pub(crate) service: String,
    /// What runs its pods.
    pub(crate) kind: WorkloadKind,
    /// The labels that select its pods, as a query says them.
    pub(super) labels: String,
    /// Which rollout is ours.
    pub(crate) ours: RolloutId,
    /// Whether this run holds the lock, without which nothing may be written.
    pub(crate) holds_lock: bool,
    /// Whether something was there before that could be brought back.
    pub(crate) can_go_back: bool,
    /// Set once the remedy has been written: from then on, that rollout is the one that is judged.
    pub(crate) going_back: Option<GoingBack>,
    /// What a rollback does not bring back, in words.
    pub(crate) not_brought_back: Vec<String>,
    /// Whether this run has just begun it.
    pub(super) fresh: bool,
    /// How patient we are, with the remedy too.
    pub(super) policy: Policy,
    /// The architecture of the nodes, where the file asks for one.
    pub(super) runs_on: Option<Architecture>,
    /// How many failures trip.
    pub(super) budget: Option<Budget>,
    pub(super) watch: Option<Arc<Watch>>,
    pub(super) memory: Failures,
    pub(super) remedy: Option<Box<RollbackSeen>>,
    pub(super) seen: Seen,
}

/// What was seen and told.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Whether our rollout was up at any look.
    pub(super) was_ready: bool,
    /// The last look.
    pub(super) view: Option<View>,
    /// The last look before anything was brought back, with what it said of ours.
    pub(super) ours: Option<(View, Reading)>,
    /// The pod of another revision that keeps this one from going on, and since when it was seen to.
    pub(super) blocked: Option<(String, Timestamp)>,
    /// Messages that were told.
    pub(super) told: BTreeSet<String>,
    /// Pieces that may not be read, each with why.
    pub(super) missing: BTreeMap<&'static str, String>,
    /// The kinds of objects that are not watched but read, which was told.
    pub(super) polled: BTreeSet<&'static str>,
}

impl Watched {
    /// The digests of the pod templates whose pods are judged: that of the rollout, and of the one by
    /// which we go back. Those of the rollout before are of no interest.
    pub(super) fn templates(&self) -> Vec<String> {
        let back = self.going_back.iter().map(|back| &back.ours);
        let ours = std::iter::once(&self.ours).chain(back);
        ours.map(|ours| ours.rolled.template.clone()).collect()
    }

    /// A rollout of `service`, known by `ours`. Sends no request.
    pub(crate) fn new(service: &KubeService, ours: RolloutId) -> Self {
        let name = service.own.name.as_str();
        let budget = Budget::of(&service.rollout.breaker);
        Self {
            runs_on: service.own.architecture,
            labels: service.own.selecting(),
            kind: service.own.kind,
            ..Self::named(name, ours, service.rollout.policy, budget)
        }
    }

    /// The same, of a Deployment by its name.
    pub(super) fn named(
        name: &str,
        ours: RolloutId,
        policy: Policy,
        budget: Option<Budget>,
    ) -> Self {
        Self {
            service: name.to_owned(),
            kind: WorkloadKind::default(),
            labels: format!("app={name}"),
            ours,
            holds_lock: false,
            can_go_back: false,
            going_back: None,
            not_brought_back: Vec::new(),
            fresh: false,
            policy,
            runs_on: None,
            budget,
            watch: None,
            memory: Failures::default(),
            remedy: None,
            seen: Seen::default(),
        }
    }

    /// What runs its pods.
    pub(crate) fn own(&self) -> Id {
        self.kind.named(&self.service)
    }

    /// Whether our rollout came up after all since the last look, by a Deployment that was just
    /// read. One that was up before and failed then did not.
    pub(super) fn came_up(&self, live: &Value) -> bool {
        let live = DeploymentView::of(live);
        !self.seen.was_ready && live.is_some_and(|live| standing::came_up(&live, &self.ours))
    }

    /// Our revision in words: `api v12`; without a record of it, just the Deployment.
    pub(crate) fn revision(&self) -> String {
        match self.ours.revision {
            Some(number) => format!("{} v{number}", self.service),
            None => self.service.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(template: &Value) -> Value {
        json!({
            "metadata": {
                "uid": "u-1",
                "generation": 7,
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "managedFields": [
                    {"manager": "deployer", "operation": "Apply", "time": "2026-03-01T00:00:00Z"},
                    {"manager": "kubectl-scale", "operation": "Update", "subresource": "scale", "time": "2026-04-01T00:00:00Z"},
                    {"manager": "kubectl-edit", "operation": "Update", "time": "2026-03-02T00:00:00Z"},
                ],
            },
            "spec": {"replicas": 2, "template": template},
        })
    }

    #[test]
    fn a_reply_says_which_rollout_is_ours_and_since_when() {
        let template = json!({"metadata": {"labels": {"app": "api"}}});
        let ours = RolloutId::of(&deployment(&template), Some(3)).unwrap();
        assert_eq!(
            (ours.rolled.uid.as_str(), ours.rolled.generation),
            ("u-1", 7)
        );
        assert_eq!(ours.begun, "2026-03-01T00:00:00Z".parse().ok());
        assert_eq!(RolloutId::of(&json!({"kind": "Status"}), None), None);
    }

    #[test]
    fn a_template_is_the_same_whatever_controllers_and_servers_add() {
        let plain = json!({"metadata": {"labels": {"app": "api"}}, "spec": {"containers": []}});
        let dressed = json!({
            "spec": {"containers": []},
            "metadata": {"labels": {"app": "api", "pod-template-hash": "abc"}, "creationTimestamp": null},
        });
        let other = json!({"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{}]}});
        let digest = |template| template_digest(&deployment(template));
        assert_eq!(digest(&plain), digest(&dressed));
        assert_ne!(digest(&plain), digest(&other));
        assert_eq!(digest(&plain).len(), 32);
    }

    #[test]
    fn a_rollout_is_followed_by_the_name_of_its_deployment() {
        let mut service = crate::platform::kubernetes::plan::tests::samples::service();
        service.own.name = "shop-api".parse().unwrap();
        let template = json!({"metadata": {"labels": {"app": "shop-api"}}});
        let ours = RolloutId::of(&deployment(&template), Some(3)).unwrap();
        let rollout = Watched::new(&service, ours);
        assert_eq!(rollout.service, "shop-api");
        assert_eq!(rollout.revision(), "shop-api v3");
    }
}
