//! The small words that all reporters share: durations, times, names of tasks, verdicts.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::{AnswerWord, Ended, Event, Outcome, PhaseWord, VerdictWord};
use crate::names::{ServiceName, TargetName};
use crate::rollout::{Cause, Failure, Unit};

use super::text::Tone;

/// `42s`, `2m 05s`, `1h 30m`.
pub(super) fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s:02}s"),
        (h, 0, _) => format!("{h}h"),
        (h, m, _) => format!("{h}h {m:02}m"),
    }
}

/// Whole seconds from `from` to `to`; zero when `to` lies before.
pub(super) fn seconds_between(from: Timestamp, to: Timestamp) -> u64 {
    Duration::try_from(to.duration_since(from)).map_or(0, |d| d.as_secs())
}

/// `12:00:03`.
pub(super) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// So much of a task's id is shown: it tells the few tasks of one service apart.
const ID_SHOWN: usize = 8;

/// A task or pod as people call it: of a task, the beginning of its id, which ends its ARN; a pod has
/// a name that people know.
pub(super) fn task(unit: Unit, id: &str) -> String {
    let name = id.rsplit('/').next().unwrap_or(id);
    match (unit, name.char_indices().nth(ID_SHOWN)) {
        (Unit::Task, Some((end, _))) => format!("{}…", &name[..end]),
        (Unit::Task, None) | (Unit::Pod, _) => name.to_owned(),
    }
}

/// `api at ecs`; the target alone where no service is meant, and nothing where no target is.
pub(super) fn place(event: &Event) -> String {
    match (&event.service, &event.target) {
        (Some(service), Some(target)) => at(service, target),
        (Some(service), None) => service.to_string(),
        (None, Some(target)) => target.to_string(),
        (None, None) => String::new(),
    }
}

/// `api at ecs`.
pub(super) fn at(service: &ServiceName, target: &TargetName) -> String {
    format!("{service} at {target}")
}

/// A platform's message without what everybody at the screen knows: whose it is, and the long form
/// of its ARNs and of the tasks that ECS names as `(task ID)`.
pub(super) fn message<'t>(text: &'t str) -> String {
    let text = match text
        .strip_prefix("(service ")
        .and_then(|rest| rest.split_once(") "))
    {
        Some((_, rest)) => rest,
        None => text,
    };
    let mut before = "";
    let short = |word: &'t str| match (std::mem::replace(&mut before, word), word.find("arn:aws")) {
        ("(task", None) => {
            let end = word.find(')').unwrap_or(word.len());
            let (id, after) = word.split_at(end);
            format!("{}{after}", task(Unit::Task, id))
        }
        (_, Some(start)) => {
            let (before, arn) = word.split_at(start);
            let end = arn.find([')', ',', ';']).unwrap_or(arn.len());
            let (arn, after) = arn.split_at(end);
            let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
            let name = resource.split('/').nth(1).unwrap_or(resource);
            format!("{before}{name}{after}")
        }
        (_, None) => word.to_owned(),
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// The phase as a word for people.
pub(super) fn phase(phase: PhaseWord) -> (Tone, &'static str) {
    match phase {
        PhaseWord::Pending => (Tone::Quiet, "pending"),
        PhaseWord::Progressing => (Tone::Plain, "progressing"),
        PhaseWord::Baking => (Tone::Good, "baking"),
        PhaseWord::Tripping => (Tone::Bad, "tripping"),
        PhaseWord::Concluded => (Tone::Plain, "concluded"),
    }
}

/// The verdict as the first words of the last line.
pub(super) fn verdict(verdict: VerdictWord, rolled_back: Option<bool>) -> (Tone, &'static str) {
    match verdict {
        VerdictWord::Healthy if rolled_back == Some(true) => (Tone::Good, "Gone back"),
        VerdictWord::Healthy => (Tone::Good, "Healthy"),
        VerdictWord::Tripped => match rolled_back {
            Some(true) => (Tone::Care, "Rolled back"),
            Some(false) => (Tone::Bad, "FAILED, not rolled back"),
            None => (Tone::Bad, "FAILED"),
        },
        VerdictWord::Superseded => (Tone::Care, "Superseded"),
        VerdictWord::Undetermined => (Tone::Care, "Undetermined"),
        VerdictWord::Unchanged => (Tone::Good, "Unchanged"),
        VerdictWord::Refused => (Tone::Bad, "Refused, nothing was changed"),
        VerdictWord::Wrong => (Tone::Bad, "Wrong request, nothing was changed"),
        VerdictWord::Failed => (Tone::Bad, "Failed, nothing was changed"),
        VerdictWord::Incomplete => (Tone::Bad, "Incomplete"),
        VerdictWord::Interrupted => (Tone::Care, "Interrupted"),
    }
}

/// The same of a command that may have ended with an answer.
pub(super) fn ended(ended: Ended, rolled_back: Option<bool>) -> (Tone, &'static str) {
    match ended {
        Ended::Verdict(word) => verdict(word, rolled_back),
        Ended::Answer(AnswerWord::Changes) => (Tone::Care, "Changes"),
        Ended::Answer(AnswerWord::NoChanges) => (Tone::Good, "No changes"),
        Ended::Answer(AnswerWord::Answered) => (Tone::Plain, "Told"),
    }
}

/// Whether this is how it should end.
pub(super) fn ended_well(outcome: &Outcome) -> bool {
    outcome.exit == 0
}

/// A failure in one sentence: which task or pod, why, and the platform's own words.
pub(super) fn failure(failure: &Failure) -> String {
    let unit = failure.unit.word();
    let who = match &failure.task {
        Some(id) => format!("{unit} {} failed", task(failure.unit, id)),
        None => format!("a {unit} could not be started"),
    };
    let blame = match (&failure.container, failure.exit_code) {
        (Some(container), Some(code)) => format!(" ({container}, exit code {code})"),
        (Some(container), None) => format!(" ({container})"),
        (None, Some(code)) => format!(" (exit code {code})"),
        (None, None) => String::new(),
    };
    let said = words_of(failure);
    let colon = if said.is_empty() { "" } else { ": " };
    match failure.cause {
        Cause::Other => format!("{who}{blame}{colon}{said}"),
        cause => format!("{who}: {}{blame}{colon}{said}", cause.words()),
    }
}

/// The platform's words without what the code says that stands beside them: Kubernetes calls every end
/// but the best one `Error`.
fn words_of(failure: &Failure) -> String {
    let Some(code) = failure.exit_code else {
        return failure.text.clone();
    };
    let said = failure.text.split_once(&format!(", exit code {code}"));
    match said {
        Some(("Error", "")) => String::new(),
        Some((before, after)) if after.is_empty() || after.starts_with(':') => {
            format!("{before}{after}")
        }
        _ => failure.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    #[test]
    fn durations_have_two_units_at_most() {
        let spoken: Vec<String> = [0, 42, 60, 125, 3600, 5400, 90_061]
            .into_iter()
            .map(duration)
            .collect();
        assert_eq!(
            spoken,
            ["0s", "42s", "1m", "2m 05s", "1h", "1h 30m", "25h 01m"]
        );
    }

    #[test]
    fn messages_are_told_without_what_is_known() {
        let group = "(service api-service) registered 1 targets in (target-group arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123)";
        assert_eq!(message(group), "registered 1 targets in (target-group api)");
        assert_eq!(
            message("(service x) has reached a steady state."),
            "has reached a steady state."
        );
        assert_eq!(message("anything else"), "anything else");
        let tasks = "(service x) has started 2 tasks: (task 01322a826e2ce11117d9f5e73ce8ff31) (task b856353d53f614d2d1824d2d53f614d2).";
        assert_eq!(
            message(tasks),
            "has started 2 tasks: (task 01322a82…) (task b856353d…)."
        );
    }

    #[test]
    fn a_task_is_no_pod_whatever_its_id_looks_like() {
        let EventKind::Failure {
            failure: mut failed,
            ..
        } = crate::report::tests::stories::failure(1, 0)
        else {
            unreachable!("a failure is told as one");
        };
        let hexadecimal = "1a2b3c4d5e6f708192a3b4c5d6e7f809";
        for (unit, id, words) in [
            (Unit::Task, Some(hexadecimal), "task 1a2b3c4d… failed: "),
            (Unit::Task, Some("web"), "task web failed: "),
            (Unit::Task, None, "a task could not be started: "),
            (
                Unit::Pod,
                Some("api-7d9f8-abcde"),
                "pod api-7d9f8-abcde failed: ",
            ),
            (
                Unit::Pod,
                Some(hexadecimal),
                "pod 1a2b3c4d5e6f708192a3b4c5d6e7f809 failed: ",
            ),
            (Unit::Pod, None, "a pod could not be started: "),
        ] {
            failed.unit = unit;
            failed.task = id.map(str::to_owned);
            let told = failure(&failed);
            assert!(told.starts_with(words), "{told}");
        }
    }

    #[test]
    fn an_exit_code_is_told_once() {
        let EventKind::Failure {
            failure: mut failed,
            ..
        } = crate::report::tests::stories::failure(1, 0)
        else {
            unreachable!("a failure is told as one");
        };
        failed.unit = Unit::Pod;
        failed.task = Some("api-1".into());
        for (text, told) in [
            ("Error, exit code 1", ""),
            ("Error, exit code 1: no database", ": Error: no database"),
            ("OOMKilled, exit code 137", ": OOMKilled, exit code 137"),
        ] {
            failed.text = text.into();
            let head = "pod api-1 failed: the container exits (api, exit code 1)";
            assert_eq!(failure(&failed), format!("{head}{told}"));
        }
    }

    #[test]
    fn only_the_ids_of_tasks_are_shortened() {
        assert_eq!(
            task(
                Unit::Task,
                "arn:aws:ecs:us-east-1:123456789012:task/main/1a2b3c4d5e6f708192a3b4c5d6e7f809"
            ),
            "1a2b3c4d…"
        );
        assert_eq!(task(Unit::Pod, "api-7d9f8-abcde"), "api-7d9f8-abcde");
    }
}
