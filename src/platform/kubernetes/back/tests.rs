//! Which way back there is.
