//! The loop, against a whole cloud.

mod sweep;
