//! What is there before the first write, as a set that can be applied again: of each object the
//! fields that are ours, or are about to be. Pure.

use serde_json::{Map, Value, json};

use super::compare::Ownership;
use super::shown::LAST_APPLIED;
use super::{Fields, Path, Step, compared_keys, item_key, key_members};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Id;

/// The part of `live` that we own, or that `wanted` has a word about. `None`: none of it is.
pub(crate) fn capture(
    id: &Id,
    live: &Value,
    wanted: Option<&Fields>,
    ownership: &Ownership,
) -> Option<Object> {
    let keep = |path: &Path| {
        let said = wanted.is_some_and(|wanted| {
            wanted.has_any_under(path) || path.upwards().any(|up| wanted.get(&up).is_some())
        });
        let theirs = path.steps().last() == Some(&Step::Field(LAST_APPLIED.to_owned()));
        (said || ownership.ours.covers(path)) && !theirs
    };
    let kept = part(&Path::default(), &ours_to_say(live), &keep)?;
    let Value::Object(mut manifest) = kept else {
        return None;
    };
    let metadata = manifest
        .entry("metadata")
        .or_insert_with(|| json!({}))
        .as_object_mut()?;
    metadata.insert("name".into(), id.name.clone().into());
    manifest.insert("apiVersion".into(), id.kind.api_version().into());
    manifest.insert("kind".into(), id.kind.as_str().into());
    Some(Object {
        id: id.clone(),
        manifest: Value::Object(manifest),
        place: None,
    })
}

/// What anybody but the API server may say of an object.
fn ours_to_say(live: &Value) -> Value {
    let mut object = Map::new();
    for (name, value) in live.as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "apiVersion" | "kind" | "status" | "metadata") {
            object.insert(name.clone(), value.clone());
        }
    }
    let metadata: Map<String, Value> = ["labels", "annotations"]
        .into_iter()
        .filter_map(|part| Some((part.to_owned(), live.get("metadata")?.get(part)?.clone())))
        .collect();
    if !metadata.is_empty() {
        object.insert("metadata".into(), Value::Object(metadata));
    }
    Value::Object(object)
}

fn part(path: &Path, value: &Value, keep: &impl Fn(&Path) -> bool) -> Option<Value> {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let kept: Map<String, Value> = members
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.clone(), part(&path.field(name), value, keep)?))
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            list(path, items, keep).map(Value::Array)
        }
        _ => keep(path).then(|| value.clone()),
    }
}

/// Of a list that is merged by key the items that we have a part in, with their keys; any other
/// list as a whole.
fn list(path: &Path, items: &[Value], keep: &impl Fn(&Path) -> bool) -> Option<Vec<Value>> {
    let name = path.last_field();
    let keyed: Option<Vec<(Path, &Map<String, Value>)>> = items
        .iter()
        .map(|item| Some((path.item(item_key(name, item)?), item.as_object()?)))
        .collect();
    let Some(keyed) = keyed else {
        let keys = compared_keys(name, items);
        let mut all = keys.into_iter().zip(items);
        let any = all.any(|(key, item)| part(&path.item(key), item, keep).is_some());
        return any.then(|| items.to_vec());
    };
    let kept: Vec<Value> = keyed
        .into_iter()
        .filter_map(|(path, item)| {
            let Value::Object(mut kept) = part(&path, &Value::Object(item.clone()), keep)? else {
                return None;
            };
            for key in key_members(name, item) {
                if let Some(value) = item.get(*key) {
                    kept.insert((*key).to_owned(), value.clone());
                }
            }
            Some(Value::Object(kept))
        })
        .collect();
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::kinds::Kind;

    fn live() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "api", "uid": "u", "resourceVersion": "7",
                "labels": {"app": "api", "team": "a"},
                "annotations": {"deployment.kubernetes.io/revision": "3", LAST_APPLIED: "{}"},
                "managedFields": [{
                    "manager": "deployer", "operation": "Apply",
                    "fieldsV1": {
                        "f:metadata": {
                            "f:labels": {"f:app": {}},
                            "f:annotations": {(format!("f:{LAST_APPLIED}")): {}},
                        },
                        "f:spec": {
                            "f:replicas": {}, "f:selector": {},
                            "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"api\"}": {
                                ".": {}, "f:name": {}, "f:image": {}, "f:envFrom": {},
                                "f:ports": {"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                            }}, "f:volumes": {"k:{\"name\":\"tmp\"}": {".": {}, "f:name": {}, "f:emptyDir": {}}}}},
                        },
                    },
                }],
            },
            "spec": {
                "replicas": 2, "progressDeadlineSeconds": 600,
                "selector": {"matchLabels": {"app": "api"}},
                "template": {"spec": {"dnsPolicy": "ClusterFirst",
                    "volumes": [{"name": "tmp", "emptyDir": {}}],
                    "containers": [
                    {
                        "name": "api", "image": "shop/api:v1", "imagePullPolicy": "IfNotPresent",
                        "envFrom": [{"prefix": "X_", "secretRef": {"name": "s"}}],
                        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                    },
                    {"name": "mesh", "image": "mesh:1"},
                ]}},
            },
            "status": {"replicas": 2},
        })
    }

    fn id() -> Id {
        Id {
            kind: Kind::Deployment,
            name: "api".into(),
        }
    }

    #[test]
    fn what_is_ours_is_captured_and_nothing_else() {
        let live = live();
        let ownership = Ownership::of(&live, |_| false);
        let captured = capture(&id(), &live, None, &ownership).unwrap();
        assert_eq!(
            captured.manifest,
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "api", "labels": {"app": "api"}},
                "spec": {
                    "replicas": 2,
                    "selector": {"matchLabels": {"app": "api"}},
                    "template": {"spec": {
                        "volumes": [{"name": "tmp", "emptyDir": {}}],
                        "containers": [{
                        "name": "api", "image": "shop/api:v1",
                        "envFrom": [{"prefix": "X_", "secretRef": {"name": "s"}}],
                        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                    }]}},
                },
            })
        );
    }

    #[test]
    fn what_is_about_to_be_ours_is_captured_too() {
        let live = live();
        let wanted = Fields::of(&json!({"spec": {
            "progressDeadlineSeconds": 300, "minReadySeconds": 5,
            "template": {"spec": {"containers": [{"name": "mesh", "image": "mesh:2"}]}},
        }}));
        let captured = capture(&id(), &live, Some(&wanted), &Ownership::default()).unwrap();
        assert_eq!(
            captured.manifest["spec"],
            json!({
                "progressDeadlineSeconds": 600,
                "template": {"spec": {"containers": [{"name": "mesh", "image": "mesh:1"}]}},
            })
        );
    }

    #[test]
    fn nothing_of_ours_is_nothing() {
        assert_eq!(capture(&id(), &live(), None, &Ownership::default()), None);
    }
}
