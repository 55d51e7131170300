//! The end of `--timeout`: nothing is waited for beyond it, whatever hangs.
//!
//! A rollout is judged until then. What is said of it afterwards, and giving back the lock, have a
//! few seconds more: an answer that does not come by then is done without.

use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;

use super::{Deploy, PlanOf, Session, outcome};
use crate::clock::after;
use crate::event::Outcome;
use crate::platform::Platform;

/// So much later all work is over: time for the evidence of an end.
const EVIDENCE: Duration = Duration::from_secs(2);

/// The evidence of an end may take so long where there is no `--timeout`.
const EVIDENCE_AT_MOST: Duration = Duration::from_mins(1);

/// So long after that the last word is written: the record, and the lock that is given back.
const LAST_WORD: Duration = Duration::from_secs(2);

impl<P: Platform> Deploy<'_, P> {
    /// When `--timeout` is over; `None`: there is none.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let timeout = self.conduct.timeout?;
        Some(after(self.began, timeout))
    }

    /// When a wait ends that lasts `default` where there is no `--timeout`.
    pub(super) fn end_of(&self, default: Duration) -> Timestamp {
        self.until()
            .unwrap_or_else(|| after(self.clock.now(), default))
    }

    /// How long it is until `end`.
    pub(super) fn left(&self, end: Timestamp) -> Duration {
        Duration::try_from(end.duration_since(self.clock.now())).unwrap_or_default()
    }

    /// What comes of `work`; `None`: `--timeout` was over first.
    pub(super) fn in_time<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        self.clock.before(self.until(), Box::pin(work))
    }

    /// What comes of gathering evidence; `None`: it took too long.
    pub(super) fn gathered<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        let latest = after(self.clock.now(), EVIDENCE_AT_MOST);
        let end = self.until().map(|until| after(until, EVIDENCE));
        let end = end.map_or(latest, |end| end.min(latest));
        self.clock.before(Some(end), Box::pin(work))
    }

    /// What comes of the whole work on a plan, which knows by itself when to end. What hangs beyond
    /// that is left where it is: whether it was performed nobody can tell.
    pub(super) async fn bounded(
        &self,
        plan: &PlanOf<P>,
        work: Pin<Box<impl Future<Output = Outcome>>>,
    ) -> Outcome {
        let end = self.until().map(|until| after(until, EVIDENCE));
        match self.clock.before(end, work).await {
            Some(outcome) => outcome,
            None if self.conduct.intent.writes && !plan.is_empty() => {
                outcome::cut_short(plan.waiting(), &self.conduct.resume)
            }
            None => outcome::unanswered(&self.conduct.resume),
        }
    }

    /// Writes the last word, where that does not hang.
    pub(super) async fn close(&self, session: &Session<P>, ended: &Outcome) {
        let closing = Box::pin(
            self.platform
                .close(session, self.service, ended, &self.events),
        );
        let end = self.until().map(|until| {
            let latest = after(self.clock.now(), LAST_WORD);
            latest.max(until)
        });
        if self.clock.before(end, closing).await.is_none() {
            let words = "--timeout is over; what this run noted at the platform runs out by itself";
            self.events.warn("not_closed", words);
        }
    }
}
