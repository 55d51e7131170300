//! The processors that images are built for.

use serde::{Deserialize, Serialize};

use crate::spec::shape::words;

words!(Architecture, "an architecture", "x86_64" => Architecture::X86_64, "arm64" => Architecture::Arm64);

/// The processors an image is built for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Architecture {
    /// The image is built for processors of Intel and AMD.
    #[default]
    X86_64,
    /// The image is built for ARM, which is Graviton on AWS.
    Arm64,
}
