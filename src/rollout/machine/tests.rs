//! The laws of the machine.

mod counting;
mod laws;
