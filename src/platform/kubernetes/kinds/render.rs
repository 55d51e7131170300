//! From the file's words to manifests: what is the same for objects of all kinds. Pure, and the same
//! for the same file: nothing in them changes from run to run.
//!
//! They are values made by hand, never the client library's types: those write fields that nobody
//! asked for, and a field that is applied is a field that is owned.

pub(super) mod secrets;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::desired::Desired;
use super::{Id, Kind, carried, deployment};
use crate::names::{is_annotation_key, label_value};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::adopt::Owner;
use crate::platform::kubernetes::plan::advice;
use crate::platform::kubernetes::{MANAGER, key};
use crate::platform::owner::Tenant;
use crate::spec::patch::kube_json::NAMED;
use crate::spec::{KubePlace, KubeService, Overlay, Protocol, Share, WorkloadKind, may_be_secret};

/// What is the same for every service of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    /// Who owns it.
    pub(crate) tenant: &'a Tenant,
    /// The namespace and how it is reached.
    pub(crate) place: &'a KubePlace,
}

/// What the API server is asked for.
pub(crate) fn render(service: &KubeService, setting: &Setting<'_>) -> Desired {
    let maker = Maker { service, setting };
    let objects = Kind::ALL.iter().map(|kind| (kind.facts().rendered)(&maker));
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
    let carried = maker.carried();
    for (secret, keys) in carried::objects::secrets(&carried) {
        if let Some(needed) = needs_secrets.get_mut(&secret) {
            needed.retain(|key| !keys.contains(key));
            if needed.is_empty() {
                needs_secrets.remove(&secret);
            }
        }
    }
    let objects: Vec<Object> = carried.into_iter().chain(objects.flatten()).collect();
    let mut sensitive = sensitive_of(service);
    if !service.own.patch.workload.tree.is_null() {
        sensitive.extend(sensitive_in(service, &objects));
    }
    let mut on_rollout = deployment::not_honoured(service);
    on_rollout.extend(advice::on_rollout(service));
    Desired {
        objects,
        replicas: service.replicas,
        scaled: service.scaling.is_some()
            || service.counted_by_others
            || service.own.kind == WorkloadKind::DaemonSet,
        needs_secrets,
        sensitive,
        on_rollout,
        notes: advice::notes(service),
    }
}

/// The labels of every object that tell whose it is.
fn ours(service: &KubeService, project: &str) -> [(&'static str, String); 3] {
    [
        (key::PROJECT, label_value(project)),
        (key::SERVICE, service.name.to_string()),
        (key::MANAGED_BY, MANAGER.to_owned()),
    ]
}

/// The labels of the pods: those that select them, and the file's own. None of ours is among them: a mark on
/// the template would make new pods of what is adopted, and pods are known by their Deployment.
pub(super) fn pod_labels(service: &KubeService) -> BTreeMap<String, String> {
    let mut all = service.own.labels.pods.clone();
    all.extend(service.own.selector.clone());
    all
}

fn sensitive_of(service: &KubeService) -> BTreeSet<(String, String)> {
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

/// Of the literals that a patch has brought.
fn sensitive_in(service: &KubeService, objects: &[Object]) -> BTreeSet<(String, String)> {
    let pods = objects.iter().filter_map(|object| {
        let pod = object.manifest.pointer("/spec/template/spec")?;
        Some([&pod["initContainers"], &pod["containers"]])
    });
    let containers = pods.flatten().filter_map(Value::as_array).flatten();
    let literals = containers.flat_map(|container| {
        let name = container["name"].as_str().unwrap_or_default();
        let variables = container["env"].as_array().into_iter().flatten();
        variables.filter_map(move |one| Some((name, one["name"].as_str()?, one["value"].as_str()?)))
    });
    let known = |container: &str, variable: &str| {
        let mut containers = service.containers.iter();
        containers.any(|one| one.name.as_str() == container && one.env.contains_key(variable))
    };
    literals
        .filter(|(container, name, value)| !known(container, name) && may_be_secret(name, value))
        .map(|(container, name, _)| (container.to_owned(), name.to_owned()))
        .collect()
}

/// Makes the objects of one service.
pub(super) struct Maker<'a> {
    pub(super) service: &'a KubeService,
    pub(super) setting: &'a Setting<'a>,
}

impl Maker<'_> {
    pub(super) fn name(&self) -> String {
        self.service.own.name.to_string()
    }

    pub(super) fn selector(&self) -> Value {
        json!(self.service.own.selector)
    }

    /// One object; with the user's own tags as annotations beside those that are given.
    pub(super) fn object(
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
        let mut manifest = json!({
            "apiVersion": kind.api_version(),
            "kind": kind.as_str(),
            "metadata": { "name": name, "annotations": all, "labels": self.labels_of(kind) },
        });
        if let Some(spec) = spec {
            manifest["spec"] = spec;
        }
        if let Some(overlay) = self.overlay(kind) {
            overlay.lay_over(&mut manifest, NAMED);
        }
        // Last, so that nothing takes the place of what tells whose it is.
        let tenant = self.setting.tenant;
        let project = label_value(&tenant.project);
        for (key, value) in ours(self.service, &tenant.project) {
            manifest["metadata"]["labels"][key] = Value::from(value);
        }
        Owner::of(self.service, tenant, &project).mark(&mut manifest);
        Object {
            id: Id { kind, name },
            manifest,
            place: None,
        }
    }

    fn overlay(&self, kind: Kind) -> Option<&Overlay> {
        let patch = &self.service.own.patch;
        Some(match kind {
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => &patch.workload,
            Kind::Service => &patch.service,
            Kind::Ingress => &patch.ingress,
            Kind::HTTPRoute => &patch.route,
            Kind::NetworkPolicy => &patch.network_policy,
            Kind::HorizontalPodAutoscaler => &patch.hpa,
            Kind::ScaledObject => &patch.scaled_object,
            Kind::PodDisruptionBudget => &patch.pdb,
            Kind::ServiceAccount => &patch.service_account,
            Kind::Carried(_)
            | Kind::Namespace
            | Kind::ExternalSecret
            | Kind::PodIdentityAssociation
            | Kind::TargetGroupBinding
            | Kind::TriggerAuthentication => return None,
        })
    }

    /// The file's labels for an object of this kind.
    fn labels_of(&self, kind: Kind) -> BTreeMap<String, String> {
        let own = &self.service.own;
        let mut all = own.selector.clone();
        all.extend(own.labels.objects.clone());
        let more = match kind {
            Kind::Service => own.service.as_ref().map(|one| &one.labels),
            Kind::Ingress => own.ingress.as_ref().map(|one| &one.labels),
            Kind::HTTPRoute => own.around.route.as_ref().map(|one| &one.labels),
            Kind::NetworkPolicy => own.around.policy.as_ref().map(|one| &one.labels),
            Kind::HorizontalPodAutoscaler | Kind::ScaledObject => Some(own.autoscaling.labels()),
            Kind::PodDisruptionBudget => own.disruption.as_ref().map(|one| &one.labels),
            Kind::ServiceAccount => own.service_account.as_ref().map(|one| &one.labels),
            _ => None,
        };
        all.extend(
            more.into_iter()
                .flatten()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        all
    }
}

pub(super) fn share(share: Share) -> Value {
    match share {
        Share::Pods(count) => json!(count),
        Share::Percent(percent) => json!(format!("{percent}%")),
    }
}

pub(super) fn transport(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
    }
}

pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}
