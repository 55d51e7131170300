//! Every kind of event with a text of somebody else's choosing wherever a text may stand.

use crate::event::{
    Event, EventKind, FailureGroup, LogTail, Outcome, PhaseWord, PostMortem, Problem, VerdictWord,
};
use crate::plan::{ChangeView, Effect, Note};
use crate::rollout::{BreakerGauge, Cause, Class, Failure, Gauge, Unit};

use super::{api, message, outcome, phase, start, summary};

/// Every kind of event, with `text` wherever a text may stand.
pub(in crate::report) fn hostile(text: &str) -> Vec<Event> {
    let mut kinds = before(text);
    kinds.extend(during(text));
    kinds.extend([
        EventKind::PostMortem(evidence(text)),
        EventKind::Outcome(ended(text)),
        EventKind::Problem(Problem {
            file: Some(text.to_owned()),
            line: Some(1),
            column: Some(2),
            label: Some(text.to_owned()),
            because: vec![text.to_owned()],
            ..Problem::new("code", text).help(text)
        }),
        summary(VerdictWord::Incomplete, 5, 1),
    ]);
    kinds.into_iter().map(|kind| api(0, kind)).collect()
}

fn before(text: &str) -> Vec<EventKind> {
    let t = || text.to_owned();
    let views = [Effect::Replaces, Effect::Restarts].map(|effect| ChangeView {
        object: format!("{text} {effect:?}"),
        path: t(),
        from: None,
        to: Some(t()),
        effect,
    });
    vec![
        EventKind::Plan {
            changes: views.into(),
            notes: vec![Note::warning("code", text), Note::info("code", text)],
            effect: None,
            shortest_seconds: Some(1),
        },
        EventKind::Performing { change: t() },
        EventKind::Performed {
            change: t(),
            result: t(),
            already: false,
        },
        EventKind::Following {
            rollout: t(),
            revision: t(),
            from: Some(t()),
            attached: true,
            deadline_seconds: 1,
            expected_seconds: None,
        },
        EventKind::Expected {
            expected_seconds: 1,
        },
    ]
}

fn during(text: &str) -> Vec<EventKind> {
    let t = || text.to_owned();
    vec![
        phase(PhaseWord::Progressing, text),
        EventKind::Progress(gauge(text)),
        message(0, text),
        EventKind::Failure {
            class: Class::Unknown,
            failure: failure(text),
        },
        EventKind::Waiting { text: t() },
        EventKind::Tripped {
            reason: t(),
            cause: None,
            remedy: t(),
        },
        EventKind::Warning {
            code: t(),
            text: t(),
        },
    ]
}

fn gauge(text: &str) -> Gauge {
    let breaker = BreakerGauge {
        failures: 1,
        threshold: None,
        state: text.to_owned(),
    };
    Gauge {
        desired: 1,
        breaker: Some(breaker),
        alarms: vec![text.to_owned(), text.to_owned()],
        ..Gauge::default()
    }
}

fn failure(text: &str) -> Failure {
    let t = || text.to_owned();
    Failure {
        id: t(),
        at: start(),
        cause: Cause::Other,
        text: t(),
        container: Some(t()),
        exit_code: Some(1),
        unit: Unit::Task,
        task: Some(t()),
    }
}

fn evidence(text: &str) -> PostMortem {
    let t = || text.to_owned();
    let group = FailureGroup {
        cause: Cause::Other,
        count: 1,
        text: t(),
        container: Some(t()),
        exit_code: None,
        first: start(),
        unit: Unit::Task,
        example: Some(t()),
    };
    PostMortem {
        what: t(),
        likely_cause: Some(t()),
        groups: vec![group],
        targets: vec![t()],
        chain: vec![t()],
        running_logs: Some(LogTail {
            source: t(),
            lines: vec![t()],
        }),
        logs: Some(LogTail {
            source: t(),
            lines: vec![t()],
        }),
        messages: vec![t()],
        now: vec![t()],
        not_brought_back: vec![t()],
        next: vec![t()],
        missing: vec![t()],
    }
}

fn ended(text: &str) -> Outcome {
    let t = || text.to_owned();
    Outcome {
        revision: Some(t()),
        serving: Some(t()),
        performed: vec![t()],
        remaining: vec![t()],
        resume: Some(t()),
        ..outcome(VerdictWord::Incomplete, 5, text)
    }
}
