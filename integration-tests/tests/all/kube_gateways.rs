//! What stands around the pods: routes at a Gateway, target groups, and network policies. Needs a control plane.

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::inits::on_kubernetes::run_as;
use crate::kube::{Bench, USUAL, assert_converged, assert_says, deploy, until};
use crate::scaling::lacks;
use crate::shop::assert_verdict;

trials! { "kube":
    what_stands_around_the_pods_comes_and_goes_with_them,
}

const GROUP: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067";

const KINDS: [&str; 3] = ["httproutes", "targetgroupbindings", "networkpolicies"];

fn around(bench: &Bench, host: &str, kube: &str) -> Outcome {
    let exposed = format!("{USUAL}\nexpose = {{ host = \"{host}\" }}");
    bench.describe(&exposed, kube)
}

fn spec(bench: &Bench, resource: &str) -> Outcome<Value> {
    Ok(bench.namespace.list(resource)?[0]["spec"].clone())
}

/// What is of a kind that was defined just now goes once the cluster's garbage collector has heard of it.
fn are_gone(bench: &Bench) -> Outcome {
    until("all of it is gone", || {
        let mut left = 0;
        for kind in KINDS {
            left += bench.namespace.names(kind)?.len();
        }
        Ok(left == 0)
    })
}

fn what_stands_around_the_pods_comes_and_goes_with_them() -> Outcome {
    let bench = Bench::new("around")?;
    let cluster = bench.namespace.cluster();
    cluster.needs_simulation("kinds without their controllers")?;
    not_yet_defined()?;
    cluster.install(&objects::http_routes())?;
    cluster.install(&objects::target_group_bindings())?;
    let kube = format!(
        "gateway = {{ name = \"public\", section = \"https\", timeout = \"10s\" }}\ntarget_group = \"{GROUP}\"\n\
         network_policy = {{ from = [{{ namespace = \"ingress\" }}], ports = [8080] }}"
    );
    around(&bench, "a.example.com", &kube)?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let route = spec(&bench, "httproutes")?;
    assert_eq!(route["hostnames"], json!(["a.example.com"]), "{route:#}");
    assert_eq!(route["rules"][0]["backendRefs"][0]["name"], "api");
    assert_eq!(route["rules"][0]["timeouts"]["request"], "10s");
    assert!(bench.namespace.names("ingresses")?.is_empty());
    let binding = spec(&bench, "targetgroupbindings")?;
    assert_eq!(binding["targetGroupARN"], GROUP, "{binding:#}");
    let policy = spec(&bench, "networkpolicies")?;
    assert_eq!(policy["ingress"][0]["ports"][0]["port"], 8080, "{policy:#}");
    // What the API fills in is no difference.
    let again = bench.run("plan --exit-code --set TAG=v1")?;
    assert_eq!(again.exit, 0, "{again}");
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;

    // A change of one alone is one write, and no new pod.
    around(&bench, "b.example.com", &kube)?;
    bench.gate.forget();
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 0, "{done}");
    assert_eq!(bench.changes(), ["PATCH httproutes/api-route"], "{done}");

    // What came with a revision goes with it.
    let back = bench.run("rollback --yes")?;
    assert_eq!(back.exit, 0, "{back}");
    let route = spec(&bench, "httproutes")?;
    assert_eq!(route["hostnames"], json!(["a.example.com"]), "{back}");

    // Without a Gateway there is an Ingress; what nobody asks for any more goes.
    around(&bench, "a.example.com", "")?;
    let plan = bench.run("plan --set TAG=v1")?;
    assert_says(
        &plan,
        &[
            "HTTPRoute api-route",
            "TargetGroupBinding",
            "NetworkPolicy api",
        ],
    );
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 0, "{done}");
    are_gone(&bench)?;
    assert_eq!(bench.namespace.names("ingresses")?, ["api-ingress"]);

    all_of_a_route_comes_true(&bench)?;
    let gone = bench.run("destroy --yes")?;
    assert_eq!(gone.exit, 0, "{gone}");
    are_gone(&bench)?;
    Ok(())
}

/// No other trial defines the kind in the cluster that all share. It is told before anything is written, with what to
/// do.
fn not_yet_defined() -> Outcome {
    let bench = Bench::new("no-gateway")?;
    around(&bench, "a.example.com", "gateway = \"public\"")?;
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 1, "{done}");
    assert_says(&done, &["HTTPRoute", "install the Gateway API"]);
    assert_eq!(bench.writes(), Vec::<String>::new(), "{done}");
    Ok(())
}

const RULES: &str = r#"
target_groups = [
    { arn = "GROUP", name = "front", labels = { a = "b" }, annotations = { c = "d" } },
    { arn = "GROUP", port = 9090, networking = { ingress = [{ from = [{ ipBlock = { cidr = "10.0.0.0/8" } }], ports = [{ protocol = "TCP" }] }] } },
]
patch = { route = { metadata = { annotations = { patched = "yes" } } } }

[service.api.kubernetes.gateway]
parents = [{ name = "public", namespace = "infra", section = "https" }, { name = "inner", port = 443 }]
route = "front"
hosts = ["a.example.com", "*.b.example.com"]
path_type = "Exact"
labels = { tier = "edge" }
annotations = { e = "f" }
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
[[service.api.kubernetes.gateway.rules]]
path = "/gone"
redirect = { host = "b.example.com", path = "/there", port = 8443 }
"#;

fn route() -> Value {
    let old = json!({ "path": { "type": "Exact", "value": "/old" } });
    let new = json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": "/new" });
    let user = json!({ "type": "RegularExpression", "name": "x-user", "value": "a.*" });
    let first = json!({ "path": { "type": "PathPrefix", "value": "/v2" }, "method": "GET",
        "headers": [user, { "name": "x-v", "value": "2" }] });
    let second = json!({ "path": { "type": "Exact", "value": "/w" },
        "queryParams": [{ "name": "beta", "value": "1" }] });
    let whole = json!({ "type": "ReplaceFullPath", "replaceFullPath": "/" });
    let changed = json!({ "set": [{ "name": "a", "value": "b" }], "remove": ["c"] });
    let filters = json!([
        { "type": "RequestHeaderModifier", "requestHeaderModifier": changed },
        { "type": "ResponseHeaderModifier", "responseHeaderModifier": { "add": [{ "name": "d", "value": "e" }] } },
        { "type": "URLRewrite", "urlRewrite": { "hostname": "inner", "path": whole } },
        { "type": "RequestMirror", "requestMirror": { "backendRef": { "name": "m", "port": 80 } } },
    ]);
    let to = json!([
        { "name": "api", "port": 80, "weight": 90 },
        { "name": "api-next", "port": 8081, "weight": 10 },
    ]);
    let redirect = json!({ "scheme": "https", "path": new, "statusCode": 301 });
    let gone = json!({ "path": { "type": "Exact", "value": "/gone" } });
    let there = json!({ "hostname": "b.example.com", "port": 8443,
        "path": { "type": "ReplaceFullPath", "replaceFullPath": "/there" } });
    json!({
        "parentRefs": [
            { "name": "public", "namespace": "infra", "sectionName": "https" },
            { "name": "inner", "port": 443 },
        ],
        "hostnames": ["a.example.com", "*.b.example.com"],
        "rules": [
            { "matches": [old], "filters": [{ "type": "RequestRedirect", "requestRedirect": redirect }] },
            { "matches": [first, second], "filters": filters, "backendRefs": to,
              "timeouts": { "request": "10s", "backendRequest": "500ms" } },
            { "matches": [gone], "filters": [{ "type": "RequestRedirect", "requestRedirect": there }] },
        ],
    })
}

/// Everything that can be said of a route and of target groups, which no definition fills in differently; and it comes in
/// again as it is.
fn all_of_a_route_comes_true(bench: &Bench) -> Outcome {
    let text = deploy(USUAL, &RULES.replace("GROUP", GROUP));
    let text = text.replace("port     = 8080", "ports = [8080, 9090]\nexpose = {}");
    bench.project.write("deploy.toml", &text)?;
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 0, "{done}");
    let mut missing = Vec::new();
    let found = bench.namespace.get("httproutes", "front")?;
    let metadata =
        json!({ "labels": { "tier": "edge" }, "annotations": { "e": "f", "patched": "yes" } });
    let wanted = json!({ "metadata": metadata, "spec": route() });
    lacks(&found, &wanted, "route", &mut missing);
    assert!(missing.is_empty(), "{missing:#?}");
    let bindings = bench.namespace.names("targetgroupbindings")?;
    assert_eq!(bindings.len(), 2, "{bindings:?}");
    let front = bench.namespace.get("targetgroupbindings", "front")?;
    assert_eq!(front["metadata"]["annotations"]["c"], "d");
    let other = spec(bench, "targetgroupbindings")?;
    assert_eq!(other["serviceRef"]["port"], 9090, "{other:#}");
    let from = &other["networking"]["ingress"][0]["from"][0];
    assert_eq!(from["ipBlock"]["cidr"], "10.0.0.0/8", "{other:#}");
    assert_converged(bench, "v1")?;

    let words = format!(
        "init --from kubernetes:{}/api --target kube --check",
        bench.namespace.name
    );
    let read = run_as(&bench.user, &bench.project, &words)?;
    assert_eq!(read.exit, 0, "{read}");
    Ok(())
}
