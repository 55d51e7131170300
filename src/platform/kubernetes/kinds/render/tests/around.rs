//! What stands around the pods, against the manifests that it comes to.

use serde_json::json;

use super::{desired, manifest, pod, small};
use crate::platform::kubernetes::kinds::Kind;

const EXPOSED: &str = "port = 8080\nexpose = { host = \"api.example.com\" }\n";

#[test]
fn a_gateway_takes_the_place_of_an_ingress() {
    let route = |more: &str| {
        let more = format!("{EXPOSED}[service.api.kubernetes]\n{more}\n");
        desired(&small(&more, ""))
    };
    let plain = route("gateway = \"public\"");
    assert_eq!(plain.object(Kind::Ingress), None);
    let found = plain.object(Kind::HTTPRoute).unwrap();
    assert_eq!(found.id.to_string(), "HTTPRoute api-route");
    let path = json!({ "path": { "type": "PathPrefix", "value": "/" } });
    let own = json!({ "name": "api", "port": 80 });
    assert_eq!(found.manifest["apiVersion"], "gateway.networking.k8s.io/v1");
    assert_eq!(
        found.manifest["spec"],
        json!({
            "parentRefs": [{ "name": "public" }],
            "hostnames": ["api.example.com"],
            "rules": [{ "matches": [path], "backendRefs": [own] }],
        })
    );
    let both = route("gateway = \"public\"\ningress = { class = \"nginx\" }");
    assert!(both.object(Kind::Ingress).is_some() && both.object(Kind::HTTPRoute).is_some());
    let patched = route(
        "gateway = \"public\"\npatch.route.spec = { hostnames = false, rules = [{ name = \"all\" }] }",
    );
    let spec = &manifest(&patched, Kind::HTTPRoute)["spec"];
    assert_eq!(spec.get("hostnames"), None);
    assert_eq!(spec["rules"], json!([{ "name": "all" }]));
}

const RULES: &str = r#"
[service.api.kubernetes.gateway]
name = "public"
namespace = "infra"
section = "https"
route = "front"
hosts = ["a.example.com", "*.b.example.com"]
path_type = "Exact"
labels = { tier = "edge" }
[[service.api.kubernetes.gateway.rules]]
path = "/old"
redirect = { scheme = "https", prefix = "/new", status = 301 }
[[service.api.kubernetes.gateway.rules]]
matches = [
  { path = "/v2", path_type = "PathPrefix", method = "GET", headers = { x-user = { regex = "a.*" }, x-v = "2" } },
  { path = "/w", query = { beta = "1" } },
]
to = [{ weight = 90 }, { service = "api-next", port = 8081, weight = 10 }]
rewrite = { host = "inner", path = "/" }
request_headers = { set = { a = "b" }, remove = ["c"] }
response_headers = { add = { d = "e" } }
filters = [{ type = "RequestMirror", requestMirror = { backendRef = { name = "m", port = 80 } } }]
timeout = "10s"
backend_timeout = "500ms"
"#;

#[test]
fn a_route_says_which_requests_and_what_becomes_of_them() {
    let found = desired(&small(&format!("{EXPOSED}{RULES}"), ""));
    let route = manifest(&found, Kind::HTTPRoute);
    assert_eq!(route["metadata"]["labels"]["tier"], "edge");
    let parent = json!({ "name": "public", "namespace": "infra", "sectionName": "https" });
    let old = json!({ "path": { "type": "Exact", "value": "/old" } });
    let new = json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": "/new" });
    let redirect = json!({ "scheme": "https", "path": new, "statusCode": 301 });
    let user = json!({ "type": "RegularExpression", "name": "x-user", "value": "a.*" });
    let whole = json!({ "type": "ReplaceFullPath", "replaceFullPath": "/" });
    let mirror = json!({ "backendRef": { "name": "m", "port": 80 } });
    assert_eq!(
        route["spec"],
        json!({
            "parentRefs": [parent],
            "hostnames": ["a.example.com", "*.b.example.com"],
            "rules": [
                {
                    "matches": [old],
                    "filters": [{ "type": "RequestRedirect", "requestRedirect": redirect }],
                },
                {
                    "matches": [
                        {
                            "path": { "type": "PathPrefix", "value": "/v2" }, "method": "GET",
                            "headers": [user, { "name": "x-v", "value": "2" }],
                        },
                        {
                            "path": { "type": "Exact", "value": "/w" },
                            "queryParams": [{ "name": "beta", "value": "1" }],
                        },
                    ],
                    "filters": [
                        {
                            "type": "RequestHeaderModifier",
                            "requestHeaderModifier": { "set": [{ "name": "a", "value": "b" }], "remove": ["c"] },
                        },
                        {
                            "type": "ResponseHeaderModifier",
                            "responseHeaderModifier": { "add": [{ "name": "d", "value": "e" }] },
                        },
                        { "type": "URLRewrite", "urlRewrite": { "hostname": "inner", "path": whole } },
                        { "type": "RequestMirror", "requestMirror": mirror },
                    ],
                    "backendRefs": [
                        { "name": "api", "port": 80, "weight": 90 },
                        { "name": "api-next", "port": 8081, "weight": 10 },
                    ],
                    "timeouts": { "request": "10s", "backendRequest": "500ms" },
                },
            ],
        })
    );
}

#[test]
fn pods_become_targets_of_target_groups() {
    let group =
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067";
    let one = format!("port = 8080\n[service.api.kubernetes]\ntarget_group = \"{group}\"\n");
    let found = desired(&small(&one, ""));
    let object = found.object(Kind::TargetGroupBinding).unwrap();
    assert_eq!(object.id.name, "api-73e2d6bc24d8a067");
    assert_eq!(object.manifest["apiVersion"], "elbv2.k8s.aws/v1beta1");
    assert_eq!(
        object.manifest["spec"],
        json!({
            "serviceRef": { "name": "api", "port": 80 },
            "targetGroupARN": group,
            "targetType": "ip",
        })
    );
    assert!(object.id.kind.wave() < Kind::Deployment.wave());
    let several = format!(
        "ports = [8080, 9090]\n[service.api.kubernetes]\nservice = {{ type = \"NodePort\" }}\ntarget_groups = [\
         {{ arn = \"{group}\", name = \"front\", labels = {{ a = \"b\" }} }}, {{ arn = \"{group}\", port = 9090, \
         type = \"instance\", networking = {{ ingress = [{{ from = [{{ ipBlock = {{ cidr = \"10.0.0.0/8\" }} }}], \
         ports = [{{ protocol = \"TCP\" }}] }}] }} }}]\n"
    );
    let found = desired_of_several(&several);
    assert_eq!(found[0]["metadata"]["name"], "front");
    assert_eq!(found[0]["metadata"]["labels"]["a"], "b");
    assert_eq!(found[1]["metadata"]["labels"].get("a"), None);
    assert_eq!(found[1]["spec"]["serviceRef"]["port"], 9090);
    assert_eq!(found[1]["spec"]["targetType"], "instance");
    let from = &found[1]["spec"]["networking"]["ingress"][0]["from"];
    assert_eq!(*from, json!([{ "ipBlock": { "cidr": "10.0.0.0/8" } }]));
}

fn desired_of_several(more: &str) -> Vec<serde_json::Value> {
    let spec = small(more, "");
    let (place, services) = spec.kubernetes().unwrap();
    let tenant = &crate::platform::owner::Tenant::of(&spec);
    let made = super::render(&services[0], &super::Setting { tenant, place });
    let all = made.objects.into_iter();
    all.filter(|object| object.id.kind == Kind::TargetGroupBinding)
        .map(|object| object.manifest)
        .collect()
}

#[test]
fn a_network_policy_says_who_may_come_in_and_where_pods_may_go() {
    let policy = |words: &str, more: &str| {
        let more =
            format!("port = 8080\n[service.api.kubernetes]\nnetwork_policy = {words}\n{more}");
        manifest(&desired(&small(&more, "")), Kind::NetworkPolicy)["spec"].clone()
    };
    let other = "[service.web]\nlike = \"api\"\nkubernetes = { selector = { tier = \"front\" }, network_policy = { from = [] } }\n";
    let words = "{ from = [{ service = \"web\" }, { namespace = \"monitoring\", pods = { app = \"prometheus\" } }, { cidr = \"10.0.0.0/8\", except = [\"10.1.0.0/16\"] }, { namespaces = {} }], ports = [8080, \"53/udp\", \"8000-9000\", \"metrics\"], to = [] }";
    assert_eq!(
        policy(words, other),
        json!({
            "podSelector": { "matchLabels": { "app": "api" } },
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{
                "from": [
                    { "podSelector": { "matchLabels": { "tier": "front" } } },
                    {
                        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "monitoring" } },
                        "podSelector": { "matchLabels": { "app": "prometheus" } },
                    },
                    { "ipBlock": { "cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"] } },
                    { "namespaceSelector": {} },
                ],
                "ports": [
                    { "port": 8080, "protocol": "TCP" },
                    { "port": 53, "protocol": "UDP" },
                    { "port": 8000, "endPort": 9000, "protocol": "TCP" },
                    { "port": "metrics", "protocol": "TCP" },
                ],
            }],
        })
    );
}

#[test]
fn nodes_are_chosen_by_what_they_are() {
    let labels = |words: &str| {
        let more = format!("[service.api.kubernetes]\nnodes = {words}\n");
        pod(&desired(&small(&more, "")))["nodeSelector"].clone()
    };
    assert_eq!(
        labels("{ capacity = \"spot\", pool = \"general\" }\nnode_selector = { disk = \"fast\" }"),
        json!({ "disk": "fast", "karpenter.sh/capacity-type": "spot", "karpenter.sh/nodepool": "general" })
    );
    assert_eq!(
        labels("{ capacity = \"on-demand\", group = \"workers\" }"),
        json!({ "eks.amazonaws.com/capacityType": "ON_DEMAND", "eks.amazonaws.com/nodegroup": "workers" })
    );
    assert_eq!(labels("\"fargate\""), json!(null));
    let more = "[service.api.kubernetes]\ndo_not_disrupt = true\n";
    let found = desired(&small(more, ""));
    let template = &manifest(&found, Kind::Deployment)["spec"]["template"];
    let annotations = &template["metadata"]["annotations"];
    assert_eq!(annotations["karpenter.sh/do-not-disrupt"], "true");
}
