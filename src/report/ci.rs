//! What GitHub Actions shows of a run: an annotation for each service that did not end well, and
//! a summary of the step in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::event::{Event, Kind, Outcome, PostMortem};

use super::gate;
use super::text::clean;
use super::words;

/// How many log lines the step's summary shows.
const LOG_LINES: usize = 20;

/// Collects what belongs into the step's summary.
#[derive(Debug)]
pub(super) struct Ci {
    summary: Option<PathBuf>,
    evidence: BTreeMap<String, PostMortem>,
    markdown: String,
}

impl Ci {
    /// `summary` is the file that the step's summary is appended to.
    pub(super) fn new(summary: Option<PathBuf>) -> Self {
        Self {
            summary,
            evidence: BTreeMap::new(),
            markdown: String::new(),
        }
    }

    /// Takes note of an event; returns the annotation that it calls for.
    pub(super) fn note(&mut self, event: &Event) -> Option<String> {
        let place = words::place(event);
        match &event.kind {
            Kind::PostMortem(evidence) => {
                self.evidence.insert(place, evidence.clone());
                None
            }
            Kind::Outcome(outcome) => {
                let evidence = self.evidence.remove(&place);
                self.markdown += &section(&place, outcome, evidence.as_ref());
                (!words::ended_well(outcome)).then(|| annotation(&place, outcome))
            }
            _ => None,
        }
    }

    /// Appends the summary to its file.
    pub(super) fn write_summary(&mut self) -> io::Result<()> {
        match &self.summary {
            Some(path) if !self.markdown.is_empty() => {
                append(path, &std::mem::take(&mut self.markdown))
            }
            _ => Ok(()),
        }
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// A workflow command (GitHub documentation, workflow commands for GitHub Actions).
fn annotation(place: &str, outcome: &Outcome) -> String {
    let (_, verdict) = words::verdict(outcome.verdict, outcome.rolled_back);
    format!(
        "::error title={}::{}",
        property(&format!("{place}: {verdict}")),
        data(&outcome.reason)
    )
}

fn data(text: &str) -> String {
    // A command within a command is none, but older runners look for theirs anywhere.
    gate::pass(&clean(text), false).replace('%', "%25")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn section(place: &str, outcome: &Outcome, evidence: Option<&PostMortem>) -> String {
    let (_, verdict) = words::verdict(outcome.verdict, outcome.rolled_back);
    let sign = if words::ended_well(outcome) {
        "✅"
    } else {
        "❌"
    };
    let mut text = format!(
        "### {sign} {}: {verdict}\n\n{}\n\n",
        inline(place),
        inline(&outcome.reason)
    );
    if let Some(serving) = &outcome.serving {
        let _ = writeln!(text, "Serving now: {}\n", inline(serving));
    }
    if let Some(evidence) = evidence {
        text += &table(evidence);
        text += &log_tail(evidence);
        text += &list("What to do", &evidence.next);
    }
    text
}

fn table(evidence: &PostMortem) -> String {
    if evidence.groups.is_empty() {
        return String::new();
    }
    let mut text =
        "| count | cause | container | exit code | text |\n|--:|---|---|--:|---|\n".to_owned();
    for group in &evidence.groups {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            group.count,
            group.cause.words(),
            inline(group.container.as_deref().unwrap_or("")),
            group
                .exit_code
                .map_or_else(String::new, |code| code.to_string()),
            inline(&group.text),
        );
    }
    text + "\n"
}

/// An indented block of code: unlike a fenced one nothing in it can end it.
fn log_tail(evidence: &PostMortem) -> String {
    let Some(tail) = &evidence.logs else {
        return String::new();
    };
    let mut text = format!("Last lines of {}:\n\n", inline(&tail.source));
    let skipped = tail.lines.len().saturating_sub(LOG_LINES);
    for line in tail.lines.iter().skip(skipped) {
        let _ = writeln!(text, "    {}", clean(line));
    }
    text + "\n"
}

fn list(title: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut text = format!("{title}:\n\n");
    for item in items {
        let _ = writeln!(text, "* {}", inline(item));
    }
    text + "\n"
}

/// Text that Markdown shows as it is: no tags, no table cells of its own.
fn inline(text: &str) -> String {
    let mut safe = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | '!' | '\\' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}
