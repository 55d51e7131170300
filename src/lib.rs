//! deployer.

pub mod cancel;
pub mod cli;
pub mod clock;
pub mod error;
pub mod event;
pub mod names;
pub mod plan;
pub mod report;
pub mod rollout;
pub mod spec;
