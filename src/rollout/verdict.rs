//! How a rollout ended. A verdict is final and rests on evidence.

use std::fmt;

use jiff::Timestamp;

use super::cause::Cause;

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Our acknowledged revision serves.
    Healthy {
        /// `false`: nothing runs that could have failed.
        proven: bool,
    },
    /// The rollout did harm and was tripped.
    Tripped {
        /// The reason why it tripped.
        trip: Trip,
        /// What became of the revision before.
        rollback: Rollback,
    },
    /// Somebody else's action took the place of ours.
    Superseded {
        /// Whose, as far as can be told.
        by: String,
    },
    /// It cannot be told; the rollout may go on.
    Undetermined(Doubt),
}

/// What tripped a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trip {
    /// Who or what pulled.
    pub(crate) by: Tripper,
    /// The sample that showed it.
    pub(crate) at: Timestamp,
    /// The cause, where one is known.
    pub(crate) cause: Option<Cause>,
    /// Why, in a sentence.
    pub(crate) reason: String,
}

impl Trip {
    /// A person asked for it, through us.
    pub(crate) fn by_person(at: Timestamp, reason: &str) -> Self {
        Self {
            by: Tripper::Person,
            at,
            cause: None,
            reason: reason.to_owned(),
        }
    }
}

impl Verdict {
    /// Whether a person asked for it to go back, and it has.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Tripped {
                trip: Trip {
                    by: Tripper::Person,
                    ..
                },
                rollback: Rollback::Done { .. },
            }
        )
    }
}

/// Who or what trips a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tripper {
    /// The platform: its breaker, an alarm, a hook.
    Platform,
    /// Our count of failures, where the platform has no breaker.
    Breaker,
    /// Our patience with a cause.
    Patience,
    /// The deadline of the policy.
    Deadline,
    /// Nothing rolls, and what should run does not.
    State,
    /// A person, through us: `cancel`, or a signal with `on_cancel = "rollback"`.
    Person,
}

/// What became of the revision before, after a trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rollback {
    /// The revision before serves again.
    Done {
        /// What the platform went back to, where it says so.
        to: Option<String>,
    },
    /// It was not brought back.
    NotDone(WhyNot),
}

/// Why nothing was brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhyNot {
    /// There is no revision to go back to.
    FirstDeployment,
    /// The file says `rollback = false`.
    SwitchedOff,
    /// The platform tried and failed, or ended without.
    Platform(Option<String>),
    /// This command only watches and changes nothing.
    OnlyWatching,
    /// Our request was refused.
    Refused(String),
    /// Nothing rolls that could be stopped.
    NothingRolls,
    /// No task is wanted any more: nothing could show what serves.
    Emptied,
}

/// Why it cannot be told how a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// For so long there was no fresh sample that nothing can be told.
    Blind,
    /// The time that `--timeout` gives this process is over.
    TimedOut,
    /// Over, and nothing says how; the platform's raw words.
    Unclear(String),
}

/// Completes "it was not brought back, since …".
impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstDeployment => f.write_str("there was nothing to go back to"),
            Self::SwitchedOff => f.write_str("`rollback` is off"),
            Self::Platform(None) => f.write_str("the platform did not bring it back"),
            Self::Platform(Some(reason)) => {
                write!(f, "the platform did not bring it back ({reason})")
            }
            Self::OnlyWatching => f.write_str("`watch` changes nothing"),
            Self::Refused(why) => write!(f, "the request to go back was refused ({why})"),
            Self::NothingRolls => f.write_str("no rollout is under way that could be stopped"),
            Self::Emptied => f.write_str("the count was set to 0 meanwhile"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blind => f.write_str("the platform could not be asked for too long"),
            Self::TimedOut => f.write_str("it was not over when the time to watch was"),
            Self::Unclear(words) => write!(f, "the platform's words fit no rule: {words}"),
        }
    }
}
