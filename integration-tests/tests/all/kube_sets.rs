//! A `StatefulSet` as teams run one: with volumes that pods find again, and with a pod in the middle that breaks. Needs a
//! control plane with simulated pods.

use std::collections::BTreeMap;

use integration_tests::cluster::puppet::{HELD, Puppet, Script};
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, assert_converged, assert_says, deploy, until};
use crate::shop::assert_verdict;

trials! { "kube":
    a_pod_that_breaks_in_the_middle_of_a_stateful_set_goes_back_with_the_others,
    pods_of_a_stateful_set_find_their_volumes_again,
}

/// A bench for a `StatefulSet` with these keys, and these of what only Kubernetes knows.
fn set(stem: &str, extra: &str, kube: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    bench.needs_simulation("pods and volumes that are as told")?;
    let more = format!("kind = \"StatefulSet\"\n{kube}");
    let text = deploy(extra, &more).replace("max_surge = \"100%\"\n", "");
    bench.project.write("deploy.toml", &text)?;
    Ok(bench)
}

/// The last of three is new already when the one before it breaks: it would wait for ever, and keep the last one new.
fn a_pod_that_breaks_in_the_middle_of_a_stateful_set_goes_back_with_the_others() -> Outcome {
    let extra = format!(
        "replicas = 3\nrollout = {{ deadline = \"60s\", breaker = {{ threshold = 2 }} }}\n{HELD}"
    );
    let bench = set("middle", &extra, "")?;
    let namespace = &bench.namespace;
    let puppet = Puppet::play(namespace, |nth| match nth {
        // Three that serve, the last one made anew, and then the one in the middle.
        4 => Script::ends("Error", 1, "cannot reach the database"),
        _ => Script::well(),
    })?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_says(&done, &["deleted pod api-1", "cannot reach the database"]);
    assert_eq!(bench.serve()?, ["v1", "v1", "v1"], "{done}");
    assert_converged(&bench, "v1")?;
    puppet.ends()
}

/// Volumes that are there, for want of anything that makes them.
fn volumes(bench: &Bench, class: &str) -> Outcome {
    let api = bench.namespace.cluster().api();
    api.create(&json!({ "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": class },
        "provisioner": "kubernetes.io/no-provisioner" }))?;
    for nth in 0..2 {
        api.create(&json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": format!("{class}-{nth}") },
            "spec": { "capacity": { "storage": "2Gi" }, "accessModes": ["ReadWriteOnce"], "storageClassName": class,
                "hostPath": { "path": "/data" } },
        }))?;
    }
    Ok(())
}

/// The claims there are: their names, with the identity of each and the volume that it has.
fn claims(bench: &Bench) -> Outcome<BTreeMap<String, (Value, Value)>> {
    let all = bench.namespace.list("persistentvolumeclaims")?;
    let each = all.into_iter().map(|claim| {
        let name = claim["metadata"]["name"].as_str().unwrap_or_default();
        let has = (
            claim["metadata"]["uid"].clone(),
            claim["spec"]["volumeName"].clone(),
        );
        (name.to_owned(), has)
    });
    Ok(each.collect())
}

fn pods_of_a_stateful_set_find_their_volumes_again() -> Outcome {
    let kube = r#"
pod_management = "parallel"
service = { headless = true }
service_name = "api"
claim_retention = { scaled = "Delete", deleted = "Delete" }
claims.data = { size = "1GiB", storage_class = "CLASS", labels = { tier = "db" }, annotations = { a = "b" }, access = ["ReadWriteOnce"] }
patch = { stateful_set = { spec = { template = { spec = { terminationGracePeriodSeconds = 7 } } } } }
"#;
    let extra = "replicas = 2\nrollout = { deadline = \"60s\" }\nmounts = { \"/data\" = \"data\" }";
    let bench = set("volumes", extra, kube)?;
    let class = bench.namespace.name.clone();
    volumes(&bench, &class)?;
    let path = bench.project.path().join("deploy.toml");
    let text = std::fs::read_to_string(path)?.replace("CLASS", &class);
    bench.project.write("deploy.toml", &text)?;

    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let set = bench.namespace.get("statefulsets", "api")?;
    let spec = &set["spec"];
    assert_eq!(spec["podManagementPolicy"], "Parallel");
    assert_eq!(spec["serviceName"], "api");
    assert_eq!(spec["template"]["spec"]["terminationGracePeriodSeconds"], 7);
    let retention = json!({ "whenDeleted": "Delete", "whenScaled": "Delete" });
    assert_eq!(spec["persistentVolumeClaimRetentionPolicy"], retention);
    let claim = bench
        .namespace
        .get("persistentvolumeclaims", "data-api-0")?;
    assert_eq!(claim["metadata"]["labels"]["tier"], "db");
    assert_eq!(claim["metadata"]["annotations"]["a"], "b");
    let before = claims(&bench)?;
    let names: Vec<_> = before.keys().map(String::as_str).collect();
    assert_eq!(names, ["data-api-0", "data-api-1"]);
    let service = bench.namespace.get("services", "api")?;
    assert_eq!(service["spec"]["clusterIP"], "None");
    assert_converged(&bench, "v1")?;

    // Neither a rollout nor one that goes back moves a volume.
    assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
    assert_eq!(claims(&bench)?, before);
    let failed = bench.apply("missing")?;
    assert_verdict(&failed, "tripped", Some(true), 10)?;
    assert_eq!(bench.serve()?, ["v2", "v2"], "{failed}");
    assert_eq!(claims(&bench)?, before);

    // What nobody has any more goes, as the file says.
    let scaled = bench.run("scale api=1 --yes --set TAG=v2")?;
    assert_eq!(scaled.exit, 0, "{scaled}");
    until("the claim of the pod that went is gone", || {
        Ok(claims(&bench)?.len() == 1)
    })?;
    let gone = bench.run("destroy --yes")?;
    assert_eq!(gone.exit, 0, "{gone}");
    until("the last claim is gone", || Ok(claims(&bench)?.is_empty()))
}
