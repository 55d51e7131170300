//! The rows for endpoints without, or rights too few for, service deployments.

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
fn completed_among_failed_lately_is_not_believed() {
    let mut memory = Failures {
        failed_lately: true,
        ..Failures::default()
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
fn an_event_is_as_old_as_the_clock_that_dated_it_says() {
    // The platform's clock is an hour behind ours.
    let told = |second: i64| {
        let mut back = service(vec![deployment("ecs-svc/3", "PRIMARY", V1, "COMPLETED", 2)]);
        back.events = vec![EventView {
            id: "e".into(),
            at: at(second - 3600),
            text: "(service api) rolling back to deployment ecs-svc/1.".into(),
        }];
        let looks = [(0, rolling()), (40, back)];
        let looks = looks.map(|(second, service)| View {
            skew: SignedDuration::from_hours(-1),
            ..classic(second, service)
        });
        story(&ours(), looks.to_vec())
    };
    assert!(matches!(told(30), Standing::RolledBack { .. }));
    assert!(matches!(told(-30), Standing::Unclear(_)));
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
    let ours = RolloutId {
        begun: Some(at(0)),
        ..ours()
    };
    let told = |second: i64| {
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
