//! The evidence of a failure, on one screen. What does not fit there is counted, and is whole in
//! `--output json`.

use jiff::tz::TimeZone;

use crate::event::{FailureGroup, LogTail, PostMortem};
use crate::report::text::{Line, Tone, clean, columns, shorten};
use crate::report::words;

/// How many of each kind fit on one screen.
const GROUPS: usize = 6;
const TARGETS: usize = 6;
const LOG_LINES: usize = 12;
const MESSAGES: usize = 4;
/// A log line or a platform's text is cut after so many columns.
const TEXT_COLUMNS: usize = 400;

/// The lines of a post-mortem; `place` is `api at ecs`.
pub(super) fn lines(place: &str, evidence: &PostMortem, zone: &TimeZone) -> Vec<Line> {
    let mut lines = vec![
        Line::at(0),
        Line::at(0)
            .hang(2)
            .add(Tone::Bad, "✗ ")
            .add(Tone::Strong, place)
            .plain(": ")
            .plain(&evidence.what),
    ];
    if let Some(cause) = &evidence.likely_cause {
        let line = Line::at(2).hang(4).add(Tone::Strong, "Likely cause: ");
        lines.push(line.plain(cause));
    }
    lines.extend(groups(&evidence.groups, zone));
    lines.extend(section("Load balancer", newest(&evidence.targets, TARGETS)));
    lines.extend(section("From the top", whole(&evidence.chain)));
    for tail in evidence.logs.iter().chain(&evidence.running_logs) {
        lines.extend(log_tail(tail));
    }
    let messages: Vec<String> = evidence
        .messages
        .iter()
        .map(|text| words::message(text))
        .collect();
    lines.extend(section(
        "The platform said last",
        newest(&messages, MESSAGES),
    ));
    lines.extend(section("Runs now", whole(&evidence.now)));
    lines.extend(section(
        "Not brought back by the rollback",
        whole(&evidence.not_brought_back),
    ));
    lines.extend(section("What to do", whole(&evidence.next)));
    lines.extend(section("Could not be gathered", whole(&evidence.missing)));
    lines.push(Line::at(0));
    lines
}

/// The end of a list, and how much of it was left out before.
fn newest(items: &[String], count: usize) -> (&[String], usize) {
    let skipped = items.len().saturating_sub(count);
    (items.get(skipped..).unwrap_or(items), skipped)
}

fn whole(items: &[String]) -> (&[String], usize) {
    (items, 0)
}

fn title(text: &str) -> Line {
    Line::at(2).add(Tone::Strong, text)
}

fn left_out(count: usize) -> Option<Line> {
    (count > 0).then(|| Line::at(4).add(Tone::Quiet, format!("({count} more before)")))
}

fn section(name: &str, (items, skipped): (&[String], usize)) -> Vec<Line> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![title(name)];
    lines.extend(left_out(skipped));
    lines.extend(items.iter().map(|item| {
        Line::at(4)
            .hang(6)
            .plain(shorten(&clean(item), TEXT_COLUMNS))
    }));
    lines
}

fn groups(groups: &[FailureGroup], zone: &TimeZone) -> Vec<Line> {
    if groups.is_empty() {
        return Vec::new();
    }
    let heads = ["count", "cause", "exit", "container", "first", "example"];
    let head = heads.map(|head| (Tone::Quiet, head.to_owned())).to_vec();
    let shown = groups.iter().take(GROUPS);
    let rows: Vec<_> = std::iter::once(head)
        .chain(shown.clone().map(|group| row(group, zone)))
        .collect();
    let mut table = columns(4, &rows).into_iter();
    let mut lines = vec![title("Evidence")];
    lines.extend(table.next());
    for (line, group) in table.zip(shown) {
        lines.push(line);
        let text = shorten(&clean(&group.text), TEXT_COLUMNS);
        if !text.is_empty() {
            lines.push(Line::at(6).hang(8).add(Tone::Quiet, text));
        }
    }
    let more = groups.len().saturating_sub(GROUPS);
    if more > 0 {
        lines.push(Line::at(4).add(Tone::Quiet, format!("({more} more causes)")));
    }
    lines
}

fn row(group: &FailureGroup, zone: &TimeZone) -> Vec<(Tone, String)> {
    let dash = || "–".to_owned();
    let plain = |text| (Tone::Plain, text);
    let example = group.example.as_deref();
    vec![
        (Tone::Bad, format!("{}×", group.count)),
        (Tone::Strong, group.cause.words().to_owned()),
        plain(group.exit_code.map_or_else(dash, |code| code.to_string())),
        plain(group.container.clone().unwrap_or_else(dash)),
        plain(words::clock(group.first, zone)),
        plain(example.map_or_else(dash, |id| words::task(group.unit, id))),
    ]
}

fn log_tail(tail: &LogTail) -> Vec<Line> {
    let (shown, skipped) = newest(&tail.lines, LOG_LINES);
    let mut lines = vec![title("Last log lines, from ").plain(&tail.source).hang(4)];
    lines.extend(left_out(skipped));
    for line in shown {
        let text = shorten(&clean(line), TEXT_COLUMNS);
        lines.push(Line::at(4).hang(6).add(Tone::Quiet, "│ ").plain(text));
    }
    lines
}
