//! From files to a [`Spec`]: pure after the read.
//!
//! ```text
//! text ──tree──▶ Node (spans) ──overlay, interpolate──▶ Node ──raw──▶ tables ──resolve──▶ Spec
//! ```
//!
//! Every stage adds to one list of findings and goes on, so that all problems come at once.

mod endpoint;
mod environment;
mod files;
mod findings;
mod foreign;
mod interpolate;
mod load;
pub mod model;
mod named;
mod nearest;
mod problem;
mod raw;
mod resolve;
mod scalar;
mod schema;
mod secrets;
mod shape;
mod tree;
mod units;
mod unneeded;
mod unused;
mod veil;
mod words;

#[cfg(test)]
mod tests;

pub use self::endpoint::Owner;
pub use self::files::{Disk, Files, target_file, targets};
pub use self::findings::Note;
pub use self::load::{Loaded, Request, load};
pub use self::model::*;
pub use self::named::{Named, named};
pub use self::problem::{Problem, Problems, Source, Spot};
pub use self::schema::{Schemas, schemas};
pub use self::secrets::KeyLines;
pub use self::units::duration;
pub use self::unused::unused;
pub use self::words::env::MASKED;

/// Where a text holds what has the known shape of a secret.
pub fn known_secrets(text: &str) -> Vec<std::ops::Range<usize>> {
    secrets::find(text)
        .into_iter()
        .map(|(range, _)| range)
        .collect()
}

/// Whether a name promises that its value is a secret.
pub fn promises_a_secret(name: &str) -> bool {
    secrets::promises(name)
}

/// The question whether the nearest of these words was meant, unless none is near.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest::hint(word, known)
}

/// Whether an environment value may be a secret, by its name or by its looks: then it is masked
/// in everything printed, wherever it was read.
pub fn may_be_secret(name: &str, value: &str) -> bool {
    secrets::maybe(name, value)
}
