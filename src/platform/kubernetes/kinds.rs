//! The closed set of kinds that we make, known beforehand, so that nothing has to be discovered; and any
//! kind beside them, which is carried along.
//!
//! A kind is a file of its own, which says all there is to say of it; the list below is the only other
//! place that a new one touches. Whoever has an object in hand asks its kind.

use std::fmt;

use kube::api::ApiResource;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::carried::Carried;
use self::render::Maker;
use self::scaler::Scaler;
use super::api::object::Object;
use super::fields::Path;
use super::plan::wave::Wave;
use crate::plan::{Effect, Note};

pub(crate) mod autoscaler;
pub(crate) mod carried;
mod daemon_set;
pub(crate) mod deployment;
pub(crate) mod desired;
mod disruption_budget;
mod external_secret;
mod http_route;
mod ingress;
pub(crate) mod namespace;
mod network_policy;
mod pod_identity_association;
pub(crate) mod render;
pub(crate) mod scaled_object;
pub(crate) mod scaler;
pub(crate) mod service;
mod service_account;
mod stateful_set;
mod target_group_binding;
mod trigger_authentication;
pub(crate) mod workload;

/// Fields that never change, and the key of the file that says each.
pub(crate) type Kept = &'static [(&'static [&'static str], &'static str)];

/// Where objects of a kind lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lies {
    /// In a namespace of the cluster.
    Inside,
    /// In none of them: they are others' too, and never go.
    Outside,
    /// In EKS beside the cluster, each for one namespace of it.
    Beside,
}

/// What there is to say of a kind.
struct Facts {
    /// Where the API server has it; the core's group is empty.
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    /// What a service asks for of it.
    rendered: fn(&Maker<'_>) -> Vec<Object>,
    lies: Lies,
    /// Whether it has the service's own name, and so is made anew under another.
    is_named: bool,
    /// Whether the selector that it was made with is its selector for ever.
    keeps_selector: bool,
    /// Other fields that are for ever what they were made with, and the key of the file that says each.
    kept: Kept,
    /// When one is made or changed, among the changes of a plan.
    wave: Wave,
    /// When one that nobody asks for any more is deleted.
    removal: Wave,
    /// What people and traffic notice of a change at these fields; of any other, nothing.
    effects: &'static [(&'static [&'static str], Effect)],
    /// Fields, and values that the API server, or the controller, fills in where a manifest says
    /// nothing.
    defaults: &'static [(&'static str, &'static str)],
    /// Fields that the API server leaves out when they say nothing: those that are neither required
    /// nor pointers in its own types.
    left_out: &'static [&'static str],
    /// How it moves the number of pods.
    scaler: Option<Scaler>,
    /// The Service to which it leads what comes from outside of the cluster.
    backend: Option<fn(&Value) -> Option<&str>>,
    /// That one that is not ours is used as it is, instead of being taken over: what is said of it.
    used_as_it_is: Option<fn(&Object, &Value) -> Note>,
    /// What to do where the cluster does not know it.
    addon: Option<&'static str>,
}

impl Facts {
    /// What is usual of a kind there, of which a service asks for this.
    const fn of(
        group: &'static str,
        version: &'static str,
        plural: &'static str,
        rendered: fn(&Maker<'_>) -> Vec<Object>,
    ) -> Self {
        Self {
            group,
            version,
            plural,
            rendered,
            lies: Lies::Inside,
            is_named: false,
            keeps_selector: false,
            kept: &[],
            wave: Wave::Around,
            removal: Wave::Removal,
            effects: &[],
            defaults: &[],
            left_out: &[],
            scaler: None,
            backend: None,
            used_as_it_is: None,
            addon: None,
        }
    }
}

/// Makes of one list the kinds, and where the facts of each are.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $file:ident,)*) => {
        /// A kind of object, in the order in which objects are applied: what pods need comes before
        /// them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub(crate) enum Kind {
            /// What manifests carry along.
            Carried(Carried),
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All that have a file of their own, in order.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name in manifests.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    Self::Carried(any) => any.as_str(),
                    $(Self::$kind => stringify!($kind),)*
                }
            }

            fn facts(self) -> &'static Facts {
                match self {
                    Self::Carried(any) => any.facts(),
                    $(Self::$kind => &$file::FACTS,)*
                }
            }
        }
    };
}

kinds! {
    /// Made where the target says so; never changed or deleted.
    Namespace: namespace,
    /// Whom the pods are.
    ServiceAccount: service_account,
    /// Which role they have: EKS looks at it when a pod is made.
    PodIdentityAssociation: pod_identity_association,
    /// What fills the Secret from AWS (External Secrets Operator, `external-secrets.io/v1`).
    ExternalSecret: external_secret,
    /// Before the pods, whose readiness may depend on its targets (AWS Load Balancer Controller
    /// documentation, pod readiness gate).
    Service: service,
    /// Likewise.
    Ingress: ingress,
    /// Likewise, at a Gateway.
    HTTPRoute: http_route,
    /// Likewise, of a load balancer that was made elsewhere.
    TargetGroupBinding: target_group_binding,
    /// Before the pods, which are never without it.
    NetworkPolicy: network_policy,
    /// As whom KEDA asks, before it does.
    TriggerAuthentication: trigger_authentication,
    /// How many pods an eviction may take.
    PodDisruptionBudget: disruption_budget,
    /// The pods themselves.
    Deployment: deployment,
    /// Pods with names and volumes of their own.
    StatefulSet: stateful_set,
    /// A pod on each node.
    DaemonSet: daemon_set,
    /// What moves their number; applied last, and on an update only once they are healthy.
    HorizontalPodAutoscaler: autoscaler,
    /// In its place, by events (KEDA).
    ScaledObject: scaled_object,
}

impl Kind {
    /// Those that have the service's own name.
    pub(crate) fn named() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.is_named())
    }

    /// Whether it has the service's own name.
    pub(crate) fn is_named(self) -> bool {
        self.facts().is_named
    }

    /// Whether it lies in the namespace. What lies outside is others' too, and never goes.
    pub(crate) fn is_namespaced(self) -> bool {
        self.facts().lies != Lies::Outside
    }

    /// Whether the API server has it, and not EKS beside the cluster.
    pub(crate) fn is_of_cluster(self) -> bool {
        self.facts().lies != Lies::Beside
    }

    /// Group, version and plural.
    pub(super) fn place(self) -> (&'static str, &'static str, &'static str) {
        let facts = self.facts();
        (facts.group, facts.version, facts.plural)
    }

    /// `apiVersion` in manifests: `v1`, `apps/v1`.
    pub(crate) fn api_version(self) -> String {
        match self.place() {
            ("", version, _) => version.to_owned(),
            (group, version, _) => format!("{group}/{version}"),
        }
    }

    /// Where the API server has it.
    pub(crate) fn resource(self) -> ApiResource {
        let (group, version, plural) = self.place();
        ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: self.api_version(),
            kind: self.as_str().to_owned(),
            plural: plural.to_owned(),
        }
    }

    /// What to do where the cluster does not know it; `None`: every cluster does.
    pub(crate) fn addon(self) -> Option<&'static str> {
        self.facts().addon
    }

    /// When one is made or changed, among the changes of a plan.
    pub(crate) fn wave(self) -> Wave {
        self.facts().wave
    }

    /// When one that nobody asks for any more is deleted.
    pub(crate) fn removal(self) -> Wave {
        self.facts().removal
    }

    /// Whether a change of it waits until new pods are healthy.
    pub(crate) fn waits_for_health(self) -> bool {
        self.wave() > Wave::Pods
    }

    /// Whether the selector that it was made with is its selector for ever.
    pub(crate) fn keeps_selector(self) -> bool {
        self.facts().keeps_selector
    }

    /// Other fields that are for ever what they were made with, and the key of the file that says each.
    pub(crate) fn kept(self) -> Kept {
        self.facts().kept
    }

    /// What people and traffic notice of a change there.
    pub(crate) fn effect(self, path: &Path) -> Effect {
        let mut effects = self.facts().effects.iter();
        let found = effects.find(|(fields, _)| path.within(fields));
        found.map_or(Effect::Invisible, |(_, effect)| *effect)
    }

    /// Fields, and values that are filled in where a manifest says nothing.
    pub(crate) fn defaults(self) -> &'static [(&'static str, &'static str)] {
        self.facts().defaults
    }

    /// Fields that the API server leaves out when they say nothing.
    pub(crate) fn left_out(self) -> &'static [&'static str] {
        self.facts().left_out
    }

    /// How it moves the number of pods; `None`: it does not.
    pub(crate) fn scaler(self) -> Option<&'static Scaler> {
        self.facts().scaler.as_ref()
    }

    /// Whether it is carried along, and not made of words.
    pub(crate) fn is_carried(self) -> bool {
        matches!(self, Self::Carried(_))
    }

    /// Whether it moves the number of pods.
    pub(crate) fn scales(self) -> bool {
        self.scaler().is_some()
    }

    /// Whether what comes from outside of the cluster is led by it.
    pub(crate) fn leads(self) -> bool {
        self.facts().backend.is_some()
    }

    /// The Service to which one leads what comes from outside of the cluster.
    pub(crate) fn backend(self, live: &Value) -> Option<&str> {
        self.facts().backend?(live)
    }

    /// What is said where the one that is there is not ours and is used as it is; `None`: such a one
    /// is taken over, or refused.
    pub(crate) fn used_as_it_is(self, wanted: &Object, live: &Value) -> Option<Note> {
        Some(self.facts().used_as_it_is?(wanted, live))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Carried(any) if any.is_ambiguous() => {
                f.pad(&format!("{}.{}", self.as_str(), self.place().0))
            }
            _ => f.pad(self.as_str()),
        }
    }
}

/// One object, within the namespace: `Deployment api`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Id {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

impl Id {
    /// Whether it is that very object, whoever asks for it: one of our words, or a manifest.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// The group, the kind and the name.
    pub(crate) fn identity(&self) -> (&'static str, &'static str, &str) {
        (self.kind.place().0, self.kind.as_str(), &self.name)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}
