//! Which failures make the cause, and what is said and advised of it.

use super::*;
use crate::rollout::Unit;
use jiff::Timestamp;

fn failure(id: &str, cause: Cause, code: Option<i32>, second: i64) -> Failure {
    Failure {
        id: id.into(),
        at: Timestamp::from_second(second).unwrap(),
        cause,
        text: format!("text of {id}"),
        container: Some("api".into()),
        exit_code: code,
        unit: Unit::Task,
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
        likely(&groups[0], None),
        "the container exits with exit code 127, the command was not found (container api)"
    );
}

fn of(container: &str, task: &str, code: i32, second: i64) -> Failure {
    Failure {
        container: Some(container.into()),
        task: Some(task.into()),
        ..failure(
            &format!("{task}/{container}/{second}"),
            Cause::Exited,
            Some(code),
            second,
        )
    }
}

#[test]
fn what_was_taken_along_is_no_cause_however_often_it_is_seen() {
    let groups = group(&[
        of("proxy", "a", 143, 12),
        of("proxy", "a", 137, 32),
        of("proxy", "a", 143, 22),
        of("api", "a", 1, 10),
    ]);
    let seen: Vec<_> = groups
        .iter()
        .map(|group| {
            (
                group.container.as_deref().unwrap(),
                group.exit_code.unwrap(),
                group.count,
            )
        })
        .collect();
    assert_eq!(seen, [("api", 1, 1), ("proxy", 143, 2), ("proxy", 137, 1)]);
}

#[test]
fn what_was_killed_before_any_other_ended_is_a_cause() {
    let groups = group(&[
        of("api", "a", 1, 30),
        of("proxy", "a", 137, 10),
        of("proxy", "b", 137, 12),
    ]);
    let first = &groups[0];
    assert_eq!(
        (first.container.as_deref(), first.count),
        (Some("proxy"), 2)
    );
}

#[test]
fn the_newest_failure_of_a_group_is_of_its_container_and_code() {
    let failures = [
        of("api", "b", 1, 10),
        of("api", "a", 1, 20),
        of("proxy", "a", 143, 21),
        of("api", "c", 0, 30),
    ];
    let groups = group(&failures);
    let newest = newest(&groups[0], &failures).unwrap();
    assert_eq!(
        (newest.task.as_deref(), newest.exit_code),
        (Some("a"), Some(1))
    );
}

#[test]
fn rollback_is_advised_only_where_there_is_something_to_go_back_to() {
    let trip = crate::rollout::Trip::by_person(Timestamp::UNIX_EPOCH, "broken");
    for why in [
        WhyNot::SwitchedOff,
        WhyNot::OnlyWatching,
        WhyNot::Platform(None),
        WhyNot::NothingRolls,
        WhyNot::Emptied,
        WhyNot::FirstDeployment,
    ] {
        let verdict = Verdict::Tripped {
            trip: trip.clone(),
            rollback: Rollback::NotDone(why.clone()),
        };
        let first = steps(&verdict, false).unwrap();
        assert!(!first.contains("deployer rollback"), "{why:?}: {first}");
        let later = steps(&verdict, true).unwrap();
        let first_ever = why == WhyNot::FirstDeployment;
        assert_eq!(
            later.contains("deployer rollback"),
            !first_ever,
            "{why:?}: {later}"
        );
    }
}

#[test]
fn what_the_platform_said_of_a_rollback_is_said_once() {
    let said = "No rollback candidate was found.";
    let trip =
        crate::rollout::Trip::by_person(Timestamp::UNIX_EPOCH, "No rollback candidate was found");
    let why = WhyNot::Platform(Some(said.to_owned()));
    assert_eq!(why_not(&trip, &why), "the platform did not bring it back");
    let other = WhyNot::Platform(Some("something else".to_owned()));
    assert!(why_not(&trip, &other).contains("something else"));
}
