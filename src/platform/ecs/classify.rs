//! From the words of ECS to a [`Cause`]. Texts vary, so they are matched loosely; codes decide
//! where there are any. Pure.

use jiff::Timestamp;

use crate::rollout::{Cause, Failure};

/// A stopped task, the parts that tell why.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoppedTask {
    /// Its ARN.
    pub arn: String,
    /// `TaskFailedToStart`, `EssentialContainerExited`, `ServiceSchedulerInitiated`…
    pub stop_code: Option<String>,
    /// In words.
    pub reason: Option<String>,
    /// When it began to stop.
    pub at: Option<Timestamp>,
    /// Its containers.
    pub containers: Vec<StoppedContainer>,
}

/// A container of a stopped task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoppedContainer {
    /// Its name.
    pub name: String,
    /// How it exited.
    pub exit_code: Option<i32>,
    /// Why it could not start, or was killed.
    pub reason: Option<String>,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health: Option<String>,
}

/// The failure that a stopped task is; `None` where it was stopped on purpose: scaled in,
/// replaced by a newer deployment, or stopped by a person.
pub fn failure(task: &StoppedTask, essential: &[String], now: Timestamp) -> Option<Failure> {
    let reason = task.reason.as_deref().unwrap_or("");
    let code = task.stop_code.as_deref().unwrap_or("");
    let lower = reason.to_ascii_lowercase();
    // Taken back or replaced by the platform: no fault of this revision.
    let on_purpose = matches!(
        code,
        "UserInitiated" | "SpotInterruption" | "TerminationNotice"
    ) || lower.contains("scaling activity initiated by")
        || lower.contains("stopped by user")
        || (code == "ServiceSchedulerInitiated" && !lower.contains("failed"));
    if on_purpose {
        return None;
    }
    let (container, cause, text) = if lower.contains("failed container health checks") {
        let unhealthy = task
            .containers
            .iter()
            .find(|c| c.health.as_deref() == Some("UNHEALTHY"));
        (unhealthy, Cause::ContainerUnhealthy, reason.to_owned())
    } else if lower.contains("elb health checks") || lower.contains("target-group") {
        (None, Cause::TargetUnhealthy, reason.to_owned())
    } else {
        by_containers(task, essential, reason)
    };
    Some(Failure {
        id: task.arn.clone(),
        at: task.at.unwrap_or(now),
        cause,
        text,
        container: container.map(|container| container.name.clone()),
        exit_code: container.and_then(|container| container.exit_code),
        task: Some(task.arn.rsplit('/').next().unwrap_or(&task.arn).to_owned()),
    })
}

fn by_containers<'a>(
    task: &'a StoppedTask,
    essential: &[String],
    reason: &str,
) -> (Option<&'a StoppedContainer>, Cause, String) {
    let told =
        |container: &&StoppedContainer| container.reason.as_deref().is_some_and(|r| !r.is_empty());
    if let Some(container) = task.containers.iter().find(told) {
        let text = container.reason.clone().unwrap_or_default();
        return (Some(container), by_text(&text), text);
    }
    let by_task = by_text(reason);
    if by_task != Cause::Other {
        return (None, by_task, reason.to_owned());
    }
    // The one whose end ended the task: an essential one that failed before any other.
    let ended = |container: &&StoppedContainer| container.exit_code.is_some_and(|code| code != 0);
    let essential_one = |container: &&StoppedContainer| essential.contains(&container.name);
    let culprit = task
        .containers
        .iter()
        .filter(essential_one)
        .find(ended)
        .or_else(|| {
            task.containers
                .iter()
                .filter(essential_one)
                .find(|c| c.exit_code.is_some())
        })
        .or_else(|| task.containers.iter().find(ended));
    match culprit {
        Some(container) => (Some(container), Cause::Exited, reason.to_owned()),
        None if task.stop_code.as_deref() == Some("EssentialContainerExited") => {
            (None, Cause::Exited, reason.to_owned())
        }
        None => (None, Cause::Other, reason.to_owned()),
    }
}

/// The cause that a text of ECS tells of.
pub fn by_text(text: &str) -> Cause {
    let lower = text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["outofmemory", "out of memory"]) {
        Cause::OutOfMemory
    } else if has(&[
        "unable to assume",
        "not authorized to perform: sts:assumerole",
    ]) {
        Cause::RoleDenied
    } else if has(&[
        "cannotpull",
        "cannot pull",
        "pull image",
        "digest resolution",
    ]) {
        pull(&has)
    } else if has(&["resourceinitializationerror"]) {
        initialization(&has)
    } else if has(&["limit on the number", "quota", "limitexceeded"]) {
        Cause::Refused
    } else if has(&[
        "capacity is unavailable",
        "unable to place a task",
        "insufficient",
        "resource:eni",
        "spotinterruption",
        "spot interruption",
        "no container instance",
    ]) {
        Cause::NoCapacity
    } else {
        Cause::Other
    }
}

fn pull(has: &impl Fn(&[&str]) -> bool) -> Cause {
    if has(&["invalid reference format", "invalid image"]) {
        Cause::ImageNameInvalid
    } else if has(&[
        "timeout",
        "timed out",
        "deadline exceeded",
        "toomanyrequests",
        "429",
        "rate limit",
        "connection refused",
    ]) || has(&[
        "500 internal",
        "502 bad",
        "503 service",
        "504 gateway",
        "no such host",
        "i/o",
    ]) {
        Cause::RegistryTrouble
    } else if has(&[
        "access denied",
        "accessdenied",
        "denied",
        "403",
        "401",
        "unauthorized",
        "no basic auth",
        "not authorized",
    ]) {
        // A registry that hides what exists says "denied" for an image that does not.
        Cause::PullDenied
    } else if has(&[
        "manifest unknown",
        "not found",
        "notfound",
        "does not exist",
        "no such image",
        "manifest does not",
        "404",
    ]) {
        Cause::ImageNotFound
    } else {
        Cause::RegistryTrouble
    }
}

fn initialization(has: &impl Fn(&[&str]) -> bool) -> Cause {
    if has(&[
        "timeout",
        "timed out",
        "deadline exceeded",
        "connection issue",
        "connection refused",
        "no such host",
    ]) {
        Cause::RegistryTrouble
    } else if has(&["secret", "ssm", "parameter"]) {
        Cause::SecretMissing
    } else if has(&[
        "log group",
        "logger",
        "efs",
        "file system",
        "s3",
        "environment file",
    ]) {
        Cause::ResourceMissing
    } else if has(&["accessdenied", "not authorized", "denied"]) {
        Cause::RoleDenied
    } else {
        Cause::ResourceMissing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(code: &str, reason: &str, containers: Vec<StoppedContainer>) -> StoppedTask {
        StoppedTask {
            arn: "arn:aws:ecs:us-east-1:123456789012:task/main/0a1b".into(),
            stop_code: Some(code.into()),
            reason: Some(reason.into()),
            at: None,
            containers,
        }
    }

    fn container(name: &str, exit: Option<i32>, reason: Option<&str>) -> StoppedContainer {
        StoppedContainer {
            name: name.into(),
            exit_code: exit,
            reason: reason.map(str::to_owned),
            health: None,
        }
    }

    fn of(task: &StoppedTask) -> Option<Failure> {
        failure(task, &["api".into(), "proxy".into()], Timestamp::UNIX_EPOCH)
    }

    const ROWS: [(&str, Cause); 15] = [
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/api:v9: docker.io/library/api:v9: not found",
            Cause::ImageNotFound,
        ),
        (
            "CannotPullContainerError: Error response from daemon: manifest for api:v9 not found: manifest unknown",
            Cause::ImageNotFound,
        ),
        (
            "CannotPullContainerError: pull access denied for api, repository does not exist or may require 'docker login'",
            Cause::PullDenied,
        ),
        (
            "CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code: 403 Forbidden",
            Cause::PullDenied,
        ),
        (
            "CannotPullContainerError: inspect image has been retried 5 time(s): dial tcp 10.0.0.1:443: i/o timeout",
            Cause::RegistryTrouble,
        ),
        (
            "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit",
            Cause::RegistryTrouble,
        ),
        (
            "CannotPullContainerError: invalid reference format",
            Cause::ImageNameInvalid,
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:… : ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            Cause::SecretMissing,
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: pull command failed: : signal: killed: context deadline exceeded",
            Cause::RegistryTrouble,
        ),
        (
            "ResourceInitializationError: failed to validate logger args: : signal: killed",
            Cause::ResourceMissing,
        ),
        (
            "OutOfMemoryError: Container killed due to memory usage",
            Cause::OutOfMemory,
        ),
        (
            "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/x' that was provided for this task.",
            Cause::RoleDenied,
        ),
        (
            "You've reached the limit on the number of tasks you can run concurrently",
            Cause::Refused,
        ),
        (
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            Cause::NoCapacity,
        ),
        (
            "Timeout waiting for network interface provisioning to complete.",
            Cause::Other,
        ),
    ];

    #[test]
    fn texts_of_aws_name_their_cause() {
        for (text, cause) in ROWS {
            assert_eq!(by_text(text), cause, "{text}");
        }
    }

    #[test]
    fn a_task_that_was_scaled_in_is_no_failure() {
        let reason = "Scaling activity initiated by (deployment ecs-svc/1)";
        assert_eq!(
            of(&task(
                "ServiceSchedulerInitiated",
                reason,
                vec![container("api", Some(143), None)]
            )),
            None
        );
        assert_eq!(
            of(&task("UserInitiated", "Task stopped by user", vec![])),
            None
        );
    }

    #[test]
    fn the_essential_container_is_to_blame_not_the_one_it_took_along() {
        let containers = vec![
            container("log", Some(137), None),
            container("api", Some(42), None),
        ];
        let failure = of(&task(
            "EssentialContainerExited",
            "Essential container in task exited",
            containers,
        ))
        .unwrap();
        assert_eq!(
            (failure.container.as_deref(), failure.exit_code),
            (Some("api"), Some(42))
        );
        assert_eq!(failure.cause, Cause::Exited);
    }

    #[test]
    fn memory_and_pull_errors_are_told_by_the_container() {
        let killed = container(
            "api",
            Some(137),
            Some("OutOfMemoryError: Container killed due to memory usage"),
        );
        let failure = of(&task(
            "EssentialContainerExited",
            "Essential container in task exited",
            vec![killed],
        ))
        .unwrap();
        assert_eq!(
            (failure.cause, failure.exit_code),
            (Cause::OutOfMemory, Some(137))
        );
    }

    #[test]
    fn health_checks_are_told_apart() {
        let inside = of(&task(
            "ServiceSchedulerInitiated",
            "Task failed container health checks",
            vec![],
        ))
        .unwrap();
        let outside =
            "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:…)";
        let outside = of(&task("ServiceSchedulerInitiated", outside, vec![])).unwrap();
        assert_eq!(
            (inside.cause, outside.cause),
            (Cause::ContainerUnhealthy, Cause::TargetUnhealthy)
        );
    }
}
