//! What reading and resolving find: problems, which stop, and notes, which do not.

use super::problem::{Problem, Spot};
use super::tree::{Node, Value};
use crate::names::ServiceName;

/// Something that the user should know, though it stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Note {
    /// A stable word for scripts, such as `moving-tag`.
    pub(crate) code: &'static str,
    /// What it is, and what follows from it.
    pub(crate) message: String,
    /// Which service it is about; `None`: all.
    pub(crate) service: Option<ServiceName>,
}

/// What a key comes to that the table of this name does not have; `None`: nothing is known of it.
type Advice = fn(key: &str, table: &str) -> Option<String>;

/// What reading and resolving have found so far.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<Note>,
    /// Where a key belongs that its table does not have, by what all words of the format say.
    pub(super) advice: Option<Advice>,
    /// The service that is being resolved.
    pub(super) service: Option<ServiceName>,
}

impl Findings {
    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn note(&mut self, code: &'static str, message: impl Into<String>) {
        self.notes.push(Note {
            code,
            message: message.into(),
            service: self.service.clone(),
        });
    }

    /// A value of the wrong type.
    pub(super) fn wrong_type(&mut self, node: &Node, expected: &str, help: Option<&str>) {
        let label = format!("this is {}", node.value.kind());
        let mut problem = Problem::new("wrong-type", format!("expected {expected}"))
            .at(node.spot)
            .label(label);
        if matches!(node.value, Value::Table(_)) {
            problem = problem.at(node.head());
        }
        self.problem(problem.maybe_help(help.map(str::to_owned)));
    }

    /// A value of the right type that cannot be.
    pub(super) fn bad_value(&mut self, spot: Spot, message: impl Into<String>) {
        self.problem(Problem::new("bad-value", message).at(spot));
    }

    /// Something that must be there and is not.
    pub(super) fn missing(&mut self, spot: Spot, key: &str, why: &str) {
        self.problem(
            Problem::new("missing-key", format!("`{key}` is missing"))
                .at(spot)
                .label(why.to_owned()),
        );
    }
}
