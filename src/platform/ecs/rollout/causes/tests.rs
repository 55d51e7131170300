//! The words that ECS really says, what they mean, and which container is to blame.

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

const ROWS: [(&str, Cause); 19] = [
    (
        "(service api) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a1b) is already using a port required by your task.",
        Cause::NoCapacity,
    ),
    (
        "(service api) was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.",
        Cause::NoCapacity,
    ),
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
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
        Cause::ImageNotFound,
    ),
    (
        "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet 'subnet-0a': InsufficientFreeAddressesInSubnet",
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
fn what_was_asked_to_end_after_another_is_not_the_cause() {
    // Both are essential, in either order.
    type Ended = (&'static str, i32);
    let table: [(&[Ended], Ended); 8] = [
        (&[("proxy", 143), ("api", 1)], ("api", 1)),
        (&[("api", 137), ("proxy", 3)], ("proxy", 3)),
        // It ended in good order when it was asked to.
        (&[("proxy", 0), ("api", 1)], ("api", 1)),
        // A server that ends with 0 is a failure all the same.
        (&[("proxy", 143), ("api", 0)], ("api", 0)),
        (&[("proxy", 137), ("api", 0)], ("api", 0)),
        // Nothing else is there: it was killed from outside.
        (&[("api", 137)], ("api", 137)),
        (&[("log", 0), ("api", 143)], ("api", 143)),
        // One that is not essential ends no task.
        (&[("log", 1), ("api", 0)], ("api", 0)),
    ];
    for (containers, (name, code)) in table {
        let containers = containers
            .iter()
            .map(|(name, code)| container(name, Some(*code), None));
        let reason = "Essential container in task exited";
        let failure = of(&task(
            "EssentialContainerExited",
            reason,
            containers.collect(),
        ))
        .unwrap();
        let blamed = (failure.container.as_deref(), failure.exit_code);
        assert_eq!(
            (blamed, failure.cause),
            ((Some(name), Some(code)), Cause::Exited)
        );
    }
}

#[test]
fn what_is_said_of_the_end_of_a_container_that_is_not_essential_is_no_cause() {
    let memory = "OutOfMemoryError: Container killed due to memory usage";
    let containers = vec![
        container("log", Some(137), Some(memory)),
        container("api", Some(1), None),
    ];
    let reason = "Essential container in task exited";
    let failure = of(&task("EssentialContainerExited", reason, containers)).unwrap();
    assert_eq!(failure.cause, Cause::Exited);
    assert_eq!(failure.container.as_deref(), Some("api"));
    // An image that cannot be pulled keeps the whole task from starting, whoever asked for it.
    let pull = "CannotPullContainerError: manifest unknown";
    let containers = vec![
        container("api", None, None),
        container("log", None, Some(pull)),
    ];
    let failure = of(&task(
        "TaskFailedToStart",
        "Task failed to start",
        containers,
    ))
    .unwrap();
    assert_eq!(failure.cause, Cause::ImageNotFound);
    assert_eq!(failure.container.as_deref(), Some("log"));
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
    let outside = "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:…)";
    let outside = of(&task("ServiceSchedulerInitiated", outside, vec![])).unwrap();
    assert_eq!(
        (inside.cause, outside.cause),
        (Cause::ContainerUnhealthy, Cause::TargetUnhealthy)
    );
}
