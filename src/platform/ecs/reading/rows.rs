//! One test per row of the tables of judgement.

use super::*;
use crate::platform::ecs::view::{BreakerView, EventView};

const V1: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api-service:1";
const V2: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api-service:2";
const V3: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api-service:3";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn ours() -> Ours {
    Ours {
        id: "ecs-svc/2".into(),
        task_definition: V2.into(),
        former: Some(V1.into()),
        count_only: None,
        is_rollback: false,
        begun: None,
        found: false,
    }
}

fn first() -> Ours {
    Ours {
        former: None,
        ..ours()
    }
}

fn deployment(
    id: &str,
    status: &str,
    revision: &str,
    rollout: &str,
    running: u32,
) -> DeploymentView {
    DeploymentView {
        id: id.into(),
        status: status.into(),
        task_definition: revision.into(),
        rollout: Some(rollout.into()),
        desired: 2,
        running,
        ..DeploymentView::default()
    }
}

fn service(deployments: Vec<DeploymentView>) -> ServiceView {
    ServiceView {
        status: "ACTIVE".into(),
        desired: 2,
        running: deployments
            .iter()
            .map(|deployment| deployment.running)
            .sum(),
        rolls_back: true,
        deployments,
        events: Vec::new(),
    }
}

fn rolling() -> ServiceView {
    service(vec![
        deployment("ecs-svc/2", "PRIMARY", V2, "IN_PROGRESS", 1),
        deployment("ecs-svc/1", "ACTIVE", V1, "COMPLETED", 2),
    ])
}

fn record(status: &str) -> RecordView {
    RecordView {
        is_ours: true,
        status: status.into(),
        requested: 2,
        ..RecordView::default()
    }
}

fn triggered() -> BreakerView {
    BreakerView {
        status: "TRIGGERED".into(),
        failures: 3,
        threshold: 3,
    }
}

fn view(second: i64, record: Record, service: ServiceView) -> View {
    View {
        at: at(second),
        record,
        service: Some(service),
    }
}

/// What a story of looks reads as in the end.
fn story(ours: &Ours, looks: Vec<View>) -> Standing {
    let mut memory = Memory::default();
    last(ours, looks, &mut memory)
}

fn last(ours: &Ours, looks: Vec<View>, memory: &mut Memory) -> Standing {
    let mut standing = Standing::Unknown;
    for look in looks {
        standing = read(&look, ours, memory);
    }
    standing
}

fn found(status: &str) -> View {
    view(0, Record::found(record(status)), rolling())
}

fn superseded(standing: &Standing) -> bool {
    matches!(standing, Standing::Superseded { .. })
}

#[test]
fn successful_is_healthy_and_zero_desired_is_not_proven() {
    assert_eq!(
        story(&ours(), vec![found("SUCCESSFUL")]),
        Standing::Ready { proven: true }
    );
    let nothing = RecordView {
        requested: 0,
        ..record("SUCCESSFUL")
    };
    let empty = ServiceView {
        desired: 0,
        ..service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 0)])
    };
    let look = view(0, Record::found(nothing), empty);
    assert_eq!(
        story(&ours(), vec![look]),
        Standing::Ready { proven: false }
    );
}

#[test]
fn under_way_and_unknown_words_go_on_and_are_shown() {
    for word in ["PENDING", "IN_PROGRESS", "TELEPORTING"] {
        assert_eq!(
            story(&ours(), vec![found(word)]),
            Standing::Going(word.into())
        );
    }
}

#[test]
fn going_back_is_watched_to_its_end() {
    for word in [
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
        "STOP_REQUESTED",
    ] {
        assert!(
            matches!(story(&ours(), vec![found(word)]), Standing::Tripping { .. }),
            "{word}"
        );
    }
}

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
    let mut asked = Memory {
        stopped_by_us: true,
        ..Memory::default()
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
    let mut asked = Memory {
        stopped_by_us: true,
        ..Memory::default()
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
fn without_a_record_tasks_of_the_old_revision_are_waited_for() {
    let draining = service(vec![
        deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 2),
        deployment("ecs-svc/1", "ACTIVE", V1, "COMPLETED", 1),
    ]);
    let drained = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 2)]);
    assert!(matches!(
        story(&ours(), vec![view(0, Record::Missing, draining)]),
        Standing::Going(_)
    ));
    assert_eq!(
        story(&ours(), vec![view(0, Record::Missing, drained)]),
        Standing::Ready { proven: true }
    );
}

#[test]
fn a_rollback_that_was_over_before_the_first_look_is_known_by_its_event() {
    // Nothing could be read for an hour: what was told since our deployment was made counts.
    let ours = Ours {
        begun: Some(at(0)),
        ..ours()
    };
    let told = |second| {
        let primary = DeploymentView {
            created: Some(at(30)),
            ..deployment("ecs-svc/3", "PRIMARY", V1, "COMPLETED", 2)
        };
        let mut back = service(vec![primary]);
        back.events = vec![EventView {
            id: "1".into(),
            at: at(second),
            text: "(service api) rolling back to deployment ecs-svc/3.".into(),
        }];
        story(&ours, vec![view(3_600, Record::Missing, back)])
    };
    assert!(matches!(told(60), Standing::RolledBack { .. }));
    // An older one tells of another deployment.
    assert!(matches!(told(-60), Standing::Unknown));
}

/// A complete deployment, looked at again and again; `failed` tasks failed since the last look.
fn complete(record: &Record, second: i64, failed: usize, memory: &mut Memory) -> Standing {
    let there = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 2)]);
    memory.fresh_failures = failed > 0;
    memory
        .failed_at
        .extend(std::iter::repeat_n(at(second), failed));
    read(&view(second, record.clone(), there), &ours(), memory)
}

#[test]
fn tasks_that_come_and_go_after_completion_are_seen_without_being_read() {
    let mut memory = Memory::default();
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
        let mut memory = Memory {
            failed_at: vec![at(-9), at(-8), at(-7)],
            ..Memory::default()
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
    let found_there = Ours {
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
fn a_change_of_counts_alone_is_judged_by_counts() {
    let ours = Ours {
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
    let ours = Ours {
        count_only: Some(2),
        ..ours()
    };
    let short = || service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 1)]);
    let look = || vec![view(1000, Record::Missing, short())];
    let mut lately = Memory {
        failed_at: vec![at(200), at(900)],
        ..Memory::default()
    };
    assert!(matches!(
        last(&ours, look(), &mut lately),
        Standing::NotRolledBack { .. }
    ));
    let mut long_ago = Memory {
        failed_at: vec![at(0), at(900)],
        ..Memory::default()
    };
    assert!(matches!(
        last(&ours, look(), &mut long_ago),
        Standing::Going(_)
    ));
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
    let back = Ours {
        id: "ecs-svc/3".into(),
        task_definition: V1.into(),
        former: None,
        count_only: None,
        is_rollback: true,
        begun: None,
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
fn a_deleted_service_is_superseded_and_one_that_is_not_visible_yet_is_not() {
    let gone = |second| View {
        at: at(second),
        record: Record::Missing,
        service: None,
    };
    assert_eq!(story(&ours(), vec![gone(0)]), Standing::Unknown);
    assert!(superseded(&story(&ours(), vec![gone(0), gone(15)])));
    let inactive = |second| {
        let service = ServiceView {
            status: "INACTIVE".into(),
            ..rolling()
        };
        view(second, Record::Missing, service)
    };
    assert!(superseded(&story(&ours(), vec![inactive(0), inactive(15)])));
    let draining = ServiceView {
        status: "DRAINING".into(),
        ..rolling()
    };
    assert!(superseded(&story(
        &ours(),
        vec![view(0, Record::Missing, draining)]
    )));
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

#[test]
fn a_third_revision_after_our_failure_is_no_rollback() {
    let failed = service(vec![
        deployment("ecs-svc/2", "PRIMARY", V2, "FAILED", 0),
        deployment("ecs-svc/1", "ACTIVE", V1, "COMPLETED", 2),
    ]);
    let third = service(vec![deployment("ecs-svc/3", "PRIMARY", V3, "COMPLETED", 2)]);
    let looks = vec![
        view(20, Record::Unavailable, failed),
        view(60, Record::Unavailable, third),
    ];
    assert!(superseded(&story(&ours(), looks)));
}

#[test]
fn an_answer_older_than_our_call_proves_nothing() {
    let third = || service(vec![deployment("ecs-svc/3", "PRIMARY", V3, "COMPLETED", 2)]);
    let look = |second| view(second, Record::Missing, third());
    assert_eq!(story(&ours(), vec![look(0)]), Standing::Unknown);
    assert!(superseded(&story(&ours(), vec![look(0), look(15)])));
}

/// The rows for endpoints without, or rights too few for, service deployments.
mod degraded {
    use super::*;

    fn classic(second: i64, service: ServiceView) -> View {
        view(second, Record::Unavailable, service)
    }

    fn done(running: u32) -> ServiceView {
        service(vec![deployment(
            "ecs-svc/2",
            "PRIMARY",
            V2,
            "COMPLETED",
            running,
        )])
    }

    #[test]
    fn our_id_primary_and_completed_with_all_running_is_healthy() {
        assert_eq!(
            story(&ours(), vec![classic(0, done(2))]),
            Standing::Ready { proven: true }
        );
        assert!(matches!(
            story(&ours(), vec![classic(0, done(1))]),
            Standing::Going(_)
        ));
    }

    #[test]
    fn completed_among_fresh_failures_is_not_believed() {
        let mut memory = Memory {
            fresh_failures: true,
            ..Memory::default()
        };
        assert!(matches!(
            last(&ours(), vec![classic(0, done(2))], &mut memory),
            Standing::Going(_)
        ));
    }

    #[test]
    fn our_id_seen_failed_is_tripped_until_the_primary_is_completed_again() {
        let failed = service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "FAILED", 0)]);
        let back = |rollout| service(vec![deployment("ecs-svc/3", "PRIMARY", V1, rollout, 2)]);
        let end = |rollout| {
            story(
                &ours(),
                vec![classic(0, failed.clone()), classic(1, back(rollout))],
            )
        };
        assert!(matches!(end("IN_PROGRESS"), Standing::Tripping { .. }));
        assert!(matches!(end("COMPLETED"), Standing::RolledBack { to: Some(to), .. } if to == V1));
        assert!(matches!(end("FAILED"), Standing::NotRolledBack { .. }));
    }

    #[test]
    fn our_id_gone_with_words_of_a_rollback_is_tripped() {
        let mut primary = deployment("ecs-svc/3", "PRIMARY", V1, "COMPLETED", 2);
        primary.reason =
            Some("ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.".into());
        let looks = vec![classic(0, rolling()), classic(1, service(vec![primary]))];
        assert!(matches!(story(&ours(), looks), Standing::RolledBack { .. }));
        let told = ServiceView {
            events: vec![EventView {
                id: "e".into(),
                at: at(0),
                text: "(service api) rolling back to deployment ecs-svc/1.".into(),
            }],
            ..service(vec![deployment(
                "ecs-svc/3",
                "PRIMARY",
                V1,
                "IN_PROGRESS",
                2,
            )])
        };
        assert!(matches!(
            story(&ours(), vec![classic(0, rolling()), classic(1, told)]),
            Standing::Tripping { .. }
        ));
    }

    #[test]
    fn an_old_event_of_a_rollback_proves_nothing() {
        let old = ServiceView {
            events: vec![EventView {
                id: "e".into(),
                at: at(-3600),
                text: "rolling back to deployment ecs-svc/0.".into(),
            }],
            ..service(vec![deployment("ecs-svc/3", "PRIMARY", V1, "COMPLETED", 2)])
        };
        let looks = vec![classic(0, old.clone()), classic(20, old)];
        assert!(matches!(story(&ours(), looks), Standing::Unclear(_)));
    }

    #[test]
    fn a_task_definition_of_somebody_else_is_superseded() {
        let third = deployment("ecs-svc/3", "PRIMARY", V3, "IN_PROGRESS", 0);
        let looks = vec![classic(0, rolling()), classic(1, service(vec![third]))];
        assert!(superseded(&story(&ours(), looks)));
    }

    #[test]
    fn our_id_gone_and_nothing_said_is_unclear_but_not_at_once() {
        let look = |second| {
            classic(
                second,
                service(vec![deployment("ecs-svc/3", "PRIMARY", V1, "COMPLETED", 2)]),
            )
        };
        assert_eq!(story(&ours(), vec![look(0)]), Standing::Unknown);
        assert!(matches!(
            story(&ours(), vec![look(0), look(15)]),
            Standing::Unclear(_)
        ));
    }

    #[test]
    fn a_record_that_comes_late_takes_over() {
        let looks = vec![
            view(0, Record::Missing, rolling()),
            view(20, Record::Missing, rolling()),
            found("SUCCESSFUL"),
        ];
        assert_eq!(story(&ours(), looks), Standing::Ready { proven: true });
    }
}
