//! Scaling, and how a rollout is judged.

use serde_json::{Value as Json, json};

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::model::OnCancel;
use crate::spec::scalar::{Percent, Positive, Whole, is_number, percentage};
use crate::spec::shape::{Shape, table, words};
use crate::spec::tree::{Node, Value};
use crate::spec::units::Time;

/// A day: no wait of ours is longer.
const DAY: u64 = 86_400;

words!(OnCancel, "what a signal does", "detach" => OnCancel::Detach, "rollback" => OnCancel::Rollback);

table! {
    /// Target tracking between two bounds; the metric that asks for most tasks wins.
    "scaling" Scaling {
        /// Fewest tasks, at least 1.
        min: Whole<0, 5000> = required,
        /// Most tasks.
        max: Whole<1, 5000> = required,
        /// Average CPU to aim at, percent; on Kubernetes of what is reserved.
        cpu: Percent,
        /// Average memory to aim at, percent; on Kubernetes of what is reserved.
        memory: Percent,
        /// Load-balancer requests per task and minute to aim at; on ECS only, and needs `ecs.load_balancer`.
        requests: Positive,
        /// Rest after scaling in. Default: 300s.
        scale_in_cooldown: Time<0, DAY>,
        /// Rest after scaling out. Default: 300s; on Kubernetes 0s.
        scale_out_cooldown: Time<0, DAY>,
    }
}

table! {
    /// How a rollout is judged, and what follows.
    "rollout" Rollout {
        /// Not healthy by then: tripped. Default: 30m; on Kubernetes 10m.
        deadline: Time<10, DAY>,
        /// Stays under watch so long after it is ready. Default: 0s.
        bake: Time<0, DAY>,
        /// So long without news of the rollout: undetermined. Default: 5m.
        blindness: Time<10, DAY>,
        /// How long a cause of failure may stand before it trips.
        patience: Patience,
        /// The failure budget, or false. Default: 50 %, at least 3, with rollback.
        breaker: Breaker,
        /// What the first Ctrl-C does. Default: detach.
        on_cancel: OnCancel,
    }
}

table! {
    /// How long a cause of failure may stand before it trips.
    "patience" Patience {
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
        threshold: Threshold,
        /// Whether a percentage means at least 3 and at most 200 failures. Default: true.
        bounded: bool,
        /// Whether a trip is followed by going back to the last good revision. Default: true.
        rollback: bool,
        /// Whether a healthy task sets the count back to zero. Default: true.
        reset_on_healthy: bool,
    }
}

/// The failure budget, or `false`.
pub(in crate::spec) enum Breaker {
    Off,
    On(Box<BreakerTable>),
}

impl Shape for Breaker {
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
pub(in crate::spec) enum Threshold {
    Percent(u32),
    Count(u32),
}

/// `1%` to `100%`.
pub(in crate::spec) static SHARE: Pattern = Pattern::new("(?:[1-9][0-9]?|100) ?%");

/// ECS counts failures in such numbers.
const MOST: u32 = i32::MAX.unsigned_abs();

impl Shape for Threshold {
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
