//! The identity of a rollout, and what came of a call that makes or changes a service.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// So many failures after a change of the count alone are no coincidence: the breaker's own
/// smallest threshold (Amazon ECS developer guide, deployment circuit breaker).
const FAILURES: usize = 3;

/// What our own call started, from the answer to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Started {
    /// The rollout, or the count that is to be reached.
    pub(crate) ours: RolloutId,
    /// How many tasks are wanted.
    pub(crate) desired: u32,
}

/// Which rollout is ours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RolloutId {
    /// The id of the PRIMARY deployment in the answer to our own call.
    pub(crate) id: String,
    /// The ARN of its task definition.
    pub(crate) task_definition: String,
    /// What ran before.
    pub(crate) former: Option<String>,
    /// Our call started no deployment: only counts move, and so many recent failures are too many.
    pub(crate) count_only: Option<usize>,
    /// When a count was set while it was under way, by ECS's clock: it is well once that is reached
    /// too.
    pub(crate) count_set: Option<Timestamp>,
    /// It may itself be the rollback of a failed deployment, which has no record of its own.
    pub(crate) is_rollback: bool,
    /// When ECS made it, by its own clock: events before that tell of something else.
    pub(crate) begun: Option<Timestamp>,
    /// Ids of what ECS had said before our call, as far as its answer told.
    pub(crate) said: BTreeSet<String>,
    /// It was there when we came: our call did not start it.
    pub(crate) found: bool,
}

impl RolloutId {
    /// A rollout of which only the id is known.
    pub(crate) fn found(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            task_definition: String::new(),
            former: None,
            count_only: None,
            count_set: None,
            is_rollback: false,
            begun: None,
            said: BTreeSet::new(),
            found: true,
        }
    }

    /// Our call started no deployment: what it was to bring about is a count, or settings alone. ECS
    /// had `said` this until then; our idea of its clock is no finer than a second, and what it said
    /// within that second is of something else.
    pub(crate) fn moves_a_count(&mut self, said: BTreeSet<String>) {
        self.count_only = Some(FAILURES);
        self.said = said;
    }
}
