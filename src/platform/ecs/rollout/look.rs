//! What one look at a service shows of a rollout, without any SDK type, so that every row of the tables
//! of judgement can be written as a value.

use jiff::{SignedDuration, Timestamp};

use crate::platform::ecs::live::view::{RecordView, ServiceView};

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    /// When we asked, by our clock.
    pub(crate) at: Timestamp,
    /// The platform's clock less ours.
    pub(crate) skew: SignedDuration,
    /// The `ServiceDeployment` of our rollout.
    pub(crate) record: Record,
    /// The service, and with it the classic deployments; `None`: it is not there.
    pub(crate) service: Option<ServiceView>,
}

impl View {
    /// A moment of our clock by the platform's, by which it dates all that it tells.
    pub(crate) fn by_theirs(&self, ours: Timestamp) -> Timestamp {
        ours.checked_add(self.skew).unwrap_or(ours)
    }
}

/// The `ServiceDeployment` of our rollout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    /// We may not read it, or the endpoint does not offer it.
    Unavailable,
    /// The list does not hold it.
    Missing,
    Found(Box<RecordView>),
}

impl Record {
    pub(crate) fn found(record: RecordView) -> Self {
        Self::Found(Box::new(record))
    }
}
