//! The Deployment: the pods themselves.

pub(crate) mod account;
mod container;
mod order;
mod pod;
mod volumes;

use serde_json::{Value, json};

use self::order::Order;
use super::render::{Maker, seconds, share};
use super::workload::Workload;
use super::{Facts, Kind};
use crate::plan::{Effect, Note};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::wave::Wave;
use crate::spec::{KubeService, KubeStrategy, Resources, WorkloadKind};

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    keeps_selector: true,
    wave: Wave::Pods,
    effects: EFFECTS,
    // Kubernetes API reference, "Defaults to …" of each field.
    defaults: &[
        ("defaultMode", "420"),
        ("dnsPolicy", "ClusterFirst"),
        ("failureThreshold", "3"),
        ("imagePullPolicy", "Always"),
        ("imagePullPolicy", "IfNotPresent"),
        ("maxSurge", "25%"),
        ("maxUnavailable", "25%"),
        ("periodSeconds", "10"),
        ("progressDeadlineSeconds", "600"),
        ("protocol", "TCP"),
        ("resources", "{}"),
        ("restartPolicy", "Always"),
        ("revisionHistoryLimit", "10"),
        ("schedulerName", "default-scheduler"),
        ("scheme", "HTTP"),
        ("securityContext", "{}"),
        ("successThreshold", "1"),
        ("terminationGracePeriodSeconds", "30"),
        ("terminationMessagePath", "/dev/termination-log"),
        ("terminationMessagePolicy", "File"),
        ("timeoutSeconds", "1"),
        ("type", "RollingUpdate"),
    ],
    left_out: LEFT_OUT,
    ..Facts::of("apps", "v1", "deployments", |maker| {
        Vec::from_iter(maker.deployment())
    })
};

/// A pod's template is never changed in place: any change of it makes new pods (Kubernetes
/// documentation, Deployments).
pub(super) const EFFECTS: &[(&[&str], Effect)] = &[
    (&["spec", "template"], Effect::Restarts),
    (&["spec", "replicas"], Effect::Scales),
];

/// What is left out of a kind with pods when it says nothing.
pub(super) const LEFT_OUT: &[&str] = &[
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "initialDelaySeconds",
    "minReadySeconds",
    "paused",
    "readOnly",
    "stdin",
    "tty",
    "value",
];

pub(super) static WORKLOAD: Workload = Workload {
    // Absent means one (Kubernetes API reference, `DeploymentSpec`).
    desired: ("/spec/replicas", 1),
    updated: "/status/updatedReplicas",
    replicas: "/status/replicas",
    available: "/status/availableReplicas",
    held: |_, _| 0,
    settled: None,
    sets: ("ReplicaSet", "replicasets"),
};

/// An amount in MiB, as manifests have it.
pub(super) fn amount_of(mebibytes: u32) -> String {
    container::bytes(Resources::bytes(mebibytes))
}

impl Maker<'_> {
    fn deployment(&self) -> Option<Object> {
        if self.service.own.kind != WorkloadKind::Deployment {
            return None;
        }
        let mut spec = self.workload();
        let deadline = seconds(self.service.rollout.policy.deadline);
        spec["progressDeadlineSeconds"] = json!(deadline);
        spec["strategy"] = self.strategy();
        Some(self.running(Kind::Deployment, spec))
    }

    /// What every kind says that runs pods.
    pub(super) fn workload(&self) -> Value {
        let own = &self.service.own;
        let mut spec = json!({
            "selector": { "matchLabels": self.selector() },
            "minReadySeconds": seconds(own.min_ready),
            "revisionHistoryLimit": own.revision_history,
            "template": self.pod(&Order::of(&self.service.containers)),
        });
        let counts = own.kind != WorkloadKind::DaemonSet;
        if counts && self.service.scaling.is_none() && !self.service.counted_by_others {
            spec["replicas"] = json!(self.service.replicas);
        }
        spec
    }

    /// What runs the pods, which says this.
    pub(super) fn running(&self, kind: Kind, spec: Value) -> Object {
        let annotations = self.service.own.labels.annotations.clone();
        self.object(kind, self.name(), annotations, Some(spec))
    }

    fn strategy(&self) -> Value {
        let own = &self.service.own;
        match own.strategy {
            KubeStrategy::Recreate => json!({ "type": "Recreate" }),
            KubeStrategy::Rolling | KubeStrategy::OnDelete => json!({
                "type": "RollingUpdate",
                "rollingUpdate": {
                    "maxSurge": share(own.max_surge),
                    "maxUnavailable": share(own.max_unavailable),
                },
            }),
        }
    }
}

/// What of `depends_on` cannot be had on Kubernetes.
pub(super) fn not_honoured(service: &KubeService) -> Vec<Note> {
    Order::of(&service.containers).notes
}
