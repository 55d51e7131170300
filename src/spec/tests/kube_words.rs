//! What of the words that only Kubernetes has cannot be: each is told, with its caret.

use super::{Arguments, ECS, load_with, told, with};

const TARGET: &str = "platform = \"kubernetes\"\nnamespace = \"shop\"\n";

fn problems(more: &str, target: &str) -> Vec<String> {
    told(&load_with(&with(more), target, &Arguments::default()))
}

/// What stands in the table of Kubernetes, and what is told of it.
const TOLD: &[(&str, &str)] = &[
    (
        "labels = { app = \"other\" }",
        "the pods are found by this label",
    ),
    (
        "pod_labels = { app = false }",
        "the pods are found by this label",
    ),
    (
        "labels = { \"deployer/project\" = \"x\" }",
        "this label is ours",
    ),
    (
        "service = { ports = [{ port = 80 }, { port = 81, name = \"a\" }] }",
        "`name` is missing",
    ),
    (
        "service = { selector = { tier = \"front\" } }",
        "do not have this label",
    ),
    (
        "service = { headless = true, type = \"NodePort\" }",
        "without an address",
    ),
    ("security = \"baseline\"", "this is not a standard"),
    (
        "security = { standard = \"restricted\", privileged = true }",
        "does not let a container do so",
    ),
    ("security = { seccomp = \"None\" }", "RuntimeDefault"),
    (
        "affinity = { nodeAfinity = {} }",
        "unknown key `nodeAfinity`",
    ),
    ("tolerations = [{ key = 1 }]", "expected a string"),
    (
        "disruption = { min = 1, max = 1 }",
        "`min` and `max` exclude each other",
    ),
    ("autoscaler = { name = \"a\" }", "`scaling` is missing"),
    (
        "strategy = \"recreate\"\nmax_surge = 1",
        "`strategy = \"recreate\"` ends all pods first: `max_surge` says nothing of it",
    ),
    ("strategy = \"canary\"", "this is not a strategy"),
    (
        "strategy = \"on_delete\"",
        "a Deployment knows no strategy \"on_delete\"",
    ),
    (
        "kind = \"StatefulSet\"\nstrategy = \"recreate\"",
        "a StatefulSet knows no strategy \"recreate\"",
    ),
    (
        "kind = \"StatefulSet\"\nmax_surge = 1",
        "a pod of a StatefulSet makes way before",
    ),
    ("partition = 1", "only a StatefulSet has this"),
    (
        "kind = \"DaemonSet\"\nclaims = { data = { size = \"1GiB\" } }",
        "only a StatefulSet has this",
    ),
    (
        "kind = \"StatefulSet\"\nclaims = { data = {} }",
        "`size` is missing",
    ),
    (
        "kind = \"DaemonSet\"\nmax_surge = 1\nmax_unavailable = 1",
        "too many or none, never both",
    ),
    (
        "kind = \"DaemonSet\"\ndisruption = 1",
        "a drained node keeps the pod of a DaemonSet",
    ),
    ("kind = \"Job\"", "this is not a kind of workload"),
    (
        "kind = \"DaemonSet\"\npatch = { deployment = { spec = { paused = true } } }",
        "`kind = \"Deployment\"` is missing",
    ),
    (
        "drain = \"5s\"\npre_stop = { sleep = \"5s\" }",
        "they exclude each other",
    ),
    (
        "pre_stop = { sleep = \"5s\", command = \"true\" }",
        "exclude each other",
    ),
    (
        "liveness = { port = 80, successes = 2 }",
        "must be 1, but for readiness",
    ),
    (
        "requests = { memory = \"2GiB\" }\nlimits = { memory = \"1GiB\" }",
        "more memory is reserved than may be used",
    ),
];

#[test]
fn what_cannot_be_is_told() {
    for (words, expected) in TOLD {
        let more = format!("port = 8080\n[service.api.kubernetes]\n{words}\n");
        let told = problems(&more, TARGET);
        assert!(
            told.iter().any(|one| one.contains(expected)),
            "{words}: {told:?}"
        );
    }
}

#[test]
fn ecs_fills_no_environment_in() {
    let more = "env = { IP = { field = \"status.podIP\" } }\nenv_from = [{ config = \"all\" }]\n";
    let told = problems(more, ECS);
    let ours = told
        .iter()
        .filter(|one| one.contains("only Kubernetes fills"));
    assert_eq!(ours.count(), 2, "{told:?}");
    let two = problems("env = { IP = { field = \"a\", config = \"b\" } }\n", TARGET);
    assert!(
        two.iter().any(|one| one.contains("needs one of")),
        "{two:?}"
    );
}
