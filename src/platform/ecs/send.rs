//! How a write is sent to ECS: as everywhere.

use super::Ecs;
use crate::platform::send::write;
use crate::platform::{Failed, Kind};

impl Ecs {
    /// Sends a write; see [`write`].
    pub(super) async fn write<T>(
        &self,
        passing: &[Kind],
        send: impl AsyncFn() -> Result<T, Failed>,
        look: impl AsyncFn() -> Result<Option<T>, Failed>,
    ) -> Result<T, Failed> {
        write(*self.clock(), passing, send, look).await
    }
}
