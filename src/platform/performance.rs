//! What the loop asks of a platform while it performs a plan.

use super::{Failed, FailureKind};
use crate::plan::{Change, Plan};

/// A part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What precedes the rollout, starts it, or does not wait for it.
    Now,
    /// What waits for a healthy rollout.
    OnceHealthy,
}

impl Part {
    /// The changes of this part, in their order.
    pub(crate) fn of<B, C: Change>(self, plan: &Plan<B, C>) -> Vec<&C> {
        let waits = self == Self::OnceHealthy;
        let changes = plan
            .changes
            .iter()
            .filter(|change| !change.is_kept_before());
        changes
            .filter(|change| change.waits_for_health() == waits)
            .collect()
    }
}

/// One performance of a part of a plan: what must be so before its changes are made, the making of
/// each, and what follows.
pub(crate) trait Performance {
    type Change: Change;
    /// The identity of a rollout.
    type Watched;

    /// What must be so before these changes are made; with none of them, before it ends.
    async fn before(&mut self, wave: &[&Self::Change]) -> Result<(), Failed>;

    /// What may be looked at while these changes are made, since they hurt nobody whatever it shows;
    /// what it shows may stop all that comes after them.
    async fn beside(&self, _wave: &[&Self::Change]) -> Result<(), Failed> {
        Ok(())
    }

    /// Makes one change, as one write.
    async fn make(&self, change: &Self::Change) -> Result<Done, Failed>;

    /// What follows the last write, also where the work was `broken` off by this; and what must come
    /// up.
    async fn after(&mut self, broken: Option<&PerformError>) -> Performed<Self::Watched>;
}

/// What came of one change.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// What it made, in words: a revision, a deployment id.
    pub(crate) result: String,
    /// Nothing was written, since it was so already.
    pub(crate) already: bool,
}

impl Done {
    /// Written now.
    pub(crate) fn now(result: impl Into<String>) -> Self {
        Self {
            result: result.into(),
            already: false,
        }
    }

    /// It was so already.
    pub(crate) fn already(result: impl Into<String>) -> Self {
        Self {
            result: result.into(),
            already: true,
        }
    }

    /// Removed now; what is not there need not be removed.
    pub(crate) fn removed(removed: Result<(), Failed>, what: &str) -> Result<Self, Failed> {
        match removed {
            Ok(()) => Ok(Self::now(what)),
            Err(error) if error.kind == FailureKind::Missing => Ok(Self::already(what)),
            Err(error) => Err(error),
        }
    }
}

/// What must come up after a performance.
#[derive(Debug)]
pub(crate) struct Performed<F> {
    /// The rollout that it started; `None`: nothing rolls.
    pub(crate) rollout: Option<F>,
    /// The count that was set where no rollout was started, as what must come up by it.
    pub(crate) count: Option<F>,
}

impl<F> Performed<F> {
    /// Nothing has to come up.
    pub(crate) fn nothing() -> Self {
        Self {
            rollout: None,
            count: None,
        }
    }

    /// That rollout was started.
    pub(crate) fn rolls(rollout: F) -> Self {
        Self {
            rollout: Some(rollout),
            count: None,
        }
    }
}

/// A change could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{change}")]
pub(crate) struct PerformError {
    /// The change, in words: "update service api-service".
    pub(crate) change: String,
    /// Whether nothing was changed before it, nor can have been by it.
    pub(crate) nothing_changed: bool,
    /// Changes made before it, in words.
    pub(crate) performed: Vec<String>,
    /// This change and those that would have followed, in words.
    pub(crate) remaining: Vec<String>,
    pub(crate) source: Failed,
}
