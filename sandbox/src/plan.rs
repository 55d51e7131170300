//! What other actors do to a world, and when: somebody deploys mid-way, an autoscaler moves the
//! count, an alarm goes off, capacity arrives.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::behaviour::ImageRule;

/// An action of somebody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// When it happens.
    pub when: When,
    /// What happens.
    pub action: Action,
    /// How many requests its trigger has seen so far.
    #[serde(default)]
    pub seen: u64,
}

/// When a planned action happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// So many milliseconds after the world began.
    AtMs(i64),
    /// Some time after a request was performed.
    After {
        /// The operation, as AWS writes it.
        operation: String,
        /// The how-manieth, from 1.
        #[serde(default = "one")]
        nth: u64,
        /// How long after it.
        #[serde(default)]
        delay_ms: i64,
    },
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Somebody else sends a request; a refusal goes unnoticed.
    Request {
        /// The service (`ecs`, `application-autoscaling`).
        service: String,
        /// The operation that is requested.
        operation: String,
        /// Its parameters, as in the JSON protocol.
        input: Value,
    },
    /// Somebody else deploys: the service's task definition with another image, registered anew.
    Deploy {
        /// The cluster that the service is in.
        cluster: String,
        /// The name of the service that is acted on.
        service: String,
        /// The image of its first container.
        image: String,
    },
    /// The autoscaler wants another count; it stays within the scalable target's bounds, and never
    /// scales in while a deployment is running (Amazon ECS developer guide, service auto scaling).
    Autoscale {
        /// The cluster that the service is in.
        cluster: String,
        /// The name of the service that is acted on.
        service: String,
        /// The count it wants.
        desired: i64,
    },
    /// Somebody answers the hook that a deployment waits at.
    Answer {
        /// The cluster that the service is in.
        cluster: String,
        /// The name of the service that is acted on.
        service: String,
        /// Whether it goes on; otherwise it goes back.
        goes_on: bool,
    },
    /// A CloudWatch alarm changes its state.
    Alarm {
        /// The alarm's name.
        name: String,
        /// Whether it is in ALARM.
        firing: bool,
    },
    /// Images behave differently from now on (capacity arrives, a secret is created).
    Image(ImageRule),
}

fn one() -> u64 {
    1
}
