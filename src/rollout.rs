//! How a rollout is judged. Pure: time and the cloud enter only as arguments.

pub(crate) mod budget;
pub(crate) mod cause;
pub(crate) mod halted;
pub(crate) mod machine;
pub(crate) mod observation;
pub(crate) mod policy;
pub(crate) mod verdict;
mod window;

pub(crate) use self::budget::Budget;
pub(crate) use self::cause::{Cause, Class};
pub(crate) use self::halted::Halted;
pub(crate) use self::machine::{Back, Phase, Rollout};
pub(crate) use self::observation::{BreakerGauge, Failure, Gauge, Observation, Standing, Unit};
pub(crate) use self::policy::{Patience, Policy};
pub(crate) use self::verdict::{Doubt, Rollback, Trip, Tripper, Verdict, WhyNot};
