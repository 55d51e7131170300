//! How a rollout is judged, and what follows.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::rollout::{Patience, Policy};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::resolve::or;
use crate::spec::scalar::{Whole, is_number, percentage};
use crate::spec::shape::{At, Shape, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::units;
use crate::spec::units::Time;
use crate::spec::words::scaling::DAY;

words!(OnCancel, "what a signal does", "detach" => OnCancel::Detach, "rollback" => OnCancel::Rollback);

table! {
    /// How a rollout is judged, and what follows.
    "rollout" RolloutTable {
        /// Not healthy by then: tripped. Default: 30m; on Kubernetes 10m.
        deadline: Time<10, DAY>,
        /// Stays under watch so long after it is ready. Default: 0s.
        bake: Time<0, DAY>,
        /// So long without news of the rollout: undetermined. Default: 5m.
        blindness: Time<10, DAY>,
        /// How long a cause of failure may stand before it trips.
        patience: PatienceTable,
        /// The failure budget, or false. Default: 50 %, at least 3, with rollback.
        breaker: WrittenBreaker,
        /// What the first Ctrl-C does. Default: detach.
        on_cancel: OnCancel,
    }
}

table! {
    /// How long a cause of failure may stand before it trips.
    "patience" PatienceTable {
        /// An image that does not exist. Default: 10s.
        certain: Time<0, DAY>,
        /// A secret, a permission or a quota that may still arrive. Default: 60s.
        likely: Time<0, DAY>,
        /// A registry in trouble, or capacity that may come. Default: 5m.
        uncertain: Time<0, DAY>,
    }
}

table! {
    /// The failure budget of a rollout.
    "breaker" BreakerTable {
        /// So many failures trip: "50%" of the desired tasks, or a number. Default: "50%".
        threshold: WrittenThreshold,
        /// Whether a percentage means at least 3 and at most 200 failures. Default: true.
        bounded: bool,
        /// Whether a trip is followed by going back to the last good revision. Default: true.
        rollback: bool,
        /// Whether a healthy task sets the count back to zero. Default: true.
        reset_on_healthy: bool,
    }
}

/// The failure budget, or `false`.
pub(in crate::spec) enum WrittenBreaker {
    Off,
    On(Box<BreakerTable>),
}

impl Shape for WrittenBreaker {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match node.value {
            Value::Bool(false) => Some(Self::Off),
            Value::Table(_) => Some(Self::On(Box::new(BreakerTable::read(node, findings)?))),
            Value::Bool(true) => Some(Self::On(Box::default())),
            _ => {
                let expected = "a table such as { threshold = \"50%\", rollback = true }, or false";
                findings.wrong_type(node, expected, None);
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [BreakerTable::schema(), { "type": "boolean" }] })
    }
}

/// How many failures trip.
#[derive(Clone, Copy)]
pub(in crate::spec) enum WrittenThreshold {
    Percent(u32),
    Count(u32),
}

/// `1%` to `100%`.
pub(in crate::spec) static SHARE: Pattern = Pattern::new("(?:[1-9][0-9]?|100) ?%");

/// ECS counts failures in such numbers.
const MOST: u32 = i32::MAX.unsigned_abs();

impl Shape for WrittenThreshold {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if is_number(node) {
            let Whole::<1, MOST>(count) = Whole::read(node, findings)?;
            return Some(Self::Count(count));
        }
        if let Some(percent) = percentage(node, &SHARE) {
            Some(Self::Percent(percent))
        } else {
            let message =
                "this is not a threshold: write \"1%\" to \"100%\", or a number of failures";
            findings.bad_value(node.spot, message);
            None
        }
    }

    fn schema() -> Json {
        json!({
            "anyOf": [SHARE.schema(), { "type": "integer", "minimum": 1, "maximum": MOST }],
        })
    }
}

/// How a rollout is judged and what follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rollout {
    /// Deadline, bake, blindness and patience.
    pub(crate) policy: Policy,
    /// The breaker says how many failures a rollout may have.
    pub(crate) breaker: Breaker,
    /// What the first SIGINT or SIGTERM does.
    pub(crate) on_cancel: OnCancel,
}

/// The failure budget of a rollout, in the same words on both platforms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Breaker {
    /// Off: only patience and the deadline trip.
    pub(crate) enabled: bool,
    /// Whether a trip is followed by going back to the last good revision.
    pub(crate) rollback: bool,
    /// How many failures trip.
    pub(crate) threshold: Threshold,
    /// Whether a healthy task sets the count back to zero.
    pub(crate) reset_on_healthy: bool,
}

/// How many failures trip the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// `clamp(ceil(percent of desired), 3, 200)` (Amazon ECS developer guide, deployment circuit breaker).
    BoundedPercent(u32),
    /// So many failures trip: `ceil(percent of desired)`, without bounds.
    UnboundedPercent(u32),
    /// This number of failures trips, however many tasks are desired.
    Count(u32),
}

/// What the first signal does to a rollout under way.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnCancel {
    /// The command ends and leaves the rollout to itself.
    #[default]
    Detach,
    /// The command asks for a rollback before it ends.
    Rollback,
}

/// How a rollout is judged where the file says nothing.
pub(in crate::spec) fn policy(ecs: bool) -> Policy {
    if ecs {
        Policy::ecs()
    } else {
        Policy::kubernetes()
    }
}

/// How a rollout is judged; `None` where it cannot be told.
pub(in crate::spec) fn rollout(
    raw: Option<At<RolloutTable>>,
    defaults: Policy,
    findings: &mut Findings,
) -> Option<Rollout> {
    let Some(At { value: raw, .. }) = raw else {
        return Some(Rollout {
            policy: defaults,
            breaker: breaker(None, findings)?,
            on_cancel: OnCancel::default(),
        });
    };
    let bake = raw.bake.as_ref().map_or(defaults.bake, |at| at.value.0);
    let deadline = raw
        .deadline
        .as_ref()
        .map_or(defaults.deadline, |at| at.value.0);
    if bake >= deadline
        && let Some(at) = &raw.bake
    {
        let problem =
            Problem::new("conflict", "`bake` must be shorter than the deadline").at(at.spot);
        findings.problem(match &raw.deadline {
            Some(deadline) => problem.also(deadline.spot, "the deadline"),
            None => problem.label(format!(
                "the deadline is {} by default",
                units::written(defaults.deadline.as_secs())
            )),
        });
    } else if bake >= deadline {
        findings.bad_value(
            raw.deadline.as_ref()?.spot,
            "the deadline must be longer than `bake`",
        );
    }
    Some(Rollout {
        policy: Policy {
            deadline,
            bake,
            blindness: raw.blindness.map_or(defaults.blindness, |at| at.value.0),
            patience: patience(raw.patience, defaults.patience),
        },
        breaker: breaker(raw.breaker, findings)?,
        on_cancel: or(raw.on_cancel, OnCancel::default()),
    })
}

fn patience(raw: Option<At<PatienceTable>>, defaults: Patience) -> Patience {
    let Some(At { value: raw, .. }) = raw else {
        return defaults;
    };
    Patience {
        certain: raw.certain.map_or(defaults.certain, |at| at.value.0),
        likely: raw.likely.map_or(defaults.likely, |at| at.value.0),
        uncertain: raw.uncertain.map_or(defaults.uncertain, |at| at.value.0),
    }
}

/// The breaker is on, with rollback, at 50 % bounded, unless the file says otherwise.
fn breaker(raw: Option<At<WrittenBreaker>>, findings: &mut Findings) -> Option<Breaker> {
    let mut breaker = Breaker {
        enabled: true,
        rollback: true,
        threshold: Threshold::BoundedPercent(50),
        reset_on_healthy: true,
    };
    let table = match raw.map(|at| at.value) {
        None => return Some(breaker),
        Some(WrittenBreaker::Off) => {
            breaker.enabled = false;
            breaker.rollback = false;
            return Some(breaker);
        }
        Some(WrittenBreaker::On(table)) => table,
    };
    let bounded = table.bounded.as_ref().is_none_or(|at| at.value);
    breaker.threshold = match table.threshold.map(|at| at.value) {
        Some(WrittenThreshold::Count(count)) => {
            if let Some(at) = table.bounded.filter(|at| at.value) {
                let message = "only a percentage is bounded, not a number of failures";
                findings.bad_value(at.spot, message);
                return None;
            }
            Threshold::Count(count)
        }
        Some(WrittenThreshold::Percent(percent)) if bounded => Threshold::BoundedPercent(percent),
        Some(WrittenThreshold::Percent(percent)) => Threshold::UnboundedPercent(percent),
        None if bounded => Threshold::BoundedPercent(50),
        None => Threshold::UnboundedPercent(50),
    };
    breaker.rollback = or(table.rollback, true);
    breaker.reset_on_healthy = or(table.reset_on_healthy, true);
    Some(breaker)
}
