//! What is due and when. The world moves only by taking entries from here in order, so that one
//! long tick and many short ones pass through the same states.

use serde::{Deserialize, Serialize};

use super::Millis;

/// One thing that will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A planned action of another actor (index into the plan).
    Planned { index: usize },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    at: Millis,
    seq: u64,
    due: Due,
}

/// The entries, latest first, so that the next one is popped from the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agenda {
    next_seq: u64,
    entries: Vec<Entry>,
}

impl Agenda {
    /// Adds an entry; one that is there already at the same time is not doubled.
    pub(crate) fn push(&mut self, at: Millis, due: Due) {
        let place = self.entries.partition_point(|entry| entry.at > at);
        let twin = |entry: &&Entry| entry.at == at;
        if self
            .entries
            .iter()
            .skip(place)
            .take_while(twin)
            .any(|entry| entry.due == due)
        {
            return;
        }
        let seq = self.next_seq;
        self.next_seq += 1;
        self.entries.insert(place, Entry { at, seq, due });
    }

    /// Takes the earliest entry that is due by `now`.
    pub(crate) fn pop(&mut self, now: Millis) -> Option<(Millis, Due)> {
        if self.entries.last()?.at > now {
            return None;
        }
        self.entries.pop().map(|entry| (entry.at, entry.due))
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Millis> {
        self.entries.last().map(|entry| entry.at)
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
