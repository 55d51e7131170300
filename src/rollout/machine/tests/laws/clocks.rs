//! The clocks of the machine: patience, deadline, bake and the waits of a remedy.

use super::*;

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
fn what_cannot_go_back_at_all_is_not_waited_for() {
    let mut stuck = machine();
    stuck.observe(&failing(1, &["a", "b"], Cause::ImageNotFound));
    stuck.halted(&Halted::Impossible("forbidden".into()), at(2));
    assert!(matches!(
        stuck.verdict(),
        Some(Verdict::Tripped {
            rollback: Rollback::NotDone(WhyNot::Refused(why)),
            ..
        }) if why == "forbidden"
    ));
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
