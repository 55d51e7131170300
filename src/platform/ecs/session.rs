//! What a run holds of one service: what it was proposed for.

use super::settings::Desired;

/// What a plan hands out, and all that follows is done with: without a plan nothing can be performed.
/// ECS locks nothing and keeps the history itself, so that it holds only what the file comes to.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) desired: Desired,
}

impl Session {
    /// Of a service that was just read.
    pub(super) fn proposed(desired: Desired) -> Self {
        Self { desired }
    }
}
