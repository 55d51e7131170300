//! What moves the number of pods, whatever its kind: how it is read. Pure.

use serde_json::Value;

use crate::answer::{Bounds, Message};
use crate::platform::counting::Scaled;

/// How a kind moves the number of pods.
#[derive(Debug)]
pub(crate) struct Scaler {
    /// The field of its `spec` that says how many there are at least.
    pub(crate) min: &'static str,
    /// The field that says how many there are at most.
    pub(crate) max: &'static str,
    /// What it aims at, each in a few words.
    pub(crate) policies: fn(&Value) -> Vec<String>,
    /// Why it leaves the number alone, where somebody switched it off.
    pub(crate) suspended: fn(&Value) -> Option<String>,
    /// That it stands still though nobody switched it off, and what to do.
    pub(crate) stuck: fn(&Value) -> Option<Message>,
    /// The code of the note that tells so.
    pub(crate) stuck_code: &'static str,
}

impl Scaler {
    /// The bounds, 1 where it says nothing, and the number that is wanted at present.
    pub(crate) fn scaled(&self, scaler: &Value, now: u32) -> Scaled {
        let bound = |field: &str| {
            let bound = scaler["spec"][field].as_u64();
            bound.map_or(1, |bound| u32::try_from(bound).unwrap_or(u32::MAX))
        };
        Scaled {
            min: bound(self.min),
            max: bound(self.max),
            now,
        }
    }

    /// The bounds with what it aims at, for `status`; it may leave the lower one out when it is 1.
    pub(crate) fn bounds(&self, scaler: &Value) -> Option<Bounds> {
        let number = |field: &str| i32::try_from(scaler["spec"][field].as_i64()?).ok();
        Some(Bounds {
            min: number(self.min).unwrap_or(1),
            max: number(self.max)?,
            policies: (self.policies)(scaler),
            suspended: (self.suspended)(scaler).into_iter().collect(),
        })
    }
}
