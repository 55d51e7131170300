//! Reads what is there: everything at once in the usual case, and once more where the history
//! names objects that the file does not have any more.

pub(crate) mod former;
mod scaler;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use self::former::Formers;
use super::adopt::Owner;
use super::replicas;
use crate::event::Events;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::Kubernetes;
use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::history::record::{RecordHead, State, next};
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::lock::LeaseView;
use crate::spec::WorkloadKind;

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sought<'a> {
    pub(crate) name: &'a str,
    /// What runs its pods.
    pub(crate) kind: WorkloadKind,
    pub(crate) owner: Owner<'a>,
    /// The objects that are asked for.
    pub(crate) objects: &'a [Id],
    /// Secrets that must be there, with the keys that each must have.
    pub(crate) secrets: &'a BTreeMap<String, BTreeSet<String>>,
    /// Whether something will be written: then what may not be read is a failure.
    pub(crate) writes: bool,
}

/// How a namespace stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// It is not there.
    Missing,
    /// It is there.
    There,
    /// It is being deleted, and everything in it: nothing new can be made there.
    Leaving,
}

impl Space {
    fn of(namespace: Option<&Value>) -> Self {
        match namespace {
            None => Self::Missing,
            Some(live) if is_leaving(live) => Self::Leaving,
            Some(_) => Self::There,
        }
    }
}

/// What is there of one service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed {
    /// The cluster, as plans name it.
    pub(crate) cluster: String,
    /// What runs the pods, as it is asked for.
    pub(crate) kind: WorkloadKind,
    /// What is there of what is asked for, and of what the history names, as the API server shows it.
    pub(crate) objects: BTreeMap<Id, Value>,
    /// How the namespace stands; `None`: we may not ask.
    pub(crate) namespace: Option<Space>,
    /// The Secrets that must be there, as far as we may look: the keys that each has, and `None` for
    /// one that is not there.
    pub(crate) secrets: BTreeMap<String, Option<BTreeSet<String>>>,
    /// An autoscaler that is not ours and moves the number of pods: `ScaledObject theirs`.
    pub(crate) scaler: Option<String>,
    /// The history, newest first.
    pub(crate) records: Vec<RecordHead>,
    /// The names that it had before.
    pub(crate) formers: Formers,
    pub(crate) lease: Option<LeaseView>,
    /// When, by the server's clock.
    pub(crate) at: Option<Timestamp>,
}

impl Observed {
    /// An object, if it is there.
    pub(crate) fn live(&self, id: &Id) -> Option<&Value> {
        self.objects.get(id)
    }

    /// What runs the pods under that name.
    pub(crate) fn deployment(&self, name: &str) -> Option<&Value> {
        self.objects.get(&self.kind.named(name))
    }

    /// What runs pods under that name, of whatever kind.
    pub(crate) fn workload(&self, name: &str) -> Option<(&Id, &Value)> {
        let mut all = self.objects.iter();
        all.find(|(id, _)| id.kind.runs_pods() && id.name == name)
    }

    /// Who deploys it now.
    pub(crate) fn holder(&self) -> Option<&LeaseView> {
        self.held().map(|(_, lease)| lease)
    }

    /// The lock that somebody holds who may be at work on it, and under which of its former names
    /// (`None`: its own).
    pub(crate) fn held(&self) -> Option<(Option<&str>, &LeaseView)> {
        let now = self.at?;
        let own = self.lease.as_ref().map(|lease| (None, lease));
        let formers = self.formers.iter().filter_map(|former| {
            let lease = former.lease.as_ref()?;
            Some((Some(former.name.as_str()), lease))
        });
        let mut all = own.into_iter().chain(formers);
        all.find(|(_, lease)| lease.holder_alive(now))
    }

    /// The lock under a former name (`None`: its own), as it was seen last.
    pub(crate) fn locked_by(&mut self, former: Option<&str>, lease: LeaseView) {
        match former {
            None => self.lease = Some(lease),
            Some(name) => {
                for former in self.formers.iter_mut().filter(|one| one.name == name) {
                    former.lease = Some(lease.clone());
                }
            }
        }
    }

    /// The Deployment that still serves under a name that the service had before.
    pub(crate) fn former_deployment(&self) -> Option<&Value> {
        let (_, live) = self.workload(&self.formers.serving.as_ref()?.name)?;
        Some(live)
    }

    /// Whether it is of the service as it was named before.
    pub(crate) fn is_former(&self, id: &Id) -> bool {
        id.kind.is_named() && self.formers.named(&id.name).is_some()
    }

    /// The number that the next revision gets: the history goes with a service that is renamed.
    pub(crate) fn next_number(&self) -> u32 {
        let formers = self.formers.iter().map(|former| next(&former.records));
        formers.fold(next(&self.records), u32::max)
    }

    /// The whole history, newest first, under whatever name.
    pub(crate) fn history(&self) -> Vec<RecordHead> {
        let formers = self.formers.iter().flat_map(|former| &former.records);
        let mut all: Vec<RecordHead> = self.records.iter().chain(formers).cloned().collect();
        all.sort_by_key(|head| std::cmp::Reverse(head.number));
        all
    }

    /// The newest revision.
    pub(crate) fn newest(&self) -> Option<&RecordHead> {
        self.records.first()
    }
}

/// What the last plan of a run was made from, for its performance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    /// What was there.
    pub(crate) observed: Arc<Observed>,
    /// A digest of what was asked for.
    pub(crate) asked: String,
    /// Whether the API server itself was asked what would come of the plan.
    pub(crate) proven: bool,
}

impl Kubernetes {
    /// Reads everything about a service.
    pub(crate) async fn observe(
        &self,
        sought: Sought<'_>,
        events: &Events,
    ) -> Result<Observed, Failed> {
        let wire = self.wire().await?;
        let reads = join_all(sought.objects.iter().map(|id| wire.read(id)));
        let namespace = Id {
            kind: Kind::Namespace,
            name: self.namespace().to_owned(),
        };
        let secrets = sought.secrets.iter();
        let secrets = join_all(secrets.map(|(name, keys)| wire.secret_keys(name, keys)));
        let (read, namespace, secrets, records, elsewhere, lease) = futures::join!(
            reads,
            wire.read(&namespace),
            secrets,
            self.records(sought.name),
            self.elsewhere(sought.name, sought.owner),
            self.lease(sought.name),
        );
        // Who may not read the history is told so of that under its own name.
        let elsewhere = allowed(elsewhere)?.unwrap_or_default();
        let mut observed = Observed {
            cluster: self.link().await?.cluster.clone(),
            kind: sought.kind,
            objects: found(sought.objects, read)?,
            // Many roles are bound to a namespace and may not look at it from outside.
            namespace: allowed(namespace)?.map(|there| Space::of(there.as_ref())),
            records: readable(records, events, sought.writes)?.unwrap_or_default(),
            lease: readable(lease, events, sought.writes)?.flatten(),
            ..Observed::default()
        };
        for (name, keys) in sought.secrets.keys().zip(secrets) {
            if let Some(keys) = readable(keys, events, false)? {
                observed.secrets.insert(name.clone(), keys);
            }
        }
        self.observe_more(&sought, &mut observed, events).await?;
        self.observe_formers(&sought, &mut observed, &elsewhere, events)
            .await?;
        observed.at = Some(self.server_now().await?);
        Ok(observed)
    }

    /// What only the first answers show to be of interest.
    async fn observe_more(
        &self,
        sought: &Sought<'_>,
        observed: &mut Observed,
        events: &Events,
    ) -> Result<(), Failed> {
        let wire = self.wire().await?;
        let former = named_before(sought.objects, &observed.records);
        let reads = join_all(former.iter().map(|id| wire.read(id)));
        let autoscaled = observed
            .deployment(sought.name)
            .is_some_and(replicas::is_scaled);
        let own = |id: &Id| id.kind.scales();
        let ours = sought.objects.iter().chain(&former).any(own);
        let scaler = async {
            if autoscaled && !ours {
                self.scaled_by(sought, events).await
            } else {
                Ok(None)
            }
        };
        let (read, scaler) = futures::join!(reads, scaler);
        let read = read.into_iter().map(or_gone).collect();
        observed.objects.extend(found(&former, read)?);
        observed.scaler = scaler?;
        Ok(())
    }
}

/// Objects that the history names and nobody asks for any more: of all revisions down to the last
/// but one that was healthy, since the last one may have left something that was to go.
pub(crate) fn named_before(asked: &[Id], records: &[RecordHead]) -> Vec<Id> {
    let healthy = records
        .iter()
        .enumerate()
        .filter(|(_, head)| head.state == State::Healthy);
    let end = healthy
        .map(|(index, _)| index + 1)
        .nth(1)
        .unwrap_or(records.len());
    let mut ids: Vec<Id> = records[..end]
        .iter()
        .flat_map(|head| &head.objects)
        .filter(|id| !asked.iter().any(|one| one.is_same(id)))
        .cloned()
        .collect();
    ids.sort_unstable();
    let mut met = BTreeSet::new();
    ids.retain(|id| {
        let (group, kind, name) = id.identity();
        met.insert((group, kind, name.to_owned()))
    });
    ids
}

/// What was found, by its id. Every kind that the cluster does not know is named at once.
pub(crate) fn found(
    ids: &[Id],
    read: Vec<Result<Option<Value>, Failed>>,
) -> Result<BTreeMap<Id, Value>, Failed> {
    let mut objects = BTreeMap::new();
    let mut unknown = Vec::new();
    let mut failure = None;
    for (id, read) in ids.iter().zip(read) {
        match read {
            Ok(Some(object)) => {
                objects.insert(id.clone(), object);
            }
            Ok(None) => {}
            Err(error) if error.kind == FailureKind::Unsupported => unknown.push(id.kind),
            Err(error) => failure = Some(error),
        }
    }
    if !unknown.is_empty() {
        return Err(unknown_kinds(&unknown));
    }
    failure.map_or(Ok(objects), Err)
}

/// What nobody asks for any more, and whose kind the cluster does not know any more, is gone with that.
fn or_gone(read: Result<Option<Value>, Failed>) -> Result<Option<Value>, Failed> {
    match read {
        Err(error) if error.kind == FailureKind::Unsupported => Ok(None),
        read => read,
    }
}

fn unknown_kinds(kinds: &[Kind]) -> Failed {
    let names: Vec<String> = kinds
        .iter()
        .map(|kind| format!("{kind} ({})", kind.api_version()))
        .collect();
    let mut words = format!("the cluster does not know {}", names.join(", "));
    let ways: BTreeSet<&str> = kinds.iter().filter_map(|kind| kind.addon()).collect();
    for way in ways {
        words.push_str("; ");
        words.push_str(way);
    }
    Failed::new("use this cluster", FailureKind::Unsupported, words)
}

/// What was read; `None` where we may not.
fn allowed<T>(read: Result<T, Failed>) -> Result<Option<T>, Failed> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind == FailureKind::Denied => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was read; where we may not, a warning, unless it is needed.
pub(crate) fn readable<T>(
    read: Result<T, Failed>,
    events: &Events,
    needed: bool,
) -> Result<Option<T>, Failed> {
    if let Err(error) = &read
        && error.kind == FailureKind::Denied
    {
        if needed {
            return read.map(Some);
        }
        events.warn("unreadable", error.to_string());
    }
    allowed(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(kind: Kind) -> Id {
        Id {
            kind,
            name: "api".into(),
        }
    }

    fn unknown(kind: Kind) -> Result<Option<Value>, Failed> {
        Err(Failed::new(
            format!("read {kind}"),
            FailureKind::Unsupported,
            "404 page not found",
        ))
    }

    #[test]
    fn every_kind_that_the_cluster_does_not_know_is_named() {
        let ids = [
            id(Kind::ExternalSecret),
            id(Kind::Deployment),
            id(Kind::Ingress),
        ];
        let read = vec![unknown(ids[0].kind), Ok(None), unknown(ids[2].kind)];
        // Of what nobody asks for any more it is no failure.
        let former = vec![unknown(ids[0].kind), Ok(None), unknown(ids[2].kind)];
        let former = former.into_iter().map(or_gone).collect();
        assert_eq!(found(&ids, former).unwrap(), BTreeMap::new());
        let error = found(&ids, read).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unsupported);
        assert!(
            error.message.contains(
                "ExternalSecret (external-secrets.io/v1), Ingress (networking.k8s.io/v1)"
            ),
            "{}",
            error.message
        );
    }
}
