//! From a verdict, or a failure, to the outcome that a person reads and a script branches on.

use crate::error::ExitCode;
use crate::event::{Outcome, VerdictWord};
use crate::names::TargetName;
use crate::platform::beside::Beside;
use crate::platform::post_mortem;
use crate::platform::{Failed, FailureKind, Gone, PerformError};
use crate::rollout::{Doubt, Rollback, Verdict};

fn outcome(verdict: VerdictWord, rolled_back: Option<bool>, reason: impl Into<String>) -> Outcome {
    Outcome {
        verdict,
        rolled_back,
        exit: ExitCode::of(verdict, rolled_back).code(),
        reason: reason.into(),
        proven: true,
        revision: None,
        serving: None,
        performed: Vec::new(),
        remaining: Vec::new(),
        resume: None,
    }
}

/// The outcome of a verdict.
pub(super) fn of(verdict: &Verdict) -> Outcome {
    match verdict {
        Verdict::Healthy { proven } => healthy(*proven, "the new revision serves"),
        Verdict::Tripped {
            trip,
            rollback: Rollback::Done { .. },
        } => outcome(VerdictWord::Tripped, Some(true), trip.reason.clone()),
        Verdict::Tripped {
            trip,
            rollback: Rollback::NotDone(why),
        } => {
            let why = post_mortem::why_not(trip, why);
            let reason = format!("{}; not rolled back, since {why}", trip.reason);
            outcome(VerdictWord::Tripped, Some(false), reason)
        }
        Verdict::Superseded { by } => outcome(
            VerdictWord::Superseded,
            None,
            format!("somebody else's action took its place: {by}"),
        ),
        Verdict::Undetermined(doubt) => outcome(VerdictWord::Undetermined, None, doubt.to_string()),
    }
}

/// A verdict as a word.
pub(super) fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy { .. } => "healthy",
        Verdict::Tripped {
            rollback: Rollback::Done { .. },
            ..
        } => "rolled back",
        Verdict::Tripped { .. } => "failed",
        Verdict::Superseded { .. } => "superseded",
        Verdict::Undetermined(_) => "undetermined",
    }
}

/// The outcome of a rollout that ended healthy.
pub(super) fn healthy(proven: bool, reason: &str) -> Outcome {
    let reason = if proven {
        reason.to_owned()
    } else {
        "in place, but the count is zero: nothing runs that could have failed".to_owned()
    };
    Outcome {
        proven,
        ..outcome(VerdictWord::Healthy, None, reason)
    }
}

/// Nothing to do, and all is well.
pub(super) fn unchanged(proven: bool, serving: &str) -> Outcome {
    let reason = if proven {
        "nothing to do; all is well"
    } else {
        "nothing to do; the count is zero, so nothing runs that could have failed"
    };
    Outcome {
        proven,
        serving: Some(serving.to_owned()),
        ..outcome(VerdictWord::Unchanged, None, reason)
    }
}

/// No rollout is under way.
pub(super) fn at_rest(proven: bool, serving: &str) -> Outcome {
    Outcome {
        reason: "no rollout is under way; how the last one ended, `history` tells".into(),
        ..unchanged(proven, serving)
    }
}

/// The service does not exist, and nothing was to be made.
pub(crate) fn absent() -> Outcome {
    outcome(VerdictWord::Failed, None, "the service does not exist here")
}

/// A person said no.
pub(crate) fn declined() -> Outcome {
    outcome(
        VerdictWord::Refused,
        None,
        "not approved; nothing was changed",
    )
}

/// Another service of the same command could not be planned.
pub(crate) fn held_back() -> Outcome {
    outcome(
        VerdictWord::Refused,
        None,
        "not begun, since another service could not be planned; nothing was changed",
    )
}

/// Another target of the same command comes to the same object: only one of the two could serve.
pub(crate) fn the_same(object: &str, other: &TargetName) -> Outcome {
    let reason = format!(
        "{object} is what target {other} names too, and only one of them can be there; nothing was \
         changed; correct one of the two files in `config/`"
    );
    outcome(VerdictWord::Refused, None, reason)
}

/// No answer came while there was time, and nothing had been written.
pub(crate) fn late() -> Outcome {
    let reason = "no answer within the time that --timeout gives; nothing was changed";
    outcome(VerdictWord::Failed, None, reason)
}

/// A person did not answer while there was time.
pub(crate) fn undecided() -> Outcome {
    let reason = "nobody approved it within the time that --timeout gives; nothing was changed";
    outcome(VerdictWord::Refused, None, reason)
}

/// A request hung until the time was over: whether it was performed nobody can tell.
pub(super) fn cut_short(remaining: Vec<String>, resume: &str) -> Outcome {
    let reason = "no answer within the time that --timeout gives; the last change that was begun may \
                  have been made, and those after it were not";
    Outcome {
        remaining,
        resume: Some(resume.to_owned()),
        ..outcome(VerdictWord::Undetermined, None, reason)
    }
}

/// What is there was not told in time.
pub(super) fn unanswered(resume: &str) -> Outcome {
    let reason = "no answer within the time that --timeout gives; this run changed nothing";
    Outcome {
        resume: Some(resume.to_owned()),
        ..outcome(VerdictWord::Undetermined, None, reason)
    }
}

/// A saved plan whose facts no longer hold.
pub(crate) fn stale(why: &str) -> Outcome {
    let reason =
        format!("the saved plan is stale: {why}; make it again with `deployer plan --out`");
    outcome(VerdictWord::Refused, None, reason)
}

/// The changes were made, and what came of them cannot be read.
pub(super) fn unseen(error: &Failed, resume: &str) -> Outcome {
    let reason = format!("the changes were made, but what came of them could not be read: {error}");
    Outcome {
        resume: Some(resume.to_owned()),
        ..outcome(VerdictWord::Undetermined, None, reason)
    }
}

/// A service that was taken away.
pub(super) fn gone(end: Gone, resume: &str) -> Outcome {
    match end {
        Gone::Done => outcome(
            VerdictWord::Healthy,
            None,
            "it is gone; the last of it has stopped",
        ),
        Gone::Cancelled(left) => {
            let words = with_left("it goes on going away", &left);
            interrupted(&[], &words, Some(resume))
        }
        Gone::TimedOut(left) => Outcome {
            resume: Some(resume.to_owned()),
            ..outcome(
                VerdictWord::Undetermined,
                None,
                with_left("it still goes away", &left),
            )
        },
    }
}

/// A service that serves, once what its plan deleted was waited for.
pub(super) fn let_go(end: Gone, ended: Outcome) -> Outcome {
    let serves = "the service serves, but what was deleted beside it";
    match end {
        Gone::Done => ended,
        Gone::Cancelled(left) => Outcome {
            revision: ended.revision,
            serving: ended.serving,
            ..interrupted(
                &[],
                &with_left(&format!("{serves} goes on going away"), &left),
                None,
            )
        },
        Gone::TimedOut(left) => Outcome {
            revision: ended.revision,
            serving: ended.serving,
            ..outcome(
                VerdictWord::Undetermined,
                None,
                with_left(&format!("{serves} still goes away"), &left),
            )
        },
    }
}

/// A service that serves, once what its plan applied beside it was waited for.
pub(super) fn beside(end: Beside, ended: Outcome) -> Outcome {
    let serves = "the service serves, but what was applied beside it";
    let of = |verdict, words: &str, left: &[String]| Outcome {
        revision: ended.revision.clone(),
        serving: ended.serving.clone(),
        ..outcome(verdict, None, with_left(&format!("{serves} {words}"), left))
    };
    match end {
        Beside::Up => ended,
        Beside::Failed(why) => of(VerdictWord::Incomplete, "did not come up", &why),
        Beside::Coming(left) => of(VerdictWord::Undetermined, "is not up yet", &left),
        Beside::Cancelled(left) => Outcome {
            revision: ended.revision,
            serving: ended.serving,
            ..interrupted(
                &[],
                &with_left(&format!("{serves} goes on coming up"), &left),
                None,
            )
        },
    }
}

/// Words, and what is still there.
fn with_left(words: &str, left: &[String]) -> String {
    if left.is_empty() {
        words.to_owned()
    } else {
        format!("{words}: {}", left.join("; "))
    }
}

/// There is nothing to cancel.
pub(super) fn nothing_rolls() -> Outcome {
    outcome(VerdictWord::Unchanged, None, "no rollout is under way")
}

/// `cancel` with `on_cancel = "detach"`.
pub(super) fn left_alone(resume: &str) -> Outcome {
    let reason = "the rollout goes on by itself, as `on_cancel` says; `--rollback` goes back";
    Outcome {
        resume: Some(resume.to_owned()),
        ..outcome(VerdictWord::Unchanged, None, reason)
    }
}

/// A rollout that waited for a person was answered.
pub(super) fn answered(stage: &str, goes_on: bool, resume: &str) -> Outcome {
    let what = if goes_on { "goes on" } else { "goes back" };
    Outcome {
        resume: Some(resume.to_owned()),
        ..outcome(
            VerdictWord::Unchanged,
            None,
            format!("the hook at {stage} is answered, and the rollout {what}"),
        )
    }
}

/// Another rollout is under way.
pub(super) fn busy(what: &str) -> Outcome {
    let reason = format!(
        "another rollout is under way: {what}. `--if-busy wait` waits for its end, `--if-busy supersede` takes its place"
    );
    outcome(VerdictWord::Refused, None, reason)
}

/// Somebody else's rollout did not end while we waited.
pub(super) fn still_busy(doubt: &Doubt) -> Outcome {
    let reason = format!("the other rollout is still under way ({doubt}); nothing was changed");
    outcome(VerdictWord::Refused, None, reason)
}

/// It could not be done; nothing was changed.
pub(crate) fn could_not(error: &Failed) -> Outcome {
    let verdict = match error.kind {
        FailureKind::Refused => VerdictWord::Refused,
        FailureKind::Wrong => VerdictWord::Wrong,
        _ => VerdictWord::Failed,
    };
    let mut reason = error.to_string();
    if let Some(hint) = error.hint() {
        reason.push_str(". ");
        reason.push_str(&hint);
    }
    outcome(verdict, None, reason)
}

/// The rollout to watch is known nowhere: how it ended, if there was one, nobody can tell.
pub(super) fn unknown_rollout(error: &Failed) -> Outcome {
    outcome(VerdictWord::Undetermined, None, error.to_string())
}

/// A rollout that somebody asked us to stop has gone back, which is what was to be done; everything
/// else is as it ended.
pub(super) fn cancelled(ended: Outcome) -> Outcome {
    if (ended.verdict, ended.rolled_back) != (VerdictWord::Tripped, Some(true)) {
        return ended;
    }
    Outcome {
        exit: ExitCode::Fine.code(),
        verdict: VerdictWord::Healthy,
        reason: "cancelled, as asked: what served before serves again".into(),
        ..ended
    }
}

/// Some changes were made and one could not be.
pub(super) fn incomplete(error: &PerformError, before: &Outcome) -> Outcome {
    let mut reason = format!("could not {}: {}", error.change, error.source.message);
    let denied = error.source.kind == FailureKind::Denied;
    if let Some(hint) = error.source.hint().filter(|_| denied) {
        reason = format!("{reason}. {hint}");
    }
    Outcome {
        performed: error.performed.clone(),
        remaining: error.remaining.clone(),
        revision: before.revision.clone(),
        serving: before.serving.clone(),
        ..outcome(VerdictWord::Incomplete, None, reason)
    }
}

/// Ended by a signal.
pub(super) fn interrupted(remaining: &[String], words: &str, resume: Option<&str>) -> Outcome {
    Outcome {
        remaining: remaining.to_vec(),
        resume: resume.map(str::to_owned),
        ..outcome(
            VerdictWord::Interrupted,
            None,
            format!("interrupted; {words}"),
        )
    }
}
