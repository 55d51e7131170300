//! Several at once on Kubernetes: two deployers, somebody with `kubectl`, and a program that is killed and run again.
//! Needs a control plane.

use std::time::Duration;

use integration_tests::program::{Finished, Running, Signal};
use integration_tests::project::PATIENCE;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::json;

use crate::kube::{Bench, USUAL, assert_says, follows, is_roll, told, until};
use crate::shop::assert_verdict;

trials! { "kube":
    another_image_supersedes,
    a_deleted_deployment_supersedes,
    a_restart_by_kubectl_supersedes_and_is_joined,
    of_two_deployers_one_wins,
    of_two_that_begin_together_one_wins,
    who_waits_goes_second,
    who_waits_for_the_same_finds_it_done,
    who_supersedes_takes_the_place_of_a_living_one,
    a_living_rollout_is_stopped_and_brought_back,
    a_killed_holder_blocks_nobody_for_long,
    killed_and_run_again_it_ends_healthy,
    killed_and_run_again_it_still_trips,
    killed_on_the_way_back_it_is_finished,
    an_interrupt_detaches_and_watch_resumes,
    a_stale_plan_is_refused,
    an_autoscaler_makes_no_plan_stale,
}

/// The usual service with an autoscaler.
const AUTOSCALED: &str =
    "replicas = 2\nscaling = { min = 2, max = 6, cpu = 70 }\nrollout = { deadline = \"60s\" }";

fn another_image_supersedes() -> Outcome {
    let bench = Bench::serving("superseded", "v1")?;
    let running = bench.rolling("v2-slow")?;
    bench.somebody_sets("v3")?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "superseded", None, 12)?;
    // What somebody else wants now is not ours to undo.
    assert_eq!(bench.rolls(), 1, "{:?}\n{done}", bench.writes());
    assert_eq!(bench.tag()?, "v3", "{done}");
    Ok(())
}

fn a_deleted_deployment_supersedes() -> Outcome {
    let bench = Bench::serving("deleted", "v1")?;
    let running = bench.rolling("v2-slow")?;
    bench.namespace.delete("deployments", "api")?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "superseded", None, 12)?;
    assert_eq!(bench.rolls(), 1, "{:?}\n{done}", bench.writes());
    Ok(())
}

/// The pods of a restart are of the same specification, but they are others: whoever runs it again sees them to their end.
fn a_restart_by_kubectl_supersedes_and_is_joined() -> Outcome {
    let bench = Bench::serving("restarted", "v1")?;
    let running = bench.rolling("v2-slow")?;
    let at = json!({"kubectl.kubernetes.io/restartedAt": "2026-01-02T03:04:05Z"});
    let patch = json!({"spec": {"template": {"metadata": {"annotations": at}}}});
    let path = bench.namespace.path("deployments");
    let path = format!("{path}/api?fieldManager=kubectl-rollout");
    bench.namespace.cluster().api().strategic(&path, &patch)?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "superseded", None, 12)?;
    assert_says(&done, &["kubectl-rollout changed the pod template"]);
    assert_eq!(bench.rolls(), 1, "{:?}\n{done}", bench.writes());
    let joined = bench.apply("v2-slow")?;
    assert_verdict(&joined, "healthy", None, 0)?;
    assert_eq!(bench.rolls(), 1, "{:?}\n{joined}", bench.writes());
    assert_verdict(&bench.apply("v2-slow")?, "unchanged", None, 0)?;
    // What kubectl noted stays, also beside what comes next.
    assert_verdict(&bench.apply("v3")?, "healthy", None, 0)?;
    let template = bench.deployment()?["spec"]["template"]["metadata"].to_string();
    assert!(template.contains("restartedAt"), "{template}");
    assert_verdict(&bench.apply("v3")?, "unchanged", None, 0)
}

/// A run by somebody of this name.
fn by(bench: &Bench, who: &str, words: &str) -> Outcome<Running> {
    let mut command = bench.project.command()?;
    command
        .env("DEPLOYER_BY", who)
        .args(words.split_whitespace())
        .args(["--target", "kube", "--output", "json"]);
    Running::start(command)
}

fn of_two_deployers_one_wins() -> Outcome {
    let bench = Bench::serving("two", "v1")?;
    let mut first = by(&bench, "alice", "apply --yes --set TAG=v2-slow -m friday")?;
    follows(&mut first)?;
    let second = by(&bench, "bob", "apply --yes --set TAG=v3")?.wait(PATIENCE)?;
    assert_verdict(&second, "refused", None, 4)?;
    // Who, and since when.
    assert_says(&second, &["alice", "since 20"]);
    let first = first.wait(PATIENCE)?;
    assert_verdict(&first, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v2-slow", "v2-slow"], "{second}");
    assert_eq!(bench.rolls(), 1, "{:?}", bench.writes());
    Ok(())
}

/// Exit codes of runs that began at once.
fn together(bench: &Bench, tags: [&str; 2]) -> Outcome<[Finished; 2]> {
    let mut runs = Vec::new();
    for tag in tags {
        runs.push(bench.start(tag)?);
    }
    let mut ended = Vec::new();
    for run in runs {
        ended.push(run.wait(PATIENCE)?);
    }
    ended.try_into().map_err(|_| fail("two runs"))
}

fn of_two_that_begin_together_one_wins() -> Outcome {
    // Once when there is nothing yet, and once over something.
    let bench = Bench::new("together")?;
    for tags in [["v1-slow", "v2-slow"], ["v3-slow", "v4-slow"]] {
        bench.gate.forget();
        let both = together(&bench, tags)?;
        let mut exits = [both[0].exit, both[1].exit];
        exits.sort_unstable();
        assert_eq!(exits, [0, 4], "{}\n{}", both[0], both[1]);
        let winner = usize::from(both[1].exit == 0);
        assert_eq!(
            bench.serve()?,
            [tags[winner]; 2],
            "{}\n{}",
            both[0],
            both[1]
        );
        assert_eq!(bench.rolls(), 1, "{:?}", bench.writes());
    }
    Ok(())
}

fn who_waits_goes_second() -> Outcome {
    let bench = Bench::serving("waits", "v1")?;
    let first = bench.rolling("v2-slow")?;
    let second = bench.run("apply --yes --set TAG=v3 --if-busy wait")?;
    assert_verdict(&second, "healthy", None, 0)?;
    assert_verdict(&first.wait(PATIENCE)?, "healthy", None, 0)?;
    assert_eq!(bench.serve()?, ["v3", "v3"], "{second}");
    Ok(())
}

/// The second run comes while the first one has written the Deployment and not yet the autoscaler.
fn who_waits_for_the_same_finds_it_done() -> Outcome {
    let bench = Bench::serving("same", "v1")?;
    bench.describe(AUTOSCALED, "")?;
    bench.gate.delay(Duration::from_millis(500));
    let first = bench.apply_until("v2-slow", is_roll)?;
    let second = bench.run("apply --yes --set TAG=v2-slow --if-busy wait")?;
    assert_eq!(second.exit, 0, "{second}");
    assert_verdict(&first.wait(PATIENCE)?, "healthy", None, 0)?;
    let revisions = bench
        .writes()
        .into_iter()
        .filter(|one| one.starts_with("POST secrets"));
    assert_eq!(revisions.count(), 1, "{:?}\n{second}", bench.writes());
    assert_eq!(bench.serve()?, ["v2-slow", "v2-slow"], "{second}");
    Ok(())
}

fn who_supersedes_takes_the_place_of_a_living_one() -> Outcome {
    let bench = Bench::serving("supersedes", "v1")?;
    let mut first = by(&bench, "alice", "apply --yes --set TAG=v2-neverready")?;
    follows(&mut first)?;
    let second = bench.run("apply --yes --set TAG=v3 --if-busy supersede")?;
    assert_verdict(&second, "healthy", None, 0)?;
    // Whose lock was taken changes nothing any more, and says so.
    let first = first.wait(PATIENCE)?;
    assert_verdict(&first, "superseded", None, 12)?;
    assert_eq!(bench.serve()?, ["v3", "v3"], "{second}\n{first}");
    assert_eq!(bench.rolls(), 2, "{:?}", bench.writes());
    Ok(())
}

fn a_living_rollout_is_stopped_and_brought_back() -> Outcome {
    let bench = Bench::serving("stopped", "v1")?;
    let mut first = by(&bench, "alice", "apply --yes --set TAG=v2-neverready")?;
    follows(&mut first)?;
    let stopped = by(&bench, "carol", "cancel --rollback")?.wait(PATIENCE)?;
    assert_verdict(&stopped, "healthy", Some(true), 0)?;
    // The run whose rollout it was sees by the record that it was brought back, and judges that.
    let first = first.wait(PATIENCE)?;
    assert_verdict(&first, "tripped", Some(true), 10)?;
    assert_says(&first, &["cancelled by carol"]);
    bench.namespace.rolled_out("api")?;
    assert_eq!(bench.serve()?, ["v1", "v1"], "{stopped}\n{first}");
    Ok(())
}

/// A killed holder's lock lasts 15 s; what it rolled out is over by then.
fn a_killed_holder_blocks_nobody_for_long() -> Outcome {
    let bench = Bench::serving("killed-holder", "v1")?;
    bench.rolling("v2")?.signal(Signal::KILL)?;
    let next = bench.apply("v3")?;
    assert_verdict(&next, "healthy", None, 0)?;
    assert!(next.took < Duration::from_secs(35), "{next}");
    assert_eq!(bench.serve()?, ["v3", "v3"], "{next}");
    Ok(())
}

/// With nothing that delays readiness: the rollout may be over before the second run looks.
const QUICK: &str = "min_ready = \"0s\"";

fn quick(stem: &str) -> Outcome<Bench> {
    let bench = Bench::new(stem)?;
    let text = crate::kube::deploy(USUAL, "").replace("min_ready = \"1s\"", QUICK);
    bench.project.write("deploy.toml", &text)?;
    bench.served("v1")
}

fn killed_and_run_again_it_ends_healthy() -> Outcome {
    let bench = quick("killed")?;
    bench.apply_until("v2", is_roll)?.signal(Signal::KILL)?;
    let again = bench.apply("v2")?;
    let (verdict, _, exit) = again.verdict("api")?;
    assert!(
        ["healthy", "unchanged"].contains(&verdict.as_str()),
        "{again}"
    );
    assert_eq!((again.exit, exit), (0, 0), "{again}");
    assert_eq!(bench.rolls(), 1, "{:?}\n{again}", bench.writes());
    assert_eq!(bench.serve()?, ["v2", "v2"], "{again}");
    // Nothing is left open.
    assert_verdict(&bench.apply("v2")?, "unchanged", None, 0)
}

fn killed_and_run_again_it_still_trips() -> Outcome {
    let bench = quick("killed-bad")?;
    bench.needs_simulation("pods that fail as told")?;
    bench
        .apply_until("v2-crash", is_roll)?
        .signal(Signal::KILL)?;
    let again = bench.apply("v2-crash")?;
    assert_verdict(&again, "tripped", Some(true), 10)?;
    assert_eq!(bench.rolls(), 2, "{:?}\n{again}", bench.writes());
    assert_eq!(bench.serve()?, ["v1", "v1"], "{again}");
    Ok(())
}

/// It neither goes back twice nor forgets to.
fn killed_on_the_way_back_it_is_finished() -> Outcome {
    for after in [1, 2] {
        let bench = quick("killed-back")?;
        bench.needs_simulation("pods that fail as told")?;
        let mut running = bench.start("v2-crash")?;
        if after == 1 {
            told(&mut running, "tripped")?;
        } else {
            until("it goes back", || Ok(bench.rolls() == after))?;
        }
        running.signal(Signal::KILL)?;
        drop(running);
        let again = bench.apply("v2-crash")?;
        assert_verdict(&again, "tripped", Some(true), 10)?;
        // There and back: what is applied again by the run that finishes it changes nothing. Where all was over before
        // that run looked, it has tried once more.
        let generation = bench.deployment()?["metadata"]["generation"].as_u64();
        assert!(
            generation == Some(3) || after == 2 && generation == Some(5),
            "{generation:?} {:?}\n{again}",
            bench.writes()
        );
        assert_eq!(bench.serve()?, ["v1", "v1"], "{again}");
    }
    Ok(())
}

fn an_interrupt_detaches_and_watch_resumes() -> Outcome {
    let bench = Bench::serving("interrupted", "v1")?;
    let running = bench.rolling("v2-slow")?;
    running.signal(Signal::INT)?;
    let interrupted = running.wait(Duration::from_secs(20))?;
    assert_verdict(&interrupted, "interrupted", None, 130)?;
    assert_says(&interrupted, &["deployer watch --target kube"]);
    let writes = bench.changes().len();
    let watched = bench.run("watch")?;
    assert_eq!(watched.exit, 0, "{watched}");
    assert_eq!(bench.changes().len(), writes, "{:?}", bench.writes());
    assert_eq!(bench.serve()?, ["v2-slow", "v2-slow"]);
    // The lock was given back: nobody waits for it.
    let next = bench.apply("v3")?;
    assert_verdict(&next, "healthy", None, 0)
}

fn a_stale_plan_is_refused() -> Outcome {
    let bench = Bench::serving("stale", "v1")?;
    assert_eq!(bench.run("plan --set TAG=v2 --out saved.plan")?.exit, 0);
    bench.somebody_sets("v3")?;
    bench.namespace.rolled_out("api")?;
    let refused = bench.run("apply --yes --plan saved.plan")?;
    assert_eq!(refused.exit, 4, "{refused}");
    assert_eq!(bench.changes(), Vec::<String>::new(), "{refused}");
    Ok(())
}

/// The basis of a plan is what a change would hurt: not a number that an autoscaler moved, nor a status.
fn an_autoscaler_makes_no_plan_stale() -> Outcome {
    let bench = Bench::new("not-stale")?;
    bench.describe(AUTOSCALED, "")?;
    let bench = bench.served("v1")?;
    assert_eq!(bench.run("plan --set TAG=v2 --out saved.plan")?.exit, 0);
    bench
        .namespace
        .change("deployments", "api", &json!({"spec": {"replicas": 4}}))?;
    bench.namespace.rolled_out("api")?;
    let done = bench.run("apply --yes --plan saved.plan")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.deployment()?["spec"]["replicas"], 4, "{done}");
    Ok(())
}
