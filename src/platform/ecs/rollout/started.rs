//! What came of a call that makes or changes a service.

use super::standing::RolloutId;

/// What our own call started, from the answer to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    /// The rollout, or the count that is to be reached.
    pub ours: RolloutId,
    /// How many tasks are wanted.
    pub desired: u32,
}
