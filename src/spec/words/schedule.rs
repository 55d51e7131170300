//! Bounds of scaling that are set at a time, once or again and again.

use jiff::Timestamp;

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, table};

table! {
    /// Bounds that are set at a time, and hold until something else sets them; on ECS only.
    "scaling schedule" ScheduleTable {
        /// Its name: letters, digits, spaces, `.`, `_` and `-`.
        name: Filled = required,
        /// "cron(MINUTES HOURS DAY MONTH WEEKDAY YEAR)", "rate(3 hours)", or "at(2030-01-31T22:00:00)".
        at: Filled = required,
        /// Of `at`, such as "Europe/Berlin". Default: UTC.
        time_zone: Filled,
        /// Fewest tasks from then on; absent: as before.
        min: Whole<0, 5000>,
        /// Most tasks from then on; absent: as before.
        max: Whole<0, 5000>,
        /// Not before this time, such as "2030-01-01T00:00:00Z".
        start: Filled,
        /// Not after this time.
        end: Filled,
    }
}

/// Bounds that are set at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    /// The expression, in the words of Application Auto Scaling.
    pub(crate) at: String,
    /// An IANA name; `None`: UTC.
    pub(crate) time_zone: Option<String>,
    /// Fewest tasks from then on.
    pub(crate) min: Option<u32>,
    /// Most tasks from then on.
    pub(crate) max: Option<u32>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
}

static NAME: Pattern = Pattern::limited("[A-Za-z0-9](?:[A-Za-z0-9 ._-]*[A-Za-z0-9._-])?", 128);

/// The forms of an expression (Application Auto Scaling API reference, `PutScheduledAction`).
static AT: Pattern = Pattern::new(
    "at\\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?\\)|rate\\([1-9][0-9]* (?:minutes?|hours?|days?)\\)|cron\\([^ ()]+(?: +[^ ()]+){5}\\)",
);

static ZONE: Pattern = Pattern::new("[A-Za-z][A-Za-z0-9_+/-]*");

/// The schedules, each name once; `bounds` are those that hold where none has set others.
pub(in crate::spec) fn schedules(
    raw: Option<At<Vec<At<ScheduleTable>>>>,
    (fewest, most): (u32, u32),
    findings: &mut Findings,
) -> Vec<Schedule> {
    let mut all: Vec<Schedule> = Vec::new();
    for at in raw.into_iter().flat_map(|at| at.value) {
        let head = at.head;
        let Some(schedule) = schedule(at, findings) else {
            continue;
        };
        if all.iter().any(|other| other.name == schedule.name) {
            let message = format!("two schedules are named {}", schedule.name);
            findings.problem(Problem::new("conflict", message).at(head));
        }
        let (min, max) = (schedule.min.unwrap_or(fewest), schedule.max.unwrap_or(most));
        if min > max {
            let message = format!("fewest would be {min} tasks, and most {max}");
            findings.problem(Problem::new("conflict", message).at(head));
        }
        all.push(schedule);
    }
    all
}

fn schedule(at: At<ScheduleTable>, findings: &mut Findings) -> Option<Schedule> {
    let At {
        value: raw, head, ..
    } = at;
    if raw.min.is_none() && raw.max.is_none() {
        findings.missing(head, "min", "a schedule sets `min`, `max` or both");
    }
    let name = said(
        raw.name.as_ref(),
        &NAME,
        findings,
        "must be letters, digits, spaces, `.`, `_` and `-`",
    );
    let when = said(
        raw.at.as_ref(),
        &AT,
        findings,
        "must be \"cron(0 22 * * ? *)\" with six fields, \"rate(3 hours)\" or \"at(2030-01-31T22:00:00)\"",
    );
    let zone = "must be the name of a time zone, such as \"Europe/Berlin\"";
    let time_zone = said(raw.time_zone.as_ref(), &ZONE, findings, zone);
    if let (Some(zone), Some(true)) = (
        &raw.time_zone,
        when.as_ref().map(|when| when.starts_with("rate(")),
    ) {
        findings.bad_value(zone.spot, "a rate is the same in every time zone");
    }
    let (start, end) = (
        time(raw.start.as_ref(), findings),
        time(raw.end.as_ref(), findings),
    );
    if let (Some(at), true) = (
        &raw.end,
        start.zip(end).is_some_and(|(start, end)| end <= start),
    ) {
        findings.bad_value(at.spot, "must be after `start`");
    }
    Some(Schedule {
        name: name?,
        at: when?,
        time_zone,
        min: raw.min.map(|at| at.value.0),
        max: raw.max.map(|at| at.value.0),
        start,
        end,
    })
}

fn said(
    at: Option<&At<Filled>>,
    form: &Pattern,
    findings: &mut Findings,
    message: &str,
) -> Option<String> {
    let at = at?;
    let text = &at.value.0;
    if !form.holds(text) {
        findings.bad_value(at.spot, message);
        return None;
    }
    Some(text.clone())
}

fn time(at: Option<&At<Filled>>, findings: &mut Findings) -> Option<Timestamp> {
    let at = at?;
    let time = at.value.0.parse().ok();
    if time.is_none() {
        findings.bad_value(at.spot, "must be a time, such as \"2030-01-01T00:00:00Z\"");
    }
    time
}
