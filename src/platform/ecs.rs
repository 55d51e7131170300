//! ECS.
pub mod classify;
pub mod current;
mod diagnose;
pub mod followed;
mod halt;
pub mod reading;
mod sample;
pub mod view;
mod wire;
