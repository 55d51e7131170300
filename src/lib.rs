//! deployer.

pub mod clock;
pub mod event;
pub mod names;
pub mod plan;
pub mod platform;
pub mod rollout;
pub mod spec;
