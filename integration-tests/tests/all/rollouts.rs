//! Rollouts of real containers: the binary against ministack, whose tasks podman runs.
//!
//! ministack has no service deployments, so these runs judge by `DescribeServices`. It cannot show: a first deployment
//! that its breaker ends (it calls each complete at birth), alarms, container and load balancer health checks, tasks that wait for
//! capacity, and AWS's own texts of events.

use std::time::Duration;

use integration_tests::host;
use integration_tests::program::Signal;
use integration_tests::project::PATIENCE;
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::{Bench, assert_verdict, deploy};

trials! { "rollouts":
    a_first_deploy_serves,
    a_first_deploy_that_crashes_is_not_healthy,
    nothing_to_change_writes_nothing,
    an_update_really_serves_the_new_version,
    a_crashing_image_is_rolled_back,
    failed_deployments_of_the_past_do_not_count,
    a_missing_image_is_named,
    a_missing_tag_is_rolled_back,
    an_image_deaf_to_term_only_costs_time,
    an_image_that_dies_while_it_bakes_is_not_healthy,
    killed_and_run_again_it_ends_healthy,
    killed_and_run_again_it_still_trips,
    somebody_faster_supersedes,
    an_interrupt_detaches_and_watch_resumes,
    a_stale_plan_is_refused,
}

fn a_first_deploy_serves() -> Outcome {
    let bench = Bench::new()?;
    let done = bench.apply("v1")?;
    assert_verdict(&done, "healthy", None, 0)?;
    // The emulator calls the deployment complete before a task runs: healthy must mean two that do.
    assert_eq!(bench.service()?["runningCount"], 2, "{done}");
    assert_eq!(bench.versions()?, ["1", "1"]);
    assert_eq!(bench.proxy.calls_of("RegisterTaskDefinition").len(), 1);
    assert_eq!(bench.proxy.calls_of("CreateService").len(), 1);
    Ok(())
}

fn a_first_deploy_that_crashes_is_not_healthy() -> Outcome {
    let bench = Bench::new()?;
    // Complete at birth, and now and then two of its tasks run at the same moment.
    let done = bench.apply("bad")?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert!(done.says("\"exit_code\":42"), "{done}");
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 0, "{done}");
    Ok(())
}

fn nothing_to_change_writes_nothing() -> Outcome {
    let bench = Bench::serving("v1")?;
    let again = bench.apply("v1")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(bench.proxy.writes(), Vec::<String>::new(), "{again}");
    let plan = bench.run("plan --exit-code")?;
    assert_eq!(plan.exit, 0, "{plan}");
    let plan = bench.run("plan --exit-code --set TAG=v2")?;
    assert_eq!(plan.exit, 3, "{plan}");
    assert_eq!(bench.proxy.writes(), Vec::<String>::new(), "{plan}");
    Ok(())
}

fn an_update_really_serves_the_new_version() -> Outcome {
    let bench = Bench::serving("v1")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.versions()?, ["2", "2"], "{done}");
    assert_eq!(
        bench.proxy.writes(),
        ["RegisterTaskDefinition", "UpdateService"],
        "{done}"
    );
    Ok(())
}

fn a_crashing_image_is_rolled_back() -> Outcome {
    let bench = Bench::serving("v1")?;
    let before = bench.service()?["taskDefinition"].clone();
    let done = bench.apply("bad")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    let evidence = done.event("post_mortem", "api")?;
    let exits: Vec<_> = evidence["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|group| &group["exit_code"])
        .collect();
    assert!(exits.iter().any(|code| **code == 42), "{done}");
    // Two updates in one rollback would leave ministack, and the shop, without any task.
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{done}");
    assert_eq!(bench.service()?["taskDefinition"], before, "{done}");
    assert_eq!(bench.versions()?, ["1", "1"], "{done}");
    Ok(())
}

fn failed_deployments_of_the_past_do_not_count() -> Outcome {
    let bench = Bench::serving("v1")?;
    assert_eq!(bench.apply("bad")?.exit, 10);
    bench.proxy.forget();
    let again = bench.apply("v1")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(bench.proxy.writes(), Vec::<String>::new(), "{again}");
    let next = bench.apply("v2")?;
    assert_verdict(&next, "healthy", None, 0)?;
    assert_eq!(bench.versions()?, ["2", "2"]);
    Ok(())
}

fn a_missing_image_is_named() -> Outcome {
    let bench = Bench::serving("v1")?;
    // By digest: a tag that cannot be resolved ends the deployment before any task has tried to pull it, see below.
    let done = bench.apply(&format!("v1@sha256:{}", "0".repeat(64)))?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    let evidence = done.event("post_mortem", "api")?["groups"].to_string();
    assert!(evidence.contains("CannotPullContainerError"), "{done}");
    assert!(evidence.contains("localhost/web@sha256:0000"), "{done}");
    assert_eq!(bench.versions()?, ["1", "1"], "{done}");
    Ok(())
}

fn a_missing_tag_is_rolled_back() -> Outcome {
    let bench = Bench::serving("v1")?;
    // The emulator goes back once it cannot resolve the tag, and takes the task away a second later. Where its pull has
    // not failed by then nobody can tell the task's own reason, so none is demanded.
    let done = bench.apply("missing")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{done}");
    assert_eq!(bench.versions()?, ["1", "1"], "{done}");
    Ok(())
}

fn an_image_deaf_to_term_only_costs_time() -> Outcome {
    let bench = Bench::serving("deaf")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    assert_eq!(bench.versions()?, ["2", "2"], "{done}");
    Ok(())
}

fn an_image_that_dies_while_it_bakes_is_not_healthy() -> Outcome {
    let bench = Bench::serving("v1")?;
    let baking = deploy(&bench.family, "")
        .replace("deadline = \"90s\"", "deadline = \"25s\", bake = \"10s\"");
    bench.project.write("deploy.toml", &baking)?;
    // It lives for five seconds, which is enough for the emulator to call the deployment complete.
    let done = bench.run("apply --yes --set TAG=late --timeout 60s")?;
    // Complete is complete: nothing goes back by itself any more, and there is nothing to stop.
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert!(done.says("\"exit_code\":42"), "{done}");
    Ok(())
}

fn killed_and_run_again_it_ends_healthy() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .apply_until("v2", "UpdateService")?
        .signal(Signal::KILL)?;
    let again = bench.apply("v2")?;
    let (verdict, _, exit) = again.verdict("api")?;
    // Attached in time, or come when all was over.
    assert!(
        ["healthy", "unchanged"].contains(&verdict.as_str()),
        "{again}"
    );
    assert_eq!((again.exit, exit), (0, 0), "{again}");
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{again}");
    assert_eq!(
        bench.proxy.calls_of("RegisterTaskDefinition").len(),
        1,
        "{again}"
    );
    assert_eq!(bench.versions()?, ["2", "2"]);
    Ok(())
}

fn killed_and_run_again_it_still_trips() -> Outcome {
    let bench = Bench::serving("v1")?;
    bench
        .apply_until("bad", "UpdateService")?
        .signal(Signal::KILL)?;
    let again = bench.apply("bad")?;
    assert_verdict(&again, "tripped", Some(true), 10)?;
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{again}");
    assert_eq!(bench.versions()?, ["1", "1"]);
    Ok(())
}

fn somebody_faster_supersedes() -> Outcome {
    let bench = Bench::serving("v1")?;
    let running = bench.apply_until("v2", "UpdateService")?;
    bench.rival_deploys()?;
    let done = running.wait(PATIENCE)?;
    assert_eq!(done.exit, 12, "{done}");
    assert_eq!(done.verdict("api")?.0, "superseded", "{done}");
    // What somebody else wants now is not ours to undo.
    assert_eq!(bench.proxy.calls_of("UpdateService").len(), 1, "{done}");
    Ok(())
}

fn an_interrupt_detaches_and_watch_resumes() -> Outcome {
    let bench = Bench::serving("v1")?;
    let running = bench.apply_until("v2", "UpdateService")?;
    running.signal(Signal::INT)?;
    let interrupted = running.wait(Duration::from_secs(20))?;
    assert_eq!(interrupted.exit, 130, "{interrupted}");
    assert_eq!(
        interrupted.verdict("api")?.0,
        "interrupted",
        "{interrupted}"
    );
    assert!(interrupted.says("deployer watch"), "{interrupted}");
    bench.proxy.forget();
    let watched = bench.run("watch")?;
    assert_eq!(watched.exit, 0, "{watched}");
    assert_eq!(bench.proxy.writes(), Vec::<String>::new(), "{watched}");
    assert_eq!(bench.versions()?, ["2", "2"]);
    Ok(())
}

fn a_stale_plan_is_refused() -> Outcome {
    let bench = Bench::serving("v1")?;
    let plan = bench.run("plan --set TAG=v2 --out saved.plan")?;
    assert_eq!(plan.exit, 0, "{plan}");
    bench.rival_deploys()?;
    let settled = || {
        bench
            .service()
            .ok()
            .filter(|service| service["deployments"].as_array().map(Vec::len) == Some(1))
    };
    assert!(host::poll(PATIENCE, settled).is_some());
    let applied = bench.run("apply --yes --plan saved.plan")?;
    assert_eq!(applied.exit, 4, "{applied}");
    assert_eq!(bench.proxy.writes(), Vec::<String>::new(), "{applied}");
    Ok(())
}
