//! From services that run on ECS, of another tool.

use std::fs;
use std::time::Duration;

use integration_tests::aws::Aws;
use integration_tests::host;
use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::sandbox;
use integration_tests::servers::REGION;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use super::assert_ends;

trials! { "init":
    services_that_run_are_adopted_without_a_new_task,
}

const NAMES: [&str; 3] = ["agent", "jobs", "web"];

/// Instances for a daemon, and a capacity provider that brings more.
const WORLD: &str = r#"
speed = 5.0

[[instance]]
count = 2

[[capacity_provider]]
name = "asg"
most = 2
"#;

/// On Fargate, with a file system, Service Connect, and traffic that shifts at once after a person has agreed.
fn web() -> [Value; 2] {
    let elb = "arn:aws:elasticloadbalancing:us-east-1:123456789012";
    let efs = json!({
        "fileSystemId": "fs-0123456789abcdef0", "rootDirectory": "/web", "transitEncryption": "ENABLED",
        "authorizationConfig": { "accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED" },
    });
    let container = json!({
        "name": "web", "image": "shop/web:v1", "essential": true,
        "portMappings": [{ "containerPort": 8080, "name": "http", "appProtocol": "http", "protocol": "tcp" }],
        "mountPoints": [{ "containerPath": "/data", "sourceVolume": "data" }],
        "environment": [{ "name": "MODE", "value": "fast" }],
        "ulimits": [{ "name": "nofile", "softLimit": 1024, "hardLimit": 4096 }],
        "logConfiguration": { "logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs" } },
    });
    let task = json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "taskRoleArn": "arn:aws:iam::123456789012:role/web",
        "volumes": [{ "name": "data", "efsVolumeConfiguration": efs }], "containerDefinitions": [container],
        "tags": [{ "key": "team", "value": "blue" }],
    });
    let network = json!({ "subnets": ["subnet-0a"], "securityGroups": ["sg-0a"], "assignPublicIp": "DISABLED" });
    let pair = json!({
        "alternateTargetGroupArn": format!("{elb}:targetgroup/green/0123456789abcdef"),
        "productionListenerRule": format!("{elb}:listener-rule/app/front/1/2/3"),
        "roleArn": "arn:aws:iam::123456789012:role/traffic",
    });
    let connect = json!({ "enabled": true, "namespace": "shop", "services": [{
        "portName": "http", "discoveryName": "web", "clientAliases": [{ "port": 80, "dnsName": "web" }] }] });
    let service = json!({
        "cluster": "main", "serviceName": "web", "taskDefinition": "web", "launchType": "FARGATE", "desiredCount": 2,
        "networkConfiguration": { "awsvpcConfiguration": network },
        "loadBalancers": [{ "containerName": "web", "containerPort": 8080, "advancedConfiguration": pair,
            "targetGroupArn": format!("{elb}:targetgroup/blue/0123456789abcdef") }],
        "serviceConnectConfiguration": connect,
        "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5,
            "maximumPercent": 200, "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true } },
        "enableECSManagedTags": true, "propagateTags": "SERVICE", "tags": [{ "key": "team", "value": "blue" }],
    });
    [task, service]
}

/// On instances: as many as there are, or those of a capacity provider.
fn on_instances(name: &str, launch: &Value) -> [Value; 2] {
    let container = json!({ "name": name, "image": format!("shop/{name}:v1"), "essential": true, "memory": 128,
        "portMappings": [{ "containerPort": 9100, "hostPort": 0, "protocol": "tcp" }] });
    let task = json!({ "family": name, "networkMode": "bridge", "requiresCompatibilities": ["EC2"],
        "containerDefinitions": [container] });
    let mut service = json!({ "cluster": "main", "serviceName": name, "taskDefinition": name,
        "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true } } });
    if let (Some(service), Some(launch)) = (service.as_object_mut(), launch.as_object()) {
        service.extend(launch.clone());
    }
    [task, service]
}

/// What runs: the deployments, and the tasks.
fn runs(aws: &Aws) -> Outcome<Vec<(Value, Value, Vec<Value>)>> {
    let mut all = Vec::new();
    for name in NAMES {
        let service = aws.service("main", name)?;
        let deployments: Value = service["deployments"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["id"].clone())
            .collect();
        let tasks = aws.tasks("main", name)?;
        let tasks = tasks.iter().map(|task| task["taskArn"].clone()).collect();
        all.push((service["taskDefinition"].clone(), deployments, tasks));
    }
    Ok(all)
}

fn is_at_rest(aws: &Aws, name: &str) -> bool {
    let Ok(service) = aws.service("main", name) else {
        return false;
    };
    service["deployments"][0]["rolloutState"] == "COMPLETED" && service["runningCount"] == 2
}

/// Makes the services as another tool does, and waits until they are at rest.
fn make(aws: &Aws) -> Outcome {
    let providers = json!({ "cluster": "main", "capacityProviders": ["FARGATE", "asg"],
        "defaultCapacityProviderStrategy": [] });
    aws.ecs("PutClusterCapacityProviders", &providers)?;
    let daemon = json!({ "launchType": "EC2", "schedulingStrategy": "DAEMON" });
    let strategy = json!([{ "capacityProvider": "asg", "weight": 1, "base": 1 }]);
    let provided = json!({ "capacityProviderStrategy": strategy, "desiredCount": 2,
        "placementStrategy": [{ "type": "binpack", "field": "memory" }],
        "placementConstraints": [{ "type": "distinctInstance" }] });
    let made = [
        web(),
        on_instances("agent", &daemon),
        on_instances("jobs", &provided),
    ];
    for [task, service] in made {
        aws.ecs("RegisterTaskDefinition", &task)?;
        aws.ecs("CreateService", &service)?;
    }
    let rest = || NAMES.iter().all(|name| is_at_rest(aws, name)).then_some(());
    host::poll(Duration::from_secs(40), rest).ok_or_else(|| fail("they never run"))
}

fn services_that_run_are_adopted_without_a_new_task() -> Outcome {
    let sandbox = sandbox::serve_world(WORLD)?;
    let aws = Aws::at(&sandbox.url);
    make(&aws)?;
    let before = runs(&aws)?;

    let project = Project::empty()?;
    let run = |words: &str| -> Outcome<Finished> {
        let mut command = project.command()?;
        command
            .env("AWS_ENDPOINT_URL", &sandbox.url)
            .env("AWS_REGION", REGION);
        command.args(words.split_whitespace());
        Running::start(command)?.wait(PATIENCE)
    };
    let check = run("init --from ecs:main --target stage --check")?;
    assert_ends(&check, 0, "exact");
    assert!(!check.says("under `patch`"), "{check}");
    assert_ends(
        &run("init --from ecs:main --target stage")?,
        0,
        "wrote deploy.toml",
    );
    let path = project.path().join("config/stage.toml");
    let target = fs::read_to_string(&path)?;
    fs::write(&path, format!("endpoint = \"{}\"\n{target}", sandbox.url))?;
    assert_ends(&run("apply --target stage --yes")?, 4, "is not ours");
    let adopted = run("apply --target stage --adopt --yes")?;
    assert_ends(&adopted, 0, "");
    assert_eq!(runs(&aws)?, before, "{adopted}");
    assert_ends(&run("plan --target stage --exit-code")?, 0, "no changes");
    let tags = aws.ecs(
        "DescribeServices",
        &json!({ "cluster": "main", "services": ["web"], "include": ["TAGS"] }),
    )?;
    assert!(
        tags["services"][0]["tags"]
            .to_string()
            .contains("deployer:service"),
        "{tags}"
    );
    Ok(())
}
