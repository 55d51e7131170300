//! How a write is sent: once; again only after an answer that proves that it was not performed,
//! or after a look that shows so.

use std::time::Duration;

use super::Ecs;
use crate::platform::{Failed, Kind};

/// How often a write is repeated after answers that prove that nothing was performed. With the
/// pauses between them half a minute; `RegisterTaskDefinition` is refilled with one call a second
/// (Amazon ECS developer guide, request throttling).
const REPEATS: u32 = 5;

impl Ecs {
    /// Sends a write. After a refusal that may pass (throttled, not connected, or one of
    /// `passing`) it is sent again, a few times. After a lost reply `look` reads whether it was
    /// performed: if not, it is sent once more.
    pub(super) async fn write<T>(
        &self,
        passing: &[Kind],
        send: impl AsyncFn() -> Result<T, Failed>,
        look: impl AsyncFn() -> Result<Option<T>, Failed>,
    ) -> Result<T, Failed> {
        let mut repeats = 0;
        let mut looked = false;
        loop {
            let error = match send().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let passes = matches!(error.kind, Kind::Throttled | Kind::Unreachable)
                || passing.contains(&error.kind);
            if passes && repeats < REPEATS {
                self.pause(repeats).await;
                repeats += 1;
            } else if !error.kind.proves_not_performed() && !looked {
                looked = true;
                match look().await {
                    Ok(Some(done)) => return Ok(done),
                    Ok(None) => {}
                    Err(refused) if refused.kind == Kind::Refused => return Err(refused),
                    Err(_) => return Err(error),
                }
            } else {
                return Err(error);
            }
        }
    }

    /// One second, then two, four…
    async fn pause(&self, repeats: u32) {
        let pause = Duration::from_secs(1 << repeats);
        let until = self.clock().now() + pause;
        self.clock().sleep_until(until).await;
    }
}
