//! From files to a [`Spec`]: pure after the read.
//!
//! ```text
//! text ──tree──▶ Node (spans) ──overlay, interpolate──▶ Node ──raw──▶ tables ──resolve──▶ Spec
//! ```
//!
//! Every stage adds to one list of findings and goes on, so that all problems come at once.

mod endpoint;
mod environment;
pub(crate) mod files;
mod findings;
mod foreign;
mod inherit;
mod interpolate;
mod load;
pub(crate) mod manifests;
mod manual;
pub(crate) mod model;
mod named;
mod nearest;
mod problem;
mod raw;
mod resolve;
mod said;
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

pub(crate) use self::endpoint::Owner;
pub(crate) use self::files::{Disk, Files, targets};
pub(crate) use self::findings::Note;
pub(crate) use self::load::{Loaded, Request, load};
pub(crate) use self::manual::manual;
pub(crate) use self::model::*;
pub(crate) use self::named::{Named, named};
pub(crate) use self::problem::{Problem, Problems};
#[cfg(test)]
pub(crate) use self::raw::own_keys;
pub(crate) use self::said::Said;
pub(crate) use self::schema::schemas;
pub(crate) use self::secrets::KeyLines;
pub(crate) use self::units::duration;
pub(crate) use self::unused::unused;
pub(crate) use self::words::env::MASKED;
pub(crate) use self::words::patch::{Misfit, Overlay, aws_json};
pub(crate) use self::words::{patch, size};

/// The keys, and the numbers of items, that lead to what stands at a byte of a file.
pub(crate) fn way_to(text: &str, byte: usize) -> Vec<String> {
    tree::parse(0, text).0.way_to(byte)
}

/// Where a text holds what has the known shape of a secret.
pub(crate) fn known_secrets(text: &str) -> Vec<std::ops::Range<usize>> {
    secrets::find(text)
        .into_iter()
        .map(|(range, _)| range)
        .collect()
}

/// Whether a name promises that its value is a secret.
pub(crate) fn promises_a_secret(name: &str) -> bool {
    secrets::promises(name)
}

/// What an environment value surely is, if it is a secret.
pub(crate) fn surely_a_secret(name: &str, value: &str) -> Option<&'static str> {
    secrets::surely(name, value)
}

/// The question whether the nearest of these words was meant, unless none is near.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest::hint(word, known)
}

/// Whether an environment value may be a secret, by its name or by its looks: then it is masked
/// in everything printed, wherever it was read.
pub(crate) fn may_be_secret(name: &str, value: &str) -> bool {
    secrets::maybe(name, value)
}
