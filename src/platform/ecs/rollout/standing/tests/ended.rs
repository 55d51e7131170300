//! The rows for rollouts that were stopped, failed or gone back from.

use super::*;

#[test]
fn a_rollback_that_somebody_else_asked_for_is_superseded() {
    let looks = vec![found("ROLLBACK_REQUESTED"), found("ROLLBACK_SUCCESSFUL")];
    assert!(superseded(&story(&ours(), looks)));
    let told = RecordView {
        reason: Some(
            "Service deployment rolled back because of a StopServiceDeployment call.".into(),
        ),
        ..record("ROLLBACK_SUCCESSFUL")
    };
    assert!(superseded(&story(
        &ours(),
        vec![view(0, Record::found(told), rolling())]
    )));
}

#[test]
fn a_rollback_by_breaker_alarm_hook_or_ourselves_is_tripped() {
    let reason =
        "Service deployment rolled back because the circuit breaker threshold was exceeded.";
    let by_breaker = RecordView {
        reason: Some(reason.into()),
        rollback_to: Some("1".into()),
        ..record("ROLLBACK_SUCCESSFUL")
    };
    assert_eq!(
        story(&ours(), vec![view(0, Record::found(by_breaker), rolling())]),
        Standing::RolledBack {
            reason: Some(reason.into()),
            to: Some("1".into())
        }
    );
    // A breaker may pass through the same status as a request does.
    let pulled = RecordView {
        breaker: Some(triggered()),
        ..record("ROLLBACK_REQUESTED")
    };
    let ended = RecordView {
        breaker: Some(triggered()),
        ..record("ROLLBACK_SUCCESSFUL")
    };
    let looks = vec![
        view(0, Record::found(pulled), rolling()),
        view(1, Record::found(ended), rolling()),
    ];
    assert!(matches!(story(&ours(), looks), Standing::RolledBack { .. }));
    let mut asked = Failures {
        stopped_by_us: true,
        ..Failures::default()
    };
    let looks = vec![found("ROLLBACK_REQUESTED"), found("ROLLBACK_SUCCESSFUL")];
    assert!(matches!(
        last(&ours(), looks, &mut asked),
        Standing::RolledBack { .. }
    ));
}

#[test]
fn a_failed_rollback_is_not_rolled_back() {
    assert!(matches!(
        story(&ours(), vec![found("ROLLBACK_FAILED")]),
        Standing::NotRolledBack { .. }
    ));
}

#[test]
fn stopped_by_a_newer_deployment_is_superseded() {
    let newer = RecordView {
        newer: Some("ecs-svc/3".into()),
        ..record("STOPPED")
    };
    assert!(superseded(&story(
        &ours(),
        vec![view(0, Record::found(newer), rolling())]
    )));
}

#[test]
fn stopped_by_breaker_or_alarm_or_with_a_failed_deployment_is_tripped() {
    let breaker = RecordView {
        breaker: Some(triggered()),
        ..record("STOPPED")
    };
    let alarm = RecordView {
        alarm_status: Some("TRIGGERED".into()),
        alarms: vec!["5xx".into()],
        ..record("STOPPED")
    };
    for record in [breaker, alarm] {
        let look = view(0, Record::found(record), rolling());
        assert!(matches!(
            story(&ours(), vec![look]),
            Standing::NotRolledBack { reason: Some(_) }
        ));
    }
    let failed = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "FAILED", 0)]);
    let look = view(0, Record::found(record("STOPPED")), failed);
    assert!(matches!(
        story(&ours(), vec![look]),
        Standing::NotRolledBack { .. }
    ));
}

#[test]
fn stopped_as_we_asked_is_tripped_and_stopped_for_no_known_reason_is_unclear() {
    let mut asked = Failures {
        stopped_by_us: true,
        ..Failures::default()
    };
    assert!(matches!(
        last(&ours(), vec![found("STOPPED")], &mut asked),
        Standing::NotRolledBack { .. }
    ));
    let told = RecordView {
        reason: Some("because".into()),
        ..record("STOPPED")
    };
    let look = |second| view(second, Record::found(told.clone()), rolling());
    assert_eq!(
        story(&ours(), vec![look(0), look(14)]),
        Standing::Going("STOPPED".into()),
        "what took its place may be listed late"
    );
    assert_eq!(
        story(&ours(), vec![look(0), look(15)]),
        Standing::Unclear("ecs-svc/2 is STOPPED: because".into())
    );
}

#[test]
fn stopped_by_what_is_not_listed_yet_is_superseded_all_the_same() {
    let others = service(vec![
        deployment("ecs-svc/3", "PRIMARY", "v3", "IN_PROGRESS", 0),
        deployment("ecs-svc/2", "ACTIVE", V2, "IN_PROGRESS", 1),
    ]);
    let look = view(0, Record::found(record("STOPPED")), others);
    assert!(superseded(&story(&ours(), vec![look])));
}

#[test]
fn a_stop_from_before_we_came_takes_the_place_of_nothing_we_did() {
    let found_there = RolloutId {
        found: true,
        ..ours()
    };
    let looks = |first: &str| vec![found(first), found("ROLLBACK_SUCCESSFUL")];
    for first in ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
        assert!(matches!(
            story(&found_there, looks(first)),
            Standing::RolledBack { .. }
        ));
    }
    assert!(superseded(&story(&ours(), looks("ROLLBACK_REQUESTED"))));
}

#[test]
fn a_breaker_without_rollback_may_leave_the_status_for_ever() {
    let stuck = RecordView {
        breaker: Some(triggered()),
        ..record("IN_PROGRESS")
    };
    let off = ServiceView {
        rolls_back: false,
        ..service(vec![
            deployment("ecs-svc/2", "PRIMARY", V2, "FAILED", 0),
            deployment("ecs-svc/1", "ACTIVE", V1, "COMPLETED", 2),
        ])
    };
    let look = view(0, Record::found(stuck.clone()), off);
    assert!(matches!(
        story(&ours(), vec![look]),
        Standing::NotRolledBack { .. }
    ));
    // The first deployment has nothing to go back to, whatever its settings say.
    let only = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "FAILED", 0)]);
    let look = view(0, Record::found(stuck), only);
    assert!(matches!(
        story(&first(), vec![look]),
        Standing::NotRolledBack { .. }
    ));
}

#[test]
fn a_failed_deployment_whose_rollback_is_still_to_come_is_waited_for_and_not_for_ever() {
    let failed = || service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "FAILED", 0)]);
    let look = |second| view(second, Record::found(record("IN_PROGRESS")), failed());
    assert!(matches!(
        story(&ours(), vec![look(0), look(119)]),
        Standing::Tripping { .. }
    ));
    assert!(matches!(
        story(&ours(), vec![look(0), look(120)]),
        Standing::NotRolledBack { .. }
    ));
}

#[test]
fn a_rollback_that_is_attached_to_is_over_when_the_record_that_it_ends_says_so() {
    let back = RolloutId {
        id: "ecs-svc/3".into(),
        task_definition: V1.into(),
        former: None,
        count_only: None,
        count_set: None,
        is_rollback: true,
        begun: None,
        said: BTreeSet::new(),
        found: true,
    };
    let look = |status: &str, finished| {
        let primary = DeploymentView {
            created: Some(at(10)),
            ..deployment("ecs-svc/3", "PRIMARY", V1, "IN_PROGRESS", 2)
        };
        let other = RecordView {
            is_ours: false,
            finished: Some(at(finished)),
            ..record(status)
        };
        story(
            &back,
            vec![view(0, Record::found(other), service(vec![primary]))],
        )
    };
    assert!(matches!(
        look("ROLLBACK_IN_PROGRESS", 20),
        Standing::Going(_)
    ));
    assert_eq!(
        look("ROLLBACK_SUCCESSFUL", 20),
        Standing::Ready { proven: true }
    );
    assert!(matches!(
        look("ROLLBACK_FAILED", 20),
        Standing::NotRolledBack { .. }
    ));
    // It was over before ours was made: ours is a rollout whose own record is still to come.
    assert!(matches!(look("ROLLBACK_SUCCESSFUL", 9), Standing::Going(_)));
}

#[test]
fn a_breaker_without_a_rollback_to_come_ends() {
    let pulled = || RecordView {
        breaker: Some(triggered()),
        ..record("IN_PROGRESS")
    };
    let looks = (0..20).map(|n| view(n * 60, Record::found(pulled()), rolling()));
    assert!(matches!(
        story(&ours(), looks.collect()),
        Standing::NotRolledBack { .. }
    ));
}
