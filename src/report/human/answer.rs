//! Answers to what was asked for: what runs now, who deployed what, what was written.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::answer::{Deployed, Deployment, Ending, LogLine, Status, Target};
use crate::report::text::{Line, Tone, columns};
use crate::report::words;

/// What runs now; `place` is `api at ecs`.
pub(super) fn status(place: &str, status: &Status, zone: &TimeZone) -> Vec<Line> {
    let mut lines = vec![head(place, status)];
    if !status.ours {
        let words = "not made by deployer; `apply --adopt` takes it over";
        lines.push(Line::at(2).add(Tone::Care, words));
    }
    let images = status.images.iter();
    lines.extend(table(
        "Images",
        images.map(|image| vec![plain(&image.container), plain(&image.image)]),
    ));
    let deployments = status.deployments.iter();
    lines.extend(table(
        "Deployments",
        deployments.map(|one| deployment(one, zone)),
    ));
    if let Some(bounds) = &status.scaling {
        lines.push(title("Autoscaling"));
        lines.push(Line::at(4).plain(format!("{} to {}", bounds.min, bounds.max)));
        lines.extend(
            bounds
                .policies
                .iter()
                .map(|policy| Line::at(4).plain(policy)),
        );
        let suspended = bounds.suspended.iter();
        lines.extend(
            suspended.map(|what| Line::at(4).add(Tone::Care, format!("suspended: {what}"))),
        );
    }
    lines.extend(table("Targets", status.targets.iter().map(target)));
    let said = status.messages.iter().map(|message| {
        vec![
            (Tone::Quiet, moment(message.at, zone)),
            plain(&words::message(&message.text)),
        ]
    });
    lines.extend(table("The platform said last", said));
    lines.extend(table(
        "Could not be read",
        status.missing.iter().map(|piece| vec![plain(piece)]),
    ));
    lines
}

fn head(place: &str, status: &Status) -> Line {
    let is_alone = status.still_running().next().is_none();
    let tone = if status.running == status.desired && is_alone {
        Tone::Good
    } else {
        Tone::Care
    };
    let mut head = Line::at(0)
        .hang(2)
        .add(Tone::Strong, place)
        .plain(format!(": {} ", status.revision))
        .add(
            tone,
            format!("runs {} of {}", status.running, status.desired),
        );
    if status.pending > 0 {
        head = head.plain(format!(", {} pending", status.pending));
    }
    for older in status.still_running() {
        let Deployment {
            running, revision, ..
        } = older;
        head = head.plain(format!(", {running} of an older rollout ({revision})"));
    }
    head.add(
        Tone::Quiet,
        format!("  ({}, cluster {})", status.service, status.cluster),
    )
}

fn target(target: &Target) -> Vec<(Tone, String)> {
    let tone = if target.state == "healthy" {
        Tone::Good
    } else {
        Tone::Care
    };
    let reason = target.reason.as_deref().unwrap_or("");
    vec![
        plain(&target.group),
        plain(&target.address),
        (tone, target.state.clone()),
        plain(reason),
    ]
}

fn deployment(one: &Deployment, zone: &TimeZone) -> Vec<(Tone, String)> {
    vec![
        plain(&one.revision),
        plain(one.rollout.as_deref().unwrap_or(&one.status)),
        plain(&format!("{} of {}", one.running, one.desired)),
        (
            Tone::Quiet,
            one.created.map_or_else(String::new, |at| moment(at, zone)),
        ),
        (Tone::Quiet, one.id.clone()),
    ]
}

/// Who deployed what, newest first.
pub(super) fn history(place: &str, deployments: &[Deployed], zone: &TimeZone) -> Vec<Line> {
    if deployments.is_empty() {
        return vec![
            Line::at(0)
                .add(Tone::Strong, place)
                .plain(": no deployment is known"),
        ];
    }
    let mut rows = vec![
        ["when", "verb", "revision", "ended", "by", "commit", "image"]
            .map(|word| (Tone::Quiet, word.to_owned()))
            .to_vec(),
    ];
    rows.extend(deployments.iter().map(|one| deployed(one, zone)));
    let mut lines = vec![Line::at(0).add(Tone::Strong, place)];
    lines.extend(columns(2, &rows));
    lines
}

fn deployed(one: &Deployed, zone: &TimeZone) -> Vec<(Tone, String)> {
    let (tone, ended) = match one.outcome {
        Ending::Healthy => (Tone::Good, "healthy"),
        Ending::RolledBack => (Tone::Care, "rolled back"),
        Ending::Failed => (Tone::Bad, "failed"),
        Ending::Stopped => (Tone::Care, "stopped"),
        Ending::Going => (Tone::Plain, "under way"),
        Ending::Counted | Ending::Unknown => (Tone::Plain, one.status.as_str()),
    };
    let ended = if one.current {
        format!("{ended}, serves")
    } else {
        ended.to_owned()
    };
    let images: Vec<&str> = one.images.values().map(String::as_str).collect();
    let mut last = images.join(", ");
    for words in [&one.why, &one.reason].into_iter().flatten() {
        last.push_str("  ");
        last.push_str(words);
    }
    let absent = || "–".to_owned();
    vec![
        (
            Tone::Quiet,
            one.at.map_or_else(absent, |at| moment(at, zone)),
        ),
        plain(one.verb.as_deref().unwrap_or("–")),
        plain(&one.revision),
        (tone, ended),
        plain(one.by.as_deref().unwrap_or("–")),
        plain(
            &one.commit
                .as_ref()
                .map_or_else(absent, |commit| commit.chars().take(10).collect()),
        ),
        plain(&last),
    ]
}

/// One line of a log.
pub(super) fn log(place: Option<&str>, line: &LogLine, zone: &TimeZone) -> Line {
    let mut told = Line::at(0).add(Tone::Quiet, moment(line.at, zone));
    if let Some(place) = place {
        told = told.plain(" ").add(Tone::Strong, place);
    }
    told.add(
        Tone::Quiet,
        format!(
            " {} {}  ",
            line.container,
            words::task(line.unit, &line.task)
        ),
    )
    .plain(&line.text)
}

/// `2026-11-23 12:00:03`.
fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn plain(text: &str) -> (Tone, String) {
    (Tone::Plain, text.to_owned())
}

fn title(text: &str) -> Line {
    Line::at(2).add(Tone::Strong, text)
}

fn table(name: &str, rows: impl Iterator<Item = Vec<(Tone, String)>>) -> Vec<Line> {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![title(name)];
    lines.extend(columns(4, &rows));
    lines
}
