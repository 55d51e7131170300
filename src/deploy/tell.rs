//! Turns samples into events: each change is told once.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::event::{EventKind, Events, PhaseWord};
use crate::platform::Failed;
use crate::remedy::Remedy;
use crate::rollout::{Back, Cause, Gauge, Observation, Phase, Rollout, Standing, Trip, Tripper};

/// Remembers what was told.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    events: &'a Events,
    phase: Option<(PhaseWord, String)>,
    gauge: Option<Gauge>,
    causes: BTreeSet<(Cause, Option<String>)>,
    waiting: Option<String>,
    troubled: bool,
    tripped: bool,
    skewed: bool,
}

/// A difference of clocks from here on is told: somebody should set one.
const NOTABLE: SignedDuration = SignedDuration::from_secs(30);

impl<'a> Teller<'a> {
    pub(super) fn new(events: &'a Events) -> Self {
        Self {
            events,
            phase: None,
            gauge: None,
            causes: BTreeSet::new(),
            waiting: None,
            troubled: false,
            tripped: false,
            skewed: false,
        }
    }

    /// The platform's clock less ours, where that is worth a word.
    pub(super) fn skew(&mut self, skew: SignedDuration) {
        if skew.abs() <= NOTABLE || std::mem::replace(&mut self.skewed, true) {
            return;
        }
        let way = if skew.is_negative() {
            "ahead of"
        } else {
            "behind"
        };
        let by = SignedDuration::from_secs(skew.abs().as_secs());
        let words = format!(
            "this machine's clock is {by:#} {way} the platform's: times of day are shown by it, and no \
             wait or deadline depends on it"
        );
        self.events.warn("clock_skew", words);
    }

    /// What a sample shows that was not told yet.
    pub(super) fn sample(&mut self, sample: &Observation, machine: &Rollout) {
        if std::mem::take(&mut self.troubled) {
            self.events
                .warn("seeing_again", "the platform answers again");
        }
        let gauge = Gauge {
            breaker: machine.breaker().or_else(|| sample.gauge.breaker.clone()),
            ..sample.gauge.clone()
        };
        if self.gauge.as_ref() != Some(&gauge) {
            self.gauge = Some(gauge.clone());
            self.events.send(EventKind::Progress(gauge));
        }
        for failure in &sample.failures {
            if self
                .causes
                .insert((failure.cause, failure.container.clone()))
            {
                let class = failure.cause.class();
                self.events.send(EventKind::Failure {
                    class,
                    failure: failure.clone(),
                });
            }
        }
        if self.waiting != sample.waiting {
            self.waiting.clone_from(&sample.waiting);
            if let Some(text) = sample.waiting.clone() {
                self.events.send(EventKind::Waiting { text });
            }
        }
        self.phase(sample, machine);
    }

    fn phase(&mut self, sample: &Observation, machine: &Rollout) {
        let phase = match machine.phase() {
            Phase::Pending => PhaseWord::Pending,
            Phase::Progressing => PhaseWord::Progressing,
            Phase::Baking(_) => PhaseWord::Baking,
            Phase::Concluded(_) | Phase::Tripping(_, Back::Undecided) => return,
            Phase::Tripping(trip, _) => {
                if trip.by == Tripper::Platform && !self.tripped {
                    self.trip(trip, "the platform goes back");
                }
                PhaseWord::Tripping
            }
        };
        let told = (phase, word(&sample.standing));
        if self.phase.as_ref() != Some(&told) {
            self.events.send(EventKind::Phase {
                phase: told.0,
                word: told.1.clone(),
            });
            self.phase = Some(told);
        }
    }

    /// Our own trip, with what is done about it.
    pub(super) fn tripped(&mut self, trip: &Trip, remedy: &Remedy) {
        match remedy {
            Remedy::RollBack => self.trip(trip, "going back to what served before"),
            Remedy::Leave(why) => self.trip(trip, &format!("left as it is, since {why}")),
        }
    }

    fn trip(&mut self, trip: &Trip, remedy: &str) {
        self.tripped = true;
        self.events.send(EventKind::Tripped {
            reason: trip.reason.clone(),
            cause: trip.cause,
            remedy: remedy.to_owned(),
        });
    }

    /// A look that was not answered; told once, until one is answered again.
    pub(super) fn trouble(&mut self, error: &Failed) {
        if !std::mem::replace(&mut self.troubled, true) {
            self.events
                .warn("not_seeing", format!("{error}; still trying"));
        }
    }
}

fn word(standing: &Standing) -> String {
    match standing {
        Standing::Unknown => "no record yet".into(),
        Standing::Going(word) => word.clone(),
        Standing::Ready { .. } => "ready".into(),
        Standing::Tripping { .. } => "going back".into(),
        Standing::GivenUp { .. } => "given up".into(),
        Standing::RolledBack { .. } => "rolled back".into(),
        Standing::NotRolledBack { .. } => "failed".into(),
        Standing::Superseded { .. } => "superseded".into(),
        Standing::Unclear(words) => words.clone(),
    }
}
