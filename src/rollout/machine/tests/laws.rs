//! The laws of the machine, as properties over arbitrary stories.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::rollout::machine::*;
use crate::rollout::{Cause, Gauge, Tripper, Unit};

mod clocks;

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
        unit: Unit::Task,
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
            unit: Unit::Task,
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
    fn zero_tasks_after_failures_are_never_healthy(
        mut story in prop::collection::vec(observations(), 1..20),
        count in 1..4u32,
        seen_by_breaker in any::<bool>(),
        bake in 0..60u64,
    ) {
        story.retain(|sample| matches!(sample.standing, Standing::Going(_) | Standing::Unknown));
        story.sort_by_key(|sample| sample.at);
        let mut machine = Rollout::new(Policy { bake: Duration::from_secs(bake), ..policy() }, at(0), None);
        play(&mut machine, &story);
        let newest = story.last().map_or(at(0), |sample| sample.at);
        let mut failed = going(1);
        if seen_by_breaker {
            failed.gauge.breaker = Some(BreakerGauge { failures: count, threshold: None, state: "MONITORING".into() });
        } else {
            failed = failing(1, &["a", "b", "c"][..count as usize], Cause::Exited);
        }
        failed.at = newest + SignedDuration::from_secs(1);
        let empty = Observation { at: failed.at + SignedDuration::from_secs(1), ..sample(1, Standing::Ready { proven: false }) };
        play(&mut machine, &[failed, empty]);
        let harmed = matches!(machine.verdict(), Some(Verdict::Tripped { .. } | Verdict::Superseded { .. }));
        prop_assert!(harmed, "{:?}", machine.phase());
    }

    #[test]
    fn more_failures_never_improve(mut story in prop::collection::vec(observations(), 1..20), which in any::<prop::sample::Index>(), cause in 0..6usize) {
        story.sort_by_key(|sample| sample.at);
        story.dedup_by_key(|sample| sample.at);
        let mut kind = machine();
        play(&mut kind, &story);
        let mut worse = story.clone();
        let index = which.index(worse.len());
        let extra = Failure { id: "extra".into(), at: worse[index].at, cause: CAUSES[cause], text: String::new(), container: None, exit_code: None, unit: Unit::Task, task: None };
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
