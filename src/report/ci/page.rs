//! A plan as a page of Markdown, for the comment of a bot and for the summary of a step: a fold for
//! each service under a heading that stays the same.
//!
//! Whatever anybody else may have written stands in indented blocks of code: unlike a fenced one
//! nothing in it can end it, no tag and no link works in it, and nobody is called.

use std::fmt::Write as _;

use super::{Heading, told};
use crate::names::TargetName;
use crate::report::human::plan_lines;
use crate::report::ledger::{Account, Book};
use crate::report::text::{Style, clean, middle};
use crate::report::words;

/// Columns of a line on a page that would be too long otherwise.
const WIDE: usize = 300;

/// Said of lines that were cut.
const NARROWED: &str =
    "… long lines are cut in their middle here: `deployer plan` shows them whole";

/// A part of the page that is shown when somebody asks.
struct Fold {
    title: String,
    /// What is wrong is shown unasked.
    open: bool,
    lines: Vec<String>,
}

/// The page, of at most so many bytes; what is cut is counted in words.
pub(in crate::report) fn page(book: &Book, heading: &Heading, most: usize) -> String {
    let mut text = title(book, heading);
    let mut folds = folds(book);
    if folds.is_empty() {
        text += "Nothing was planned.\n";
        return text;
    }
    let room = most.saturating_sub(text.len());
    let more = fit(&mut folds, room);
    for fold in &folds {
        fold.write(&mut text);
    }
    text + &more
}

fn title(book: &Book, heading: &Heading) -> String {
    let code = |text: &str| format!("`{}`", clean(text).replace('`', "'"));
    let mut text = format!("## Plan of {}", code(&heading.file));
    let targets: Vec<&str> = book.targets.iter().map(TargetName::as_str).collect();
    if !targets.is_empty() {
        let _ = write!(text, " for {}", targets.join(", "));
    }
    if !heading.services.is_empty() {
        let _ = write!(text, " ({})", heading.services.join(", "));
    }
    text + "\n\n"
}

fn folds(book: &Book) -> Vec<Fold> {
    let mut folds = Vec::new();
    if !book.problems.is_empty() {
        let place = |problem: &crate::event::Problem| match (&problem.file, problem.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            (Some(file), None) => format!("{file}: "),
            (None, _) => String::new(),
        };
        let lines = book.problems.iter();
        folds.push(Fold {
            title: "❌ The request is wrong, or could not be begun".into(),
            open: true,
            lines: lines.map(|one| clean(&(place(one) + &told(one)))).collect(),
        });
    }
    folds.extend(book.accounts.iter().map(fold));
    folds
}

fn fold(account: &Account) -> Fold {
    let place = words::at(&account.subject.service, &account.subject.target);
    if let Some(outcome) = &account.outcome {
        return Fold {
            title: format!("❌ {place}: could not be planned"),
            open: true,
            lines: vec![clean(&outcome.reason)],
        };
    }
    let Some(plan) = &account.plan else {
        return Fold {
            title: format!("{place}: was not planned"),
            open: false,
            lines: Vec::new(),
        };
    };
    let timing = (plan.shortest_seconds, None);
    let told = plan_lines(&place, &plan.changes, &plan.notes, timing);
    let text: String = told
        .iter()
        .map(|line| line.paint(Style::default()))
        .collect();
    let mut lines = text.lines().map(str::to_owned);
    Fold {
        title: lines.next().unwrap_or(place),
        open: false,
        lines: lines.collect(),
    }
}

impl Fold {
    fn write(&self, text: &mut String) {
        let open = if self.open { " open" } else { "" };
        let title = self.title.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(text, "<details{open}><summary>{title}</summary>\n\n");
        for line in &self.lines {
            let _ = writeln!(text, "    {line}");
        }
        text.push_str("\n</details>\n\n");
    }

    /// Bytes of all but its lines.
    fn shell(&self) -> usize {
        let mut text = String::new();
        let empty = Self {
            title: self.title.clone(),
            open: self.open,
            lines: Vec::new(),
        };
        empty.write(&mut text);
        text.len()
    }

    fn content(&self) -> usize {
        self.lines.iter().map(|line| bytes(line)).sum()
    }

    /// Cuts what is too long in its middle, and says so.
    fn narrow(&mut self) {
        let mut cut = 0_usize;
        for line in &mut self.lines {
            let narrow = middle(line, WIDE);
            cut += usize::from(narrow != *line);
            *line = narrow;
        }
        if cut > 0 {
            self.lines.push(NARROWED.to_owned());
        }
    }

    /// Leaves out lines of its end until the rest takes no more than `room`.
    fn cut(&mut self, room: usize) {
        if self.content() <= room {
            return;
        }
        let all = self.lines.len();
        let mut used = bytes(&left_out(all));
        let fits = self.lines.iter().take_while(|line| {
            used += bytes(line);
            used <= room
        });
        let kept = fits.count();
        self.lines.truncate(kept);
        if bytes(&left_out(all - kept)) <= room {
            self.lines.push(left_out(all - kept));
        }
    }
}

fn bytes(line: &str) -> usize {
    "    \n".len() + line.len()
}

fn left_out(lines: usize) -> String {
    let (lines, them) = match lines {
        1 => ("1 more line is".to_owned(), "it"),
        many => (format!("{many} more lines are"), "them"),
    };
    format!("… {lines} left out here: `deployer plan` shows {them}")
}

fn services_left_out(count: usize) -> String {
    format!("{count} more services are left out here: `deployer plan` shows them.\n")
}

/// Cuts what does not fit, the longest first: those that are short stay whole. Returns what is said
/// below of folds that are left out altogether.
fn fit(folds: &mut Vec<Fold>, room: usize) -> String {
    let whole: usize = folds.iter().map(|fold| fold.shell() + fold.content()).sum();
    if whole <= room {
        return String::new();
    }
    for fold in folds.iter_mut() {
        fold.narrow();
    }
    let all = folds.len();
    let mut shells: usize = folds.iter().map(Fold::shell).sum();
    let tail = services_left_out(all).len();
    let least = bytes(&left_out(usize::MAX));
    while shells + tail + folds.len() * least > room {
        match folds.pop() {
            Some(fold) => shells -= fold.shell(),
            None => break,
        }
    }
    let more = match all - folds.len() {
        0 => String::new(),
        left => services_left_out(left),
    };
    share(folds, room.saturating_sub(shells + tail));
    more
}

/// Gives each fold the same room; what the short ones do not need is shared among the long ones.
fn share(folds: &mut [Fold], mut room: usize) {
    let mut by_length: Vec<&mut Fold> = folds.iter_mut().collect();
    by_length.sort_by_key(|fold| fold.content());
    let mut left = by_length.len();
    for fold in by_length {
        fold.cut(room / left.max(1));
        room = room.saturating_sub(fold.content());
        left -= 1;
    }
}

#[cfg(test)]
mod tests;
