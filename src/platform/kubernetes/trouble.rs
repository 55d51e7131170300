//! What our own layers beneath the Kubernetes client report, so that it comes out on top as what
//! it is.

use std::error::Error;
use std::{fmt, io};

use crate::platform::failure::{Failed, Kind};

/// A request that did not get to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There is nothing to prove with who we are; the request was not sent.
    Credentials {
        /// The kind of the failure beneath.
        kind: Kind,
        /// Its words.
        words: String,
    },
    /// No connection, with what may be the reason here.
    NoWay(String),
    /// No answer within so many seconds; the request may have been performed.
    Silence(u64),
}

impl Trouble {
    /// Credentials that could not be had.
    pub fn credentials(failed: &Failed) -> Self {
        Self::Credentials {
            kind: failed.kind,
            words: failed.to_string(),
        }
    }

    /// The kind of failure that it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Credentials { kind, .. } => *kind,
            Self::NoWay(_) => Kind::Unreachable,
            Self::Silence(_) => Kind::Lost,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials { words, .. } | Self::NoWay(words) => f.write_str(words),
            Self::Silence(seconds) => write!(f, "no answer within {seconds} s"),
        }
    }
}

impl Error for Trouble {}

/// The chain of causes, the error itself first.
pub fn links<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |link| (*link).source())
}

/// The chain of causes in words, each said once: the outermost links only wrap.
pub fn words(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for link in links(error).skip(1) {
        let text = link.to_string();
        if !words.iter().any(|word| word.contains(&text)) {
            words.push(text);
        }
    }
    if words.is_empty() {
        error.to_string()
    } else {
        words.join(": ")
    }
}

/// Whether this link of a chain shows that no connection was made.
pub fn never_connected(link: &(dyn Error + 'static)) -> bool {
    let refused = link.downcast_ref::<io::Error>().is_some_and(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::AddrNotAvailable
        )
    });
    refused
        || link
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
}
