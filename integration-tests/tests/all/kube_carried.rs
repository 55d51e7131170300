//! Objects of any kind that are carried along: applied, changed, taken away and brought back with the service. Needs a
//! control plane.

use integration_tests::cluster::{Cluster, Rights};
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::kube::{Bench, USUAL, assert_says};
use crate::shop::assert_verdict;

trials! { "kube":
    objects_of_any_kind_are_carried_along,
    what_is_carried_comes_back_with_a_rollback,
    a_refused_object_stops_before_the_rollout,
    a_job_that_is_carried_along_is_judged,
}

const SETTINGS: &str = "
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { LEVEL: info, script: \"echo ${HOME}\" }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { word: sesame-open }
";

const NIGHTLY: &str = "
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: \"0 3 * * *\"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{ name: nightly, image: \"registry.test/web:v1\" }]
";

const WIDGETS: &str = "
apiVersion: carried.test/v1
kind: Widget
metadata: { name: one }
spec: { size: 3 }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.carried.test }
spec:
  group: carried.test
  scope: Namespaced
  names: { kind: Widget, listKind: WidgetList, plural: widgets, singular: widget }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: { type: object, properties: { size: { type: integer, default: 1 } } }
";

/// A bench whose user may do all, and whose service carries along what is in `k8s`.
fn carrying(stem: &str, files: &[(&str, &str)]) -> Outcome<Bench> {
    let bench = Bench::on(&Cluster::shared()?, stem, &Rights::All)?;
    bench.describe(USUAL, "manifests = [\"k8s/*.yaml\"]")?;
    for (name, text) in files {
        bench.project.write(&format!("k8s/{name}.yaml"), text)?;
    }
    Ok(bench)
}

fn level(bench: &Bench) -> Outcome<String> {
    let settings = bench.namespace.get("configmaps", "settings")?;
    assert_eq!(settings["data"]["script"], "echo ${HOME}");
    let level = settings["data"]["LEVEL"].as_str().unwrap_or_default();
    Ok(level.to_owned())
}

fn objects_of_any_kind_are_carried_along() -> Outcome {
    let files = [
        ("settings", SETTINGS),
        ("nightly", NIGHTLY),
        ("widgets", WIDGETS),
    ];
    let bench = carrying("carried", &files)?;
    let plan = bench.run("plan")?;
    assert_says(
        &plan,
        &["CronJob nightly", "Widget one", "ConfigMap settings"],
    );
    assert!(!plan.says("sesame") && !plan.says("c2VzYW1l"), "{plan}");
    let done = bench.apply("v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert!(!done.says("sesame") && !done.says("c2VzYW1l"), "{done}");
    assert_eq!(level(&bench)?, "info");
    let widget = bench.namespace.get("widgets", "one")?;
    assert_eq!(widget["spec"]["size"], 3);
    assert_eq!(widget["metadata"]["labels"]["deployer/service"], "api");
    bench.namespace.get("cronjobs", "nightly")?;
    bench.namespace.get("secrets", "keys")?;
    let again = bench.run("plan --exit-code")?;
    assert_eq!(again.exit, 0, "{again}");
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)?;

    // A change of one alone is one write.
    let changed = SETTINGS.replace("info", "debug");
    bench.project.write("k8s/settings.yaml", &changed)?;
    bench.gate.forget();
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 0, "{done}");
    assert_eq!(bench.changes(), ["PATCH configmaps/settings"], "{done}");
    assert_eq!(level(&bench)?, "debug");

    // What left the files goes, and nothing else.
    std::fs::remove_file(bench.project.path().join("k8s/nightly.yaml"))?;
    let plan = bench.run("plan")?;
    assert_says(&plan, &["CronJob nightly"]);
    let done = bench.apply("v1")?;
    assert_eq!(done.exit, 0, "{done}");
    assert!(
        bench.namespace.find("cronjobs", "nightly")?.is_none(),
        "{done}"
    );
    bench.namespace.get("widgets", "one")?;

    let gone = bench.run("destroy --yes")?;
    assert_eq!(gone.exit, 0, "{gone}");
    for (resource, name) in [
        ("configmaps", "settings"),
        ("secrets", "keys"),
        ("widgets", "one"),
        ("deployments", "api"),
    ] {
        let left = bench.namespace.find(resource, name)?;
        assert!(left.is_none(), "{resource}/{name}\n{gone}");
    }
    // What lies outside of the namespace is others' too.
    let definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.carried.test";
    bench.namespace.cluster().api().get(definition)?;
    Ok(())
}

fn what_is_carried_comes_back_with_a_rollback() -> Outcome {
    let bench = carrying("carries-back", &[("settings", SETTINGS)])?;
    bench.needs_simulation("pods that fail as told")?;
    let bench = bench.served("v1")?;
    let changed = SETTINGS.replace("info", "debug");
    bench.project.write("k8s/settings.yaml", &changed)?;
    bench.project.write("k8s/nightly.yaml", NIGHTLY)?;
    let failed = bench.apply("v2-crash")?;
    assert_eq!(failed.exit, 10, "{failed}");
    assert_eq!(level(&bench)?, "info", "{failed}");
    assert!(
        bench.namespace.find("cronjobs", "nightly")?.is_none(),
        "{failed}"
    );
    assert_eq!(bench.serve()?, ["v1", "v1"], "{failed}");
    Ok(())
}

fn a_refused_object_stops_before_the_rollout() -> Outcome {
    let bench = carrying("carries-bad", &[("settings", SETTINGS)])?.served("v1")?;
    let bad = NIGHTLY.replace("0 3 * * *", "at night");
    bench.project.write("k8s/bad.yaml", &bad)?;
    let refused = bench.apply("v2")?;
    assert_ne!(refused.exit, 0, "{refused}");
    assert_says(&refused, &["k8s/bad.yaml:2", "schedule"]);
    assert_eq!(bench.changes(), Vec::<String>::new(), "{refused}");
    assert_eq!(bench.tag()?, "v1", "{refused}");
    // A kind that nobody knows is told with its place.
    let unknown = "apiVersion: nobody.test/v1\nkind: Gadget\nmetadata: { name: a }\n";
    bench.project.write("k8s/bad.yaml", unknown)?;
    let refused = bench.apply("v2")?;
    assert_ne!(refused.exit, 0, "{refused}");
    assert_says(&refused, &["k8s/bad.yaml:1", "nobody.test/v1"]);
    // Somebody else's is not taken.
    let theirs = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"a": "b"},
    });
    bench.namespace.create(&theirs)?;
    let ours = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: theirs }\ndata: { a: c }\n";
    bench.project.write("k8s/bad.yaml", ours)?;
    let refused = bench.apply("v2")?;
    assert_verdict(&refused, "refused", None, 4)?;
    assert_says(&refused, &["ConfigMap theirs is not ours"]);
    assert_eq!(bench.tag()?, "v1", "{refused}");
    Ok(())
}

/// A Job that runs for longer than it may.
const LATE: &str = "
apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec:
  activeDeadlineSeconds: 4
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: migrate, image: \"registry.test/web:v1\" }]
";

fn a_job_that_is_carried_along_is_judged() -> Outcome {
    let bench = carrying("carries-job", &[("job", LATE)])?;
    let failed = bench.apply("v1")?;
    assert_verdict(&failed, "incomplete", None, 5)?;
    assert_says(
        &failed,
        &[
            "the service serves",
            "Job migrate failed",
            "DeadlineExceeded",
        ],
    );
    assert_eq!(bench.serve()?, ["v1", "v1"], "{failed}");
    // It is what it is until the file says otherwise.
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}
