//! Seconds between the world and our word: from stable to our exit, and from the first evidence of a failure to the
//! line that announces it with its cause; with the polls that this takes.

use std::time::Duration;

use integration_tests::host::{self, Since};
use integration_tests::project::PATIENCE;
use integration_tests::proxy::Call;
use integration_tests::timing::settled_to_exit;
use integration_tests::trial::{Outcome, fail};
use serde_json::Value;

use crate::stage::Stage;
use crate::table::{Table, longest, median, spread};

const SECOND: Duration = Duration::from_secs(1);
const TWO_SECONDS: Duration = Duration::from_secs(2);

/// Whether the world has settled on another deployment than the given one.
type Settled = fn(&Stage, &Value) -> Outcome<bool>;

/// Where to deploy what.
struct Series {
    stage: Stage,
    settled: Settled,
    tags: [&'static str; 5],
    crash: &'static str,
}

/// The updates that were timed.
#[derive(Debug, Default)]
struct Updates {
    after_stable: Vec<Duration>,
    until_asked: Vec<Duration>,
    looks_a_second: f64,
    requests_a_second: f64,
    peak_memory: u64,
}

/// How a failure was told.
struct Told {
    after: Duration,
    cause: String,
    exit: i32,
}

/// On the embedded cloud, whose service deployments say when they are over, before the classic deployment does.
pub(crate) fn on_the_sandbox(table: &mut Table) -> Outcome {
    let series = Series {
        stage: Stage::on_a_sandbox()?,
        settled: Stage::is_successful,
        tags: ["v2", "v1", "v3", "v1", "v2"],
        crash: "crash",
    };
    rows(table, &series)
}

/// With real containers, on a server without service deployments.
pub(crate) fn on_ministack(table: &mut Table) -> Outcome {
    let series = Series {
        stage: Stage::on_ministack()?,
        settled: Stage::is_stable,
        tags: ["v2", "v1", "v2", "v1", "v2"],
        crash: "bad",
    };
    rows(table, &series)
}

fn rows(table: &mut Table, series: &Series) -> Outcome {
    let create = update(series, "v1", &mut Updates::default())?;
    let mut updates = Updates::default();
    for tag in series.tags {
        update(series, tag, &mut updates)?;
    }
    updates.rows(table, create);
    failures(table, series)
}

impl Updates {
    fn rows(&self, table: &mut Table, create: Duration) {
        table.aimed(
            "create: stable to exit",
            format!("{:.2}", create.as_secs_f64()),
            ("≤ 1", create <= SECOND),
            "terraform 0.07 · ecspresso 4.6 · aws 14.6",
        );
        table.aimed(
            "update: stable to exit",
            spread(&self.after_stable),
            ("≤ 1", longest(&self.after_stable) <= SECOND),
            "ecs-deploy 0.5 · terraform 0.5 · ecspresso 3.2 to 17.9 · aws 12.8",
        );
        table.aimed(
            "looks a second while watching, at most",
            format!("{:.2}", self.looks_a_second),
            // A look that is due is late by a moment, and the one after it is not.
            ("≤ 1", self.looks_a_second < 1.05),
            "aws 0.07 · ecspresso 0.17 · ecs-deploy 1",
        );
        table.row(
            "requests a second while watching, at most",
            format!("{:.2}", self.requests_a_second),
        );
        table.beside(
            "start to UpdateService answered",
            format!("{:.2}", median(&self.until_asked).as_secs_f64()),
            "ecspresso 0.06 · ecs-deploy 0.5 · aws 1.3 · terraform 12.8",
        );
        memory(table, self.peak_memory);
    }
}

fn failures(table: &mut Table, series: &Series) -> Outcome {
    for (what, tag) in [("crashing", series.crash), ("missing", "missing")] {
        let told = failure(&series.stage, tag)?;
        table.aimed(
            &format!("{what} image: evidence to its announcement"),
            format!("{:.2}: {}", told.after.as_secs_f64(), told.cause),
            ("≤ 2", told.after <= TWO_SECONDS),
            "none of these announces it",
        );
        table.aimed(
            &format!("{what} image: exit code"),
            told.exit.to_string(),
            ("10", told.exit == 10),
            "aws, ecs-deploy, terraform: 0 · ecspresso: 0 or 1",
        );
    }
    Ok(())
}

/// The high-water mark, beside those of others.
fn memory(table: &mut Table, kib: u64) {
    table.aimed(
        "peak memory of an update, MB",
        format!("{:.1}", megabytes(kib)),
        ("≤ 30", megabytes(kib) <= 30.0),
        "ecspresso 35 · ecs-deploy 54 · aws 58 · terraform 487",
    );
}

/// Megabytes (10⁶ bytes) of a number of KiB.
pub(crate) fn megabytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) * 1.024e-3
}

/// Deploys an image that works; returns the time from stable to exit, and adds what else is seen.
fn update(series: &Series, tag: &str, updates: &mut Updates) -> Outcome<Duration> {
    let stage = &series.stage;
    let before = stage.primary()?;
    stage.proxy.forget();
    let begun = stage.proxy.elapsed();
    let words = Stage::words(&format!("apply --yes --set TAG={tag}"));
    let running = stage.project.start(&words)?;
    let timed = settled_to_exit(running, PATIENCE, || (series.settled)(stage, &before))?;
    if timed.finished.exit != 0 {
        return Err(fail(timed.finished));
    }
    let calls = stage.proxy.calls();
    let asked = calls
        .iter()
        .rposition(Call::is_write)
        .ok_or_else(|| fail("nothing was written"))?;
    let answered = calls[asked].at + calls[asked].took;
    let watching = &calls[asked + 1..];
    let looks = watching
        .iter()
        .filter(|call| call.operation == "DescribeServices");
    let looks: Vec<&Call> = looks.collect();
    let span = match looks.as_slice() {
        [first, .., last] => last.at.saturating_sub(first.at).as_secs_f64(),
        _ => f64::INFINITY,
    };
    let a_second = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / span;
    // The last look ends the span and begins none.
    let until_last = looks.last().map_or(Duration::ZERO, |last| last.at);
    let within = watching.iter().filter(|call| call.at < until_last).count();
    updates.looks_a_second = updates
        .looks_a_second
        .max(a_second(looks.len().saturating_sub(1)));
    updates.requests_a_second = updates.requests_a_second.max(a_second(within));
    updates.after_stable.push(timed.settled_to_exit);
    updates.until_asked.push(answered.saturating_sub(begun));
    updates.peak_memory = updates
        .peak_memory
        .max(timed.finished.peak_memory.unwrap_or(0));
    Ok(timed.settled_to_exit)
}

/// Deploys an image that does not work, and waits for its announcement.
fn failure(stage: &Stage, tag: &str) -> Outcome<Told> {
    let serving = stage.now()?["taskDefinition"].clone();
    let known = arns(&stage.stopped()?);
    let words = Stage::words(&format!("apply --yes --set TAG={tag}"));
    let since = Since::now();
    let mut running = stage.project.start(&words)?;
    let evidence = || {
        let stopped = stage.stopped().ok()?;
        stopped
            .iter()
            .any(|task| task["taskDefinitionArn"] != serving && !known.contains(&task["taskArn"]))
            .then(|| since.elapsed())
    };
    let evidence = host::poll(PATIENCE, evidence)
        .ok_or_else(|| fail(format_args!("no task of {tag} failed")))?;
    let cause = running.line(PATIENCE, cause)?;
    let after = since.elapsed().saturating_sub(evidence);
    let exit = running.wait(PATIENCE)?.exit;
    Ok(Told { after, cause, exit })
}

/// The cause that a line of the story announces.
fn cause(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line).ok()?;
    let failure = event["event"] == "failure";
    failure.then(|| event["cause"].as_str().map(str::to_owned))?
}

fn arns(tasks: &[Value]) -> Vec<Value> {
    tasks.iter().map(|task| task["taskArn"].clone()).collect()
}
