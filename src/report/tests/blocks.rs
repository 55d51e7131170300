//! The live blocks, as rows for a window of some size.

use insta::assert_snapshot;

use super::super::human::Human;
use super::stories::{self, after, api, failure, following, gauge, message, of, phase};
use super::telling;
use crate::event::{Event, EventKind, PhaseWord};

fn told<'e>(events: impl IntoIterator<Item = &'e Event>) -> Human {
    let mut human = Human::new(telling());
    for event in events {
        human.tell(event, None);
    }
    human
}

/// Six services: one fails, one is done, the others are under way.
fn six() -> Human {
    let mut events = Vec::new();
    for name in ["api", "cart", "mail", "pay", "search", "web"] {
        let mut tell = |kind| events.push(of(Some(name), 2, kind));
        tell(following(Some(&format!("{name}:1")), &format!("{name}:2")));
        tell(phase(PhaseWord::Progressing, "IN_PROGRESS"));
        tell(gauge(1, 1, 2, 0));
        tell(message(
            1,
            &format!("(service {name}) has started 1 tasks: (task 1a2b)."),
        ));
    }
    events.push(of(Some("pay"), 20, failure(1, 20)));
    events.push(of(Some("cart"), 30, gauge(2, 0, 0, 0)));
    events.push(of(Some("cart"), 30, phase(PhaseWord::Concluded, "healthy")));
    told(&events)
}

#[test]
fn a_live_block_shows_where_the_rollout_stands() {
    let human = told(stories::rolled_back().iter().take(6));
    assert_snapshot!(human.blocks_at(after(75), (100, 24)));
    assert_snapshot!(
        "a_live_block_is_cut_to_the_screen",
        human.blocks_at(after(75), (40, 24))
    );
}

#[test]
fn failures_stand_first_and_what_is_done_last() {
    assert_snapshot!(six().blocks_at(after(75), (100, 24)));
}

#[test]
fn what_finds_no_room_is_counted_and_a_failure_keeps_its_place() {
    assert_snapshot!("a_low_window", six().blocks_at(after(75), (100, 9)));
    assert_snapshot!("a_lower_window", six().blocks_at(after(75), (100, 6)));
    assert_snapshot!("the_lowest_window", six().blocks_at(after(75), (100, 2)));
}

#[test]
fn no_row_leaves_the_window() {
    for columns in 1..120 {
        for rows in 1..30 {
            let text = six().blocks_at(after(75), (columns, rows));
            assert!(text.lines().count() < rows.max(2), "{rows}: {text}");
            let wide =
                |line: &str| unicode_width::UnicodeWidthStr::width(line) > columns.max(2) - 1;
            assert!(!text.lines().any(wide), "{columns}: {text}");
        }
    }
}

#[test]
fn the_clock_stops_when_the_rollout_is_over() {
    let over = phase(PhaseWord::Concluded, "healthy");
    let human = told(&[api(2, following(None, "api-service:12")), api(44, over)]);
    for later in [44, 100, 1000] {
        let text = human.blocks_at(after(later), (100, 24));
        let head = text.lines().next().unwrap();
        assert_eq!(head, "api  concluded (healthy)  42s");
    }
}

#[test]
fn what_is_expected_is_what_the_last_rollouts_took() {
    let unknown = EventKind::Following {
        rollout: "ecs-svc/1".into(),
        revision: "api-service:12".into(),
        from: None,
        attached: false,
        deadline_seconds: 1800,
        expected_seconds: None,
    };
    let mut events = vec![api(0, unknown)];
    let head = |events: &[Event]| {
        let text = told(events).blocks_at(after(42), (100, 24));
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(head(&events), "api  at work  42s · deadline 30m");
    events.push(api(
        1,
        EventKind::Expected {
            expected_seconds: 100,
        },
    ));
    assert_eq!(
        head(&events),
        "api  at work  42s, usually 1m 40s · deadline 30m"
    );
}
