//! What can go wrong with a task or a pod, in the same words on both platforms, and how patient
//! we are with it.

use serde::{Deserialize, Serialize};

/// Why a task or pod of ours failed or cannot start.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// The reference cannot name an image.
    ImageNameInvalid,
    /// The registry answered that there is no such image.
    ImageNotFound,
    /// The registry refused us, or does not tell whether the image exists.
    PullDenied,
    /// A secret, parameter, configuration or key of one is not there or may not be read.
    SecretMissing,
    /// Something else that the task needs is not there: a log group, a file system, a file.
    ResourceMissing,
    /// A role cannot be assumed.
    RoleDenied,
    /// A quota or an admission rule refused the task or pod.
    Refused,
    /// The registry timed out, throttled us or failed.
    RegistryTrouble,
    /// No node, no capacity, no address.
    NoCapacity,
    /// A container ended by itself.
    Exited,
    /// A container was killed for using more memory than it may.
    OutOfMemory,
    /// A container failed its own health check.
    ContainerUnhealthy,
    /// A load balancer found it unhealthy.
    TargetUnhealthy,
    /// Something else, in the platform's own words.
    Other,
}

/// How patient we are with a cause.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// It cannot get better by itself: a second failure trips, or a short while after the first.
    Certain,
    /// It rarely gets better by itself.
    Likely,
    /// It may well get better by itself.
    Uncertain,
    /// Counted against the breaker's threshold.
    Counted,
    /// Only the deadline decides.
    Unknown,
}

impl Cause {
    /// The class of this cause.
    pub(crate) fn class(self) -> Class {
        match self {
            Self::ImageNameInvalid | Self::ImageNotFound => Class::Certain,
            Self::PullDenied
            | Self::SecretMissing
            | Self::ResourceMissing
            | Self::RoleDenied
            | Self::Refused => Class::Likely,
            Self::RegistryTrouble | Self::NoCapacity => Class::Uncertain,
            Self::Exited | Self::OutOfMemory | Self::ContainerUnhealthy | Self::TargetUnhealthy => {
                Class::Counted
            }
            Self::Other => Class::Unknown,
        }
    }

    /// The cause in a few words, as the subject of "likely cause: …".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::ImageNameInvalid => "the image name is not valid",
            Self::ImageNotFound => "the image does not exist",
            Self::PullDenied => "the image may not be pulled",
            Self::SecretMissing => "a secret is missing or may not be read",
            Self::ResourceMissing => "something that it needs is missing",
            Self::RoleDenied => "a role cannot be assumed",
            Self::Refused => "a quota or rule refused it",
            Self::RegistryTrouble => "the registry does not answer properly",
            Self::NoCapacity => "there is no capacity to place it",
            Self::Exited => "the container exits",
            Self::OutOfMemory => "the container runs out of memory",
            Self::ContainerUnhealthy => "the container fails its health check",
            Self::TargetUnhealthy => "the load balancer finds it unhealthy",
            Self::Other => "the platform names a reason of its own",
        }
    }
}
