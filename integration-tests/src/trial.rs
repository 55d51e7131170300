//! What a test returns, and how it is counted.

use std::error::Error;
use std::fmt::Display;

pub use libtest_mimic::Trial;
use libtest_mimic::{Completion, Failed};

/// Why a test did not end well.
#[derive(Debug)]
pub enum Stop {
    /// The machine lacks what the test needs: counted as ignored, with this one line.
    Skip(String),
    /// The test failed.
    Fail(String),
}

/// How a test ends.
pub type Outcome<T = ()> = Result<T, Stop>;

impl<E: Error> From<E> for Stop {
    fn from(error: E) -> Self {
        let mut words = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            words = format!("{words}: {cause}");
            source = cause.source();
        }
        Self::Fail(words)
    }
}

/// A failure in words.
pub fn fail(words: impl Display) -> Stop {
    Stop::Fail(words.to_string())
}

/// Registers a test under `tier/name`, so that a tier can be chosen by its prefix.
pub fn test(tier: &str, name: &str, body: impl FnOnce() -> Outcome + Send + 'static) -> Trial {
    Trial::ignorable_test(format!("{tier}::{name}"), move || match body() {
        Ok(()) => Ok(Completion::Completed),
        Err(Stop::Skip(reason)) => Ok(Completion::ignored_with(reason)),
        Err(Stop::Fail(words)) => Err(Failed::from(words)),
    })
}

/// Registers the functions named after the tier, each under its own name: `trials! { "tier": first, second }`.
#[macro_export]
macro_rules! trials {
    ($tier:literal: $($name:ident),+ $(,)?) => {
        pub(crate) fn trials() -> Vec<$crate::trial::Trial> {
            vec![$($crate::trial::test($tier, stringify!($name), $name)),+]
        }
    };
}
