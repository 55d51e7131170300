//! From files to a [`Spec`]: pure after the read.

pub mod model;

pub use model::*;
