//! The table: what, measured, aim, whether it is met, and what other tools need.

use std::fmt;
use std::time::Duration;

use integration_tests::trial::Outcome;

/// Measures a part of the table.
pub(crate) type Part = fn(&mut Table) -> Outcome;

const HEADS: [&str; 4] = ["what", "measured", "aim", "others"];

/// Rows under headings.
#[derive(Debug, Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    Section(String),
    Row([String; HEADS.len()]),
}

impl Table {
    /// Begins a part.
    pub(crate) fn section(&mut self, title: &str) {
        self.lines.push(Line::Section(title.to_owned()));
    }

    /// A figure that nothing is demanded of.
    pub(crate) fn row(&mut self, what: &str, measured: impl Into<String>) {
        self.add(what, measured.into(), String::new(), "");
    }

    /// A figure beside those of other tools.
    pub(crate) fn beside(&mut self, what: &str, measured: impl Into<String>, others: &str) {
        self.add(what, measured.into(), String::new(), others);
    }

    /// A figure with its aim, and whether it is met.
    pub(crate) fn aimed(
        &mut self,
        what: &str,
        measured: impl Into<String>,
        (aim, met): (&str, bool),
        others: &str,
    ) {
        let mark = if met { "✓" } else { "✗" };
        self.add(what, measured.into(), format!("{aim} {mark}"), others);
    }

    fn add(&mut self, what: &str, measured: String, aim: String, others: &str) {
        self.lines.push(Line::Row([
            what.to_owned(),
            measured,
            aim,
            others.to_owned(),
        ]));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = HEADS.map(str::to_owned);
        let rows = self.lines.iter().filter_map(|line| match line {
            Line::Row(cells) => Some(cells),
            Line::Section(_) => None,
        });
        let mut widths = [0; HEADS.len()];
        for cells in rows.chain([&heads]) {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.chars().count().max(*width);
            }
        }
        write_row(out, &heads, &widths)?;
        for line in &self.lines {
            match line {
                Line::Section(title) => writeln!(out, "\n{title}")?,
                Line::Row(cells) => write_row(out, cells, &widths)?,
            }
        }
        Ok(())
    }
}

fn write_row(
    out: &mut fmt::Formatter<'_>,
    cells: &[String; HEADS.len()],
    widths: &[usize; HEADS.len()],
) -> fmt::Result {
    let mut line = String::from("  ");
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
    }
    writeln!(out, "{}", line.trim_end())
}

/// The middle one; of an even number the later of the two in the middle.
pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The longest.
pub(crate) fn longest(times: &[Duration]) -> Duration {
    times.iter().max().copied().unwrap_or_default()
}

/// `0.52 (0.11 to 0.93)`: the median and the range, in seconds.
pub(crate) fn spread(times: &[Duration]) -> String {
    let shortest = times.iter().min().copied().unwrap_or_default();
    format!(
        "{:.2} ({:.2} to {:.2})",
        median(times).as_secs_f64(),
        shortest.as_secs_f64(),
        longest(times).as_secs_f64()
    )
}
