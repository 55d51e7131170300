//! What CI systems show of a run: annotations, a summary of the step in Markdown, values for the
//! steps that follow, and reports that a merge request shows.
//!
//! All of it but the annotations is written once, at the end, from the [`Ledger`].

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::gate;
use super::ledger::Ledger;
use super::text::clean;
use super::words;
use crate::error::ExitCode;
use crate::event::{Event, EventKind, Outcome, Problem};

mod page;
mod quality;
mod summary;
mod values;

pub(super) use self::page::page;

/// What GitHub Actions is told besides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    /// The file that the step's summary is appended to (`GITHUB_STEP_SUMMARY`).
    pub(crate) summary: Option<PathBuf>,
    /// The file that values for later steps are appended to (`GITHUB_OUTPUT`).
    pub(crate) output: Option<PathBuf>,
}

/// A comment of GitHub holds so many characters; counted here in bytes, which are never fewer.
const COMMENT: usize = 65_536;

/// A step's summary may have 1 MiB; the rest is for other commands of the same step.
const SUMMARY: usize = 768 * 1024;

/// What a file for a CI system is there for, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Report<'a> {
    /// The summary of a step, in Markdown: appended. With a heading: of a plan.
    Summary(&'a Path, Option<&'a Heading>),
    /// Values for the steps of GitHub Actions that follow: appended.
    Output(&'a Path),
    /// Values for the jobs of GitLab that follow: replaced.
    Dotenv(&'a Path),
    /// Problems of the files, as GitLab shows them beside the lines of a merge request: replaced.
    /// With the file that what belongs to no file is shown in.
    CodeQuality(&'a Path, &'a Path),
}

/// What is planned, in words that stay the same from one run to the next: a comment is found again
/// by them.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    /// The deploy file, as it was named.
    pub(crate) file: String,
    /// The services that were chosen; empty: all.
    pub(crate) services: Vec<String>,
}

impl Report<'_> {
    /// What it is, for whoever is told that it could not be written.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Summary(..) => "the summary of this step",
            Self::Output(_) => "the output of this step",
            Self::Dotenv(_) => "the dotenv report",
            Self::CodeQuality(..) => "the code quality report",
        }
    }

    /// Writes it, of a run that ends with `code`.
    pub(crate) fn write(self, ledger: &Ledger, code: ExitCode) -> io::Result<()> {
        match self {
            Self::Summary(path, heading) => {
                let text = match heading {
                    Some(heading) => page(&ledger.book(), heading, SUMMARY) + "\n",
                    None => summary::of(&ledger.book()),
                };
                append(path, &text)
            }
            Self::Output(path) => append(path, &values::github(&ledger.book(), code)),
            Self::Dotenv(path) => {
                let text = values::dotenv(&ledger.book(), code);
                crate::whole::replace(path, text.as_bytes(), crate::whole::Readers::All)
            }
            Self::CodeQuality(path, file) => {
                let text = quality::report(&ledger.book(), file);
                crate::whole::replace(path, text.as_bytes(), crate::whole::Readers::All)
            }
        }
    }
}

/// The plan as a comment that a bot writes.
pub(super) fn comment(ledger: &Ledger, heading: &Heading) -> String {
    page(&ledger.book(), heading, COMMENT)
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// The workflow command that an event calls for (GitHub documentation, workflow commands for GitHub
/// Actions).
pub(super) fn annotation(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Outcome(outcome) if !words::ended_well(outcome) => {
            Some(of_outcome(&words::place(event), outcome))
        }
        EventKind::Problem(problem) => Some(of_problem(problem)),
        _ => None,
    }
}

fn of_outcome(place: &str, outcome: &Outcome) -> String {
    let (_, verdict) = words::verdict(outcome.verdict, outcome.rolled_back);
    format!(
        "::error title={}::{}",
        property(&format!("{place}: {verdict}")),
        data(&outcome.reason)
    )
}

fn of_problem(problem: &Problem) -> String {
    let mut properties = Vec::new();
    if let Some(file) = &problem.file {
        properties.push(format!("file={}", property(file)));
    }
    for (name, number) in [("line", problem.line), ("col", problem.column)] {
        if let Some(number) = number {
            properties.push(format!("{name}={number}"));
        }
    }
    properties.push(format!("title={}", property(&problem.code)));
    format!("::error {}::{}", properties.join(","), data(&told(problem)))
}

/// A problem in a few sentences of one line.
fn told(problem: &Problem) -> String {
    let mut text = problem.message.clone();
    for more in problem.because.iter().chain(&problem.help) {
        text += "; ";
        text += more;
    }
    clean(&text)
}

fn data(text: &str) -> String {
    // A command within a command is none, but older runners look for theirs anywhere.
    gate::pass(&clean(text), false).replace('%', "%25")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
