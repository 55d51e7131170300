//! What a run holds and knows of one service.
//!
//! A plan hands it out, and all that follows is done with it in hand: without a plan nothing can be
//! performed, and what two services hold never meets. It belongs to whoever carries the plan out, and
//! outlives the work that is broken off: what was held is there to be given back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::history::record::{Mark, RecordHead};
use super::kinds::Id;
use super::lock::Held;
use super::plan::observe::Look;

/// What a run holds and knows of one service, from its plan on.
#[derive(Debug)]
pub(crate) struct Session {
    /// What runs its pods.
    own: Id,
    /// Several pieces of the work go on at once. It is locked for a moment only, never across a wait.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The locks that are held, by the name that each is of: the Deployment's own, and those that the
    /// service had before.
    locks: BTreeMap<String, Held>,
    /// A lock is taken from whoever holds it.
    supersedes: bool,
    /// The record that this run opened, or goes on with.
    record: Option<u32>,
    /// The history as it was last read, newest first.
    heads: Vec<RecordHead>,
    /// What the last plan was made from.
    look: Look,
}

impl Session {
    /// Of the Deployment `name`, as a plan found it.
    pub(super) fn of(name: &str, supersedes: bool, look: Look) -> Self {
        let own = look.observed.kind.named(name);
        let state = State {
            locks: BTreeMap::new(),
            supersedes,
            record: None,
            heads: look.observed.records.clone(),
            look,
        };
        Self {
            own,
            state: Mutex::new(state),
        }
    }

    /// Of the Deployment `name`, of which nothing is there.
    #[cfg(test)]
    pub(crate) fn empty(name: &str) -> Self {
        Self::of(name, false, Look::default())
    }

    /// Another plan of the same run was made from this. A history that could not be read takes
    /// nothing from what is known of it.
    pub(super) fn planned_again(&self, supersedes: bool, look: Look) {
        self.with(|state| {
            state.supersedes = supersedes;
            if !look.observed.records.is_empty() {
                state.heads.clone_from(&look.observed.records);
            }
            state.look = look;
        });
    }

    /// The name of the Deployment.
    pub(crate) fn name(&self) -> &str {
        &self.own.name
    }

    /// What runs its pods.
    pub(crate) fn own(&self) -> Id {
        self.own.clone()
    }

    /// Whether a lock is taken from whoever holds it.
    pub(super) fn supersedes(&self) -> bool {
        self.with(|state| state.supersedes)
    }

    /// What the last plan was made from.
    pub(super) fn look(&self) -> Look {
        self.with(|state| state.look.clone())
    }

    /// Whether the API server was asked what would come of the last plan.
    pub(super) fn is_proven(&self) -> bool {
        self.with(|state| state.look.proven)
    }

    /// The number of the record that this run opened or goes on with.
    pub(crate) fn record(&self) -> Option<u32> {
        self.with(|state| state.record)
    }

    /// The history as this run read it last, newest first.
    pub(crate) fn heads(&self) -> Vec<RecordHead> {
        self.with(|state| state.heads.clone())
    }

    /// The history was read again.
    pub(super) fn has_read(&self, heads: &[RecordHead]) {
        self.with(|state| state.heads = heads.to_vec());
    }

    /// A record was opened. What this run does from now on is marked in it.
    pub(super) fn has_opened(&self, head: RecordHead) {
        self.with(|state| {
            state.record = Some(head.number);
            state.heads.insert(0, head);
        });
    }

    /// Makes this run go on with a record that an earlier one opened.
    pub(super) fn go_on(&self, number: u32) {
        self.with(|state| state.record = Some(number));
    }

    /// Lets go of the record, which is to be as if it had never been; its number.
    pub(super) fn discard(&self) -> Option<u32> {
        self.with(|state| {
            let number = state.record.take()?;
            state.heads.retain(|head| head.number != number);
            Some(number)
        })
    }

    /// A mark was made.
    pub(super) fn has_marked(&self, number: u32, mark: &Mark) {
        self.with(|state| {
            for head in state.heads.iter_mut().filter(|head| head.number == number) {
                mark.apply(head);
            }
        });
    }

    /// A record was deleted.
    pub(super) fn has_pruned(&self, number: u32) {
        self.with(|state| state.heads.retain(|head| head.number != number));
    }

    /// The whole history was deleted.
    pub(super) fn has_forgotten(&self) {
        self.with(|state| {
            state.record = None;
            state.heads.clear();
        });
    }

    /// Keeps the lock of this name, which was taken.
    pub(super) fn keep_lock(&self, name: &str, held: Held) {
        let former = self.with(|state| state.locks.insert(name.to_owned(), held));
        drop(former);
    }

    /// What this says of the lock of this name; `None`: it is not held.
    pub(super) fn lock<T>(&self, name: &str, says: impl FnOnce(&Held) -> T) -> Option<T> {
        self.with(|state| state.locks.get(name).map(says))
    }

    /// Lets go of the lock of this name.
    pub(super) fn take_lock(&self, name: &str) -> Option<Held> {
        self.with(|state| state.locks.remove(name))
    }

    /// Lets go of all locks, the Deployment's own first.
    pub(super) fn take_locks(&self) -> Vec<Held> {
        let mut locks = self.with(|state| std::mem::take(&mut state.locks));
        let own = locks.remove(&self.own.name);
        own.into_iter().chain(locks.into_values()).collect()
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::history::record::{CapturedState, State as RecordState};
    use crate::platform::kubernetes::plan::observe::Observed;
    use std::sync::Arc;

    fn look(numbers: &[u32]) -> Look {
        let heads = numbers.iter().map(|number| {
            RecordHead::sample(*number, RecordState::Healthy, CapturedState::Healthy)
        });
        let observed = Observed {
            records: heads.collect(),
            ..Observed::default()
        };
        Look {
            observed: Arc::new(observed),
            ..Look::default()
        }
    }

    fn numbers(session: &Session) -> Vec<u32> {
        session.heads().iter().map(|head| head.number).collect()
    }

    #[test]
    fn another_plan_of_the_same_run_takes_nothing_from_what_is_held() {
        let session = Session::of("api", true, look(&[2, 1]));
        session.go_on(2);
        session.planned_again(false, look(&[3, 2, 1]));
        assert_eq!((session.record(), session.supersedes()), (Some(2), false));
        assert_eq!(numbers(&session), [3, 2, 1]);
        session.planned_again(false, look(&[]));
        assert_eq!(numbers(&session), [3, 2, 1]);
    }

    #[test]
    fn a_record_that_is_taken_back_is_as_if_it_had_never_been() {
        let session = Session::of("api", false, look(&[1]));
        assert_eq!(session.discard(), None);
        session.has_opened(RecordHead::sample(
            2,
            RecordState::Going,
            CapturedState::Healthy,
        ));
        assert_eq!((session.record(), numbers(&session)), (Some(2), vec![2, 1]));
        assert_eq!(session.discard(), Some(2));
        assert_eq!((session.record(), numbers(&session)), (None, vec![1]));
    }
}
