//! What failed during a rollout, which causes stand unanswered since when, and how many failures
//! were counted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::cause::{Cause, Class};
use super::observation::{Failure, Observation};
use super::policy::Patience;

/// Remembers every failure once, the first of each kind with its words, and how long each cause
/// has stood without any sign of progress.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Window {
    failures: BTreeMap<String, Failure>,
    open: BTreeMap<Cause, Open>,
    counted: u32,
    desired: u32,
    running: u32,
    looked: bool,
    /// The platform's own breaker has counted a failure.
    told: bool,
}

/// A cause that nothing has answered yet.
#[derive(Debug, Clone, PartialEq)]
struct Open {
    since: Timestamp,
    /// The failures that showed it and are not known to be over.
    ids: BTreeSet<String>,
    text: String,
}

/// A cause that has stood for longer than our patience with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exhausted {
    /// The cause.
    pub(super) cause: Cause,
    /// How often it was seen.
    pub(super) count: u32,
    /// The platform's own words, of the first one.
    pub(super) text: String,
}

impl Window {
    /// Takes in a fresh sample. A rise in running tasks of ours answers every open cause: what
    /// was missing has come; with `resets` it also sets the count back to zero. What failed in the
    /// same sample opens, and counts, again.
    pub(super) fn note(&mut self, sample: &Observation, resets: bool) {
        let breaker = sample.gauge.breaker.as_ref();
        self.told |= breaker.is_some_and(|breaker| breaker.failures > 0);
        let rose = sample.gauge.running > self.running;
        if rose {
            self.open.clear();
        }
        if rose && resets {
            self.counted = 0;
        }
        self.running = sample.gauge.running;
        self.desired = sample.gauge.desired;
        self.heal(&sample.healed);
        // Where tasks of ours run at the first look, what failed before it may be answered by them.
        let answered = !std::mem::replace(&mut self.looked, true) && sample.gauge.running > 0;
        for failure in &sample.failures {
            if self.failures.contains_key(&failure.id) {
                continue;
            }
            self.failures.insert(failure.id.clone(), failure.clone());
            let counts = failure.cause.class() == Class::Counted;
            if counts && !(answered && resets) {
                self.counted = self.counted.saturating_add(1);
            }
            // What keeps tasks from a place goes on to do so until as many run as are wanted.
            let lacks_room = failure.cause.class() == Class::Uncertain
                && sample.gauge.running < sample.gauge.desired;
            if !answered || lacks_room {
                self.opens(failure, sample.at);
            }
        }
    }

    fn opens(&mut self, failure: &Failure, at: Timestamp) {
        let open = self.open.entry(failure.cause).or_insert_with(|| Open {
            since: at,
            ids: BTreeSet::new(),
            text: failure.text.clone(),
        });
        open.ids.insert(failure.id.clone());
    }

    /// A cause that no failure shows any more has been answered.
    fn heal(&mut self, healed: &[String]) {
        self.open.retain(|_, open| {
            open.ids.retain(|id| !healed.contains(id));
            !open.ids.is_empty()
        });
    }

    /// All failures so far, oldest first.
    pub(super) fn failures(&self) -> Vec<Failure> {
        let mut all: Vec<Failure> = self.failures.values().cloned().collect();
        all.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
        all
    }

    /// Whether anything of ours has failed, answered or not.
    pub(super) fn has_failed(&self) -> bool {
        self.told || !self.failures.is_empty()
    }

    /// Failures counted against the breaker since the last reset.
    pub(super) fn counted(&self) -> u32 {
        self.counted
    }

    /// Tasks or pods wanted at the last look.
    pub(super) fn desired(&self) -> u32 {
        self.desired
    }

    /// The cause that explains most: the one seen most often; the more certain one of equals.
    pub(super) fn main_cause(&self) -> Option<Exhausted> {
        self.main_of(|_| true)
    }

    /// The cause that explains most of what was counted.
    pub(super) fn main_counted(&self) -> Option<Exhausted> {
        self.main_of(|cause| cause.class() == Class::Counted)
    }

    fn main_of(&self, wanted: impl Fn(Cause) -> bool) -> Option<Exhausted> {
        let mut counts: BTreeMap<Cause, (u32, &Failure)> = BTreeMap::new();
        let failures = self.failures.values();
        for failure in failures.filter(|failure| wanted(failure.cause)) {
            let (count, first) = counts.entry(failure.cause).or_insert((0, failure));
            *count += 1;
            if failure.at < first.at {
                *first = failure;
            }
        }
        counts
            .into_iter()
            .max_by_key(|(cause, (count, _))| (*count, std::cmp::Reverse(cause.class())))
            .map(|(cause, (count, first))| Exhausted {
                cause,
                count,
                text: first.text.clone(),
            })
    }

    /// The first cause, most certain class first, that has stood too long at `at`.
    pub(super) fn exhausted(&self, patience: &Patience, at: Timestamp) -> Option<Exhausted> {
        let mut due: Vec<(&Cause, &Open)> = self
            .open
            .iter()
            .filter(|(cause, open)| is_due(**cause, open, patience, at))
            .collect();
        due.sort_by_key(|(cause, open)| (cause.class(), open.since));
        due.first().map(|(cause, open)| Exhausted {
            cause: **cause,
            count: open.count(),
            text: open.text.clone(),
        })
    }

    /// The moments from which an open cause will have stood too long.
    pub(super) fn dues<'a>(
        &'a self,
        patience: &'a Patience,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        self.open.iter().filter_map(|(cause, open)| {
            let wait = SignedDuration::try_from(patience.of(cause.class())?).ok()?;
            open.since.checked_add(wait).ok()
        })
    }
}

impl Open {
    fn count(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }
}

fn is_due(cause: Cause, open: &Open, patience: &Patience, at: Timestamp) -> bool {
    let class = cause.class();
    if class == Class::Certain && open.count() >= 2 {
        return true;
    }
    patience.of(class).is_some_and(|wait| {
        SignedDuration::try_from(wait).is_ok_and(|wait| at.duration_since(open.since) >= wait)
    })
}
