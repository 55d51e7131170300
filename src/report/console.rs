//! What commands say that is no story: a document that was asked for, or what is wrong with the
//! request.

use std::error::Error;
use std::io::Write;

use super::Sink;
use super::json;
use super::text::{Line, Style, Tone};
use super::veil::Veil;

/// Writes answers to stdout and errors to stderr.
#[derive(Debug)]
pub struct Console<O, E> {
    out: Sink<O>,
    err: Sink<E>,
    veil: Veil,
}

impl<O: Write, E: Write> Console<O, E> {
    /// A console on these two streams.
    pub fn new(out: (O, Style), err: (E, Style)) -> Self {
        Self {
            out: Sink::new(out),
            err: Sink::new(err),
            veil: Veil::default(),
        }
    }

    /// What is never told here.
    pub fn veil(&mut self, veil: Veil) {
        self.veil = veil;
    }

    /// A text that was asked for.
    pub fn answer(&mut self, text: &str) {
        self.out.write(text);
    }

    /// A script of our own making for a shell, as it is: it holds no word of anybody else.
    pub fn script(&mut self, text: &str) {
        self.out.write_as_it_is(text);
    }

    /// A document as it may be told, for whoever writes it in a form of their own.
    pub fn veiled(&self, document: &serde_json::Value) -> serde_json::Value {
        let mut document = document.clone();
        self.veil.value(&mut document);
        document
    }

    /// A document that was asked for.
    pub fn document(&mut self, document: &serde_json::Value) {
        let document = self.veiled(document);
        self.out
            .write(&(json::escape(&format!("{document:#}")) + "\n"));
    }

    /// A text about what is wrong with the request; it ends with its line.
    pub fn complaint(&mut self, text: &str) {
        let text = self.veil.text(text);
        self.err.write(&text);
        if !text.ends_with('\n') {
            self.err.write("\n");
        }
    }

    /// An error with everything that caused it, and what to do about it.
    pub fn error(&mut self, error: &dyn Error, hint: Option<&str>) {
        let head = Line::at(0).hang(2).add(Tone::Bad, "error: ");
        let mut lines = vec![head.plain(self.veil.text(&error.to_string()))];
        let mut cause = error.source();
        while let Some(error) = cause {
            let line = Line::at(2).hang(4).add(Tone::Quiet, "because: ");
            lines.push(line.plain(self.veil.text(&error.to_string())));
            cause = error.source();
        }
        if let Some(hint) = hint {
            lines.push(Line::at(2).hang(4).plain(hint));
        }
        self.err.write_lines(&lines);
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
        console.error(&Unreadable(cause), Some("Mount it."));
        assert_eq!(
            String::from_utf8(err).unwrap(),
            "error: could not read the plan in a.plan\n  because: the disk is gone\n  Mount it.\n"
        );
    }
}
