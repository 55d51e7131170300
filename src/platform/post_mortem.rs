//! The sentences of a post-mortem that are the same on every platform: failures grouped by cause,
//! the likely cause, what happened, and what to do next. Pure.

use std::collections::BTreeMap;

use crate::event::FailureGroup;
use crate::rollout::{Cause, Failure, Rollback, Tripper, Verdict, WhyNot};

/// Failures of the same cause, container and exit code, most frequent first.
pub fn group(failures: &[Failure]) -> Vec<FailureGroup> {
    let mut groups: BTreeMap<(Cause, Option<String>, Option<i32>), FailureGroup> = BTreeMap::new();
    for failure in failures {
        let key = (failure.cause, failure.container.clone(), failure.exit_code);
        let group = groups.entry(key).or_insert_with(|| FailureGroup {
            cause: failure.cause,
            count: 0,
            text: failure.text.clone(),
            container: failure.container.clone(),
            exit_code: failure.exit_code,
            first: failure.at,
            example: failure.task.clone(),
        });
        group.count += 1;
    }
    let mut groups: Vec<FailureGroup> = groups.into_values().collect();
    groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.first.cmp(&b.first)));
    groups
}

/// The likely cause, in plain words.
pub fn likely(group: &FailureGroup) -> String {
    let who = group.container.as_ref().map_or(String::new(), |container| {
        format!(" (container {container})")
    });
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
pub fn what(revision: &str, verdict: &Verdict) -> String {
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
                "{revision} failed and was not rolled back, since {why}: {}",
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

/// What to do after a verdict, whatever the cause.
pub fn steps(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Tripped {
            rollback: Rollback::NotDone(WhyNot::FirstDeployment),
            ..
        } => Some("Correct it and run `deployer apply` again; there was nothing to go back to."),
        Verdict::Tripped {
            rollback: Rollback::NotDone(_),
            ..
        } => Some("`deployer rollback` goes back to the last revision known good."),
        Verdict::Tripped { .. } => Some("Correct it and run `deployer apply` again."),
        Verdict::Undetermined(_) => Some("`deployer watch` goes on watching."),
        Verdict::Superseded { .. } => Some("`deployer history` tells who deployed what."),
        Verdict::Healthy { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn failure(id: &str, cause: Cause, code: Option<i32>, second: i64) -> Failure {
        Failure {
            id: id.into(),
            at: Timestamp::from_second(second).unwrap(),
            cause,
            text: format!("text of {id}"),
            container: Some("api".into()),
            exit_code: code,
            task: Some(id.into()),
        }
    }

    #[test]
    fn failures_are_grouped_with_counts_and_the_first_words_are_kept() {
        let groups = group(&[
            failure("a", Cause::Exited, Some(1), 10),
            failure("b", Cause::ImageNotFound, None, 5),
            failure("c", Cause::Exited, Some(1), 20),
            failure("d", Cause::Exited, Some(42), 30),
        ]);
        let seen: Vec<(Cause, u32, &str)> = groups
            .iter()
            .map(|group| (group.cause, group.count, group.text.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (Cause::Exited, 2, "text of a"),
                (Cause::ImageNotFound, 1, "text of b"),
                (Cause::Exited, 1, "text of d")
            ]
        );
    }

    #[test]
    fn an_exit_code_is_explained() {
        let groups = group(&[failure("a", Cause::Exited, Some(127), 1)]);
        assert_eq!(
            likely(&groups[0]),
            "the container exits with exit code 127, the command was not found (container api)"
        );
    }
}
