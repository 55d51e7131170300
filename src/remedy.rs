//! What follows from a trip of our own: at most one remedy, or none.

use crate::rollout::WhyNot;

/// What follows from a trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Ask the platform, once, to go back.
    RollBack,
    /// Leave it as it is.
    Leave(WhyNot),
}

/// What decides on a remedy besides the trip itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circumstances {
    /// `watch` judges like `apply` but never writes.
    pub(crate) may_write: bool,
    /// The file's `rollback`, or a person asked for it.
    pub(crate) wanted: bool,
    /// There is a revision to go back to.
    pub(crate) possible: bool,
}

/// Decides. A person who only watches changes nothing; the file's word comes next; and where
/// nothing was before, the evidence stays in place.
pub(crate) fn remedy(circumstances: Circumstances) -> Remedy {
    match circumstances {
        Circumstances {
            may_write: false, ..
        } => Remedy::Leave(WhyNot::OnlyWatching),
        Circumstances { wanted: false, .. } => Remedy::Leave(WhyNot::SwitchedOff),
        Circumstances {
            possible: false, ..
        } => Remedy::Leave(WhyNot::FirstDeployment),
        _ => Remedy::RollBack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wanted_and_possible_rollback_of_a_writer_is_a_rollback() {
        for bits in 0..8u8 {
            let circumstances = Circumstances {
                may_write: bits & 1 > 0,
                wanted: bits & 2 > 0,
                possible: bits & 4 > 0,
            };
            assert_eq!(
                remedy(circumstances) == Remedy::RollBack,
                bits == 7,
                "{circumstances:?}"
            );
        }
    }

    #[test]
    fn a_first_deployment_keeps_its_evidence() {
        let first = Circumstances {
            may_write: true,
            wanted: true,
            possible: false,
        };
        assert_eq!(remedy(first), Remedy::Leave(WhyNot::FirstDeployment));
    }
}
