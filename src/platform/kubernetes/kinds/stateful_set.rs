//! The `StatefulSet`: pods with names and volumes of their own.

use serde_json::{Map, Value, json};

use super::deployment::{EFFECTS, LEFT_OUT};
use super::render::{Maker, share};
use super::workload::{Workload, on_delete};
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::wave::Wave;
use crate::spec::{Claim, KubeStrategy, PodManagement, Share, WorkloadKind};

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    keeps_selector: true,
    // Kubernetes API reference: "updates to statefulset spec for fields other than …" are forbidden.
    kept: &[
        (&["spec", "volumeClaimTemplates"], "claims"),
        (&["spec", "serviceName"], "service_name"),
        (&["spec", "podManagementPolicy"], "pod_management"),
    ],
    wave: Wave::Pods,
    effects: EFFECTS,
    // Kubernetes API reference, `StatefulSetSpec` and `PersistentVolumeClaim`.
    defaults: &[
        ("apiVersion", "v1"),
        ("kind", "PersistentVolumeClaim"),
        ("phase", "Pending"),
        ("podManagementPolicy", "OrderedReady"),
        ("volumeMode", "Filesystem"),
        ("whenDeleted", "Retain"),
        ("whenScaled", "Retain"),
    ],
    left_out: LEFT_OUT,
    ..Facts::of("apps", "v1", "statefulsets", |maker| {
        Vec::from_iter(maker.stateful_set())
    })
};

pub(super) static WORKLOAD: Workload = Workload {
    desired: ("/spec/replicas", 1),
    updated: "/status/updatedReplicas",
    replicas: "/status/replicas",
    available: "/status/availableReplicas",
    held: |live, desired| {
        let partition = live.pointer("/spec/updateStrategy/rollingUpdate/partition");
        let partition = partition.and_then(Value::as_u64).unwrap_or(0);
        let partition = u32::try_from(partition).unwrap_or(u32::MAX);
        if on_delete(live) {
            desired
        } else {
            partition.min(desired)
        }
    },
    settled: Some(|live| {
        let revision = |name: &str| live.pointer(&format!("/status/{name}"));
        let update = revision("updateRevision");
        update.is_some() && update == revision("currentRevision")
    }),
    sets: ("ControllerRevision", "controllerrevisions"),
};

/// The strategy that replaces no pod by itself.
pub(super) fn replaced_by_hand() -> Value {
    json!({ "type": "OnDelete" })
}

impl Maker<'_> {
    fn stateful_set(&self) -> Option<Object> {
        let own = &self.service.own;
        if own.kind != WorkloadKind::StatefulSet {
            return None;
        }
        let stateful = &own.stateful;
        let mut spec = self.workload();
        spec["updateStrategy"] = self.stateful_strategy();
        if let Some(name) = &stateful.service_name {
            spec["serviceName"] = json!(name);
        }
        if stateful.management == PodManagement::Parallel {
            spec["podManagementPolicy"] = json!("Parallel");
        }
        if !stateful.claims.is_empty() {
            let claims = stateful.claims.iter();
            let claims = claims.map(|(name, one)| claim(name, one));
            spec["volumeClaimTemplates"] = claims.collect();
        }
        if let Some((deleted, scaled)) = stateful.retention {
            spec["persistentVolumeClaimRetentionPolicy"] =
                json!({ "whenDeleted": deleted.as_str(), "whenScaled": scaled.as_str() });
        }
        Some(self.running(Kind::StatefulSet, spec))
    }

    fn stateful_strategy(&self) -> Value {
        let own = &self.service.own;
        if own.strategy == KubeStrategy::OnDelete {
            return replaced_by_hand();
        }
        let mut rolling = json!({ "partition": own.stateful.partition });
        // Only newer clusters know it.
        if own.max_unavailable != Share::Pods(1) {
            rolling["maxUnavailable"] = share(own.max_unavailable);
        }
        json!({ "type": "RollingUpdate", "rollingUpdate": rolling })
    }
}

fn claim(name: &str, claim: &Claim) -> Value {
    let mut metadata = json!({ "name": name });
    for (key, marks) in [
        ("labels", &claim.labels),
        ("annotations", &claim.annotations),
    ] {
        if !marks.is_empty() {
            metadata[key] = json!(marks);
        }
    }
    let modes: Vec<&str> = claim.access.iter().map(|mode| mode.as_str()).collect();
    let size = super::deployment::amount_of(claim.size);
    let mut spec = Map::new();
    spec.insert("accessModes".into(), json!(modes));
    spec.insert(
        "resources".into(),
        json!({ "requests": { "storage": size } }),
    );
    if let Some(class) = &claim.storage_class {
        spec.insert("storageClassName".into(), json!(class.as_str()));
    }
    json!({ "metadata": metadata, "spec": spec })
}
