//! The parts of the answers of ECS that a judgement rests on, without any SDK type.

use jiff::Timestamp;

use crate::platform::ecs::settings::sdk::{PRIMARY, last_part};

/// What a breaker or an alarm says once it has fired.
const TRIGGERED: &str = "TRIGGERED";

/// A `ServiceDeployment`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordView {
    /// Its target revision is ours; otherwise ours may be the rollback that ends it.
    pub is_ours: bool,
    /// Its status, in the API's own word.
    pub status: String,
    /// Its reason, in the API's own words.
    pub reason: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was over.
    pub finished: Option<Timestamp>,
    /// When it was stopped.
    pub stopped: Option<Timestamp>,
    /// The ARN of its target revision.
    pub target: Option<String>,
    /// Running tasks of its target revision.
    pub running: u32,
    /// Pending.
    pub pending: u32,
    /// The breaker.
    pub breaker: Option<BreakerView>,
    /// The alarms' status, such as `TRIGGERED`.
    pub alarm_status: Option<String>,
    /// Alarms that fired.
    pub alarms: Vec<String>,
    /// Why it goes back.
    pub rollback_reason: Option<String>,
    /// The revision that it went back to.
    pub rollback_to: Option<String>,
    /// There were revisions before it.
    pub has_source: bool,
    /// What it waits for a person or hook to do.
    pub awaits: Option<String>,
    /// A newer `ServiceDeployment` of the same service, looked for once ours is `STOPPED`.
    pub newer: Option<String>,
}

/// The breaker of a `ServiceDeployment`.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerView {
    /// `TRIGGERED`, `MONITORING`, `MONITORING_COMPLETE` or `DISABLED`.
    pub status: String,
    /// Failures counted.
    pub failures: u32,
    /// How many trip.
    pub threshold: u32,
}

/// A service as `DescribeServices` shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceView {
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running, of all deployments.
    pub running: u32,
    /// Whether its breaker is on and rolls back.
    pub rolls_back: bool,
    /// The classic deployments.
    pub deployments: Vec<DeploymentView>,
    /// Newest first.
    pub events: Vec<EventView>,
}

/// A classic deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeploymentView {
    /// `ecs-svc/N`.
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE` or `DRAINING`.
    pub status: String,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// `COMPLETED`, `FAILED` or `IN_PROGRESS`; absent behind a Classic Load Balancer.
    pub rollout: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Tasks wanted.
    pub desired: u32,
    /// Running.
    pub running: u32,
    /// Pending.
    pub pending: u32,
    /// Failed in a row.
    pub failed: u32,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// A service event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Its words.
    pub text: String,
}

/// Whether words of ECS, in a deployment's reason or an event, tell of a rollback.
pub fn tells_of_rollback(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["rolling back", "rolled back", "rollback"]
        .iter()
        .any(|words| text.contains(words))
}

impl DeploymentView {
    /// Whether it is the one that is being brought about, or serves.
    pub fn is_primary(&self) -> bool {
        self.status == PRIMARY
    }
}

impl RecordView {
    /// The number that it is known by, which is that of the classic deployment that it began as.
    pub fn number(&self) -> Option<&str> {
        self.target.as_deref().map(last_part)
    }

    /// The breaker or an alarm fired: this is the platform's own doing.
    pub fn platform_pulled(&self) -> bool {
        let breaker = self.breaker.as_ref();
        breaker.is_some_and(|breaker| breaker.status == TRIGGERED)
            || self.alarm_status.as_deref() == Some(TRIGGERED)
    }

    /// What the breaker or the alarms say of their firing; `None`: neither did.
    pub fn breaker_words(&self) -> Option<String> {
        let breaker = self.breaker.as_ref();
        match (
            breaker.filter(|one| one.status == TRIGGERED),
            self.alarms.as_slice(),
        ) {
            (Some(breaker), _) => Some(format!(
                "the circuit breaker counted {} failures of {}",
                breaker.failures, breaker.threshold
            )),
            (None, []) => None,
            (None, alarms) => Some(format!("alarm {} fired", alarms.join(", "))),
        }
    }
}

impl ServiceView {
    /// The deployment that is being brought about, or serves.
    pub fn primary(&self) -> Option<&DeploymentView> {
        self.deployments
            .iter()
            .find(|deployment| deployment.is_primary())
    }

    /// The deployment of that id.
    pub fn deployment(&self, id: &str) -> Option<&DeploymentView> {
        self.deployments
            .iter()
            .find(|deployment| deployment.id == id)
    }
}
