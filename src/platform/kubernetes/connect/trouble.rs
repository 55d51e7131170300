//! What our own layers beneath the Kubernetes client report, so that it comes out on top as what
//! it is.

use std::error::Error;
use std::fmt;

use crate::platform::failure::{Failed, FailureKind};

/// A request that did not get to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is nothing to prove with who we are; the request was not sent.
    Credentials {
        /// The kind of the failure beneath.
        kind: FailureKind,
        /// Its words.
        words: String,
    },
    /// The cluster of EKS does not know who signed the token; nothing was performed.
    Unknown,
    /// No connection, with what may be the reason here.
    NoWay(String),
    /// No answer within so many seconds; the request may have been performed.
    Silence(u64),
    /// What AWS keeps beside the cluster failed so.
    Beside {
        /// The kind of the failure.
        kind: FailureKind,
        /// Its words.
        words: String,
    },
    /// The answer is a success without an object in it; the request may have been performed.
    Hollow,
}

impl Trouble {
    /// Credentials that could not be had.
    pub(crate) fn credentials(failed: &Failed) -> Self {
        Self::Credentials {
            kind: failed.kind,
            words: failed.to_string(),
        }
    }

    /// What AWS refused or failed to do.
    pub(crate) fn beside(failed: &Failed) -> Self {
        Self::Beside {
            kind: failed.kind,
            words: failed.message.clone(),
        }
    }

    /// The kind of failure that it is.
    pub(crate) fn kind(&self) -> FailureKind {
        match self {
            Self::Credentials { kind, .. } | Self::Beside { kind, .. } => *kind,
            Self::Unknown => FailureKind::Rejected,
            Self::NoWay(_) => FailureKind::Unreachable,
            Self::Silence(_) | Self::Hollow => FailureKind::Lost,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials { words, .. } | Self::Beside { words, .. } | Self::NoWay(words) => {
                f.write_str(words)
            }
            Self::Unknown => f.write_str(
                "the cluster does not know these credentials (401 Unauthorized): their IAM \
                 principal needs an access entry of the cluster, or a mapping in its aws-auth",
            ),
            Self::Hollow => {
                f.write_str("the answer is empty or no object of Kubernetes, so it tells nothing")
            }
            Self::Silence(seconds) => write!(f, "no answer within {seconds} s"),
        }
    }
}

impl Error for Trouble {}
