//! What commands say that is no story: a document that was asked for, what is wrong with the request,
//! and how the whole of it ended.

use std::error::Error;
use std::io::Write;

use super::Sink;
use super::Telling;
use super::ci::{self, Heading};
use super::human::{Human, Stream};
use super::json;
use super::ledger::Ledger;
use super::text::{Line, Style, Tone};
use super::veil::Veil;
use crate::clock::Clock;
use crate::error::ExitCode;
use crate::event::{Event, EventKind, Problem};
use crate::names::TargetName;
use crate::spec;

/// So many annotations are shown of problems; GitHub shows no more than ten of a step.
const ANNOTATED: usize = 50;

/// Writes answers to stdout and errors to stderr; for scripts, both as records to stdout.
#[derive(Debug)]
pub(crate) struct Console<O, E> {
    out: Sink<O>,
    err: Sink<E>,
    veil: Veil,
    ledger: Ledger,
    records: bool,
    annotates: bool,
}

impl<O: Write, E: Write> Console<O, E> {
    /// A console on these two streams.
    pub(crate) fn new(out: (O, Style), err: (E, Style)) -> Self {
        Self {
            out: Sink::new(out),
            err: Sink::new(err),
            veil: Veil::default(),
            ledger: Ledger::new(Clock::system()),
            records: false,
            annotates: false,
        }
    }

    /// Enters what it tells into this ledger. `annotates`: GitHub Actions is told of problems.
    #[must_use]
    pub(crate) fn with_ledger(mut self, ledger: Ledger, annotates: bool) -> Self {
        self.ledger = ledger;
        self.annotates = annotates;
        self
    }

    /// Tells scripts, from now on: one JSON object a line, on stdout.
    pub(crate) fn tell_records(&mut self) {
        self.records = true;
    }

    /// Whether scripts are told.
    pub(crate) fn tells_records(&self) -> bool {
        self.records
    }

    /// What is entered.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What is never told here.
    pub(crate) fn veil(&mut self, veil: Veil) {
        self.veil = veil;
    }

    /// A text that was asked for.
    pub(crate) fn answer(&mut self, text: &str) {
        self.out.write(text);
    }

    /// A script of our own making for a shell, as it is: it holds no word of anybody else.
    pub(crate) fn script(&mut self, text: &str) {
        self.out.write_as_it_is(text);
    }

    /// A document as it may be told, for whoever writes it in a form of their own.
    pub(crate) fn veiled(&self, document: &serde_json::Value) -> serde_json::Value {
        let mut document = document.clone();
        self.veil.value(&mut document);
        document
    }

    /// A document that was asked for.
    pub(crate) fn document(&mut self, document: &serde_json::Value) {
        let document = self.veiled(document);
        self.out
            .write(&(json::escape(&format!("{document:#}")) + "\n"));
    }

    /// Something that scripts are told as a record and people by `shows`.
    pub(crate) fn tell(
        &mut self,
        target: Option<TargetName>,
        kind: EventKind,
        shows: impl FnOnce(&mut Self, &EventKind),
    ) {
        if self.records {
            let event = self.ledger.event(target, kind);
            self.record(&event);
        } else {
            shows(self, &kind);
        }
    }

    fn record(&mut self, event: &Event) {
        let line = json::line(&self.veil.event(event));
        self.out.write(&(line + "\n"));
    }

    /// A text beside what was asked for; it ends with its line.
    pub(crate) fn complaint(&mut self, text: &str) {
        let text = self.veil.text(text);
        self.err.write(&text);
        if !text.ends_with('\n') {
            self.err.write("\n");
        }
    }

    /// What is wrong with the request.
    pub(crate) fn problem(&mut self, problem: Problem) {
        self.told(problem, |console, problem| {
            let text = |line: Line, text: &str| line.plain(console.veil.text(text));
            let head = Line::at(0).hang(2).add(Tone::Bad, "error: ");
            let mut lines = vec![text(head, &problem.message)];
            for cause in &problem.because {
                let line = Line::at(2).hang(4).add(Tone::Quiet, "because: ");
                lines.push(text(line, cause));
            }
            if let Some(help) = &problem.help {
                lines.push(text(Line::at(2).hang(4), help));
            }
            console.err.write_lines(&lines);
        });
    }

    /// The same, which people are told in a form of their own.
    pub(crate) fn told(&mut self, problem: Problem, shows: impl FnOnce(&mut Self, &Problem)) {
        let event = self.entered(problem);
        if self.records {
            self.record(&event);
        } else if let EventKind::Problem(problem) = &event.kind {
            shows(self, problem);
        }
        self.annotate(&event);
    }

    /// All that is wrong with the files.
    pub(crate) fn problems(&mut self, problems: &spec::Problems) {
        if !self.records {
            let drawn = problems.render(self.err.style.color);
            self.complaint(&drawn);
        }
        for (number, problem) in problems.list().iter().enumerate() {
            let file = problems.file(problem);
            let event = self.entered(Problem {
                file: file.map(|path| path.display().to_string()),
                line: problem.position.map(|(line, _)| line),
                column: problem.position.map(|(_, column)| column),
                label: (!problem.label.is_empty()).then(|| problem.label.clone()),
                help: problem.help.clone(),
                ..Problem::new(problem.code, problem.message.clone())
            });
            if self.records {
                self.record(&event);
            }
            if number < ANNOTATED {
                self.annotate(&event);
            }
        }
    }

    /// An error with everything that caused it.
    pub(crate) fn error(&mut self, code: &str, error: &dyn Error) {
        let mut because = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            because.push(error.to_string());
            cause = error.source();
        }
        self.problem(Problem {
            because,
            ..Problem::new(code, error.to_string())
        });
    }

    /// A problem as it may be told, entered.
    fn entered(&self, problem: Problem) -> Event {
        let event = self.ledger.event(None, EventKind::Problem(problem));
        let event = self.veil.event(&event).into_owned();
        self.ledger.enter(&event);
        event
    }

    fn annotate(&mut self, event: &Event) {
        if let Some(annotation) = ci::annotation(event).filter(|_| self.annotates) {
            self.err.write_as_it_is(&(annotation + "\n"));
        }
    }

    /// The plan as a comment that a bot writes.
    pub(crate) fn comment(&mut self, heading: &Heading) {
        let text = ci::comment(&self.ledger, heading);
        self.out.write(&text);
    }

    /// How the whole of it ended: the last that is told.
    pub(crate) fn summary(&mut self, code: ExitCode, telling: Telling) {
        let event = self.ledger.summary(code);
        if self.records {
            self.record(&event);
        } else if self.ledger.tells_end() {
            let (stream, lines) = Human::new(telling).tell(&event, None);
            match stream {
                Stream::Out => self.out.write_lines(&lines),
                Stream::Err => self.err.write_lines(&lines),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("could not read the plan in a.plan")]
    struct Unreadable(#[source] io::Error);

    #[test]
    fn an_error_is_told_with_its_causes_and_the_way_out() {
        let mut err = Vec::new();
        let style = Style::default();
        let mut console = Console::new((Vec::new(), style), (&mut err, style));
        let cause = io::Error::other("the disk\u{1b}[2J is gone");
        console.error("plan", &Unreadable(cause));
        console.problem(Problem::new("usage", "no target").help("Name one."));
        assert_eq!(
            String::from_utf8(err).unwrap(),
            "error: could not read the plan in a.plan\n  because: the disk is gone\n\
             error: no target\n  Name one.\n"
        );
    }
}
