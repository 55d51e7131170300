//! Files that say nearly all that there are words for: what the API server holds afterwards is what was said, the plan
//! after it is empty, and what leaves the file goes. Needs a control plane with simulated pods.

use integration_tests::cluster::objects;
use integration_tests::program::repository;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, assert_converged, assert_says};
use crate::scaling::lacks;
use crate::shop::assert_verdict;

mod around;
mod nodes;
mod pods;

trials! { "kube_words":
    all_that_is_said_of_pods_is_there,
    all_that_is_said_around_pods_is_there,
    pods_go_to_the_nodes_that_are_said,
    the_hardened_example_runs_where_the_standard_is_restricted,
}

/// What every file of these begins with.
const BEGIN: &str = r#"
project = "shop"

[defaults]
cpu = 0.1
memory = "64MiB"
tags = { team = "checkout", stage = "all" }
rollout = { deadline = "60s" }
kubernetes = { min_ready = "1s", max_surge = "100%", drain = "0s" }

[service.api]
image = "registry.test/web:${TAG:-v1}"
replicas = 2
"#;

/// An object of the namespace, and what must be in it; null stands for what must not.
type Held = (&'static str, &'static str, Value);

/// Deploys the file, and asks the API server for all of it.
fn comes_true(bench: &Bench, says: &str, held: &[Held]) -> Outcome {
    let text = format!("{BEGIN}{says}");
    bench.project.write("deploy.toml", &text)?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let mut missing = Vec::new();
    for (resource, name, wanted) in held {
        let given = bench.namespace.get(resource, name)?;
        lacks(&given, wanted, &format!("{resource}/{name}"), &mut missing);
    }
    if !missing.is_empty() {
        return Err(fail(missing.join("\n")));
    }
    assert_converged(bench, "v1")
}

/// What is left where only the beginning is said: none of these.
fn is_plain(bench: &Bench, of_pod: &[&str], of_container: &[&str]) -> Outcome {
    comes_true(bench, "port = 8080\n", &[])?;
    let deployment = bench.deployment()?;
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(pod["containers"].as_array().map(Vec::len), Some(1));
    for (of, keys) in [(pod, of_pod), (container, of_container)] {
        for key in keys {
            assert_eq!(of[*key], Value::Null, "{key}");
        }
    }
    Ok(())
}

fn all_that_is_said_of_pods_is_there() -> Outcome {
    let bench = Bench::new("pods")?;
    bench.needs_simulation("programs that are in no image")?;
    let namespace = &bench.namespace;
    let api = namespace.cluster().api();
    api.create(&pods::volume(&namespace.name))?;
    for object in pods::needed(&namespace.name) {
        namespace.create(&object)?;
    }
    comes_true(&bench, pods::SAYS, &pods::held())?;
    comes_true(&bench, pods::OTHERWISE, &pods::held_otherwise())?;
    is_plain(
        &bench,
        &[
            "volumes",
            "initContainers",
            "hostAliases",
            "dnsConfig",
            "imagePullSecrets",
        ],
        &[
            "env",
            "envFrom",
            "volumeMounts",
            "lifecycle",
            "startupProbe",
            "workingDir",
            "command",
        ],
    )
}

fn all_that_is_said_around_pods_is_there() -> Outcome {
    let bench = Bench::new("aroundpods")?;
    bench.needs_simulation("load balancers that nobody makes")?;
    // What is true only here is laid over the file, and `false` takes away.
    bench.place(
        "\n[service.api]\ntags = { stage = false, place = \"here\" }\nscaling = { max = 5 }\n",
    )?;
    comes_true(&bench, around::SAYS, &around::held())?;
    bench.place("")?;
    comes_true(&bench, around::OTHERWISE, &around::held_otherwise())?;
    for gone in ["ingresses", "horizontalpodautoscalers", "networkpolicies"] {
        assert_eq!(bench.namespace.names(gone)?, Vec::<String>::new(), "{gone}");
    }
    Ok(())
}

fn pods_go_to_the_nodes_that_are_said() -> Outcome {
    let bench = Bench::new("places")?;
    let cluster = bench.namespace.cluster();
    cluster.needs_simulation("nodes of every kind")?;
    // One that nobody else goes to.
    let node = format!("{}-spot", bench.namespace.name);
    cluster.add_node_with(&node, &nodes::labels())?;
    cluster.taint(
        &node,
        &json!([{ "key": "only", "value": "these", "effect": "NoSchedule" }]),
    )?;
    let path = format!("/api/v1/nodes/{node}/status");
    let more = json!({ "nvidia.com/gpu": "4", "aws.amazon.com/neuron": "4" });
    let api = cluster.api();
    api.merge(
        &path,
        &json!({ "status": { "capacity": more, "allocatable": more } }),
    )?;
    for object in nodes::needed() {
        api.apply(&object, "harness")?;
    }
    comes_true(&bench, nodes::SAYS, &nodes::held())?;
    let all_there = || -> Outcome {
        let there = bench.namespace.pods("app=api")?;
        let here = there.iter().filter(|pod| pod["spec"]["nodeName"] == *node);
        assert!(
            here.count() == there.len() && !there.is_empty(),
            "{there:#?}"
        );
        Ok(())
    };
    all_there()?;
    comes_true(&bench, nodes::OF_A_GROUP, &nodes::held_of_a_group())?;
    all_there()?;
    comes_true(&bench, nodes::ON_FARGATE, &nodes::held_on_fargate())?;
    is_plain(
        &bench,
        &[
            "nodeSelector",
            "tolerations",
            "affinity",
            "priorityClassName",
            "runtimeClassName",
        ],
        &[],
    )?;
    let template = bench.deployment()?["spec"]["template"]["metadata"].clone();
    assert_eq!(
        template["annotations"]["karpenter.sh/do-not-disrupt"],
        Value::Null
    );
    Ok(())
}

/// The namespace refuses every pod that falls short of the standard.
fn the_hardened_example_runs_where_the_standard_is_restricted() -> Outcome {
    let bench = Bench::new("restricted")?;
    bench.needs_simulation("an image that is nowhere")?;
    let enforced = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    let path = format!("/api/v1/namespaces/{}", bench.namespace.name);
    let api = bench.namespace.cluster().api();
    api.merge(&path, &json!({ "metadata": { "labels": enforced } }))?;
    let example = repository().join("docs/examples/hardened.toml");
    let text = std::fs::read_to_string(example)?;
    bench.project.write("deploy.toml", &text)?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert_converged(&bench, "v1")?;
    // It is the standard that lets them in.
    let lax = text.replace("security        = \"restricted\"\n", "");
    bench.project.write("deploy.toml", &lax)?;
    let refused = bench.apply("v2")?;
    assert_eq!(refused.verdict("api")?.0, "tripped", "{refused}");
    assert_says(&refused, &["violates PodSecurity"]);
    Ok(())
}

/// Texts of a Secret.
fn secret(name: &str, texts: &Value) -> Value {
    objects::secret(name, texts)
}
