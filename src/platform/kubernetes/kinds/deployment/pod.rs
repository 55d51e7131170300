//! The pods: the template of the Deployment.

use std::time::Duration;

use serde_json::{Value, json};

use super::container::{Part, container};
use super::order::{Early, Order};
use super::volumes;
use crate::platform::kubernetes::kinds::render::{Maker, pod_labels, seconds};
use crate::spec::{Architecture, KubeService};

/// How long a container has to end when it says nothing else (Kubernetes API reference, `PodSpec`).
const GRACE: Duration = Duration::from_secs(30);

impl Maker<'_> {
    pub(super) fn pod(&self, order: &Order<'_>) -> Value {
        let service = self.service;
        let kubernetes = &service.own;
        let mut metadata = json!({ "labels": pod_labels(service) });
        if !kubernetes.pod_annotations.is_empty() {
            metadata["annotations"] = json!(kubernetes.pod_annotations);
        }
        let together = order.together.iter();
        let together = together.map(|one| container(service, one, Part::of(service, one)));
        let mut spec = json!({
            "terminationGracePeriodSeconds": seconds(grace(service)),
            "containers": together.collect::<Vec<_>>(),
        });
        if !order.early.is_empty() {
            let early = order.early.iter().map(|(one, how)| {
                let part = match how {
                    Early::Task => Part::Task,
                    Early::Beside { healthy } => Part::Early { healthy: *healthy },
                };
                container(service, one, part)
            });
            spec["initContainers"] = json!(early.collect::<Vec<_>>());
        }
        if let Some(account) = &kubernetes.service_account {
            spec["serviceAccountName"] = json!(account.name.as_str());
        }
        for (key, value) in &kubernetes.pod {
            spec[key] = value.clone();
        }
        if let Some(architecture) = kubernetes.architecture {
            let word = match architecture {
                Architecture::X86_64 => "amd64",
                Architecture::Arm64 => "arm64",
            };
            spec["nodeSelector"]["kubernetes.io/arch"] = json!(word);
        }
        let volumes = volumes::volumes(service);
        if !volumes.is_empty() {
            spec["volumes"] = json!(volumes);
        }
        if kubernetes.spread {
            spec["topologySpreadConstraints"] = self.spread();
        }
        json!({ "metadata": metadata, "spec": spec })
    }

    /// Over zones, then over nodes, as far as they can be; each revision by itself, since during a
    /// rollout the pods that are to go would push the new ones together (Kubernetes documentation, pod
    /// topology spread constraints).
    fn spread(&self) -> Value {
        let over = |topology: &str| {
            json!({
                "topologyKey": topology,
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": { "matchLabels": self.selector() },
                "matchLabelKeys": [self.service.own.kind.told_apart_by()],
            })
        };
        json!([
            over("topology.kubernetes.io/zone"),
            over("kubernetes.io/hostname")
        ])
    }
}

/// All containers of a pod end together: it has as long as the slowest, after it was drained.
fn grace(service: &KubeService) -> Duration {
    let each = service.containers.iter();
    let longest = each.map(|one| one.stop_timeout.unwrap_or(GRACE)).max();
    service.own.drain + longest.unwrap_or(GRACE)
}
