//! One object as it is applied.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::platform::kubernetes::kinds::Id;

/// One object as it is applied: just the fields that we own. It may hold literals that are secret,
/// so it is saved and sent, and never printed as it is.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Which.
    pub id: Id,
    /// The manifest, with `apiVersion`, `kind`, `metadata.name` and our labels; without a namespace,
    /// which the place has.
    pub manifest: Value,
}

/// Never shows what it holds.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.id)
    }
}
