//! What is told of a run as a whole: what was wrong before it began, and how it ended.

use serde::{Deserialize, Serialize};

use super::VerdictWord;
use crate::answer::Image;
use crate::names::{ServiceName, TargetName};

/// Something that is wrong with the request, with the files, or with what the run itself needs. What
/// a service could not do is told by its outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Problem {
    /// For scripts: `unknown-key`, `usage`, `no-target`…
    pub(crate) code: String,
    /// What is wrong, in a sentence.
    pub(crate) message: String,
    /// In which file, as it was named.
    pub(crate) file: Option<String>,
    /// In which line of it, counted from 1.
    pub(crate) line: Option<usize>,
    /// At which character of that line, counted from 1.
    pub(crate) column: Option<usize>,
    /// What is said of that place.
    pub(crate) label: Option<String>,
    /// What to do.
    pub(crate) help: Option<String>,
    /// What caused it, the nearest first.
    pub(crate) because: Vec<String>,
}

impl Problem {
    /// A problem of no file.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// The same with what to do about it.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// How a service, or a whole run, ended: with the verdict of a rollout, or with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub(crate) enum Ended {
    /// As a rollout ends, or a command that could not be carried out.
    Verdict(VerdictWord),
    /// What was asked for was told.
    Answer(AnswerWord),
}

/// How a command ended that only asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerWord {
    /// A plan was made, and there is something to do.
    Changes,
    /// A plan was made, and there is nothing to do.
    NoChanges,
    /// What was asked for was told.
    Answered,
}

/// One service of the summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct ServiceOutcome {
    /// Where.
    #[schemars(with = "String")]
    pub(crate) target: TargetName,
    /// Which.
    #[schemars(with = "String")]
    pub(crate) service: ServiceName,
    /// How it ended.
    pub(crate) verdict: Ended,
    /// Its exit code.
    pub(crate) exit: u8,
    /// The revision that this run rolled out or followed: `api-service:12`.
    #[serde(default)]
    pub(crate) revision: Option<String>,
    /// The revision that served before.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// The revision that serves at the end.
    #[serde(default)]
    pub(crate) to: Option<String>,
    /// The images that this run deploys, or would, by container; empty where none are known.
    #[serde(default)]
    pub(crate) images: Vec<Image>,
}

impl ServiceOutcome {
    /// One of which no more is known than how it ended.
    pub(crate) fn new(target: TargetName, service: ServiceName, verdict: Ended, exit: u8) -> Self {
        Self {
            target,
            service,
            verdict,
            exit,
            revision: None,
            from: None,
            to: None,
            images: Vec::new(),
        }
    }
}
