//! Whole stories as each reporter tells them.

use std::fs;
use std::io;

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot};

use self::stories::{api, of, outcome};
use super::*;
use crate::event::{Ended, EventKind, Outcome, PhaseWord, ServiceOutcome, VerdictWord};

mod blocks;
mod properties;
pub(super) mod stories;

fn telling() -> Telling {
    Telling {
        progress: Progress::Lines,
        plan_on_stdout: false,
        several_targets: false,
        zone: TimeZone::UTC,
    }
}

/// What stdout and stderr hold in the end.
fn told(format: Format, style: Style, events: &[Event]) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut reporter = Reporter::new(format, (&mut out, style), (&mut err, style));
    for event in events {
        reporter.event(event);
    }
    reporter.finish();
    (
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

fn plain(events: &[Event]) -> String {
    let (out, err) = told(Format::Human(telling()), Style::default(), events);
    assert_eq!(out, "", "stdout is for what was asked for");
    err
}

fn on_a_screen(events: &[Event]) -> String {
    let style = Style {
        color: false,
        width: Some(80),
    };
    told(Format::Human(telling()), style, events).1
}

fn json(events: &[Event]) -> String {
    let (out, err) = told(Format::Json, Style::default(), events);
    assert_eq!(err, "");
    out
}

#[test]
fn a_healthy_story() {
    assert_snapshot!(plain(&stories::healthy()));
}

#[test]
fn a_story_that_trips_and_is_rolled_back() {
    assert_snapshot!(plain(&stories::rolled_back()));
}

#[test]
fn a_post_mortem_fits_on_a_screen_of_80_columns() {
    let text = on_a_screen(&[api(91, EventKind::PostMortem(stories::evidence()))]);
    assert!(text.lines().count() <= 45, "{text}");
    assert_snapshot!(text);
}

#[test]
fn a_first_deployment_that_fails() {
    assert_snapshot!(plain(&stories::first_deployment_failed()));
}

#[test]
fn a_story_that_is_superseded() {
    assert_snapshot!(plain(&stories::superseded()));
}

#[test]
fn a_story_whose_end_is_not_known() {
    assert_snapshot!(plain(&stories::undetermined()));
}

#[test]
fn a_plan_with_changes() {
    assert_snapshot!(on_a_screen(&stories::plan_update()));
}

#[test]
fn a_change_of_49_variables_fits_one_screen() {
    let text = on_a_screen(&stories::plan_containers());
    assert!(text.lines().count() <= 24, "{text}");
    for name in (0..49).map(|n| format!("UPSTREAM_{n}")) {
        assert!(text.contains(&name), "{name} in {text}");
    }
    assert_snapshot!(text);
}

#[test]
fn a_plan_that_no_terminal_shows_is_told_in_full() {
    let text = plain(&stories::plan_containers());
    assert!(
        text.contains("https://service-48.internal.example.com/v2"),
        "{text}"
    );
    assert_eq!(text.matches("UPSTREAM_").count(), 49);
}

#[test]
fn a_plan_that_makes_and_deletes() {
    assert_snapshot!(on_a_screen(&stories::plan_create()));
}

#[test]
fn a_plan_with_nothing_to_do() {
    assert_snapshot!(plain(&stories::plan_empty()));
}

#[test]
fn a_plan_that_was_asked_for_goes_to_stdout() {
    let telling = Telling {
        plan_on_stdout: true,
        ..telling()
    };
    let format = Format::Human(telling);
    let (out, err) = told(format, Style::default(), &stories::plan_empty());
    assert!(out.contains("no changes"), "{out}");
    assert_eq!(err, "");
}

#[test]
fn colors_mark_what_changes() {
    let style = Style {
        color: true,
        width: None,
    };
    let text = told(Format::Human(telling()), style, &stories::plan_update()).1;
    assert_snapshot!(text.replace('\u{1b}', "ESC"));
}

#[test]
fn stories_as_ndjson() {
    assert_snapshot!("healthy_json", json(&stories::healthy()));
    assert_snapshot!("rolled_back_json", json(&stories::rolled_back()));
    assert_snapshot!("undetermined_json", json(&stories::undetermined()));
}

#[test]
fn what_is_written_can_be_read_again() {
    let mut events = stories::hostile("text");
    events.extend(stories::first_deployment_failed());
    let written = json(&events);
    let read: Vec<Event> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, events);
}

#[test]
fn nothing_to_prove_is_said_in_words() {
    let unproven = Outcome {
        proven: false,
        ..outcome(VerdictWord::Healthy, 0, "0 of 0 tasks run")
    };
    let text = plain(&[api(1, EventKind::Outcome(unproven))]);
    assert!(text.contains("not proven: nothing runs"), "{text}");
}

#[test]
fn every_verdict_begins_the_last_line() {
    let cases = [
        (VerdictWord::Tripped, None, "FAILED: api at ecs: why"),
        (VerdictWord::Refused, None, "Refused, nothing was changed: "),
        (VerdictWord::Failed, None, "Failed, nothing was changed: "),
        (VerdictWord::Incomplete, None, "Incomplete: "),
        (VerdictWord::Interrupted, None, "Interrupted: "),
        (VerdictWord::Unchanged, None, "Unchanged: "),
        (
            VerdictWord::Tripped,
            Some(false),
            "FAILED, not rolled back: ",
        ),
    ];
    for (verdict, rolled_back, words) in cases {
        let ended = Outcome {
            rolled_back,
            ..outcome(verdict, 1, "why")
        };
        let text = plain(&[api(1, EventKind::Outcome(ended))]);
        assert!(text.starts_with(words), "{text}");
    }
}

#[test]
fn several_services_end_in_a_table() {
    let service = |name: &str, verdict, exit| {
        let (target, name) = ("ecs".parse().unwrap(), name.parse().unwrap());
        ServiceOutcome::new(target, name, Ended::Verdict(verdict), exit)
    };
    let kind = EventKind::Summary {
        verdict: Ended::Verdict(VerdictWord::Tripped),
        exit: 10,
        elapsed_ms: 61_500,
        services: vec![
            service("api", VerdictWord::Healthy, 0),
            service("payments", VerdictWord::Tripped, 10),
        ],
    };
    assert_eq!(
        plain(&[of(None, 62, kind)]),
        "\napi at ecs       Healthy\npayments at ecs  Rolled back\nended after 1m 02s, exit code 10\n"
    );
}

#[test]
fn with_several_targets_each_line_names_its_own() {
    let telling = Telling {
        several_targets: true,
        ..telling()
    };
    let event = api(
        1,
        EventKind::Phase {
            phase: PhaseWord::Progressing,
            word: "IN_PROGRESS".into(),
        },
    );
    let text = told(Format::Human(telling), Style::default(), &[event]).1;
    assert_eq!(text, "12:00:01 ecs/api  progressing (IN_PROGRESS)\n");
}

struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_leaves_does_not_stop_the_story() {
    let mut err = Vec::new();
    let style = Style::default();
    let mut reporter = Reporter::new(Format::Json, (Gone, style), (&mut err, style))
        .with_ledger(stories::ledger(&["api"]), true);
    for event in stories::rolled_back() {
        reporter.event(&event);
    }
    reporter.finish();
    let err = String::from_utf8(err).unwrap();
    assert!(err.contains("::error"), "{err}");
}

#[tokio::test]
async fn a_question_comes_after_all_that_was_told_before() {
    let mut err = Vec::new();
    let style = Style::default();
    let format = Format::Human(telling());
    let reporter = Reporter::new(format, (Vec::new(), style), (&mut err, style));
    let (tell, events) = mpsc::unbounded_channel();
    let (ask, prompts) = mpsc::unbounded_channel();
    let (shown, was_shown) = oneshot::channel();
    let text = "Apply these changes? [y/N]".to_owned();
    ask.send(Prompt { text, shown }).unwrap();
    for event in stories::plan_empty() {
        tell.send(event).unwrap();
    }
    tokio::join!(
        run(events, prompts, reporter, Clock::system()),
        async move {
            was_shown.await.unwrap();
            drop(tell);
        }
    );
    assert_eq!(
        String::from_utf8(err).unwrap(),
        "api at ecs: no changes; what is there is what the files say\nApply these changes? [y/N] "
    );
}

/// What GitHub Actions is told while a story is told, and the summary of its step.
fn in_actions(events: &[Event]) -> (String, String) {
    let path = std::env::temp_dir().join(format!(
        "deployer-summary-{}-{}",
        std::process::id(),
        events.len()
    ));
    let _ = fs::remove_file(&path);
    let style = Style::default();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let ledger = stories::ledger(&["api"]);
    let mut reporter = Reporter::new(Format::Json, (&mut out, style), (&mut err, style))
        .with_ledger(ledger.clone(), true);
    for event in events {
        reporter.event(event);
    }
    reporter.finish();
    let report = Report::Summary(&path, None);
    report.write(&ledger, crate::error::ExitCode::Fine).unwrap();
    let summary = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    (String::from_utf8(err).unwrap(), summary)
}

#[test]
fn github_is_told_of_a_failure_and_gets_a_summary() {
    let (told, summary) = in_actions(&stories::rolled_back());
    assert_eq!(
        told,
        "::error title=api at ecs%3A Rolled back::the container exits (3 tasks failed)\n"
    );
    assert_snapshot!(summary);
}

#[test]
fn the_summary_of_a_success_has_revisions_and_time() {
    let (told, summary) = in_actions(&stories::healthy());
    assert_eq!(told, "");
    assert_snapshot!(summary);
}

#[test]
fn the_schema_in_the_repository_is_the_schema() {
    let written = include_str!("../../config/schema/events.schema.json");
    let written: serde_json::Value = serde_json::from_str(written).unwrap();
    assert!(
        written == schema(),
        "write it anew: deployer schema events > config/schema/events.schema.json"
    );
}

#[test]
fn nothing_to_prove_is_not_said_twice() {
    let unproven = Outcome {
        proven: false,
        ..outcome(
            VerdictWord::Healthy,
            0,
            "the count is zero: nothing runs that could have failed",
        )
    };
    let text = plain(&[api(1, EventKind::Outcome(unproven))]);
    assert_eq!(text.matches("nothing runs").count(), 1, "{text}");
}
