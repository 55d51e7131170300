//! Laws of the history: what is written is read again, and nothing of use is thrown away.

use http::Method;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::platform::kubernetes::history::tests::shelf::{Fate, Shelf};
use crate::platform::kubernetes::kinds::{Id, Kind as ObjectKind};

fn object(kind: ObjectKind, image: &str) -> Object {
    Object {
        place: None,
        id: Id {
            kind,
            name: "api".into(),
        },
        manifest: json!({
            "metadata": { "name": "api", "labels": { "deployer/project": "shop", "deployer/service": "api" } },
            "spec": { "template": { "spec": { "containers": [{ "name": "api", "image": image }] } } },
        }),
    }
}

fn asked(image: &str) -> Vec<Object> {
    vec![
        object(ObjectKind::Service, ""),
        object(ObjectKind::Deployment, image),
    ]
}

const NOTHING: Captured<'static> = Captured {
    objects: &[],
    state: CapturedState::Nothing,
    revision: None,
};

fn rolled() -> Rolled {
    Rolled {
        uid: "u".into(),
        generation: 4,
        template: "t".into(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_read_again_by_anybody() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    let (new, old) = (asked("api:2"), asked("api:1"));
    let captured = Captured {
        objects: &old,
        state: CapturedState::Healthy,
        revision: Some(6),
    };
    ann.open(&ann.session, 7, &new, captured).await.unwrap();
    ann.mark_rolled(&ann.session, 7, &rolled()).await.unwrap();
    let heads = shelf.run("bob").records("api").await.unwrap();
    let [head] = heads.as_slice() else {
        panic!("{heads:?}")
    };
    assert_eq!((head.number, head.state), (7, State::Going));
    assert_eq!(head.digest, digest(&new));
    assert_eq!(head.objects.len(), 2);
    assert_eq!(head.images["api"], "api:2");
    assert_eq!(head.rolled, Some(rolled()));
    assert_eq!(head.captured, CapturedState::Healthy);
    assert_eq!(head.captured_revision, Some(6));
    assert_eq!(head.origin.by.as_deref(), Some("ann"));
    assert_eq!(head.began, Some(shelf.clock.now()));
    assert_eq!(heads, ann.session.heads(), "as the run itself knows it");
    let sets = shelf.run("bob").read_sets("api", 7).await.unwrap();
    assert_eq!(sets.asked, new);
    assert_eq!(sets.captured, old);
}

#[tokio::test(start_paused = true)]
async fn one_that_came_up_after_all_has_no_reason_left() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.open(&ann.session, 1, &asked("api:1"), NOTHING)
        .await
        .unwrap();
    let mark = |state, reason: Option<&str>| Mark {
        state: Some(state),
        reason: reason.map(str::to_owned),
        ..Mark::default()
    };
    let failed = mark(State::Failed, Some("no Secret"));
    ann.mark(&ann.session, 1, &failed).await.unwrap();
    assert_eq!(ann.session.heads()[0].reason.as_deref(), Some("no Secret"));
    let healthy = mark(State::Healthy, None);
    ann.mark(&ann.session, 1, &healthy).await.unwrap();
    assert_eq!(ann.session.heads()[0].reason, None);
    assert_eq!(ann.records("api").await.unwrap(), ann.session.heads());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_second_is_refused_and_leaves_the_first_alone() {
    let shelf = Shelf::new();
    let (ann, bob) = (shelf.run("ann"), shelf.run("bob"));
    ann.open(&ann.session, 1, &asked("api:1"), NOTHING)
        .await
        .unwrap();
    let refused = bob.open(&bob.session, 1, &asked("api:2"), NOTHING).await;
    assert_eq!(refused.unwrap_err().kind, FailureKind::Refused);
    bob.discard(&bob.session).await;
    let heads = bob.records("api").await.unwrap();
    assert_eq!(heads[0].images["api"], "api:1");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_a_busy_server_neither_fails_nor_doubles() {
    for fate in [Fate::AnswerLost, Fate::Lost, Fate::Throttled] {
        let shelf = Shelf::new();
        let ann = shelf.run("ann");
        shelf.fate(Method::POST, fate);
        ann.open(&ann.session, 1, &asked("api:1"), NOTHING)
            .await
            .unwrap();
        shelf.fate(Method::PATCH, fate);
        ann.mark_rolled(&ann.session, 1, &rolled()).await.unwrap();
        let heads = ann.records("api").await.unwrap();
        assert_eq!(heads.len(), 1);
        assert_eq!(heads[0].rolled, Some(rolled()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_record_of_ours_is_taken_back() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.open(&ann.session, 1, &asked("api:1"), NOTHING)
        .await
        .unwrap();
    ann.discard(&ann.session).await;
    assert_eq!(ann.session.record(), None);
    assert!(ann.records("api").await.unwrap().is_empty());
    // Nothing of this run is left that could be.
    ann.discard(&ann.session).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_gone_leaves_nothing() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.acquire(&ann.session, None).await.unwrap();
    for number in 1..4 {
        ann.open(&ann.session, number, &asked("api:1"), NOTHING)
            .await
            .unwrap();
    }
    ann.forget(&ann.session, "api").await.unwrap();
    assert!(ann.records("api").await.unwrap().is_empty());
    assert_eq!(ann.lease("api").await.unwrap(), None);
    ann.forget(&ann.session, "api").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_record_that_unpacks_to_nonsense_is_told() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    ann.open(&ann.session, 1, &asked("api:1"), NOTHING)
        .await
        .unwrap();
    shelf.overwrite("v1", |secret| {
        secret["data"]["asked"] = "bm90IGd6aXA=".into();
    });
    let failed = ann.read_sets("api", 1).await.unwrap_err();
    assert_eq!(failed.kind, FailureKind::Invalid);
}

fn states() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Going),
        Just(State::Healthy),
        Just(State::GoingBack),
        Just(State::RolledBack),
        Just(State::Failed),
        Just(State::Superseded),
        Just(State::Left),
    ]
}

proptest! {
    #[test]
    fn pruning_keeps_the_newest_the_last_good_and_what_is_going_back(
        states in proptest::collection::vec(states(), 0..30),
    ) {
        let heads: Vec<RecordHead> = states
            .iter()
            .zip(1..)
            .map(|(state, number)| RecordHead::sample(number, *state, CapturedState::Nothing))
            .collect();
        let gone = surplus(&heads);
        let kept: Vec<&RecordHead> =
            heads.iter().filter(|head| !gone.contains(&head.number)).collect();
        let newest = heads.iter().rev().take(KEPT);
        for head in newest {
            prop_assert!(kept.contains(&head));
        }
        let good = heads.iter().rfind(|head| head.state == State::Healthy);
        prop_assert!(good.is_none_or(|good| kept.contains(&good)));
        for head in &heads {
            prop_assert!(head.state != State::GoingBack || kept.contains(&head));
        }
        let going_back = heads.iter().filter(|head| head.state == State::GoingBack).count();
        prop_assert!(kept.len() <= KEPT + 1 + going_back);
    }

    #[test]
    fn a_state_is_read_as_it_was_written(state in states()) {
        let word = serde_json::to_value(state).unwrap();
        prop_assert_eq!(word, state.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_secret_holds_is_not_written() {
    let shelf = Shelf::new();
    let ann = shelf.run("ann");
    let mut state = 7_u32;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x4e00 + (state >> 18)).unwrap()
    })
    .take(800_000)
    .collect();
    let error = ann
        .open(&ann.session, 1, &asked(&noise), NOTHING)
        .await
        .unwrap_err();
    assert_eq!(error.kind, FailureKind::Invalid);
    assert!(error.message.contains("a Secret holds 1024 KiB"), "{error}");
    assert_eq!(shelf.asked(), [""; 0]);
}
