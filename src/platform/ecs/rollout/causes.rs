//! From the words of ECS to a [`Cause`]. Texts vary, so they are matched loosely; codes decide
//! where there are any. Pure.

use jiff::Timestamp;

use crate::platform::post_mortem;
use crate::platform::post_mortem::sign::is_out_of_addresses;
use crate::rollout::{Cause, Failure, Unit};

/// A stopped task, the parts that tell why.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StoppedTask {
    pub(crate) arn: String,
    /// `TaskFailedToStart`, `EssentialContainerExited`, `ServiceSchedulerInitiated`…
    pub(crate) stop_code: Option<String>,
    pub(crate) reason: Option<String>,
    /// When it began to stop.
    pub(crate) at: Option<Timestamp>,
    /// Its containers.
    pub(crate) containers: Vec<StoppedContainer>,
}

/// A container of a stopped task.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StoppedContainer {
    pub(crate) name: String,
    /// How it exited.
    pub(crate) exit_code: Option<i32>,
    /// Why it could not start, or was killed.
    pub(crate) reason: Option<String>,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub(crate) health: Option<String>,
}

/// The failure that a stopped task is; `None` where it was stopped on purpose: scaled in,
/// replaced by a newer deployment, or stopped by a person.
pub(crate) fn failure(task: &StoppedTask, essential: &[String], now: Timestamp) -> Option<Failure> {
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
    // After a container was renamed, the file may know none of those that ran.
    let known = |one: &StoppedContainer| essential.contains(&one.name);
    let essential = if task.containers.iter().any(known) {
        essential
    } else {
        &[]
    };
    let (container, cause, text) = if lower.contains("failed container health checks") {
        let unhealthy = |one: &&StoppedContainer| {
            one.health.as_deref() == Some("UNHEALTHY") && may_end_it(one, essential)
        };
        let unhealthy = task.containers.iter().find(unhealthy);
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
        unit: Unit::Task,
        task: Some(task.arn.rsplit('/').next().unwrap_or(&task.arn).to_owned()),
    })
}

fn by_containers<'a>(
    task: &'a StoppedTask,
    essential: &[String],
    reason: &str,
) -> (Option<&'a StoppedContainer>, Cause, String) {
    if let Some((container, text)) = told(task, essential) {
        return (Some(container), by_text(text), text.to_owned());
    }
    let by_task = by_text(reason);
    if by_task != Cause::Other {
        return (None, by_task, reason.to_owned());
    }
    match ended_first(task, essential) {
        Some(container) => (Some(container), Cause::Exited, reason.to_owned()),
        None if task.stop_code.as_deref() == Some("EssentialContainerExited") => {
            (None, Cause::Exited, reason.to_owned())
        }
        None => (None, Cause::Other, reason.to_owned()),
    }
}

/// The container whose own words tell why the task ended. One that is not essential ends no task
/// once it has started; what is said of its end is no cause.
fn told<'a>(
    task: &'a StoppedTask,
    essential: &[String],
) -> Option<(&'a StoppedContainer, &'a str)> {
    let telling = |container: &'a StoppedContainer| {
        let reason = container.reason.as_deref().filter(|r| !r.is_empty())?;
        Some((container, reason))
    };
    let by_itself = |container: &StoppedContainer| {
        may_end_it(container, essential) || container.exit_code.is_none()
    };
    let all = || task.containers.iter().filter_map(telling);
    all()
        .find(|(container, _)| may_end_it(container, essential))
        .or_else(|| all().find(|(container, _)| by_itself(container)))
}

/// Whether the end of a container ends its task. Where none is known to be essential, each may.
fn may_end_it(container: &StoppedContainer, essential: &[String]) -> bool {
    essential.is_empty() || essential.contains(&container.name)
}

/// The container that ended first and by itself. ECS tells no time of it, but it asks the others to
/// end once an essential one has, and kills them where they do not (Amazon ECS developer guide,
/// `essential`): 143 and 137 are theirs, unless no other code is there. A sibling that ends in good
/// order when it is asked to has 0, so any other code says more than that.
fn ended_first<'a>(task: &'a StoppedTask, essential: &[String]) -> Option<&'a StoppedContainer> {
    let rank = |container: &&StoppedContainer| match container.exit_code {
        Some(0) => 1,
        Some(code) if post_mortem::is_signalled(code) => 2,
        _ => 0,
    };
    let ended = || task.containers.iter().filter(|one| one.exit_code.is_some());
    ended()
        .filter(|container| may_end_it(container, essential))
        .min_by_key(rank)
        .or_else(|| {
            ended()
                .filter(|one| one.exit_code != Some(0))
                .min_by_key(rank)
        })
}

/// The cause that a text of ECS tells of.
pub(crate) fn by_text(text: &str) -> Cause {
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
    ]) || is_out_of_addresses(&lower)
    {
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
mod tests;
