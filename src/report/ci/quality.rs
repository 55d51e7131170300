//! Problems of the files as a code quality report of GitLab (its documentation, code quality report
//! format): a merge request shows each beside its line.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::told;
use crate::event::Problem;
use crate::platform::digest::digest;
use crate::report::json;
use crate::report::ledger::Book;

/// The report; empty where nothing is wrong, so that what was wrong before counts as mended. What
/// belongs to no file is shown in `file`.
pub(super) fn report(book: &Book, file: &Path) -> String {
    let fallback = file.display().to_string();
    let mut seen = BTreeMap::new();
    let findings: Vec<Value> = book
        .problems
        .iter()
        .map(|problem| {
            let path = problem.file.as_deref().unwrap_or(&fallback);
            let path = path.trim_start_matches("./");
            // The line is no part of it: a problem that has moved is the same one.
            let words = [path, &problem.code, &problem.message];
            let before: &mut usize = seen.entry(words).or_default();
            *before += 1;
            let times = before.to_string();
            let words = words.into_iter().chain([times.as_str()]);
            finding(problem, path, &digest(words))
        })
        .collect();
    json::escape(&format!("{:#}", Value::from(findings))) + "\n"
}

fn finding(problem: &Problem, path: &str, fingerprint: &str) -> Value {
    json!({
        "description": told(problem),
        "check_name": problem.code,
        "fingerprint": fingerprint,
        "severity": "blocker",
        "location": { "path": path, "lines": { "begin": problem.line.unwrap_or(1) } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::stories;

    fn reported(problems: &[Problem]) -> Vec<Value> {
        let ledger = stories::ledger(&[]);
        for problem in problems {
            let kind = crate::event::EventKind::Problem(problem.clone());
            ledger.enter(&stories::of(None, 0, kind));
        }
        let text = report(&ledger.book(), Path::new("deploy.toml"));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn each_problem_is_shown_at_its_line_and_told_from_the_others() {
        let key = Problem {
            file: Some("./config/ecs.toml".into()),
            line: Some(7),
            ..Problem::new("unknown-key", "unknown key `prot`").help("did you mean `port`?")
        };
        let moved = Problem {
            line: Some(9),
            ..key.clone()
        };
        let usage = Problem::new("usage", "no target is named");
        let found = reported(&[key.clone(), key.clone(), usage]);
        assert_eq!(found[0]["location"]["path"], "config/ecs.toml");
        assert_eq!(found[0]["location"]["lines"]["begin"], 7);
        let described = "unknown key `prot`; did you mean `port`?";
        assert_eq!(found[0]["description"], described);
        assert_ne!(found[0]["fingerprint"], found[1]["fingerprint"]);
        assert_eq!(found[2]["location"]["path"], "deploy.toml");
        assert_eq!(
            reported(&[moved])[0]["fingerprint"],
            found[0]["fingerprint"]
        );
        assert_eq!(reported(&[]), Vec::<Value>::new());
    }
}
