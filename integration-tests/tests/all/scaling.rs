//! Application Auto Scaling and the shapes of requests: the binary against moto, which keeps what it is asked but runs
//! nothing. The server is told to pretend that two tasks run, so a creation is healthy at once.
//!
//! moto cannot show a rollout: an update keeps the deployment and its revision. So these tests update nothing but the
//! scaling there, and let the embedded cloud be asked for an update of the revision.

use std::path::Path;

use integration_tests::aws::Aws;
use integration_tests::program::{Finished, repository};
use integration_tests::project::{Project, unique};
use integration_tests::proxy::Proxy;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use integration_tests::{sandbox, servers};
use serde_json::{Value, json};

use crate::shop::deploy;

const SCALING: &str = "scaling  = { min = 2, max = 20, cpu = 70, scale_in_cooldown = \"300s\", scale_out_cooldown = \"60s\" }";

trials! { "scaling":
    scaling_is_created_as_written,
    a_changed_target_value_is_one_write,
    scaling_that_leaves_the_file_is_removed,
    the_autoscaler_owns_the_count,
    the_example_asks_for_exactly_this,
    an_update_asks_for_no_count,
}

/// A cluster of its own on moto.
struct Stage {
    project: Project,
    proxy: Proxy,
    aws: Aws,
    cluster: String,
    family: String,
}

impl Stage {
    fn new() -> Outcome<Self> {
        let moto = servers::moto()?;
        let proxy = Proxy::before(&moto.url)?;
        proxy.remember();
        let aws = Aws::at(&moto.url);
        let (cluster, family) = (unique("stage"), unique("api"));
        aws.ecs("CreateCluster", &json!({"clusterName": cluster}))?;
        let project = Project::new(&deploy(&family, SCALING))?;
        project.write(
            "config/stage.toml",
            &target(
                &proxy.url,
                &cluster,
                &moto.subnet()?,
                &moto.security_group()?,
            ),
        )?;
        Ok(Self {
            project,
            proxy,
            aws,
            cluster,
            family,
        })
    }

    /// A stage whose service is deployed with scaling, and whose log is empty.
    fn deployed() -> Outcome<Self> {
        let stage = Self::new()?;
        let first = stage.apply()?;
        assert_eq!(first.exit, 0, "{first}");
        assert_ne!(stage.scalable_target()?, Value::Null, "{first}");
        assert_eq!(stage.policies()?.len(), 1, "{first}");
        stage.proxy.forget();
        Ok(stage)
    }

    fn apply(&self) -> Outcome<Finished> {
        self.project.run("apply --yes --target stage --output json")
    }

    /// The one scalable target of the service, or null.
    fn scalable_target(&self) -> Outcome<Value> {
        Ok(self
            .ask("DescribeScalableTargets", "ScalableTargets", "ResourceIds")?
            .first()
            .cloned()
            .unwrap_or_default())
    }

    fn policies(&self) -> Outcome<Vec<Value>> {
        self.ask("DescribeScalingPolicies", "ScalingPolicies", "ResourceId")
    }

    fn ask(&self, operation: &str, list: &str, filter: &str) -> Outcome<Vec<Value>> {
        let resource = format!("service/{}/api", self.cluster);
        let resource = if filter == "ResourceIds" {
            json!([resource])
        } else {
            json!(resource)
        };
        let answer = self.aws.autoscaling(
            operation,
            &json!({"ServiceNamespace": "ecs", filter: resource}),
        )?;
        Ok(answer[list].as_array().cloned().unwrap_or_default())
    }
}

fn target(endpoint: &str, cluster: &str, subnet: &str, group: &str) -> String {
    format!(
        "platform = \"ecs\"\naccount = \"{}\"\nregion = \"{}\"\ncluster = \"{cluster}\"\nendpoint = \"{endpoint}\"\n\
         network = {{ subnets = [\"{subnet}\"], security_groups = [\"{group}\"], public_ip = false }}\n",
        servers::ACCOUNT,
        servers::REGION,
    )
}

fn scaling_is_created_as_written() -> Outcome {
    let stage = Stage::new()?;
    let done = stage.apply()?;
    assert_eq!(done.exit, 0, "{done}");
    let scalable = stage.scalable_target()?;
    assert_eq!(
        (&scalable["MinCapacity"], &scalable["MaxCapacity"]),
        (&json!(2), &json!(20)),
        "{done}"
    );
    assert_eq!(scalable["ScalableDimension"], "ecs:service:DesiredCount");
    let policies = stage.policies()?;
    assert_eq!(policies.len(), 1, "{policies:?}");
    assert_eq!(policies[0]["PolicyName"], "api-cpu-scaling");
    let tracking = &policies[0]["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(tracking["TargetValue"].as_f64(), Some(70.0), "{tracking}");
    assert_eq!(
        tracking["PredefinedMetricSpecification"]["PredefinedMetricType"],
        "ECSServiceAverageCPUUtilization"
    );
    assert_eq!(
        (&tracking["ScaleInCooldown"], &tracking["ScaleOutCooldown"]),
        (&json!(300), &json!(60))
    );
    // The first needs the service, the second needs the first.
    let writes = stage.proxy.writes();
    assert_eq!(
        writes,
        [
            "RegisterTaskDefinition",
            "CreateService",
            "RegisterScalableTarget",
            "PutScalingPolicy"
        ]
    );
    stage.proxy.forget();
    let again = stage.apply()?;
    assert_eq!(
        (again.exit, again.verdict("api")?.0.as_str()),
        (0, "unchanged"),
        "{again}"
    );
    assert_eq!(stage.proxy.writes(), Vec::<String>::new(), "{again}");
    Ok(())
}

fn a_changed_target_value_is_one_write() -> Outcome {
    let stage = Stage::deployed()?;
    stage.project.write(
        "deploy.toml",
        &deploy(&stage.family, &SCALING.replace("cpu = 70", "cpu = 55")),
    )?;
    let done = stage.apply()?;
    assert_eq!(done.exit, 0, "{done}");
    assert_eq!(stage.proxy.writes(), ["PutScalingPolicy"], "{done}");
    let tracking = &stage.policies()?[0]["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(tracking["TargetValue"].as_f64(), Some(55.0), "{tracking}");
    assert_eq!(
        tracking["ScaleInCooldown"], 300,
        "a field that was not sent is lost: {tracking}"
    );
    Ok(())
}

fn scaling_that_leaves_the_file_is_removed() -> Outcome {
    let stage = Stage::deployed()?;
    stage
        .project
        .write("deploy.toml", &deploy(&stage.family, ""))?;
    let done = stage.apply()?;
    assert_eq!(done.exit, 0, "{done}");
    assert_eq!(stage.scalable_target()?, Value::Null, "{done}");
    // AWS deletes its policies with it (Application Auto Scaling API reference, DeregisterScalableTarget); moto keeps
    // them, so that only the request can be looked at.
    assert_eq!(stage.proxy.writes(), ["DeregisterScalableTarget"], "{done}");
    Ok(())
}

fn the_autoscaler_owns_the_count() -> Outcome {
    let stage = Stage::deployed()?;
    stage.aws.ecs(
        "UpdateService",
        &json!({"cluster": stage.cluster, "service": "api", "desiredCount": 7}),
    )?;
    let plan = stage
        .project
        .run("plan --exit-code --target stage --output json")?;
    assert_eq!(plan.exit, 0, "{plan}");
    stage.project.write(
        "deploy.toml",
        &deploy(&stage.family, &SCALING.replace("max = 20", "max = 30")),
    )?;
    let done = stage.apply()?;
    assert_eq!(stage.scalable_target()?["MaxCapacity"], 30, "{done}");
    let counts: Vec<_> = stage
        .proxy
        .calls_of("UpdateService")
        .into_iter()
        .map(|call| call.input)
        .collect();
    assert!(
        counts
            .iter()
            .all(|input| input.get("desiredCount").is_none()),
        "{counts:?}"
    );
    assert_eq!(
        stage.aws.service(&stage.cluster, "api")?["desiredCount"],
        7,
        "{done}"
    );
    Ok(())
}

fn the_example_asks_for_exactly_this() -> Outcome {
    let moto = servers::moto()?;
    let proxy = Proxy::before(&moto.url)?;
    proxy.remember();
    let project = Project::example()?;
    let cluster = unique("example");
    Aws::at(&moto.url).ecs("CreateCluster", &json!({"clusterName": cluster}))?;
    let (subnet, group) = (moto.subnet()?, moto.security_group()?);
    // The server may have been up for long: a revision that it has already would not be registered again.
    let family = unique("api-service");
    let example = std::fs::read_to_string(project.path().join("deploy.toml"))?;
    let ours = format!("family = \"{family}\"");
    project.write(
        "deploy.toml",
        &example.replacen("family         = \"api-service\"", &ours, 1),
    )?;
    let shipped = std::fs::read_to_string(project.path().join("config/ecs.toml"))?;
    let service = shipped
        .find("[service.api.ecs]")
        .map(|at| &shipped[at..])
        .unwrap_or_default();
    project.write(
        "config/stage.toml",
        &(target(&proxy.url, &cluster, &subnet, &group) + "\n" + service),
    )?;
    let done = project.run("apply --yes --target stage --output json")?;
    assert_eq!(done.exit, 0, "{done}");
    let names = [
        ("FAMILY", &family),
        ("CLUSTER", &cluster),
        ("SUBNET", &subnet),
        ("GROUP", &group),
    ];
    for operation in [
        "RegisterTaskDefinition",
        "CreateService",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ] {
        assert_golden(&proxy, operation, &names)?;
    }
    Ok(())
}

fn an_update_asks_for_no_count() -> Outcome {
    let sandbox = sandbox::serve()?;
    let proxy = Proxy::before(&sandbox.url)?;
    let project = Project::example()?;
    let shipped = std::fs::read_to_string(project.path().join("config/ecs.toml"))?;
    let endpoint = format!("endpoint = \"{}\"\n{shipped}", proxy.url);
    project.write("config/stage.toml", &endpoint)?;
    let apply = "apply --yes --target stage --output json --image api=shop/api";
    let first = project.run(&format!("{apply}:v1"))?;
    assert_eq!(first.exit, 0, "{first}");
    proxy.forget();
    let second = project.run(&format!("{apply}:v2"))?;
    assert_eq!(second.exit, 0, "{second}");
    assert_eq!(
        proxy.writes(),
        ["RegisterTaskDefinition", "UpdateService"],
        "{second}"
    );
    assert_golden(&proxy, "UpdateService", &[])
}

/// Fails unless the operation was called once, with what its golden request holds.
fn assert_golden(proxy: &Proxy, operation: &str, names: &[(&str, &String)]) -> Outcome {
    let calls = proxy.calls_of(operation);
    let [call] = calls.as_slice() else {
        return Err(fail(format_args!("{operation}: {} calls", calls.len())));
    };
    let mut missing = Vec::new();
    lacks(
        &call.input,
        &golden(operation, names)?,
        operation,
        &mut missing,
    );
    assert!(
        missing.is_empty(),
        "{}\nin {:#}",
        missing.join("\n"),
        call.input
    );
    Ok(())
}

/// What a request must contain: `golden/<operation>.json`, with the names of this run.
fn golden(operation: &str, names: &[(&str, &String)]) -> Outcome<Value> {
    let path = repository()
        .join("integration-tests/golden")
        .join(Path::new(operation).with_extension("json"));
    let mut text = std::fs::read_to_string(path)?;
    for (placeholder, name) in names {
        text = text.replace(&format!("<{placeholder}>"), name);
    }
    Ok(serde_json::from_str(&text)?)
}

/// Collects where `wanted` is not contained in `given`: objects may have more keys, but none that is null in `wanted`;
/// everything else is compared whole.
pub(crate) fn lacks(given: &Value, wanted: &Value, path: &str, missing: &mut Vec<String>) {
    match (given, wanted) {
        (Value::Object(given), Value::Object(wanted)) => {
            for (key, wanted) in wanted {
                lacks(
                    given.get(key).unwrap_or(&Value::Null),
                    wanted,
                    &format!("{path}.{key}"),
                    missing,
                );
            }
        }
        (Value::Array(given), Value::Array(wanted)) if given.len() == wanted.len() => {
            for (index, (given, wanted)) in given.iter().zip(wanted).enumerate() {
                lacks(given, wanted, &format!("{path}[{index}]"), missing);
            }
        }
        _ if given == wanted || (given.is_number() && given.as_f64() == wanted.as_f64()) => {}
        _ => missing.push(format!("{path}: {wanted} wanted, {given} sent")),
    }
}
