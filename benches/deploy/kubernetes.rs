//! The same on Kubernetes: a real control plane with simulated pods that are ready after half a second, a gate before it
//! that counts and delays, and other tools with the same manifests through the same gate.
//!
//! Their figures in the table are those of kubectl 1.35, Helm 3.17 and 4.1 and kapp 0.60 with nothing cached, on a
//! Deployment, a Service, an Ingress and an autoscaler.

pub(crate) mod peers;
pub(crate) mod requests;
pub(crate) mod stage;
pub(crate) mod verdicts;
