//! One look at a rollout: everything the machine may know, and nothing that only one platform
//! has a word for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cause::Cause;

/// One look at a rollout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observation {
    /// When the platform was asked. A sample that is not newer than the last one is stale.
    pub(crate) at: Timestamp,
    /// When the platform says that our rollout began, once it says so.
    pub(crate) created: Option<Timestamp>,
    /// What the platform says of our rollout.
    pub(crate) standing: Standing,
    /// Counts, for people and for noticing progress.
    pub(crate) gauge: Gauge,
    /// Failures of *our* tasks or pods; the same ones may be told again and again.
    pub(crate) failures: Vec<Failure>,
    /// Ids of failures told earlier that are states and are over: the node has come, the image was
    /// pulled after all. Where failures are events, there are none.
    pub(crate) healed: Vec<String>,
    /// The platform waits for a person or a hook: what for. The deadline pauses.
    pub(crate) waiting: Option<String>,
}

/// What the platform says of our rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Our change is accepted, but there is no record of its rollout yet.
    Unknown,
    /// Under way; the platform's own word for it.
    Going(String),
    /// Done and well. `proven` is false where nothing runs that could have failed.
    Ready {
        /// Whether at least one task or pod shows it.
        proven: bool,
    },
    /// The platform itself gave up on it, or was asked to, and is going back; not over yet.
    Tripping {
        /// Its reason, when it says one.
        reason: Option<String>,
    },
    /// The platform itself gave up on it and leaves it as it is: going back is up to us.
    GivenUp {
        /// Its reason, when it says one.
        reason: Option<String>,
    },
    /// Over: the revision before it serves again.
    RolledBack {
        /// Its reason, when it says one.
        reason: Option<String>,
        /// What it went back to, as the platform says it.
        to: Option<String>,
    },
    /// Over: failed, and nothing was brought back.
    NotRolledBack {
        /// Its reason, when it says one.
        reason: Option<String>,
    },
    /// Somebody else's action took its place.
    Superseded {
        /// Whose, as far as can be told.
        by: String,
    },
    /// Over, and nothing says how. The platform's raw words.
    Unclear(String),
}

/// Counts of a rollout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Gauge {
    /// Tasks or pods wanted.
    pub(crate) desired: u32,
    /// Of our revision, running (on Kubernetes: available).
    pub(crate) running: u32,
    /// Of our revision, on their way.
    pub(crate) pending: u32,
    /// Of other revisions, still running.
    pub(crate) old: u32,
    /// The breaker's count: the platform's own, or ours where it has none.
    pub(crate) breaker: Option<BreakerGauge>,
    /// Alarms that fired.
    pub(crate) alarms: Vec<String>,
}

/// The breaker's live count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct BreakerGauge {
    /// Failures counted.
    pub(crate) failures: u32,
    /// How many trip; `None` where the platform does not say.
    pub(crate) threshold: Option<u32>,
    /// Its state, in the platform's own word; `counting` or `tripped` where we count.
    pub(crate) state: String,
}

/// One failure: one termination of a task or container, or one refusal to start one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Failure {
    /// The same failure has the same id in every sample.
    pub(crate) id: String,
    /// When it happened, by the platform's clock. Within an event, `at` is when we told of it.
    #[serde(rename = "happened_at")]
    #[schemars(with = "String")]
    pub(crate) at: Timestamp,
    /// Why.
    pub(crate) cause: Cause,
    /// The platform's own words: the first real error, not a back-off text.
    pub(crate) text: String,
    /// Which container, where one is to blame.
    pub(crate) container: Option<String>,
    /// Its exit code, where it had one.
    pub(crate) exit_code: Option<i32>,
    /// What the platform calls that which failed.
    pub(crate) unit: Unit,
    /// The task or pod it belongs to; `None` where none was made.
    pub(crate) task: Option<String>,
}

/// What a platform calls the thing that runs our containers and that it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// On ECS.
    Task,
    /// On Kubernetes.
    Pod,
}

impl Unit {
    /// As people say it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Pod => "pod",
        }
    }
}
