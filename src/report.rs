//! The only code that writes to the terminal.
//!
//! A command tells its story as [`Event`]s; [`run`] takes them one after another and a
//! [`Reporter`] shows them: to people ([`human`]), to scripts (NDJSON) and to GitHub Actions.
//! stdout is for what was asked for, stderr for the story, so piping is never polluted. What was told
//! is entered into a [`Ledger`], from which the end is told: a summary, and what CI systems take.

use std::io::Write;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::event::{Event, EventKind};

mod ci;
mod console;
mod gate;
pub(crate) mod human;
mod json;
mod ledger;
mod outlet;
mod text;
mod veil;
mod words;

#[cfg(test)]
mod tests;

use self::human::{Human, Stream};
use self::text::{Line, Tone};
use self::veil::Streams;

pub(crate) use self::ci::{Actions, Heading, Report};
pub(crate) use self::console::Console;
pub(crate) use self::gate::Gated;
pub(crate) use self::human::{Progress, Telling};
pub(crate) use self::ledger::{Ledger, Subject};
pub(crate) use self::outlet::{Loss, Lossy, Outlet};
pub(crate) use self::text::Style;
pub(crate) use self::veil::Veil;

/// How often a live block is drawn again although nothing happened: the time in it goes on.
const TICK: Duration = Duration::from_secs(1);

/// The JSON schema of one line of `--output json`.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(Event).to_value()
}

/// For whom the story is told.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    /// For people.
    Human(Telling),
    /// For scripts: one JSON object a line, on stdout.
    Json,
}

/// A question to the person at the terminal. It is shown after everything that was told before.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// The question, with the possible answers: `Apply these changes? [y/N]`.
    pub(crate) text: String,
    /// Told once the question is on the screen.
    pub(crate) shown: oneshot::Sender<()>,
}

/// Shows events, and whatever else a command has to say.
#[derive(Debug)]
pub(crate) struct Reporter<O, E> {
    out: Sink<O>,
    err: Sink<E>,
    shape: Shape,
    ledger: Option<Ledger>,
    annotates: bool,
    outlets: Option<(Outlet, Outlet)>,
    veil: Veil,
    streams: Streams,
}

#[derive(Debug)]
enum Shape {
    Human(Box<Human>),
    Json,
}

/// A stream and how to write to it. Once its reader has gone nothing more is written.
#[derive(Debug)]
struct Sink<W> {
    writer: W,
    style: Style,
    closed: bool,
}

impl<W: Write> Sink<W> {
    fn new((writer, style): (W, Style)) -> Self {
        Self {
            writer,
            style,
            closed: false,
        }
    }

    /// Writes what the gate lets pass.
    fn write(&mut self, text: &str) {
        self.write_as_it_is(&gate::pass(text, self.style.color));
    }

    /// Writes past the gate: only what is meant as a command to a runner or a shell.
    ///
    /// Whoever reads may leave (`| head`); the deployment goes on and ends with its own verdict.
    fn write_as_it_is(&mut self, text: &str) {
        if !self.closed {
            let written = self.writer.write_all(text.as_bytes());
            self.closed = written.and_then(|()| self.writer.flush()).is_err();
        }
    }

    fn write_lines(&mut self, lines: &[Line]) {
        let text: String = lines.iter().map(|line| line.paint(self.style)).collect();
        self.write(&text);
    }
}

impl<O: Write, E: Write> Reporter<O, E> {
    /// A reporter that writes what was asked for to `out` and the story to `err`.
    pub(crate) fn new(format: Format, out: (O, Style), err: (E, Style)) -> Self {
        let shape = match format {
            Format::Human(telling) => Shape::Human(Box::new(Human::new(telling))),
            Format::Json => Shape::Json,
        };
        Self {
            out: Sink::new(out),
            err: Sink::new(err),
            shape,
            ledger: None,
            annotates: false,
            outlets: None,
            veil: Veil::default(),
            streams: Streams::default(),
        }
    }

    /// Draws what moves on the second of these, and leaves out what only shows that time goes on
    /// while a reader is behind.
    #[must_use]
    pub(crate) fn through(mut self, out: Outlet, err: Outlet) -> Self {
        if let Shape::Human(human) = &mut self.shape {
            human.draw_on(&err);
        }
        self.outlets = Some((out, err));
        self
    }

    /// Whether an event may be left out: the next one of its kind says it all again, and whoever
    /// reads is behind.
    fn leaves_out(&self, event: &Event) -> bool {
        let Some((out, err)) = &self.outlets else {
            return false;
        };
        let reader = match self.shape {
            Shape::Json => out,
            Shape::Human(_) => err,
        };
        matches!(event.kind, EventKind::Progress(_)) && reader.is_behind()
    }

    /// Enters what it tells into this ledger. `annotates`: GitHub Actions is told of what ends badly.
    #[must_use]
    pub(crate) fn with_ledger(mut self, ledger: Ledger, annotates: bool) -> Self {
        self.ledger = Some(ledger);
        self.annotates = annotates;
        self
    }

    /// Never tells what lies under the veil.
    #[must_use]
    pub(crate) fn with_veil(mut self, veil: Veil) -> Self {
        self.veil = veil;
        self
    }

    /// Shows an event.
    pub(crate) fn event(&mut self, event: &Event) {
        let leaves_out = self.leaves_out(event);
        let line = self.streams.next(event);
        let veiled = self.veil.event(&line);
        let event = veiled.as_ref();
        if let Some(ledger) = &self.ledger {
            ledger.enter(event);
        }
        let (out, err) = (&mut self.out, &mut self.err);
        if let Shape::Human(human) = &self.shape
            && let Some(columns) = human.columns()
        {
            // The window may be another one since; stdout is the same terminal, if it is one.
            for style in [&mut out.style, &mut err.style] {
                style.width = style.width.map(|_| columns);
            }
        }
        match &mut self.shape {
            Shape::Json if leaves_out => {}
            Shape::Json => out.write(&(json::line(event) + "\n")),
            Shape::Human(human) => {
                let screen = match human.plan_stream() {
                    Stream::Out => out.style.width,
                    Stream::Err => err.style.width,
                };
                let (stream, lines) = human.tell(event, screen);
                if !lines.is_empty() && !leaves_out {
                    human.aside(|| match stream {
                        Stream::Out => out.write_lines(&lines),
                        Stream::Err => err.write_lines(&lines),
                    });
                }
                human.redraw(event.at, err.style);
            }
        }
        if let Some(annotation) = ci::annotation(event).filter(|_| self.annotates) {
            let err = &mut self.err;
            let write = || err.write_as_it_is(&(annotation + "\n"));
            match &mut self.shape {
                Shape::Human(human) => human.aside(write),
                Shape::Json => write(),
            }
        }
    }

    /// Shows that time goes on.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        if let Shape::Human(human) = &mut self.shape {
            human.redraw(now, self.err.style);
        }
    }

    /// Shows a question and leaves the cursor behind it.
    pub(crate) fn prompt(&mut self, prompt: Prompt) {
        if let Shape::Human(human) = &mut self.shape {
            human.pause();
        }
        let line = Line::at(0).add(Tone::Strong, &prompt.text);
        let text = line.paint(self.err.style);
        // What is typed stands apart from it.
        self.aside(&format!("{} ", text.trim_end_matches('\n')));
        // Nobody waiting for the answer any more means that the command is over.
        let _ = prompt.shown.send(());
    }

    /// Leaves the screen clean.
    pub(crate) fn finish(&mut self) {
        if let Shape::Human(human) = &mut self.shape {
            human.finish();
        }
    }

    fn aside(&mut self, text: &str) {
        let err = &mut self.err;
        match &mut self.shape {
            Shape::Human(human) => human.aside(|| err.write(text)),
            Shape::Json => err.write(text),
        }
    }

    fn is_live(&self) -> bool {
        matches!(&self.shape, Shape::Human(human) if human.is_live())
    }
}

/// Shows events until nobody is left to tell any. A question waits until all events before it
/// are shown.
pub(crate) async fn run<O: Write, E: Write>(
    mut events: mpsc::UnboundedReceiver<Event>,
    mut prompts: mpsc::UnboundedReceiver<Prompt>,
    mut reporter: Reporter<O, E>,
    clock: Clock,
) {
    loop {
        let live = reporter.is_live();
        let tick = async {
            if live {
                clock.sleep_until(clock.now() + TICK).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            event = events.recv() => match event {
                Some(event) => reporter.event(&event),
                None => break,
            },
            Some(prompt) = prompts.recv() => reporter.prompt(prompt),
            () = tick => reporter.tick(clock.now()),
        }
    }
    reporter.finish();
}
