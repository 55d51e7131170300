//! What the history says of each revision.

use serde_json::{Value, json};

use super::*;
use crate::platform::kubernetes::rollout::template_digest;

pub(crate) mod shelf;

fn live() -> Value {
    json!({ "metadata": { "uid": "u" }, "spec": { "template": { "spec": "one" } } })
}

fn head(number: u32, state: State, template: &str) -> RecordHead {
    let mut head = RecordHead::sample(number, state, CapturedState::Healthy);
    head.rolled = Some(Rolled {
        uid: "u".into(),
        generation: 1,
        template: template.into(),
    });
    head
}

/// The number of the revision that a Deployment is set to.
fn set_to(heads: &[RecordHead], live: &Value) -> Option<u32> {
    let live = Rolled::of(live)?;
    revision_of(heads, &live.uid, &live.template).map(|head| head.number)
}

#[test]
fn what_serves_is_what_the_pods_are_made_of() {
    let ours = template_digest(&live());
    let table = [
        (vec![head(1, State::Healthy, &ours)], Some(1)),
        // Rolled back: the one before serves again.
        (
            vec![
                head(2, State::RolledBack, "other"),
                head(1, State::Healthy, &ours),
            ],
            Some(1),
        ),
        // A failed try of the same is not what serves.
        (
            vec![
                head(2, State::RolledBack, &ours),
                head(1, State::Healthy, &ours),
            ],
            Some(1),
        ),
        (
            vec![
                head(2, State::Healthy, &ours),
                head(1, State::Healthy, &ours),
            ],
            Some(2),
        ),
        // An earlier one was tried again and rolled back: the one in between serves again,
        (
            vec![
                head(3, State::RolledBack, "other"),
                head(2, State::Healthy, &ours),
                head(1, State::Healthy, "other"),
            ],
            Some(2),
        ),
        // until `kubectl rollout undo`: what served by that template is not what was rolled back.
        (
            vec![
                head(3, State::RolledBack, &ours),
                head(2, State::Healthy, "other"),
                head(1, State::Healthy, &ours),
            ],
            Some(1),
        ),
        // Somebody else changed it.
        (vec![head(1, State::Healthy, "other")], None),
    ];
    for (heads, number) in table {
        assert_eq!(set_to(&heads, &live()), number, "{heads:?}");
    }
    let mut anew = live();
    anew["metadata"]["uid"] = "v".into();
    assert_eq!(set_to(&[head(1, State::Healthy, &ours)], &anew), None);
}

#[test]
fn a_revision_that_is_under_way_does_not_serve_yet() {
    let mut second = head(2, State::Going, "two");
    second.captured_revision = Some(1);
    let heads = [second, head(1, State::Healthy, "one")];
    assert_eq!(proven(&heads, &heads[0]), Some(1));
    let first = RecordHead::sample(1, State::Going, CapturedState::Nothing);
    assert_eq!(proven(std::slice::from_ref(&first), &first), None);
    let over = [
        head(2, State::Healthy, "two"),
        head(1, State::Healthy, "one"),
    ];
    assert_eq!(proven(&over, &over[0]), Some(2));
}

#[test]
fn only_the_newest_can_be_under_way() {
    assert_eq!(ending(State::Going, true), Ending::Going);
    assert_eq!(ending(State::Going, false), Ending::Unknown);
    assert_eq!(ending(State::GoingBack, true), Ending::Going);
    assert_eq!(ending(State::Superseded, true), Ending::Stopped);
}
