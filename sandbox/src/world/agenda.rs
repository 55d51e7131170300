//! What is due and when. The world moves only by taking entries from here in order, so that one
//! long tick and many short ones pass through the same states.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Millis;

/// One thing that will happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Due {
    /// The task leaves the phase it was in at this step; a stale step is ignored.
    Step { task: String, step: u32 },
    /// The container of this index ends by itself.
    Exit { task: String, container: usize },
    /// The container of this index gets the verdict of its health check.
    Health { task: String, container: usize },
    /// The load balancer has judged the task.
    Target { task: String },
    /// The task has run long enough to count as healthy without any check.
    Steady { task: String },
    /// The service scheduler looks at its service (`cluster/name`).
    Reconcile { service: String },
    /// A service deployment leaves PENDING.
    Begin { deployment: String },
    /// A requested stop of a service deployment takes effect.
    StopRequested { deployment: String },
    /// The time of a scheduled action of Application Auto Scaling has come.
    Scheduled { action: String },
    /// A planned action of another actor (index into the plan).
    Planned { index: usize },
    /// A capacity provider has brought an instance.
    Instance { cluster: String, provider: String },
    /// A stopped task can no longer be described.
    ForgetTask { task: String },
    /// A deleted service can no longer be described (`cluster/name`).
    ForgetService { service: String },
    /// A log stream that was not written to for long is put away.
    ForgetStream { group: String, stream: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    at: Millis,
    seq: u64,
    due: Due,
}

/// The entries in the order of their times, those of one time in the order they were added. Adding
/// and taking costs the same however many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub(crate) struct Agenda {
    next_seq: u64,
    entries: BTreeMap<(Millis, u64), Due>,
    /// The same by what happens, so that nothing is doubled.
    known: BTreeSet<(Millis, Due)>,
}

/// An agenda as files hold it: the latest first.
#[derive(Serialize, Deserialize)]
struct Listed {
    next_seq: u64,
    entries: Vec<Entry>,
}

impl From<Listed> for Agenda {
    fn from(listed: Listed) -> Self {
        let known = listed.entries.iter();
        let known = known.map(|entry| (entry.at, entry.due.clone())).collect();
        let entries = listed.entries.into_iter();
        Self {
            next_seq: listed.next_seq,
            entries: entries
                .map(|entry| ((entry.at, entry.seq), entry.due))
                .collect(),
            known,
        }
    }
}

impl From<Agenda> for Listed {
    fn from(agenda: Agenda) -> Self {
        let entries = agenda.entries.into_iter().rev();
        Self {
            next_seq: agenda.next_seq,
            entries: entries
                .map(|((at, seq), due)| Entry { at, seq, due })
                .collect(),
        }
    }
}

impl Agenda {
    /// Adds an entry; one that is there already at the same time is not doubled.
    pub(crate) fn push(&mut self, at: Millis, due: Due) {
        if self.known.insert((at, due.clone())) {
            self.entries.insert((at, self.next_seq), due);
            self.next_seq += 1;
        }
    }

    /// Takes the earliest entry that is due by `now`.
    pub(crate) fn pop(&mut self, now: Millis) -> Option<(Millis, Due)> {
        let first = self.entries.first_entry()?;
        if first.key().0 > now {
            return None;
        }
        let ((at, _), due) = first.remove_entry();
        let known = (at, due);
        self.known.remove(&known);
        Some(known)
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Millis> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Agenda, Due};

    #[test]
    fn earlier_first_and_equal_times_in_the_order_they_were_added() {
        let mut agenda = Agenda::default();
        for (at, index) in [(5, 0), (3, 1), (5, 2), (3, 3), (3, 1)] {
            agenda.push(at, Due::Planned { index });
        }
        let mut seen = Vec::new();
        while let Some((at, Due::Planned { index })) = agenda.pop(5) {
            seen.push((at, index));
        }
        assert_eq!(seen, [(3, 1), (3, 3), (5, 0), (5, 2)]);
        agenda.push(9, Due::Planned { index: 7 });
        assert_eq!(agenda.pop(8), None);
        assert_eq!(agenda.next_at(), Some(9));
    }
}
