//! What a listing of the history shows of one revision, without its contents.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mark::{self, Mark, State};
use super::{Captured, digest, moment};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::rollout::Rolled;
use crate::platform::kubernetes::{Kubernetes, key};
use crate::platform::origin::Origin;

/// The longest of the free texts that are kept.
const LONGEST: usize = 1_000;

/// What was there before a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CapturedState {
    /// No Deployment.
    Nothing,
    /// One that served.
    Healthy,
    /// One that did not, or not yet.
    Unwell,
}

/// One revision in the history.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RecordHead {
    /// Its number, from 1.
    pub(crate) number: u32,
    pub(crate) state: State,
    /// A digest of what was asked for.
    pub(crate) digest: String,
    /// The objects that were asked for.
    pub(crate) objects: Vec<Id>,
    /// The images of its containers, by container.
    pub(crate) images: BTreeMap<String, String>,
    /// The rollout that it started; `None`: none that is known.
    pub(crate) rolled: Option<Rolled>,
    /// What was there before.
    pub(crate) captured: CapturedState,
    /// Which revision that was.
    pub(crate) captured_revision: Option<u32>,
    /// Who, from which commit and why.
    pub(crate) origin: Origin,
    /// When it was opened, by the server's clock.
    pub(crate) began: Option<Timestamp>,
    /// When it ended.
    pub(crate) ended: Option<Timestamp>,
    /// Why it ended so, or why it goes back.
    pub(crate) reason: Option<String>,
    /// What it goes, or went, back to: a revision, or words.
    pub(crate) back_to: Option<String>,
    /// Who set the count last since, by `scale`.
    pub(crate) scaled: Option<String>,
    /// The run that opened it.
    pub(in crate::platform::kubernetes) run: String,
}

impl RecordHead {
    /// A record that is opened now.
    pub(super) fn begun(
        platform: &Kubernetes,
        number: u32,
        asked: &[Object],
        captured: Captured<'_>,
        now: Timestamp,
    ) -> Self {
        let clip = |text: &Option<String>| {
            let text: String = text.as_deref()?.trim().chars().take(LONGEST).collect();
            (!text.is_empty()).then_some(text)
        };
        Self {
            number,
            state: State::Going,
            digest: digest(asked),
            // What goes may stay, where the run is killed: the next one then knows of it.
            objects: ids(asked.iter().chain(captured.objects)),
            images: images(asked),
            rolled: None,
            captured: captured.state,
            captured_revision: captured.revision,
            origin: Origin {
                by: clip(&platform.origin.by),
                commit: clip(&platform.origin.commit),
                why: clip(&platform.origin.why),
                verb: clip(&platform.origin.verb),
            },
            began: Some(now),
            ended: None,
            reason: None,
            back_to: None,
            scaled: None,
            run: platform.run.clone(),
        }
    }

    /// What a listing shows; `None`: no record of ours.
    pub(in crate::platform::kubernetes) fn of(meta: ObjectMeta) -> Option<Self> {
        let number = meta.labels?.get(key::REVISION)?.parse().ok()?;
        let mut notes = meta.annotations.unwrap_or_default();
        let mut note = |key: &str| notes.remove(key);
        Some(Self {
            number,
            state: word(&note(mark::STATE)?)?,
            digest: note(mark::DIGEST).unwrap_or_default(),
            objects: json(note(mark::OBJECTS)).unwrap_or_default(),
            images: json(note(mark::IMAGES)).unwrap_or_default(),
            rolled: json(note(mark::ROLLED)),
            captured: note(mark::CAPTURED)
                .and_then(|text| word(&text))
                .unwrap_or(CapturedState::Unwell),
            captured_revision: note(mark::CAPTURED_REVISION).and_then(|text| text.parse().ok()),
            origin: Origin {
                by: note(key::BY),
                commit: note(key::COMMIT),
                why: note(key::WHY),
                verb: note(key::VERB),
            },
            began: note(mark::BEGAN).and_then(|text| moment(&text)),
            ended: note(mark::ENDED).and_then(|text| moment(&text)),
            reason: note(mark::REASON),
            back_to: note(mark::BACK_TO),
            scaled: note(mark::SCALED),
            run: note(mark::RUN).unwrap_or_default(),
        })
    }

    /// One for tests.
    #[cfg(test)]
    pub(crate) fn sample(number: u32, state: State, captured: CapturedState) -> Self {
        Self {
            number,
            state,
            digest: format!("digest{number}"),
            objects: Vec::new(),
            images: BTreeMap::new(),
            rolled: None,
            captured,
            captured_revision: None,
            origin: Origin::default(),
            began: None,
            ended: None,
            reason: None,
            back_to: None,
            scaled: None,
            run: "run".into(),
        }
    }

    /// As annotations.
    pub(super) fn annotations(&self) -> BTreeMap<String, String> {
        let fixed = [
            (mark::DIGEST, Some(self.digest.clone())),
            (mark::OBJECTS, text(&self.objects)),
            (mark::IMAGES, text(&self.images)),
            (mark::CAPTURED, unquoted(&self.captured)),
            (
                mark::CAPTURED_REVISION,
                self.captured_revision.map(|number| number.to_string()),
            ),
            (mark::BEGAN, self.began.map(|at| at.to_string())),
            (mark::RUN, Some(self.run.clone())),
            (key::BY, self.origin.by.clone()),
            (key::COMMIT, self.origin.commit.clone()),
            (key::WHY, self.origin.why.clone()),
            (key::VERB, self.origin.verb.clone()),
        ];
        let moving = Mark {
            state: Some(self.state),
            rolled: self.rolled.clone(),
            ended: self.ended,
            reason: self.reason.clone(),
            back_to: self.back_to.clone(),
            scaled: self.scaled.clone(),
        };
        fixed
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .chain(moving.annotations())
            .collect()
    }
}

impl Mark {
    /// Makes the mark on what a listing showed.
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

/// The ids of objects, each once.
pub(super) fn ids<'a>(objects: impl Iterator<Item = &'a Object>) -> Vec<Id> {
    let mut ids: Vec<Id> = Vec::new();
    for object in objects {
        if !ids.contains(&object.id) {
            ids.push(object.id.clone());
        }
    }
    ids
}

/// The number that the next record gets.
pub(crate) fn next(heads: &[RecordHead]) -> u32 {
    heads.iter().map(|head| head.number).max().unwrap_or(0) + 1
}

/// A revision as people name it: `api v3`.
pub(crate) fn short(name: &str, number: u32) -> String {
    format!("{name} v{number}")
}

/// Whether a record was opened by this run.
pub(super) fn is_of_run(meta: &ObjectMeta, run: &str) -> bool {
    meta.annotations
        .as_ref()
        .and_then(|notes| notes.get(mark::RUN))
        .is_some_and(|opened| opened == run)
}

/// The images of the Deployment among these, by container.
pub(crate) fn images(objects: &[Object]) -> BTreeMap<String, String> {
    let containers = objects
        .iter()
        .find(|object| object.id.kind.runs_pods())
        .and_then(|object| object.manifest.pointer("/spec/template/spec/containers"))
        .and_then(Value::as_array);
    let word = |container: &Value, key: &str| Some(container.get(key)?.as_str()?.to_owned());
    containers
        .into_iter()
        .flatten()
        .filter_map(|container| Some((word(container, "name")?, word(container, "image")?)))
        .collect()
}

fn text(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// A word of a closed set, without JSON's quotes.
fn unquoted(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value).ok()? {
        Value::String(word) => Some(word),
        _ => None,
    }
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::String(text.to_owned())).ok()
}

fn json<T: serde::de::DeserializeOwned>(text: Option<String>) -> Option<T> {
    serde_json::from_str(&text?).ok()
}
