//! The rows for what we count ourselves: after completion, and where counts alone move.

use super::*;

/// A complete deployment, looked at again and again; `failed` tasks failed since the last look.
fn complete(record: &Record, second: i64, failed: usize, memory: &mut Failures) -> Standing {
    let there = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 2)]);
    memory.failed_lately = failed > 0;
    memory
        .failed_at
        .extend(std::iter::repeat_n(at(second), failed));
    read(&view(second, record.clone(), there), &ours(), memory)
}

#[test]
fn tasks_that_come_and_go_after_completion_are_seen_without_being_read() {
    let mut memory = Failures::default();
    let mut look = |second, running| {
        let there = service(vec![deployment(
            "ecs-svc/2",
            "PRIMARY",
            V2,
            "COMPLETED",
            running,
        )]);
        read(
            &view(second, Record::Unavailable, there),
            &ours(),
            &mut memory,
        )
    };
    assert!(matches!(look(0, 0), Standing::Going(_)));
    assert!(matches!(look(1, 1), Standing::Going(_)));
    assert!(matches!(look(2, 0), Standing::Going(_)));
    assert!(matches!(look(3, 2), Standing::Going(_)));
    assert!(matches!(look(16, 2), Standing::Going(_)));
    assert_eq!(look(17, 2), Standing::Ready { proven: true });
}

#[test]
fn tasks_that_fail_after_completion_are_counted_by_us() {
    for record in [Record::found(record("SUCCESSFUL")), Record::Missing] {
        // What failed on the way is forgiven: ECS counted it.
        let mut memory = Failures {
            failed_at: vec![at(-9), at(-8), at(-7)],
            ..Failures::default()
        };
        let mut look = |second, failed| complete(&record, second, failed, &mut memory);
        let ready = Standing::Ready { proven: true };
        assert_eq!(look(0, 0), ready);
        assert!(matches!(look(5, 1), Standing::Going(_)));
        // One that runs again at this moment proves nothing; one that runs for long does.
        assert!(matches!(look(6, 0), Standing::Going(_)));
        assert_eq!(look(20, 0), ready);
        assert!(matches!(look(30, 2), Standing::NotRolledBack { .. }));
    }
}

#[test]
fn a_change_of_counts_alone_is_judged_by_counts() {
    let ours = RolloutId {
        count_only: Some(3),
        ..ours()
    };
    let growing = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 1)]);
    let grown = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 2)]);
    assert!(matches!(
        story(&ours, vec![view(0, Record::Missing, growing)]),
        Standing::Going(_)
    ));
    assert_eq!(
        story(&ours, vec![view(0, Record::Missing, grown)]),
        Standing::Ready { proven: true }
    );
}

#[test]
fn counts_that_are_not_reached_among_failures_are_tripped() {
    let ours = RolloutId {
        count_only: Some(2),
        ..ours()
    };
    let short = || service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 1)]);
    let look = || vec![view(1000, Record::Missing, short())];
    let mut lately = Failures {
        failed_at: vec![at(200), at(900)],
        ..Failures::default()
    };
    assert!(matches!(
        last(&ours, look(), &mut lately),
        Standing::NotRolledBack { .. }
    ));
    let mut long_ago = Failures {
        failed_at: vec![at(0), at(900)],
        ..Failures::default()
    };
    assert!(matches!(
        last(&ours, look(), &mut long_ago),
        Standing::Going(_)
    ));
}

#[test]
fn how_long_ago_tasks_failed_is_told_by_the_clock_that_dated_them() {
    let ours = RolloutId {
        count_only: Some(2),
        ..ours()
    };
    // The platform's clock is an hour ahead of ours.
    let look = || View {
        skew: SignedDuration::from_hours(1),
        ..view(
            1000,
            Record::Missing,
            service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 1)]),
        )
    };
    let failed = |seconds: [i64; 2]| {
        let mut memory = Failures {
            failed_at: seconds.map(at).to_vec(),
            ..Failures::default()
        };
        last(&ours, vec![look()], &mut memory)
    };
    assert!(matches!(failed([2000, 3600]), Standing::Going(_)));
    assert!(matches!(
        failed([4000, 4500]),
        Standing::NotRolledBack { .. }
    ));
}

#[test]
fn a_count_that_joins_a_rollout_is_reached_too_before_all_is_well() {
    let ours = RolloutId {
        count_set: Some(at(5)),
        ..ours()
    };
    let running = |running| {
        service(vec![deployment(
            "ecs-svc/2",
            "PRIMARY",
            V2,
            "COMPLETED",
            running,
        )])
    };
    let records = || [Record::found(record("SUCCESSFUL")), Record::Missing];
    let mut memory = Failures {
        // On the way of the rollout, before.
        failed_at: vec![at(2), at(3), at(4)],
        ..Failures::default()
    };
    for record in records() {
        let look = |running_now| vec![view(6, record.clone(), running(running_now))];
        assert!(matches!(
            last(&ours, look(1), &mut memory),
            Standing::Going(_)
        ));
        assert_eq!(
            last(&ours, look(2), &mut Failures::default()),
            Standing::Ready { proven: true }
        );
    }
}

#[test]
fn a_count_that_was_set_after_the_end_of_a_record_is_waited_for_by_who_comes_later() {
    let look = |second, word: &str, running| {
        let ours = deployment("ecs-svc/2", "PRIMARY", V2, word, running);
        let there = ServiceView {
            desired: 3,
            ..service(vec![ours])
        };
        view(second, Record::found(record("SUCCESSFUL")), there)
    };
    let found = RolloutId {
        found: true,
        ..ours()
    };
    let mut memory = Failures::default();
    let mut after = |looks| last(&found, looks, &mut memory);
    assert!(matches!(
        after(vec![look(0, "IN_PROGRESS", 2)]),
        Standing::Going(_)
    ));
    // Not only until ECS calls the deployment complete.
    assert!(matches!(
        after(vec![look(9, "COMPLETED", 2)]),
        Standing::Going(_)
    ));
    let ready = Standing::Ready { proven: true };
    assert_eq!(after(vec![look(12, "COMPLETED", 3)]), ready);
    // What was complete when we came is judged by its record, however many tasks are wanted by now.
    assert_eq!(story(&found, vec![look(0, "COMPLETED", 2)]), ready);
}

#[test]
fn tasks_of_the_old_revision_make_up_no_count_of_the_new_one() {
    let there = ServiceView {
        desired: 3,
        ..service(vec![
            deployment("ecs-svc/2", "PRIMARY", V2, "IN_PROGRESS", 2),
            deployment("ecs-svc/1", "ACTIVE", V1, "COMPLETED", 1),
        ])
    };
    let found = RolloutId {
        found: true,
        ..ours()
    };
    let looks = vec![view(0, Record::found(record("SUCCESSFUL")), there)];
    assert!(matches!(story(&found, looks), Standing::Going(_)));
}
