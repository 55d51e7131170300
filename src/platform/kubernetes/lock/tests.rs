//! Laws of the lock: one holder at a time, for no longer than it lives.

use http::Method;
use proptest::prelude::*;

use super::*;
use crate::platform::kubernetes::history::tests::shelf::{Fate, Shelf};
use crate::platform::kubernetes::plan::observe::Look;

const LEASE: &str = "/leases/deployer.api";

async fn wait(shelf: &Shelf, seconds: u64) {
    let then = shelf.clock.now() + Duration::from_secs(seconds);
    shelf.clock.sleep_until(then).await;
}

fn holder(shelf: &Shelf) -> String {
    let lease = shelf.object(LEASE).unwrap();
    let holder = lease["spec"]["holderIdentity"].as_str().unwrap();
    holder.split('/').next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn of_two_runs_one_wins_and_the_other_is_told_who() {
    let shelf = Shelf::new();
    let (ann, bob) = (shelf.run("ann"), shelf.run("bob"));
    // Both have seen that there is none.
    let (first, second) = futures::join!(
        ann.acquire(&ann.session, None),
        bob.acquire(&bob.session, None)
    );
    let (winner, loser, refused) = match (first, second) {
        (Ok(()), Err(refused)) => (ann, bob, refused),
        (Err(refused), Ok(())) => (bob, ann, refused),
        other => panic!("{other:?}"),
    };
    winner.holds(&winner.session).unwrap();
    assert_eq!(
        loser.holds(&loser.session).unwrap_err().kind,
        FailureKind::Refused
    );
    let failed = refused.into_failed("api");
    assert_eq!(failed.kind, FailureKind::Refused);
    let words = format!("{} deploys it since 2026-01-02T03:04:05Z", holder(&shelf));
    assert!(failed.to_string().contains(&words), "{failed}");
}

#[tokio::test(start_paused = true)]
async fn who_supersedes_takes_it_and_the_holder_learns_of_it() {
    let shelf = Shelf::new();
    let (ann, mut bob) = (shelf.run("ann"), shelf.run("bob"));
    ann.acquire(&ann.session, None).await.unwrap();
    wait(&shelf, 7).await;
    let seen = bob.lease("api").await.unwrap();
    bob.session = Session::of("api", true, Look::default());
    bob.acquire(&bob.session, seen.as_ref()).await.unwrap();
    assert_eq!(holder(&shelf), "bob");
    wait(&shelf, RENEWED_EVERY.as_secs() + 1).await;
    bob.holds(&bob.session).unwrap();
    assert_eq!(
        ann.holds(&ann.session).unwrap_err().kind,
        FailureKind::Refused
    );
    // Nor does it give back what is not its own.
    ann.release(&ann.session, Left::Lease).await;
    assert_eq!(holder(&shelf), "bob");
}

#[tokio::test(start_paused = true)]
async fn taking_a_lock_that_was_seen_is_one_request() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.acquire(&ann.session, None).await.unwrap();
    assert_eq!(shelf.asked().len(), 1);
    ann.release(&ann.session, Left::Lease).await;
    let bob = shelf.run("bob");
    let seen = bob.lease("api").await.unwrap();
    let before = shelf.asked().len();
    bob.acquire(&bob.session, seen.as_ref()).await.unwrap();
    assert_eq!(shelf.asked().len(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_living_holder_keeps_it_for_hours() {
    let shelf = Shelf::new();
    let (ann, bob) = (shelf.run("ann"), shelf.run("bob"));
    ann.acquire(&ann.session, None).await.unwrap();
    for _ in 0..60 {
        wait(&shelf, 97).await;
        let seen = bob.lease("api").await.unwrap();
        assert!(bob.acquire(&bob.session, seen.as_ref()).await.is_err());
        ann.holds(&ann.session).unwrap();
    }
    let begun = shelf.clock.now();
    let seen = bob.lease("api").await.unwrap();
    let found = bob.wait_out("api", seen).await.unwrap();
    assert!(found.is_some(), "it is renewed while we look");
    assert!(shelf.clock.since(begun) <= RENEWED_EVERY + LOOK_AGAIN);
}

#[tokio::test(start_paused = true)]
async fn a_dead_holder_is_waited_out_and_no_longer() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.acquire(&ann.session, None).await.unwrap();
    drop(ann);
    let bob = shelf.run("bob");
    let begun = shelf.clock.now();
    let seen = bob.lease("api").await.unwrap();
    assert_eq!(bob.wait_out("api", seen).await.unwrap(), None);
    let waited = shelf.clock.since(begun);
    assert!(
        waited >= LASTS && waited <= LASTS + LOOK_AGAIN,
        "{waited:?}"
    );
    let seen = bob.lease("api").await.unwrap();
    bob.acquire(&bob.session, seen.as_ref()).await.unwrap();
    assert_eq!(holder(&shelf), "bob");
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_was_given_back_is_free_at_once() {
    let shelf = Shelf::new();
    let (ann, bob) = (shelf.run("ann"), shelf.run("bob"));
    ann.acquire(&ann.session, None).await.unwrap();
    wait(&shelf, 7).await;
    ann.release(&ann.session, Left::Lease).await;
    let begun = shelf.clock.now();
    let seen = bob.lease("api").await.unwrap();
    assert_eq!(bob.wait_out("api", seen.clone()).await.unwrap(), None);
    bob.acquire(&bob.session, seen.as_ref()).await.unwrap();
    assert_eq!(shelf.clock.since(begun), Duration::ZERO);
    // It is not given back twice: that one is bob's.
    ann.release(&ann.session, Left::Lease).await;
    bob.holds(&bob.session).unwrap();
    assert_eq!(holder(&shelf), "bob");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_changed_nothing_leaves_no_lease_of_its_own() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.acquire(&ann.session, None).await.unwrap();
    wait(&shelf, 7).await;
    // The answer to the first request is lost, too.
    shelf.fate(Method::DELETE, Fate::AnswerLost);
    ann.release(&ann.session, Left::Nothing).await;
    assert_eq!(shelf.object(LEASE), None);
    // One that was there before stays, free for whoever comes next.
    let bob = shelf.run("bob");
    bob.acquire(&bob.session, None).await.unwrap();
    bob.release(&bob.session, Left::Lease).await;
    let seen = ann.lease("api").await.unwrap();
    ann.acquire(&ann.session, seen.as_ref()).await.unwrap();
    ann.release(&ann.session, Left::Nothing).await;
    assert_eq!(holder(&shelf), "");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_took_meanwhile_is_left_to_them() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.acquire(&ann.session, None).await.unwrap();
    shelf.overwrite(LEASE, |lease| {
        lease["spec"]["holderIdentity"] = "bob/other".into();
    });
    ann.release(&ann.session, Left::Nothing).await;
    assert_eq!(holder(&shelf), "bob");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_went_since_it_was_seen_is_made_anew() {
    let shelf = Shelf::new();
    let (ann, bob) = (shelf.run("ann"), shelf.run("bob"));
    ann.acquire(&ann.session, None).await.unwrap();
    let seen = bob.lease("api").await.unwrap();
    ann.release(&ann.session, Left::Nothing).await;
    wait(&shelf, LASTS.as_secs() + 1).await;
    bob.acquire(&bob.session, seen.as_ref()).await.unwrap();
    assert_eq!(holder(&shelf), "bob");
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_somebody_took_over_forbids_to_write() {
    for deleted in [false, true] {
        let shelf = Shelf::new();
        let ann = shelf.run("ann");
        ann.acquire(&ann.session, None).await.unwrap();
        if deleted {
            shelf.remove(LEASE);
        } else {
            shelf.overwrite(LEASE, |lease| {
                lease["spec"]["holderIdentity"] = "bob/other".into();
            });
        }
        wait(&shelf, 6).await;
        let failed = ann.holds(&ann.session).unwrap_err();
        assert_eq!(failed.kind, FailureKind::Refused);
        let words = failed.to_string();
        assert!(
            words.contains(if deleted { "deleted" } else { "bob" }),
            "{words}"
        );
        wait(&shelf, 3_600).await;
        assert!(ann.holds(&ann.session).is_err(), "it does not come back");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_while_it_cannot_be_renewed_and_again_when_it_can() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.acquire(&ann.session, None).await.unwrap();
    shelf.is_down(true);
    wait(&shelf, 10).await;
    ann.holds(&ann.session).unwrap();
    wait(&shelf, 10).await;
    assert_eq!(
        ann.holds(&ann.session).unwrap_err().kind,
        FailureKind::Unreachable
    );
    shelf.is_down(false);
    wait(&shelf, 2).await;
    ann.holds(&ann.session).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_recognises_itself_and_a_busy_server_is_asked_again() {
    for fate in [Fate::AnswerLost, Fate::Lost, Fate::Throttled] {
        let shelf = Shelf::new();
        let ann = shelf.run("ann");
        shelf.fate(Method::POST, fate);
        ann.acquire(&ann.session, None).await.unwrap();
        // The renewal, too.
        shelf.fate(Method::PATCH, fate);
        wait(&shelf, 60).await;
        ann.holds(&ann.session).unwrap();
        shelf.fate(Method::PATCH, fate);
        ann.release(&ann.session, Left::Lease).await;
        assert_eq!(holder(&shelf), "", "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_services_have_two_locks() {
    let shelf = Shelf::new();
    let (ann, bob) = (shelf.run("ann"), shelf.run("bob"));
    ann.acquire(&ann.session, None).await.unwrap();
    let (web, other) = (Session::empty("web"), Session::empty("web"));
    bob.acquire(&web, None).await.unwrap();
    assert!(ann.holds(&other).is_err());
    ann.holds(&ann.session).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_locks_of_former_names_are_given_back_with_its_own() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.acquire(&ann.session, None).await.unwrap();
    ann.acquire_under(&ann.session, "front", None)
        .await
        .unwrap();
    ann.holds_under(&ann.session, "front").unwrap();
    ann.release(&ann.session, Left::Lease).await;
    for lease in [LEASE, "/leases/deployer.front"] {
        let lease = shelf.object(lease).unwrap();
        assert_eq!(lease["spec"]["holderIdentity"], "");
    }
    assert!(ann.holds_under(&ann.session, "front").is_err());
}

fn view(holder: &str, renewed: i64, lasts: u64) -> LeaseView {
    LeaseView {
        holder: holder.into(),
        since: None,
        renewed: Timestamp::from_second(renewed).ok(),
        lasts: Duration::from_secs(lasts),
        commit: None,
        why: None,
        version: "1".into(),
    }
}

proptest! {
    #[test]
    fn a_holder_lives_from_its_renewal_until_the_lock_runs_out(
        renewed in 0_i64..2_000_000_000, lasts in 0_u64..100, later in -100_i64..200,
    ) {
        let now = Timestamp::from_second(renewed + later).unwrap_or(Timestamp::MIN);
        let alive = later < i64::try_from(lasts).unwrap();
        prop_assert_eq!(view("ann/1", renewed, lasts).holder_alive(now), alive);
        prop_assert!(!view("", renewed, lasts).holder_alive(now));
    }
}

#[test]
fn the_other_one_is_told_with_what_it_says_of_itself() {
    let mut other = view("ann/1", 0, 15);
    other.since = "2026-01-02T03:04:05.123Z".parse().ok();
    assert_eq!(
        other.to_string(),
        "ann deploys it since 2026-01-02T03:04:05Z"
    );
    other.commit = Some("abc".into());
    other.why = Some("hot fix".into());
    assert_eq!(
        other.to_string(),
        "ann deploys it since 2026-01-02T03:04:05Z, commit abc (hot fix)"
    );
    assert_eq!(view("/1", 0, 15).to_string(), "somebody deploys it");
}
