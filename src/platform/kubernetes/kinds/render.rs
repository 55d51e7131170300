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
use super::{Id, Kind, deployment};
use crate::names::{is_annotation_key, label_value};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::adopt::Owner;
use crate::platform::kubernetes::plan::advice;
use crate::platform::kubernetes::{MANAGER, key};
use crate::platform::owner::Tenant;
use crate::spec::{KubePlace, KubeService, Protocol, Share};

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
    let mut on_rollout = deployment::not_honoured(service);
    on_rollout.extend(advice::on_rollout(service));
    Desired {
        objects: objects.flatten().collect(),
        replicas: service.replicas,
        scaled: service.scaling.is_some() || service.counted_by_others,
        needs_secrets,
        sensitive: sensitive(service),
        on_rollout,
        notes: advice::notes(service),
    }
}

/// The labels of every object of a service: whose it is, and the one that selects its pods.
pub(crate) fn labels(service: &KubeService, project: &str) -> BTreeMap<&'static str, String> {
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
pub(super) struct Maker<'a> {
    pub(super) service: &'a KubeService,
    pub(super) setting: &'a Setting<'a>,
}

impl Maker<'_> {
    pub(super) fn name(&self) -> String {
        self.service.own.name.to_string()
    }

    pub(super) fn selector(&self) -> Value {
        json!({ "app": self.name() })
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

    pub(super) fn plain(&self, kind: Kind, spec: Value) -> Object {
        self.object(kind, self.name(), BTreeMap::new(), Some(spec))
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
