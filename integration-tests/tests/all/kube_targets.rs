//! Where to on Kubernetes: manifests without a cluster, several targets in one command, and a cluster that is another one
//! than the target says. Needs a control plane.

use integration_tests::program::Finished;
use integration_tests::project::Project;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use crate::kube::{Bench, USUAL, assert_says};

trials! { "kube":
    the_example_is_rendered_for_eks,
    render_and_validate_need_no_cluster,
    an_ecs_and_a_kubernetes_target_in_one_command,
    each_target_has_its_own_verdict,
    another_cluster_is_refused_before_any_write,
}

/// The documents of `render`, by kind.
fn rendered(finished: &Finished) -> Outcome<Vec<Value>> {
    assert_eq!(finished.exit, 0, "{finished}");
    let whole: Value = serde_json::from_str(&finished.stdout)?;
    let mut found = Vec::new();
    collect(&whole, &mut found);
    Ok(found)
}

fn collect(value: &Value, found: &mut Vec<Value>) {
    if value["kind"].is_string() && value["apiVersion"].is_string() && value["kind"] != "List" {
        found.push(value.clone());
        return;
    }
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, found)),
        Value::Object(all) => all.values().for_each(|one| collect(one, found)),
        _ => {}
    }
}

fn the_example_is_rendered_for_eks() -> Outcome {
    let project = Project::example()?;
    let all = rendered(&project.run("render --target eks --output json")?)?;
    let of = |kind: &str| {
        let found = all.iter().find(|one| one["kind"] == kind).cloned();
        found.ok_or_else(|| fail(format_args!("no {kind} in {all:?}")))
    };
    is_the_example_deployment(&of("Deployment")?);
    is_the_example_ingress(&of("Ingress")?);
    is_the_example_autoscaler(&of("HorizontalPodAutoscaler")?);
    assert_eq!(of("Service")?["spec"]["ports"][0]["port"], 80);
    assert_eq!(
        of("ExternalSecret")?["spec"]["target"]["name"],
        "api-secrets"
    );
    of("PodDisruptionBudget")?;
    Ok(())
}

fn is_the_example_deployment(deployment: &Value) {
    assert_eq!(deployment["metadata"]["name"], "api");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(
        deployment["spec"]["template"]["metadata"]["labels"]["app"],
        "api"
    );
    assert_eq!(pod["serviceAccountName"], "api-sa");
    assert_eq!(container["ports"][0]["containerPort"], 8080);
    assert_eq!(
        container["env"],
        json!([{"name": "ENVIRONMENT", "value": "production"}])
    );
    assert_eq!(
        container["envFrom"],
        json!([{"secretRef": {"name": "api-secrets"}}])
    );
    assert_eq!(
        container["resources"],
        json!({"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}})
    );
    let liveness = &container["livenessProbe"];
    assert_eq!(
        liveness["httpGet"],
        json!({"path": "/health", "port": 8080})
    );
    assert_eq!(
        (&liveness["initialDelaySeconds"], &liveness["periodSeconds"]),
        (&json!(30), &json!(10))
    );
    assert_eq!(container["readinessProbe"]["periodSeconds"], 5);
    assert!(deployment["spec"]["minReadySeconds"].as_u64() > Some(0));
}

fn is_the_example_ingress(ingress: &Value) {
    assert_eq!(ingress["metadata"]["name"], "api-ingress");
    assert_eq!(ingress["spec"]["ingressClassName"], "alb");
    let rule = &ingress["spec"]["rules"][0];
    assert_eq!(rule["host"], "api.example.com");
    assert_eq!(
        (
            &rule["http"]["paths"][0]["path"],
            &rule["http"]["paths"][0]["pathType"]
        ),
        (&json!("/"), &json!("Prefix"))
    );
    let annotations = &ingress["metadata"]["annotations"];
    assert_eq!(
        annotations["alb.ingress.kubernetes.io/scheme"],
        "internet-facing"
    );
    assert_eq!(annotations["alb.ingress.kubernetes.io/target-type"], "ip");
}

fn is_the_example_autoscaler(scaler: &Value) {
    assert_eq!(
        (
            &scaler["spec"]["minReplicas"],
            &scaler["spec"]["maxReplicas"]
        ),
        (&json!(2), &json!(20))
    );
    assert_eq!(
        scaler["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"],
        300
    );
    assert_eq!(
        scaler["spec"]["behavior"]["scaleUp"]["stabilizationWindowSeconds"],
        60
    );
}

/// What is rendered is what the API server takes: each manifest alone, by `kubectl apply` of somebody's own.
fn render_and_validate_need_no_cluster() -> Outcome {
    let bench = Bench::new("renders")?;
    bench.describe("replicas = 2\nexpose = { host = \"api.example.com\" }\nscaling = { min = 2, max = 4, cpu = 70 }", "")?;
    assert_eq!(bench.run("validate")?.exit, 0);
    let yaml = bench.tell("render")?;
    assert_eq!(yaml.exit, 0, "{yaml}");
    assert!(yaml.stdout.contains("kind: Deployment"), "{yaml}");
    let done = bench.run("render")?;
    for manifest in rendered(&done)? {
        bench.namespace.apply(&manifest, "kubectl")?;
    }
    assert_eq!(bench.gate.passed().len(), 0, "{done}");
    bench.namespace.rolled_out("api")?;
    Ok(())
}

/// How it ended at each target.
fn verdicts(finished: &Finished) -> Outcome<Vec<(String, String)>> {
    let mut found: Vec<_> = finished
        .events()?
        .iter()
        .filter(|event| event["event"] == "outcome")
        .map(|event| {
            let word = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            (word("target"), word("verdict"))
        })
        .collect();
    found.sort();
    Ok(found)
}

fn two_targets(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    let ecs = "\n[service.api.ecs]\nexecution_role = \"arn:aws:iam::${target.account}:role/ecsTaskExecutionRole\"\n";
    // Sizes that Fargate has, too.
    let text = crate::kube::deploy(USUAL, "")
        .replace("cpu      = 0.1", "cpu = 0.25")
        .replace("\"64MiB\"", "\"512MiB\"");
    bench.project.write("deploy.toml", &(text + ecs))?;
    Ok(bench)
}

fn both(bench: &Bench, words: &str) -> Outcome<Finished> {
    bench.project.run(&format!(
        "{words} --target sandbox --target kube --output json"
    ))
}

fn an_ecs_and_a_kubernetes_target_in_one_command() -> Outcome {
    let bench = two_targets("both")?;
    let pair = |word: &str| {
        [
            ("kube".to_owned(), word.to_owned()),
            ("sandbox".to_owned(), word.to_owned()),
        ]
    };
    let first = both(&bench, "apply --yes")?;
    assert_eq!(verdicts(&first)?, pair("healthy"), "{first}");
    assert_eq!(first.exit, 0, "{first}");
    let again = both(&bench, "apply --yes")?;
    assert_eq!(again.exit, 0, "{again}");
    assert_eq!(
        verdicts(&again)?.first(),
        Some(&pair("unchanged")[0]),
        "{again}"
    );
    let status = both(&bench, "status")?;
    assert_eq!(status.exit, 0, "{status}");
    let text = bench.project.run("status --target sandbox --target kube")?;
    assert!(
        text.stdout.contains("sandbox") && text.stdout.contains("kube"),
        "{text}"
    );
    Ok(())
}

fn each_target_has_its_own_verdict() -> Outcome {
    let bench = two_targets("each")?;
    bench.needs_simulation("pods that fail as told")?;
    assert_eq!(both(&bench, "apply --yes")?.exit, 0);
    // Only the pods crash: the embedded cloud looks at the whole tag, and knows no such word.
    let target = bench.project.path().join("config/kube.toml");
    let text = std::fs::read_to_string(target)? + "vars = { TAG = \"v2-crash\" }\n";
    bench.project.write("config/kube.toml", &text)?;
    bench.project.write(
        "config/sandbox.toml",
        "platform = \"sandbox\"\nvars = { TAG = \"v2\" }\n",
    )?;
    let done = both(&bench, "apply --yes")?;
    let ended = [
        ("kube".to_owned(), "tripped".to_owned()),
        ("sandbox".to_owned(), "healthy".to_owned()),
    ];
    assert_eq!(verdicts(&done)?, ended, "{done}");
    assert_eq!(done.exit, 10, "{done}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    Ok(())
}

fn another_cluster_is_refused_before_any_write() -> Outcome {
    let bench = Bench::new("elsewhere")?;
    bench.place("cluster = \"production-eu\"\n")?;
    for words in ["apply --yes", "destroy --yes", "plan"] {
        let refused = bench.run(words)?;
        assert_eq!(refused.exit, 4, "{words}\n{refused}");
        assert_says(&refused, &["production-eu"]);
        assert_eq!(bench.writes(), Vec::<String>::new(), "{refused}");
    }
    Ok(())
}
