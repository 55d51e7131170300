//! The role that ECS itself takes to start a task.

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::{Switch, Table};
use crate::spec::words::ecs::launch::LaunchType;
use crate::spec::words::ecs::{EcsTable, Scene};

/// Who needs an execution role: Amazon ECS developer guide, task execution IAM role. An instance pulls and
/// writes logs by a role of its own.
pub(in crate::spec) fn check(
    raw: &EcsTable,
    launch: LaunchType,
    head: Spot,
    scene: &Scene<'_>,
    findings: &mut Findings,
) {
    if raw.has(&["execution_role"]) {
        return;
    }
    let mut needs = Vec::new();
    let containers = || {
        scene
            .containers
            .iter()
            .filter_map(|placed| placed.container.as_ref())
    };
    let private = |image: &str| {
        let host = image.split('/').next().unwrap_or("");
        host.contains(".dkr.ecr.") && host.contains(".amazonaws.com")
    };
    let fargate = launch == LaunchType::Fargate;
    if fargate && containers().any(|container| private(container.image.as_str())) {
        needs.push("pulls from ECR");
    }
    if scene
        .containers
        .iter()
        .any(|placed| !placed.secrets.is_empty())
    {
        needs.push("reads secrets");
    }
    let log = raw.log.as_ref().and_then(|at| match &at.value {
        Switch::On(table) => table.driver.as_ref(),
        Switch::Off => None,
    });
    let written = raw.has(&["log_group"]) || log.is_some_and(|at| at.value.0 == "awslogs");
    if fargate && written {
        needs.push("writes logs");
    }
    if !needs.is_empty() {
        findings.problem(
            Problem::new("missing-key", "`ecs.execution_role` is missing")
                .at(head)
                .label(format!("ECS {} with it", needs.join(" and ")))
                .help("execution_role = \"arn:aws:iam::ACCOUNT:role/ecsTaskExecutionRole\""),
        );
    }
}
