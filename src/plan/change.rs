//! What the loop asks of a change, whatever its platform.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One change of a plan: one write.
pub(crate) trait Change: Debug + Clone + PartialEq + Serialize + DeserializeOwned {
    /// In words: "update service api-service".
    fn words(&self) -> String;

    /// Whether it is made only once the new revision is healthy, so that going back brings
    /// everything back.
    fn waits_for_health(&self) -> bool;

    /// Whether a rollout begins with it.
    fn starts_rollout(&self) -> bool;

    /// Whether it is made side by side with this one that comes just before it; else the one after
    /// the other.
    fn is_beside(&self, _before: &Self) -> bool {
        false
    }

    /// Whether it is none of the service: the platform keeps it with what precedes the first write,
    /// and nobody is told.
    fn is_kept_before(&self) -> bool {
        false
    }
}
