//! Fields that change their kind from one file to the next, or are written in another way: each change is one change, and
//! the same again is none.

use integration_tests::cluster::objects;
use integration_tests::trial::Outcome;
use integration_tests::trials;
use serde_json::{Value, json};

use super::{assert_converged, container};
use crate::kube::{Bench, USUAL, deploy};
use crate::shop::assert_verdict;

trials! { "kube_scenes":
    one_port_is_served_by_both_protocols_in_any_order,
    a_port_of_the_service_moves_apart_from_that_of_the_pods,
    a_variable_becomes_a_secret_and_a_literal_again,
    quantities_that_are_equal_are_no_change,
}

/// The file with lines of it replaced, each by its key.
fn with(bench: &Bench, kube: &str, lines: &[(&str, &str)]) -> Outcome {
    let text = deploy(USUAL, kube);
    let changed = text.lines().map(|line| {
        let key = line.split_whitespace().next();
        let new = lines.iter().find(|(old, _)| key == Some(old));
        new.map_or(line, |(_, new)| new)
    });
    let changed: Vec<_> = changed.collect();
    bench.project.write("deploy.toml", &changed.join("\n"))
}

/// Number and protocol of ports, sorted.
fn ports(list: &Value, number: &str) -> Vec<String> {
    let all = list.as_array().into_iter().flatten();
    let mut all: Vec<_> = all
        .map(|one| {
            format!(
                "{}/{}",
                one[number],
                one["protocol"].as_str().unwrap_or("TCP")
            )
        })
        .collect();
    all.sort();
    all
}

/// Both entries have one number, which Kubernetes' own merge keys keep apart only in part.
fn one_port_is_served_by_both_protocols_in_any_order() -> Outcome {
    let bench = Bench::new("protocols")?;
    for (keys, all) in [
        ("ports = [\"53/tcp\", \"53/udp\"]", vec!["53/TCP", "53/UDP"]),
        ("ports = [\"53/udp\", \"53/tcp\"]", vec!["53/TCP", "53/UDP"]),
        ("ports = [\"53/tcp\"]", vec!["53/TCP"]),
        ("ports = [\"53/udp\"]", vec!["53/UDP"]),
        ("ports = [\"53/tcp\", \"53/udp\"]", vec!["53/TCP", "53/UDP"]),
    ] {
        with(
            &bench,
            "service_port = 53",
            &[
                ("port", keys),
                (
                    "readiness",
                    "readiness = { command = \"true\", period = \"1s\" }",
                ),
                ("health", "health = { command = \"true\" }"),
            ],
        )?;
        let done = bench.apply("v1")?;
        assert_eq!(done.exit, 0, "{keys}\n{done}");
        let service = bench.namespace.get("services", "api")?;
        assert_eq!(
            ports(&service["spec"]["ports"], "port"),
            all,
            "{keys}\n{done}"
        );
        let pods = container(&bench)?;
        assert_eq!(
            ports(&pods["ports"], "containerPort"),
            all,
            "{keys}\n{done}"
        );
        assert_converged(&bench, "v1")?;
    }
    Ok(())
}

fn a_port_of_the_service_moves_apart_from_that_of_the_pods() -> Outcome {
    let bench = Bench::serving("service-port", "v1")?;
    for (port, kube, number) in [
        ("port = 9090", "", 80),
        ("port = 9090", "service_port = 8081", 8081),
        ("port = 8080", "service_port = 8081", 8081),
        ("port = 8080", "", 80),
    ] {
        with(&bench, kube, &[("port", port)])?;
        let done = bench.apply("v1")?;
        assert_eq!(done.exit, 0, "{done}");
        let service = bench.namespace.get("services", "api")?;
        let all = &service["spec"]["ports"];
        assert_eq!(ports(all, "port"), [format!("{number}/TCP")], "{done}");
        assert_converged(&bench, "v1")?;
    }
    Ok(())
}

const LITERAL: &str = "env = { GREETING = \"hello\" }";
const REFERENCE: &str = "secrets = { GREETING = \"arn:aws:secretsmanager:us-east-1:123456789012:secret:greeting-AbCdEf\" }";

fn a_variable_becomes_a_secret_and_a_literal_again() -> Outcome {
    let bench = Bench::new("becomes-secret")?;
    bench
        .namespace
        .create(&objects::secret("api-secrets", &json!({"GREETING": "hi"})))?;
    for keys in [LITERAL, REFERENCE, LITERAL] {
        bench.describe(&format!("{USUAL}\n{keys}"), "")?;
        assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
        let container = container(&bench)?.to_string();
        assert_eq!(container.contains("hello"), keys == LITERAL, "{container}");
        let refers = container.contains("api-secrets");
        assert_eq!(refers, keys == REFERENCE, "{container}");
        assert_converged(&bench, "v1")?;
    }
    Ok(())
}

/// The API server writes quantities in its own way.
fn quantities_that_are_equal_are_no_change() -> Outcome {
    let bench = Bench::new("quantities")?;
    let groups: [&[(&str, &str)]; 4] = [
        &[("0.5", "1024MiB"), ("\"500m\"", "1GiB"), ("0.50", "1GiB")],
        &[("1", "2048MiB"), ("\"1000m\"", "2GiB"), ("1.0", "2GiB")],
        &[("0.1", "1536MiB"), ("\"100m\"", "1.5GiB")],
        &[("0.25", "64MiB")],
    ];
    for group in groups {
        for (nth, (cpu, memory)) in group.iter().enumerate() {
            let (cpu, memory) = (format!("cpu = {cpu}"), format!("memory = \"{memory}\""));
            with(&bench, "", &[("cpu", &cpu), ("memory", &memory)])?;
            let verdict = if nth == 0 { "healthy" } else { "unchanged" };
            let done = bench.apply("v1")?;
            assert_verdict(&done, verdict, None, 0)?;
        }
        assert_converged(&bench, "v1")?;
    }
    let groups: [&[(&str, &str)]; 2] = [
        &[
            (
                "{ cpu = 0.5, memory = \"1Gi\" }",
                "{ cpu = 1, memory = \"2Gi\" }",
            ),
            (
                "{ cpu = \"500m\", memory = \"1024Mi\" }",
                "{ cpu = \"1000m\", memory = \"2048Mi\" }",
            ),
            (
                "{ cpu = 0.50, memory = \"1024MiB\" }",
                "{ cpu = 1.0, memory = \"2GiB\" }",
            ),
        ],
        &[(
            "{ cpu = \"250m\", memory = \"64Mi\" }",
            "{ cpu = 1, memory = \"64Mi\" }",
        )],
    ];
    for group in groups {
        for (nth, (requests, limits)) in group.iter().enumerate() {
            with(
                &bench,
                &format!("requests = {requests}\nlimits = {limits}"),
                &[],
            )?;
            let verdict = if nth == 0 { "healthy" } else { "unchanged" };
            assert_verdict(&bench.apply("v1")?, verdict, None, 0)?;
        }
    }
    Ok(())
}
