//! A command is done with a service: how it ended is written into the record, and the lock is
//! given back.

use super::record::{Mark, RecordHead, State};
use crate::event::{Events, Outcome, VerdictWord};
use crate::platform::kubernetes::lock::Left;
use crate::platform::kubernetes::plan::earlier_revision::made;
use crate::platform::kubernetes::{Kubernetes, Session};

impl Kubernetes {
    /// Writes into the history how it ended, and gives the lock back. What cannot be written is a
    /// warning.
    pub(crate) async fn finish(&self, session: &Session, outcome: &Outcome, events: &Events) {
        if let Some((number, end)) = self.end(session, outcome) {
            self.write_end(session, number, end, outcome, events).await;
        }
        self.release(session, left(outcome)).await;
    }

    async fn write_end(
        &self,
        session: &Session,
        number: u32,
        end: End,
        outcome: &Outcome,
        events: &Events,
    ) {
        let state = match end {
            End::Discard => return self.discard(session).await,
            End::State(state) => state,
        };
        // Why it went back was written before it did, with who asked for it.
        let heads = session.heads();
        let head = heads.iter().find(|head| head.number == number);
        let told = state == State::RolledBack && head.is_some_and(|head| head.reason.is_some());
        let mark = Mark {
            state: Some(state),
            ended: self.server_now().await.ok(),
            reason: (state != State::Healthy && !told).then(|| outcome.reason.clone()),
            ..Mark::default()
        };
        if let Err(error) = self.mark(session, number, &mark).await {
            events.warn("history", error.to_string());
        }
        self.prune_records(session).await;
    }

    /// What is to be written, of which revision; `None`: nothing.
    fn end(&self, session: &Session, outcome: &Outcome) -> Option<(u32, End)> {
        let heads = session.heads();
        let Some(number) = session.record() else {
            // Without the lock the history is not ours to write, but for what is on record as failed
            // and was just seen to serve after all.
            let look = session.look();
            let live = look.observed.deployment(session.name())?;
            let head = heads.first()?;
            let recovered =
                head.state == State::Failed && head.digest == look.asked && made(head, live);
            let end = end(head, false, outcome)?;
            return (recovered && end == End::State(State::Healthy)).then_some((head.number, end));
        };
        let head = heads.iter().find(|head| head.number == number)?;
        let end = end(head, head.run == self.run, outcome)?;
        // Whoever took the lock from us writes it now; but a record that never came to anything is
        // ours to take back.
        let may = end == End::Discard || self.holds(session).is_ok();
        may.then_some((head.number, end))
    }
}

/// What stays of the locks: where nothing was changed, no more than was there before.
fn left(outcome: &Outcome) -> Left {
    match outcome.verdict {
        VerdictWord::Failed | VerdictWord::Refused | VerdictWord::Wrong => Left::Nothing,
        _ => Left::Lease,
    }
}

/// How a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As if it had never been: nothing was written after it.
    Discard,
    /// So.
    State(State),
}

/// How `head` ends with this outcome; `None`: as it stands.
fn end(head: &RecordHead, is_own: bool, outcome: &Outcome) -> Option<End> {
    let fresh = head.state == State::Going && head.rolled.is_none();
    let state = match outcome.verdict {
        VerdictWord::Healthy | VerdictWord::Unchanged if outcome.proven => State::Healthy,
        // Nothing runs that could show whether it serves.
        VerdictWord::Healthy | VerdictWord::Unchanged => State::Left,
        VerdictWord::Tripped if outcome.rolled_back == Some(true) => State::RolledBack,
        VerdictWord::Tripped => State::Failed,
        VerdictWord::Superseded => State::Superseded,
        VerdictWord::Failed | VerdictWord::Refused | VerdictWord::Wrong => {
            return (is_own && fresh).then_some(End::Discard);
        }
        VerdictWord::Undetermined | VerdictWord::Incomplete | VerdictWord::Interrupted => {
            State::Left
        }
    };
    let stands = match state {
        // A way back that was begun is to be finished, whoever watches it.
        State::Left => head.state != State::Going,
        // It recovered, as a Secret that came late may let it.
        State::Healthy => !matches!(head.state, State::Going | State::Left | State::Failed),
        _ => !head.state.is_open(),
    };
    (!stands).then_some(End::State(state))
}

#[cfg(test)]
mod tests {
    use super::super::record::CapturedState;
    use super::*;
    use crate::platform::kubernetes::rollout::Rolled;

    fn head(state: State, rolled: bool) -> RecordHead {
        let mut head = RecordHead::sample(1, state, CapturedState::Healthy);
        head.rolled = rolled.then(|| Rolled {
            uid: "u".into(),
            generation: 1,
            template: "t".into(),
        });
        head
    }

    fn outcome(verdict: VerdictWord, rolled_back: Option<bool>) -> Outcome {
        Outcome {
            verdict,
            rolled_back,
            exit: 0,
            reason: "because".into(),
            proven: true,
            revision: None,
            serving: None,
            performed: Vec::new(),
            remaining: Vec::new(),
            resume: None,
        }
    }

    #[test]
    fn each_outcome_is_kept_as_what_it_was() {
        use VerdictWord as Word;
        let table = [
            (State::Going, Word::Healthy, None, Some(State::Healthy)),
            (State::Left, Word::Unchanged, None, Some(State::Healthy)),
            (State::Failed, Word::Unchanged, None, Some(State::Healthy)),
            (State::Healthy, Word::Unchanged, None, None),
            (State::RolledBack, Word::Unchanged, None, None),
            (
                State::GoingBack,
                Word::Tripped,
                Some(true),
                Some(State::RolledBack),
            ),
            (
                State::GoingBack,
                Word::Tripped,
                Some(false),
                Some(State::Failed),
            ),
            (
                State::Going,
                Word::Tripped,
                Some(false),
                Some(State::Failed),
            ),
            (State::Healthy, Word::Tripped, Some(false), None),
            (
                State::Going,
                Word::Superseded,
                None,
                Some(State::Superseded),
            ),
            (State::Going, Word::Undetermined, None, Some(State::Left)),
            (State::Going, Word::Interrupted, None, Some(State::Left)),
            (State::GoingBack, Word::Interrupted, None, None),
            (State::GoingBack, Word::Undetermined, None, None),
            (State::GoingBack, Word::Failed, None, None),
            (State::Going, Word::Incomplete, None, Some(State::Left)),
        ];
        for (before, verdict, rolled_back, after) in table {
            let ended = end(&head(before, true), true, &outcome(verdict, rolled_back));
            assert_eq!(ended, after.map(End::State), "{before:?} {verdict:?}");
        }
    }

    #[test]
    fn only_an_empty_record_of_ours_is_taken_back() {
        let refused = outcome(VerdictWord::Refused, None);
        let fresh = head(State::Going, false);
        assert_eq!(end(&fresh, true, &refused), Some(End::Discard));
        assert_eq!(end(&fresh, false, &refused), None);
        assert_eq!(end(&head(State::Going, true), true, &refused), None);
    }

    #[test]
    fn what_runs_nowhere_is_not_known_to_serve() {
        let unproven = Outcome {
            proven: false,
            ..outcome(VerdictWord::Healthy, None)
        };
        let going = head(State::Going, true);
        assert_eq!(end(&going, true, &unproven), Some(End::State(State::Left)));
    }
}
