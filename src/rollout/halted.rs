//! What comes of asking a platform to go back.

/// The answer to a request to stop a rollout and go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halted {
    /// It goes back now; watch it to its end.
    Accepted,
    /// It ended before the request came; look again and judge.
    JustFinished,
    /// It was refused, or nobody knows; watch it to the platform's own end.
    Refused(String),
    /// It cannot be done, and nobody else would do it: it stays as it is.
    Impossible(String),
}
