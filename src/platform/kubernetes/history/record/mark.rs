//! What becomes of a revision, as it is marked in its record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::State;
use super::head::RecordHead;
use crate::platform::kubernetes::rollout::Rolled;

pub(super) const STATE: &str = "deployer/state";
/// A digest of what was asked for.
pub(super) const DIGEST: &str = "deployer/digest";
/// Which objects were asked for, as JSON.
pub(super) const OBJECTS: &str = "deployer/objects";
/// The images by container, as JSON.
pub(super) const IMAGES: &str = "deployer/images";
/// The rollout that it started, as JSON.
pub(super) const ROLLED: &str = "deployer/deployment";
/// What was there before: `nothing`, `healthy` or `unwell`.
pub(super) const CAPTURED: &str = "deployer/captured";
/// Which revision that was.
pub(super) const CAPTURED_REVISION: &str = "deployer/captured-revision";
/// When it was opened, RFC 3339.
pub(super) const BEGAN: &str = "deployer/began";
/// When it ended, RFC 3339.
pub(super) const ENDED: &str = "deployer/ended";
/// Why it ended so, or why it goes back.
pub(super) const REASON: &str = "deployer/reason";
/// What it goes back to.
pub(super) const BACK_TO: &str = "deployer/back-to";
/// Who set the count last since, by `scale`.
pub(super) const SCALED: &str = "deployer/scaled";
/// The run that opened it.
pub(super) const RUN: &str = "deployer/run";

/// What becomes of a revision. What is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Mark {
    /// How it stands now.
    pub(crate) state: Option<State>,
    /// The rollout that it started.
    pub(crate) rolled: Option<Rolled>,
    /// When it ended.
    pub(crate) ended: Option<Timestamp>,
    /// Why it ended so, or why it goes back.
    pub(crate) reason: Option<String>,
    /// What it goes back to.
    pub(crate) back_to: Option<String>,
    /// Who set the count since, by `scale`.
    pub(crate) scaled: Option<String>,
}

impl Mark {
    /// As annotations.
    pub(super) fn annotations(&self) -> BTreeMap<String, String> {
        let rolled = self.rolled.as_ref();
        [
            (STATE, self.state.map(|state| state.as_str().to_owned())),
            (
                ROLLED,
                rolled.and_then(|rolled| serde_json::to_string(rolled).ok()),
            ),
            (ENDED, self.ended.map(|at| at.to_string())),
            (REASON, self.reason.clone()),
            (BACK_TO, self.back_to.clone()),
            (SCALED, self.scaled.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
    }

    /// As a merge patch of a record. One that serves has no reason to show any more, such as that
    /// of an earlier run for which it did not in time.
    pub(super) fn patch(&self) -> Value {
        let mut notes = json!(self.annotations());
        if self.state == Some(State::Healthy) {
            notes[REASON] = Value::Null;
        }
        json!({ "metadata": { "annotations": notes } })
    }

    /// The same on what a listing showed.
    pub(in crate::platform::kubernetes) fn apply(&self, head: &mut RecordHead) {
        let mark = self.clone();
        head.state = mark.state.unwrap_or(head.state);
        head.rolled = mark.rolled.or(head.rolled.take());
        head.ended = mark.ended.or(head.ended);
        head.reason = mark.reason.or(head.reason.take());
        head.back_to = mark.back_to.or(head.back_to.take());
        head.scaled = mark.scaled.or(head.scaled.take());
        if head.state == State::Healthy {
            head.reason = None;
        }
    }
}
