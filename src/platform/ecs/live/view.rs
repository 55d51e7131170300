//! The parts of the answers of ECS that a judgement rests on, without any SDK type.

use jiff::Timestamp;

use super::stage::StageView;
use crate::platform::ecs::settings::sdk::{PRIMARY, last_part};

/// What a breaker or an alarm says once it has fired.
const TRIGGERED: &str = "TRIGGERED";

/// A `ServiceDeployment`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RecordView {
    /// Its target revision is ours; otherwise ours may be the rollback that ends it.
    pub(crate) is_ours: bool,
    /// Its status, in the API's own word.
    pub(crate) status: String,
    /// Its reason, in the API's own words.
    pub(crate) reason: Option<String>,
    /// When it was made.
    pub(crate) created: Option<Timestamp>,
    /// When it was over.
    pub(crate) finished: Option<Timestamp>,
    /// When it was stopped.
    pub(crate) stopped: Option<Timestamp>,
    /// The ARN of its target revision.
    pub(crate) target: Option<String>,
    /// Running tasks of its target revision.
    pub(crate) running: u32,
    pub(crate) pending: u32,
    pub(crate) breaker: Option<BreakerView>,
    /// The alarms' status, such as `TRIGGERED`.
    pub(crate) alarm_status: Option<String>,
    /// Alarms that fired.
    pub(crate) alarms: Vec<String>,
    /// Why it goes back.
    pub(crate) rollback_reason: Option<String>,
    /// The revision that it went back to.
    pub(crate) rollback_to: Option<String>,
    /// There were revisions before it.
    pub(crate) has_source: bool,
    /// How far traffic has shifted, where it does.
    pub(crate) stage: StageView,
    /// A newer `ServiceDeployment` of the same service, looked for once ours is `STOPPED`.
    pub(crate) newer: Option<String>,
}

/// The breaker of a `ServiceDeployment`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BreakerView {
    /// `TRIGGERED`, `MONITORING`, `MONITORING_COMPLETE` or `DISABLED`.
    pub(crate) status: String,
    /// Failures counted.
    pub(crate) failures: u32,
    /// How many trip.
    pub(crate) threshold: u32,
}

/// A service as `DescribeServices` shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ServiceView {
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub(crate) status: String,
    /// Tasks wanted.
    pub(crate) desired: u32,
    /// Tasks running, of all deployments.
    pub(crate) running: u32,
    /// Whether its breaker is on and rolls back.
    pub(crate) rolls_back: bool,
    /// The classic deployments.
    pub(crate) deployments: Vec<DeploymentView>,
    /// Newest first.
    pub(crate) events: Vec<EventView>,
}

/// A classic deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DeploymentView {
    /// `ecs-svc/N`.
    pub(crate) id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE` or `DRAINING`.
    pub(crate) status: String,
    /// The ARN of its task definition.
    pub(crate) task_definition: String,
    /// `COMPLETED`, `FAILED` or `IN_PROGRESS`; absent behind a Classic Load Balancer.
    pub(crate) rollout: Option<String>,
    pub(crate) reason: Option<String>,
    /// Tasks wanted.
    pub(crate) desired: u32,
    /// Running.
    pub(crate) running: u32,
    pub(crate) pending: u32,
    /// Failed in a row.
    pub(crate) failed: u32,
    /// When it was made.
    pub(crate) created: Option<Timestamp>,
}

/// A service event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EventView {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// Whether words of ECS, in a deployment's reason or an event, tell of a rollback.
pub(crate) fn tells_of_rollback(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["rolling back", "rolled back", "rollback"]
        .iter()
        .any(|words| text.contains(words))
}

impl DeploymentView {
    /// Whether it is the one that is being brought about, or serves.
    pub(crate) fn is_primary(&self) -> bool {
        self.status == PRIMARY
    }
}

impl RecordView {
    /// The number that it is known by, which is that of the classic deployment that it began as.
    pub(crate) fn number(&self) -> Option<&str> {
        self.target.as_deref().map(last_part)
    }

    /// The breaker or an alarm fired: this is the platform's own doing.
    pub(crate) fn platform_pulled(&self) -> bool {
        let breaker = self.breaker.as_ref();
        breaker.is_some_and(|breaker| breaker.status == TRIGGERED)
            || self.alarm_status.as_deref() == Some(TRIGGERED)
    }

    /// What it waits for, which is not its tasks; `None`: for nothing, or it is over.
    pub(crate) fn waits(&self, service: &str) -> Option<String> {
        let goes_on = matches!(self.status.as_str(), "PENDING" | "IN_PROGRESS");
        goes_on.then(|| self.stage.waits(service)).flatten()
    }

    /// What the breaker or the alarms say of their firing; `None`: neither did.
    pub(crate) fn breaker_words(&self) -> Option<String> {
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
    pub(crate) fn primary(&self) -> Option<&DeploymentView> {
        self.deployments
            .iter()
            .find(|deployment| deployment.is_primary())
    }

    /// The deployment of that id.
    pub(crate) fn deployment(&self, id: &str) -> Option<&DeploymentView> {
        self.deployments
            .iter()
            .find(|deployment| deployment.id == id)
    }
}
