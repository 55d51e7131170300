//! The laws of the machine, as properties over arbitrary stories, and its clocks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::rollout::{Cause, Gauge};

pub(super) const CAUSES: [Cause; 6] = [
    Cause::ImageNotFound,
    Cause::SecretMissing,
    Cause::NoCapacity,
    Cause::Exited,
    Cause::ContainerUnhealthy,
    Cause::Other,
];

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(super) fn policy() -> Policy {
    Policy {
        deadline: Duration::from_mins(10),
        ..Policy::ecs()
    }
}

pub(super) fn sample(second: i64, standing: Standing) -> Observation {
    Observation {
        at: at(second),
        created: None,
        standing,
        gauge: Gauge::default(),
        failures: Vec::new(),
        healed: Vec::new(),
        waiting: None,
    }
}

pub(super) fn going(second: i64) -> Observation {
    sample(second, Standing::Going("IN_PROGRESS".into()))
}

pub(super) fn failing(second: i64, ids: &[&str], cause: Cause) -> Observation {
    let failure = |id: &&str| Failure {
        id: (*id).to_owned(),
        at: at(second),
        cause,
        text: "words".into(),
        container: None,
        exit_code: None,
        task: None,
    };
    Observation {
        failures: ids.iter().map(failure).collect(),
        ..going(second)
    }
}

fn machine() -> Rollout {
    Rollout::new(policy(), at(0), None)
}

pub(super) fn trip(machine: &Rollout) -> Option<(Tripper, Option<Cause>)> {
    machine.wants_remedy().map(|trip| (trip.by, trip.cause))
}

fn standings() -> impl Strategy<Value = Standing> {
    prop_oneof![
        2 => Just(Standing::Unknown),
        8 => Just(Standing::Going("IN_PROGRESS".into())),
        2 => any::<bool>().prop_map(|proven| Standing::Ready { proven }),
        1 => Just(Standing::Tripping { reason: None }),
        1 => Just(Standing::RolledBack { reason: None, to: None }),
        1 => Just(Standing::NotRolledBack { reason: None }),
        1 => Just(Standing::Superseded { by: "x".into() }),
        1 => Just(Standing::Unclear("?".into())),
    ]
}

prop_compose! {
    pub(super) fn observations()(
        second in 1..2000i64,
        standing in standings(),
        failures in prop::collection::vec((0..6usize, 0..5u32), 0..4),
        running in 0..3u32,
        waiting in any::<bool>(),
    ) -> Observation {
        let failures = failures.into_iter().map(|(cause, n)| Failure {
            id: format!("{cause}-{n}"),
            at: at(second),
            cause: CAUSES[cause],
            text: "words".into(),
            container: None,
            exit_code: None,
            task: None,
        });
        Observation {
            failures: failures.collect(),
            gauge: Gauge { running, ..Gauge::default() },
            waiting: waiting.then(|| "a hook".to_owned()),
            ..sample(second, standing)
        }
    }
}

pub(super) fn play(machine: &mut Rollout, story: &[Observation]) {
    for sample in story {
        machine.observe(sample);
        machine.elapse(sample.at);
    }
}

/// How bad a state is; a verdict that knows no harm is best.
pub(super) fn harm(machine: &Rollout) -> u8 {
    match machine.phase() {
        Phase::Concluded(Verdict::Healthy { .. }) => 0,
        Phase::Pending | Phase::Progressing | Phase::Baking(_) => 1,
        _ => 2,
    }
}

proptest! {
    #[test]
    fn a_verdict_is_absorbing(mut story in prop::collection::vec(observations(), 1..30), more in prop::collection::vec(observations(), 1..10)) {
        story.sort_by_key(|sample| sample.at);
        let mut machine = machine();
        play(&mut machine, &story);
        prop_assume!(machine.verdict().is_some());
        let before = machine.verdict().cloned();
        play(&mut machine, &more);
        machine.elapse(at(1_000_000));
        machine.trip_by_person(at(1_000_000), "late");
        machine.halted(&Halted::Accepted, at(1_000_000));
        machine.leave(WhyNot::SwitchedOff);
        prop_assert_eq!(machine.verdict().cloned(), before);
        prop_assert_eq!(machine.alarm(at(0)), None);
    }

    #[test]
    fn stale_and_repeated_samples_change_nothing(mut story in prop::collection::vec(observations(), 1..30), other in observations()) {
        story.sort_by_key(|sample| sample.at);
        let mut machine = machine();
        play(&mut machine, &story);
        let before = machine.clone();
        for sample in &story {
            machine.observe(sample);
        }
        machine.observe(&Observation { at: story[0].at, ..other });
        prop_assert_eq!(machine, before);
    }

    #[test]
    fn only_a_ready_sample_leads_to_healthy(mut story in prop::collection::vec(observations(), 1..30)) {
        story.sort_by_key(|sample| sample.at);
        story.retain(|sample| !matches!(sample.standing, Standing::Ready { .. }));
        let mut machine = machine();
        play(&mut machine, &story);
        machine.elapse(at(1_000_000));
        let healthy = matches!(machine.verdict(), Some(Verdict::Healthy { .. }));
        prop_assert!(!healthy);
    }

    #[test]
    fn more_failures_never_improve(mut story in prop::collection::vec(observations(), 1..20), which in any::<prop::sample::Index>(), cause in 0..6usize) {
        story.sort_by_key(|sample| sample.at);
        story.dedup_by_key(|sample| sample.at);
        let mut kind = machine();
        play(&mut kind, &story);
        let mut worse = story.clone();
        let index = which.index(worse.len());
        let extra = Failure { id: "extra".into(), at: worse[index].at, cause: CAUSES[cause], text: String::new(), container: None, exit_code: None, task: None };
        worse[index].failures.push(extra);
        let mut harsh = machine();
        play(&mut harsh, &worse);
        let improved = harm(&harsh) < harm(&kind);
        prop_assert!(!improved, "{:?} became {:?}", kind.phase(), harsh.phase());
    }

    #[test]
    fn nothing_but_harm_asks_for_a_remedy(mut story in prop::collection::vec(observations(), 1..20)) {
        story.sort_by_key(|sample| sample.at);
        for sample in &mut story {
            sample.failures.clear();
        }
        let mut machine = Rollout::new(Policy { deadline: Duration::from_secs(10_000), ..policy() }, at(0), None);
        play(&mut machine, &story);
        machine.elapse(at(1_000_000));
        prop_assert_eq!(machine.wants_remedy(), None);
    }

    #[test]
    fn silence_ends_in_doubt_and_never_in_harm_or_health(mut story in prop::collection::vec(observations(), 0..10), silence in 0..100_000i64) {
        story.sort_by_key(|sample| sample.at);
        let mut machine = machine();
        play(&mut machine, &story);
        let before = machine.phase().clone();
        let last = story.last().map_or(at(0), |sample| sample.at);
        machine.elapse(last + SignedDuration::from_secs(silence));
        let doubt = matches!(machine.verdict(), Some(Verdict::Undetermined(Doubt::Blind)));
        prop_assert!(machine.phase() == &before || doubt);
        prop_assert!(silence < 300 || machine.verdict().is_some());
    }

    #[test]
    fn an_alarm_lies_ahead(mut story in prop::collection::vec(observations(), 0..20), now in 0..3000i64) {
        story.sort_by_key(|sample| sample.at);
        let mut machine = machine();
        play(&mut machine, &story);
        if let Some(alarm) = machine.alarm(at(now)) {
            prop_assert!(alarm > at(now));
        }
    }
}

#[test]
fn a_second_certain_failure_trips_at_once() {
    let mut machine = machine();
    machine.observe(&failing(1, &["a"], Cause::ImageNotFound));
    assert_eq!(trip(&machine), None);
    machine.observe(&failing(2, &["a", "b"], Cause::ImageNotFound));
    assert_eq!(
        trip(&machine),
        Some((Tripper::Patience, Some(Cause::ImageNotFound)))
    );
}

#[test]
fn one_certain_failure_trips_ten_seconds_after_it_on_a_sample() {
    let mut machine = machine();
    machine.observe(&failing(1, &["a"], Cause::ImageNotFound));
    assert_eq!(machine.alarm(at(1)), Some(at(11)));
    machine.elapse(at(30));
    assert_eq!(trip(&machine), None);
    machine.observe(&failing(10, &["a"], Cause::ImageNotFound));
    assert_eq!(trip(&machine), None);
    machine.observe(&failing(11, &["a"], Cause::ImageNotFound));
    assert_eq!(
        trip(&machine),
        Some((Tripper::Patience, Some(Cause::ImageNotFound)))
    );
}

#[test]
fn each_class_has_its_own_patience() {
    for (cause, seconds) in [
        (Cause::SecretMissing, 60),
        (Cause::PullDenied, 60),
        (Cause::NoCapacity, 300),
    ] {
        let mut machine = machine();
        machine.observe(&failing(1, &["a", "b", "c"], cause));
        machine.observe(&failing(seconds, &["a"], cause));
        assert_eq!(trip(&machine), None, "{cause:?}");
        machine.observe(&failing(1 + seconds, &["a"], cause));
        assert_eq!(trip(&machine), Some((Tripper::Patience, Some(cause))));
    }
}

#[test]
fn counted_and_unknown_causes_are_left_to_the_breaker_and_the_deadline() {
    for cause in [Cause::Exited, Cause::ContainerUnhealthy, Cause::Other] {
        let mut machine = machine();
        machine.observe(&failing(1, &["a", "b", "c", "d"], cause));
        machine.observe(&failing(599, &["a", "b", "c", "d", "e"], cause));
        assert_eq!(trip(&machine), None, "{cause:?}");
        machine.observe(&failing(600, &["f"], cause));
        assert_eq!(trip(&machine), Some((Tripper::Deadline, Some(cause))));
    }
}

#[test]
fn a_secret_that_comes_late_is_waited_for() {
    let mut machine = machine();
    machine.observe(&failing(1, &["a"], Cause::SecretMissing));
    let running = Gauge {
        running: 1,
        ..Gauge::default()
    };
    machine.observe(&Observation {
        gauge: running,
        ..going(30)
    });
    machine.observe(&Observation {
        gauge: Gauge {
            running: 1,
            ..Gauge::default()
        },
        ..going(200)
    });
    assert_eq!(trip(&machine), None);
}

#[test]
fn the_deadline_counts_from_the_platforms_creation_time_and_pauses_for_a_hook() {
    let mut machine = machine();
    machine.observe(&Observation {
        created: Some(at(-300)),
        ..going(1)
    });
    machine.observe(&Observation {
        waiting: Some("approval".into()),
        ..going(100)
    });
    machine.observe(&going(280));
    machine.observe(&going(479));
    assert_eq!(trip(&machine), None);
    machine.observe(&going(480));
    assert_eq!(trip(&machine), Some((Tripper::Deadline, None)));
}

#[test]
fn bake_keeps_watching_and_starts_anew_after_a_relapse() {
    let mut machine = Rollout::new(
        Policy {
            bake: Duration::from_secs(30),
            ..policy()
        },
        at(0),
        None,
    );
    let ready = |second| sample(second, Standing::Ready { proven: true });
    machine.observe(&ready(10));
    assert_eq!(machine.alarm(at(10)), Some(at(40)));
    machine.observe(&going(20));
    machine.observe(&ready(30));
    machine.observe(&ready(59));
    assert_eq!(machine.verdict(), None);
    machine.observe(&ready(60));
    assert_eq!(machine.verdict(), Some(&Verdict::Healthy { proven: true }));
}

#[test]
fn a_stop_that_came_too_late_is_judged_by_the_next_look() {
    let mut late = machine();
    late.observe(&failing(1, &["a", "b"], Cause::ImageNotFound));
    late.halted(&Halted::JustFinished, at(2));
    late.observe(&sample(3, Standing::Ready { proven: true }));
    assert_eq!(late.verdict(), Some(&Verdict::Healthy { proven: true }));
}

#[test]
fn a_refused_stop_is_watched_to_the_platforms_own_end_and_not_for_ever() {
    let mut refused = machine();
    refused.observe(&failing(1, &["a", "b"], Cause::ImageNotFound));
    refused.halted(&Halted::Refused("denied".into()), at(2));
    let mut patient = refused.clone();
    refused.observe(&sample(
        60,
        Standing::RolledBack {
            reason: None,
            to: None,
        },
    ));
    assert!(matches!(
        refused.verdict(),
        Some(Verdict::Tripped {
            rollback: Rollback::Done { .. },
            ..
        })
    ));
    for second in (10..=902).step_by(60) {
        patient.observe(&going(second));
    }
    assert_eq!(patient.verdict(), None);
    patient.observe(&going(902));
    let Some(Verdict::Tripped {
        rollback: Rollback::NotDone(WhyNot::Refused(why)),
        ..
    }) = patient.verdict()
    else {
        panic!("{:?}", patient.phase());
    };
    assert_eq!(why, "denied");
}

#[test]
fn the_timeout_of_the_process_is_doubt_and_not_harm() {
    let mut machine = Rollout::new(policy(), at(0), Some(Duration::from_secs(50)));
    machine.observe(&going(49));
    machine.elapse(at(50));
    assert_eq!(
        machine.verdict(),
        Some(&Verdict::Undetermined(Doubt::TimedOut))
    );
}

#[test]
fn our_own_trip_keeps_its_cause_through_the_rollback() {
    let mut machine = machine();
    machine.observe(&failing(1, &["a", "b"], Cause::ImageNotFound));
    machine.halted(&Halted::Accepted, at(2));
    machine.observe(&sample(
        3,
        Standing::Tripping {
            reason: Some("stop requested".into()),
        },
    ));
    machine.observe(&sample(
        4,
        Standing::RolledBack {
            reason: Some("stopped".into()),
            to: Some("1".into()),
        },
    ));
    let Some(Verdict::Tripped { trip, rollback }) = machine.verdict() else {
        panic!()
    };
    assert_eq!(
        (trip.by, trip.cause),
        (Tripper::Patience, Some(Cause::ImageNotFound))
    );
    assert_eq!(
        rollback,
        &Rollback::Done {
            to: Some("1".into())
        }
    );
}

#[test]
fn what_fails_while_it_bakes_is_tripped_and_waits_for_no_end_of_the_platform() {
    let ready = |second| sample(second, Standing::Ready { proven: true });
    let baking = Policy {
        bake: Duration::from_secs(100),
        ..policy()
    };
    let answers = [
        Halted::JustFinished,
        Halted::Refused("there is nothing to stop".into()),
    ];
    for answer in answers {
        let mut machine = Rollout::new(baking, at(0), None);
        machine.observe(&ready(10));
        machine.observe(&failing(50, &["a"], Cause::Exited));
        // It comes back, and fails again each time before it has baked.
        machine.observe(&ready(520));
        machine.observe(&failing(600, &["a", "b"], Cause::Exited));
        assert!(machine.wants_remedy().is_some());
        machine.halted(&answer, at(600));
        machine.observe(&ready(601));
        assert!(
            matches!(
                machine.verdict(),
                Some(Verdict::Tripped {
                    rollback: Rollback::NotDone(WhyNot::Refused(_)),
                    ..
                })
            ),
            "{:?}",
            machine.verdict()
        );
    }
}
