//! From the file's words to manifests. Pure, and the same for the same file: nothing in them changes
//! from run to run.
//!
//! They are values made by hand, never the client library's types: those write fields that nobody
//! asked for, and a field that is applied is a field that is owned.

mod autoscaler;
mod container;
mod ingress;
mod order;
mod pod;
mod secrets;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::order::Order;
use super::desired::Desired;
use super::ports;
use super::{Id, Kind};
use crate::names::{is_annotation_key, label_value};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::adopt::Owner;
use crate::platform::kubernetes::plan::advice;
use crate::platform::kubernetes::{MANAGER, key};
use crate::platform::owner::Tenant;
use crate::spec::{KubePlace, KubeService, Port, Protocol, Share};

/// So many `ReplicaSets` that serve no more are kept, for `kubectl rollout undo`; the API's own default
/// (Kubernetes API reference, `DeploymentSpec`).
const HISTORY: u32 = 10;

/// What is the same for every service of a command.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Who owns it.
    pub tenant: &'a Tenant,
    /// The namespace and how it is reached.
    pub place: &'a KubePlace,
}

/// What the API server is asked for.
pub fn render(service: &KubeService, setting: &Setting<'_>) -> Desired {
    let order = Order::of(&service.containers);
    let maker = Maker { service, setting };
    let objects = [
        maker.service_account(),
        maker.external_secret(),
        maker.service(),
        maker.ingress(),
        maker.disruption_budget(),
        Some(maker.deployment(&order)),
        maker.autoscaler(),
    ];
    let secrets = secrets::all(service);
    let mut needs_secrets = secrets::of_others(service);
    let own = service.own.secret.as_str();
    if setting.place.secret_store.is_some() && !secrets.is_empty() {
        // The store fills it in its own time.
        needs_secrets.remove(own);
    } else if !secrets.is_empty() {
        let keys = needs_secrets.entry(own.to_owned()).or_default();
        keys.extend(secrets.into_iter().map(|(key, _)| key));
    }
    let mut on_rollout = order.notes;
    on_rollout.extend(advice::on_rollout(service));
    Desired {
        objects: objects.into_iter().flatten().collect(),
        replicas: service.replicas,
        scaled: service.scaling.is_some() || service.counted_by_others,
        needs_secrets,
        sensitive: sensitive(service),
        on_rollout,
        notes: advice::notes(service),
    }
}

/// The labels of every object of a service: whose it is, and the one that selects its pods.
pub fn labels(service: &KubeService, project: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("app", service.own.name.to_string()),
        (key::PROJECT, label_value(project)),
        (key::SERVICE, service.name.to_string()),
        (key::MANAGED_BY, MANAGER.to_owned()),
    ])
}

fn sensitive(service: &KubeService) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for container in &service.containers {
        for (name, literal) in &container.env {
            if literal.is_sensitive() {
                found.insert((container.name.to_string(), name.clone()));
            }
        }
    }
    found
}

/// Makes the objects of one service.
struct Maker<'a> {
    service: &'a KubeService,
    setting: &'a Setting<'a>,
}

impl Maker<'_> {
    fn name(&self) -> String {
        self.service.own.name.to_string()
    }

    fn selector(&self) -> Value {
        json!({ "app": self.name() })
    }

    /// One object; with the user's own tags as annotations beside those that are given.
    fn object(
        &self,
        kind: Kind,
        name: String,
        annotations: BTreeMap<String, String>,
        spec: Option<Value>,
    ) -> Object {
        let tags = self.service.tags.iter();
        let mut all: BTreeMap<String, String> = tags
            .filter(|(key, _)| is_annotation_key(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        all.extend(annotations);
        let tenant = self.setting.tenant;
        let project = label_value(&tenant.project);
        let owner = Owner::of(self.service, tenant, &project);
        let marks = owner.annotations();
        all.extend(marks.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let metadata = json!({
            "name": name,
            "labels": labels(self.service, &tenant.project),
            "annotations": all,
        });
        let mut manifest = json!({
            "apiVersion": kind.api_version(),
            "kind": kind.as_str(),
            "metadata": metadata,
        });
        if let Some(spec) = spec {
            manifest["spec"] = spec;
        }
        Object {
            id: Id { kind, name },
            manifest,
        }
    }

    fn plain(&self, kind: Kind, spec: Value) -> Object {
        self.object(kind, self.name(), BTreeMap::new(), Some(spec))
    }

    /// IAM roles for service accounts (Amazon EKS user guide).
    fn service_account(&self) -> Option<Object> {
        let kubernetes = &self.service.own;
        let name = kubernetes.service_account.as_ref()?.to_string();
        let role = kubernetes.role.as_ref();
        let annotations =
            role.map(|role| ("eks.amazonaws.com/role-arn".to_owned(), role.to_string()));
        let annotations = annotations.into_iter().collect();
        Some(self.object(Kind::ServiceAccount, name, annotations, None))
    }

    fn service(&self) -> Option<Object> {
        let ports = &self.service.main().ports;
        if ports.is_empty() {
            return None;
        }
        let ports: Vec<Value> = ports
            .iter()
            .enumerate()
            .map(|(index, port)| self.service_port(index, *port, ports.len() > 1))
            .collect();
        let spec = json!({ "type": "ClusterIP", "selector": self.selector(), "ports": ports });
        Some(self.plain(Kind::Service, spec))
    }

    /// Of several ports each must have a name (Kubernetes documentation, multi-port Services).
    fn service_port(&self, index: usize, port: Port, several: bool) -> Value {
        let number = if index == 0 {
            self.service.own.service_port
        } else {
            port.number
        };
        let mut fields = Map::new();
        if several {
            let word = transport(port.protocol).to_lowercase();
            fields.insert("name".into(), json!(format!("{word}-{}", port.number)));
        }
        fields.insert("port".into(), json!(number));
        let target = if index == 0 {
            json!(ports::NAME)
        } else {
            json!(port.number)
        };
        fields.insert("targetPort".into(), target);
        fields.insert("protocol".into(), json!(transport(port.protocol)));
        Value::Object(fields)
    }

    /// Pods that are broken are no reason to keep a node from being drained.
    fn disruption_budget(&self) -> Option<Object> {
        let most = self.service.own.disruption?;
        let spec = json!({
            "maxUnavailable": share(most),
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": { "matchLabels": self.selector() },
        });
        Some(self.plain(Kind::PodDisruptionBudget, spec))
    }

    fn deployment(&self, order: &Order<'_>) -> Object {
        let kubernetes = &self.service.own;
        let mut spec = json!({
            "selector": { "matchLabels": self.selector() },
            "minReadySeconds": seconds(kubernetes.min_ready),
            "progressDeadlineSeconds": seconds(self.service.rollout.policy.deadline),
            "revisionHistoryLimit": HISTORY,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {
                    "maxSurge": share(kubernetes.max_surge),
                    "maxUnavailable": share(kubernetes.max_unavailable),
                },
            },
            "template": self.pod(order),
        });
        if self.service.scaling.is_none() && !self.service.counted_by_others {
            spec["replicas"] = json!(self.service.replicas);
        }
        self.plain(Kind::Deployment, spec)
    }
}

fn share(share: Share) -> Value {
    match share {
        Share::Pods(count) => json!(count),
        Share::Percent(percent) => json!(format!("{percent}%")),
    }
}

fn transport(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
    }
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}
