//! A plan: what differs, what will be done about it, and the facts it was based on.
//!
//! A plan leaves no choice to whoever performs it. It can be printed ([`ChangeView`], [`Note`]),
//! counted and saved; performing it against other facts than its basis is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::names::ServiceName;

pub(crate) mod change;
pub(crate) mod saved;

pub(crate) use self::change::Change;

/// What is printed in place of a value that may be a secret.
pub(crate) const MASK: &str = "(masked)";

/// What is to be done for one service. `B` is the platform's basis, `C` its change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan<B, C> {
    /// Which service.
    pub(crate) service: ServiceName,
    /// The facts that it rests on; performing it against others is refused.
    pub(crate) basis: B,
    /// In the order in which they are performed. Empty: nothing to do.
    pub(crate) changes: Vec<C>,
    /// The same for people, field by field.
    pub(crate) views: Vec<ChangeView>,
    /// What a person should know before saying yes.
    pub(crate) notes: Vec<Note>,
    /// The shortest time in which the rollout can end, where the plan starts one.
    pub(crate) shortest: Option<Duration>,
}

impl<B, C> Plan<B, C> {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The heaviest effect of all changes.
    pub(crate) fn effect(&self) -> Option<Effect> {
        self.views.iter().map(|view| view.effect).max()
    }
}

impl<B, C: Change> Plan<B, C> {
    /// Whether a rollout begins with it.
    pub(crate) fn starts_rollout(&self) -> bool {
        self.changes.iter().any(C::starts_rollout)
    }

    /// The changes that wait for a healthy rollout, in words.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let waiting = self.changes.iter().filter(|one| one.waits_for_health());
        waiting.map(C::words).collect()
    }
}

/// What must be done so that what is there becomes what is asked for. `C` is the platform's change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft<C> {
    /// In the order in which they are performed.
    pub(crate) changes: Vec<C>,
    /// The same for people, field by field.
    pub(crate) views: Vec<ChangeView>,
    /// What the comparison itself has to say.
    pub(crate) notes: Vec<Note>,
    /// Objects and paths of views that say that something stays, and whose it is from then on.
    pub(crate) left: BTreeSet<(String, String)>,
}

impl<C> Default for Draft<C> {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            views: Vec::new(),
            notes: Vec::new(),
            left: BTreeSet::new(),
        }
    }
}

impl<C: Change> Draft<C> {
    /// The plan, which rests on `basis` and takes at least so long.
    pub(crate) fn into_plan<B>(
        self,
        service: &ServiceName,
        basis: B,
        shortest: Option<Duration>,
    ) -> Plan<B, C> {
        Plan {
            service: service.clone(),
            basis,
            changes: self.changes,
            views: self.views,
            notes: self.notes,
            shortest,
        }
    }

    /// Whether a rollout begins with it.
    pub(crate) fn starts_rollout(&self) -> bool {
        self.changes.iter().any(C::starts_rollout)
    }
}

/// One changed field, ready to be shown: values that may be secret are masked already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct ChangeView {
    /// What it belongs to: "task definition", "service", "autoscaling".
    pub(crate) object: String,
    /// Where in it: `containers.api.image`. Empty: the whole object.
    pub(crate) path: String,
    /// What is there now; `None`: nothing.
    pub(crate) from: Option<String>,
    /// What will be there; `None`: nothing.
    pub(crate) to: Option<String>,
    /// What people and traffic notice of it.
    pub(crate) effect: Effect,
}

/// What people and traffic notice of a change, lightest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// Nothing visible.
    Invisible,
    /// The number of tasks or its bounds.
    Scales,
    /// New tasks take the place of the old ones, within the percentages of the rollout.
    Restarts,
    /// The object is made, or deleted, or deleted and made again.
    Replaces,
}

impl Effect {
    /// As it is shown behind a change.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Invisible => "nothing visible",
            Self::Scales => "scales",
            Self::Restarts => "restarts",
            Self::Replaces => "replaces",
        }
    }
}

/// Something a person should know before saying yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Note {
    /// For scripts: `deadline_too_short`, `movable_tag`…
    pub(crate) code: String,
    /// How much it matters.
    pub(crate) weight: Weight,
    /// One or two sentences.
    pub(crate) text: String,
}

/// How much a note matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Weight {
    /// Good to know.
    Info,
    /// It may well go wrong.
    Warning,
}

impl Note {
    /// Good to know.
    pub(crate) fn info(code: &str, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            weight: Weight::Info,
            text: text.into(),
        }
    }

    /// It may well go wrong.
    pub(crate) fn warning(code: &str, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            weight: Weight::Warning,
            text: text.into(),
        }
    }
}
