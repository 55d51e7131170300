//! What is known of one service's rollout right now, and its live block of at most three rows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::{Event, EventKind, PhaseWord};
use crate::report::text::{Line, Tone};
use crate::report::words;
use crate::rollout::Gauge;

use super::story;

/// What is known of one service's rollout right now.
#[derive(Debug, Clone)]
pub(super) struct Block {
    label: String,
    clock: Clock,
    doing: Option<String>,
    revisions: Option<(Option<String>, String)>,
    expected: Option<u64>,
    deadline: Option<u64>,
    phase: Option<(PhaseWord, String)>,
    gauge: Option<Gauge>,
    newest: Option<(Timestamp, String)>,
    fails: bool,
}

/// The time that a rollout takes.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// It runs since then.
    Since(Timestamp),
    /// The rollout is over, and took so many seconds.
    Stopped(u64),
}

/// How much a block matters to whoever looks on, most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Something failed.
    Failing,
    /// It is on its way.
    UnderWay,
    /// It is over, and all is well.
    Over,
}

impl Weight {
    /// Said of those that found no room.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::UnderWay => "under way",
            Self::Over => "done",
        }
    }
}

impl Block {
    /// Nothing known yet.
    pub(super) fn new(label: &str, began: Timestamp) -> Self {
        Self {
            label: label.to_owned(),
            clock: Clock::Since(began),
            doing: None,
            revisions: None,
            expected: None,
            deadline: None,
            phase: None,
            gauge: None,
            newest: None,
            fails: false,
        }
    }

    /// Takes in an event; returns whether it says anything that the one before did not.
    pub(super) fn update(&mut self, event: &Event) -> bool {
        match &event.kind {
            EventKind::Performing { change } => self.doing = Some(change.clone()),
            EventKind::Performed { .. } => self.doing = None,
            EventKind::Following {
                revision,
                from,
                deadline_seconds,
                expected_seconds,
                ..
            } => {
                self.clock = Clock::Since(event.at);
                self.doing = None;
                self.phase = None;
                self.revisions = Some((from.clone(), revision.clone()));
                self.expected = expected_seconds.or(self.expected);
                self.deadline = Some(*deadline_seconds);
            }
            EventKind::Expected { expected_seconds } => self.expected = Some(*expected_seconds),
            EventKind::Phase { phase, word } => {
                if *phase == PhaseWord::Concluded {
                    self.clock = Clock::Stopped(self.clock.read(event.at));
                }
                self.fails |= *phase == PhaseWord::Tripping;
                let now = Some((*phase, word.clone()));
                return std::mem::replace(&mut self.phase, now.clone()) != now;
            }
            EventKind::Progress(gauge) => {
                let counted = gauge.breaker.as_ref().map_or(0, |breaker| breaker.failures);
                self.fails |= counted > 0 || !gauge.alarms.is_empty();
                let before = self.gauge.replace(gauge.clone());
                return before.unwrap_or_default() != *gauge;
            }
            EventKind::Message { said_at, text } => {
                self.newest = Some((*said_at, words::message(text)));
            }
            EventKind::Waiting { text } => {
                self.newest = Some((event.at, format!("waits for {text}")));
            }
            // Both have a line of their own, above.
            EventKind::Failure { .. } | EventKind::Tripped { .. } => self.fails = true,
            _ => {}
        }
        true
    }

    /// How much it matters.
    pub(super) fn weight(&self) -> Weight {
        let concluded = Some(PhaseWord::Concluded);
        match self.phase.as_ref().map(|(phase, _)| *phase) {
            _ if self.fails => Weight::Failing,
            phase if phase == concluded => Weight::Over,
            _ => Weight::UnderWay,
        }
    }

    /// The rows of the block, the most important first.
    pub(super) fn rows(&self, now: Timestamp, zone: &TimeZone) -> Vec<Line> {
        let mut lines = vec![self.head(now)];
        lines.extend(self.counts());
        if let Some((at, text)) = &self.newest {
            let time = format!("{} ", words::clock(*at, zone));
            lines.push(Line::at(2).add(Tone::Quiet, time).plain(text));
        }
        lines
    }

    /// All that fits one row, where there is room for no more: `api  progressing  1/2  42s`.
    pub(super) fn brief(&self, now: Timestamp) -> Line {
        let line = self.named();
        let line = match &self.gauge {
            Some(gauge) if self.revisions.is_some() => line.plain(" ").join(counted(gauge)),
            _ => line,
        };
        line.plain(format!("  {}", self.elapsed(now)))
    }

    /// `api  progressing (IN_PROGRESS)  42s, usually 1m 40s · deadline 30m`.
    fn head(&self, now: Timestamp) -> Line {
        let mut line = self.named();
        if let (None, Some((_, word))) = (&self.doing, &self.phase) {
            line = line.add(Tone::Quiet, format!(" ({word})"));
        }
        let line = line.plain(format!("  {}", self.elapsed(now)));
        let goes_back = matches!(self.phase, Some((PhaseWord::Tripping, _)));
        match self.clock {
            Clock::Since(_) if !goes_back => line.join(story::limits(self.expected, self.deadline)),
            Clock::Since(_) | Clock::Stopped(_) => line,
        }
    }

    /// The service, and what goes on with it.
    fn named(&self) -> Line {
        let line = Line::at(0).add(Tone::Strong, &self.label).plain("  ");
        match (&self.doing, &self.phase) {
            (Some(doing), _) => line.plain(doing),
            (None, Some((phase, _))) => {
                let is_clear = matches!(phase, PhaseWord::Tripping | PhaseWord::Concluded);
                let (tone, phase) = words::phase(*phase);
                let line = line.add(tone, phase);
                if self.fails && !is_clear {
                    line.add(Tone::Bad, ", failing")
                } else {
                    line
                }
            }
            (None, None) => line.add(Tone::Quiet, "at work"),
        }
    }

    fn elapsed(&self, now: Timestamp) -> String {
        words::duration(self.clock.read(now))
    }

    /// `api-service:11 2 → api-service:12 1/2, 1 pending · breaker failures 0/3`; `None` until a
    /// rollout is followed.
    fn counts(&self) -> Option<Line> {
        let (from, revision) = self.revisions.as_ref()?;
        let mut line = Line::at(2);
        if let Some(from) = from {
            let old = self.gauge.as_ref().map(|gauge| format!(" {}", gauge.old));
            line = line.plain(format!("{from}{} → ", old.unwrap_or_default()));
        }
        let line = line.add(Tone::Strong, revision);
        Some(match &self.gauge {
            Some(gauge) => line.join(counted(gauge)),
            None => line,
        })
    }
}

/// ` 1/2, 1 pending · breaker failures 0/3`.
fn counted(gauge: &Gauge) -> Line {
    let mut line = Line::at(0).plain(format!(" {}/{}", gauge.running, gauge.desired));
    if gauge.pending > 0 {
        line = line.plain(format!(", {} pending", gauge.pending));
    }
    line.join(story::breaker(gauge)).join(story::alarms(gauge))
}

impl Clock {
    /// The seconds that it shows.
    fn read(self, now: Timestamp) -> u64 {
        match self {
            Self::Since(began) => words::seconds_between(began, now),
            Self::Stopped(seconds) => seconds,
        }
    }
}
