//! Services that are a `StatefulSet` or a `DaemonSet`, and a Deployment that ends all pods first: rolled, failed, brought
//! back, changed, taken over and taken away. Needs a control plane.

use integration_tests::cluster::{Cluster, SOON, objects};
use integration_tests::trial::{Outcome, Trial, test};
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, all_here, assert_converged, assert_goes_back, assert_says, deploy};
use crate::shop::assert_verdict;

/// What a service of each kind says, and where the API server has it.
struct Kind {
    name: &'static str,
    resource: &'static str,
    count: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "StatefulSet",
        resource: "statefulsets",
        count: "replicas = 2\n",
    },
    // On the two nodes that the cluster has from the beginning: other trials bring more.
    Kind {
        name: "DaemonSet",
        resource: "daemonsets",
        count: "",
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    type Scene = fn(&'static Kind) -> Outcome;
    let scenes: [(&str, Scene); 5] = [
        ("rolls_and_is_no_difference_afterwards", rolls),
        ("goes_back_from_an_image_that_is_not_there", goes_back),
        ("goes_back_from_a_crash", crashes),
        ("gets_over_a_first_one_that_failed", gets_over),
        ("is_taken_over", is_taken_over),
    ];
    let each = KINDS.iter().flat_map(move |kind| {
        scenes.map(|(what, scene)| {
            let name = format!("a_{}_{what}", kind.name.to_lowercase());
            test("kube", &name, move || scene(kind))
        })
    });
    each.chain(more()).collect()
}

fn more() -> Vec<Trial> {
    trials! { "kube":
        a_deployment_that_ends_all_pods_first_goes_back,
        what_never_changes_of_a_stateful_set_is_refused,
        pods_that_are_replaced_by_hand_are_left,
        a_service_does_not_become_another_kind_in_place,
    }
    trials()
}

/// A service of a kind, with these keys more of it and of what only Kubernetes knows.
fn described(kind: &str, extra: &str, kube: &str) -> String {
    let more = format!("kind = \"{kind}\"\n{kube}\naffinity = {}", at_home());
    deploy(extra, &more).replace("max_surge = \"100%\"\n", "")
}

const NODES: [&str; 2] = ["node-0", "node-1"];

/// On those nodes alone.
fn at_home() -> String {
    let [one, other] = NODES;
    format!(
        "{{ nodeAffinity = {{ requiredDuringSchedulingIgnoredDuringExecution = {{ nodeSelectorTerms = [{{ matchExpressions = \
         [{{ key = \"kubernetes.io/hostname\", operator = \"In\", values = [\"{one}\", \"{other}\"] }}] }}] }} }} }}"
    )
}

fn bench(kind: &Kind, stem: &str) -> Outcome<Bench> {
    let cluster = Cluster::shared()?;
    let stem = format!("{}-{stem}", kind.resource);
    let bench = Bench::on(&cluster, &stem, &all_here())?;
    let extra = format!("{}rollout = {{ deadline = \"60s\" }}", kind.count);
    let text = described(kind.name, &extra, "");
    bench.project.write("deploy.toml", &text)?;
    Ok(bench)
}

/// The pods that there are, by name and identity.
fn pods(bench: &Bench) -> Outcome<Vec<(String, String)>> {
    let pods = bench.namespace.pods("app=api")?;
    let word = |pod: &Value, key: &str| pod["metadata"][key].as_str().unwrap_or("?").to_owned();
    let mut pods: Vec<_> = pods
        .iter()
        .map(|pod| (word(pod, "name"), word(pod, "uid")))
        .collect();
    pods.sort();
    Ok(pods)
}

fn rolls(kind: &'static Kind) -> Outcome {
    let bench = bench(kind, "rolls")?.served("v1")?;
    assert_converged(&bench, "v1")?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2", "v2"]);
    assert_converged(&bench, "v2")?;
    let status = bench.tell("status")?;
    assert_says(&status, &["api v2", "web:v2"]);
    assert_says(&bench.tell("history")?, &["api v1", "api v2"]);

    let before = pods(&bench)?;
    assert_verdict(
        &bench.run("restart --yes --set TAG=v2")?,
        "healthy",
        None,
        0,
    )?;
    let after = pods(&bench)?;
    assert!(before.iter().all(|pod| !after.contains(pod)), "{after:?}");
    let back = bench.run("rollback --to v1 --yes --set TAG=v2")?;
    assert_verdict(&back, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{back}");
    let scaled = bench.run("scale api=3 --yes --set TAG=v1")?;
    if kind.count.is_empty() {
        assert_eq!(scaled.exit, 4, "{scaled}");
        assert_says(&scaled, &["which runs one pod on each node"]);
    } else {
        assert_eq!(scaled.exit, 0, "{scaled}");
        assert_eq!(bench.serve()?, ["v1", "v1", "v1"], "{scaled}");
    }

    let gone = bench.run("destroy --yes")?;
    assert_eq!(gone.exit, 0, "{gone}");
    let left = bench.namespace.find(kind.resource, "api")?;
    assert!(left.is_none(), "{gone}");
    Ok(())
}

/// An image over one that serves: it trips for this cause, and what was there before serves again.
fn trips(kind: &Kind, stem: &str, tag: &str, cause: &str) -> Outcome {
    let bench = bench(kind, stem)?;
    bench.needs_simulation("pods that fail as told")?;
    let bench = bench.served("v1")?;
    let done = bench.apply(tag)?;
    assert_goes_back(&bench, &done, cause)?;
    let outcome = done.event("outcome", "api")?;
    assert_ne!(outcome["revision"], outcome["serving"], "{done}");
    // The one pod that never came up would have kept all others waiting.
    if kind.name == "StatefulSet" {
        assert_says(&done, &["deleted pod api-1"]);
    }
    Ok(())
}

fn goes_back(kind: &'static Kind) -> Outcome {
    trips(kind, "missing", "missing", "image_not_found")
}

fn crashes(kind: &'static Kind) -> Outcome {
    trips(kind, "crash", "v2-crash", "exited")
}

fn gets_over(kind: &'static Kind) -> Outcome {
    let bench = bench(kind, "first")?;
    bench.needs_simulation("pods that fail as told")?;
    let failed = bench.apply("missing")?;
    assert_verdict(&failed, "tripped", Some(false), 11)?;
    let fixed = bench.apply("v1")?;
    assert_verdict(&fixed, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{fixed}");
    Ok(())
}

/// What others made becomes ours, and is no difference afterwards.
fn is_taken_over(kind: &'static Kind) -> Outcome {
    let bench = bench(kind, "adopted")?;
    let mut object = made(kind, &bench);
    object["metadata"] = json!({ "name": "api", "namespace": bench.namespace.name });
    bench.namespace.apply(&object, "Helm")?;
    bench.namespace.wait("its pods serve", SOON, || {
        Ok((bench.serve()?.len() == 2).then_some(()))
    })?;
    let refused = bench.run("plan --set TAG=v1")?;
    assert_eq!(refused.exit, 4, "{refused}");
    assert_says(&refused, &[&format!("{} api is not ours", kind.name)]);
    let taken = bench.run("apply --yes --adopt --set TAG=v1")?;
    assert_eq!(taken.exit, 0, "{taken}");
    let labels = &bench.namespace.get(kind.resource, "api")?["metadata"]["labels"];
    assert_eq!(labels["deployer/service"], "api", "{taken}");
    assert_converged(&bench, "v1")
}

/// As somebody may have written it.
fn made(kind: &Kind, bench: &Bench) -> Value {
    let image = bench.namespace.cluster().image("v1");
    let mut object = objects::deployment("api", &image, 2);
    object["kind"] = json!(kind.name);
    let expression = json!({ "key": "kubernetes.io/hostname", "operator": "In", "values": NODES });
    object["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"] = json!([{ "matchExpressions": [expression] }]);
    if let Some(spec) = object["spec"].as_object_mut() {
        spec.remove("strategy");
        if kind.count.is_empty() {
            spec.remove("replicas");
        } else {
            spec.insert("serviceName".into(), json!("api"));
        }
    }
    object
}

fn a_deployment_that_ends_all_pods_first_goes_back() -> Outcome {
    let bench = Bench::new("recreate")?;
    bench.needs_simulation("pods that fail as told")?;
    let extra = "replicas = 2\nrollout = { deadline = \"60s\" }";
    let text = deploy(extra, "strategy = \"recreate\"").replace("max_surge = \"100%\"\n", "");
    bench.project.write("deploy.toml", &text)?;
    let bench = bench.served("v1")?;
    let strategy = &bench.deployment()?["spec"]["strategy"];
    assert_eq!(*strategy, json!({ "type": "Recreate" }));
    assert_converged(&bench, "v1")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_says(&done, &["nothing serves in between"]);
    let done = bench.apply("missing")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(bench.serve()?, ["v2", "v2"], "{done}");
    // And a few at a time again.
    bench.describe(extra, "")?;
    assert_verdict(&bench.apply("v3")?, "healthy", None, 0)?;
    assert_converged(&bench, "v3")
}

/// What the API server makes of claims is no difference, and another size is refused before anything is written.
fn what_never_changes_of_a_stateful_set_is_refused() -> Outcome {
    let [kind, _] = &KINDS;
    let bench = bench(kind, "claims")?;
    let with = |size: &str| {
        let claims = format!(
            "claims = {{ data = {{ size = \"{size}\", storage_class = \"fast\" }} }}\nclaim_retention = {{ scaled = \"Delete\" }}\npod_management = \"parallel\""
        );
        let extra = "replicas = 0\nmounts = { \"/data\" = \"data\" }";
        described(kind.name, extra, &claims)
    };
    bench.project.write("deploy.toml", &with("1GiB"))?;
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 0, "{done}");
    let plan = bench.run("plan --exit-code --set TAG=v1")?;
    assert_eq!(plan.exit, 0, "{plan}");
    bench.project.write("deploy.toml", &with("2GiB"))?;
    bench.gate.forget();
    for words in ["plan --set TAG=v1", "apply --yes --set TAG=v1"] {
        let refused = bench.run(words)?;
        assert_eq!(refused.exit, 4, "{refused}");
        assert_says(
            &refused,
            &["Kubernetes never changes its volumeClaimTemplates"],
        );
    }
    assert_eq!(bench.changes(), Vec::<String>::new());
    Ok(())
}

fn pods_that_are_replaced_by_hand_are_left() -> Outcome {
    for kind in &KINDS {
        let bench = bench(kind, "byhand")?;
        let extra = format!("{}rollout = {{ deadline = \"60s\" }}", kind.count);
        let text = described(kind.name, &extra, "strategy = \"on_delete\"");
        bench.project.write("deploy.toml", &text)?;
        let bench = bench.served("v1")?;
        let before = pods(&bench)?;
        let done = bench.apply("v2")?;
        assert_eq!(done.exit, 0, "{done}");
        assert_says(&done, &["until somebody deletes them"]);
        assert_eq!(pods(&bench)?, before, "{done}");
        assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    }
    Ok(())
}

fn a_service_does_not_become_another_kind_in_place() -> Outcome {
    let bench = Bench::serving("otherkind", "v1")?;
    let extra = "replicas = 2\nrollout = { deadline = \"60s\" }";
    let other = described("StatefulSet", extra, "");
    bench.project.write("deploy.toml", &other)?;
    let refused = bench.apply("v2")?;
    assert_eq!(refused.exit, 4, "{refused}");
    assert_says(
        &refused,
        &["Deployment api runs its pods, and becomes no StatefulSet"],
    );
    assert_eq!(bench.changes(), Vec::<String>::new());
    // Under another name it does: the former goes once the other is healthy.
    let named = described("StatefulSet", extra, "name = \"db\"");
    bench.project.write("deploy.toml", &named)?;
    let moved = bench.apply("v2")?;
    assert_verdict(&moved, "healthy", None, 0)?;
    assert_eq!(bench.serve_by("app=db")?, ["v2", "v2"], "{moved}");
    let left = bench.namespace.find("deployments", "api")?;
    let leaves = left.is_none_or(|one| !one["metadata"]["deletionTimestamp"].is_null());
    assert!(leaves, "{moved}");
    Ok(())
}
