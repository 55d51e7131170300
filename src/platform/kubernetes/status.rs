//! What runs now, for `status`: seven small reads at once.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use serde_json::Value;

use super::Kubernetes;
use super::api::failures::failed;
use super::history::record::short;
use super::history::revision_of;
use super::kinds::scaler::Scaler;
use super::kinds::{Id, Kind};
use super::plan::adopt::Owner;
use super::plan::prerequisites;
use super::rollout::evidence::warnings;
use super::rollout::is_of;
use super::rollout::look::{DeploymentView, EventView, SetView};
use super::rollout::post_mortem::chain::{is_ready, of_gates};
use super::rollout::watch::WatchPlace;
use crate::answer::{Deployment, Image, Message, Status, Target};
use crate::names::{KubeName, label_value};
use crate::platform::failure::{Failed, FailureKind};
use crate::spec::{Autoscaling, KubeService};

/// So many of the cluster's last warnings about a service are told.
const MESSAGES: usize = 5;

impl Kubernetes {
    /// What runs now of the Deployment `name`; `None`: it is not there. Reads only.
    pub(crate) async fn status(
        &self,
        service: &KubeService,
        name: &str,
    ) -> Result<Option<Status>, Failed> {
        let place = self
            .at(service.own.kind.named(name), service.own.selecting())
            .await?;
        let (deployment, scaler, sets, pods, said, heads, space) = futures::join!(
            place.object(place.own.kind, &place.own.name),
            place.scaler(&service.own.autoscaling),
            place.sets(),
            place.pods(),
            warnings(&place),
            self.records(name),
            self.namespace_leaves(),
        );
        let Some(deployment) = deployment? else {
            return Ok(None);
        };
        let Some(view) = DeploymentView::of(&deployment) else {
            return Ok(None);
        };
        let mut status = seen(&deployment, &view, &place.link.cluster);
        let project = label_value(&self.tenant.project);
        status.ours = Owner::of(service, &self.tenant, &project).has(&deployment);
        let mut missing = Missing::default();
        let knows_sets = sets.is_ok();
        let mut sets = missing.or_without(place.kind().sets_words(), sets);
        let pods = missing.or_without("pods", pods);
        for set in &mut sets {
            set.counting(pods.iter());
        }
        let mut said = missing.or_without("events", said);
        let own: Vec<&SetView> = sets
            .iter()
            .filter(|set| set.owner == view.rolled.uid)
            .collect();
        said.retain(|event| !knows_sets || event.is_about(&view, &own));
        let scaler = missing.or_without("autoscaler", scaler.map(Vec::from_iter));
        let heads = missing.or_without("history", heads);
        if let Some(head) = revision_of(&heads, &view.rolled.uid, &view.rolled.template) {
            status.revision = short(name, head.number);
        }
        status.deployments = revisions(&view, &sets, &pods);
        for one in &mut status.deployments {
            let set = sets.iter().find(|set| set.name == one.id);
            let head = set.and_then(|set| revision_of(&heads, &set.owner, &set.template));
            if let Some(head) = head {
                one.revision = short(name, head.number);
            }
        }
        status.targets = pods.iter().flat_map(targets).collect();
        status.messages = messages(said);
        if let Some((scaler, live)) = scaler.first() {
            status.messages.extend((scaler.stuck)(live));
            status.scaling = scaler.bounds(live);
        }
        status.messages.extend(space);
        status.missing = missing.0;
        Ok(Some(status.of_its_revision()))
    }

    /// That the namespace is being deleted. Many roles are bound to a namespace and may not look at it
    /// from outside: then nothing is said of it.
    async fn namespace_leaves(&self) -> Option<Message> {
        let id = Id {
            kind: Kind::Namespace,
            name: self.namespace().to_owned(),
        };
        let live = self.wire().await.ok()?.read(&id).await.ok()??;
        let since = live.pointer("/metadata/deletionTimestamp")?.as_str()?;
        Some(Message {
            at: since.parse().unwrap_or(Timestamp::UNIX_EPOCH),
            text: prerequisites::leaves(self.namespace()),
        })
    }

    /// Where this is, whose pods these labels select.
    pub(super) async fn at(&self, own: Id, labels: String) -> Result<WatchPlace, Failed> {
        Ok(WatchPlace {
            link: self.link().await?.clone(),
            namespace: self.namespace().to_owned(),
            own,
            labels,
            clock: self.clock,
        })
    }
}

impl WatchPlace {
    /// The object of a kind and name.
    async fn object(&self, kind: Kind, name: &str) -> Result<Option<Value>, Failed> {
        let client = self.link.client.clone();
        let resource = kind.resource();
        let api: Api<DynamicObject> = Api::namespaced_with(client, &self.namespace, &resource);
        let found = api.get_opt(name).await;
        let found = found.map_err(|error| failed(format!("read {kind} {name}"), &error))?;
        Ok(found.and_then(|object| serde_json::to_value(object).ok()))
    }

    /// What moves the number of the pods. Of an add-on that the cluster does not have there is nothing, and
    /// nobody asks who does not use it.
    async fn scaler(&self, said: &Autoscaling) -> Result<Option<(&'static Scaler, Value)>, Failed> {
        let kinds = Kind::ALL.iter().rev();
        for kind in kinds.filter(|kind| kind.addon().is_none() || said.keda().is_some()) {
            let Some(scaler) = kind.scaler() else {
                continue;
            };
            let name = said.name().map_or(self.own.name.as_str(), KubeName::as_str);
            match self.object(*kind, name).await {
                Ok(None) => {}
                Ok(Some(live)) => return Ok(Some((scaler, live))),
                Err(error) if error.kind == FailureKind::Unsupported && kind.addon().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn sets(&self) -> Result<Vec<SetView>, Failed> {
        let client = self.link.client.clone();
        let api: Api<DynamicObject> =
            Api::namespaced_with(client, &self.namespace, &self.kind().sets());
        let list = api.list(&self.selected()).await;
        let list =
            list.map_err(|error| failed(format!("list {}", self.kind().sets_words()), &error))?;
        let values = list.items.into_iter().flat_map(serde_json::to_value);
        Ok(values.filter_map(|value| SetView::of(&value)).collect())
    }

    /// The pods of the service. Others may carry the same labels.
    pub(super) async fn pods(&self) -> Result<Vec<Pod>, Failed> {
        let api: Api<Pod> = Api::namespaced(self.link.client.clone(), &self.namespace);
        let list = api.list(&self.selected()).await;
        let list = list.map_err(|error| failed("list pods", &error))?;
        let mut pods = list.items;
        pods.retain(|pod| is_of(pod, &self.own));
        Ok(pods)
    }

    fn selected(&self) -> ListParams {
        ListParams::default().labels(&self.labels)
    }
}

/// Pieces that could not be read, each with why.
#[derive(Debug, Default)]
struct Missing(Vec<String>);

impl Missing {
    fn or_without<T>(&mut self, piece: &str, read: Result<Vec<T>, Failed>) -> Vec<T> {
        read.unwrap_or_else(|error| {
            self.0.push(format!("{piece}: {error}"));
            Vec::new()
        })
    }
}

/// What the Deployment alone says.
fn seen(deployment: &Value, view: &DeploymentView, cluster: &str) -> Status {
    let state = if view.deleting {
        "DELETING"
    } else if view.paused {
        "PAUSED"
    } else {
        "ACTIVE"
    };
    let signed = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let name = deployment.pointer("/metadata/name").and_then(Value::as_str);
    let images = SetView::images(deployment).into_iter();
    Status {
        service: name.unwrap_or_default().to_owned(),
        cluster: cluster.to_owned(),
        state: state.to_owned(),
        ours: false,
        revision: name.unwrap_or_default().to_owned(),
        images: images
            .map(|(container, image)| Image { container, image })
            .collect(),
        desired: signed(view.desired),
        // Of the revision that it is set to; which of them are available, its ReplicaSet says.
        running: signed(view.available.min(view.updated)),
        pending: signed(view.updated.saturating_sub(view.available)),
        deployments: Vec::new(),
        scaling: None,
        targets: Vec::new(),
        messages: Vec::new(),
        missing: Vec::new(),
    }
}

/// The template that the Deployment is set to, and those that still have pods; newest first.
fn revisions(view: &DeploymentView, sets: &[SetView], pods: &[Pod]) -> Vec<Deployment> {
    let is_current = |set: &SetView| set.template == view.rolled.template;
    let mut own: Vec<&SetView> = sets
        .iter()
        .filter(|set| set.owner == view.rolled.uid)
        .filter(|set| is_current(set) || set.desired + set.replicas > 0)
        .collect();
    own.sort_by_key(|set| (!is_current(set), std::cmp::Reverse(set.created)));
    let said = view.condition("Progressing");
    own.into_iter()
        .map(|set| Deployment {
            id: set.name.clone(),
            status: if is_current(set) { "current" } else { "former" }.to_owned(),
            rollout: said
                .filter(|_| is_current(set))
                .map(|said| said.reason.clone()),
            reason: said
                .filter(|said| is_current(set) && said.status != "True")
                .map(|said| said.message.clone()),
            revision: set.name.clone(),
            desired: set.desired,
            running: set.available,
            pending: set.replicas.saturating_sub(set.available),
            failed: restarts(set, pods),
            created: set.created,
        })
        .collect()
}

/// How often containers of its pods were started again.
fn restarts(set: &SetView, pods: &[Pod]) -> u32 {
    let own = pods.iter().filter(|pod| set.has(pod));
    let statuses = own.filter_map(|pod| pod.status.as_ref()?.container_statuses.as_ref());
    let counts = statuses.flatten().map(|status| status.restart_count);
    counts.filter_map(|count| u32::try_from(count).ok()).sum()
}

/// The targets of a load balancer that says of pods whether it finds them healthy.
fn targets(pod: &Pod) -> Vec<Target> {
    let gates = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.readiness_gates.as_ref());
    let Some(gates) = gates.filter(|gates| !gates.is_empty()) else {
        return Vec::new();
    };
    let address = pod.status.as_ref().and_then(|status| status.pod_ip.clone());
    let reasons = of_gates(pod);
    let state = if is_ready(pod) {
        "healthy"
    } else {
        "unhealthy"
    };
    gates
        .iter()
        .map(|gate| Target {
            group: gate
                .condition_type
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned(),
            address: address.clone().unwrap_or_default(),
            state: state.to_owned(),
            reason: reasons
                .iter()
                .find(|reason| reason.contains(&gate.condition_type))
                .cloned(),
        })
        .collect()
}

fn messages(mut said: Vec<EventView>) -> Vec<Message> {
    said.sort_by_key(|event| event.at);
    let skipped = said.len().saturating_sub(MESSAGES);
    let newest = said.into_iter().skip(skipped);
    newest
        .map(|event| Message {
            at: event.at.unwrap_or(Timestamp::UNIX_EPOCH),
            text: format!("{}: {}: {}", event.name, event.reason, event.message),
        })
        .collect()
}

#[cfg(test)]
mod tests;
