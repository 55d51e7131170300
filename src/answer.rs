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
pub struct Status {
    /// Its name on the platform.
    #[serde(rename = "name")]
    pub service: String,
    /// The cluster's name.
    pub cluster: String,
    /// `ACTIVE` or `DRAINING`.
    pub state: String,
    /// Whether it carries our tags for this service.
    pub ours: bool,
    /// The revision that the service is set to: `api-service:12`.
    pub revision: String,
    /// The images of that revision.
    pub images: Vec<Image>,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks of that revision running; those of others are told among the deployments.
    pub running: i32,
    /// Tasks of that revision on their way.
    pub pending: i32,
    /// Deployments, newest first.
    pub deployments: Vec<Deployment>,
    /// What scales it.
    pub scaling: Option<Bounds>,
    /// Load-balancer targets.
    pub targets: Vec<Target>,
    /// What the platform said last about it, newest last.
    pub messages: Vec<Message>,
    /// Pieces that could not be read, each with why.
    pub missing: Vec<String>,
}

impl Status {
    /// The same, with only the tasks counted that are of the revision that it is set to: while a
    /// rollout is under way, those of the one before say nothing of it.
    #[must_use]
    pub fn of_its_revision(mut self) -> Self {
        let signed = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        if let Some(own) = self.deployments.iter().find(|one| one.is_current()) {
            self.running = signed(own.running);
            self.pending = signed(own.pending);
        }
        self
    }

    /// The deployments before, as far as anything of them still runs.
    pub fn still_running(&self) -> impl Iterator<Item = &Deployment> {
        let older = self.deployments.iter().filter(|one| !one.is_current());
        older.filter(|one| one.running > 0)
    }
}

impl Deployment {
    /// Whether it is the one that the service is set to.
    pub fn is_current(&self) -> bool {
        matches!(self.status.as_str(), "PRIMARY" | "current")
    }
}

/// An image of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// The container.
    pub container: String,
    /// Its image.
    pub image: String,
}

/// A deployment, as the platform counts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// `ecs-svc/N`.
    pub id: String,
    /// `PRIMARY` or `current`: the one that the service is set to; else `ACTIVE`, `former`…
    pub status: String,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`.
    pub rollout: Option<String>,
    /// Why, in the platform's words.
    pub reason: Option<String>,
    /// Its revision.
    pub revision: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks on their way.
    pub pending: u32,
    /// Tasks that failed.
    pub failed: u32,
    /// Since when.
    #[schemars(with = "Option<String>")]
    pub created: Option<Timestamp>,
}

/// The bounds of the count and what moves it between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// Fewest.
    pub min: i32,
    /// Most.
    pub max: i32,
    /// Policies, each in a few words.
    pub policies: Vec<String>,
    /// What of it does nothing at present, with why where that is known.
    pub suspended: Vec<String>,
}

/// A target of a load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Its group's name.
    pub group: String,
    /// Address and port.
    pub address: String,
    /// `healthy`, `unhealthy`, `draining`…
    pub state: String,
    /// Why, where it is not healthy.
    pub reason: Option<String>,
}

/// Something that the platform said about the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// In its own words.
    pub text: String,
}

/// One deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployed {
    /// When it began.
    #[schemars(with = "Option<String>")]
    #[serde(rename = "began_at")]
    pub at: Option<Timestamp>,
    /// When it ended; absent: it goes on, or nobody says.
    #[schemars(with = "Option<String>")]
    pub finished: Option<Timestamp>,
    /// The number that its id ends in; empty: it was no rollout.
    pub id: String,
    /// What it rolled out: `api-service:12`.
    pub revision: String,
    /// The images of its containers, by container.
    pub images: BTreeMap<String, String>,
    /// The verb that did it: `apply`, `rollback`, `restart` or `scale`; absent: nobody knows.
    pub verb: Option<String>,
    /// Who ran that.
    pub by: Option<String>,
    /// From which commit.
    pub commit: Option<String>,
    /// Why.
    pub why: Option<String>,
    /// How it ended.
    pub outcome: Ending,
    /// The platform's own word for that.
    pub status: String,
    /// The platform's own reason.
    pub reason: Option<String>,
    /// The revision that a rollback went back to.
    pub went_back_to: Option<String>,
    /// Whether it is the one that serves.
    pub current: bool,
}

/// How a deployment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
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
pub struct Wanted {
    /// Not before.
    pub since: Timestamp,
    /// Only so many, the newest; `None`: all.
    pub tail: Option<usize>,
    /// Go on as they come.
    pub follow: bool,
    /// Of this container only.
    pub container: Option<ContainerName>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was written.
    #[schemars(with = "String")]
    #[serde(rename = "written_at")]
    pub at: Timestamp,
    /// By which container.
    pub container: String,
    /// What the platform calls that in which it runs.
    pub unit: Unit,
    /// In which task or pod: the end of its ARN, or its name.
    pub task: String,
    /// What it says.
    pub text: String,
}
