//! Short words that stand for long ones: equal where they are equal, and no way back.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// 32 hexadecimal digits that stand for these words in this order.
pub(crate) fn digest<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut sha = Sha256::new();
    for word in words {
        sha.update(word.len().to_le_bytes());
        sha.update(word.as_bytes());
    }
    let mut text = String::new();
    for byte in sha.finalize().iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
