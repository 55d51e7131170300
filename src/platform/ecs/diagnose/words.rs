//! The sentences of a post-mortem that only ECS has: what it said, what runs now, what to do.

use super::super::followed::{Followed, short};
use super::super::view::ServiceView;
use crate::event::FailureGroup;
use crate::platform::post_mortem::steps;
use crate::rollout::{Cause, Verdict};

/// Service events shown.
const MESSAGES: usize = 5;

/// What ECS said of this rollout beyond its routine, oldest first.
pub(super) fn messages(rollout: &Followed) -> Vec<String> {
    const ROUTINE: [&str; 6] = [
        "registered ",
        "deregistered ",
        "has begun draining",
        "has started ",
        "has stopped ",
        "steady state",
    ];
    let events = rollout
        .seen
        .service
        .iter()
        .flat_map(|service| service.events.iter());
    let telling = events.filter(|event| {
        rollout.seen.begun.is_some_and(|begun| event.at >= begun)
            && !ROUTINE.iter().any(|words| event.text.contains(words))
    });
    let mut newest: Vec<String> = telling
        .take(MESSAGES)
        .map(|event| event.text.clone())
        .collect();
    newest.reverse();
    newest
}

/// What runs now, deployment by deployment.
pub(super) fn now(service: &ServiceView) -> Vec<String> {
    let mut lines: Vec<String> = service
        .deployments
        .iter()
        .filter(|deployment| deployment.running > 0 || deployment.status == "PRIMARY")
        .map(|deployment| {
            format!(
                "{} runs {} of {} ({}, {})",
                short(&deployment.task_definition),
                deployment.running,
                deployment.desired,
                deployment.status,
                deployment.rollout.as_deref().unwrap_or("no rollout state"),
            )
        })
        .collect();
    if service.running == 0 {
        lines.push("no task of this service runs".into());
    }
    lines
}

pub(super) fn next(verdict: &Verdict, group: Option<&FailureGroup>) -> Vec<String> {
    let by_cause = group.map(|group| advice(group.cause));
    let steps = by_cause.into_iter().chain(steps(verdict));
    steps.map(str::to_owned).collect()
}

fn advice(cause: Cause) -> &'static str {
    match cause {
        Cause::ImageNameInvalid => "Check how the image is written in deploy.toml.",
        Cause::ImageNotFound => "Check that the image was pushed under this very name and tag.",
        Cause::PullDenied => {
            "Check the execution role's permission to pull, and the repository's name and policy."
        }
        Cause::SecretMissing => {
            "Check that the secret exists under this name, and that the execution role may read it."
        }
        Cause::ResourceMissing => {
            "Make what is missing (a log group, a file system, a file), or correct its name."
        }
        Cause::RoleDenied => "Check that the roles exist and trust ecs-tasks.amazonaws.com.",
        Cause::Refused => "Ask for a higher quota, or stop what is not needed.",
        Cause::RegistryTrouble => {
            "Check the route from the subnets to the registry: a NAT gateway, or VPC endpoints; then try again."
        }
        Cause::NoCapacity => "Try again later, or allow more subnets or another capacity provider.",
        Cause::Exited => {
            "Read the last log lines; run the image with the same environment to see it fail."
        }
        Cause::OutOfMemory => "Give it more `memory`, or find what uses so much.",
        Cause::ContainerUnhealthy => {
            "Run the health command in the container; give it more `grace` if it only starts slowly."
        }
        Cause::TargetUnhealthy => {
            "Check the target group's health check path and port, the security groups, and `health_grace`."
        }
        Cause::Other => {
            "Look the platform's words up in the Amazon ECS developer guide, stopped tasks."
        }
    }
}
