//! What the changes of a plan meet of the Deployment as it is, and a person should know: an autoscaler
//! that is switched off, no pod at all, somebody's pause. Pure.

use serde_json::Value;

use super::change::Change;
use super::observe::Observed;
use super::{Planning, counting, replicas};
use crate::plan::Note;

impl Planning<'_> {
    /// What the changes meet of the Deployment as it is: an autoscaler that is switched off, no pod at all,
    /// or somebody's pause.
    pub(super) fn meets(&self, observed: &Observed, changes: &[Change], rolls: bool) -> Vec<Note> {
        let Some(live) = observed.deployment(self.name()) else {
            return self.suspended(observed).into_iter().collect();
        };
        let after = replicas::replicas_after(live, changes);
        // An autoscaler is at work again once there is a pod.
        let rises = replicas::replicas(live) == 0 && after != 0;
        let mut notes: Vec<Note> = Vec::new();
        notes.extend(self.suspended(observed).filter(|_| !rises));
        if rolls && after == 0 && self.service.replicas != 0 {
            notes.push(counting::nothing_wanted(self.service, "pod"));
        }
        notes.extend(paused(self.name(), live).filter(|_| rolls));
        notes
    }

    /// Whether somebody switched our own autoscaler off.
    fn suspended(&self, observed: &Observed) -> Option<Note> {
        let objects = observed.objects.iter();
        let mut ours = objects.filter(|(_, live)| self.owner().has(live));
        let why = ours.find_map(|(id, live)| (id.kind.scaler()?.suspended)(live));
        counting::suspended(why.as_slice())
    }
}

/// That somebody paused the Deployment, as `kubectl rollout pause` does.
fn paused(name: &str, live: &Value) -> Option<Note> {
    let is_paused = live.pointer("/spec/paused").and_then(Value::as_bool);
    is_paused.filter(|paused| *paused).map(|_| {
        Note::warning(
            "paused",
            format!(
                "Deployment {name} is paused: its rollout begins once somebody resumes it \
                 (`kubectl rollout resume deployment/{name}`)."
            ),
        )
    })
}
