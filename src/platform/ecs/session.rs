//! What a run holds of one service: the word that it was proposed.

/// What a plan hands out, and all that follows is done with. ECS locks nothing and keeps the history
/// itself, so there is nothing else in it: without a plan nothing can be performed.
#[derive(Debug)]
pub struct Session(());

impl Session {
    /// Of a service that was just read.
    pub(super) fn proposed() -> Self {
        Self(())
    }
}
