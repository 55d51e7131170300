//! What the API fills in, says by newer names, or makes nothing of. Pure.

use serde_json::{Value, json};

use super::family::{Family, kind};

impl Family {
    /// Says what older versions of the API filled in, and by their newer names what has two; takes away
    /// what the API makes nothing of: pods are named by what makes them.
    pub(super) fn filled(&mut self) {
        let labels = self.deployment.pointer("/spec/template/metadata/labels");
        let labels = labels.cloned().filter(|_| {
            let selector = self.deployment.pointer("/spec/selector");
            selector.is_none_or(Value::is_null)
        });
        if let (Some(labels), Some(spec)) = (labels, self.deployment.get_mut("spec")) {
            spec["selector"] = json!({ "matchLabels": labels });
        }
        let claims = self.deployment.pointer("/spec/volumeClaimTemplates");
        let claims = claims.and_then(Value::as_array).map_or(0, Vec::len);
        let claims =
            (0..claims).map(|index| format!("/spec/volumeClaimTemplates/{index}/metadata"));
        for pointer in claims {
            if let Some(Value::Object(metadata)) = self.deployment.pointer_mut(&pointer) {
                metadata.remove("namespace");
            }
        }
        let template = self.deployment.pointer_mut("/spec/template/metadata");
        if let Some(Value::Object(metadata)) = template {
            metadata.retain(|key, _| matches!(key.as_str(), "labels" | "annotations"));
        }
        let pod = self.deployment.pointer_mut("/spec/template/spec");
        if let Some(pod) = pod.and_then(Value::as_object_mut)
            && let Some(account) = pod.remove("serviceAccount")
        {
            pod.entry("serviceAccountName").or_insert(account);
        }
    }

    /// What an older version of an API says in other words, and what a `DaemonSet` does where nothing is
    /// said: that depends on what else is.
    pub(super) fn modern(&mut self) {
        let strategy = self.deployment.pointer("/spec/updateStrategy/type");
        let by_hand = strategy.is_some_and(|strategy| strategy == "OnDelete");
        if kind(&self.deployment) == "DaemonSet" && !by_hand {
            let said = &mut self.deployment["spec"]["updateStrategy"]["rollingUpdate"];
            for (key, usual) in [("maxSurge", 0), ("maxUnavailable", 1)] {
                if said.get(key).is_none() {
                    said[key] = json!(usual);
                }
            }
        }
        let Some(spec) = self
            .scaler
            .as_mut()
            .and_then(|scaler| scaler.get_mut("spec"))
        else {
            return;
        };
        let old = spec
            .as_object_mut()
            .and_then(|spec| spec.remove("targetCPUUtilizationPercentage"));
        if let Some(percent) = old {
            let target = json!({ "type": "Utilization", "averageUtilization": percent });
            spec["metrics"] =
                json!([{ "type": "Resource", "resource": { "name": "cpu", "target": target } }]);
        }
    }
}
