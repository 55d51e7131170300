//! What is ours on Kubernetes and what is not: conflicts, adoption, and objects that left the file. Needs a control
//! plane.

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says};
use crate::shop::assert_verdict;

trials! { "kube":
    a_conflict_names_field_and_manager,
    a_change_of_somebody_elses_is_told_and_taken_back,
    what_others_add_is_left_alone,
    what_is_not_ours_needs_adoption,
    an_adopted_deployment_loses_what_the_file_lacks,
    a_patch_is_applied_and_then_no_change,
    a_deployment_with_another_selector_is_adopted,
    a_service_account_of_others_is_used_as_it_is,
    objects_that_left_the_file_go_and_no_others,
    a_rollback_brings_the_whole_set_back,
    a_restart_by_kubectl_is_no_change_of_ours,
    secrets_are_masked_everywhere,
    what_another_target_or_project_deployed_is_not_ours,
}

/// Somebody manages the image from now on, by server-side apply and by force.
fn rival_applies(bench: &Bench, tag: &str) -> Outcome {
    let container = json!({"name": "api", "image": bench.namespace.cluster().image(tag)});
    let theirs = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    });
    bench.namespace.apply(&theirs, "rival")?;
    bench.namespace.rolled_out("api")?;
    Ok(())
}

fn a_conflict_names_field_and_manager() -> Outcome {
    let bench = Bench::serving("conflict", "v1")?;
    rival_applies(&bench, "v2")?;
    let refused = bench.apply("v3")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["image", "rival", "--force-conflicts"]);
    assert_eq!(bench.changes(), Vec::<String>::new(), "{refused}");
    assert_eq!(bench.tag()?, "v2", "{refused}");
    let plan = bench.run("plan --set TAG=v3")?;
    assert_says(&plan, &["rival"]);
    let forced = bench.run("apply --yes --set TAG=v3 --force-conflicts")?;
    assert_verdict(&forced, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v3", "v3"], "{forced}");
    // From now on it is ours again.
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)
}

/// A field of ours that somebody edited is a difference; edited, it is theirs, which needs a word.
fn a_change_of_somebody_elses_is_told_and_taken_back() -> Outcome {
    let bench = Bench::serving("drift", "v1")?;
    bench.somebody_sets("v2")?;
    bench.namespace.rolled_out("api")?;
    let plan = bench.run("plan --exit-code")?;
    assert!([3, 4].contains(&plan.exit), "{plan}");
    assert_says(&plan, &["image"]);
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["kubectl-set", "image"]);
    let back = bench.run("apply --yes --force-conflicts")?;
    assert_verdict(&back, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{back}");
    Ok(())
}

fn what_others_add_is_left_alone() -> Outcome {
    let bench = Bench::serving("additions", "v1")?;
    let note =
        json!({"metadata": {"annotations": {"team": "checkout"}, "labels": {"tier": "front"}}});
    bench.namespace.change("deployments", "api", &note)?;
    bench.namespace.change("services", "api", &note)?;
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    for resource in ["deployments", "services"] {
        let object = bench.namespace.get(resource, "api")?;
        assert_eq!(object["metadata"]["annotations"]["team"], "checkout");
        assert_eq!(object["metadata"]["labels"]["tier"], "front");
    }
    Ok(())
}

/// What `kubectl apply` leaves behind: an annotation that remembers, and fields of a manager that updates.
fn kubectl_applies(bench: &Bench, mut object: Value) -> Outcome {
    let remembered = object.to_string();
    object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        json!(remembered);
    let kind = object["kind"].as_str().unwrap_or_default();
    let resource = format!("{}s", kind.to_lowercase());
    let path = format!(
        "{}?fieldManager=kubectl-client-side-apply",
        bench.namespace.path(&resource)
    );
    bench.namespace.cluster().api().post(&path, &object)?;
    Ok(())
}

/// A Deployment and a Service by `kubectl apply`, with more in them than our file has.
fn by_kubectl(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    let mut deployment = objects::deployment("api", &bench.namespace.cluster().image("v1"), 2);
    let pod = &mut deployment["spec"]["template"]["spec"];
    pod["containers"][0]["env"] =
        json!([{"name": "OLD", "value": "1"}, {"name": "OLD_TOKEN", "value": "hunter2-hunter2"}]);
    pod["terminationGracePeriodSeconds"] = json!(77);
    let mut service = objects::service("api");
    service["spec"]["sessionAffinity"] = json!("ClientIP");
    kubectl_applies(&bench, deployment)?;
    kubectl_applies(&bench, service)?;
    bench.namespace.rolled_out("api")?;
    Ok(bench)
}

fn what_is_not_ours_needs_adoption() -> Outcome {
    let bench = by_kubectl("foreign")?;
    let refused = bench.apply("v1")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["not ours", "--adopt", "OLD"]);
    assert!(!refused.says("hunter2"), "{refused}");
    assert_eq!(bench.writes(), Vec::<String>::new(), "{refused}");
    let other = bench.run("destroy --yes")?;
    assert!([1, 4].contains(&other.exit), "{other}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{other}");
    Ok(())
}

fn an_adopted_deployment_loses_what_the_file_lacks() -> Outcome {
    let bench = by_kubectl("adopts")?;
    let done = bench.run("apply --yes --adopt --set TAG=v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_says(&done, &["OLD"]);
    assert!(!done.says("hunter2"), "{done}");
    let deployment = bench.deployment()?;
    let pod = &deployment["spec"]["template"]["spec"];
    assert!(
        !pod["containers"][0]["env"].to_string().contains("OLD"),
        "{pod}"
    );
    assert_ne!(pod["terminationGracePeriodSeconds"], 77, "{pod}");
    let service = bench.namespace.get("services", "api")?;
    assert_ne!(service["spec"]["sessionAffinity"], "ClientIP", "{service}");
    assert_eq!(bench.serve()?, ["v2", "v2"], "{done}");
    // It is ours for good: no word is needed any more, and what leaves the file later goes, too.
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)?;
    bench.describe(&format!("{USUAL}\nenv = {{ NEW = \"1\" }}"), "")?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    bench.describe(USUAL, "")?;
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    let deployment = bench.deployment()?;
    assert!(
        !deployment["spec"].to_string().contains("NEW"),
        "{deployment}"
    );
    Ok(())
}

/// Fields in the API's own spelling, as a file says them below `[service.api.kubernetes]`.
const PATCH: &str = r#"
[service.api.kubernetes.patch.deployment]
metadata.annotations.team = "checkout"
[service.api.kubernetes.patch.deployment.spec.template.spec]
securityContext = { fsGroup = 2000 }
topologySpreadConstraints = false
volumes = [{ name = "scratch", emptyDir = {} }]
[[service.api.kubernetes.patch.deployment.spec.template.spec.containers]]
name = "api"
volumeMounts = [{ name = "scratch", mountPath = "/scratch" }]
env = [{ name = "MODE", value = "patched" }]
[service.api.kubernetes.patch.service.spec]
sessionAffinity = "ClientIP"
[service.api.kubernetes.patch.pdb.spec]
maxUnavailable = false
minAvailable = 1
"#;

fn a_patch_is_applied_and_then_no_change() -> Outcome {
    let bench = Bench::serving("patched", "v1")?;
    bench.describe(USUAL, PATCH)?;
    let plan = bench.run("plan --exit-code")?;
    assert_eq!(plan.exit, 3, "{plan}");
    assert_says(&plan, &["scratch", "ClientIP", "minAvailable"]);
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let pod = &bench.deployment()?["spec"]["template"]["spec"];
    assert_eq!(pod["volumes"][0]["name"], "scratch", "{pod}");
    assert_eq!(
        pod["containers"][0]["volumeMounts"][0]["mountPath"], "/scratch",
        "{pod}"
    );
    assert_eq!(pod["topologySpreadConstraints"], Value::Null, "{pod}");
    let plan = bench.run("plan --exit-code")?;
    assert_eq!(plan.exit, 0, "{plan}");
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
    // What leaves the patch goes again.
    bench.describe(USUAL, "")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let pod = &bench.deployment()?["spec"]["template"]["spec"];
    assert_eq!(pod["volumes"], Value::Null, "{pod}");
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

/// Kubernetes never changes a selector: the file says the one that is there.
fn a_deployment_with_another_selector_is_adopted() -> Outcome {
    let bench = Bench::new("selector")?;
    let labels = json!({"app.kubernetes.io/name": "web"});
    let mut deployment = objects::deployment("api", &bench.namespace.cluster().image("v1"), 2);
    deployment["spec"]["selector"]["matchLabels"] = labels.clone();
    deployment["spec"]["template"]["metadata"]["labels"] = labels.clone();
    kubectl_applies(&bench, deployment)?;
    bench.namespace.rolled_out("api")?;
    let refused = bench.run("apply --yes --adopt")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["selector = {", "app.kubernetes.io/name"]);
    bench.describe(USUAL, "selector = { \"app.kubernetes.io/name\" = \"web\" }")?;
    let done = bench.run("apply --yes --adopt --set TAG=v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    let deployment = bench.deployment()?;
    assert_eq!(deployment["spec"]["selector"]["matchLabels"], labels);
    let service = bench.namespace.get("services", "api")?;
    assert_eq!(service["spec"]["selector"], labels, "{service}");
    let serving = bench.serve_by("app.kubernetes.io/name=web")?;
    assert_eq!(serving, ["v2", "v2"], "{done}");
    let status = bench.run("status")?;
    assert_says(&status, &["v2"]);
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)
}

fn a_service_account_of_others_is_used_as_it_is() -> Outcome {
    let bench = Bench::new("account")?;
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "api-sa"}});
    let made = bench.namespace.create(&account)?;
    bench.describe(USUAL, "service_account = \"api-sa\"")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let after = bench.namespace.get("serviceaccounts", "api-sa")?;
    assert_eq!(
        made["metadata"]["resourceVersion"],
        after["metadata"]["resourceVersion"]
    );
    assert_eq!(bench.run("destroy --yes")?.exit, 0);
    bench.namespace.get("serviceaccounts", "api-sa").map(drop)
}

const EXPOSED: &str = r#"replicas = 2
expose   = { host = "api.example.com" }
rollout  = { deadline = "60s" }"#;

fn objects_that_left_the_file_go_and_no_others() -> Outcome {
    let bench = Bench::new("prune")?;
    bench.describe(EXPOSED, "")?;
    // Somebody else's, one of them with a label of ours.
    let mut theirs = bench.namespace.create(&json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "theirs", "labels": {"app": "api"}},
        "spec": {"rules": [{"host": "other.example.com"}]},
    }))?;
    let other = json!({"maxUnavailable": 1, "selector": {"matchLabels": {"app": "other"}}});
    bench.namespace.create(&json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": other,
        "metadata": {"name": "other", "labels": {"deployer/project": "shop", "deployer/service": "other"}},
    }))?;
    let bench = bench.served("v1")?;
    bench.describe(USUAL, "disruption = false")?;
    let plan = bench.run("plan --exit-code")?;
    assert_eq!(plan.exit, 3, "{plan}");
    assert_says(&plan, &["Ingress", "PodDisruptionBudget"]);
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 0, "{done}");
    assert_eq!(bench.namespace.names("ingresses")?, ["theirs"], "{done}");
    assert_eq!(
        bench.namespace.names("poddisruptionbudgets")?,
        ["other"],
        "{done}"
    );
    let after = bench.namespace.get("ingresses", "theirs")?;
    assert_eq!(after["metadata"]["uid"], theirs["metadata"]["uid"].take());
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

fn a_rollback_brings_the_whole_set_back() -> Outcome {
    let whole = |max: u32, host: &str| {
        format!(
            "replicas = 2\nscaling = {{ min = 2, max = {max}, cpu = 70 }}\nexpose = {{ host = \"{host}\" }}\n\
             rollout = {{ deadline = \"60s\" }}"
        )
    };
    let bench = Bench::new("whole")?;
    bench.needs_simulation("pods that fail as told")?;
    bench.describe(&whole(4, "old.example.com"), "disruption = 1")?;
    let bench = bench.served("v1")?;
    bench.describe(&whole(9, "new.example.com"), "disruption = 2")?;
    let done = bench.apply("v2-crash")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    let ingress = bench.namespace.get("ingresses", "api-ingress")?;
    assert_eq!(
        ingress["spec"]["rules"][0]["host"], "old.example.com",
        "{done}"
    );
    let scaler = bench.namespace.get("horizontalpodautoscalers", "api")?;
    assert_eq!(scaler["spec"]["maxReplicas"], 4, "{done}");
    let budget = bench.namespace.get("poddisruptionbudgets", "api")?;
    assert_eq!(budget["spec"]["maxUnavailable"], 1, "{done}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    // All of it is as the old file has it.
    bench.describe(&whole(4, "old.example.com"), "disruption = 1")?;
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

/// `kubectl rollout restart` leaves an annotation in the template that is not ours to remove.
fn a_restart_by_kubectl_is_no_change_of_ours() -> Outcome {
    let bench = Bench::serving("kubectl-restart", "v1")?;
    let annotation = json!({"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"});
    let patch = json!({"spec": {"template": {"metadata": {"annotations": annotation}}}});
    bench.namespace.change("deployments", "api", &patch)?;
    bench.namespace.rolled_out("api")?;
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

fn secrets_are_masked_everywhere() -> Outcome {
    let bench = Bench::new("masked")?;
    let keys = |value: &str| format!("{USUAL}\nenv = {{ API_TOKEN = \"{value}\" }}");
    bench.describe(&keys("s3cr3t-of-the-first"), "")?;
    let first = bench.run("apply --yes -vv")?;
    assert_verdict(&first, "healthy", None, 0)?;
    bench.describe(&keys("s3cr3t-of-the-second"), "")?;
    let mut said = vec![first];
    for words in [
        "plan",
        "plan --out saved.plan",
        "apply --yes -vv --set TAG=v2-crash",
        "status",
        "history",
        "render",
        "validate",
    ] {
        said.push(bench.run(words)?);
        said.push(bench.tell(words)?);
    }
    for finished in &said {
        assert!(!finished.says("s3cr3t"), "{finished}");
    }
    let leases = bench.namespace.list("leases")?;
    let secrets = bench.namespace.list("secrets")?;
    let notes: Vec<_> = secrets.iter().map(|one| &one["metadata"]).collect();
    assert!(!format!("{leases:?}{notes:?}").contains("s3cr3t"));
    Ok(())
}

/// Labels hold neither spaces nor slashes: both projects have the same ones.
fn what_another_target_or_project_deployed_is_not_ours() -> Outcome {
    let bench = Bench::new("owners")?;
    let text = std::fs::read_to_string(bench.project.path().join("deploy.toml"))?;
    let named = |project: &str| {
        let line = format!("project = \"{project}\"");
        let lines = text.lines().map(|old| {
            if old.starts_with("project") {
                line.as_str()
            } else {
                old
            }
        });
        bench
            .project
            .write("deploy.toml", &lines.collect::<Vec<_>>().join("\n"))
    };
    named("team a")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;
    bench.gate.forget();
    let stage = std::fs::read_to_string(bench.project.path().join("config/kube.toml"))?;
    bench.project.write("config/stage.toml", &stage)?;
    let other = bench
        .project
        .run("apply --yes --target stage --output json --set TAG=v2")?;
    assert_verdict(&other, "refused", None, 4)?;
    assert_says(&other, &["project team a at target kube", "--adopt"]);
    let both = "apply --yes --target kube --target stage --output json --set TAG=v2";
    assert_eq!(bench.project.run(both)?.exit, 4);
    named("team/a")?;
    let other = bench.apply("v2")?;
    assert_verdict(&other, "refused", None, 4)?;
    assert_says(&other, &["belongs to service api of project team a"]);
    assert_eq!(bench.writes(), Vec::<String>::new(), "{other}");
    Ok(())
}
