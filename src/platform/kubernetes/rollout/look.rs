//! What one look at the cluster shows, reduced to what a rollout is judged by. Read from the
//! objects as the API server gives them; pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;
use serde_json::Value;

use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::kinds::workload::on_delete;

use super::{Rolled, template, template_digest};
use crate::spec::WorkloadKind;

/// The annotation by which a Deployment's controller numbers its revisions (Kubernetes
/// documentation, labels, annotations and taints).
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The longest name of a pod that is made from its set's (Kubernetes API conventions, generateName).
const LONGEST_NAME: usize = 63;

/// One look.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// When, by the cluster's clock, as all that it tells.
    pub(crate) at: Timestamp,
    /// The cluster's clock less ours.
    pub(crate) skew: SignedDuration,
    /// What runs the pods, as what it is looked for.
    pub(crate) kind: WorkloadKind,
    /// It; `None`: there is none.
    pub(crate) deployment: Option<Arc<DeploymentView>>,
    /// The `ReplicaSets` of the service, whoever owns them; `None`: they were not read, or may not be.
    pub(crate) sets: Option<Vec<Arc<SetView>>>,
    /// The pods of the service, whoever owns them.
    pub(crate) pods: Vec<Arc<Pod>>,
    /// What was said about pods, where somebody asked.
    pub(crate) events: Vec<Arc<EventView>>,
    /// When somebody last asked for that, with or without an answer; by the cluster's clock.
    pub(crate) events_asked: Option<Timestamp>,
}

/// A Deployment, or what else runs pods.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that it says of itself"
)]
pub(crate) struct DeploymentView {
    pub(crate) kind: WorkloadKind,
    pub(crate) name: String,
    /// What it is, and what it is set to.
    pub(crate) rolled: Rolled,
    /// The generation that its status is about.
    pub(crate) observed: i64,
    /// Pods wanted.
    pub(crate) desired: u32,
    /// Whether somebody holds it.
    pub(crate) paused: bool,
    /// Whether it is being deleted.
    pub(crate) deleting: bool,
    /// Seconds without progress after which its controller gives up.
    pub(crate) progress_deadline: i64,
    /// Pods of its template.
    pub(crate) updated: u32,
    /// Pods of any template.
    pub(crate) replicas: u32,
    /// Pods of any template that have been ready for long enough.
    pub(crate) available: u32,
    /// Pods that may stay as they are although the template is another.
    pub(crate) held: u32,
    /// Whether its own word does not speak against its newest revision being all that runs.
    pub(crate) settled: bool,
    /// Whether a pod that is not ready keeps all others from making way.
    pub(crate) in_order: bool,
    pub(crate) conditions: Vec<Condition>,
    /// Who changed its pod template last, and when.
    pub(crate) author: Option<(String, Option<Timestamp>)>,
    /// The number that its controller gave to its template.
    pub(crate) revision: Option<String>,
}

/// A `ReplicaSet`; or a `ControllerRevision`, which only says what a revision is: what owns it makes the
/// pods.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SetView {
    pub(crate) uid: String,
    pub(crate) name: String,
    /// Whether it is a `ControllerRevision`.
    pub(crate) is_record: bool,
    /// The identity of what controls it.
    pub(crate) owner: String,
    /// Digest of its pod template.
    pub(crate) template: String,
    /// The number that the Deployment's controller gave to its template.
    pub(crate) revision: Option<String>,
    /// Since when it exists.
    pub(crate) created: Option<Timestamp>,
    /// Pods wanted.
    pub(crate) desired: u32,
    /// Pods that exist.
    pub(crate) replicas: u32,
    /// Pods that are ready.
    pub(crate) ready: u32,
    /// Pods that have been ready for long enough.
    pub(crate) available: u32,
    pub(crate) conditions: Vec<Condition>,
    /// Container and image.
    pub(crate) images: Vec<(String, String)>,
}

/// A condition of a Deployment or a `ReplicaSet`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    /// `Progressing`, `Available`, `ReplicaFailure`.
    pub(crate) kind: String,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: String,
    /// Why, as a word.
    pub(crate) reason: String,
    /// Why, as a sentence.
    pub(crate) message: String,
    /// When its controller last said so.
    pub(crate) updated: Option<Timestamp>,
}

/// Something that the cluster said about an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EventView {
    pub(crate) id: String,
    /// When it was last so.
    pub(crate) at: Option<Timestamp>,
    /// The kind of what it is about.
    pub(crate) kind: String,
    /// The name of what it is about.
    pub(crate) name: String,
    /// The identity of what it is about.
    pub(crate) uid: String,
    /// The container that it is about, where it is about one.
    pub(crate) container: Option<String>,
    /// In a word.
    pub(crate) reason: String,
    pub(crate) message: String,
    /// How often.
    pub(crate) count: u32,
}

impl EventView {
    /// Whether it may be about the Deployment of that name, one of its `ReplicaSets` or pods, as their
    /// names are made; or about what else carries the name.
    pub(crate) fn may_be_about(&self, deployment: &str) -> bool {
        let below = self.name.strip_prefix(deployment);
        let below = below.and_then(|rest| rest.strip_prefix('-'));
        let parts = below.map(|rest| rest.split('-').count());
        match self.kind.as_str() {
            // A long name is cut where a pod's is made from it. Of the other kinds it has one part more.
            "Pod" => {
                matches!(parts, Some(1 | 2)) || (parts.is_some() && self.name.len() == LONGEST_NAME)
            }
            "ReplicaSet" => parts == Some(1),
            _ => self.name == deployment,
        }
    }

    /// Whether it is about this Deployment, one of these sets of its, or a pod of theirs: by owner,
    /// since others may have names that begin alike. A pod that is gone has its set's name.
    pub(crate) fn is_about(&self, deployment: &DeploymentView, sets: &[&SetView]) -> bool {
        let mut sets = sets.iter();
        match self.kind.as_str() {
            "Pod" if deployment.kind != WorkloadKind::Deployment => {
                is_named_after(&self.name, &deployment.name)
            }
            "Pod" => sets.any(|set| is_named_after(&self.name, &set.name)),
            "ReplicaSet" => sets.any(|set| set.uid == self.uid),
            "Deployment" | "StatefulSet" | "DaemonSet" => self.uid == deployment.rolled.uid,
            _ => true,
        }
    }

    /// Whether it only says that something that failed is tried again, or failed again: what the
    /// objects themselves say better.
    pub(crate) fn is_echo(&self) -> bool {
        let again = matches!(self.reason.as_str(), "BackOff" | "FailedCreate");
        again || (self.reason == "Failed" && self.message.starts_with("Error: "))
    }
}

/// Whether a pod's name is one that is made from its set's: five characters follow what of it leaves
/// room for them (Kubernetes API conventions, generateName).
fn is_named_after(pod: &str, set: &str) -> bool {
    const ADDED: usize = 5;
    let mut base = format!("{set}-");
    base.truncate(LONGEST_NAME - ADDED);
    let end = pod.strip_prefix(base.as_str());
    end.is_some_and(|end| !end.is_empty() && end.len() <= ADDED && !end.contains('-'))
}

impl View {
    /// Whether something that was said is about the pods of one of these templates, or what makes them.
    /// Where the `ReplicaSets` may not be read, their names have to do.
    pub(crate) fn is_about(&self, event: &EventView, templates: &[String]) -> bool {
        let (Some(deployment), Some(_)) = (&self.deployment, &self.sets) else {
            return true;
        };
        let sets = self.own_sets().map(AsRef::as_ref);
        let sets: Vec<&SetView> = sets
            .filter(|set| templates.contains(&set.template))
            .collect();
        event.is_about(deployment, &sets)
    }

    /// A moment of the cluster's clock by ours, on which a rollout is judged.
    pub(crate) fn by_ours(&self, theirs: Timestamp) -> Timestamp {
        theirs.checked_sub(self.skew).unwrap_or(theirs)
    }

    /// A moment of our clock by the cluster's.
    pub(crate) fn by_theirs(&self, ours: Timestamp) -> Timestamp {
        ours.checked_add(self.skew).unwrap_or(ours)
    }

    /// The `ReplicaSets` of the Deployment itself.
    pub(crate) fn own_sets(&self) -> impl Iterator<Item = &Arc<SetView>> {
        let there = self.deployment.as_ref();
        let owner = there.map(|deployment| &deployment.rolled.uid);
        let sets = self.sets.iter().flatten();
        sets.filter(move |set| Some(&set.owner) == owner)
    }

    /// The pods that a `ReplicaSet` controls.
    pub(crate) fn pods_of<'a>(&'a self, set: &'a SetView) -> impl Iterator<Item = &'a Pod> {
        let pods = self.pods.iter().map(AsRef::as_ref);
        pods.filter(|pod| set.has(pod))
    }
}

impl DeploymentView {
    /// Reads a Deployment; `None`: it is none.
    pub(crate) fn of(object: &Value) -> Option<Self> {
        let kind = WorkloadKind::of(object);
        let facts = kind.facts();
        let desired = kind.desired(object);
        let held = (facts.held)(object, desired);
        let ordered = object.pointer("/spec/podManagementPolicy");
        let ordered = ordered.is_none_or(|policy| policy == "OrderedReady");
        Some(Self {
            kind,
            name: text(object, "/metadata/name").unwrap_or_default(),
            rolled: Rolled::of(object)?,
            observed: number(object, "/status/observedGeneration"),
            desired,
            held,
            settled: facts.settled.is_none_or(|settled| settled(object)),
            in_order: kind == WorkloadKind::StatefulSet && ordered && !on_delete(object),
            paused: flag(object, "/spec/paused"),
            deleting: is_leaving(object),
            progress_deadline: object
                .pointer("/spec/progressDeadlineSeconds")
                .map_or(600, |_| number(object, "/spec/progressDeadlineSeconds")),
            updated: count(object, facts.updated),
            replicas: count(object, facts.replicas),
            available: count(object, facts.available),
            conditions: conditions(object),
            author: author(object),
            revision: annotation(object, REVISION)
                .or_else(|| text(object, "/status/updateRevision")),
        })
    }

    /// A condition by its kind.
    pub(crate) fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|one| one.kind == kind)
    }
}

impl SetView {
    /// Reads a `ReplicaSet` or a `ControllerRevision`; `None`: it is none.
    pub(crate) fn of(object: &Value) -> Option<Self> {
        let owners = object.pointer("/metadata/ownerReferences");
        let owners = owners.and_then(Value::as_array).into_iter().flatten();
        let mut controllers = owners.filter(|owner| flag(owner, "/controller"));
        let name = text(object, "/metadata/name")?;
        let is_record = object.get("data").is_some();
        Some(Self {
            uid: text(object, "/metadata/uid")?,
            revision: annotation(object, REVISION).or(is_record.then(|| name.clone())),
            name,
            is_record,
            owner: controllers
                .next()
                .and_then(|owner| text(owner, "/uid"))
                .unwrap_or_default(),
            template: template_digest(object),
            created: time(object, "/metadata/creationTimestamp"),
            desired: count(object, "/spec/replicas"),
            replicas: count(object, "/status/replicas"),
            ready: count(object, "/status/readyReplicas"),
            available: count(object, "/status/availableReplicas"),
            conditions: conditions(object),
            images: images(object),
        })
    }

    /// Container and image of a Deployment's or a `ReplicaSet`'s pods.
    pub(crate) fn images(object: &Value) -> Vec<(String, String)> {
        images(object)
    }

    /// Why its controller cannot make the pods that are missing, where it says so.
    pub(crate) fn refusal(&self) -> Option<&Condition> {
        self.conditions
            .iter()
            .find(|one| one.kind == "ReplicaFailure" && one.status == "True")
            .filter(|one| one.reason == "FailedCreate")
    }
}

fn images(object: &Value) -> Vec<(String, String)> {
    let containers = template(object).and_then(|template| template.pointer("/spec/containers"));
    let containers = containers.and_then(Value::as_array).into_iter().flatten();
    containers
        .filter_map(|one| Some((text(one, "/name")?, text(one, "/image")?)))
        .collect()
}

fn conditions(object: &Value) -> Vec<Condition> {
    let all = object.pointer("/status/conditions");
    let all = all.and_then(Value::as_array).into_iter().flatten();
    all.map(|one| Condition {
        kind: text(one, "/type").unwrap_or_default(),
        status: text(one, "/status").unwrap_or_default(),
        reason: text(one, "/reason").unwrap_or_default(),
        message: text(one, "/message").unwrap_or_default(),
        updated: time(one, "/lastUpdateTime").or_else(|| time(one, "/lastTransitionTime")),
    })
    .collect()
}

/// The last of those who manage a field of the pod template.
fn author(object: &Value) -> Option<(String, Option<Timestamp>)> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?;
    let writers = entries
        .iter()
        .filter(|entry| entry.pointer("/fieldsV1/f:spec/f:template").is_some());
    writers
        .filter_map(|entry| Some((text(entry, "/manager")?, time(entry, "/time"))))
        .max_by_key(|(_, time)| *time)
}

fn annotation(object: &Value, key: &str) -> Option<String> {
    let annotations = object.pointer("/metadata/annotations")?;
    annotations.get(key)?.as_str().map(str::to_owned)
}

fn text(object: &Value, pointer: &str) -> Option<String> {
    object.pointer(pointer)?.as_str().map(str::to_owned)
}

fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    object.pointer(pointer)?.as_str()?.parse().ok()
}

fn flag(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

fn number(object: &Value, pointer: &str) -> i64 {
    let number = object.pointer(pointer).and_then(Value::as_i64);
    number.unwrap_or_default()
}

fn count(object: &Value, pointer: &str) -> u32 {
    u32::try_from(number(object, pointer)).unwrap_or_default()
}
