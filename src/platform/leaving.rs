//! The wait until what was deleted is gone.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use super::again::Again;
use super::failure::Failed;
use crate::clock::Clock;
use crate::event::{EventKind, Events};
use crate::rollout::Gauge;

/// How the wait for the end of what was deleted ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Nothing of it is left.
    Done,
    /// We were asked to wait no longer; it goes on going away. With what is still there, in words.
    Cancelled(Vec<String>),
    /// It took longer than we were to wait; it goes on going away. With what is still there.
    TimedOut(Vec<String>),
}

/// What goes away.
pub(crate) trait Leaving {
    /// Reads what is still there; whether it is nothing.
    fn look(&mut self) -> impl Future<Output = Result<bool, Failed>>;

    /// The tasks or pods that are still there; `None`: they are not told.
    fn gauge(&self) -> Option<Gauge>;

    /// Tells what else was seen.
    fn tell(&mut self, _events: &Events) {}

    /// What is still there, in words.
    fn words(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Waits until it is gone, until `deadline`, or until `cancelled` is ready, with a look `every` so
/// often. Counts are told as they change. A look that fails for a while is no end, and one that hangs
/// is no reason to wait for longer.
pub(crate) async fn wait(
    mut leaving: impl Leaving,
    clock: Clock,
    every: Duration,
    deadline: Timestamp,
    cancelled: impl Future<Output = ()>,
    events: &Events,
) -> Result<Gone, Failed> {
    let mut again = Again::every(clock, every).until(deadline);
    let mut cancelled = std::pin::pin!(cancelled);
    let mut told = None;
    loop {
        let look = clock.before(Some(deadline), leaving.look());
        let looked = tokio::select! {
            () = &mut cancelled => return Ok(Gone::Cancelled(leaving.words())),
            looked = Box::pin(look) => looked,
        };
        match looked {
            Some(Ok(true)) => return Ok(Gone::Done),
            Some(Ok(false)) => {
                let gauge = leaving.gauge();
                if let Some(gauge) = gauge.filter(|gauge| told.as_ref() != Some(gauge)) {
                    events.send(EventKind::Progress(gauge.clone()));
                    told = Some(gauge);
                }
                leaving.tell(events);
            }
            Some(Err(error)) if error.kind.may_pass() => {}
            Some(Err(error)) => return Err(error),
            None => return Ok(Gone::TimedOut(leaving.words())),
        }
        tokio::select! {
            () = &mut cancelled => return Ok(Gone::Cancelled(leaving.words())),
            comes = again.next() => if !comes {
                return Ok(Gone::TimedOut(leaving.words()));
            },
        }
    }
}
