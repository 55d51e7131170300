//! A Service of any type is adopted: what can change does, what cannot is left and no difference, and the plan after it
//! is empty. Needs a control plane.

use integration_tests::cluster::objects;
use integration_tests::program::Finished;
use integration_tests::trial::{Outcome, Trial, test};
use serde_json::{Value, json};

use crate::kube::{Bench, assert_says};
use crate::shop::assert_verdict;

/// What others made of the Service, with what is changed of it by an adoption and what is not.
struct Kind {
    name: &'static str,
    spec: fn() -> Value,
    /// What the refusal says of a way from outside that would go with it.
    goes: Option<&'static str>,
    changes: &'static [&'static str],
    stays: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "node_port",
        spec: || json!({"type": "NodePort", "ports": [{"port": 80, "targetPort": 8080}]}),
        goes: Some("its port on every node goes"),
        changes: &["spec.type"],
        stays: &["clusterIP", "clusterIPs"],
    },
    Kind {
        name: "load_balancer",
        spec: || {
            json!({
                "type": "LoadBalancer", "externalTrafficPolicy": "Local", "loadBalancerSourceRanges": ["10.0.0.0/8"],
                "ports": [{"port": 80, "targetPort": 8080}],
            })
        },
        goes: Some("its load balancer goes, and with it its address"),
        changes: &["spec.type"],
        stays: &["clusterIP"],
    },
    Kind {
        name: "headless",
        spec: || json!({"clusterIP": "None", "ports": [{"port": 80, "targetPort": 8080}]}),
        goes: None,
        changes: &[],
        stays: &["clusterIP"],
    },
    Kind {
        name: "external_name",
        spec: || json!({"type": "ExternalName", "externalName": "api.example.com"}),
        goes: None,
        changes: &["spec.type"],
        stays: &[],
    },
    Kind {
        name: "sticky_with_two_ports",
        spec: || {
            json!({
                "sessionAffinity": "ClientIP", "internalTrafficPolicy": "Local", "publishNotReadyAddresses": true,
                "ports": [
                    {"name": "web", "port": 80, "targetPort": 8080},
                    {"name": "admin", "port": 9000, "targetPort": 9000, "appProtocol": "http"},
                ],
            })
        },
        goes: None,
        changes: &["spec.ports"],
        stays: &["clusterIP"],
    },
];

/// As which tools they were made, and what takes them over.
const MANAGERS: [(&str, &str); 3] = [
    ("kubectl-client-side-apply", "--adopt"),
    ("Helm", "--adopt"),
    ("some-operator", "--adopt --force-conflicts"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let one = |kind: &'static Kind| {
        let name = format!("a_service_is_adopted_that_is_{}", kind.name);
        test("kube", &name, move || {
            MANAGERS
                .iter()
                .try_for_each(|(manager, how)| adopted(kind, manager, how))
        })
    };
    KINDS.iter().map(one).collect()
}

/// Nobody loses a way from outside unasked: how it is taken over all the same.
fn stays_unless_forced(bench: &Bench, manager: &str, goes: &str) -> Outcome<&'static str> {
    for words in ["plan --adopt", "apply --yes --adopt"] {
        let refused = bench.run(words)?;
        assert_eq!(refused.exit, 4, "{manager}\n{refused}");
        assert_says(&refused, &[goes, "--force-conflicts"]);
    }
    assert_eq!(bench.changes(), Vec::<String>::new(), "{manager}");
    Ok("--adopt --force-conflicts")
}

/// What the plan shows of the Service, and what it does not.
fn assert_shown(kind: &Kind, manager: &str, plan: &Finished, changes: &Value) {
    let paths: Vec<&str> = changes
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["object"] == "Service api")
        .filter_map(|one| one["path"].as_str())
        .collect();
    for changed in kind.changes {
        let shown = paths.iter().any(|path| path.starts_with(changed));
        assert!(shown, "{changed} {manager}\n{plan}");
    }
    for stays in kind.stays {
        assert!(
            !paths.iter().any(|path| path.contains(stays)),
            "{stays} {manager}\n{plan}"
        );
    }
}

/// What only a load balancer may have is theirs and stays, so that the API server refuses another type. It says so,
/// and nothing is changed.
fn is_kept_by_others(bench: &Bench, how: &str, before: &Value) -> Outcome {
    for verb in ["plan", "apply --yes"] {
        let refused = bench.run(&format!("{verb} {how}"))?;
        assert_eq!(refused.exit, 1, "{refused}");
        assert_says(&refused, &["LoadBalancerSourceRanges"]);
    }
    let after = bench.namespace.get("services", "api")?;
    assert_eq!(before["spec"], after["spec"]);
    Ok(())
}

fn adopted(kind: &Kind, manager: &str, how: &str) -> Outcome {
    let bench = Bench::new("svc")?;
    let mut service = objects::service("api");
    let selector = service["spec"]["selector"].take();
    service["spec"] = (kind.spec)();
    if kind.name != "external_name" {
        service["spec"]["selector"] = selector;
    }
    let path = format!(
        "{}?fieldManager={manager}",
        bench.namespace.path("services")
    );
    bench.namespace.cluster().api().post(&path, &service)?;
    let before = bench.namespace.get("services", "api")?;
    let how = match kind.goes {
        Some(goes) => stays_unless_forced(&bench, manager, goes)?,
        None => how,
    };
    if kind.name == "load_balancer" && manager == "some-operator" {
        return is_kept_by_others(&bench, how, &before);
    }
    let plan = bench.run(&format!("plan {how}"))?;
    assert_eq!(plan.exit, 0, "{manager}\n{plan}");
    assert_says(&plan, kind.goes.as_slice());
    let changes = plan.event("plan", "api")?["changes"].clone();
    assert_shown(kind, manager, &plan, &changes);
    let done = bench.run(&format!("apply --yes {how}"))?;
    assert_verdict(&done, "healthy", None, 0)?;
    let after = bench.namespace.get("services", "api")?;
    for stays in kind.stays {
        assert_eq!(
            before["spec"][stays], after["spec"][stays],
            "{stays} {manager}\n{done}"
        );
    }
    // What the plan said is what came of it.
    for one in changes.as_array().into_iter().flatten() {
        let (path, to) = (one["path"].as_str().unwrap_or_default(), &one["to"]);
        if one["object"] == "Service api" && path == "spec.type" {
            assert_eq!(&after["spec"]["type"], to, "{manager}\n{plan}");
        }
    }
    bench.gate.forget();
    let again = bench.run("apply --yes")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(bench.writes(), Vec::<String>::new(), "{manager}\n{again}");
    let plan = bench.run("plan --exit-code")?;
    assert_eq!(plan.exit, 0, "{manager}\n{plan}");
    Ok(())
}
