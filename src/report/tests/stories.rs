//! Whole stories of commands, as events, for the tests of the reporters.

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::event::{
    Ended, Event, EventKind, FailureGroup, LogTail, Outcome, PhaseWord, PostMortem, ServiceOutcome,
    VerdictWord,
};
use crate::names::TargetName;
use crate::report::ledger::{Ledger, Subject};
use crate::rollout::{BreakerGauge, Cause, Class, Failure, Gauge, Unit};

mod hostile;
mod plans;

pub(in crate::report) use self::hostile::hostile;
pub(in crate::report) use self::plans::{plan_containers, plan_create, plan_empty, plan_update};

/// When every story begins: 12:00:00 UTC.
pub(in crate::report) fn start() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// `seconds` into a story.
pub(in crate::report) fn after(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

/// An empty ledger of a run over these services.
pub(in crate::report) fn ledger(services: &[&str]) -> Ledger {
    let ledger = Ledger::new(Clock::driven_from(start()));
    let target: TargetName = "ecs".parse().unwrap();
    ledger.targets(std::slice::from_ref(&target));
    let subject = |name: &&str| Subject {
        target: target.clone(),
        service: name.parse().unwrap(),
        images: Vec::new(),
    };
    ledger.begin(services.iter().map(subject).collect(), false);
    ledger
}

/// An event of the service `api`, `seconds` into the story.
pub(in crate::report) fn api(seconds: i64, kind: EventKind) -> Event {
    of(Some("api"), seconds, kind)
}

/// An event of any service, or of the whole command.
pub(in crate::report) fn of(service: Option<&str>, seconds: i64, kind: EventKind) -> Event {
    Event {
        at: after(seconds),
        target: Some("ecs".parse().unwrap()),
        service: service.map(|name| name.parse().unwrap()),
        kind,
    }
}

pub(in crate::report) fn gauge(running: u32, pending: u32, old: u32, failures: u32) -> EventKind {
    EventKind::Progress(Gauge {
        desired: 2,
        running,
        pending,
        old,
        breaker: Some(BreakerGauge {
            failures,
            threshold: Some(3),
            state: "MONITORING".into(),
        }),
        alarms: Vec::new(),
    })
}

pub(in crate::report) fn following(from: Option<&str>, revision: &str) -> EventKind {
    EventKind::Following {
        rollout: "ecs-svc/8423950238450".into(),
        revision: revision.into(),
        from: from.map(str::to_owned),
        attached: false,
        deadline_seconds: 1800,
        expected_seconds: Some(130),
    }
}

pub(in crate::report) fn phase(phase: PhaseWord, word: &str) -> EventKind {
    EventKind::Phase {
        phase,
        word: word.into(),
    }
}

pub(in crate::report) fn message(at: i64, text: &str) -> EventKind {
    EventKind::Message {
        said_at: after(at),
        text: text.into(),
    }
}

fn performed(change: &str, result: &str) -> [EventKind; 2] {
    [
        EventKind::Performing {
            change: change.into(),
        },
        EventKind::Performed {
            change: change.into(),
            result: result.into(),
            already: false,
        },
    ]
}

/// An outcome with nothing but its verdict, code and reason.
pub(in crate::report) fn outcome(verdict: VerdictWord, exit: u8, reason: &str) -> Outcome {
    Outcome {
        verdict,
        rolled_back: None,
        exit,
        reason: reason.into(),
        proven: true,
        revision: Some("api-service:12".into()),
        serving: None,
        performed: Vec::new(),
        remaining: Vec::new(),
        resume: None,
    }
}

fn summary(verdict: VerdictWord, exit: u8, seconds: u64) -> EventKind {
    let verdict = Ended::Verdict(verdict);
    let (target, service) = ("ecs".parse().unwrap(), "api".parse().unwrap());
    EventKind::Summary {
        verdict,
        exit,
        elapsed_ms: seconds * 1000,
        services: vec![ServiceOutcome::new(target, service, verdict, exit)],
    }
}

/// An update that ends well; the platform repeats itself on the way.
pub(in crate::report) fn healthy() -> Vec<Event> {
    let mut story = plan_update();
    for (seconds, change, result) in [
        (1, "register task definition api-service", "api-service:12"),
        (2, "update service api-service", "ecs-svc/8423950238450"),
    ] {
        story.extend(performed(change, result).map(|kind| api(seconds, kind)));
    }
    story.extend([
        api(2, following(Some("api-service:11"), "api-service:12")),
        api(3, phase(PhaseWord::Pending, "PENDING")),
        api(5, phase(PhaseWord::Progressing, "IN_PROGRESS")),
        api(6, gauge(0, 2, 2, 0)),
        api(8, gauge(0, 2, 2, 0)),
        api(
            9,
            message(
                8,
                "(service api-service) has started 2 tasks: (task 1a2b) (task 3c4d).",
            ),
        ),
        api(
            10,
            EventKind::Warning {
                code: "throttled".into(),
                text: "the platform throttles us; reading goes on more slowly".into(),
            },
        ),
        api(
            11,
            EventKind::Warning {
                code: "throttled".into(),
                text: "the platform throttles us; reading goes on more slowly".into(),
            },
        ),
        api(40, gauge(2, 0, 2, 0)),
        api(70, gauge(2, 0, 0, 0)),
        api(72, phase(PhaseWord::Concluded, "SUCCESSFUL")),
        api(
            72,
            EventKind::Performed {
                change: "set the scalable target to 2–20".into(),
                result: String::new(),
                already: true,
            },
        ),
        api(
            73,
            EventKind::Outcome(Outcome {
                serving: Some("api-service:12".into()),
                ..outcome(
                    VerdictWord::Healthy,
                    0,
                    "2 of 2 tasks of api-service:12 run and the old ones are gone",
                )
            }),
        ),
        of(None, 73, summary(VerdictWord::Healthy, 0, 73)),
    ]);
    story
}

/// One task of ours that failed.
pub(in crate::report) fn failure(number: u32, seconds: i64) -> EventKind {
    EventKind::Failure {
        class: Class::Counted,
        failure: Failure {
            id: format!("task-{number}"),
            at: after(seconds),
            cause: Cause::Exited,
            text: "Essential container in task exited".into(),
            container: Some("api".into()),
            exit_code: Some(1),
            unit: Unit::Task,
            task: Some(format!(
                "arn:aws:ecs:us-east-1:123456789012:task/main/{number}a2b3c4d5e6f708192a3b4c5d6e7f809"
            )),
        },
    }
}

/// The evidence of a crashing container.
pub(in crate::report) fn evidence() -> PostMortem {
    PostMortem {
        what: "3 of 3 tasks of api-service:13 failed, and the breaker's threshold is 3".into(),
        likely_cause: Some("the container exits with code 1 a few seconds after it starts".into()),
        groups: vec![FailureGroup {
            cause: Cause::Exited,
            count: 3,
            text: "Essential container in task exited".into(),
            container: Some("api".into()),
            exit_code: Some(1),
            first: after(20),
            unit: Unit::Task,
            example: Some("arn:aws:ecs:us-east-1:123456789012:task/main/1a2b3c4d5e6f708192a3b4c5d6e7f809".into()),
        }],
        targets: vec!["10.0.0.7:8080 unhealthy (Target.Timeout)".into()],
        logs: Some(LogTail {
            source: "/ecs/api-service ecs/api/1a2b3c4d5e6f708192a3b4c5d6e7f809".into(),
            lines: (1..=14)
                .map(|i| format!("{i} \u{1b}[31mERROR\u{1b}[0m\tno connection to the database"))
                .collect(),
        }),
        messages: vec!["(service api-service) (deployment ecs-svc/9) deployment failed: tasks failed to start.".into()],
        now: vec!["api-service:12: 2 of 2 tasks run".into()],
        not_brought_back: vec!["health check grace period: stays at 90s".into()],
        next: vec![
            "Read the log lines above: the container ends by itself.".into(),
            "Correct it and run `deployer apply --target ecs` again.".into(),
        ],
        missing: vec!["target health of the second target group: not permitted".into()],
        ..PostMortem::default()
    }
}

/// An update that trips and is rolled back.
pub(in crate::report) fn rolled_back() -> Vec<Event> {
    vec![
        api(2, following(Some("api-service:12"), "api-service:13")),
        api(5, phase(PhaseWord::Progressing, "IN_PROGRESS")),
        api(20, failure(1, 20)),
        api(21, gauge(0, 2, 2, 1)),
        api(40, failure(2, 40)),
        api(60, gauge(0, 2, 2, 3)),
        api(
            61,
            EventKind::Tripped {
                reason: "tasks failed to start".into(),
                cause: Some(Cause::Exited),
                remedy: "ECS rolls back to api-service:12".into(),
            },
        ),
        api(61, phase(PhaseWord::Tripping, "ROLLBACK_IN_PROGRESS")),
        api(90, phase(PhaseWord::Concluded, "ROLLBACK_SUCCESSFUL")),
        api(91, EventKind::PostMortem(evidence())),
        api(
            91,
            EventKind::Outcome(Outcome {
                rolled_back: Some(true),
                serving: Some("api-service:12".into()),
                remaining: vec!["set the scalable target to 2–20".into()],
                ..outcome(
                    VerdictWord::Tripped,
                    10,
                    "the container exits (3 tasks failed)",
                )
            }),
        ),
        of(None, 91, summary(VerdictWord::Tripped, 10, 91)),
    ]
}

/// A first deployment that fails: there is nothing to go back to.
pub(in crate::report) fn first_deployment_failed() -> Vec<Event> {
    let missing = Failure {
        id: "task-1".into(),
        at: after(10),
        cause: Cause::ImageNotFound,
        text: "CannotPullContainerError: pull image manifest has been retried 1 time(s): api:missing: not found".into(),
        container: None,
        exit_code: None,
        unit: Unit::Task,
        task: Some("arn:aws:ecs:us-east-1:123456789012:task/main/1a2b3c4d5e6f708192a3b4c5d6e7f809".into()),
    };
    vec![
        api(2, following(None, "api-service:1")),
        api(
            10,
            EventKind::Failure {
                class: Class::Certain,
                failure: missing,
            },
        ),
        api(
            20,
            EventKind::Tripped {
                reason: "the image does not exist, for 10s".into(),
                cause: Some(Cause::ImageNotFound),
                remedy: "there is no revision to go back to".into(),
            },
        ),
        api(
            21,
            EventKind::Outcome(Outcome {
                rolled_back: Some(false),
                revision: Some("api-service:1".into()),
                ..outcome(
                    VerdictWord::Tripped,
                    11,
                    "the image does not exist, and this was the first deployment",
                )
            }),
        ),
        of(None, 21, summary(VerdictWord::Tripped, 11, 21)),
    ]
}

/// Somebody else deployed in the middle of ours.
pub(in crate::report) fn superseded() -> Vec<Event> {
    vec![
        api(2, following(Some("api-service:11"), "api-service:12")),
        api(
            30,
            EventKind::Outcome(Outcome {
                serving: Some("api-service:13 (rolling)".into()),
                ..outcome(
                    VerdictWord::Superseded,
                    12,
                    "api-service:13 replaced it (deployment ecs-svc/77)",
                )
            }),
        ),
        of(None, 30, summary(VerdictWord::Superseded, 12, 30)),
    ]
}

/// This process stopped watching before the end.
pub(in crate::report) fn undetermined() -> Vec<Event> {
    vec![
        api(2, following(Some("api-service:11"), "api-service:12")),
        api(
            20,
            EventKind::Waiting {
                text: "the hook pre-scale-up (awaiting an action)".into(),
            },
        ),
        api(
            600,
            EventKind::Outcome(Outcome {
                performed: vec!["update service api-service".into()],
                remaining: vec!["set the scalable target to 2–20".into()],
                resume: Some("deployer watch --target ecs --service api".into()),
                ..outcome(
                    VerdictWord::Undetermined,
                    13,
                    "this process watched for 10m, as --timeout says; the rollout goes on",
                )
            }),
        ),
        of(None, 600, summary(VerdictWord::Undetermined, 13, 600)),
    ]
}
