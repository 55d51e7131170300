//! Secrets of several lines where the lines come one by one, as in a log.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::event::{Event, EventKind};
use crate::names::{ServiceName, TargetName};
use crate::plan::MASK;
use crate::spec::KeyLines;

/// The lines of one stream.
#[derive(Debug, Default)]
pub(super) struct Lines(KeyLines);

impl Lines {
    /// Hides what of the next text belongs to a key that is longer than it. What stands within one
    /// text has a known shape, and is found by that.
    pub(super) fn hide(&mut self, text: &mut String) {
        let hidden: Vec<Cow<'_, str>> = text.split('\n').map(|line| self.hidden(line)).collect();
        let changed = hidden.iter().any(|line| matches!(line, Cow::Owned(_)));
        if changed {
            *text = hidden.join("\n");
        }
    }

    fn hidden<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        match self.0.next(line) {
            Some(range) if !range.is_empty() => {
                let (before, after) = (&line[..range.start], &line[range.end..]);
                Cow::Owned(format!("{before}{MASK}{after}"))
            }
            _ => Cow::Borrowed(line),
        }
    }
}

/// Who writes a log: target, service, task, container.
type Writer = (Option<TargetName>, Option<ServiceName>, String, String);

/// The logs that are told, each a stream of its own though their lines are mixed.
#[derive(Debug, Default)]
pub(in crate::report) struct Streams(BTreeMap<Writer, Lines>);

impl Streams {
    /// The next event, which may be a line of a log.
    pub(in crate::report) fn next<'a>(&mut self, event: &'a Event) -> Cow<'a, Event> {
        let EventKind::Log(line) = &event.kind else {
            return Cow::Borrowed(event);
        };
        let writer = (
            event.target.clone(),
            event.service.clone(),
            line.task.clone(),
            line.container.clone(),
        );
        let mut text = line.text.clone();
        self.0.entry(writer).or_default().hide(&mut text);
        if text == line.text {
            return Cow::Borrowed(event);
        }
        let mut line = line.clone();
        line.text = text;
        Cow::Owned(Event {
            kind: EventKind::Log(line),
            ..event.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::LogLine;
    use crate::rollout::Unit;

    fn line(task: &str, text: &str) -> Event {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        Event {
            at,
            target: Some("production".parse().unwrap()),
            service: Some("api".parse().unwrap()),
            kind: EventKind::Log(LogLine {
                at,
                container: "api".into(),
                task: task.into(),
                unit: Unit::Task,
                text: text.into(),
            }),
        }
    }

    #[test]
    fn a_key_is_hidden_though_another_task_writes_meanwhile() {
        let told = [
            ("a", "starts", "starts"),
            ("b", "starts", "starts"),
            ("a", "-----BEGIN EC PRIVATE KEY-----", MASK),
            ("b", "serves", "serves"),
            ("a", "MHcCAQEEIKqW", MASK),
            ("b", "serves", "serves"),
            ("a", "-----END EC PRIVATE KEY-----", MASK),
            ("a", "serves", "serves"),
        ];
        let mut streams = Streams::default();
        for (task, text, expected) in told {
            let event = line(task, text);
            let EventKind::Log(line) = &streams.next(&event).kind else {
                panic!("{text} is no line");
            };
            assert_eq!(line.text, expected);
        }
    }

    #[test]
    fn a_text_of_several_lines_stays_one() {
        let mut text = "a\n-----BEGIN PRIVATE KEY-----\nMHcCAQEE".to_owned();
        Lines::default().hide(&mut text);
        assert_eq!(text, format!("a\n{MASK}\n{MASK}"));
    }
}
