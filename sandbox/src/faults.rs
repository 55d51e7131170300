//! Faults as data: which request, and what goes wrong with it.

use serde::{Deserialize, Serialize};

/// A fault. Of the requests that fit, those before the `nth` pass, and the next `times` are hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only requests of this operation, as AWS writes it (`UpdateService`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only requests of this service (`ecs`, `sts`, `logs`, `elasticloadbalancing`,
    /// `application-autoscaling`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The first request that is hit, counted from 1 among those that fit.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many are hit; 0 stands for all.
    #[serde(default = "one")]
    pub times: u64,
    /// Only from so long after the world began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Only until so long after the world began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// What goes wrong.
    pub effect: Effect,
    /// How many requests have fitted so far.
    #[serde(default)]
    pub seen: u64,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Effect {
    /// Refused: rate exceeded. Not performed.
    Throttle,
    /// A 500 before anything was done.
    ServerError,
    /// A 500 although it was done.
    ServerErrorAfter,
    /// Refused: not permitted.
    AccessDenied,
    /// Refused: the token has expired.
    ExpiredToken,
    /// Refused: the operation is not known here.
    UnknownOperation,
    /// A page of HTML with this status, as a proxy or an emulator sends it.
    Html {
        /// The HTTP status.
        status: u16,
    },
    /// Performed, then the connection breaks before the reply.
    LoseReply,
    /// The connection breaks before anything is done.
    DropRequest,
    /// Nobody accepts the connection.
    Refuse,
    /// Performed at once, answered so much later.
    Delay {
        /// Of the caller's clock.
        ms: u64,
    },
    /// The sandbox's clock is ahead of (or behind) the caller's by so much: signatures older than
    /// five minutes are refused, with the time in the reply's `date`.
    ClockSkew {
        /// Positive when the sandbox is ahead.
        ms: i64,
    },
}

fn one() -> u64 {
    1
}

impl Fault {
    /// The effect on the next request, whichever it is.
    pub fn new(effect: Effect) -> Self {
        Self {
            operation: None,
            service: None,
            nth: 1,
            times: 1,
            from_ms: None,
            until_ms: None,
            effect,
            seen: 0,
        }
    }

    /// The effect on the next request of this operation.
    pub fn on(operation: &str, effect: Effect) -> Self {
        Self {
            operation: Some(operation.to_owned()),
            ..Self::new(effect)
        }
    }

    /// The same, from the `nth` fitting request on.
    #[must_use]
    pub fn nth(self, nth: u64) -> Self {
        Self { nth, ..self }
    }

    /// The same, for so many requests; 0 stands for all.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times, ..self }
    }

    /// The same, only within this time since the world began.
    #[must_use]
    pub fn between(self, from_ms: i64, until_ms: i64) -> Self {
        Self {
            from_ms: Some(from_ms),
            until_ms: Some(until_ms),
            ..self
        }
    }

    /// Counts a request, and says whether this fault hits it.
    fn hits(&mut self, service: &str, operation: &str, elapsed_ms: i64) -> bool {
        let named = |want: &Option<String>, is: &str| want.as_deref().is_none_or(|want| want == is);
        let timely = self.from_ms.is_none_or(|from| elapsed_ms >= from)
            && self.until_ms.is_none_or(|until| elapsed_ms < until);
        if !named(&self.service, service) || !named(&self.operation, operation) || !timely {
            return false;
        }
        self.seen += 1;
        let over = self.times > 0 && self.seen >= self.nth.saturating_add(self.times);
        self.seen >= self.nth && !over
    }
}

/// Counts a request against every fault and returns the effect of the first that hits.
pub(crate) fn strike(
    faults: &mut [Fault],
    service: &str,
    operation: &str,
    elapsed_ms: i64,
) -> Option<Effect> {
    let mut effect = None;
    for fault in faults {
        if fault.hits(service, operation, elapsed_ms) && effect.is_none() {
            effect = Some(fault.effect.clone());
        }
    }
    effect
}

#[cfg(test)]
mod tests {
    use super::{Effect, Fault, strike};

    #[test]
    fn a_fault_hits_the_nth_fitting_request_and_as_many_as_it_says() {
        let mut faults = [Fault::on("UpdateService", Effect::Throttle).nth(2).times(2)];
        let mut hit = |operation| strike(&mut faults, "ecs", operation, 0).is_some();
        let seen = [
            "UpdateService",
            "DescribeServices",
            "UpdateService",
            "UpdateService",
            "UpdateService",
        ];
        assert_eq!(seen.map(&mut hit), [false, false, true, true, false]);
    }

    #[test]
    fn outside_its_time_a_fault_neither_hits_nor_counts() {
        let mut faults = [Fault::new(Effect::ExpiredToken).times(0).between(10, 20)];
        let hit = [5, 10, 19, 20].map(|at| strike(&mut faults, "ecs", "ListTasks", at).is_some());
        assert_eq!(hit, [false, true, true, false]);
    }
}
