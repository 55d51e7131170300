//! One test per row of the tables of judgement.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::*;
use crate::platform::ecs::live::view::{BreakerView, DeploymentView, EventView, RecordView};

mod counted;
mod degraded;
mod ended;
mod shifting;

const V1: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api-service:1";
const V2: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api-service:2";
const V3: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api-service:3";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn ours() -> RolloutId {
    RolloutId {
        id: "ecs-svc/2".into(),
        task_definition: V2.into(),
        former: Some(V1.into()),
        count_only: None,
        count_set: None,
        is_rollback: false,
        begun: None,
        said: BTreeSet::new(),
        found: false,
    }
}

fn first() -> RolloutId {
    RolloutId {
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
        skew: SignedDuration::ZERO,
        record,
        service: Some(service),
    }
}

/// What a story of looks reads as in the end.
fn story(ours: &RolloutId, looks: Vec<View>) -> Standing {
    let mut memory = Failures::default();
    last(ours, looks, &mut memory)
}

fn last(ours: &RolloutId, looks: Vec<View>, memory: &mut Failures) -> Standing {
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
    let empty = ServiceView {
        desired: 0,
        ..service(vec![deployment("ecs-svc/2", "PRIMARY", V2, "COMPLETED", 0)])
    };
    let look = view(0, Record::found(record("SUCCESSFUL")), empty);
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
fn a_deleted_service_is_superseded_and_one_that_is_not_visible_yet_is_not() {
    let gone = |second| View {
        at: at(second),
        skew: SignedDuration::ZERO,
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
