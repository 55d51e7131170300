//! What came of a CreateService or UpdateService: the identity of the rollout that it started.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// The rollout that our own call started, from the answer to that call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The PRIMARY deployment, `ecs-svc/N`.
    pub primary_id: String,
    /// The PRIMARY deployment before our call; `None`: the service was not there.
    pub primary_before: Option<String>,
    /// The ARN of the revision that it rolls out.
    pub task_definition: String,
    /// The ARN of the revision before our call.
    pub task_definition_before: Option<String>,
    /// Our call made the service.
    pub created: bool,
    /// Our call started no deployment (the PRIMARY is the same as before): only a count or
    /// settings changed.
    pub count_only: bool,
    /// When ECS made the deployment, or was asked for the count, by its own clock.
    pub begun: Option<Timestamp>,
    /// Ids of what ECS had said before, where only a count was set: our idea of ECS's clock is no finer
    /// than a second, and what it said within that second is of something else.
    pub said: BTreeSet<String>,
    /// How many tasks are wanted.
    pub desired: u32,
}
