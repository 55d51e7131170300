//! What the layers do.
