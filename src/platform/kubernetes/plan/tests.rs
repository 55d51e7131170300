//! What the tests of planning share.

pub(crate) mod samples;
