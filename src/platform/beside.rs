//! How what was applied beside a service has come up.

/// What came of the wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Beside {
    /// All of it is as it should be, or there is none.
    Up,
    /// Some of it failed, and why.
    Failed(Vec<String>),
    /// It took longer than we were to wait. With what is not up yet, in words.
    Coming(Vec<String>),
    /// We were asked to wait no longer. With what is not up yet.
    Cancelled(Vec<String>),
}
