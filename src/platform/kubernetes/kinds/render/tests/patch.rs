//! What the file lays over manifests.

use super::*;

const MORE: &str = r#"
port = 8080
env = { MODE = "a", OLD = "1" }
[service.api.kubernetes.patch.deployment]
metadata.labels.team = "checkout"
[service.api.kubernetes.patch.deployment.spec.template.spec]
nodeSelector = { disk = "ssd" }
securityContext = { runAsNonRoot = true, fsGroup = 2000 }
topologySpreadConstraints = false
volumes = [{ name = "scratch", emptyDir = {} }]
[[service.api.kubernetes.patch.deployment.spec.template.spec.containers]]
name = "api"
volumeMounts = [{ name = "scratch", mountPath = "/scratch" }]
ports = [{ containerPort = 8080, hostPort = 80 }, { containerPort = 9090 }]
env = [{ name = "MODE", value = "b" }, { name = "API_TOKEN", value = "hunter2" }]
lifecycle = false
[service.api.kubernetes.patch.service.spec]
ports = [{ port = 80, nodePort = 30080 }]
type = "NodePort"
[service.api.kubernetes.patch.pdb.spec]
maxUnavailable = false
minAvailable = 1
"#;

#[test]
fn a_patch_is_laid_over_what_we_render() {
    let spec = small(MORE, "");
    let (place, services) = spec.kubernetes().unwrap();
    let tenant = &Tenant::of(&spec);
    let desired = render(&services[0], &Setting { tenant, place });
    let pod = pod(&desired);
    assert_eq!(pod["nodeSelector"], json!({"disk": "ssd"}));
    assert_eq!(
        pod["securityContext"],
        json!({"runAsNonRoot": true, "fsGroup": 2000})
    );
    assert_eq!(pod["volumes"], json!([{"name": "scratch", "emptyDir": {}}]));
    assert_eq!(pod.get("topologySpreadConstraints"), None);
    let container = &pod["containers"][0];
    assert_eq!(container["image"], "api:v1");
    assert_eq!(
        container["volumeMounts"],
        json!([{"name": "scratch", "mountPath": "/scratch"}])
    );
    assert_eq!(container["ports"].as_array().unwrap().len(), 2);
    assert_eq!(container["ports"][0]["hostPort"], 80);
    assert_eq!(container["ports"][0]["protocol"], "TCP");
    let env = json!([
        {"name": "MODE", "value": "b"}, {"name": "OLD", "value": "1"},
        {"name": "API_TOKEN", "value": "hunter2"},
    ]);
    assert_eq!(container["env"], env);
    assert_eq!(container.get("lifecycle"), None);
    assert_eq!(pod["containers"].as_array().unwrap().len(), 1);
    let service = &manifest(&desired, Kind::Service)["spec"];
    assert_eq!(service["type"], "NodePort");
    let port = json!([{"port": 80, "targetPort": "service", "protocol": "TCP", "nodePort": 30080}]);
    assert_eq!(service["ports"], port);
    let budget = &manifest(&desired, Kind::PodDisruptionBudget)["spec"];
    assert_eq!(
        (budget.get("maxUnavailable"), &budget["minAvailable"]),
        (None, &json!(1))
    );
    let labels = &manifest(&desired, Kind::Deployment)["metadata"]["labels"];
    assert_eq!(
        (&labels["team"], &labels[super::super::key::SERVICE]),
        (&json!("checkout"), &json!("api"))
    );
    let printed = json!(desired.documents(&place.namespace)).to_string();
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn the_labels_that_select_stand_wherever_pods_are_sought() {
    let selector = json!({"app.kubernetes.io/name": "web"});
    let more = "port = 8080\n[service.api.kubernetes]\nselector = { \"app.kubernetes.io/name\" = \"web\" }\n";
    let desired = desired(&small(more, ""));
    let deployment = &manifest(&desired, Kind::Deployment)["spec"];
    assert_eq!(deployment["selector"]["matchLabels"], selector);
    let labels = &deployment["template"]["metadata"]["labels"];
    assert_eq!(
        (&labels["app.kubernetes.io/name"], labels.get("app")),
        (&json!("web"), None)
    );
    let spread = &pod(&desired)["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"];
    assert_eq!(*spread, selector);
    assert_eq!(
        manifest(&desired, Kind::Service)["spec"]["selector"],
        selector
    );
    let budget = &manifest(&desired, Kind::PodDisruptionBudget)["spec"]["selector"];
    assert_eq!(budget["matchLabels"], selector);
}
