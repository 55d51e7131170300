//! The gate: every text goes through [`pass`] on its way to a stream, whoever made it.
//!
//! What a terminal would obey is shown as text, but for our own colours, and what the runner of a
//! CI system would read as a command to it is broken where it would be read.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::harmless;

/// GitHub's older form and Azure's: read anywhere in a line.
const ANYWHERE: [&str; 2] = ["##[", "##vso["];

/// `text` as it may be written. With `color`, sequences that only colour words stay.
pub(super) fn pass(text: &str, color: bool) -> Cow<'_, str> {
    let plain = |c: char| c == '\n' || c == '\t' || !harmless::is_unsafe(c);
    if text.chars().all(plain) && !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut passed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let shown = visible(line, color);
        passed.push_str(&broken(&shown));
    }
    Cow::Owned(passed)
}

/// Whether text would be left as it is on its way.
#[cfg(test)]
fn is_clean(text: &str) -> bool {
    pass(text, false) == text
}

/// JSON in which no string holds what a runner would read: a letter of it is written as its escape.
pub(super) fn break_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find("##") {
        safe.push_str(&rest[..at]);
        rest = &rest[at..];
        if command(rest).is_some() {
            safe.push_str("#\\u0023");
            rest = &rest[2..];
        } else {
            safe.push('#');
            rest = &rest[1..];
        }
    }
    safe + rest
}

fn visible(line: &str, color: bool) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let length = paint(rest).filter(|_| color).unwrap_or(0);
        if length > 0 {
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        match c {
            '\n' | '\t' => shown.push(c),
            c => harmless::push(&mut shown, c),
        }
        rest = &rest[c.len_utf8()..];
    }
    shown
}

/// The length of the sequence that colours what follows, where `text` begins with one.
fn paint(text: &str) -> Option<usize> {
    let codes = text.strip_prefix("\u{1b}[")?;
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    codes[end..].starts_with('m').then_some(2 + end + 1)
}

/// A line in which no runner finds a command: it reads `::` only at the start, after white space.
/// What takes its place looks alike and is no wider, so that rows still fit.
fn broken(line: &str) -> String {
    let mut start = 0;
    loop {
        let rest = &line[start..];
        let space = rest.len() - rest.trim_start().len();
        let painted = paint(&rest[space..]);
        start += space + painted.unwrap_or(0);
        if painted.is_none() {
            break;
        }
    }
    let mut safe = line[..start].to_owned();
    let mut rest = &line[start..];
    if let Some(after) = rest.strip_prefix("::")
        && after.contains("::")
    {
        safe.push('∷');
        rest = after;
    }
    while let Some(at) = rest.find("##") {
        safe.push_str(&rest[..at]);
        rest = &rest[at..];
        if command(rest).is_some() {
            safe.push_str("#♯");
            rest = &rest[2..];
        } else {
            safe.push('#');
            rest = &rest[1..];
        }
    }
    safe + rest
}

fn command(text: &str) -> Option<&'static str> {
    let begins = |start: &&str| {
        text.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    ANYWHERE.into_iter().find(begins)
}

/// A writer behind the gate, for what writes whole lines by itself.
#[derive(Debug)]
pub(crate) struct Gated<W> {
    writer: W,
    color: bool,
}

impl<W: Write> Gated<W> {
    /// Everything for `writer` goes through the gate; with `color`, colours stay.
    pub(crate) fn new(writer: W, color: bool) -> Self {
        Self { writer, color }
    }
}

impl<W: Write> Write for Gated<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let veiled = super::veil::known(&text);
        self.writer
            .write_all(pass(&veiled, self.color).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_a_runner_are_broken_where_it_would_read_them() {
        let cases = [
            ("::set-output name=a::b\n", "∷set-output name=a::b\n"),
            ("  ::add-mask::x", "  ∷add-mask::x"),
            ("a\n\t::error::x\n", "a\n\t∷error::x\n"),
            ("oh ##[add-mask]e", "oh #♯[add-mask]e"),
            ("oh ##VSO[task.setvariable]e", "oh #♯VSO[task.setvariable]e"),
            ("###[error]x", "##♯[error]x"),
            ("a\r::error::x", "a\\u{d}::error::x"),
        ];
        for (text, passed) in cases {
            assert_eq!(pass(text, false), passed);
            assert_eq!(pass(passed, false), passed);
        }
        let colored = "\u{1b}[31m::error::x\u{1b}[0m";
        assert_eq!(pass(colored, true), "\u{1b}[31m∷error::x\u{1b}[0m");
    }

    #[test]
    fn what_is_no_command_stays() {
        for text in [
            "::1 refused",
            "a::b::c",
            "## Heading\n# [a]",
            "std::io::Error",
        ] {
            assert_eq!(pass(text, false), text);
            assert!(is_clean(text));
        }
    }

    #[test]
    fn only_our_colours_reach_a_terminal() {
        let text = "\u{1b}[1mbold\u{1b}[0m \u{1b}[2J \u{9b}2J \u{202e}x\u{7}";
        assert_eq!(
            pass(text, true),
            "\u{1b}[1mbold\u{1b}[0m \\u{1b}[2J \\u{9b}2J \\u{202e}x\\u{7}"
        );
        assert!(!pass(text, false).contains('\u{1b}'));
    }

    #[test]
    fn json_says_the_same_without_a_command_in_it() {
        let json = r###"{"a":"##[error]x ## b ##vso[y]"}"###;
        let safe = break_json(json);
        assert!(is_clean(&safe), "{safe}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&safe), read(json));
    }

    #[test]
    fn a_writer_behind_the_gate_says_that_all_was_written() {
        let mut written = Vec::new();
        let mut gated = Gated::new(&mut written, false);
        gated
            .write_all(b"::error::x AKIAABCDEFGHIJKLMNOP\n")
            .unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "∷error::x (masked)\n");
    }
}
