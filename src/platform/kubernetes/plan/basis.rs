//! The facts that a plan rests on, from what is there. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::Basis;
use super::observe::Observed;
use super::replicas;
use crate::platform::digest::digest;
use crate::platform::kubernetes::fields::{Fields, Path};
use crate::platform::kubernetes::kinds::Id;

impl Basis {
    /// Of what is there.
    pub(crate) fn of(observed: &Observed, namespace: &str, name: &str) -> Self {
        let there = observed.deployment(name);
        let autoscaled = |id: &Id| id.kind.scales();
        let counted = !observed.objects.keys().any(autoscaled)
            && observed.scaler.is_none()
            && !there.is_some_and(replicas::is_scaled);
        let uid = there.and_then(|there| there.pointer("/metadata/uid")?.as_str());
        Self {
            cluster: observed.cluster.clone(),
            kind: observed.kind,
            namespace: namespace.to_owned(),
            service: name.to_owned(),
            uid: uid.map(str::to_owned),
            deployment: there
                .map(|there| compared(there).without(|path| !counted && *path == replicas::path()))
                .map(|fields| fields.digest())
                .unwrap_or_default(),
            others: others(&observed.objects, &observed.kind.named(name)),
        }
    }
}

fn others(objects: &BTreeMap<Id, Value>, own: &Id) -> String {
    let words: Vec<String> = objects
        .iter()
        .filter(|(id, _)| *id != own)
        .flat_map(|(id, object)| {
            // How many pods something has that is about to go, or to make way, is nobody's concern.
            let scaled = id.kind.runs_pods() || id.kind.is_carried();
            let count = |path: &Path| scaled && *path == replicas::path();
            let compared = compared(object).without(count);
            [id.to_string(), compared.digest()]
        })
        .collect();
    digest(words.iter().map(String::as_str))
}

/// All but what controllers write: their notes are annotations.
fn compared(object: &Value) -> Fields {
    let notes = Path::of(&["metadata", "annotations"]);
    Fields::of(object).without(|path| path.is_under(&notes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::WorkloadKind;

    fn observed(replicas: u32, manager: &str, image: &str) -> Observed {
        let deployment_object = json!({
            "metadata": {
                "uid": "u", "resourceVersion": "9", "annotations": {"deployment.kubernetes.io/revision": "3"},
                "managedFields": [{
                    "manager": manager, "operation": "Update", "subresource": "scale",
                    "fieldsV1": {"f:spec": {"f:replicas": {}}},
                }],
            },
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "api", "image": image}]}}},
            "status": {"replicas": replicas},
        });
        Observed {
            objects: BTreeMap::from([(WorkloadKind::Deployment.named("api"), deployment_object)]),
            ..Observed::default()
        }
    }

    fn basis(observed: &Observed) -> Basis {
        Basis::of(observed, "production", "api")
    }

    #[test]
    fn an_autoscaled_count_is_no_fact_and_a_persons_is_one() {
        let (hpa, person) = ("kube-controller-manager", "kubectl");
        assert_eq!(basis(&observed(2, hpa, "a")), basis(&observed(7, hpa, "a")));
        assert_ne!(
            basis(&observed(2, person, "a")),
            basis(&observed(7, person, "a"))
        );
        assert_ne!(basis(&observed(2, hpa, "a")), basis(&observed(2, hpa, "b")));
    }

    #[test]
    fn what_controllers_note_is_no_fact() {
        let before = observed(2, "kubectl", "a");
        let mut after = before.clone();
        let object = after
            .objects
            .get_mut(&WorkloadKind::Deployment.named("api"))
            .unwrap();
        object["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "4"});
        object["metadata"]["resourceVersion"] = "10".into();
        object["status"] = json!({"replicas": 1});
        assert_eq!(basis(&before), basis(&after));
    }
}
