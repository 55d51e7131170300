//! What of others moves the number of pods.

use super::{Sought, readable};
use crate::event::Events;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::Kubernetes;
use crate::platform::kubernetes::kinds::autoscaler::{self, moves};
use crate::platform::kubernetes::kinds::{Kind, scaled_object};

impl Kubernetes {
    /// An autoscaler of others that moves the number of these pods. One of KEDA has one of Kubernetes beside
    /// it, but while it is paused.
    pub(super) async fn scaled_by(
        &self,
        sought: &Sought<'_>,
        events: &Events,
    ) -> Result<Option<String>, Failed> {
        let (wire, own) = (self.wire().await?, sought.kind.named(sought.name));
        let plain = wire.list(Kind::HorizontalPodAutoscaler).await;
        let plain = readable(plain, events, sought.writes)?.unwrap_or_default();
        if let Some(found) = plain.iter().find(|one| moves(one, &own)) {
            return Ok(autoscaler::title(found));
        }
        let lacks =
            |error: &Failed| matches!(error.kind, FailureKind::Denied | FailureKind::Unsupported);
        match wire.list(Kind::ScaledObject).await {
            Ok(all) => Ok(all
                .iter()
                .find(|one| scaled_object::moves(one, &own))
                .and_then(scaled_object::title)),
            // Not every cluster has KEDA, and not every role knows of it.
            Err(error) if lacks(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
