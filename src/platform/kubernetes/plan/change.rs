//! What can be done to a cluster, as data: a plan is a list of these and can be saved.

use serde::{Deserialize, Serialize};

use super::wave::Wave;
use crate::plan;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::Path;
use crate::platform::kubernetes::kinds::Id;
use crate::spec::WorkloadKind;

/// The facts that a plan rests on: what a change would hurt if it were different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Basis {
    /// The cluster: an ARN on EKS, else the server's URL.
    pub(crate) cluster: String,
    pub(crate) namespace: String,
    pub(crate) service: String,
    /// What runs its pods.
    #[serde(default)]
    pub(crate) kind: WorkloadKind,
    /// The Deployment's identity; `None`: it is not there.
    pub(crate) uid: Option<String>,
    /// A digest of the Deployment's spec, without a count that an autoscaler owns.
    pub(crate) deployment: String,
    /// A digest of the other objects' specs.
    pub(crate) others: String,
}

impl Basis {
    /// What is different now, in a sentence; `None`: nothing that this basis names.
    pub(crate) fn differs(&self, now: &Self) -> Option<String> {
        let service = &self.service;
        let kind = self.kind.as_str();
        if (&self.cluster, &self.namespace, service) != (&now.cluster, &now.namespace, &now.service)
        {
            return Some("it was made for another cluster, namespace or service".into());
        }
        match (&self.uid, &now.uid) {
            (None, Some(_)) => return Some(format!("{kind} {service} is there now")),
            (Some(_), None) => return Some(format!("{kind} {service} is not there any more")),
            (before, now) if before != now => {
                return Some(format!("{kind} {service} was deleted and made anew since"));
            }
            _ => {}
        }
        if self.deployment != now.deployment {
            return Some(format!("{kind} {service} was changed since"));
        }
        (self.others != now.others)
            .then(|| format!("an object beside {kind} {service} was changed since"))
    }
}

/// Why a number of replicas is given by the manager of replicas, and not with the Deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Count {
    /// At creation, until the autoscaler takes over.
    Initial,
    /// What it is now, before we cease to own it, so that it does not fall back to 1.
    HandOver,
    /// In place of whatever it is.
    Set,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Change {
    /// Keep what is asked for, and what was there before, in the history. It comes first,
    /// and is no change of the service.
    Record {
        /// What is asked for.
        asked: Vec<Object>,
    },
    /// Make the namespace.
    CreateNamespace {
        /// It.
        object: Object,
    },
    /// Server-side apply of one object.
    Apply {
        /// It: all fields that we own from then on.
        object: Object,
        /// The identity of the one that is there; `None`: there is none.
        uid: Option<String>,
        /// Whether fields that others manage are taken over.
        force: bool,
        /// Whether the pod template changes.
        rolls: bool,
        /// Only once the new revision is healthy.
        after_health: bool,
        /// Managers whose fields become ours first, so that those go that are not applied.
        takes_over: Vec<String>,
        /// Parts that become ours first, whoever manages them: what is applied takes their place.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        claims: Vec<Path>,
    },
    /// Give a number of replicas beside the Deployment.
    Count {
        /// The Deployment.
        deployment: String,
        /// How many.
        replicas: u32,
        /// Why so.
        why: Count,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Delete one object.
    Delete {
        /// Which.
        id: Id,
        /// Its identity: no other one of that name is deleted.
        uid: String,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Take the history along to another name.
    MoveHistory {
        /// The Deployment that it is of.
        from: String,
        /// The one that it will be of.
        to: String,
        /// Only once the new revision is healthy.
        after_health: bool,
    },
    /// Delete the history and the lock of a Deployment.
    Forget {
        /// The Deployment.
        deployment: String,
    },
}

impl plan::Change for Change {
    fn words(&self) -> String {
        match self {
            Self::Record { .. } => "record the revision".into(),
            Self::CreateNamespace { object } => format!("create {}", object.id),
            Self::Apply { object, uid, .. } => match uid {
                None => format!("create {}", object.id),
                Some(_) => format!("update {}", object.id),
            },
            Self::Count {
                deployment,
                replicas,
                why,
                ..
            } => match why {
                Count::Initial | Count::Set => {
                    format!("set the count of {deployment} to {replicas}")
                }
                Count::HandOver => {
                    format!("leave the count of {deployment} to whoever scales it")
                }
            },
            Self::Delete { id, .. } => format!("delete {id}"),
            Self::MoveHistory { from, to, .. } => {
                format!("take the history of {from} along to {to}")
            }
            Self::Forget { deployment } => format!("delete the history of {deployment}"),
        }
    }

    fn waits_for_health(&self) -> bool {
        match self {
            Self::Record { .. } | Self::CreateNamespace { .. } | Self::Forget { .. } => false,
            Self::Apply { after_health, .. }
            | Self::Count { after_health, .. }
            | Self::MoveHistory { after_health, .. }
            | Self::Delete { after_health, .. } => *after_health,
        }
    }

    fn starts_rollout(&self) -> bool {
        matches!(self, Self::Apply { rolls: true, .. })
    }

    fn is_beside(&self, before: &Self) -> bool {
        self.wave() == before.wave()
    }

    fn is_kept_before(&self) -> bool {
        matches!(self, Self::Record { .. })
    }
}

impl Change {
    /// The Deployment whose history it takes away.
    pub(crate) fn takes_history_of(&self) -> Option<&str> {
        match self {
            Self::MoveHistory { from, .. } => Some(from),
            Self::Forget { deployment } => Some(deployment),
            _ => None,
        }
    }

    /// Whether what comes from outside is led to other pods from it on.
    pub(crate) fn leads_away(&self) -> bool {
        matches!(self, Self::Apply { object, after_health: true, .. }
            if object.id.kind.leads())
    }

    /// Changes of one wave are made at once, waves one after the other.
    pub(crate) fn wave(&self) -> Wave {
        match self {
            Self::Record { .. } => Wave::Record,
            Self::CreateNamespace { .. } => Wave::Namespace,
            Self::Apply { object, .. } => object.id.kind.wave(),
            Self::Count { why, .. } => match why {
                Count::HandOver => Wave::Around,
                Count::Set => Wave::Number,
                Count::Initial => Wave::FirstNumber,
            },
            Self::Delete { id, .. } => id.kind.removal(),
            Self::MoveHistory { .. } | Self::Forget { .. } => Wave::Forget,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::kinds::Kind;

    fn basis() -> Basis {
        Basis {
            cluster: "https://10.0.0.1".into(),
            namespace: "production".into(),
            service: "api".into(),
            kind: WorkloadKind::Deployment,
            uid: Some("u".into()),
            deployment: "d".into(),
            others: "o".into(),
        }
    }

    #[test]
    fn whatever_a_change_would_hurt_makes_a_plan_stale() {
        type Alter = fn(&mut Basis);
        let table: [(Alter, &str); 6] = [
            (
                |now| now.cluster = "https://10.0.0.2".into(),
                "another cluster",
            ),
            (|now| now.namespace = "test".into(), "another cluster"),
            (|now| now.uid = None, "not there any more"),
            (|now| now.uid = Some("v".into()), "made anew"),
            (
                |now| now.deployment = "e".into(),
                "Deployment api was changed",
            ),
            (|now| now.others = "p".into(), "beside Deployment api"),
        ];
        assert_eq!(basis().differs(&basis()), None);
        for (alter, words) in table {
            let mut now = basis();
            alter(&mut now);
            let why = basis().differs(&now).unwrap();
            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn what_pods_need_comes_before_them_and_what_moves_them_after() {
        let apply = |kind| Change::Apply {
            object: Object {
                place: None,
                id: Id {
                    kind,
                    name: "api".into(),
                },
                manifest: serde_json::json!({}),
            },
            uid: None,
            force: false,
            rolls: false,
            after_health: false,
            takes_over: Vec::new(),
            claims: Vec::new(),
        };
        let pods = apply(Kind::Deployment).wave();
        for kind in [
            Kind::ServiceAccount,
            Kind::ExternalSecret,
            Kind::Service,
            Kind::Ingress,
        ] {
            assert!(apply(kind).wave() < pods, "{kind}");
        }
        assert!(apply(Kind::HorizontalPodAutoscaler).wave() > pods);
    }
}
