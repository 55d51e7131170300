//! The story for people.
//!
//! On a terminal: one live block for each service, and above it the lines worth keeping. Without
//! one: a line whenever something changed, with the time and the service before it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr as _;

use crate::event::{Event, EventKind};

use super::outlet::Outlet;
use super::text::{Line, Style, Tone};
use super::words;

mod answer;
mod block;
mod layout;
mod live;
mod once;
mod outcome;
mod plan;
mod post_mortem;
mod story;

use self::block::Block;
use self::layout::arrange;
use self::live::{Live, window_of_stderr};
use self::once::Once;

pub(super) use self::plan::{image as planned_image, lines as plan_lines};

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// What was asked for.
    Out,
    /// The story.
    Err,
}

/// How much is told of how it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Live blocks; only where stderr is a terminal.
    Live,
    /// A line for each change.
    Lines,
    /// Nothing: only what goes wrong, and how it ended.
    Nothing,
}

/// How the story is told.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    /// How much is told of how it goes.
    pub(crate) progress: Progress,
    /// The plan is what was asked for, so it goes to stdout.
    pub(crate) plan_on_stdout: bool,
    /// The target is named before each line.
    pub(crate) several_targets: bool,
    /// Times of day are shown in this zone.
    pub(crate) zone: TimeZone,
}

/// Tells events to people.
#[derive(Debug)]
pub(super) struct Human {
    telling: Telling,
    live: Option<Live>,
    blocks: BTreeMap<String, Block>,
    once: BTreeMap<String, Once>,
    warned: BTreeSet<(String, String)>,
    /// Why services ended, each reason told once in full.
    reasons: BTreeSet<String>,
    label_width: usize,
    paused: bool,
}

impl Human {
    pub(super) fn new(telling: Telling) -> Self {
        Self {
            live: (telling.progress == Progress::Live).then(Live::new),
            telling,
            blocks: BTreeMap::new(),
            once: BTreeMap::new(),
            warned: BTreeSet::new(),
            reasons: BTreeSet::new(),
            label_width: 0,
            paused: false,
        }
    }

    /// Draws the live blocks there.
    pub(super) fn draw_on(&mut self, screen: &Outlet) {
        if let Some(live) = &mut self.live {
            live.draw_on(screen, window_of_stderr);
        }
    }

    /// How wide the window is now, where it is followed.
    pub(super) fn columns(&self) -> Option<usize> {
        let window = self.live.as_ref()?.window()?;
        Some(window.columns)
    }

    /// Whether something on the screen moves with time.
    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Takes in an event; returns the lines to be kept, and where they go. `width` is that of the
    /// screen which shows the plan.
    pub(super) fn tell(&mut self, event: &Event, width: Option<usize>) -> (Stream, Vec<Line>) {
        self.paused = false;
        let place = words::place(event);
        let once = self.once.entry(place.clone()).or_default();
        match once.abridged(&event.kind).as_ref() {
            EventKind::Plan {
                changes,
                notes,
                shortest_seconds,
                ..
            } => {
                let lines = plan::lines(&place, changes, notes, (*shortest_seconds, width));
                (self.plan_stream(), lines)
            }
            EventKind::PostMortem(evidence) => {
                let lines = post_mortem::lines(&place, evidence, &self.telling.zone);
                (Stream::Err, lines)
            }
            EventKind::Status(status) => {
                let lines = answer::status(&place, status, &self.telling.zone);
                (Stream::Out, lines)
            }
            EventKind::History { deployments } => {
                let lines = answer::history(&place, deployments, &self.telling.zone);
                (Stream::Out, lines)
            }
            EventKind::Log(line) => {
                let place = self.telling.several_targets.then_some(place.as_str());
                (
                    Stream::Out,
                    vec![answer::log(place, line, &self.telling.zone)],
                )
            }
            EventKind::Outcome(outcome) => {
                self.end(event);
                let is_new = self.reasons.insert(outcome.reason.clone());
                (Stream::Err, outcome::lines(&place, outcome, is_new))
            }
            EventKind::Summary {
                exit,
                elapsed_ms,
                services,
                ..
            } => (Stream::Err, outcome::summary(services, *exit, *elapsed_ms)),
            kind => (Stream::Err, self.go_on(event, kind).into_iter().collect()),
        }
    }

    /// Where plans are shown.
    pub(super) fn plan_stream(&self) -> Stream {
        if self.telling.plan_on_stdout {
            Stream::Out
        } else {
            Stream::Err
        }
    }

    /// One line of a rollout under way, unless it is in the live block or says nothing new. `kind` is
    /// the event's own, without what was told before.
    fn go_on(&mut self, event: &Event, kind: &EventKind) -> Option<Line> {
        let label = self.label(event);
        let is_new = event.service.is_none() || self.block(&label, event.at).update(event);
        let is_told = match self.telling.progress {
            Progress::Lines => true,
            Progress::Live => !matches!(
                kind,
                EventKind::Phase { .. }
                    | EventKind::Progress(_)
                    | EventKind::Message { .. }
                    | EventKind::Expected { .. }
            ),
            Progress::Nothing => matches!(
                kind,
                EventKind::Failure { .. }
                    | EventKind::Tripped { .. }
                    | EventKind::Waiting { .. }
                    | EventKind::Warning { .. }
            ),
        };
        if !is_new || !is_told || !self.is_first_warning(&label, kind) {
            return None;
        }
        let line = story::line(kind)?;
        self.label_width = self.label_width.max(label.width());
        let pad = " ".repeat(self.label_width - label.width() + 2);
        let prefix = Line::at(0)
            .add(Tone::Quiet, words::clock(event.at, &self.telling.zone))
            .plain(" ")
            .add(Tone::Strong, label)
            .plain(pad);
        let hang = prefix.width();
        Some(prefix.hang(hang).join(line))
    }

    /// A warning is told once, however often it is repeated.
    fn is_first_warning(&mut self, label: &str, kind: &EventKind) -> bool {
        match kind {
            EventKind::Warning { text, .. } => self.warned.insert((label.to_owned(), text.clone())),
            _ => true,
        }
    }

    fn block(&mut self, label: &str, at: Timestamp) -> &mut Block {
        self.blocks
            .entry(label.to_owned())
            .or_insert_with(|| Block::new(label, at))
    }

    fn end(&mut self, event: &Event) {
        let label = self.label(event);
        self.blocks.remove(&label);
        self.once.remove(&words::place(event));
    }

    /// What a line starts with: the service, and the target where there are several.
    fn label(&self, event: &Event) -> String {
        match (&event.service, &event.target) {
            (Some(service), Some(target)) if self.telling.several_targets => {
                format!("{target}/{service}")
            }
            (Some(service), _) => service.to_string(),
            (None, _) => words::place(event),
        }
    }

    /// Runs `print` while no live block is on the screen.
    pub(super) fn aside<R>(&mut self, print: impl FnOnce() -> R) -> R {
        if let Some(live) = &mut self.live {
            live.erase();
        }
        print()
    }

    /// Draws the live blocks as they are at `now`.
    pub(super) fn redraw(&mut self, now: Timestamp, style: Style) {
        let Some(live) = self.live.as_mut().filter(|_| !self.paused) else {
            return;
        };
        let Some(window) = live.window().filter(|_| !self.blocks.is_empty()) else {
            return live.finish();
        };
        let rows = arrange(self.blocks.values(), (now, &self.telling.zone), window);
        live.draw(&rows, style);
    }

    /// The live blocks as text.
    #[cfg(test)]
    pub(super) fn blocks_at(&self, now: Timestamp, (columns, rows): (usize, usize)) -> String {
        let window = layout::Window { columns, rows };
        let rows = arrange(self.blocks.values(), (now, &self.telling.zone), window);
        let rows = rows.iter().map(|row| row.paint(Style::default()));
        rows.collect()
    }

    /// Takes the live blocks away until something happens: the person is asked something.
    pub(super) fn pause(&mut self) {
        self.paused = true;
        self.finish();
    }

    /// Leaves the screen clean.
    pub(super) fn finish(&mut self) {
        if let Some(live) = &mut self.live {
            live.finish();
        }
    }
}
