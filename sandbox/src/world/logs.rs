//! What containers write, where the `awslogs` driver puts it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::agenda::Due;
use super::task::TaskContainer;
use super::{Millis, World};

/// A stream keeps so many lines.
const LINES_KEPT: usize = 200;
/// Streams without a new line for so long are forgotten.
const KEPT_MS: Millis = 24 * 3_600_000;

/// The streams of one log group.
pub(crate) type Streams = BTreeMap<String, Vec<LogLine>>;

/// A line of a log stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogLine {
    pub(crate) at: Millis,
    /// Its place among all lines: the order within one millisecond, and its event id.
    pub(crate) number: u64,
    pub(crate) message: String,
}

impl World {
    pub(super) fn write_log(&mut self, container: &TaskContainer, lines: &[&str]) {
        let Some((group, stream)) = &container.log else {
            return;
        };
        let at = self.now;
        let streams = self.logs.entry(group.clone()).or_default();
        if !streams.contains_key(stream) {
            let (group, stream) = (group.clone(), stream.clone());
            let due = Due::ForgetStream { group, stream };
            self.agenda.push(at + KEPT_MS, due);
        }
        let stream = streams.entry(stream.clone()).or_default();
        for line in lines {
            let number = stream.last().map_or(0, |last| last.number + 1);
            stream.push(LogLine {
                at,
                number,
                message: (*line).to_owned(),
            });
        }
        let excess = stream.len().saturating_sub(LINES_KEPT);
        stream.drain(..excess);
    }

    /// Forgets a stream, or looks again when its newest line is old enough.
    pub(super) fn forget_stream(&mut self, group: &str, stream: &str) {
        let Some(streams) = self.logs.get_mut(group) else {
            return;
        };
        let last = streams.get(stream).and_then(|lines| lines.last());
        match last.map(|last| last.at + KEPT_MS) {
            Some(at) if at > self.now => {
                let (group, stream) = (group.to_owned(), stream.to_owned());
                self.agenda.push(at, Due::ForgetStream { group, stream });
            }
            _ => {
                streams.remove(stream);
            }
        }
    }

    pub(super) fn remember_streams(&mut self) {
        for (group, streams) in &self.logs {
            for (stream, lines) in streams {
                if let Some(last) = lines.last() {
                    let (group, stream) = (group.clone(), stream.clone());
                    let due = Due::ForgetStream { group, stream };
                    self.agenda.push(last.at + KEPT_MS, due);
                }
            }
        }
    }
}
