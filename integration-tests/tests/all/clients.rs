//! The embedded cloud through other people's clients: the AWS CLI and boto3, which share nothing with us but the wire.

use std::process::Command;

use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use integration_tests::{sandbox, servers};
use serde_json::Value;

trials! { "clients":
    boto3_sees_a_service_become_stable,
    boto3_sees_a_breaker_roll_back,
    boto3_knows_every_error_by_its_type,
    boto3_scales,
    boto3_reads_targets_and_logs,
    the_aws_cli_deploys,
}

fn boto3_sees_a_service_become_stable() -> Outcome {
    python("stable.py")
}

fn boto3_sees_a_breaker_roll_back() -> Outcome {
    python("breaker.py")
}

fn boto3_knows_every_error_by_its_type() -> Outcome {
    python("errors.py")
}

fn boto3_scales() -> Outcome {
    python("scaling.py")
}

fn boto3_reads_targets_and_logs() -> Outcome {
    python("reads.py")
}

/// Runs a script against a sandbox of its own; it fails with its traceback.
fn python(script: &str) -> Outcome {
    let clients = servers::clients()?;
    let sandbox = sandbox::serve()?;
    output(&mut clients.python(script, &sandbox.url)).map(drop)
}

fn output(command: &mut Command) -> Outcome<String> {
    let output = command.output()?;
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if !output.status.success() {
        let words: Vec<_> = command.get_args().collect();
        return Err(fail(format_args!("{words:?}\n{stdout}\n{stderr}")));
    }
    Ok(stdout.into_owned())
}

fn the_aws_cli_deploys() -> Outcome {
    let clients = servers::clients()?;
    let sandbox = sandbox::serve()?;
    let aws = |words: &str| -> Outcome<Value> {
        let text = output(clients.aws(&sandbox.url).args(words.split_whitespace()))?;
        Ok(if text.trim().is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)?
        })
    };
    assert_eq!(aws("sts get-caller-identity")?["Account"], servers::ACCOUNT);
    let container = r#"[{"name":"web","image":"shop/web:v1","essential":true,"portMappings":[{"containerPort":80}]}]"#;
    let definition = aws(&format!(
        "ecs register-task-definition --family web --network-mode awsvpc --cpu 256 --memory 512 \
         --requires-compatibilities FARGATE --container-definitions {container}"
    ))?;
    assert_eq!(definition["taskDefinition"]["revision"], 1);
    let network = r#"{"awsvpcConfiguration":{"subnets":["subnet-0a"],"securityGroups":["sg-0a"]}}"#;
    aws(&format!(
        "ecs create-service --cluster main --service-name web --task-definition web:1 --desired-count 2 \
         --launch-type FARGATE --network-configuration {network}"
    ))?;
    aws("ecs wait services-stable --cluster main --services web")?;
    let service = &aws("ecs describe-services --cluster main --services web")?["services"][0];
    assert_eq!(
        (&service["runningCount"], &service["status"]),
        (&2.into(), &"ACTIVE".into()),
        "{service}"
    );
    let tasks = aws("ecs list-tasks --cluster main --service-name web")?;
    assert_eq!(
        tasks["taskArns"].as_array().map(Vec::len),
        Some(2),
        "{tasks}"
    );
    let rollouts = aws("ecs list-service-deployments --cluster main --service web")?;
    assert_eq!(
        rollouts["serviceDeployments"][0]["status"], "SUCCESSFUL",
        "{rollouts}"
    );
    aws("ecs update-service --cluster main --service web --desired-count 0")?;
    aws("ecs delete-service --cluster main --service web")?;
    Ok(())
}
