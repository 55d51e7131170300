//! The sentences of a post-mortem that are the same on every platform: failures grouped by cause,
//! the likely cause, what happened, and what to do next. Pure.

use std::collections::BTreeMap;

use crate::event::FailureGroup;
use crate::rollout::{Cause, Failure, Rollback, Trip, Tripper, Verdict, WhyNot};

pub(crate) mod sign;

#[cfg(test)]
mod tests;

/// Exit codes of a container that was told to end (128 and SIGTERM), or was made to (128 and
/// SIGKILL).
const SIGNALLED: [i32; 2] = [137, 143];

/// Whether a container with this exit code was told or made to end.
pub(crate) fn is_signalled(code: i32) -> bool {
    SIGNALLED.contains(&code)
}

/// Failures of the same cause, container and exit code, most frequent first. Those that only ended
/// since another container of theirs had come last: however many there are, they are no cause.
pub(crate) fn group(failures: &[Failure]) -> Vec<FailureGroup> {
    let mut oldest_first: Vec<&Failure> = failures.iter().collect();
    oldest_first.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
    let mut groups: BTreeMap<Key, (FailureGroup, bool)> = BTreeMap::new();
    for failure in oldest_first {
        let entry = groups.entry(key(failure)).or_insert_with(|| {
            let group = FailureGroup {
                cause: failure.cause,
                count: 0,
                text: failure.text.clone(),
                container: failure.container.clone(),
                exit_code: failure.exit_code,
                first: failure.at,
                unit: failure.unit,
                example: failure.task.clone(),
            };
            (group, false)
        });
        entry.0.count += 1;
        entry.1 |= !is_taken_along(failure, failures);
    }
    let mut groups: Vec<(FailureGroup, bool)> = groups.into_values().collect();
    groups.sort_by(|(a, by_itself), (b, also)| {
        let by_itself = also.cmp(by_itself);
        by_itself
            .then_with(|| b.count.cmp(&a.count))
            .then_with(|| a.first.cmp(&b.first))
    });
    groups.into_iter().map(|(group, _)| group).collect()
}

type Key = (Cause, Option<String>, Option<i32>);

fn key(failure: &Failure) -> Key {
    (failure.cause, failure.container.clone(), failure.exit_code)
}

/// Whether a container was told or made to end after another one of the same task had ended by
/// itself.
fn is_taken_along(failure: &Failure, failures: &[Failure]) -> bool {
    let signalled =
        |one: &Failure| one.cause == Cause::Exited && one.exit_code.is_some_and(is_signalled);
    signalled(failure)
        && failure.task.is_some()
        && failures.iter().any(|other| {
            other.task == failure.task
                && other.container != failure.container
                && other.exit_code.is_some()
                && !signalled(other)
                && other.at <= failure.at
        })
}

/// The newest failure of a group: its log lines are the likeliest to be there still.
pub(crate) fn newest<'a>(group: &FailureGroup, failures: &'a [Failure]) -> Option<&'a Failure> {
    let of = (group.cause, group.container.clone(), group.exit_code);
    let members = failures.iter().filter(|failure| key(failure) == of);
    members.max_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)))
}

/// The likely cause, in plain words.
pub(crate) fn likely(group: &FailureGroup, sign: Option<sign::Sign>) -> String {
    let who = group.container.as_ref().map_or(String::new(), |container| {
        format!(" (container {container})")
    });
    if let Some(sign) = sign {
        return format!("{}{who}", sign.words());
    }
    let code = match group.exit_code {
        Some(code) if group.cause == Cause::Exited => {
            format!(" with exit code {code}{}", signal(code))
        }
        _ => String::new(),
    };
    format!("{}{code}{who}", group.cause.words())
}

/// What an exit code above 128 means: the container was ended by a signal.
fn signal(code: i32) -> &'static str {
    match code {
        132 => ", an illegal instruction: built for another processor?",
        134 => ", it aborted itself",
        137 => ", killed: often for using too much memory",
        139 => ", a segmentation fault",
        143 => ", it was asked to end",
        126 => ", the command may not be executed",
        127 => ", the command was not found",
        _ => "",
    }
}

/// What happened to `revision`, in a sentence.
pub(crate) fn what(revision: &str, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Tripped {
            trip,
            rollback: Rollback::NotDone(why),
        } if trip.by == Tripper::Person => {
            format!("{revision} was cancelled, and what was before it was not brought back: {why}")
        }
        Verdict::Tripped {
            trip,
            rollback: Rollback::Done { .. },
        } => {
            format!("{revision} failed and was rolled back: {}", trip.reason)
        }
        Verdict::Tripped {
            trip,
            rollback: Rollback::NotDone(why),
        } => {
            format!(
                "{revision} failed and was not rolled back, since {}: {}",
                why_not(trip, why),
                trip.reason
            )
        }
        Verdict::Superseded { by } => {
            format!("{revision} was replaced by somebody else's action: {by}")
        }
        Verdict::Healthy { .. } => format!("{revision} is healthy"),
        Verdict::Undetermined(doubt) => format!("how {revision} ended cannot be told: {doubt}"),
    }
}

/// Why it was not brought back, beside the reason of the trip: what that says already is not said
/// again.
pub(crate) fn why_not(trip: &Trip, why: &WhyNot) -> String {
    match why {
        WhyNot::Platform(Some(reason)) if trip.reason.contains(reason.trim_end_matches('.')) => {
            WhyNot::Platform(None).to_string()
        }
        why => why.to_string(),
    }
}

/// Whether what failed was left as it is, although something may be there to go back to.
pub(crate) fn stays(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Tripped {
            rollback: Rollback::NotDone(why),
            ..
        } if *why != WhyNot::FirstDeployment
    )
}

/// What to do after a verdict, whatever the cause. `can_go_back`: there is a revision that
/// `deployer rollback` could bring back.
pub(crate) fn steps(verdict: &Verdict, can_go_back: bool) -> Option<&'static str> {
    match verdict {
        Verdict::Tripped {
            rollback: Rollback::NotDone(WhyNot::FirstDeployment),
            ..
        } => Some("Correct it and run `deployer apply` again; there was nothing to go back to."),
        Verdict::Tripped {
            rollback: Rollback::NotDone(_),
            ..
        } if can_go_back => Some("`deployer rollback` goes back to the last revision known good."),
        Verdict::Tripped { .. } => Some("Correct it and run `deployer apply` again."),
        Verdict::Undetermined(_) => Some("`deployer watch` goes on watching."),
        Verdict::Superseded { .. } => Some("`deployer history` tells who deployed what."),
        Verdict::Healthy { .. } => None,
    }
}
