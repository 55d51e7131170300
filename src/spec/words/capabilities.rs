//! Capabilities of Linux, as both platforms give them to containers.

use crate::spec::scalar::Filled;
use crate::spec::shape::{At, table};

table! {
    /// Capabilities of Linux that a container has beside the usual ones, or has not.
    "capabilities" CapabilitiesTable {
        /// Those it has more; on Fargate `SYS_PTRACE` alone.
        add: Vec<At<Filled>>,
        /// Those it has not, such as "ALL".
        drop: Vec<At<Filled>>,
    }
}
