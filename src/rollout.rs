//! How a rollout is judged. Pure: time and the cloud enter only as arguments.

pub mod budget;
pub mod cause;
pub mod machine;
pub mod observation;
pub mod policy;
pub mod verdict;
mod window;

pub use budget::Budget;
pub use cause::{Cause, Class};
pub use machine::{Back, Phase, Rollout};
pub use observation::{BreakerGauge, Failure, Gauge, Observation, Standing, Unit};
pub use policy::{Patience, Policy};
pub use verdict::{Doubt, Rollback, Trip, Tripper, Verdict, WhyNot};
