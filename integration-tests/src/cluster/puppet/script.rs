//! What becomes of a pod that is played.

use std::time::Duration;

/// What happens to a pod. Containers are counted from 0; those that are not named go on as they are.
#[derive(Debug, Clone)]
pub enum Act {
    /// Its init containers, if any, have done their work, and every container runs; ready, or not.
    Runs {
        /// Whether they are.
        ready: bool,
    },
    /// No container comes up, and this is why.
    Waits {
        /// As the kubelet calls it.
        reason: &'static str,
        /// What it says beside it.
        message: String,
    },
    /// A container ends: reason, exit code, and what it left as its last words.
    Ends(usize, &'static str, i32, &'static str),
    /// The kubelet waits before it starts a container that ended again.
    BacksOff(usize),
    /// A container that ended is started again, and ready at once, or not.
    Again(usize, bool),
    /// The first init container runs, for the first time or again.
    Prepares,
    /// The first init container ends with this exit code.
    Unprepared(i32),
    /// The whole pod has failed: reason and message.
    Fails(&'static str, &'static str),
    /// The kubelet tells of it: reason and message.
    Tells(&'static str, &'static str),
}

/// What becomes of a pod: each act comes so long after the one before. From the end it goes on at `again`, for ever.
#[derive(Debug, Clone)]
pub struct Script {
    acts: Vec<(Duration, Act)>,
    again: Option<usize>,
}

impl Script {
    /// These acts, each so many milliseconds after the one before.
    pub fn of<const N: usize>(acts: [(u64, Act); N]) -> Self {
        let acts = acts.into_iter();
        Self {
            acts: acts
                .map(|(after, act)| (Duration::from_millis(after), act))
                .collect(),
            again: None,
        }
    }

    /// The same, again and again from this act on.
    #[must_use]
    pub fn again_from(mut self, act: usize) -> Self {
        self.again = Some(act);
        self
    }

    /// A pod that is well.
    pub fn well() -> Self {
        Self::of([(300, Act::Runs { ready: true })])
    }

    /// A pod whose first container ends like this soon after each of its starts.
    pub fn ends(reason: &'static str, code: i32, words: &'static str) -> Self {
        Self::of([
            (200, Act::Runs { ready: false }),
            (400, Act::Ends(0, reason, code, words)),
            (300, Act::Again(0, false)),
            (400, Act::Ends(0, reason, code, words)),
            (100, Act::BacksOff(0)),
            (2000, Act::Again(0, false)),
        ])
        .again_from(3)
    }

    /// A pod none of whose containers comes up, for this reason.
    pub fn waits(reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::of([(300, Act::Waits { reason, message })])
    }

    pub(super) fn act(&self, index: usize) -> Option<&(Duration, Act)> {
        self.acts.get(index)
    }

    pub(super) fn after(&self, index: usize) -> usize {
        let next = index + 1;
        match self.again {
            Some(again) if next >= self.acts.len() => again,
            Some(_) | None => next,
        }
    }
}
