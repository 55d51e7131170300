//! The summary of a step: how each service ended, with the evidence where it did not end well.

use std::fmt::Write as _;

use super::told;
use crate::event::{Outcome, PostMortem};
use crate::report::ledger::{Account, Book};
use crate::report::text::clean;
use crate::report::words;

/// How many log lines it shows.
const LOG_LINES: usize = 20;

/// How many problems it shows.
const PROBLEMS: usize = 50;

pub(super) fn of(book: &Book) -> String {
    let mut text = problems(book);
    for account in &book.accounts {
        if let Some(outcome) = &account.outcome {
            text += &section(account, outcome);
        }
    }
    text
}

fn problems(book: &Book) -> String {
    if book.problems.is_empty() {
        return String::new();
    }
    let mut text = "### ❌ The request is wrong, or could not be begun\n\n".to_owned();
    for problem in book.problems.iter().take(PROBLEMS) {
        let place = match (&problem.file, problem.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            (Some(file), None) => format!("{file}: "),
            (None, _) => String::new(),
        };
        let _ = writeln!(text, "* {}", inline(&(place + &told(problem))));
    }
    let left = book.problems.len().saturating_sub(PROBLEMS);
    if left > 0 {
        let _ = writeln!(text, "* and {left} more");
    }
    text + "\n"
}

fn section(account: &Account, outcome: &Outcome) -> String {
    let (_, verdict) = words::verdict(outcome.verdict, outcome.rolled_back);
    let sign = if words::ended_well(outcome) {
        "✅"
    } else {
        "❌"
    };
    let subject = &account.subject;
    let place = words::at(&subject.service, &subject.target);
    let mut text = format!(
        "### {sign} {}: {verdict}\n\n{}\n\n",
        inline(&place),
        inline(&outcome.reason)
    );
    text += &facts(account, outcome);
    if let Some(evidence) = &account.evidence {
        text += &table(evidence);
        text += &log_tail(evidence);
        text += &list("What to do", &evidence.next);
    }
    text
}

/// Image, revisions and time, as far as they are known.
fn facts(account: &Account, outcome: &Outcome) -> String {
    let mut text = String::new();
    let images = account.images();
    for image in &images {
        let of = match images.len() {
            1 => String::new(),
            _ => format!(" of {}", inline(&image.container)),
        };
        let _ = writeln!(text, "* Image{of}: {}", inline(&image.image));
    }
    let revision = account.revision();
    if let Some(revision) = revision {
        let from = match &account.from {
            Some(from) => format!("{} → ", inline(from)),
            None => String::new(),
        };
        let _ = writeln!(text, "* Revision: {from}{}", inline(revision));
    }
    if let Some(serving) = &outcome.serving {
        let _ = writeln!(text, "* Serving now: {}", inline(serving));
    }
    let _ = writeln!(text, "* Took: {}", words::duration(account.seconds()));
    text + "\n"
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

/// Text that Markdown shows as it is: no tags, no table cells of its own, and nobody is called.
fn inline(text: &str) -> String {
    let mut safe = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("@<!-- -->"),
            '|' | '`' | '*' | '_' | '[' | '!' | '\\' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}
