//! `[service.NAME.kubernetes.patch]`: fields of the Kubernetes API that the file format has no word for.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::Value as Json;

use super::kube_json::misfits;
use super::{Misfit, Overlay, PatchTree, Rules, patch, under};
use crate::spec::findings::Findings;
use crate::spec::nearest;
use crate::spec::problem::Problem;
use crate::spec::shape::{At, table};
use crate::spec::words::Placed;
use crate::spec::words::kubernetes::kind::WorkloadKind;
use crate::spec::words::tags::{MANAGED_BY, is_ours};

table! {
    /// What the Kubernetes API knows and the file format has no word for.
    "[service.NAME.kubernetes.patch]" KubePatchTable {
        /// Laid over the Deployment, in the API's own spelling: lists merge by what names their entries,
        /// `false` takes away.
        deployment: PatchTree,
        /// Laid over the `StatefulSet`, where it is the `kind`.
        stateful_set: PatchTree,
        /// Laid over the `DaemonSet`, where it is the `kind`.
        daemon_set: PatchTree,
        /// Laid over the Service.
        service: PatchTree,
        /// Laid over the Ingress that `expose` asks for.
        ingress: PatchTree,
        /// Laid over the `HTTPRoute` that `gateway` asks for.
        route: PatchTree,
        /// Laid over the autoscaler (`HorizontalPodAutoscaler`) that `scaling` asks for.
        hpa: PatchTree,
        /// Laid over the `ScaledObject` that `keda` asks for.
        scaled_object: PatchTree,
        /// Laid over the `PodDisruptionBudget`.
        pdb: PatchTree,
        /// Laid over the service account that `service_account` names.
        service_account: PatchTree,
        /// Laid over the `NetworkPolicy` that `network_policy` asks for.
        network_policy: PatchTree,
    }
}

/// What is laid over the objects of a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct KubePatch {
    /// Over what makes the pods.
    pub(crate) workload: Overlay,
    pub(crate) service: Overlay,
    pub(crate) ingress: Overlay,
    pub(crate) route: Overlay,
    pub(crate) hpa: Overlay,
    pub(crate) scaled_object: Overlay,
    pub(crate) pdb: Overlay,
    pub(crate) service_account: Overlay,
    pub(crate) network_policy: Overlay,
}

/// Which of the objects there are, of those that a service may do without; and what asks for each.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one object that is there or not"
)]
pub(in crate::spec) struct Made {
    pub(in crate::spec) service: bool,
    pub(in crate::spec) ingress: bool,
    pub(in crate::spec) route: bool,
    pub(in crate::spec) hpa: bool,
    pub(in crate::spec) scaled_object: bool,
    pub(in crate::spec) pdb: bool,
    pub(in crate::spec) service_account: bool,
    pub(in crate::spec) network_policy: bool,
    /// What makes the pods.
    pub(in crate::spec) kind: WorkloadKind,
}

impl Made {
    /// What asks for an autoscaler: beside KEDA, which makes its own, `scaling` does not.
    fn asks_for_hpa(&self) -> &'static str {
        if self.scaled_object {
            "autoscaler"
        } else {
            "scaling"
        }
    }
}

type Kept = &'static [(&'static str, &'static str)];

/// Fields of every object that are not said in this way, and why.
const OF_ALL: Kept = &[
    ("apiVersion", "it follows from what the object is"),
    ("kind", "it follows from what the object is"),
    ("metadata.name", "the words of the file say it"),
    (
        "metadata.namespace",
        "`namespace` in the target's file says it",
    ),
    ("status", "the cluster says it"),
];

const SELECTOR: &str = "`kubernetes.selector` says it";

/// Those of what makes the pods: a verdict or a plan rests on them.
const OF_WORKLOAD: Kept = &[
    ("spec.selector", SELECTOR),
    ("spec.replicas", "`replicas` and `scaling` say it"),
    (
        "spec.paused",
        "a Deployment that is paused rolls nothing out",
    ),
    ("spec.progressDeadlineSeconds", "`rollout.deadline` says it"),
    ("spec.minReadySeconds", "`kubernetes.min_ready` says it"),
    ("spec.template.spec.containers", "the service runs in them"),
    (LABELS[1], "they select the pods, and tell whose they are"),
    ("spec.updateStrategy", "`kubernetes.strategy` says it"),
    (
        "spec.podManagementPolicy",
        "`kubernetes.pod_management` says it",
    ),
    ("spec.volumeClaimTemplates", "`kubernetes.claims` says it"),
    ("spec.serviceName", "`kubernetes.service_name` says it"),
];

const OF_SERVICE: Kept = &[("spec.selector", SELECTOR)];

const OF_SCALER: Kept = &[("spec.scaleTargetRef", "it scales this service")];

const OF_PDB: Kept = &[("spec.selector", SELECTOR)];

const OF_POLICY: Kept = &[("spec.podSelector", SELECTOR)];

/// Where labels are, of an object and of its pods.
const LABELS: [&str; 2] = ["metadata.labels", "spec.template.metadata.labels"];

/// Fields whose tables are merged: only taking them away is refused.
const MERGED: [&str; 2] = ["spec.template.spec.containers", LABELS[1]];

/// Of the metadata, what people say.
const METADATA: [&str; 2] = ["annotations", "labels"];

/// Why what stands at a path may not be said.
fn refusal(
    path: &str,
    value: &Json,
    kept: Kept,
    selector: &BTreeMap<String, String>,
) -> Option<String> {
    let refused = |why: &str| Some(format!("`{path}` may not be patched: {why}"));
    let takes_away = value == &Json::Bool(false);
    let held = kept.iter().chain(OF_ALL).find(|(field, _)| {
        let within = field
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'));
        let is_it = *field == path && (takes_away || !MERGED.contains(field));
        is_it || (within && takes_away)
    });
    if let Some((_, why)) = held {
        return refused(why);
    }
    if let Some(field) = path.strip_prefix("metadata.")
        && !field.contains('.')
        && !METADATA.contains(&field)
    {
        return refused("of the metadata, `labels` and `annotations` are said here");
    }
    let keys = value.as_object().into_iter().flat_map(|table| table.keys());
    let mut keys = keys.map(String::as_str);
    let is_labels = LABELS.contains(&path);
    if (is_labels || path == "metadata.annotations")
        && let Some(key) = keys.find(|key| {
            is_ours(key) || is_labels && (*key == MANAGED_BY || selector.contains_key(*key))
        })
    {
        return Some(format!(
            "`{key}` may not be patched: it tells whose an object is, or selects its pods"
        ));
    }
    None
}

/// Why an entry of the containers is about none.
fn nameless(path: &str, entry: &Json, containers: &[Placed]) -> Option<String> {
    let (list, index) = path.strip_prefix("spec.template.spec.")?.split_once('.')?;
    let is_entry = ["containers", "initContainers"].contains(&list) && !index.contains('.');
    if !is_entry || !entry.is_object() {
        return None;
    }
    let Some(name) = entry.get("name").and_then(Json::as_str) else {
        return Some("it must say by `name` which container it is about".to_owned());
    };
    let names = || containers.iter().map(|placed| placed.name.as_str());
    if names().any(|known| known == name) || entry.get("image").is_some() {
        return None;
    }
    let instead = nearest::hint(name, names());
    let instead = instead.unwrap_or_else(|| "another one needs an `image`".to_owned());
    Some(format!("there is no container `{name}`; {instead}"))
}

/// Of a kind whose types are the cluster's own: none of its fields is a switch, so that `false` takes away.
fn untyped(value: &Json) -> Vec<Misfit> {
    fn below(value: &Json, path: &str, found: &mut Vec<Misfit>) {
        match value {
            Json::Bool(false) => found.push(Misfit::Type {
                path: path.to_owned(),
                wanted: "a table",
                is_false: true,
            }),
            Json::Object(members) => {
                for (key, value) in members {
                    below(value, &under(path, key), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    below(value, "", &mut found);
    found
}

/// What is laid over the objects of a service; what of it may not be or does not fit is told.
pub(in crate::spec) fn patches(
    raw: Option<At<KubePatchTable>>,
    made: &Made,
    (selector, containers): On<'_>,
    findings: &mut Findings,
) -> KubePatch {
    let Some(raw) = raw.map(|at| at.value) else {
        return KubePatch::default();
    };
    let mut reader = Reader {
        on: (selector, containers),
        findings,
    };
    let workload = reader.workload(
        [raw.deployment, raw.stateful_set, raw.daemon_set],
        made.kind,
    );
    let mut read = |at, check, kept, wanting| reader.read(at, check, kept, wanting);
    let unless = |made: bool, key: &'static str| (!made).then_some(key);
    KubePatch {
        workload,
        service: read(
            raw.service,
            misfits::<Service>,
            OF_SERVICE,
            unless(made.service, "port"),
        ),
        ingress: read(
            raw.ingress,
            misfits::<Ingress>,
            &[],
            unless(made.ingress, "expose"),
        ),
        route: read(raw.route, untyped, &[], unless(made.route, "gateway")),
        hpa: read(
            raw.hpa,
            misfits::<HorizontalPodAutoscaler>,
            OF_SCALER,
            unless(made.hpa, made.asks_for_hpa()),
        ),
        scaled_object: read(
            raw.scaled_object,
            untyped,
            OF_SCALER,
            unless(made.scaled_object, "keda"),
        ),
        pdb: read(
            raw.pdb,
            misfits::<PodDisruptionBudget>,
            OF_PDB,
            unless(made.pdb, "disruption"),
        ),
        service_account: read(
            raw.service_account,
            misfits::<ServiceAccount>,
            &[],
            unless(made.service_account, "service_account"),
        ),
        network_policy: read(
            raw.network_policy,
            misfits::<NetworkPolicy>,
            OF_POLICY,
            unless(made.network_policy, "network_policy"),
        ),
    }
}

/// What of a tree does not fit the types of the API.
type Check = fn(&Json) -> Vec<Misfit>;

/// The labels that select the pods, and their containers.
type On<'a> = (&'a BTreeMap<String, String>, &'a [Placed]);

/// What all patches of a service are read with.
struct Reader<'a> {
    on: On<'a>,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    /// One patch; `wanting`: what asks for the object that it would be laid over, and is not there.
    fn read(
        &mut self,
        at: Option<At<PatchTree>>,
        check: Check,
        kept: Kept,
        wanting: Option<&str>,
    ) -> Overlay {
        if let (Some(at), Some(key)) = (&at, wanting) {
            let problem = Problem::new("missing-key", format!("`{key}` is missing"));
            let label = "there is nothing to lay it over";
            self.findings.problem(problem.at(at.head).label(label));
        }
        let (selector, containers) = self.on;
        let forbidden = |path: &str, value: &Json| {
            refusal(path, value, kept, selector).or_else(|| nameless(path, value, containers))
        };
        let rules = Rules {
            check,
            forbidden: &forbidden,
        };
        patch(at, &rules, self.findings)
    }

    /// What is laid over what makes the pods, in the order of the kinds: there is but the one of this kind.
    fn workload(&mut self, raw: [Option<At<PatchTree>>; 3], kind: WorkloadKind) -> Overlay {
        let kinds: [(WorkloadKind, Check); 3] = [
            (WorkloadKind::Deployment, misfits::<Deployment>),
            (WorkloadKind::StatefulSet, misfits::<StatefulSet>),
            (WorkloadKind::DaemonSet, misfits::<DaemonSet>),
        ];
        let mut found = Overlay::default();
        for (at, (own, check)) in raw.into_iter().zip(kinds) {
            let wanting = (own != kind).then(|| format!("kind = \"{}\"", own.as_str()));
            let read = self.read(at, check, OF_WORKLOAD, wanting.as_deref());
            if own == kind {
                found = read;
            }
        }
        found
    }
}
