use super::*;

fn fields() -> Value {
    json!({
        "f:metadata": {"f:labels": {".": {}, "f:deployer/project": {}}},
        "f:spec": {
            "f:template": {"f:spec": {"f:containers": {
                "k:{\"name\":\"api\"}": {
                    ".": {}, "f:image": {}, "f:envFrom": {},
                    "f:ports": {"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                },
            }}},
            "f:topologySpreadConstraints": {
                "k:{\"topologyKey\":\"zone\",\"whenUnsatisfiable\":\"ScheduleAnyway\"}": {".": {}, "f:maxSkew": {}},
            },
        },
    })
}

fn object(entries: &[Value]) -> Value {
    json!({"metadata": {"managedFields": entries}})
}

fn managed(manager: &str, operation: &str, subresource: &str, fields: &Value) -> Value {
    let mut entry = json!({
        "manager": manager, "operation": operation, "apiVersion": "apps/v1",
        "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields,
    });
    if !subresource.is_empty() {
        entry["subresource"] = subresource.into();
    }
    entry
}

#[test]
fn owned_paths_are_those_that_objects_have() {
    let owned = Owned::from_fields(&fields());
    let container = Path::of(&["spec", "template", "spec", "containers"]).item("api".into());
    let constraint =
        Path::of(&["spec", "topologySpreadConstraints"]).item("zone/ScheduleAnyway".into());
    for path in [
        Path::of(&["metadata", "labels", "deployer/project"]),
        container.field("image"),
        // All of a list that is taken as a whole.
        container.field("envFrom").item("0".into()).field("prefix"),
        container
            .field("ports")
            .item("8080/TCP".into())
            .field("containerPort"),
        constraint.field("maxSkew"),
    ] {
        assert!(owned.covers(&path), "{path}");
    }
    for path in [
        Path::of(&["metadata", "labels", "app"]),
        container.field("imagePullPolicy"),
        constraint.field("labelSelector"),
        Path::of(&["spec"]),
    ] {
        assert!(!owned.covers(&path), "{path}");
    }
}

#[test]
fn only_what_we_apply_is_ours() {
    let all = entries(&object(&[
        managed("deployer", "Apply", "", &fields()),
        managed("deployer", "Update", "", &fields()),
        managed("deployer-replicas", "Apply", "", &fields()),
        managed("kubectl", "Update", "scale", &fields()),
    ]));
    let ours: Vec<bool> = all.iter().map(Entry::is_ours).collect();
    assert_eq!(ours, [true, false, false, false]);
    assert!(all[2].is_of_replicas() && !all[3].is_of_replicas());
}

#[test]
fn what_is_taken_over_is_ours_and_nobody_elses() {
    let object = object(&[
        managed(
            "deployer",
            "Apply",
            "",
            &json!({"f:spec": {"f:a": {}, "f:map": {"f:x": {}}}}),
        ),
        managed(
            "kubectl-client-side-apply",
            "Update",
            "",
            &json!({"f:spec": {"f:b": {}, "f:map": {".": {}, "f:y": {}}}}),
        ),
        managed(
            "kube-controller-manager",
            "Update",
            "status",
            &json!({"f:status": {}}),
        ),
    ]);
    let taken = taken_over(
        &object,
        |entry| entry.manager.starts_with("kubectl"),
        &Owned::default(),
    )
    .unwrap();
    let after = entries(&json!({"metadata": {"managedFields": taken}}));
    assert_eq!(after.len(), 2);
    let ours = owned_by(&after, Entry::is_ours);
    for path in [["spec", "a"], ["spec", "b"]] {
        assert!(ours.covers(&Path::of(&path)), "{path:?}");
    }
    for path in [["spec", "map", "x"], ["spec", "map", "y"]] {
        assert!(ours.covers(&Path::of(&path)), "{path:?}");
    }
    assert_eq!(after[0].manager, "kube-controller-manager");
}

#[test]
fn nothing_to_take_over_is_none() {
    let object = object(&[managed("deployer", "Apply", "", &fields())]);
    let helms = |entry: &Entry| entry.manager == "helm";
    assert_eq!(taken_over(&object, helms, &Owned::default()), None);
}
