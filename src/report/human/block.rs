//! What is known of one service's rollout right now, and its live block of at most three rows.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::{Event, Kind, PhaseWord};
use crate::report::text::{Line, Style, Tone};
use crate::report::words;
use crate::rollout::Gauge;

use super::story;

/// What is known of one service's rollout right now.
#[derive(Debug, Clone)]
pub(super) struct Block {
    label: String,
    began: Timestamp,
    doing: Option<String>,
    revisions: Option<(Option<String>, String)>,
    limits: (Option<u64>, Option<u64>),
    phase: Option<(PhaseWord, String)>,
    gauge: Gauge,
    newest: Option<(Timestamp, String)>,
}

impl Block {
    /// Nothing known yet.
    pub(super) fn new(label: &str, began: Timestamp) -> Self {
        Self {
            label: label.to_owned(),
            began,
            doing: None,
            revisions: None,
            limits: (None, None),
            phase: None,
            gauge: Gauge::default(),
            newest: None,
        }
    }

    /// Takes in an event; returns whether it says anything that the one before did not.
    pub(super) fn update(&mut self, event: &Event) -> bool {
        match &event.kind {
            Kind::Performing { change } => self.doing = Some(change.clone()),
            Kind::Performed { .. } => self.doing = None,
            Kind::Following {
                revision,
                from,
                deadline_seconds,
                expected_seconds,
                ..
            } => {
                self.began = event.at;
                self.doing = None;
                self.revisions = Some((from.clone(), revision.clone()));
                self.limits = (*expected_seconds, Some(*deadline_seconds));
            }
            Kind::Phase { phase, word } => {
                let now = Some((*phase, word.clone()));
                return std::mem::replace(&mut self.phase, now.clone()) != now;
            }
            Kind::Progress(gauge) => {
                return std::mem::replace(&mut self.gauge, gauge.clone()) != *gauge;
            }
            Kind::Message { said_at, text } => self.newest = Some((*said_at, text.clone())),
            Kind::Waiting { text } => {
                self.newest = Some((event.at, format!("waits for {text}")));
            }
            Kind::Failure { failure, .. } => {
                self.newest = Some((failure.at, words::failure(failure)));
            }
            _ => {}
        }
        true
    }

    /// The live block, as many columns wide as the screen at most, without a last line feed.
    pub(super) fn paint(&self, now: Timestamp, zone: &TimeZone, style: Style) -> String {
        // A row that fills the screen to its last column would move the cursor on some terminals.
        let columns = style.width.unwrap_or(80).saturating_sub(1);
        let unwrapped = Style {
            width: None,
            ..style
        };
        let rows = self.rows(now, zone).into_iter();
        let mut text: String = rows.map(|row| row.cut(columns).paint(unwrapped)).collect();
        text.pop();
        text
    }

    fn rows(&self, now: Timestamp, zone: &TimeZone) -> Vec<Line> {
        let mut lines = vec![self.head(now)];
        if self.revisions.is_some() {
            lines.push(self.counts());
        }
        if let Some((at, text)) = &self.newest {
            let time = format!("{} ", words::clock(*at, zone));
            lines.push(Line::at(2).add(Tone::Quiet, time).plain(text));
        }
        lines
    }

    fn head(&self, now: Timestamp) -> Line {
        let line = Line::at(0).add(Tone::Strong, &self.label).plain("  ");
        let line = match (&self.doing, &self.phase) {
            (Some(doing), _) => line.plain(doing),
            (None, Some((phase, word))) => {
                let (tone, phase) = words::phase(*phase);
                line.add(tone, phase).add(Tone::Quiet, format!(" ({word})"))
            }
            (None, None) => line.add(Tone::Quiet, "at work"),
        };
        let elapsed = words::duration(words::seconds_between(self.began, now));
        let limit = match self.limits {
            (Some(expected), _) => format!(" of about {}", words::duration(expected)),
            (None, Some(deadline)) => format!(", deadline {}", words::duration(deadline)),
            (None, None) => String::new(),
        };
        line.add(Tone::Quiet, format!("  {elapsed}{limit}"))
    }

    /// `api-service:11 2 → api-service:12 1/2, 1 pending · breaker failures 0/3`.
    fn counts(&self) -> Line {
        let mut line = Line::at(2);
        if let Some((from, revision)) = &self.revisions {
            if let Some(from) = from {
                line = line.plain(format!("{from} {} → ", self.gauge.old));
            }
            line = line.add(Tone::Strong, revision).plain(" ");
        }
        line = line.plain(format!("{}/{}", self.gauge.running, self.gauge.desired));
        if self.gauge.pending > 0 {
            line = line.plain(format!(", {} pending", self.gauge.pending));
        }
        line.join(story::breaker(&self.gauge))
            .join(story::alarms(&self.gauge))
    }
}
