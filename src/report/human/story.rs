//! The lines of a rollout as it goes: what was done, what the platform says, what failed.

use crate::event::EventKind;
use crate::report::text::{Line, Tone};
use crate::report::words;
use crate::rollout::Gauge;

/// The line that tells of this event; `None` where it has no line of its own.
pub(super) fn line(kind: &EventKind) -> Option<Line> {
    let line = Line::at(0);
    Some(match kind {
        EventKind::Performed {
            change,
            result,
            already,
        } => performed(change, result, *already),
        EventKind::Following { .. } => following(kind)?,
        EventKind::Expected { expected_seconds } => {
            let usual = words::duration(*expected_seconds);
            line.add(Tone::Quiet, format!("usually takes {usual}"))
        }
        EventKind::Phase { phase, word } => {
            let (tone, phase) = words::phase(*phase);
            line.add(tone, phase).add(Tone::Quiet, format!(" ({word})"))
        }
        EventKind::Progress(gauge) => counts(gauge),
        EventKind::Message { text, .. } => line.add(Tone::Quiet, "· ").plain(words::message(text)),
        EventKind::Failure { failure, .. } => {
            line.add(Tone::Bad, "✗ ").plain(words::failure(failure))
        }
        EventKind::Waiting { text } => line.add(Tone::Care, "waits for ").plain(text),
        EventKind::Tripped { reason, remedy, .. } => line
            .add(Tone::Bad, "TRIPPED: ")
            .plain(reason)
            .add(Tone::Strong, format!("; {remedy}")),
        EventKind::Warning { text, .. } => line.add(Tone::Care, "warning: ").plain(text),
        _ => return None,
    })
}

fn performed(change: &str, result: &str, already: bool) -> Line {
    let line = Line::at(0).add(Tone::Good, "✓ ").plain(change);
    match (already, result) {
        (true, "") => line.add(Tone::Quiet, " (so already)"),
        (true, result) => line.add(Tone::Quiet, format!(" (so already: {result})")),
        (false, "") => line,
        (false, result) => line.add(Tone::Quiet, format!(": {result}")),
    }
}

fn following(kind: &EventKind) -> Option<Line> {
    let EventKind::Following {
        rollout,
        revision,
        from,
        attached,
        deadline_seconds,
        expected_seconds,
    } = kind
    else {
        return None;
    };
    let verb = if *attached {
        "joins the rollout of "
    } else {
        "rolls out "
    };
    let mut line = Line::at(0).plain(verb).add(Tone::Strong, revision);
    if let Some(from) = from {
        line = line.plain(format!(" in place of {from}"));
    }
    let deadline = words::duration(*deadline_seconds);
    line = line.add(Tone::Quiet, format!(" ({rollout}; deadline {deadline}"));
    if let Some(seconds) = expected_seconds {
        let usual = words::duration(*seconds);
        line = line.add(Tone::Quiet, format!(", usually {usual}"));
    }
    Some(line.add(Tone::Quiet, ")"))
}

/// `, usually 1m 40s · deadline 30m`: what is known of how long it may still take.
pub(super) fn limits(expected: Option<u64>, deadline: Option<u64>) -> Line {
    let mut line = Line::at(0);
    if let Some(seconds) = expected {
        line = line.plain(format!(", usually {}", words::duration(seconds)));
    }
    if let Some(seconds) = deadline {
        line = line.add(
            Tone::Quiet,
            format!(" · deadline {}", words::duration(seconds)),
        );
    }
    line
}

/// `1/2 running, 1 pending, 2 old · breaker failures 2/3 · alarm api-5xx`.
pub(super) fn counts(gauge: &Gauge) -> Line {
    let mut line = Line::at(0).plain(format!("{}/{} running", gauge.running, gauge.desired));
    if gauge.pending > 0 {
        line = line.plain(format!(", {} pending", gauge.pending));
    }
    if gauge.old > 0 {
        line = line.plain(format!(", {} old", gauge.old));
    }
    line.join(breaker(gauge)).join(alarms(gauge))
}

/// The breaker's count, where there is one to show.
pub(super) fn breaker(gauge: &Gauge) -> Line {
    let Some(breaker) = &gauge.breaker else {
        return Line::at(0);
    };
    let threshold = match breaker.threshold {
        Some(threshold) => format!("/{threshold}"),
        None => String::new(),
    };
    let tone = if breaker.failures > 0 {
        Tone::Bad
    } else {
        Tone::Quiet
    };
    let text = format!("breaker failures {}{threshold}", breaker.failures);
    Line::at(0).add(Tone::Quiet, " · ").add(tone, text)
}

/// The alarms that fired.
pub(super) fn alarms(gauge: &Gauge) -> Line {
    match gauge.alarms.as_slice() {
        [] => Line::at(0),
        [one] => Line::at(0).add(Tone::Bad, format!(" · alarm {one}")),
        many => Line::at(0).add(Tone::Bad, format!(" · alarms {}", many.join(", "))),
    }
}
