//! How a rollout is judged. Pure: time and the cloud enter only as arguments.

pub mod budget;
pub mod cause;
pub mod halted;
pub mod machine;
pub mod observation;
pub mod policy;
pub mod verdict;
mod window;

pub use self::budget::Budget;
pub use self::cause::{Cause, Class};
pub use self::halted::Halted;
pub use self::machine::{Back, Phase, Rollout};
pub use self::observation::{BreakerGauge, Failure, Gauge, Observation, Standing, Unit};
pub use self::policy::{Patience, Policy};
pub use self::verdict::{Doubt, Rollback, Trip, Tripper, Verdict, WhyNot};
