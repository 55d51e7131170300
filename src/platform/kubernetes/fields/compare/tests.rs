use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::platform::kubernetes::plan::tests::samples::applied;

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "labels": {"app": "api"}},
        "spec": {
            "minReadySeconds": 0,
            "replicas": 2,
            "selector": {"matchLabels": {"app": "api"}},
            "template": {
                "metadata": {"labels": {"app": "api"}},
                "spec": {
                    "volumes": [{"name": "tmp", "emptyDir": {}}],
                    "containers": [{
                        "name": "api", "image": "shop/api:v1", "args": ["a"],
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                        "envFrom": [{"secretRef": {"name": "api-secrets"}}],
                        "ports": [{"containerPort": 8080}],
                        "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}},
                    }],
                },
            },
        },
    })
}

fn compared(wanted: &Value, live: &Value) -> Vec<String> {
    let ownership = Ownership::of(live, |_| false);
    let show = |path: &Path, value: &Option<Value>| {
        value
            .as_ref()
            .map_or("-".to_owned(), |value| text(path, value))
    };
    differences(&Fields::of(wanted), &Fields::of(live), &ownership)
        .iter()
        .map(|one| {
            format!(
                "{}: {} -> {}",
                one.path,
                show(&one.path, &one.from),
                show(&one.path, &one.to)
            )
        })
        .collect()
}

#[test]
fn what_was_applied_does_not_differ() {
    assert_eq!(compared(&deployment(), &applied(&deployment())), [""; 0]);
}

#[test]
fn a_changed_field_differs_and_nothing_else() {
    let mut wanted = deployment();
    let container = &mut wanted["spec"]["template"]["spec"]["containers"][0];
    container["image"] = "shop/api:v2".into();
    container["resources"]["limits"] = json!({"cpu": "500m", "memory": "2Gi"});
    container["args"] = json!(["a", "b"]);
    assert_eq!(
        compared(&wanted, &applied(&deployment())),
        [
            "spec.template.spec.containers[api].args: [\"a\"] -> [\"a\",\"b\"]",
            "spec.template.spec.containers[api].image: shop/api:v1 -> shop/api:v2",
            "spec.template.spec.containers[api].resources.limits.memory: 1Gi -> 2Gi",
        ]
    );
}

#[test]
fn what_left_the_file_differs() {
    let mut wanted = deployment();
    let container = &mut wanted["spec"]["template"]["spec"]["containers"][0];
    container["env"] = json!([{"name": "B", "value": "2"}]);
    container.as_object_mut().unwrap().remove("envFrom");
    assert_eq!(
        compared(&wanted, &applied(&deployment())),
        [
            "spec.template.spec.containers[api].env[A].name: A -> -",
            "spec.template.spec.containers[api].env[A].value: 1 -> -",
            "spec.template.spec.containers[api].envFrom[0].secretRef.name: api-secrets -> -",
        ]
    );
}

#[test]
fn what_others_put_there_is_none_of_ours() {
    let mut live = applied(&deployment());
    live["metadata"]["annotations"] = json!({"team": "a"});
    live["spec"]["template"]["spec"]["nodeSelector"] = json!({"disk": "ssd"});
    assert_eq!(compared(&deployment(), &live), [""; 0]);
}

#[test]
fn what_others_own_too_stays_when_we_give_it_up() {
    let mut live = applied(&deployment());
    let others = json!({
        "manager": "team", "operation": "Apply",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
    });
    live["metadata"]["managedFields"]
        .as_array_mut()
        .unwrap()
        .push(others);
    let mut wanted = deployment();
    wanted["spec"].as_object_mut().unwrap().remove("replicas");
    assert_eq!(compared(&wanted, &live), [""; 0]);
}

#[test]
fn a_zero_differs_only_where_the_api_server_keeps_it() {
    let mut before = deployment();
    before["spec"]
        .as_object_mut()
        .unwrap()
        .remove("minReadySeconds");
    let live = applied(&before);
    let mut wanted = deployment();
    wanted["spec"]["template"]["spec"]["automountServiceAccountToken"] = false.into();
    assert_eq!(
        compared(&wanted, &live),
        ["spec.template.spec.automountServiceAccountToken: - -> false"]
    );
}

#[test]
fn an_item_of_a_list_that_is_taken_as_a_whole_differs_when_it_goes() {
    let ingress = |hosts: &[&str]| {
        let rules: Vec<Value> = hosts.iter().map(|host| json!({"host": host})).collect();
        json!({"metadata": {}, "spec": {"rules": rules}})
    };
    let mut live = ingress(&["a", "b"]);
    live["metadata"]["managedFields"] = json!([{
        "manager": "deployer", "operation": "Apply", "fieldsV1": {"f:spec": {"f:rules": {}}},
    }]);
    assert_eq!(
        compared(&ingress(&["a"]), &live),
        ["spec.rules[1].host: b -> -"]
    );
}

#[test]
fn defaults_in_such_a_list_are_no_difference() {
    let secret = |extra: bool| {
        let mut remote = json!({"key": "prod/db-url"});
        if extra {
            remote["conversionStrategy"] = "Default".into();
            remote["decodingStrategy"] = "None".into();
        }
        json!({"metadata": {}, "spec": {"data": [{"secretKey": "URL", "remoteRef": remote}]}})
    };
    let mut live = secret(true);
    live["metadata"]["managedFields"] = json!([{
        "manager": "deployer", "operation": "Apply", "fieldsV1": {"f:spec": {"f:data": {}}},
    }]);
    assert_eq!(compared(&secret(false), &live), [""; 0]);
}

prop_compose! {
    fn any_deployment()(
        replicas in prop::option::of(0_u32..9),
        image in "[a-z]{1,5}:v[0-9]",
        env in prop::collection::btree_map("[A-Z]{1,4}", "[a-z]{0,4}", 0..5),
        mem in 1_u32..4096,
        cpu in prop_oneof!["[1-9]00m", "0\\.[1-9]", "[1-9]"],
        ports in prop::collection::btree_set(1_u16..9000, 0..3),
        args in prop::collection::vec("[a-z]{0,3}", 0..3),
    ) -> Value {
        let mut manifest = deployment();
        if let Some(replicas) = replicas {
            manifest["spec"]["replicas"] = replicas.into();
        } else {
            manifest["spec"].as_object_mut().unwrap().remove("replicas");
        }
        let env: Vec<Value> = env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let ports: Vec<Value> = ports.iter().map(|port| json!({"containerPort": port})).collect();
        let container = &mut manifest["spec"]["template"]["spec"]["containers"][0];
        container["image"] = image.into();
        container["env"] = env.into();
        container["ports"] = ports.into();
        container["args"] = args.into();
        container["resources"]["limits"] = json!({"cpu": cpu, "memory": format!("{mem}Mi")});
        manifest
    }
}

proptest! {
    #[test]
    fn nothing_differs_once_it_is_applied(manifest in any_deployment()) {
        prop_assert_eq!(compared(&manifest, &applied(&manifest)), [""; 0]);
    }

    #[test]
    fn different_manifests_differ(one in any_deployment(), other in any_deployment()) {
        let differs = !compared(&one, &applied(&other)).is_empty();
        let canonical = |manifest: &Value| Fields::of(manifest).without(|_| false).digest();
        // Ports and arguments that nobody asks for any more leave an empty list behind.
        prop_assert_eq!(differs, canonical(&one) != canonical(&other));
    }

    #[test]
    fn the_order_of_lists_that_are_merged_by_key_is_nothing(manifest in any_deployment()) {
        let mut turned = manifest.clone();
        let container = &mut turned["spec"]["template"]["spec"]["containers"][0];
        container["env"].as_array_mut().unwrap().reverse();
        container["ports"].as_array_mut().unwrap().reverse();
        prop_assert_eq!(compared(&turned, &applied(&manifest)), [""; 0]);
    }
}

#[test]
fn what_the_api_server_gave_a_service_is_no_difference_whatever_its_type() {
    let service = |spec: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"}, "spec": spec});
    let live = |kind: &str| {
        service(json!({
            "type": kind, "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack", "healthCheckNodePort": 30100,
            "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}],
        }))
    };
    let port = json!({"port": 80, "protocol": "TCP"});
    let wanted = service(json!({"type": "ClusterIP", "ports": [port]}));
    for kind in ["NodePort", "LoadBalancer"] {
        let found = compared(&wanted, &applied(&live(kind)));
        assert_eq!(found, [format!("spec.type: {kind} -> ClusterIP")]);
    }
    assert_eq!(compared(&wanted, &applied(&live("ClusterIP"))), [""; 0]);
}
