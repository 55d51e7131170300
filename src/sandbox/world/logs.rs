//! What containers write, where the `awslogs` driver puts it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
        let stream = self
            .logs
            .entry(group.clone())
            .or_default()
            .entry(stream.clone())
            .or_default();
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
}

pub(super) fn sweep(groups: &mut BTreeMap<String, Streams>, now: Millis) {
    for streams in groups.values_mut() {
        streams.retain(|_, lines| lines.last().is_none_or(|last| last.at > now - KEPT_MS));
    }
}
