//! The story of a command, as one ordered stream of typed events. Reporters turn them into text;
//! nothing else is ever printed about a deployment. No event holds a secret's value.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::{Deployed, LogLine, Status};
use crate::names::{ServiceName, TargetName};
use crate::plan::{ChangeView, Effect, Note};
use crate::rollout::{Cause, Class, Failure, Gauge, Unit};

mod run;

pub(crate) use self::run::{AnswerWord, Ended, Problem, ServiceOutcome};

/// One event: a line of `--output json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Event {
    /// When, RFC 3339.
    #[schemars(with = "String")]
    pub(crate) at: Timestamp,
    /// At which target; absent: at none, or at several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) target: Option<TargetName>,
    /// Of which service; absent: of the whole command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) service: Option<ServiceName>,
    /// What happened.
    #[serde(flatten)]
    pub(crate) kind: EventKind,
}

/// What happened. Fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum EventKind {
    /// The difference between the file and the cloud.
    Plan {
        /// Field by field; empty: no changes.
        changes: Vec<ChangeView>,
        /// What to know before saying yes.
        notes: Vec<Note>,
        /// The heaviest effect.
        effect: Option<Effect>,
        /// The shortest time in which the rollout can end, in seconds.
        shortest_seconds: Option<u64>,
    },
    /// A change is about to be made.
    Performing {
        /// In words: "register task definition api-service".
        change: String,
    },
    /// A change was made, or was so already.
    Performed {
        /// In the words of `performing`.
        change: String,
        /// What came of it: an ARN, a revision, a deployment id.
        result: String,
        /// Nothing was written, since it was so already.
        already: bool,
    },
    /// We follow a rollout from now on.
    Following {
        /// Its identity: a deployment id.
        rollout: String,
        /// Its revision: `api-service:12`.
        revision: String,
        /// What served before; absent: nothing.
        from: Option<String>,
        /// It was under way already.
        attached: bool,
        /// Seconds until the deadline trips it.
        deadline_seconds: u64,
        /// Seconds that the last rollouts took, where that is known already.
        expected_seconds: Option<u64>,
    },
    /// How long the rollout is expected to take became known only now.
    Expected {
        /// Seconds that the last rollouts took.
        expected_seconds: u64,
    },
    /// The phase changed.
    Phase {
        /// The phase.
        phase: PhaseWord,
        /// The platform's own word for it.
        word: String,
    },
    /// Counts changed.
    Progress(Gauge),
    /// The platform said something new about this service.
    Message {
        /// When the platform said it.
        #[schemars(with = "String")]
        said_at: Timestamp,
        /// In its own words.
        text: String,
    },
    /// A task or pod of ours failed for a cause not seen before in this rollout.
    Failure {
        /// How patient we are with it.
        class: Class,
        /// The failure.
        #[serde(flatten)]
        failure: Failure,
    },
    /// The platform waits for a person or a hook.
    Waiting {
        /// What for.
        text: String,
    },
    /// The rollout has tripped; what follows is the remedy, or its end.
    Tripped {
        /// Why, in a sentence.
        reason: String,
        /// The cause, where one is known.
        cause: Option<Cause>,
        /// What is done about it, in a sentence.
        remedy: String,
    },
    /// Something got in the way that is not a failure of the rollout.
    Warning {
        /// For scripts.
        code: String,
        /// In a sentence.
        text: String,
    },
    /// What runs now.
    Status(Status),
    /// Who deployed what, newest first.
    History {
        /// Each deployment that is remembered.
        deployments: Vec<Deployed>,
    },
    /// One line of a log.
    Log(LogLine),
    /// The evidence of a failure, on one screen.
    PostMortem(PostMortem),
    /// How it ended for one service.
    Outcome(Outcome),
    /// Something is wrong with the request, the files, or with what the run itself needs.
    Problem(Problem),
    /// The files of this target are right.
    Valid {
        /// The services that they name.
        services: Vec<String>,
        /// What to know of them.
        notes: Vec<Note>,
    },
    /// The plan was saved.
    Saved {
        /// In this file.
        file: String,
        /// The command that performs it.
        performs: String,
    },
    /// The sandbox serves, until a signal.
    Listening {
        /// There.
        url: String,
    },
    /// The sandbox was made as new.
    Reset {
        /// Whether there was one.
        existed: bool,
    },
    /// Which version this is.
    Version {
        /// Its number.
        version: String,
    },
    /// How the whole command ended: the last record of every run.
    Summary {
        /// How, in a word: that of the service which decided about the exit code.
        verdict: Ended,
        /// The exit code.
        exit: u8,
        /// Milliseconds from start to end.
        elapsed_ms: u64,
        /// How it ended for each service.
        services: Vec<ServiceOutcome>,
    },
}

/// The phase of a rollout, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhaseWord {
    /// Asked for; the platform has not begun.
    Pending,
    /// Under way.
    Progressing,
    /// Ready; stays under watch.
    Baking,
    /// Harm is certain; going back, or waiting for the end.
    Tripping,
    /// Over.
    Concluded,
}

/// How it ended, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VerdictWord {
    /// Our revision serves.
    Healthy,
    /// Harm was seen.
    Tripped,
    /// Somebody else's action replaced ours.
    Superseded,
    /// It cannot be told.
    Undetermined,
    /// Nothing to do, and all is well.
    Unchanged,
    /// Refused by us; nothing was changed.
    Refused,
    /// What was asked for is not there, such as a revision to go back to; nothing was changed.
    Wrong,
    /// It could not be done; nothing was changed.
    Failed,
    /// Some changes were made and one could not be.
    Incomplete,
    /// Ended by a signal.
    Interrupted,
}

/// How it ended for one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Outcome {
    /// The verdict.
    pub(crate) verdict: VerdictWord,
    /// Whether the revision before serves again; `null` where that is not the question.
    pub(crate) rolled_back: Option<bool>,
    /// The exit code for this service alone.
    pub(crate) exit: u8,
    /// In a sentence, with the cause.
    pub(crate) reason: String,
    /// `false` where nothing runs that could have failed (zero tasks desired).
    pub(crate) proven: bool,
    /// Our revision: `api-service:12`.
    pub(crate) revision: Option<String>,
    /// What serves now, read and not assumed.
    pub(crate) serving: Option<String>,
    /// Changes that were made, in words.
    pub(crate) performed: Vec<String>,
    /// Changes that were not made and remain to be, in words.
    pub(crate) remaining: Vec<String>,
    /// The command that resumes watching or goes on.
    pub(crate) resume: Option<String>,
}

/// The evidence of a failure, on one screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct PostMortem {
    /// What happened, in a sentence.
    pub(crate) what: String,
    /// The likely cause, in plain words.
    pub(crate) likely_cause: Option<String>,
    /// Failed tasks, grouped by cause.
    pub(crate) groups: Vec<FailureGroup>,
    /// Load-balancer targets that are not healthy: `10.0.0.7:8080 unhealthy (Target.ResponseCodeMismatch)`.
    pub(crate) targets: Vec<String>,
    /// From the whole down to the container that fails, a line each, where the platform says why at
    /// each step.
    pub(crate) chain: Vec<String>,
    /// The last lines of the container that died.
    pub(crate) logs: Option<LogTail>,
    /// The last lines of the same container as it was started again.
    pub(crate) running_logs: Option<LogTail>,
    /// What the platform said last about this service, newest last.
    pub(crate) messages: Vec<String>,
    /// What runs now.
    pub(crate) now: Vec<String>,
    /// What a rollback did not bring back.
    pub(crate) not_brought_back: Vec<String>,
    /// What to do.
    pub(crate) next: Vec<String>,
    /// Pieces that could not be gathered, each with why.
    pub(crate) missing: Vec<String>,
}

/// Failed tasks of the same cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct FailureGroup {
    /// The cause.
    pub(crate) cause: Cause,
    /// How many.
    pub(crate) count: u32,
    /// The platform's own words, of the first one.
    pub(crate) text: String,
    /// The container to blame.
    pub(crate) container: Option<String>,
    /// Its exit code.
    pub(crate) exit_code: Option<i32>,
    /// When the first one was.
    #[schemars(with = "String")]
    pub(crate) first: Timestamp,
    /// What the platform calls them.
    pub(crate) unit: Unit,
    /// One of the tasks, to look at.
    pub(crate) example: Option<String>,
}

/// The last lines of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct LogTail {
    /// Where they come from.
    pub(crate) source: String,
    /// Oldest first.
    pub(crate) lines: Vec<String>,
}

/// Where events go. Cheap to clone; a command has one for each of its services.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    sender: tokio::sync::mpsc::UnboundedSender<Event>,
    target: TargetName,
    service: Option<ServiceName>,
    clock: crate::clock::Clock,
}

impl Events {
    /// Events of the whole command at `target`.
    pub(crate) fn new(
        sender: tokio::sync::mpsc::UnboundedSender<Event>,
        target: TargetName,
        clock: crate::clock::Clock,
    ) -> Self {
        Self {
            sender,
            target,
            service: None,
            clock,
        }
    }

    /// The same stream, for one service.
    #[must_use]
    pub(crate) fn of(&self, service: &ServiceName) -> Self {
        Self {
            service: Some(service.clone()),
            ..self.clone()
        }
    }

    /// The target that they are events of.
    pub(crate) fn target(&self) -> &TargetName {
        &self.target
    }

    /// Tells that something happened now.
    pub(crate) fn send(&self, kind: EventKind) {
        let event = Event {
            at: self.clock.now(),
            target: Some(self.target.clone()),
            service: self.service.clone(),
            kind,
        };
        // Nobody listening any more means that the command is over.
        let _ = self.sender.send(event);
    }

    /// The same events, kept back until it is known whether they are told.
    pub(crate) fn kept_back(&self) -> (Self, KeptBack) {
        let (sender, kept) = tokio::sync::mpsc::unbounded_channel();
        let to = self.sender.clone();
        let events = Self {
            sender,
            ..self.clone()
        };
        (events, KeptBack { kept, to })
    }

    /// Tells of something that got in the way.
    pub(crate) fn warn(&self, code: &str, text: impl Into<String>) {
        self.send(EventKind::Warning {
            code: code.into(),
            text: text.into(),
        });
    }
}

/// Events that are told later, or never: dropped, they are not told.
#[derive(Debug)]
pub(crate) struct KeptBack {
    kept: tokio::sync::mpsc::UnboundedReceiver<Event>,
    to: tokio::sync::mpsc::UnboundedSender<Event>,
}

impl KeptBack {
    /// Tells all of them, as of when they happened.
    pub(crate) fn tell(mut self) {
        while let Ok(event) = self.kept.try_recv() {
            // Nobody listening any more means that the command is over.
            let _ = self.to.send(event);
        }
    }
}
