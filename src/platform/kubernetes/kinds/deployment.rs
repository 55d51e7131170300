//! The Deployment: the pods themselves.

pub mod account;
pub(super) mod container;
pub(super) mod order;
mod pod;
