//! Troubles that stand, and may be over.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::rollout::{Cause, Failure};

/// What one look shows of one thing that may be stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sighting {
    /// It is not stuck.
    Fine,
    /// It cannot be told: as before.
    AsBefore,
    /// It is stuck, and nothing says why: as before.
    Untold,
    /// It is stuck.
    Stuck(Box<Failure>),
}

impl Sighting {
    /// Stuck for `cause` since `at`; whom it concerns is added by [`Self::with`].
    pub(super) fn of(cause: Cause, text: String, at: Timestamp) -> Self {
        Self::Stuck(Box::new(super::of_container(
            String::new(),
            cause,
            text,
            at,
        )))
    }

    /// The same, of a pod and perhaps one of its containers.
    #[must_use]
    pub(super) fn with(mut self, pod: Option<&String>, container: Option<&str>) -> Self {
        if let Self::Stuck(failure) = &mut self {
            failure.task = pod.cloned();
            failure.container = container.map(str::to_owned);
        }
        self
    }
}

/// What stands, by what is stuck.
#[derive(Debug, Clone, Default)]
pub(super) struct States {
    standing: BTreeMap<String, (String, Cause)>,
    opened: u32,
}

impl States {
    /// Takes in what a look shows of everything that may be stuck; gives what stands newly, and the
    /// ids of what is over. What is not among it any more is over, too.
    pub(super) fn update(
        &mut self,
        seen: BTreeMap<String, Sighting>,
    ) -> (Vec<Failure>, Vec<String>) {
        let mut healed = Vec::new();
        self.standing.retain(|key, (id, _)| {
            let over = matches!(seen.get(key), None | Some(Sighting::Fine));
            if over {
                healed.push(id.clone());
            }
            !over
        });
        let mut opened = Vec::new();
        for (key, seen) in seen {
            let Sighting::Stuck(mut failure) = seen else {
                continue;
            };
            if let Some((id, cause)) = self.standing.get(&key) {
                // The first real error is kept; another one takes its place.
                if *cause == failure.cause || failure.cause == Cause::Other {
                    continue;
                }
                healed.push(id.clone());
            }
            self.opened += 1;
            failure.id = format!("{key}/{}", self.opened);
            self.standing
                .insert(key, (failure.id.clone(), failure.cause));
            opened.push(*failure);
        }
        (opened, healed)
    }
}
