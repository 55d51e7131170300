//! Reads what is there: everything at once in the usual case, and once more where the history
//! names objects that the file does not have any more.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::adopt::Owner;
use super::kind::{Id, Kind};
use super::lock::LeaseView;
use super::record::{RecordHead, State, next};
use super::{Kubernetes, count};
use crate::event::Events;
use crate::platform::failure::{Failed, Kind as Failure};

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// The Deployment's name.
    pub name: &'a str,
    /// Whose it is.
    pub owner: Owner<'a>,
    /// The objects that are asked for.
    pub objects: &'a [Id],
    /// Secrets that must be there, with the keys that each must have.
    pub secrets: &'a BTreeMap<String, BTreeSet<String>>,
    /// Whether something will be written: then what may not be read is a failure.
    pub writes: bool,
}

/// What a service was named before: its Ingress still leads there.
#[derive(Debug, Clone)]
pub struct Former {
    /// The name.
    pub name: String,
    /// The history under that name, newest first.
    pub records: Vec<RecordHead>,
}

/// What is there of one service.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The cluster, as plans name it.
    pub cluster: String,
    /// What is there of what is asked for, and of what the history names, as the API server shows it.
    pub objects: BTreeMap<Id, Value>,
    /// Whether the namespace is there; `None`: we may not ask.
    pub namespace: Option<bool>,
    /// The Secrets that must be there, as far as we may look: the keys that each has, and `None` for
    /// one that is not there.
    pub secrets: BTreeMap<String, Option<BTreeSet<String>>>,
    /// An autoscaler that is not ours and moves the number of pods.
    pub scaler: Option<String>,
    /// The history, newest first.
    pub records: Vec<RecordHead>,
    /// The name that it had before, where what has that name still serves.
    pub former: Option<Former>,
    /// The lock.
    pub lease: Option<LeaseView>,
    /// When, by the server's clock.
    pub at: Option<Timestamp>,
}

impl Observed {
    /// An object, if it is there.
    pub fn live(&self, id: &Id) -> Option<&Value> {
        self.objects.get(id)
    }

    /// The Deployment of that name.
    pub fn deployment(&self, name: &str) -> Option<&Value> {
        self.objects.get(&deployment(name))
    }

    /// Who deploys it now.
    pub fn holder(&self) -> Option<&LeaseView> {
        let now = self.at?;
        self.lease.as_ref().filter(|lease| lease.holder_alive(now))
    }

    /// The Deployment under the name that the service had before.
    pub fn former_deployment(&self) -> Option<&Value> {
        self.deployment(&self.former.as_ref()?.name)
    }

    /// The number that the next revision gets: the history goes with a service that is renamed.
    pub fn next_number(&self) -> u32 {
        let former = self.former.as_ref().map(|former| next(&former.records));
        next(&self.records).max(former.unwrap_or(1))
    }

    /// The newest revision.
    pub fn newest(&self) -> Option<&RecordHead> {
        self.records.first()
    }
}

/// The Deployment of that name.
pub fn deployment(name: &str) -> Id {
    Id {
        kind: Kind::Deployment,
        name: name.to_owned(),
    }
}

impl Kubernetes {
    /// Reads everything about a service.
    pub async fn observe(&self, sought: Sought<'_>, events: &Events) -> Result<Observed, Failed> {
        let wire = self.wire().await?;
        let reads = join_all(sought.objects.iter().map(|id| wire.read(id)));
        let namespace = Id {
            kind: Kind::Namespace,
            name: self.namespace().to_owned(),
        };
        let secrets = sought.secrets.iter();
        let secrets = join_all(secrets.map(|(name, keys)| wire.secret_keys(name, keys)));
        let (read, namespace, secrets, records, lease) = futures::join!(
            reads,
            wire.read(&namespace),
            secrets,
            self.records(sought.name),
            self.lease(sought.name),
        );
        let mut observed = Observed {
            cluster: self.link().await?.cluster.clone(),
            objects: found(sought.objects, read)?,
            // Many roles are bound to a namespace and may not look at it from outside.
            namespace: allowed(namespace)?.map(|there| there.is_some()),
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
        let former = former(sought.objects, &observed.records);
        let reads = join_all(former.iter().map(|id| wire.read(id)));
        let autoscaled = observed
            .deployment(sought.name)
            .is_some_and(count::is_scaled);
        let own = |id: &Id| id.kind == Kind::HorizontalPodAutoscaler;
        let ours = sought.objects.iter().chain(&former).any(own);
        let scalers = async {
            if autoscaled && !ours {
                wire.list(Kind::HorizontalPodAutoscaler).await.map(Some)
            } else {
                Ok(None)
            }
        };
        let (read, scalers) = futures::join!(reads, scalers);
        observed.objects.extend(found(&former, read)?);
        let scalers = readable(scalers, events, sought.writes)?.flatten();
        observed.scaler = scalers
            .iter()
            .flatten()
            .find(|scaler| moves(scaler, sought.name))
            .and_then(|scaler| scaler.pointer("/metadata/name")?.as_str())
            .map(str::to_owned);
        self.observe_former(sought, observed, events).await
    }

    /// What serves under another name, where our Ingress leads to that.
    async fn observe_former(
        &self,
        sought: &Sought<'_>,
        observed: &mut Observed,
        events: &Events,
    ) -> Result<(), Failed> {
        let Some(name) = led_elsewhere(observed, sought.name) else {
            return Ok(());
        };
        let records = self.records(&name).await;
        let records = readable(records, events, sought.writes)?.unwrap_or_default();
        let mut ids = former(sought.objects, &records);
        ids.extend(Kind::NAMED.map(|kind| Id {
            kind,
            name: name.clone(),
        }));
        ids.sort_unstable();
        ids.dedup();
        let wire = self.wire().await?;
        let read = join_all(ids.iter().map(|id| wire.read(id))).await;
        let objects = found(&ids, read)?;
        let live = objects.get(&deployment(&name));
        if live.is_some_and(|live| sought.owner.has(live)) {
            observed.objects.extend(objects);
            observed.former = Some(Former { name, records });
        }
        Ok(())
    }
}

/// The Service under another name to which the Ingress leads that is asked for.
fn led_elsewhere(observed: &Observed, name: &str) -> Option<String> {
    let ingress = observed
        .objects
        .iter()
        .find(|(id, _)| id.kind == Kind::Ingress)?
        .1;
    let backend = ingress.pointer("/spec/rules/0/http/paths/0/backend/service/name")?;
    let backend = backend.as_str()?;
    (backend != name).then(|| backend.to_owned())
}

/// Whether an autoscaler moves the number of this Deployment's pods.
fn moves(scaler: &Value, name: &str) -> bool {
    let target = &scaler["spec"]["scaleTargetRef"];
    target["kind"] == Kind::Deployment.as_str() && target["name"] == name
}

/// Objects that the history names and nobody asks for any more: of all revisions down to the last
/// but one that was healthy, since the last one may have left something that was to go.
fn former(asked: &[Id], records: &[RecordHead]) -> Vec<Id> {
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
        .filter(|id| !asked.contains(id))
        .cloned()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What was found, by its id. Every kind that the cluster does not know is named at once.
fn found(
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
            Err(error) if error.kind == Failure::Unsupported => unknown.push(id.kind),
            Err(error) => failure = Some(error),
        }
    }
    if !unknown.is_empty() {
        return Err(unknown_kinds(&unknown));
    }
    failure.map_or(Ok(objects), Err)
}

fn unknown_kinds(kinds: &[Kind]) -> Failed {
    let names: Vec<String> = kinds
        .iter()
        .map(|kind| format!("{kind} ({})", kind.api_version()))
        .collect();
    let mut words = format!("the cluster does not know {}", names.join(", "));
    if kinds.contains(&Kind::ExternalSecret) {
        words.push_str(
            "; install the External Secrets Operator, or make the Secret yourself and take \
             `secret_store` out of the target's file",
        );
    }
    Failed::new("use this cluster", Failure::Unsupported, words)
}

/// What was read; `None` where we may not.
fn allowed<T>(read: Result<T, Failed>) -> Result<Option<T>, Failed> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind == Failure::Denied => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was read; where we may not, a warning, unless it is needed.
fn readable<T>(
    read: Result<T, Failed>,
    events: &Events,
    needed: bool,
) -> Result<Option<T>, Failed> {
    if let Err(error) = &read
        && error.kind == Failure::Denied
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
            Failure::Unsupported,
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
        let error = found(&ids, read).unwrap_err();
        assert_eq!(error.kind, Failure::Unsupported);
        assert!(
            error.message.contains(
                "ExternalSecret (external-secrets.io/v1), Ingress (networking.k8s.io/v1)"
            ),
            "{}",
            error.message
        );
    }
}
