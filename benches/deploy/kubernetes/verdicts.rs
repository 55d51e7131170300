//! How long the word comes after the fact: the fact as the API server itself shows it on a watch, the word as our exit
//! or as the line that announces a failure.

use std::time::Duration;

use integration_tests::cluster::Api;
use integration_tests::cluster::objects::is_rolled_out;
use integration_tests::host::Since;
use integration_tests::project::PATIENCE;
use integration_tests::trial::{Outcome, fail};
use serde_json::Value;

use super::stage::Stage;
use crate::table::{Table, longest, spread};

/// How many updates are timed.
const UPDATES: usize = 7;

/// The longest that a person waits for bad news.
const SOON: Duration = Duration::from_secs(10);

/// The longest that a word may come after the fact.
const AT_ONCE: Duration = Duration::from_millis(100);

/// What other tools do with a pod that cannot start.
const OTHERS: &str =
    "kubectl, kapp, helm 4: progressDeadlineSeconds (600); helm 3: --timeout (300)";

/// Updates that work, and images that do not.
pub(crate) fn measure(table: &mut Table) -> Outcome {
    let stage = Stage::new()?;
    stage.serve("v0")?;
    let mut lags = Vec::new();
    for update in 1..=UPDATES {
        lags.push(update_to(&stage, &format!("v{update}"))?);
    }
    table.aimed(
        "last condition to exit, s",
        spread(&lags),
        ("≤ 0.10", longest(&lags) <= AT_ONCE),
        "helm 3: polls every 2 s; kapp: every 3 s",
    );
    for (tag, fact) in [("missing", "ErrImagePull"), ("crash", "terminated")] {
        failure(table, &stage, tag, fact)?;
    }
    Ok(())
}

/// From the event that shows the rollout complete to our exit.
fn update_to(stage: &Stage, tag: &str) -> Outcome<Duration> {
    let image = format!("registry.test/web:{tag}");
    let complete = move |event: &Value| {
        let live = &event["object"];
        let serves = live["spec"]["template"]["spec"]["containers"][0]["image"] == image.as_str();
        serves && is_rolled_out(live)
    };
    let since = Since::now();
    let (settled, (exit, finished)) = beside(
        stage,
        "deployments?fieldSelector=metadata.name=api",
        since,
        complete,
        || {
            let finished = stage.start(tag)?.wait(PATIENCE)?;
            Ok((since.elapsed(), finished))
        },
    )?;
    if finished.exit != 0 {
        return Err(fail(finished));
    }
    Ok(exit.saturating_sub(settled))
}

/// From the start, and from the first pod that shows it, to the announcement and to the exit.
fn failure(table: &mut Table, stage: &Stage, tag: &str, fact: &'static str) -> Outcome {
    let image = format!("registry.test/web:{tag}");
    let shown = move |event: &Value| {
        let pod = &event["object"];
        let state = pod["status"]["containerStatuses"][0].to_string();
        pod["spec"]["containers"][0]["image"] == image.as_str() && state.contains(fact)
    };
    let since = Since::now();
    let (seen, (told, finished)) =
        beside(stage, "pods?labelSelector=app=api", since, shown, || {
            let mut running = stage.start(tag)?;
            running.line(PATIENCE, tripped)?;
            let told = since.elapsed();
            Ok((told, running.wait(PATIENCE)?))
        })?;
    let seconds = |time: Duration| format!("{:.2}", time.as_secs_f64());
    table.aimed(
        &format!("{tag} image: start to verdict, s"),
        seconds(told),
        ("≤ 10", told <= SOON),
        OTHERS,
    );
    table.row(
        &format!("{tag} image: first evidence to verdict · start to exit, s · exit code"),
        format!(
            "{} · {} · {}",
            seconds(told.saturating_sub(seen)),
            seconds(finished.took),
            finished.exit
        ),
    );
    Ok(())
}

/// The line that announces the verdict.
fn tripped(line: &str) -> Option<()> {
    let event: Value = serde_json::from_str(line).ok()?;
    (event["event"] == "tripped").then_some(())
}

/// Does something while a watch of its own waits for a fact; with when that came.
fn beside<T: Send>(
    stage: &Stage,
    what: &str,
    since: Since,
    fact: impl Fn(&Value) -> bool + Sync,
    work: impl FnOnce() -> Outcome<T>,
) -> Outcome<(Duration, T)> {
    let (resource, query) = what.split_once('?').unwrap_or((what, ""));
    let path = format!("{}?{query}", stage.namespace.path(resource));
    let kubeconfig = stage.cluster.kubeconfig();
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let api = Api::of(kubeconfig)?;
            api.watch(&path, PATIENCE, |event| {
                fact(event).then(|| since.elapsed())
            })
        });
        let done = work()?;
        let seen = watching
            .join()
            .map_err(|_| fail("the watch beside panicked"))??;
        Ok((seen, done))
    })
}
