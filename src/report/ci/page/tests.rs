use insta::assert_snapshot;

use super::*;
use crate::event::{EventKind, Outcome, Problem, VerdictWord};
use crate::plan::{ChangeView, Effect};
use crate::report::ledger::Ledger;
use crate::report::tests::stories::{self, of};

const MOST: usize = 65_536;

fn heading() -> Heading {
    Heading {
        file: "deploy.toml".into(),
        services: Vec::new(),
    }
}

fn paged(ledger: &Ledger, most: usize) -> String {
    page(&ledger.book(), &heading(), most)
}

/// A plan of so many changed variables, each with a value of so many letters.
fn plan(service: &str, fields: usize, letters: usize) -> crate::event::Event {
    let change = |n| ChangeView {
        object: "task definition api-service".into(),
        path: format!("containers.api.environment.VALUE_{n}"),
        from: None,
        to: Some("x".repeat(letters)),
        effect: Effect::Restarts,
    };
    let plan = EventKind::Plan {
        changes: (0..fields).map(change).collect(),
        notes: Vec::new(),
        effect: Some(Effect::Restarts),
        shortest_seconds: None,
    };
    of(Some(service), 0, plan)
}

#[test]
fn a_plan_is_a_page_of_folds() {
    let ledger = stories::ledger(&["api", "web"]);
    for event in stories::plan_update() {
        ledger.enter(&event);
    }
    let refused = Outcome {
        ..stories::outcome(
            VerdictWord::Refused,
            4,
            "it is not ours: </details> @everyone",
        )
    };
    ledger.enter(&of(Some("web"), 1, EventKind::Outcome(refused)));
    assert_snapshot!(paged(&ledger, MOST));
}

#[test]
fn what_is_wrong_is_on_the_page() {
    let ledger = stories::ledger(&[]);
    let problem = Problem {
        file: Some("deploy.toml".into()),
        line: Some(3),
        ..Problem::new("unknown-key", "unknown key `prot`").help("did you mean `port`?")
    };
    ledger.enter(&of(None, 0, EventKind::Problem(problem)));
    assert_snapshot!(paged(&ledger, MOST));
}

/// The lines of a page outside of what stands in a block of code: it follows an empty line, and each
/// of its lines is indented.
fn outside(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.starts_with("    "))
        .collect()
}

#[test]
fn nothing_breaks_out_of_its_fold() {
    let texts = [
        "</details>\n@all",
        "\n\n# heading\n",
        "```\n</details>",
        "a\r</summary>\u{2028}@me",
        "<img src=x> [a](javascript:x) #1",
    ];
    for text in texts {
        let ledger = stories::ledger(&["api"]);
        for event in stories::hostile(text) {
            ledger.enter(&event);
        }
        let problem = Problem {
            file: Some(text.into()),
            ..Problem::new("x", text).help(text)
        };
        ledger.enter(&of(None, 0, EventKind::Problem(problem)));
        for line in outside(&paged(&ledger, MOST)) {
            let ours = ["", "</details>", "## Plan of `deploy.toml` for ecs"].contains(&line)
                || (line.starts_with("<details") && line.ends_with("</summary>"));
            assert!(ours, "{line:?} of {text:?}");
            assert!(!line.contains('@'), "{line}");
        }
    }
}

#[test]
fn a_page_fits_a_comment_and_says_what_it_lacks() {
    let names: Vec<String> = (0..40).map(|n| format!("service-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (fields, letters) in [(1, 100_000), (4_000, 3), (300, 4_000), (0, 0)] {
        let ledger = stories::ledger(&names);
        ledger.enter(&plan(names[0], fields, letters));
        for name in &names[1..] {
            ledger.enter(&plan(name, 2, 5));
        }
        let text = paged(&ledger, MOST);
        assert!(text.len() <= MOST, "{} bytes", text.len());
        assert_eq!(text.matches("<details").count(), names.len());
        assert_eq!(text.matches("</details>").count(), names.len());
        // The short ones are whole.
        assert!(text.matches("VALUE_1 ").count() >= 39, "{fields}");
        let cut = fields > 100;
        assert_eq!(text.contains("left out here"), cut, "{fields} × {letters}");
        let narrow = letters > WIDE && fields == 1;
        assert!(!narrow || text.contains(NARROWED), "{fields} × {letters}");
    }
}

#[test]
fn services_that_do_not_fit_are_counted() {
    let names: Vec<String> = (0..900).map(|n| format!("service-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ledger = stories::ledger(&names);
    for name in &names {
        ledger.enter(&plan(name, 1, 5));
    }
    for most in [500, 5_000, MOST] {
        let text = paged(&ledger, most);
        assert!(text.len() <= most, "{} bytes", text.len());
        let shown = text.matches("<details").count();
        let left = format!("{} more services are left out here", names.len() - shown);
        assert!(text.contains(&left), "{text}");
    }
}
