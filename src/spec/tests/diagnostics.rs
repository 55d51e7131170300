//! What the user sees.

use super::{Arguments, ECS, SMALL, load_with, read, told, with};
