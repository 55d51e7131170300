//! Requests and round trips of the shipped example, counted in the log of a proxy that adds a delay, and the time that
//! a plan takes from afar. Static credentials: nothing is exchanged for them.

use std::time::Duration;

use integration_tests::proxy::Call;
use integration_tests::timing::sequential_round_trips;
use integration_tests::trial::{Outcome, fail};

use crate::stage::{Stage, before_watching, timed};
use crate::table::{Table, median};

/// Far longer than anything computed between two requests.
const DELAY: Duration = Duration::from_millis(80);

/// Before a write these only feed warnings: what happened to this image earlier.
const ONLY_WARN: [&str; 3] = [
    "ListServiceDeployments",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
];

/// How often a plan is timed.
const PLANS: usize = 5;

/// What precedes the watching of one deploy.
struct Beginning {
    /// Requests that the deploy needs.
    requests: usize,
    /// In which round trip the rollout was asked for; 0: none was.
    trip: usize,
    /// Reads that only feed warnings.
    only_warn: usize,
    /// From the first request to the one for the rollout.
    until_asked: Duration,
}

impl Beginning {
    /// Of calls that end with `rollout`, or with writes after it.
    fn of(calls: &[Call], rollout: &str) -> Self {
        let needed: Vec<&Call> = calls.iter().filter(|call| !only_warns(call)).collect();
        let asked = needed.iter().position(|call| call.operation == rollout);
        let until = asked.map_or(0, |at| at + 1);
        let first = calls.first().map_or(Duration::ZERO, |call| call.at);
        Self {
            requests: needed.len(),
            trip: sequential_round_trips(needed[..until].iter().copied()),
            only_warn: calls.len() - needed.len(),
            until_asked: asked.map_or(Duration::ZERO, |at| needed[at].at.saturating_sub(first)),
        }
    }

    fn words(&self) -> String {
        format!("{} · {}", self.requests, self.trip)
    }
}

fn only_warns(call: &Call) -> bool {
    ONLY_WARN.contains(&call.operation.as_str())
}

/// Requests of a create, a no-op and an update.
pub(crate) fn measure(table: &mut Table) -> Outcome {
    let stage = Stage::of_the_example()?;
    stage.proxy.delay(DELAY);
    stage.serve("v1")?;
    let created = stage.proxy.calls();
    let create = Beginning::of(before_watching(&created), "CreateService");

    stage.serve("v1")?;
    let nothing = stage.proxy.calls();
    if let Some(write) = stage.proxy.writes().first() {
        return Err(fail(format_args!(
            "nothing was to change, and {write} was asked"
        )));
    }
    let idle: Vec<&Call> = nothing.iter().filter(|call| !only_warns(call)).collect();
    let trips = sequential_round_trips(idle.iter().copied());

    stage.serve("v2")?;
    let updated = stage.proxy.calls();
    let update = Beginning::of(before_watching(&updated), "UpdateService");

    table.aimed(
        "nothing to change: requests · round trips",
        format!("{} · {trips}", idle.len()),
        ("≤ 5 · ≤ 2", idle.len() <= 5 && trips <= 2),
        "aws 3 · terraform 5 · ecspresso 7 · ecs-deploy 12",
    );
    table.aimed(
        "update: requests before watching · trip of UpdateService",
        update.words(),
        ("≤ 7 · 3", update.requests <= 7 && update.trip == 3),
        "",
    );
    let delays = update.until_asked.as_secs_f64() / DELAY.as_secs_f64();
    table.aimed(
        "update: UpdateService is sent after … delays",
        format!("{delays:.2}"),
        ("< 3", delays < 3.0),
        "",
    );
    table.row(
        "create: requests before watching · trip of CreateService",
        create.words(),
    );
    let warn = nothing.len() - idle.len();
    let most = update.only_warn.max(create.only_warn).max(warn);
    table.aimed(
        "reads that only feed warnings, at most",
        most.to_string(),
        ("≤ 4", most <= 4),
        "",
    );
    table.beside(
        "the whole update, watching included",
        updated.len().to_string(),
        "aws 4 · ecspresso 6 · ecs-deploy 12 · terraform 12",
    );
    table.beside(
        "the whole create, watching included",
        created.len().to_string(),
        "aws 4 · ecspresso 6 · terraform 8",
    );
    Ok(())
}

/// How long a plan takes, from near and from afar.
pub(crate) fn plans(table: &mut Table) -> Outcome {
    let stage = Stage::of_the_example()?;
    stage.serve("v1")?;
    let near = plan(&stage, 0)?;
    table.row("plan of an update", seconds(near));
    for delay in [20, 80] {
        let far = plan(&stage, delay)?;
        let added = far.saturating_sub(near).as_secs_f64() / millis(delay).as_secs_f64();
        table.row(
            &format!("with {delay} ms added to each request"),
            format!("{}: {added:.1} delays more", seconds(far)),
        );
    }
    Ok(())
}

fn plan(stage: &Stage, delay: u64) -> Outcome<Duration> {
    stage.proxy.delay(millis(delay));
    let mut times = Vec::new();
    for _ in 0..PLANS {
        let mut command = stage.project.command()?;
        command.args(Stage::words("plan --set TAG=v2").split(' '));
        times.push(timed(command)?);
    }
    Ok(median(&times))
}

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
