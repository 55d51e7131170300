//! The `DaemonSet`: a pod on each node.

use serde_json::{Value, json};

use super::deployment::{EFFECTS, LEFT_OUT};
use super::render::{Maker, share};
use super::stateful_set::replaced_by_hand;
use super::workload::{Workload, on_delete};
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::plan::wave::Wave;
use crate::spec::{KubeStrategy, WorkloadKind};

pub(super) static FACTS: Facts = Facts {
    is_named: true,
    keeps_selector: true,
    wave: Wave::Pods,
    effects: EFFECTS,
    left_out: LEFT_OUT,
    ..Facts::of("apps", "v1", "daemonsets", |maker| {
        Vec::from_iter(maker.daemon_set())
    })
};

pub(super) static WORKLOAD: Workload = Workload {
    desired: ("/status/desiredNumberScheduled", 0),
    updated: "/status/updatedNumberScheduled",
    replicas: "/status/currentNumberScheduled",
    available: "/status/numberAvailable",
    held: |live, desired| if on_delete(live) { desired } else { 0 },
    settled: None,
    sets: ("ControllerRevision", "controllerrevisions"),
};

impl Maker<'_> {
    fn daemon_set(&self) -> Option<Object> {
        let own = &self.service.own;
        if own.kind != WorkloadKind::DaemonSet {
            return None;
        }
        let mut spec = self.workload();
        spec["updateStrategy"] = self.daemon_strategy();
        Some(self.running(Kind::DaemonSet, spec))
    }

    fn daemon_strategy(&self) -> Value {
        let own = &self.service.own;
        match own.strategy {
            KubeStrategy::OnDelete => replaced_by_hand(),
            KubeStrategy::Rolling | KubeStrategy::Recreate => json!({
                "type": "RollingUpdate",
                "rollingUpdate": {
                    "maxSurge": share(own.max_surge),
                    "maxUnavailable": share(own.max_unavailable),
                },
            }),
        }
    }
}
