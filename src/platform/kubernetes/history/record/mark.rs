//! What becomes of a revision, as it is marked in its record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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

/// How a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It was begun, and nothing says how it ended.
    Going,
    /// It was seen to serve.
    Healthy,
    /// It tripped, and what was there before is being brought back.
    GoingBack,
    /// It tripped, and what was there before serves again.
    RolledBack,
    /// It tripped, and nothing was brought back.
    Failed,
    /// Somebody else's action took its place.
    Superseded,
    /// Its run ended before it did, and left it to itself.
    Left,
}

impl State {
    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Going => "going",
            Self::Healthy => "healthy",
            Self::GoingBack => "going-back",
            Self::RolledBack => "rolled-back",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Left => "left",
        }
    }

    /// Whether it may still become something else.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Going | Self::GoingBack | Self::Left)
    }
}

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
}
