//! deployer.

pub mod names;
pub mod rollout;
pub mod spec;
