//! What becomes of what has a name that the service had before.

use super::*;
use crate::platform::kubernetes::history::record::{CapturedState, RecordHead};
use crate::platform::kubernetes::plan::observe::former::Former;

fn former(name: &str, records: Vec<RecordHead>) -> Former {
    Former {
        name: name.into(),
        records,
        lease: None,
    }
}

/// What serves as `api`, with its Ingress, once the file calls it `front`.
fn renamed(more: &str) -> (Desired, Observed) {
    let mut observed = there(&desired("shop/api:v1", more));
    observed.formers.serving = Some(former("api", Vec::new()));
    let named = format!("{more}\n[service.api.kubernetes]\nname = \"front\"");
    (desired("shop/api:v1", &named), observed)
}

#[test]
fn a_rename_makes_the_new_set_then_leads_there_then_removes_the_old_one() {
    let (wanted, observed) = renamed(EXPOSED);
    let diff = to_front(&wanted, &observed);
    let (waits, now): (Vec<&Change>, Vec<&Change>) = diff
        .changes
        .iter()
        .partition(|change| change.waits_for_health());
    let words = |changes: Vec<&Change>| changes.into_iter().map(Change::words).collect::<Vec<_>>();
    assert_eq!(
        words(now),
        [
            "record the revision",
            "create Service front",
            "create PodDisruptionBudget front",
            "create Deployment front",
        ]
    );
    assert_eq!(
        words(waits),
        [
            "update Ingress api-ingress",
            "delete Service api",
            "delete PodDisruptionBudget api",
            "delete Deployment api",
            "take the history of api along to front",
        ]
    );
    assert!(
        diff.notes
            .iter()
            .any(|note| note.text.starts_with("Renames api to front"))
    );
}

#[test]
fn a_renamed_service_begins_with_as_many_pods_as_serve() {
    let (wanted, mut observed) = renamed(&format!("{SCALED}\n{EXPOSED}"));
    autoscaled(&mut observed, 5);
    let wish = Wish {
        name: "front",
        ..wish(&wanted)
    };
    let changes = diff(&wish, &observed).unwrap().changes;
    let counts: Vec<u32> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Count { replicas, .. } => Some(*replicas),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [5]);
}

#[test]
fn what_somebody_elses_ingress_leads_to_is_no_former_name() {
    let (wanted, mut observed) = renamed(EXPOSED);
    let live = observed.objects.get_mut(&id(Kind::Deployment)).unwrap();
    live["metadata"]["labels"]["deployer/service"] = "web".into();
    let wish = Wish {
        name: "front",
        ..wish(&wanted)
    };
    let diff = diff(&wish, &observed).unwrap();
    assert!(!diff.notes.iter().any(|note| note.code == "renames"));
    assert!(
        !diff
            .changes
            .iter()
            .any(|change| change.words() == "delete Deployment api")
    );
}

fn to_front(wanted: &Desired, observed: &Observed) -> Draft {
    let wish = Wish {
        name: "front",
        ..wish(wanted)
    };
    diff(&wish, observed).unwrap()
}

fn words(diff: &Draft) -> Vec<String> {
    diff.changes.iter().map(Change::words).collect()
}

fn notes(diff: &Draft) -> Vec<&str> {
    diff.notes.iter().map(|note| note.code.as_str()).collect()
}

#[test]
fn without_an_ingress_the_old_set_goes_once_the_new_one_is_healthy() {
    let (wanted, observed) = renamed("");
    let diff = to_front(&wanted, &observed);
    let waiting = diff.changes.iter().filter(|one| one.waits_for_health());
    assert_eq!(
        waiting.map(Change::words).collect::<Vec<_>>(),
        [
            "delete Service api",
            "delete PodDisruptionBudget api",
            "delete Deployment api",
            "take the history of api along to front",
        ]
    );
    let note = diff.notes.iter().find(|note| note.code == "renames");
    let text = &note.unwrap().text;
    assert!(text.contains("once it is healthy, api goes"), "{text}");
    assert!(!text.contains("Ingress"), "{text}");
}

/// What serves as `front`, where `left` is left of the history of `api`; the newest revision of
/// `front` is the second one.
fn with_left(state: State, left: u32) -> (Desired, Observed) {
    let wanted = desired("shop/api:v1", "[service.api.kubernetes]\nname = \"front\"");
    let mut observed = there(&wanted);
    let record = |number, state| RecordHead::sample(number, state, CapturedState::Healthy);
    observed.records = vec![record(2, state)];
    observed.formers.left = vec![former("api", vec![record(left, State::Healthy)])];
    (wanted, observed)
}

#[test]
fn a_history_that_a_run_left_behind_goes_along() {
    let (wanted, observed) = with_left(State::Going, 1);
    let diff = to_front(&wanted, &observed);
    // The record of that run is to be ended, too.
    let moved = "take the history of api along to front";
    assert_eq!(words(&diff), ["record the revision", moved]);
    assert_eq!(notes(&diff), ["history_moves"]);
    let (wanted, observed) = with_left(State::Healthy, 1);
    assert_eq!(words(&to_front(&wanted, &observed)), [moved]);
}

#[test]
fn the_history_of_a_rename_that_failed_goes_along_with_the_next_change() {
    let (wanted, observed) = with_left(State::Healthy, 3);
    assert_eq!(to_front(&wanted, &observed).changes, []);
    let (mut wanted, observed) = with_left(State::Healthy, 3);
    let named = "env = { A = \"1\" }\n[service.api.kubernetes]\nname = \"front\"";
    wanted.objects = desired("shop/api:v2", named).objects;
    let all = words(&to_front(&wanted, &observed));
    let moved = "take the history of api along to front";
    assert_eq!(all.last().map(String::as_str), Some(moved), "{all:?}");
    assert_eq!(observed.next_number(), 4);
}

#[test]
fn what_nobody_can_tell_stays_and_is_named_where_something_changes() {
    let (wanted, mut observed) = renamed("");
    observed.formers.serving = None;
    observed.objects.clear();
    observed.formers.unclear = vec!["one".into(), "two".into()];
    let diff = to_front(&wanted, &observed);
    assert!(!words(&diff).iter().any(|one| one.starts_with("delete")));
    let note = diff.notes.iter().find(|note| note.code == "other_names");
    let text = &note.unwrap().text;
    assert!(text.contains("one, two"), "{text}");
    let mut observed = there(&wanted);
    observed.formers.unclear = vec!["one".into(), "two".into()];
    assert_eq!(notes(&to_front(&wanted, &observed)), [""; 0]);
}
