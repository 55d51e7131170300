//! An unchanged file, run again, writes nothing, whatever else writes there: policies that rewrite what is applied,
//! people, other tools. And a plan says what comes of it. Needs a control plane.

use std::time::Duration;

use integration_tests::cluster::objects;
use integration_tests::host;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says};
use crate::shop::assert_verdict;

trials! { "kube":
    an_image_that_a_policy_rewrites_is_no_change,
    a_probe_that_kubectl_edited_makes_room_by_force,
    a_variable_that_kubectl_refers_elsewhere_makes_room_by_force,
    what_leaves_the_file_and_others_manage_too_is_told,
    what_another_tool_made_is_taken_over_whole,
    what_a_manager_nobody_knows_has_stays_and_is_listed,
    a_count_left_to_others_stays_as_they_set_it,
    what_the_server_warns_of_is_told_once,
    the_audit_log_shows_our_version,
    metrics_in_another_order_are_no_change,
    a_set_that_fits_into_no_record_is_refused_before_any_write,
}

/// A second run of the same file does nothing at all.
fn assert_converged(bench: &Bench, words: &str) -> Outcome {
    bench.gate.forget();
    let again = bench.run(&format!("apply --yes {words}"))?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(bench.writes(), Vec::<String>::new(), "{again}");
    let plan = bench.run(&format!("plan --exit-code {words}"))?;
    assert_eq!(plan.exit, 0, "{plan}");
    Ok(())
}

/// Changes the Deployment as a person does with kubectl.
fn by_kubectl(bench: &Bench, manager: &str, container: &Value) -> Outcome {
    let patch = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
    let path = format!(
        "{}/api?fieldManager={manager}",
        bench.namespace.path("deployments")
    );
    bench.namespace.cluster().api().strategic(&path, &patch)?;
    bench.namespace.rolled_out("api")?;
    Ok(())
}

fn container(bench: &Bench) -> Outcome<Value> {
    let mut deployment = bench.deployment()?;
    Ok(deployment["spec"]["template"]["spec"]["containers"][0].take())
}

fn an_image_that_a_policy_rewrites_is_no_change() -> Outcome {
    let bench = Bench::new("mirrored")?;
    bench.needs_simulation("images of a registry that is not there")?;
    let api = bench.namespace.cluster().api();
    let mirror = objects::mirror_policy(&bench.namespace.name, "mirror.test/");
    for object in &mirror {
        api.create(object)?;
    }
    let image = bench.namespace.cluster().image("v1");
    let trial = objects::deployment("trial", &image, 1);
    let path = format!("{}?dryRun=All", bench.namespace.path("deployments"));
    let heeded = host::poll(Duration::from_secs(20), || {
        let made = api.post(&path, &trial).ok()?;
        made.to_string().contains("mirror.test/").then_some(())
    });
    let tried = heeded.map(|()| rewritten(&bench));
    let name = mirror[0]["metadata"]["name"].as_str().unwrap_or_default();
    let base = "/apis/admissionregistration.k8s.io/v1";
    api.delete(&format!("{base}/mutatingadmissionpolicybindings/{name}"))?;
    api.delete(&format!("{base}/mutatingadmissionpolicies/{name}"))?;
    tried.unwrap_or_else(|| {
        let never = "the policy is never heeded";
        Err(integration_tests::trial::fail(never))
    })
}

fn rewritten(bench: &Bench) -> Outcome {
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let image = container(bench)?["image"].clone();
    let image = image.as_str().unwrap_or_default();
    assert!(image.starts_with("mirror.test/"), "{image}");
    assert_converged(bench, "--set TAG=v1")?;
    // The plan says what will be there, and nothing else is written on its account.
    let plan = bench.tell("plan --set TAG=v2")?;
    assert_says(&plan, &["mirror.test/registry.test/web:v2"]);
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_converged(bench, "--set TAG=v2")?;
    // A change of something else is that change alone.
    bench.describe(&format!("{USUAL}\ntags = {{ team = \"checkout\" }}"), "")?;
    for words in ["plan --set TAG=v2", "apply --yes --set TAG=v2"] {
        let said = bench.tell(words)?;
        assert_says(&said, &["team"]);
        assert!(!said.says(".image"), "{said}");
    }
    assert_converged(bench, "--set TAG=v2")
}

const COMMAND: &str = "readiness = { command = \"true\", period = \"1s\", timeout = \"1s\" }";

fn a_probe_that_kubectl_edited_makes_room_by_force() -> Outcome {
    let bench = Bench::new("edited-probe")?;
    let unprobed = |probe: &str| -> Outcome {
        bench.describe(USUAL, "")?;
        let path = bench.project.path().join("deploy.toml");
        let text = std::fs::read_to_string(path)?;
        let http = "readiness = { path = \"/health\", period = \"1s\", timeout = \"1s\" }";
        assert!(text.contains(http), "{text}");
        bench
            .project
            .write("deploy.toml", &text.replace(http, probe))
    };
    unprobed("readiness = false")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let probe = json!({"name": "api", "readinessProbe": {"httpGet": {"path": "/z", "port": 8080}, "periodSeconds": 7}});
    by_kubectl(&bench, "kubectl-edit", &probe)?;
    unprobed(COMMAND)?;
    bench.gate.forget();
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "refused", None, 4)?;
    let words = [
        "kubectl-edit",
        "readinessProbe.httpGet",
        "--force-conflicts",
    ];
    assert_says(&refused, &words);
    assert_eq!(bench.writes(), Vec::<String>::new(), "{refused}");
    let forced = bench.run("apply --yes --force-conflicts")?;
    assert_verdict(&forced, "healthy", None, 0)?;
    let now = container(&bench)?["readinessProbe"].clone();
    assert!(now["httpGet"].is_null() && !now["exec"].is_null(), "{now}");
    assert_converged(&bench, "--set TAG=v1")?;
    // Nothing of theirs is left to stay behind.
    unprobed("readiness = false")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let now = container(&bench)?;
    assert!(now["readinessProbe"].is_null(), "{now}");
    Ok(())
}

fn a_variable_that_kubectl_refers_elsewhere_makes_room_by_force() -> Outcome {
    let bench = Bench::serving("edited-env", "v1")?;
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "modes"}, "data": {"MODE": "a"}});
    bench.namespace.create(&config)?;
    let refers = json!({"name": "api", "env": [
        {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "modes", "key": "MODE"}}}
    ]});
    by_kubectl(&bench, "kubectl-set", &refers)?;
    bench.describe(&format!("{USUAL}\nenv = {{ MODE = \"b\" }}"), "")?;
    let plan = bench.run("plan")?;
    assert_says(&plan, &["kubectl-set", "env[MODE].valueFrom"]);
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "refused", None, 4)?;
    let forced = bench.run("apply --yes --force-conflicts")?;
    assert_verdict(&forced, "healthy", None, 0)?;
    let env = container(&bench)?["env"].clone();
    assert_eq!(env, json!([{"name": "MODE", "value": "b"}]));
    assert_converged(&bench, "--set TAG=v1")?;
    bench.describe(USUAL, "")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert!(container(&bench)?["env"].is_null());
    Ok(())
}

fn what_leaves_the_file_and_others_manage_too_is_told() -> Outcome {
    let bench = Bench::new("shared-field")?;
    bench.describe(&format!("{USUAL}\nenv = {{ DEBUG = \"1\" }}"), "")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let theirs = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [{"name": "api", "env": [{"name": "DEBUG", "value": "1"}]}]}}},
    });
    bench.namespace.apply(&theirs, "rival")?;
    bench.describe(USUAL, "")?;
    let plan = bench.tell("plan")?;
    assert_says(&plan, &["env[DEBUG]", "left to rival"]);
    let done = bench.tell("apply --yes")?;
    assert_eq!(done.exit, 0, "{done}");
    assert_says(&done, &["env[DEBUG]", "rival"]);
    let env = container(&bench)?["env"].clone();
    assert_eq!(env, json!([{"name": "DEBUG", "value": "1"}]));
    assert_converged(&bench, "--set TAG=v1")?;
    // By force it goes.
    bench.describe(&format!("{USUAL}\nenv = {{ DEBUG = \"1\" }}"), "")?;
    assert_eq!(bench.apply("v2")?.exit, 0);
    bench.describe(USUAL, "")?;
    let forced = bench.run("apply --yes --force-conflicts --set TAG=v2")?;
    assert_verdict(&forced, "healthy", None, 0)?;
    assert!(container(&bench)?["env"].is_null());
    Ok(())
}

/// A Deployment with more in it than our file has, applied by a tool on the server.
fn made_by(bench: &Bench, manager: &str) -> Outcome {
    let image = bench.namespace.cluster().image("v1");
    let mut deployment = objects::deployment("api", &image, 2);
    let pod = &mut deployment["spec"]["template"]["spec"];
    pod["containers"][0]["env"] = json!([{"name": "OLD", "value": "1"}]);
    let extra = json!({"name": "extra", "image": image});
    let first = pod["containers"][0].take();
    pod["containers"] = json!([first, extra]);
    bench.namespace.apply(&deployment, manager)?;
    bench.namespace.rolled_out("api")?;
    Ok(())
}

fn names(bench: &Bench) -> Outcome<Vec<String>> {
    let deployment = bench.deployment()?;
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let names = containers
        .into_iter()
        .flatten()
        .map(|one| one["name"].as_str());
    Ok(names.flatten().map(str::to_owned).collect())
}

fn what_another_tool_made_is_taken_over_whole() -> Outcome {
    for manager in [
        "Terraform",
        "pulumi-kubernetes-1a2b3c4d",
        "argocd-controller",
        "kustomize-controller",
        "kapp-server",
    ] {
        let bench = Bench::new("other-tool")?;
        bench.needs_simulation("a second container of the same image")?;
        made_by(&bench, manager)?;
        let plan = bench.tell("plan --adopt")?;
        assert_says(&plan, &["env[OLD]", "containers[extra]"]);
        let reconciles = manager.ends_with("controller");
        assert_eq!(
            plan.says("take it out of there first"),
            reconciles,
            "{plan}"
        );
        let done = bench.run("apply --yes --adopt")?;
        assert_verdict(&done, "healthy", None, 0)?;
        assert_eq!(names(&bench)?, ["api"], "{done}");
        assert!(container(&bench)?["env"].is_null(), "{done}");
        assert_converged(&bench, "--set TAG=v1")?;
    }
    Ok(())
}

fn what_a_manager_nobody_knows_has_stays_and_is_listed() -> Outcome {
    let bench = Bench::new("unknown-tool")?;
    bench.needs_simulation("a second container of the same image")?;
    made_by(&bench, "some-operator")?;
    let done = bench.tell("apply --yes --adopt --force-conflicts")?;
    assert_eq!(done.exit, 0, "{done}");
    assert_says(
        &done,
        &["it stays", "env[OLD]", "containers[extra]", "some-operator"],
    );
    assert_eq!(names(&bench)?.len(), 2, "{done}");
    assert_converged(&bench, "--set TAG=v1")
}

/// Sets the count as `kubectl scale` does.
fn scale_by_hand(bench: &Bench, count: u32) -> Outcome {
    let path = format!(
        "{}/api/scale?fieldManager=kubectl",
        bench.namespace.path("deployments")
    );
    let patch = json!({"spec": {"replicas": count}});
    bench.namespace.cluster().api().merge(&path, &patch)?;
    bench.namespace.rolled_out("api")?;
    Ok(())
}

fn a_count_left_to_others_stays_as_they_set_it() -> Outcome {
    let bench = Bench::serving("external-count", "v1")?;
    scale_by_hand(&bench, 3)?;
    let refused = bench.apply("v2")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["kubectl (scale)", "external"]);
    let external = USUAL.replace("replicas = 2", "replicas = \"external\"");
    bench.describe(&external, "")?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2", "v2", "v2"]);
    assert_converged(&bench, "--set TAG=v2")?;
    scale_by_hand(&bench, 1)?;
    assert_converged(&bench, "--set TAG=v2")?;
    assert_verdict(&bench.apply("v3")?, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v3"]);
    // Handed over where nobody has set it yet, it stays as it is.
    let fresh = Bench::serving("external-later", "v1")?;
    fresh.describe(&external, "")?;
    assert_eq!(fresh.apply("v1")?.exit, 0);
    assert_eq!(fresh.serve()?, ["v1", "v1"]);
    assert_converged(&fresh, "--set TAG=v1")
}

fn what_the_server_warns_of_is_told_once() -> Outcome {
    let bench = Bench::new("warned")?;
    let path = format!("/api/v1/namespaces/{}", bench.namespace.name);
    let strict = json!({"metadata": {"labels": {"pod-security.kubernetes.io/warn": "restricted"}}});
    bench.namespace.cluster().api().merge(&path, &strict)?;
    let plan = bench.tell("plan")?;
    let times = |text: &str| text.matches("would violate PodSecurity").count();
    assert_eq!(times(&plan.to_string()), 1, "{plan}");
    let made = bench.tell("apply --yes")?;
    assert_eq!((made.exit, times(&made.to_string())), (0, 1), "{made}");
    let changed = bench.tell("apply --yes --set TAG=v2")?;
    assert_eq!(
        (changed.exit, times(&changed.to_string())),
        (0, 1),
        "{changed}"
    );
    let again = bench.tell("apply --yes --set TAG=v2")?;
    assert_eq!(times(&again.to_string()), 0, "{again}");
    Ok(())
}

fn the_audit_log_shows_our_version() -> Outcome {
    let bench = Bench::serving("agent", "v1")?;
    bench.run("status")?;
    let agents = bench.gate.passed().into_iter().map(|one| one.agent);
    let mut agents: Vec<_> = agents.collect();
    agents.sort();
    agents.dedup();
    let ours = concat!("deployer/", env!("CARGO_PKG_VERSION"));
    assert_eq!(agents, [ours]);
    Ok(())
}

/// As `kubectl replace` writes them, of a version of the API that knows one metric apart.
fn metrics_in_another_order_are_no_change() -> Outcome {
    let bench = Bench::new("metrics")?;
    let both =
        "scaling = { min = 2, max = 5, cpu = 70, memory = 80 }\nrollout = { deadline = \"60s\" }";
    bench.describe(&format!("replicas = 2\n{both}"), "")?;
    let bench = bench.served("v1")?;
    let scaler = bench.namespace.get("horizontalpodautoscalers", "api")?;
    let mut metrics = scaler["spec"]["metrics"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(metrics.len(), 2, "{scaler}");
    metrics.reverse();
    let path = bench.namespace.path("horizontalpodautoscalers");
    let path = format!("{path}/api?fieldManager=kubectl-replace");
    let turned = json!({"spec": {"metrics": metrics}});
    bench.namespace.cluster().api().merge(&path, &turned)?;
    assert_converged(&bench, "")
}

/// Text that does not pack.
fn noise(length: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(letters[usize::try_from(state >> 58).unwrap_or_default()])
    };
    (0..length).map(|_| letter()).collect()
}

fn a_set_that_fits_into_no_record_is_refused_before_any_write() -> Outcome {
    let bench = Bench::new("bighistory")?;
    let noise = noise(800_000);
    let parts = noise.as_bytes().chunks(20_000).map(String::from_utf8_lossy);
    let named = parts.enumerate();
    let lines: Vec<String> = named
        .map(|(number, part)| format!("V{number} = \"{part}\""))
        .collect();
    let big = lines.join("\n");
    bench.describe(USUAL, &format!("[service.api.env]\n{big}\n"))?;
    // Alone it fits; with what is to be kept of what was there it does not.
    let bench = bench.served("v1")?;
    let refused = bench.apply("v2")?;
    assert_eq!(refused.exit, 1, "{}", refused.exit);
    assert_says(
        &refused,
        &["a Secret holds 1024 KiB", "take large values out of `env`"],
    );
    assert_eq!(bench.changes(), Vec::<String>::new());
    assert_eq!(bench.tag()?, "v1");
    Ok(())
}
