//! The AWS CLI on the same servers in the same run: `register-task-definition`, `update-service`, `wait
//! services-stable`, as most scripts do it.

use std::process::Command;
use std::time::Duration;

use integration_tests::program::{Finished, Running};
use integration_tests::project::PATIENCE;
use integration_tests::servers::{self, Clients};
use integration_tests::timing::{Timed, settled_to_exit};
use integration_tests::trial::{Outcome, Stop, fail};
use serde_json::{Value, json};

use crate::rollouts::megabytes;
use crate::stage::Stage;
use crate::table::Table;

/// One update by the AWS CLI.
struct Update {
    after_stable: Duration,
    requests: usize,
    peak_memory: u64,
}

/// On the embedded cloud and, where it can be had, with real containers.
pub(crate) fn measure(table: &mut Table) -> Outcome {
    let clients = servers::clients()?;
    let stage = Stage::on_a_sandbox()?;
    rows(table, "sandbox", &on(&clients, &stage)?);
    crash(table, &clients, &stage)?;
    match Stage::on_ministack() {
        Ok(stage) => rows(table, "ministack", &on(&clients, &stage)?),
        Err(Stop::Skip(why)) => table.row("ministack: not measured", why),
        Err(stop) => return Err(stop),
    }
    Ok(())
}

fn rows(table: &mut Table, server: &str, update: &Update) {
    table.row(
        &format!("{server}: stable to exit"),
        format!("{:.2}", update.after_stable.as_secs_f64()),
    );
    table.row(
        &format!("{server}: requests · peak memory, MB"),
        format!("{} · {:.1}", update.requests, megabytes(update.peak_memory)),
    );
}

/// An update of what the program itself put there.
fn on(clients: &Clients, stage: &Stage) -> Outcome<Update> {
    stage.serve("v1")?;
    let before = stage.primary()?;
    stage.proxy.forget();
    let (timed, peak_memory) = update(clients, stage, "v2", |stage| stage.is_stable(&before))?;
    if timed.finished.exit != 0 {
        return Err(fail(timed.finished));
    }
    Ok(Update {
        after_stable: timed.settled_to_exit,
        requests: stage.proxy.calls().len(),
        peak_memory,
    })
}

/// What the AWS CLI says of an image that crashes and is rolled back.
fn crash(table: &mut Table, clients: &Clients, stage: &Stage) -> Outcome {
    let mut begun = None;
    let back = |stage: &Stage| {
        let service = stage.now()?;
        let revision = service["taskDefinition"].clone();
        let serving = begun.get_or_insert_with(|| revision.clone());
        Ok(*serving != revision && stage.is_stable(&Value::Null)?)
    };
    let (timed, _) = update(clients, stage, "crash", back)?;
    table.row(
        "sandbox: crashing image: exit code",
        timed.finished.exit.to_string(),
    );
    Ok(())
}

/// Registers the serving revision with another image, updates, waits; the last command is timed.
fn update(
    clients: &Clients,
    stage: &Stage,
    tag: &str,
    mut settled: impl FnMut(&Stage) -> Outcome<bool>,
) -> Outcome<(Timed, u64)> {
    let serving = stage.now()?["taskDefinition"].clone();
    let described = stage.aws.ecs(
        "DescribeTaskDefinition",
        &json!({"taskDefinition": serving}),
    )?;
    let mut definition = described["taskDefinition"].clone();
    definition["containerDefinitions"][0]["image"] = json!(format!("localhost/web:{tag}"));
    let input = json!({"family": definition["family"], "networkMode": "awsvpc",
        "cpu": definition["cpu"], "memory": definition["memory"], "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": definition["containerDefinitions"]});
    let aws = |words: &[&str]| {
        let mut command = clients.aws(&stage.proxy.url);
        command.args(words);
        command
    };
    let registered = run(aws(&[
        "ecs",
        "register-task-definition",
        "--cli-input-json",
        &input.to_string(),
    ]))?;
    let answer: Value = serde_json::from_str(&registered.stdout)?;
    let revision = answer["taskDefinition"]["taskDefinitionArn"]
        .as_str()
        .unwrap_or_default();
    let (cluster, service) = (stage.cluster.as_str(), stage.service.as_str());
    let updated = run(aws(&[
        "ecs",
        "update-service",
        "--cluster",
        cluster,
        "--service",
        service,
        "--task-definition",
        revision,
    ]))?;
    let waiting = aws(&[
        "ecs",
        "wait",
        "services-stable",
        "--cluster",
        cluster,
        "--services",
        service,
    ]);
    let timed = settled_to_exit(Running::start(waiting)?, PATIENCE, || settled(stage))?;
    let peaks = [&registered, &updated, &timed.finished].map(|one| one.peak_memory.unwrap_or(0));
    Ok((timed, peaks.into_iter().max().unwrap_or(0)))
}

fn run(command: Command) -> Outcome<Finished> {
    let finished = Running::start(command)?.wait(PATIENCE)?;
    if finished.exit == 0 {
        Ok(finished)
    } else {
        Err(fail(finished))
    }
}
