//! The Service: under which name and port the pods are found.

pub mod outside;
pub mod ports;
