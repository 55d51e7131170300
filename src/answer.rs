//! What a person asks for and what is answered: what runs now, who deployed what, what was
//! written. The same on every platform.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::ContainerName;
use crate::rollout::Unit;

/// What runs now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Status {
    /// Its name on the platform.
    #[serde(rename = "name")]
    pub(crate) service: String,
    /// The cluster's name.
    pub(crate) cluster: String,
    /// `ACTIVE` or `DRAINING`.
    pub(crate) state: String,
    /// Whether it carries our tags for this service.
    pub(crate) ours: bool,
    /// The revision that the service is set to: `api-service:12`.
    pub(crate) revision: String,
    /// The images of that revision.
    pub(crate) images: Vec<Image>,
    /// Tasks wanted.
    pub(crate) desired: i32,
    /// Tasks of that revision running; those of others are told among the deployments.
    pub(crate) running: i32,
    /// Tasks of that revision on their way.
    pub(crate) pending: i32,
    /// Deployments, newest first.
    pub(crate) deployments: Vec<Deployment>,
    /// What scales it.
    pub(crate) scaling: Option<Bounds>,
    /// Load-balancer targets.
    pub(crate) targets: Vec<Target>,
    /// What the platform said last about it, newest last.
    pub(crate) messages: Vec<Message>,
    /// Pieces that could not be read, each with why.
    pub(crate) missing: Vec<String>,
}

impl Status {
    /// The same, with only the tasks counted that are of the revision that it is set to: while a
    /// rollout is under way, those of the one before say nothing of it.
    #[must_use]
    pub(crate) fn of_its_revision(mut self) -> Self {
        let signed = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        if let Some(own) = self.deployments.iter().find(|one| one.is_current()) {
            self.running = signed(own.running);
            self.pending = signed(own.pending);
        }
        self
    }

    /// The deployments before, as far as anything of them still runs.
    pub(crate) fn still_running(&self) -> impl Iterator<Item = &Deployment> {
        let older = self.deployments.iter().filter(|one| !one.is_current());
        older.filter(|one| one.running > 0)
    }
}

impl Deployment {
    /// Whether it is the one that the service is set to.
    pub(crate) fn is_current(&self) -> bool {
        matches!(self.status.as_str(), "PRIMARY" | "current")
    }
}

/// An image of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Image {
    /// The container.
    pub(crate) container: String,
    /// Its image.
    pub(crate) image: String,
}

/// A deployment, as the platform counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Deployment {
    /// `ecs-svc/N`.
    pub(crate) id: String,
    /// `PRIMARY` or `current`: the one that the service is set to; else `ACTIVE`, `former`…
    pub(crate) status: String,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`.
    pub(crate) rollout: Option<String>,
    /// Why, in the platform's words.
    pub(crate) reason: Option<String>,
    /// Its revision.
    pub(crate) revision: String,
    /// Tasks wanted.
    pub(crate) desired: u32,
    /// Tasks running.
    pub(crate) running: u32,
    /// Tasks on their way.
    pub(crate) pending: u32,
    /// Tasks that failed.
    pub(crate) failed: u32,
    /// Since when.
    #[schemars(with = "Option<String>")]
    pub(crate) created: Option<Timestamp>,
}

/// The bounds of the count and what moves it between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Bounds {
    /// Fewest.
    pub(crate) min: i32,
    /// Most.
    pub(crate) max: i32,
    /// Policies, each in a few words.
    pub(crate) policies: Vec<String>,
    /// What of it does nothing at present, with why where that is known.
    pub(crate) suspended: Vec<String>,
}

/// A target of a load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Target {
    /// Its group's name.
    pub(crate) group: String,
    /// Address and port.
    pub(crate) address: String,
    /// `healthy`, `unhealthy`, `draining`…
    pub(crate) state: String,
    /// Why, where it is not healthy.
    pub(crate) reason: Option<String>,
}

/// Something that the platform said about the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Message {
    /// When.
    #[schemars(with = "String")]
    pub(crate) at: Timestamp,
    /// In its own words.
    pub(crate) text: String,
}

/// One deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Deployed {
    /// When it began.
    #[schemars(with = "Option<String>")]
    #[serde(rename = "began_at")]
    pub(crate) at: Option<Timestamp>,
    /// When it ended; absent: it goes on, or nobody says.
    #[schemars(with = "Option<String>")]
    pub(crate) finished: Option<Timestamp>,
    /// The number that its id ends in; empty: it was no rollout.
    pub(crate) id: String,
    /// What it rolled out: `api-service:12`.
    pub(crate) revision: String,
    /// The images of its containers, by container.
    pub(crate) images: BTreeMap<String, String>,
    /// The verb that did it: `apply`, `rollback`, `restart` or `scale`; absent: nobody knows.
    pub(crate) verb: Option<String>,
    /// Who ran that.
    pub(crate) by: Option<String>,
    /// From which commit.
    pub(crate) commit: Option<String>,
    /// Why.
    pub(crate) why: Option<String>,
    /// How it ended.
    pub(crate) outcome: Ending,
    /// The platform's own word for that.
    pub(crate) status: String,
    /// The platform's own reason.
    pub(crate) reason: Option<String>,
    /// The revision that a rollback went back to.
    pub(crate) went_back_to: Option<String>,
    /// Whether it is the one that serves.
    pub(crate) current: bool,
}

/// How a deployment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// It serves, or served.
    Healthy,
    /// It failed, and the one before was brought back.
    RolledBack,
    /// It failed, and nothing was brought back.
    Failed,
    /// It was stopped: a newer one took its place, or its breaker tripped without a rollback.
    Stopped,
    /// It is under way.
    Going,
    /// The count was set, which rolls nothing out.
    Counted,
    /// The platform has a word for it that we do not know.
    Unknown,
}

/// Which lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Not before.
    pub(crate) since: Timestamp,
    /// Only so many, the newest; `None`: all.
    pub(crate) tail: Option<usize>,
    /// Go on as they come.
    pub(crate) follow: bool,
    /// Of this container only.
    pub(crate) container: Option<ContainerName>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct LogLine {
    /// When it was written.
    #[schemars(with = "String")]
    #[serde(rename = "written_at")]
    pub(crate) at: Timestamp,
    /// By which container.
    pub(crate) container: String,
    /// What the platform calls that in which it runs.
    pub(crate) unit: Unit,
    /// In which task or pod: the end of its ARN, or its name.
    pub(crate) task: String,
    /// What it says.
    pub(crate) text: String,
}
