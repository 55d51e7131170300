//! The laws of our own breaker, and of causes that are states and may be over.

use proptest::prelude::*;

use super::laws::{CAUSES, at, failing, going, harm, observations, play, policy, sample, trip};
use crate::rollout::machine::*;
use crate::rollout::{Cause, Gauge, Tripper, Unit};
use crate::spec::Threshold;

fn counting(threshold: Threshold, reset_on_healthy: bool) -> Rollout {
    let budget = Budget {
        threshold,
        reset_on_healthy,
    };
    Rollout::new(policy(), at(0), None).counting(Some(budget))
}

fn running(observation: Observation, running: u32) -> Observation {
    let gauge = Gauge {
        desired: 4,
        running,
        ..Gauge::default()
    };
    Observation {
        gauge,
        ..observation
    }
}

fn thresholds() -> impl Strategy<Value = Threshold> {
    prop_oneof![
        (1..=100u32).prop_map(Threshold::BoundedPercent),
        (1..=100u32).prop_map(Threshold::UnboundedPercent),
        (1..=30u32).prop_map(Threshold::Count),
    ]
}

proptest! {
    #[test]
    fn the_breaker_trips_at_exactly_its_threshold(threshold in thresholds(), desired in 0..60u32) {
        let mut machine = counting(threshold, true);
        let needed = Budget { threshold, reset_on_healthy: true }.trips_at(desired);
        for failed in 1..=needed {
            prop_assert_eq!(trip(&machine), None);
            let id = failed.to_string();
            let mut seen = failing(i64::from(failed), &[&id], Cause::Exited);
            seen.gauge.desired = desired;
            machine.observe(&seen);
        }
        prop_assert_eq!(trip(&machine), Some((Tripper::Breaker, Some(Cause::Exited))));
        prop_assert_eq!(machine.breaker().map(|gauge| (gauge.failures, gauge.threshold)), Some((needed, Some(needed))));
    }

    #[test]
    fn more_failures_never_improve_where_we_count(
        mut story in prop::collection::vec(observations(), 1..20),
        which in any::<prop::sample::Index>(),
        cause in 0..6usize,
        threshold in thresholds(),
        resets in any::<bool>(),
    ) {
        story.sort_by_key(|sample| sample.at);
        story.dedup_by_key(|sample| sample.at);
        let mut kind = counting(threshold, resets);
        play(&mut kind, &story);
        let index = which.index(story.len());
        let extra = Failure { id: "extra".into(), at: story[index].at, cause: CAUSES[cause], text: String::new(), container: None, exit_code: None, unit: Unit::Task, task: None };
        story[index].failures.push(extra);
        let mut harsh = counting(threshold, resets);
        play(&mut harsh, &story);
        let improved = harm(&harsh) < harm(&kind);
        prop_assert!(!improved, "{:?} became {:?}", kind.phase(), harsh.phase());
    }

    #[test]
    fn a_breaker_only_adds_harm(mut story in prop::collection::vec(observations(), 1..20), threshold in thresholds(), resets in any::<bool>()) {
        story.sort_by_key(|sample| sample.at);
        let mut without = Rollout::new(policy(), at(0), None);
        let mut with = counting(threshold, resets);
        play(&mut without, &story);
        play(&mut with, &story);
        prop_assert!(harm(&with) >= harm(&without), "{:?} became {:?}", without.phase(), with.phase());
    }

    #[test]
    fn only_counted_causes_count(cause in 0..6usize) {
        let cause = CAUSES[cause];
        let mut machine = counting(Threshold::Count(2), true);
        machine.observe(&failing(1, &["a", "b"], cause));
        let counts = cause.class() == crate::rollout::Class::Counted;
        prop_assert_eq!(machine.breaker().map(|gauge| gauge.failures), Some(if counts { 2 } else { 0 }));
    }
}

#[test]
fn one_that_comes_up_healthy_resets_the_count_unless_told_otherwise() {
    for (resets, counted) in [(true, 1), (false, 3)] {
        let mut machine = counting(Threshold::Count(5), resets);
        machine.observe(&running(failing(1, &["a", "b"], Cause::Exited), 0));
        machine.observe(&running(failing(2, &["a", "b", "c"], Cause::Exited), 1));
        let gauge = machine.breaker().unwrap();
        assert_eq!(
            (gauge.failures, gauge.state.as_str()),
            (counted, "counting")
        );
        // One that goes away again is no reset.
        machine.observe(&running(failing(3, &["d"], Cause::OutOfMemory), 0));
        assert_eq!(machine.breaker().unwrap().failures, counted + 1);
    }
}

#[test]
fn the_same_failure_told_again_counts_once() {
    let mut machine = counting(Threshold::Count(2), true);
    for second in 1..50 {
        machine.observe(&failing(second, &["a"], Cause::Exited));
    }
    assert_eq!(trip(&machine), None);
}

#[test]
fn the_reason_of_the_breaker_names_count_and_cause() {
    let mut machine = counting(Threshold::Count(2), true);
    machine.observe(&failing(1, &["a", "b"], Cause::OutOfMemory));
    let reason = &machine.wants_remedy().unwrap().reason;
    assert_eq!(
        reason,
        "2 failures, and 2 trip the breaker; the container runs out of memory, seen 2 times: words"
    );
}

#[test]
fn what_the_platform_gives_up_on_is_ours_to_bring_back() {
    let mut machine = counting(Threshold::Count(9), true);
    machine.observe(&failing(1, &["a"], Cause::Exited));
    let reason = Some("it has timed out progressing".to_owned());
    machine.observe(&sample(2, Standing::GivenUp { reason }));
    assert_eq!(
        trip(&machine),
        Some((Tripper::Platform, Some(Cause::Exited)))
    );
    // What it says again does not ask a second time.
    machine.halted(&Halted::Accepted, at(3));
    machine.observe(&sample(4, Standing::GivenUp { reason: None }));
    assert_eq!(machine.wants_remedy(), None);
    assert_eq!(machine.verdict(), None);
}

#[test]
fn a_cause_that_is_over_is_no_longer_waited_for() {
    let mut machine = counting(Threshold::Count(9), true);
    machine.observe(&failing(1, &["a", "b"], Cause::NoCapacity));
    let half = Observation {
        healed: vec!["a".into()],
        ..going(2)
    };
    machine.observe(&half);
    let mut other = machine.clone();
    machine.observe(&going(301));
    assert_eq!(
        trip(&machine),
        Some((Tripper::Patience, Some(Cause::NoCapacity)))
    );
    let whole = Observation {
        healed: vec!["a".into(), "b".into()],
        ..going(3)
    };
    other.observe(&whole);
    other.observe(&going(301));
    assert_eq!(trip(&other), None);
}

#[test]
fn only_what_still_stands_is_a_second_certain_failure() {
    let mut machine = counting(Threshold::Count(9), true);
    machine.observe(&failing(1, &["a"], Cause::ImageNotFound));
    let pushed = Observation {
        healed: vec!["a".into()],
        ..going(2)
    };
    machine.observe(&pushed);
    machine.observe(&failing(3, &["b"], Cause::ImageNotFound));
    assert_eq!(trip(&machine), None);
    machine.observe(&failing(4, &["b", "c"], Cause::ImageNotFound));
    assert!(machine.wants_remedy().is_some());
}

/// Who joins a rollout finds tasks that run, and a failure from before: where more are wanted, what finds no place is
/// answered by none of them.
#[test]
fn tasks_that_run_are_no_place_for_those_that_have_none() {
    for (cause, running_now, trips) in [
        (Cause::NoCapacity, 3, true),
        (Cause::NoCapacity, 4, false),
        (Cause::Exited, 3, false),
    ] {
        let mut machine = Rollout::new(policy(), at(0), None);
        for second in [0, 200, 400] {
            let looks = running(failing(second, &["a"], cause), running_now);
            machine.observe(&looks);
        }
        let wanted = trips.then_some((Tripper::Patience, Some(cause)));
        assert_eq!(trip(&machine), wanted, "{cause:?} {running_now}");
    }
}
