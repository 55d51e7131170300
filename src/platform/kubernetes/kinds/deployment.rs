//! The Deployment: the pods themselves.

pub(crate) mod account;
mod container;
mod order;
mod pod;
mod volumes;

use serde_json::{Value, json};

use self::order::Order;
use super::render::{Maker, seconds, share};
use super::{Facts, Kind};
use crate::plan::{Effect, Note};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::wave::Wave;
use crate::spec::{KubeService, Strategy};

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    keeps_selector: true,
    wave: Wave::Pods,
    // A pod's template is never changed in place: any change of it makes new pods (Kubernetes
    // documentation, Deployments).
    effects: &[
        (&["spec", "template"], Effect::Restarts),
        (&["spec", "replicas"], Effect::Scales),
    ],
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
    left_out: &[
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
    ],
    ..Facts::of("apps", "v1", "deployments", |maker| {
        vec![maker.deployment()]
    })
};

impl Maker<'_> {
    fn deployment(&self) -> Object {
        let kubernetes = &self.service.own;
        let mut spec = json!({
            "selector": { "matchLabels": self.selector() },
            "minReadySeconds": seconds(kubernetes.min_ready),
            "progressDeadlineSeconds": seconds(self.service.rollout.policy.deadline),
            "revisionHistoryLimit": kubernetes.revision_history,
            "strategy": self.strategy(),
            "template": self.pod(&Order::of(&self.service.containers)),
        });
        if self.service.scaling.is_none() && !self.service.counted_by_others {
            spec["replicas"] = json!(self.service.replicas);
        }
        let annotations = kubernetes.labels.annotations.clone();
        self.object(Kind::Deployment, self.name(), annotations, Some(spec))
    }

    fn strategy(&self) -> Value {
        let own = &self.service.own;
        match own.strategy {
            Strategy::Recreate => json!({ "type": "Recreate" }),
            Strategy::Rolling => json!({
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
