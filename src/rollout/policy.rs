//! How long a rollout may take and how patient we are with what goes wrong.

use std::time::Duration;

use super::cause::Class;

/// How long a remedy may take before this process stops waiting for it. ECS backs off up to
/// 15 minutes between attempts to start a failing service's tasks (Amazon ECS developer guide,
/// service throttle logic).
pub(crate) const REMEDY_ALLOWANCE: Duration = Duration::from_mins(15);

/// The policy of one rollout, all of it from `rollout = { … }` in deploy.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Our revision not healthy by then: tripped. Counts from the platform's own creation time,
    /// pauses while the platform waits for a person or a hook.
    pub(crate) deadline: Duration,
    /// Stays under watch so long after it is ready.
    pub(crate) bake: Duration,
    /// So long without a fresh sample: undetermined.
    pub(crate) blindness: Duration,
    /// How long each class of cause may stand.
    pub(crate) patience: Patience,
}

/// How long each class of cause may stand before it trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// An image that does not exist; a second failure trips at once.
    pub(crate) certain: Duration,
    /// A secret, a permission or a quota that may still arrive.
    pub(crate) likely: Duration,
    /// A registry in trouble, or capacity that an autoscaler may bring.
    pub(crate) uncertain: Duration,
}

impl Patience {
    /// How long causes of this class may stand; `None` where time alone never trips.
    pub(crate) fn of(&self, class: Class) -> Option<Duration> {
        match class {
            Class::Certain => Some(self.certain),
            Class::Likely => Some(self.likely),
            Class::Uncertain => Some(self.uncertain),
            Class::Counted | Class::Unknown => None,
        }
    }
}

impl Policy {
    /// The defaults on ECS, where a rollout includes draining and load-balancer health checks.
    pub(crate) const fn ecs() -> Self {
        Self {
            deadline: Duration::from_mins(30),
            bake: Duration::ZERO,
            blindness: Duration::from_mins(5),
            patience: Patience {
                certain: Duration::from_secs(10),
                likely: Duration::from_mins(1),
                uncertain: Duration::from_mins(5),
            },
        }
    }

    /// The defaults on Kubernetes, where nothing is drained before the new version is in place.
    pub(crate) const fn kubernetes() -> Self {
        Self {
            deadline: Duration::from_mins(10),
            ..Self::ecs()
        }
    }
}
