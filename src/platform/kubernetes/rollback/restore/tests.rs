//! What a remedy leaves alone, what it takes away, and that the number of pods never falls.

use serde_json::json;

use super::*;
use crate::platform::kubernetes::MANAGER;

fn object(kind: Kind, replicas: Option<u32>) -> Object {
    let mut manifest = json!({ "metadata": { "name": "api" }, "spec": {} });
    if let Some(replicas) = replicas {
        manifest["spec"]["replicas"] = replicas.into();
    }
    Object {
        place: None,
        id: Id {
            kind,
            name: "api".into(),
        },
        manifest,
    }
}

/// A Deployment with so many pods, the number owned by these.
fn live(replicas: u32, owners: &[(&str, &str)]) -> Value {
    let entries: Vec<Value> = owners
        .iter()
        .map(|(manager, subresource)| {
            let operation = if subresource.is_empty() {
                "Apply"
            } else {
                "Update"
            };
            json!({
                "manager": manager, "operation": operation, "subresource": subresource,
                "fieldsV1": { "f:spec": { "f:replicas": {} } },
            })
        })
        .collect();
    json!({ "metadata": { "managedFields": entries }, "spec": { "replicas": replicas } })
}

#[test]
fn only_what_the_deployment_added_is_taken_away() {
    let (service, ingress) = (object(Kind::Service, None), object(Kind::Ingress, None));
    let (pods, scaler) = (
        object(Kind::Deployment, None),
        object(Kind::HorizontalPodAutoscaler, None),
    );
    let sets = Sets {
        asked: vec![
            object(Kind::Namespace, None),
            service.clone(),
            ingress.clone(),
            pods.clone(),
            scaler.clone(),
        ],
        captured: vec![service.clone(), pods.clone()],
    };
    let kinds = |wanted: &[Object]| -> Vec<Kind> {
        let added = added(&sets, wanted);
        added.iter().map(|object| object.id.kind).collect()
    };
    // In the order in which nothing is left to serve nobody: from the last to the first.
    assert_eq!(
        kinds(&[service.clone(), pods.clone()]),
        [Kind::HorizontalPodAutoscaler, Kind::Ingress]
    );
    // An older revision that had the Ingress gets it back.
    assert_eq!(kinds(&[service, ingress, pods, scaler]), []);
}

#[test]
fn a_number_that_is_scaled_is_not_brought_back() {
    let fixed = object(Kind::Deployment, Some(3));
    let scaler = object(Kind::HorizontalPodAutoscaler, None);
    let by_us = live(7, &[(MANAGER, "")]);
    let by_a_scaler = live(7, &[("kube-controller-manager", "scale")]);
    let said = |live: &Value, wanted: &[Object]| {
        let object = without_count(&fixed, live, wanted);
        object.manifest["spec"]["replicas"].as_u64()
    };
    assert_eq!(said(&by_us, &[]), Some(3));
    assert_eq!(said(&by_a_scaler, &[]), None);
    assert_eq!(said(&by_us, &[scaler]), None);
}

#[test]
fn a_number_that_only_we_own_is_handed_over_before_it_is_given_up() {
    let (said, unsaid) = (
        object(Kind::Deployment, Some(3)),
        object(Kind::Deployment, None),
    );
    let apart = (REPLICAS_MANAGER, "");
    let table = [
        (&unsaid, live(7, &[(MANAGER, "")]), Some(7)),
        (
            &unsaid,
            live(7, &[(MANAGER, ""), ("kubectl", "scale")]),
            None,
        ),
        (&unsaid, live(7, &[("kubectl", "scale")]), None),
        // Our other manager would object to the former number.
        (&said, live(5, &[(MANAGER, ""), apart]), Some(3)),
        (&said, live(3, &[(MANAGER, ""), apart]), None),
        // Whoever else set it is told of, and not overruled.
        (&said, live(5, &[(MANAGER, ""), ("kubectl", "scale")]), None),
        (&said, live(5, &[(MANAGER, "")]), None),
    ];
    for (object, live, number) in table {
        assert_eq!(given_apart(object, &live), number, "{live}");
    }
}
