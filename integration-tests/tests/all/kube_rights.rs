//! Roles on Kubernetes that allow only half: a right that is missing costs its own piece, which is named, and never the
//! verdict; without what a deploy cannot do without, nothing is changed. Needs a control plane.

use integration_tests::cluster::{Cluster, Rights};
use integration_tests::program::Finished;
use integration_tests::trial::{Outcome, Trial, test};
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says, evidence};
use crate::shop::assert_verdict;

mod missing;

/// What it takes to keep an object as the file says.
const CHANGED: [&str; 5] = ["get", "list", "create", "patch", "delete"];

/// What it takes to follow objects.
const WATCHED: [&str; 3] = ["get", "list", "watch"];

/// Group, resource and verbs that a deploy of the usual service needs, with all that it can use beside them.
const ALL: [(&str, &str, &[&str]); 13] = [
    ("", "namespaces", &["get"]),
    (
        "apps",
        "deployments",
        &["get", "list", "watch", "create", "patch", "delete"],
    ),
    ("apps", "replicasets", &WATCHED),
    ("", "pods", &WATCHED),
    ("", "pods/log", &["get"]),
    ("", "events", &WATCHED),
    ("", "services", &CHANGED),
    ("", "serviceaccounts", &CHANGED),
    ("", "secrets", &CHANGED),
    (
        "coordination.k8s.io",
        "leases",
        &["get", "list", "create", "update", "patch", "delete"],
    ),
    ("policy", "poddisruptionbudgets", &CHANGED),
    ("networking.k8s.io", "ingresses", &CHANGED),
    ("autoscaling", "horizontalpodautoscalers", &CHANGED),
];

/// What only evidence and speed are lost without.
const OPTIONAL: [&str; 5] = ["pods/log", "events", "replicasets", "pods", "namespaces"];

/// What is promised to be there: without it, nothing may be changed.
const NEEDED: [&str; 4] = ["leases", "secrets", "services", "poddisruptionbudgets"];

pub(crate) fn trials() -> Vec<Trial> {
    let optional = OPTIONAL.into_iter().map(|right| {
        let name = format!("a_deploy_without_{}", right.replace('/', "_"));
        test("kube", &name, move || deploys_without(right))
    });
    let needed = NEEDED.into_iter().map(|right| {
        let name = format!("no_half_deploy_without_{right}");
        test("kube", &name, move || never_half(right))
    });
    let mut trials: Vec<_> = optional.chain(needed).collect();
    trials.push(test("kube", "the_smallest_role_is_enough", smallest_role));
    trials.extend(missing::trials());
    trials.push(test(
        "kube",
        "a_deployment_that_may_only_be_read_by_name_is_judged",
        only_by_name,
    ));
    trials.push(test(
        "kube",
        "a_cluster_that_is_not_verified_is_told",
        not_verified,
    ));
    trials.push(test("kube", "a_reader_plans_and_cannot_apply", reader));
    trials.push(test("kube", "nobody_is_told_what_is_missing", nobody));
    trials
}

/// The rules of a role with all of it, but for these.
fn without(left_out: &[&str]) -> Rights {
    let granted = ALL
        .iter()
        .filter(|(_, resource, _)| !left_out.contains(resource));
    rules(granted.map(|(group, resource, verbs)| (*group, *resource, verbs.to_vec())))
}

fn rules<'a>(granted: impl Iterator<Item = (&'a str, &'a str, Vec<&'a str>)>) -> Rights {
    let rules: Vec<_> = granted
        .map(|(group, resource, verbs)| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs}))
        .collect();
    Rights::Only(Value::Array(rules))
}

fn bench(stem: &str, rights: &Rights) -> Outcome<Bench> {
    let cluster = Cluster::shared()?;
    cluster.needs_simulation("pods that fail as told")?;
    Bench::on(&cluster, stem, rights)
}

fn smallest_role() -> Outcome {
    let bench = bench("smallest", &without(&[]))?;
    bench.describe(
        "replicas = 2\nscaling = { min = 2, max = 4, cpu = 70 }\nexpose = { host = \"api.example.com\" }\nrollout = { deadline = \"60s\" }",
        "service_account = \"api-sa\"",
    )?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    let done = bench.apply("v2-crash")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(evidence(&done)?["missing"], json!([]), "{done}");
    // Nothing that was asked for was refused.
    let refused: Vec<_> = bench
        .gate
        .passed()
        .into_iter()
        .filter(|one| one.status == Some(403))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(bench.run("destroy --yes")?.exit, 0);
    Ok(())
}

/// Enough for `kubectl rollout status` is enough here.
fn only_by_name() -> Outcome {
    let granted = ALL.iter().map(|(group, resource, verbs)| {
        let verbs = verbs.iter().copied();
        let kept =
            verbs.filter(|verb| *resource != "deployments" || !["list", "watch"].contains(verb));
        (*group, *resource, kept.collect())
    });
    let bench = bench("by-name", &rules(granted))?;
    let first = bench.apply("v1")?;
    assert_verdict(&first, "healthy", None, 0)?;
    assert_says(&first, &["no right to watch the Deployment"]);
    let second = bench.apply("v2-crash")?;
    assert_verdict(&second, "tripped", Some(true), 10)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{second}");
    Ok(())
}

fn not_verified() -> Outcome {
    let bench = bench("unverified", &without(&[]))?;
    let sure = bench.run("plan")?;
    assert!(!sure.says("insecure-skip-tls-verify"), "{sure}");
    let mut file: Value = serde_json::from_str(&std::fs::read_to_string(&bench.user.kubeconfig)?)?;
    let server = file["clusters"][0]["cluster"]["server"].clone();
    file["clusters"][0]["cluster"] = json!({"server": server, "insecure-skip-tls-verify": true});
    bench.project.write("unverified", &file.to_string())?;
    let way = bench.project.path().join("unverified");
    bench
        .project
        .kubernetes_target("kube", &way, &bench.namespace.name)?;
    let plan = bench.run("plan")?;
    assert_says(&plan, &["insecure-skip-tls-verify"]);
    Ok(())
}

fn deploys_without(right: &str) -> Outcome {
    let bench = bench("without", &without(&[right]))?;
    let first = bench.apply("v1")?;
    assert_verdict(&first, "healthy", None, 0)?;
    let second = bench.apply("v2-crash")?;
    assert_verdict(&second, "tripped", Some(true), 10)?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{second}");
    // A namespace that cannot be read is there, as the first write shows.
    if right != "namespaces" {
        let name = right.rsplit('/').next().unwrap_or(right);
        assert!(second.says(name), "{right} is not named\n{second}");
    }
    assert_verdict(&bench.apply("v1")?, "unchanged", None, 0)
}

fn never_half(right: &str) -> Outcome {
    let bench = bench("needs", &without(&[right]))?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "failed", None, 1)?;
    let rules = missing::rules(&done)?;
    assert_eq!(rules.len(), 1, "{done}");
    assert_eq!(rules[0]["resources"], json!([right]), "{done}");
    missing::nothing_is_written(&bench);
    Ok(())
}

/// As in the job of a pull request: the difference is told all the same, and that nobody has proven it.
fn reader() -> Outcome {
    let read = ALL
        .iter()
        .map(|(group, resource, _)| (*group, *resource, vec!["get", "list", "watch"]));
    let mut bench = Bench::on(&Cluster::shared()?, "reader", &rules(read))?;
    let writer = bench.namespace.user("writer", &crate::kube::all_here())?;
    let reader = std::mem::replace(&mut bench.user, writer);
    bench.place("")?;
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    bench.user = reader;
    bench.place("")?;
    bench.gate.forget();
    let same = bench.run("plan --exit-code")?;
    assert_eq!(same.exit, 0, "{same}");
    bench.describe(&format!("{USUAL}\nenv = {{ NEW = \"1\" }}"), "")?;
    let plan = bench.run("plan --exit-code --set TAG=v2")?;
    assert_eq!(plan.exit, 3, "{plan}");
    assert_says(&plan, &["NEW", "registry.test/web:v2"]);
    assert!(has_note(&plan, "not_proven")?, "{plan}");
    assert!(has_note(&plan, "rights_missing")?, "{plan}");
    assert_says(&plan, &["resources: [deployments], verbs: [patch]"]);
    let status = bench.run("status")?;
    assert_eq!(status.exit, 0, "{status}");
    let applied = bench.apply("v2")?;
    assert_verdict(&applied, "failed", None, 1)?;
    assert_eq!(bench.tag()?, "v1", "{applied}");
    assert_says(&applied, &["may not do all that this takes", ":deploys"]);
    Ok(())
}

/// Whether the plan has this note.
fn has_note(plan: &Finished, code: &str) -> Outcome<bool> {
    let plan = plan.event("plan", "api")?;
    let notes = plan["notes"].as_array().cloned().unwrap_or_default();
    Ok(notes.iter().any(|note| note["code"] == code))
}

fn nobody() -> Outcome {
    let bench = Bench::on(&Cluster::shared()?, "nobody", &Rights::Only(json!([])))?;
    for words in ["plan", "apply --yes", "status"] {
        let done = bench.run(words)?;
        assert_eq!(done.exit, 1, "{words}\n{done}");
        assert_says(&done, &["forbidden", "deployments"]);
    }
    assert_eq!(bench.namespace.names("deployments")?.len(), 0);
    Ok(())
}
