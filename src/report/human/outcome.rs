//! The last lines: how it ended for a service, and for the whole command.

use crate::event::{Ended, Outcome, ServiceOutcome};
use crate::report::text::{Line, Tone, columns};
use crate::report::words;

/// Why an end proves nothing; most reasons say it already.
const UNPROVEN: &str = "nothing runs that could have failed";

/// How it ended for one service; `place` is `api at ecs`. What kept one service kept others, too: their
/// reason `is_new` no more.
pub(super) fn lines(place: &str, outcome: &Outcome, is_new: bool) -> Vec<Line> {
    let failed = outcome.exit != 0;
    let reason = if is_new || !failed {
        &outcome.reason
    } else {
        "for the same reason"
    };
    let (tone, verdict) = words::verdict(outcome.verdict, outcome.rolled_back);
    // What is to be pasted somewhere stands on lines of its own.
    let mut reason = reason.lines();
    let head = Line::at(0)
        .hang(2)
        .add(tone, format!("{verdict}: "))
        .add(Tone::Strong, place)
        .plain(": ")
        .plain(reason.next().unwrap_or_default());
    let mut lines = vec![head];
    lines.extend(reason.map(|line| Line::at(2).hang(4).plain(line)));
    let is_said = outcome.reason.contains(UNPROVEN);
    if !outcome.proven && words::ended_well(outcome) && !is_said {
        let text = format!("not proven: {UNPROVEN}");
        lines.push(Line::at(2).add(Tone::Care, text));
    }
    lines.extend(columns(2, &facts(outcome)));
    lines
}

fn facts(outcome: &Outcome) -> Vec<Vec<(Tone, String)>> {
    let mut rows = Vec::new();
    let mut fact = |name: &str, value: &str| {
        rows.push(vec![
            (Tone::Quiet, name.to_owned()),
            (Tone::Plain, value.to_owned()),
        ]);
    };
    if let Some(serving) = &outcome.serving {
        fact("serving now", serving);
    }
    if outcome.exit != 0 {
        for change in &outcome.performed {
            fact("was done", change);
        }
    }
    for change in &outcome.remaining {
        fact("remains to do", change);
    }
    if let Some(command) = &outcome.resume {
        fact("to go on", command);
    }
    rows
}

/// How the whole command ended: a table where there are several services, and the time it took.
pub(super) fn summary(services: &[ServiceOutcome], exit: u8, elapsed_ms: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    let rolled = |service: &ServiceOutcome| matches!(service.verdict, Ended::Verdict(_));
    if services.len() > 1 && services.iter().all(rolled) {
        lines.push(Line::at(0));
        let rows: Vec<_> = services.iter().map(row).collect();
        lines.extend(columns(0, &rows));
    }
    let took = match elapsed_ms {
        0..10_000 => format!("{}.{}s", elapsed_ms / 1000, elapsed_ms % 1000 / 100),
        _ => words::duration(elapsed_ms.div_ceil(1000)),
    };
    let text = format!("ended after {took}, exit code {exit}");
    lines.push(Line::at(0).add(Tone::Quiet, text));
    lines
}

fn row(service: &ServiceOutcome) -> Vec<(Tone, String)> {
    let rolled_back = match service.exit {
        10 => Some(true),
        11 => Some(false),
        _ => None,
    };
    let (tone, verdict) = words::ended(service.verdict, rolled_back);
    vec![
        (
            Tone::Strong,
            format!("{} at {}", service.service, service.target),
        ),
        (tone, verdict.to_owned()),
    ]
}
