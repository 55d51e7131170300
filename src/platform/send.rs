//! How a write is sent: once; again only after an answer that proves that it was not performed,
//! or after a look that shows so.

use std::time::Duration;

use super::{Failed, FailureKind};
use crate::clock::Clock;

/// How often a write is repeated after answers that prove that nothing was performed. With the
/// pauses between them half a minute; `RegisterTaskDefinition` is refilled with one call a second
/// (Amazon ECS developer guide, request throttling).
const REPEATS: u32 = 5;

/// Sends a write. After a refusal that may pass (throttled, not connected, or one of `passing`) it
/// is sent again, a few times. After a lost reply `look` reads whether it was performed: if not, it
/// is sent once more. From then on no refusal proves anything, since the lost request may still
/// arrive: each is followed by another look, and the failure is a doubtful one.
pub(crate) async fn write<T>(
    clock: Clock,
    passing: &[FailureKind],
    send: impl AsyncFn() -> Result<T, Failed>,
    look: impl AsyncFn() -> Result<Option<T>, Failed>,
) -> Result<T, Failed> {
    let mut repeats = 0;
    let mut doubt: Option<Failed> = None;
    loop {
        let error = match send().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let passes = repeats < REPEATS
            && (matches!(
                error.kind,
                FailureKind::Throttled | FailureKind::Unreachable
            ) || passing.contains(&error.kind));
        if passes {
            pause(clock, repeats).await;
            repeats += 1;
        }
        if doubt.is_none() && error.kind.proves_not_performed() {
            if passes {
                continue;
            }
            return Err(error);
        }
        match look().await {
            Ok(Some(done)) => return Ok(done),
            Err(refused) if refused.kind == FailureKind::Refused => {
                return Err(overtaken(&doubt.unwrap_or(error), refused));
            }
            Ok(None) if passes || doubt.is_none() => {
                doubt.get_or_insert(error);
            }
            Ok(None) | Err(_) => return Err(doubtful(doubt, error)),
        }
    }
}

/// One second, then two, four…
async fn pause(clock: Clock, repeats: u32) {
    let until = clock.now() + Duration::from_secs(1 << repeats);
    clock.sleep_until(until).await;
}

/// Somebody else was there after our request, which may have been performed before.
fn overtaken(lost: &Failed, refused: Failed) -> Failed {
    let message = format!(
        "{}; then {}; ours may have been performed before",
        lost.message, refused.message
    );
    Failed::new(lost.operation.clone(), FailureKind::Lost, message)
        .with_code(lost.code.as_deref())
        .caused_by(refused)
}

/// The last failure, which proves nothing where an earlier request was lost.
fn doubtful(first: Option<Failed>, last: Failed) -> Failed {
    let Some(first) = first else {
        return last;
    };
    let message = format!(
        "{}; sent again: {}; the first may have been performed",
        first.message, last.message
    );
    Failed::new(last.operation.clone(), FailureKind::Lost, message)
        .with_code(last.code.as_deref())
        .caused_by(last)
}
