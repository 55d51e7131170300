//! The words of the format: in each file how a setting is written, what it comes to, and how the one
//! becomes the other.

pub(super) mod architecture;
pub(super) mod capacity;
pub(super) mod cluster;
pub(super) mod container;
pub(super) mod depends_on;
pub(super) mod ecs;
pub(super) mod env;
pub(super) mod exec;
pub(super) mod execution_role;
pub(super) mod health;
pub(super) mod ingress;
pub(super) mod kubernetes;
pub(super) mod logs;
pub(super) mod namespace;
pub(super) mod network;
pub(super) mod patch;
pub(super) mod ports;
pub(super) mod probes;
pub(super) mod resources;
pub(super) mod rollout;
pub(super) mod scaling;
pub(super) mod secret;
pub(super) mod service;
pub(super) mod share;
pub(super) mod size;
pub(super) mod tags;
pub(super) mod target;
pub(super) mod target_groups;
pub(super) mod user;
