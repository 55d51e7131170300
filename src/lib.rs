//! deployer.

pub mod sandbox;
