use serde_json::json;

use super::*;
use crate::platform::kubernetes::history::record::digest;
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::kinds::desired::Desired;
use crate::platform::kubernetes::plan::tests::samples::{desired, head, id, lease, service, there};

/// What is there: v1, at rest.
fn at_rest() -> (Desired, Observed) {
    let desired = desired("shop/api:v1", "");
    let observed = there(&desired);
    (desired, observed)
}

fn status(observed: &mut Observed, status: &[(&str, Value)]) {
    let live = observed.objects.get_mut(&id(Kind::Deployment)).unwrap();
    for (field, value) in status {
        live["status"][*field] = value.clone();
    }
}

fn rolling(observed: &mut Observed) {
    status(
        observed,
        &[("updatedReplicas", json!(1)), ("conditions", json!([]))],
    );
}

fn judged(observed: &Observed, asked: &Desired, rolls: bool) -> Current<Watched> {
    current(&Facts {
        service: &service(),
        observed,
        digest: &digest(&asked.objects),
        rolls,
        writes: rolls,
    })
}

#[test]
fn nothing_there_is_absent_and_all_well_is_settled() {
    let (asked, mut observed) = at_rest();
    assert!(matches!(
        judged(&Observed::default(), &asked, true),
        Current::Absent
    ));
    observed.records = vec![head(4, State::Healthy, &asked.objects, &observed)];
    let Current::Settled { proven, serving } = judged(&observed, &asked, false) else {
        panic!("not settled");
    };
    assert_eq!((proven, serving.as_str()), (true, short("api", 4).as_str()));
}

#[test]
fn a_run_that_was_killed_is_taken_up_again() {
    let (asked, mut observed) = at_rest();
    for state in [State::Going, State::Left] {
        observed.records = vec![head(2, state, &asked.objects, &observed)];
        // Even where the pods are up by now: the record is to be finished.
        let Current::Rolling(rollout) = judged(&observed, &asked, false) else {
            panic!("{state:?}");
        };
        assert_eq!(rollout.ours.revision, Some(2));
        assert!(rollout.can_go_back);
    }
}

#[test]
fn the_rollback_of_what_is_asked_for_is_ours() {
    let (before, mut observed) = at_rest();
    let asked = desired("shop/api:v2", "");
    let failed = head(2, State::GoingBack, &asked.objects, &there(&asked));
    observed.records = vec![failed, head(1, State::Healthy, &before.objects, &observed)];
    rolling(&mut observed);
    // Whether its pods are still those that failed, with some of the rest brought back, or others.
    for rolls in [true, false] {
        let Current::Busy { whose, .. } = judged(&observed, &asked, rolls) else {
            panic!("not busy");
        };
        assert_eq!(whose, Whose::Owed);
    }
    let Current::Busy { rollout, .. } = judged(&observed, &asked, true) else {
        panic!("not busy");
    };
    assert_eq!(rollout.ours.revision, Some(2));
    assert!(
        rollout.going_back.is_some(),
        "the old pods are coming back already"
    );
    // Whoever asks for what it goes back to is attached to it.
    assert!(matches!(
        judged(&observed, &before, false),
        Current::Rolling(_)
    ));
}

#[test]
fn a_rollout_of_something_else_is_busy_and_says_whose() {
    let (asked, mut observed) = at_rest();
    rolling(&mut observed);
    let other = desired("shop/api:v2", "");
    let Current::Busy {
        what,
        rollout,
        whose,
    } = judged(&observed, &other, true)
    else {
        panic!("not busy");
    };
    assert_eq!(whose, Whose::Another);
    assert!(!rollout.can_go_back, "nobody would bring anything back");
    assert!(what.contains("1 of 2 pods updated"), "{what}");
    observed.lease = Some(lease());
    observed.records = vec![head(1, State::Going, &asked.objects, &observed)];
    let Current::Busy { what, rollout, .. } = judged(&observed, &other, true) else {
        panic!("not busy");
    };
    assert!(rollout.can_go_back);
    assert!(
        what.starts_with("pat deploys it since 2026-01-01T00:00:00Z"),
        "{what}"
    );
}

#[test]
fn the_rest_of_what_is_asked_for_is_left_to_whoever_is_at_work() {
    let (asked, mut observed) = at_rest();
    rolling(&mut observed);
    observed.records = vec![head(1, State::Going, &asked.objects, &observed)];
    let judged = |observed: &Observed, writes| {
        current(&Facts {
            service: &service(),
            observed,
            digest: &digest(&asked.objects),
            rolls: false,
            writes,
        })
    };
    // Nobody is at work any more: this run does the rest.
    assert!(matches!(judged(&observed, true), Current::Rolling(_)));
    observed.lease = Some(lease());
    // There is no rest: this run only watches.
    assert!(matches!(judged(&observed, false), Current::Rolling(_)));
    let Current::Busy { what, whose, .. } = judged(&observed, true) else {
        panic!("not busy");
    };
    assert_eq!(whose, Whose::Held);
    assert!(what.starts_with("pat deploys it"), "{what}");
}

#[test]
fn what_failed_and_nobody_watches_holds_nobody_up() {
    let (asked, mut observed) = at_rest();
    rolling(&mut observed);
    let stuck = json!([{
        "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too slow",
    }]);
    status(&mut observed, &[("conditions", stuck)]);
    let corrected = desired("shop/api:v2", "");
    for (wanted, rolls) in [(&asked, false), (&corrected, true)] {
        let Current::Unwell { reason, .. } = judged(&observed, wanted, rolls) else {
            panic!("{rolls}");
        };
        assert!(reason.contains("too slow"), "{reason}");
    }
}

#[test]
fn what_is_on_record_as_failed_is_not_rolling() {
    let (asked, mut observed) = at_rest();
    rolling(&mut observed);
    observed.records = vec![head(3, State::Failed, &asked.objects, &observed)];
    let Current::Unwell { reason, .. } = judged(&observed, &asked, false) else {
        panic!("not unwell");
    };
    assert!(reason.contains("it crashed"), "{reason}");
    // It came up after all.
    let (_, mut up) = at_rest();
    up.records = observed.records;
    assert!(matches!(
        judged(&up, &asked, false),
        Current::Settled { .. }
    ));
}

#[test]
fn pods_lost_after_a_rollout_are_watched_but_bring_nothing_back() {
    let (asked, mut observed) = at_rest();
    status(&mut observed, &[("availableReplicas", json!(1))]);
    observed.records = vec![head(3, State::Healthy, &asked.objects, &observed)];
    let Current::Rolling(rollout) = judged(&observed, &asked, false) else {
        panic!("not rolling");
    };
    assert!(!rollout.can_go_back);
}

#[test]
fn pods_that_leave_by_a_scale_in_hold_nobody_up() {
    let (asked, mut observed) = at_rest();
    let other = desired("shop/api:v2", "");
    for field in ["replicas", "updatedReplicas", "availableReplicas"] {
        status(&mut observed, &[(field, json!(3))]);
    }
    for (wanted, rolls) in [(&asked, false), (&other, true)] {
        let now = judged(&observed, wanted, rolls);
        assert!(matches!(now, Current::Settled { .. }), "{now:?}");
    }
}

/// v1 was this, v2 another, and v3 this again, which was rolled back; then came `kubectl rollout undo`.
#[test]
fn what_was_brought_back_by_others_is_not_the_revision_that_was_rolled_back() {
    let (asked, mut observed) = at_rest();
    let other = desired("shop/api:v2", "");
    observed.records = vec![
        head(3, State::RolledBack, &asked.objects, &observed),
        head(2, State::Healthy, &other.objects, &there(&other)),
        head(1, State::Healthy, &asked.objects, &observed),
    ];
    let Current::Settled { serving, .. } = judged(&observed, &asked, false) else {
        panic!("not settled");
    };
    assert_eq!(serving, short("api", 1));
    let mut rolled_back = there(&other);
    rolled_back.records = observed.records;
    let Current::Settled { serving, .. } = judged(&rolled_back, &other, false) else {
        panic!("not settled");
    };
    assert_eq!(serving, short("api", 2));
}
