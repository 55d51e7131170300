//! The Horizontal Pod Autoscaler.

pub mod ambiguous;

use serde_json::{Value, json};

use super::render::{Maker, seconds};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Kind;

impl Maker<'_> {
    /// The cool-downs become the windows over which the autoscaler looks back before it follows the
    /// metric (Kubernetes documentation, Horizontal Pod Autoscaling, stabilization window).
    pub(super) fn autoscaler(&self) -> Option<Object> {
        let scaling = self.service.scaling.as_ref()?;
        let metrics: Vec<Value> = [("cpu", scaling.cpu), ("memory", scaling.memory)]
            .into_iter()
            .filter_map(|(resource, percent)| Some(self.metric(resource, percent?)))
            .collect();
        let spec = json!({
            "scaleTargetRef": {
                "apiVersion": Kind::Deployment.api_version(),
                "kind": Kind::Deployment.as_str(),
                "name": self.name(),
            },
            "minReplicas": scaling.min,
            "maxReplicas": scaling.max,
            "metrics": metrics,
            "behavior": {
                "scaleDown": { "stabilizationWindowSeconds": seconds(scaling.scale_in_cooldown) },
                "scaleUp": { "stabilizationWindowSeconds": seconds(scaling.scale_out_cooldown) },
            },
        });
        Some(self.plain(Kind::HorizontalPodAutoscaler, spec))
    }

    /// Of the whole pod; beside sidecars of the main container alone, since the metric of a pod is
    /// unknown as long as one of its containers reserves nothing (Kubernetes documentation, Horizontal
    /// Pod Autoscaling, container resource metrics).
    fn metric(&self, resource: &str, percent: f64) -> Value {
        let target = json!({ "type": "Utilization", "averageUtilization": whole(percent) });
        if self.service.containers.len() == 1 {
            return json!({ "type": "Resource", "resource": { "name": resource, "target": target } });
        }
        json!({
            "type": "ContainerResource",
            "containerResource": {
                "container": self.service.main().name.as_str(),
                "name": resource,
                "target": target,
            },
        })
    }
}

/// A share of a hundred that the reader of the files knows to be whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "above 0 and at most 100"
)]
fn whole(percent: f64) -> u32 {
    percent.round() as u32
}
