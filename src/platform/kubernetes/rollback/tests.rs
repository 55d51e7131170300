//! Which way back there is, whatever the history holds.

use super::*;

fn head(number: u32, state: State, captured: CapturedState) -> RecordHead {
    RecordHead::sample(number, state, captured)
}

#[test]
fn what_served_before_comes_back_else_the_newest_that_is_known_to_have_served() {
    use CapturedState::{Healthy, Nothing, Unwell};
    let good = |number| head(number, State::Healthy, Healthy);
    let failed = |number, captured| head(number, State::Failed, captured);
    let table = [
        (
            vec![good(1), failed(2, Healthy)],
            Some(Target::Captured(None)),
        ),
        (vec![good(1), failed(2, Unwell)], Some(Target::Revision(1))),
        (
            vec![good(1), good(2), failed(3, Unwell)],
            Some(Target::Revision(2)),
        ),
        (vec![failed(1, Unwell), failed(2, Unwell)], None),
        (vec![failed(1, Nothing)], None),
        // Somebody deleted the service since: nothing served.
        (vec![good(1), failed(2, Nothing)], None),
        (vec![], None),
    ];
    for (heads, target) in table {
        let number = heads.iter().map(|head| head.number).max().unwrap_or(1);
        assert_eq!(Target::of(&heads, number), target, "{heads:?}");
    }
}

#[test]
fn it_is_never_gone_forward() {
    let heads = [
        head(1, State::Failed, CapturedState::Unwell),
        head(2, State::Healthy, CapturedState::Unwell),
    ];
    assert_eq!(Target::of(&heads, 1), None);
}
