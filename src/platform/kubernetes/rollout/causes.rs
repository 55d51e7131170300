//! From the words of Kubernetes to a [`Cause`]. Reasons are words of its API and decide first;
//! texts come from many programs and vary, so they are matched loosely. What nothing matches is
//! [`Cause::Other`], which only the deadline decides about. Pure.

use crate::platform::post_mortem::sign::is_out_of_addresses;
use crate::rollout::Cause;

mod pull;

#[cfg(test)]
mod tests;

pub(crate) use self::pull::pull;

/// What a container that waits is stuck with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// It is on its way, or waits out a back-off after it ended: nothing new.
    OnItsWay,
    /// It is stuck, and the words say why.
    Stuck(Cause),
    /// It is stuck with its image, and the words that said why are gone.
    Untold,
}

/// Why a container waits, by the reasons that the kubelet gives.
pub(crate) fn waiting(reason: &str, message: &str, image: &str) -> Waiting {
    match reason {
        "ErrImagePull" | "ImagePullBackOff" if is_backed_off(message) => Waiting::Untold,
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" => {
            Waiting::Stuck(pull(message, image))
        }
        "InvalidImageName" => Waiting::Stuck(Cause::ImageNameInvalid),
        // The policy is `Never`, and the node has no such image.
        "ErrImageNeverPull" => Waiting::Stuck(Cause::ImageNotFound),
        "SignatureValidationFailed" => Waiting::Stuck(Cause::Refused),
        "CreateContainerConfigError" => Waiting::Stuck(configuration(message)),
        "CreateContainerError" => Waiting::Stuck(creation(message)),
        "ImageInspectError" | "PreCreateHookError" | "PreStartHookError" => {
            Waiting::Stuck(Cause::Other)
        }
        // What these are about ended, and is counted as that.
        _ => Waiting::OnItsWay,
    }
}

/// Whether a text only says that something is tried again later, and no longer why.
fn is_backed_off(message: &str) -> bool {
    let lower = message.trim().to_ascii_lowercase();
    let after = lower.strip_prefix("back-off pulling image");
    lower.is_empty() || after.is_some_and(|rest| !rest.contains(": "))
}

/// Why a container's configuration cannot be put together.
fn configuration(message: &str) -> Cause {
    let lower = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["timed out waiting", "failed to sync", "not yet been read"]) {
        Cause::Other
    } else if missing_secret(&lower) {
        Cause::SecretMissing
    } else if has(&["runasnonroot", "non-root", "run as root"]) {
        Cause::Refused
    } else {
        Cause::Other
    }
}

fn missing_secret(lower: &str) -> bool {
    let what = ["secret", "configmap", "config map", "config key"];
    // The node may only read what exists and belongs to its pods.
    let how = [
        "not found",
        "couldn't find key",
        "non-existent",
        "no relationship found",
    ];
    what.iter().any(|word| lower.contains(word)) && how.iter().any(|word| lower.contains(word))
}

/// Why a container cannot be made, although its image is there.
fn creation(message: &str) -> Cause {
    let lower = message.to_ascii_lowercase();
    let gone = [
        "no such file",
        "not found",
        "does not exist",
        "no command specified",
    ];
    if gone.iter().any(|word| lower.contains(word)) {
        Cause::ResourceMissing
    } else {
        Cause::Other
    }
}

/// Why a container ended, by the reason that the kubelet gives. A container that could not even be
/// started, since its command is not there or was built for another processor, has ended as well:
/// each attempt counts as one.
pub(crate) fn ended(reason: &str) -> Cause {
    match reason {
        "OOMKilled" => Cause::OutOfMemory,
        // The node lost it; nobody knows how it ended.
        "ContainerStatusUnknown" => Cause::Other,
        _ => Cause::Exited,
    }
}

/// Why a whole pod failed.
pub(crate) fn pod(reason: &str, message: &str) -> Cause {
    match reason {
        // For using more than its own limit, or since the node had too little.
        "Evicted" if message.contains("exceed") && message.contains("limit") => Cause::Exited,
        "Evicted" | "Preempting" | "Preempted" | "NodeShutdown" | "Terminated" | "NodeLost"
        | "NodeAffinity" | "Shutdown" => Cause::NoCapacity,
        // The node found that it has no room after all: OutOfcpu, OutOfmemory, OutOfpods.
        out if out.starts_with("OutOf") => Cause::NoCapacity,
        _ => Cause::Other,
    }
}

/// Why the scheduler finds no node.
pub(crate) fn unschedulable(message: &str) -> Cause {
    let lower = message.to_ascii_lowercase();
    if lower.contains("persistentvolumeclaim") && lower.contains("not found") {
        Cause::ResourceMissing
    } else {
        Cause::NoCapacity
    }
}

/// Whether the API server could not ask an admission webhook, and refuses for want of its answer.
pub(crate) fn is_webhook_trouble(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    ["failed calling webhook", "failed to call webhook"]
        .iter()
        .any(|words| lower.contains(words))
}

/// Why a pod, or the `ReplicaSet` itself, may not be made.
pub(crate) fn refusal(message: &str) -> Cause {
    let lower = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if is_webhook_trouble(message) {
        // The webhook's own trouble says nothing of ours.
        Cause::Other
    } else if (has(&["serviceaccount", "service account"]) && has(&["not found"]))
        || has(&["no priorityclass"])
    {
        Cause::ResourceMissing
    } else if has(&[
        "exceeded quota",
        "failed quota",
        "denied the request",
        "denied request",
        "violates podsecurity",
        "is forbidden",
        "is invalid",
    ]) {
        Cause::Refused
    } else {
        Cause::Other
    }
}

/// What an event says of a pod that has not come to its containers; `None`: nothing of that kind.
pub(crate) fn event(reason: &str, message: &str, image: &str) -> Option<Cause> {
    let lower = message.to_ascii_lowercase();
    let cause = match reason {
        "Failed" if lower.contains("failed to pull image") => pull(message, image),
        "FailedMount" | "FailedAttachVolume" if missing_secret(&lower) => Cause::SecretMissing,
        "FailedMount" | "FailedAttachVolume" if lower.contains("not found") => {
            Cause::ResourceMissing
        }
        "FailedCreatePodSandBox" if is_out_of_addresses(&lower) => Cause::NoCapacity,
        "FailedMount" | "FailedAttachVolume" | "FailedCreatePodSandBox" | "NetworkNotReady" => {
            Cause::Other
        }
        _ => return None,
    };
    Some(cause)
}

/// Whether an event says that the kubelet kills a container for failing its liveness or startup
/// probe.
pub(crate) fn is_probe_kill(reason: &str, message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    let probe = ["liveness probe", "startup probe"]
        .iter()
        .any(|probe| lower.contains(probe));
    probe && matches!(reason, "Unhealthy" | "Killing")
}
