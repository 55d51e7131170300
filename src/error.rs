//! The one table from how it ended to the exit code.

use crate::event::VerdictWord;

/// How the process ends. Scripts rely on these numbers: they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum ExitCode {
    /// Healthy; or nothing to do and all is well; or a plan was made.
    Fine = 0,
    /// It could not be done: refused by the cloud, unreachable, not permitted; nothing was changed.
    /// Or all went well and what was to be shown could not be written.
    Failed = 1,
    /// The request itself is wrong: arguments, files, a revision that there is not.
    Wrong = 2,
    /// There are changes, and `--exit-code` asked.
    Changes = 3,
    /// Refused by us: a stale plan, another rollout under way, a wrong account, not ours, declined.
    Refused = 4,
    /// Some changes were made and one could not be.
    Incomplete = 5,
    /// Tripped, and the old version serves again.
    RolledBack = 10,
    /// Tripped, and not rolled back.
    NotRolledBack = 11,
    /// Somebody else's action replaced ours.
    Superseded = 12,
    /// It cannot be told; the rollout may go on.
    Undetermined = 13,
    /// Ended by a signal.
    Interrupted = 130,
}

/// All exit codes: what several services or targets end with is the first of those that occurred.
pub(crate) const BY_WEIGHT: [ExitCode; 11] = [
    ExitCode::Interrupted,
    ExitCode::NotRolledBack,
    ExitCode::RolledBack,
    ExitCode::Incomplete,
    ExitCode::Undetermined,
    ExitCode::Superseded,
    ExitCode::Failed,
    // A wrong request is found before anything is written.
    ExitCode::Wrong,
    ExitCode::Refused,
    ExitCode::Changes,
    ExitCode::Fine,
];

impl ExitCode {
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The exit code of one service that ended so.
    pub(crate) fn of(verdict: VerdictWord, rolled_back: Option<bool>) -> Self {
        match verdict {
            VerdictWord::Healthy | VerdictWord::Unchanged => Self::Fine,
            VerdictWord::Tripped if rolled_back == Some(true) => Self::RolledBack,
            VerdictWord::Tripped => Self::NotRolledBack,
            VerdictWord::Superseded => Self::Superseded,
            VerdictWord::Undetermined => Self::Undetermined,
            VerdictWord::Refused => Self::Refused,
            VerdictWord::Wrong => Self::Wrong,
            VerdictWord::Failed => Self::Failed,
            VerdictWord::Incomplete => Self::Incomplete,
            VerdictWord::Interrupted => Self::Interrupted,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.code().into()
    }
}

/// What several services or targets end with together; fine where there are none.
pub(crate) fn combine(codes: impl IntoIterator<Item = ExitCode>) -> ExitCode {
    let weight = |code: &ExitCode| BY_WEIGHT.iter().position(|other| other == code);
    codes
        .into_iter()
        .min_by_key(weight)
        .unwrap_or(ExitCode::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_that_scripts_know() {
        let numbers: Vec<u8> = BY_WEIGHT.iter().map(|code| code.code()).collect();
        assert_eq!(numbers, [130, 11, 10, 5, 13, 12, 1, 2, 4, 3, 0]);
    }

    #[test]
    fn every_verdict_has_its_code() {
        let table = [
            (VerdictWord::Healthy, None, 0),
            (VerdictWord::Unchanged, None, 0),
            (VerdictWord::Tripped, Some(true), 10),
            (VerdictWord::Tripped, Some(false), 11),
            (VerdictWord::Tripped, None, 11),
            (VerdictWord::Superseded, None, 12),
            (VerdictWord::Undetermined, None, 13),
            (VerdictWord::Refused, None, 4),
            (VerdictWord::Wrong, None, 2),
            (VerdictWord::Failed, None, 1),
            (VerdictWord::Incomplete, None, 5),
            (VerdictWord::Interrupted, None, 130),
        ];
        for (verdict, rolled_back, code) in table {
            assert_eq!(
                ExitCode::of(verdict, rolled_back).code(),
                code,
                "{verdict:?}"
            );
        }
    }

    #[test]
    fn of_two_codes_the_heavier_one_counts_in_either_order() {
        for (i, heavier) in BY_WEIGHT.into_iter().enumerate() {
            for lighter in BY_WEIGHT.into_iter().skip(i) {
                assert_eq!(combine([heavier, lighter]), heavier);
                assert_eq!(combine([lighter, heavier]), heavier);
            }
        }
        assert_eq!(combine([]), ExitCode::Fine);
    }
}
