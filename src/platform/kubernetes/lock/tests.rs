//! Laws of the lock.
