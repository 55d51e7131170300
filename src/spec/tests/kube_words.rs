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
    ("nodes = \"spot\"", "this is not a kind of nodes"),
    (
        "nodes = { pool = \"a\", group = \"b\" }",
        "no node is of a `pool` and of a `group`",
    ),
    (
        "nodes = { group = \"b\", capacity = \"reserved\" }",
        "bear no label for this",
    ),
    (
        "nodes = { pool = \"a\" }\nnode_selector = { \"karpenter.sh/nodepool\" = \"b\" }",
        "`nodes` says `karpenter.sh/nodepool` already",
    ),
    (
        "nodes = \"fargate\"\nhost_network = true",
        "on Fargate pods have a network of their own",
    ),
    (
        "nodes = \"fargate\"\nsecurity = { privileged = true }",
        "on Fargate no container is privileged",
    ),
    (
        "nodes = \"fargate\"\nlimits = { gpu = 1 }",
        "on Fargate there is no GPU",
    ),
    ("gateway = { section = \"https\" }", "`name` is missing"),
    (
        "gateway = { name = \"g\", path = \"api\" }",
        "a path starts with `/`",
    ),
    (
        "gateway = { name = \"g\", timeout = \"soon\" }",
        "this is not a time",
    ),
    (
        "gateway = { name = \"g\", rules = [{ redirect = { status = 304 } }] }",
        "must be 301, 302",
    ),
    (
        "gateway = { name = \"g\", rules = [{ redirect = {}, to = [] }] }",
        "is sent to no service",
    ),
    (
        "gateway = { name = \"g\", rules = [{ matches = [{ method = \"FETCH\" }] }] }",
        "must be one of GET",
    ),
    (
        "target_group = \"arn:aws:iam::123456789012:role/x\"",
        "this is not the ARN of a target group",
    ),
    (
        "service = false\ntarget_group = \"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/1\"",
        "there is none",
    ),
    (
        "network_policy = { from = [{ service = \"apy\" }] }",
        "no service `apy` in this file",
    ),
    (
        "network_policy = { from = [{ cidr = \"10.0.0.0/8\", pods = {} }] }",
        "a peer is said by one of",
    ),
    ("network_policy = { name = \"a\" }", "`from` is missing"),
    (
        "network_policy = { from = [], ports = [\"a b\"] }",
        "this is not a port",
    ),
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
        let expose = "expose = { host = \"a.example.com\" }";
        let expose = if words.starts_with("gateway") {
            expose
        } else {
            ""
        };
        let more = format!("port = 8080\n{expose}\n[service.api.kubernetes]\n{words}\n");
        let told = problems(&more, TARGET);
        assert!(
            told.iter().any(|one| one.contains(expected)),
            "{words}: {told:?}"
        );
    }
}

#[test]
fn fargate_has_neither_arm_nor_ports_of_nodes() {
    let fargate = "architecture = \"arm64\"\nport = { port = 80, host = 80 }\nkubernetes = { nodes = \"fargate\" }\n";
    assert_eq!(
        problems(fargate, TARGET),
        [
            "conflict: on Fargate no port of the node leads to a pod",
            "conflict: on Fargate there are no arm64 processors"
        ]
    );
}

/// A cluster of EKS.
const EKS: &str =
    "platform = \"eks\"\nregion = \"us-east-1\"\ncluster = \"main\"\nnamespace = \"shop\"\n";

#[test]
fn a_pod_identity_needs_a_role_and_a_cluster_of_eks_with_nodes_of_ones_own() {
    let role = "role = \"arn:aws:iam::123456789012:role/api\"";
    let by = |more: &str| {
        format!("service_account = {{ name = \"api\", identity = \"pod_identity\"{more} }}")
    };
    let on_fargate = format!("{role}\nnodes = \"fargate\"");
    let alone = "service_account = { name = \"api\", disable_session_tags = true }".to_owned();
    let table = [
        (EKS, role, by(""), None),
        (EKS, "", by(""), Some("missing-key: `role` is missing")),
        (
            TARGET,
            role,
            by(""),
            Some("conflict: only a cluster of EKS that the target names"),
        ),
        (
            EKS,
            &on_fargate,
            by(""),
            Some("conflict: on Fargate pods have no `pod_identity`"),
        ),
        (
            EKS,
            role,
            alone,
            Some("conflict: only an association of EKS has it"),
        ),
        (EKS, role, by(", target_role = \"far\""), Some("bad-value")),
    ];
    for (target, beside, account, expected) in table {
        let more = format!("[service.api.kubernetes]\n{beside}\n{account}\n");
        let found = load_with(&with(&more), target, &Arguments::default());
        match expected {
            None => assert!(found.is_ok(), "{more}"),
            Some(expected) => {
                let told = told(&found);
                assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
            }
        }
    }
}

#[test]
fn one_selector_is_one_services() {
    let selector = "[service.api.kubernetes]\nselector = { tier = \"front\" }\n";
    let other = |table: &str| {
        format!("{selector}[service.web]\nlike = \"api\"\n[service.web.kubernetes]\n{table}\n")
    };
    let told = problems(&other("selector = { tier = \"front\" }"), TARGET);
    let same = "same-object: another service of this file comes to the pods with `tier=front` too";
    assert_eq!(told, [same]);
    // What another one is found by is not had from it.
    let other_pods = with(&other("min_ready = \"1s\""));
    assert!(load_with(&other_pods, TARGET, &Arguments::default()).is_ok());
    assert_eq!(
        problems(&other("name = \"api\"\nselector = { a = \"b\" }"), TARGET),
        ["same-object: another service of this file comes to Deployment `api` too"]
    );
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

#[test]
fn what_an_autoscaler_of_pods_does_not_see() {
    for aim in [
        "response_time = \"200ms\"",
        "queue = { name = \"orders\", messages = 100 }",
    ] {
        let scaling = format!("scaling = {{ min = 1, max = 2, {aim} }}");
        let told = problems(&scaling, TARGET);
        assert!(
            told.iter().any(|one| one.contains("CPU and memory alone")),
            "{aim}: {told:?}"
        );
    }
}
