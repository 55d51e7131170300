//! What a run came to as plain values: for the steps of GitHub Actions and the jobs of GitLab that
//! follow. Every value is one line, so that no value can add another one.

use std::fmt::Write as _;

use crate::error::ExitCode;
use crate::event::{Ended, ServiceOutcome};
use crate::report::json;
use crate::report::ledger::Book;
use crate::report::text::clean;

/// GitLab takes a dotenv report of at most 5 KiB; what would not fit is left out.
const DOTENV: usize = 5 * 1024;

/// The names and values of a run, those of a single service included.
fn plain(book: &Book, code: ExitCode, services: &[ServiceOutcome]) -> Vec<(&'static str, String)> {
    let mut values = vec![
        ("verdict", word(book.verdict(code))),
        ("exit", code.code().to_string()),
    ];
    if let [service] = services {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        values.extend([
            ("revision", text(&service.revision)),
            ("from", text(&service.from)),
            ("to", text(&service.to)),
        ]);
    }
    values
}

fn word(ended: Ended) -> String {
    let word = serde_json::to_value(ended).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

fn list(services: &[ServiceOutcome]) -> String {
    json::escape(&serde_json::to_string(services).unwrap_or_default())
}

/// `name=value` lines for `GITHUB_OUTPUT`. The name ends at the first `=`, and the value with its line:
/// the form with a delimiter, which a value could forge, is not used.
pub(super) fn github(book: &Book, code: ExitCode) -> String {
    let services = book.services(code);
    let mut text = String::new();
    for (name, value) in plain(book, code, &services) {
        let _ = writeln!(text, "{name}={}", clean(&value));
    }
    let _ = writeln!(text, "services={}", list(&services));
    text
}

/// `DEPLOYER_NAME=value` lines; of several services `DEPLOYER_SERVICES` has each as
/// `target/service=verdict=revision`. GitLab takes a value as it is, and a shell that reads the file
/// must find nothing to obey: what is more than a plain word to one becomes `_`.
pub(super) fn dotenv(book: &Book, code: ExitCode) -> String {
    let services = book.services(code);
    let mut values = plain(book, code, &services);
    if services.len() > 1 {
        let each = services.iter().map(|one| {
            let revision = one.revision.as_deref().unwrap_or_default();
            let revision = revision.replace([',', '='], "_");
            let (target, service) = (&one.target, &one.service);
            format!("{target}/{service}={}={revision}", word(one.verdict))
        });
        values.push(("services", each.collect::<Vec<_>>().join(",")));
    }
    let mut text = String::new();
    for (name, value) in values {
        let value: String = clean(&value).chars().map(word_of_shell).collect();
        let line = format!("DEPLOYER_{}={value}\n", name.to_uppercase());
        if text.len() + line.len() <= DOTENV {
            text += &line;
        }
    }
    text
}

fn word_of_shell(c: char) -> char {
    if c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c) {
        c
    } else {
        '_'
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, Outcome, VerdictWord};
    use crate::report::ledger::Ledger;
    use crate::report::tests::stories;

    /// A ledger of services that all ended with this revision.
    fn ended(names: &[&str], revision: &str) -> Ledger {
        let ledger = stories::ledger(names);
        for name in names {
            let outcome = Outcome {
                revision: Some(revision.to_owned()),
                ..stories::outcome(VerdictWord::Healthy, 0, "fine")
            };
            ledger.enter(&stories::of(Some(name), 9, EventKind::Outcome(outcome)));
        }
        ledger
    }

    #[test]
    fn of_one_service_there_are_plain_values() {
        let ledger = stories::ledger(&["api"]);
        for event in stories::healthy() {
            ledger.enter(&event);
        }
        let text = github(&ledger.book(), ExitCode::Fine);
        let (plain, list) = text.split_once("services=").unwrap();
        assert_eq!(
            plain,
            "verdict=healthy\nexit=0\nrevision=api-service:12\nfrom=api-service:11\nto=api-service:12\n"
        );
        let list: serde_json::Value = serde_json::from_str(list).unwrap();
        assert_eq!(list[0]["from"], "api-service:11");
        assert_eq!(
            dotenv(&ledger.book(), ExitCode::Fine),
            "DEPLOYER_VERDICT=healthy\nDEPLOYER_EXIT=0\nDEPLOYER_REVISION=api-service:12\n\
             DEPLOYER_FROM=api-service:11\nDEPLOYER_TO=api-service:12\n"
        );
    }

    #[test]
    fn of_several_services_there_is_a_list() {
        let ledger = ended(&["api", "web"], "r:1");
        let text = github(&ledger.book(), ExitCode::Fine);
        assert!(!text.contains("\nrevision="), "{text}");
        let list = text.split_once("\nservices=").unwrap().1;
        let list: serde_json::Value = serde_json::from_str(list).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 2);
        let text = dotenv(&ledger.book(), ExitCode::Fine);
        let told = "DEPLOYER_SERVICES=ecs/api=healthy=r:1,ecs/web=healthy=r:1\n";
        assert!(text.ends_with(told), "{text}");
    }

    #[test]
    fn no_value_adds_another_one() {
        let revision = "1\r\nexit=0\nEOF<<EOF\u{2028}$(touch x)`id`; x 'y' \"z\" \\";
        let ledger = ended(&["api"], revision);
        let names = |text: &str| -> Vec<String> {
            let lines = text.split(['\n', '\r', '\u{2028}']);
            let names = lines.filter_map(|line| line.split_once('='));
            names.map(|(name, _)| name.to_owned()).collect()
        };
        let text = github(&ledger.book(), ExitCode::Fine);
        let plain = ["verdict", "exit", "revision", "from", "to", "services"];
        assert_eq!(names(&text), plain, "{text}");
        let text = dotenv(&ledger.book(), ExitCode::Fine);
        assert_eq!(names(&text).len(), 5, "{text}");
        assert!(
            !text.contains(['$', '`', ';', ' ', '\'', '"', '\\', '<']),
            "{text}"
        );
    }

    #[test]
    fn a_dotenv_report_is_as_small_as_gitlab_takes_it() {
        let ledger = ended(&["api"], &"x".repeat(DOTENV));
        let text = dotenv(&ledger.book(), ExitCode::Fine);
        assert!(text.len() <= DOTENV);
        assert!(text.contains("DEPLOYER_EXIT=0\n"), "{text}");
    }

    #[test]
    fn what_nothing_was_told_of_ends_as_the_run_does() {
        let ledger = stories::ledger(&["api"]);
        let waits = EventKind::Waiting {
            text: "a hook".into(),
        };
        ledger.enter(&stories::of(Some("api"), 1, waits));
        let text = github(&ledger.book(), ExitCode::Interrupted);
        assert!(
            text.starts_with("verdict=interrupted\nexit=130\n"),
            "{text}"
        );
    }
}
