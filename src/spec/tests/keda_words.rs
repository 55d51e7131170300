//! What KEDA would refuse is told before it is asked, with its caret.

use super::{Arguments, ECS, load_with, told, with};

const TARGET: &str = "platform = \"kubernetes\"\nnamespace = \"shop\"\n";

fn problems(scaling: &str, keda: &str) -> Vec<String> {
    let more = format!("{scaling}\n[service.api.kubernetes.keda]\n{keda}\n");
    told(&load_with(&with(&more), TARGET, &Arguments::default()))
}

const QUEUE: &str = "triggers = [{ type = \"aws-sqs-queue\", metadata = { queueLength = 5 } }]";

/// What scales, what is told to KEDA, and what is told of it.
const TOLD: &[(&str, &str, &str)] = &[
    ("", QUEUE, "`scaling` is missing"),
    (
        "scaling = { min = 1, max = 4 }",
        "triggers = []",
        "`cpu` is missing",
    ),
    (
        "scaling = { min = 0, max = 4, cpu = 70 }",
        "cooldown = \"60s\"",
        "must be at least 1",
    ),
    (
        "scaling = { min = 0, max = 4 }",
        "triggers = [{ type = \"memory\", metadata = { value = 100 }, metric_type = \"AverageValue\" }]",
        "must be at least 1",
    ),
    (
        "scaling = { min = 2, max = 4, cpu = 70 }",
        "idle = 2",
        "`idle` must be below `scaling.min`",
    ),
    (
        "scaling = { min = 2, max = 4, cpu = 70 }",
        "fallback = { failures = 3, replicas = 2 }",
        "CPU and memory have no fallback",
    ),
    (
        "scaling = { min = 2, max = 4, cpu = 70 }",
        "triggers = [{ type = \"cpu\", metadata = { value = 60 } }]",
        "`scaling.cpu` makes this trigger already",
    ),
    (
        "scaling = { min = 2, max = 4 }",
        "triggers = [{ type = \"cron\", use_cached_metrics = true }]",
        "KEDA keeps no numbers of \"cron\"",
    ),
    (
        "scaling = { min = 2, max = 4 }",
        "triggers = [{ type = \"kafka\", metric_type = \"Utilization\" }]",
        "only CPU and memory have a utilization",
    ),
    (
        "scaling = { min = 2, max = 4 }",
        "triggers = [{ type = \"kafka\", name = \"a\" }, { type = \"cron\", name = \"a\" }]",
        "two triggers are called \"a\"",
    ),
    (
        "scaling = { min = 2, max = 4, cpu = 70 }",
        "authentications = { queue = { podIdentity = { provder = \"aws\" } } }",
        "provder",
    ),
    (
        "scaling = { min = 2, max = 4, cpu = 70 }",
        "[service.api.kubernetes.autoscaler]\nname = \"other\"",
        "`keda` takes the place of `autoscaler`",
    ),
    (
        "scaling = { min = 2, max = 4, cpu = 70 }",
        "[service.api.kubernetes.patch.hpa.spec]\nminReplicas = 3",
        "`autoscaler` is missing",
    ),
];

#[test]
fn what_keda_would_refuse_is_told() {
    for (scaling, keda, expected) in TOLD {
        let told = problems(scaling, keda);
        let is_told = told.iter().any(|one| one.contains(expected));
        assert!(is_told, "{scaling} {keda}: {told:?}");
    }
}

#[test]
fn events_scale_to_none_where_keda_looks_at_them() {
    let scaling = "scaling = { min = 0, max = 4 }";
    let more = format!("{scaling}\n[service.api.kubernetes.keda]\n{QUEUE}\n");
    assert!(load_with(&with(&more), TARGET, &Arguments::default()).is_ok());
    // At ECS nothing reads that table: there the same bounds are wrong.
    let told = told(&load_with(&with(&more), ECS, &Arguments::default()));
    assert!(
        told.iter().any(|one| one.contains("must be at least 1")),
        "{told:?}"
    );
}

#[test]
fn what_two_services_would_make_of_one_name_is_told() {
    let asks = "authentications = { queue = { podIdentity = { provider = \"aws\" } } }\n";
    let heir = |more: &str| {
        let one = "scaling = { min = 0, max = 4 }\n[service.api.kubernetes.keda]\n";
        let web = format!("[service.web]\nlike = \"api\"\n{more}");
        with(&format!("{one}{asks}{QUEUE}\n{web}"))
    };
    // Who is like another asks by what that one makes.
    assert!(load_with(&heir(""), TARGET, &Arguments::default()).is_ok());
    let again = heir(&format!("[service.web.kubernetes.keda]\n{asks}"));
    let told = told(&load_with(&again, TARGET, &Arguments::default()));
    let expected =
        "same-object: another service of this file comes to TriggerAuthentication `queue` too";
    assert_eq!(told, [expected]);
}
