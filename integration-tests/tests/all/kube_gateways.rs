//! What stands around the pods: routes at a Gateway, target groups, and network policies. Needs a control plane.

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says, until};
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

    around(&bench, "a.example.com", &kube)?;
    assert_eq!(bench.apply("v1")?.exit, 0);
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
