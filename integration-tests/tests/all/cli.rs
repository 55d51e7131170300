//! The command line as a person meets it: the shipped example on the embedded cloud, without any server.

use integration_tests::program::{Finished, Running, Signal};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::Value;

use crate::shop::assert_verdict;

trials! { "cli":
    the_example_deploys_and_is_then_unchanged,
    an_update_is_healthy,
    a_crashing_update_is_rolled_back,
    a_crashing_first_deployment_has_no_way_back,
    a_missing_image_is_rolled_back_by_name,
    a_failing_health_check_is_rolled_back_by_name,
    killed_and_run_again_it_ends_healthy,
    killed_and_run_again_it_still_trips,
    a_second_run_over_a_failed_one_does_not_say_unchanged,
    status_and_history_know_what_happened,
    a_restart_is_credited_to_whoever_ran_it,
    a_plan_that_changes_nothing_has_no_notes,
    rollback_goes_to_the_last_good_revision,
    rollback_to_what_there_is_not_says_what_there_is,
    a_saved_plan_is_performed_exactly_or_refused,
    an_interrupt_detaches_and_watch_resumes,
    people_read_a_post_mortem,
    two_targets_that_come_to_one_service_are_refused,
}

/// Deploys the api of the example with an image of this tag, where one is given.
fn apply(project: &Project, tag: &str) -> Outcome<Finished> {
    project.run(&words(tag))
}

fn words(tag: &str) -> String {
    let image = if tag.is_empty() {
        String::new()
    } else {
        format!("--image api=shop/api:{tag}")
    };
    format!("apply --target sandbox --output json {image}")
}

/// The example, with `v1` deployed.
fn deployed() -> Outcome<Project> {
    let project = Project::example()?;
    let first = apply(&project, "v1")?;
    assert_verdict(&first, "healthy", None, 0)?;
    Ok(project)
}

/// Kills a run once it follows its rollout.
fn kill_mid_way(project: &Project, tag: &str) -> Outcome {
    let mut running = project.start(&words(tag))?;
    running.line(PATIENCE, |line| {
        line.contains("\"event\":\"following\"").then_some(())
    })?;
    running.signal(Signal::KILL)
}

/// The causes that the post-mortem groups failed tasks by.
fn causes(finished: &Finished) -> Outcome<Vec<String>> {
    let evidence = finished.event("post_mortem", "api")?;
    let groups = evidence["groups"].as_array().cloned().unwrap_or_default();
    Ok(groups
        .iter()
        .map(|group| group["cause"].as_str().unwrap_or_default().to_owned())
        .collect())
}

/// The changes that a run performed.
fn performed(finished: &Finished) -> Outcome<Vec<Value>> {
    let mut events = finished.events()?;
    events.retain(|event| event["event"] == "performed" && event["already"] != true);
    Ok(events)
}

fn the_example_deploys_and_is_then_unchanged() -> Outcome {
    let project = Project::example()?;
    let first = apply(&project, "")?;
    assert_verdict(&first, "healthy", None, 0)?;
    assert!(!performed(&first)?.is_empty(), "{first}");
    let again = apply(&project, "")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    assert_eq!(performed(&again)?, Vec::<Value>::new(), "{again}");
    let plan = project.run("plan --exit-code --target sandbox --output json")?;
    assert_eq!(plan.exit, 0, "{plan}");
    Ok(())
}

fn an_update_is_healthy() -> Outcome {
    let project = deployed()?;
    let plan =
        project.run("plan --exit-code --target sandbox --output json --image api=shop/api:v2")?;
    assert_eq!(plan.exit, 3, "{plan}");
    let done = apply(&project, "v2")?;
    assert_verdict(&done, "healthy", None, 0)?;
    Ok(())
}

fn a_crashing_update_is_rolled_back() -> Outcome {
    let project = deployed()?;
    let done = apply(&project, "crash")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert!(causes(&done)?.contains(&"exited".to_owned()), "{done}");
    let outcome = done.event("outcome", "api")?;
    assert_ne!(outcome["revision"], outcome["serving"], "{done}");
    // The old version serves: asking for it again has nothing to do.
    let again = apply(&project, "v1")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    Ok(())
}

fn a_crashing_first_deployment_has_no_way_back() -> Outcome {
    let project = Project::example()?;
    let done = apply(&project, "crash")?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert!(causes(&done)?.contains(&"exited".to_owned()), "{done}");
    Ok(())
}

fn a_missing_image_is_rolled_back_by_name() -> Outcome {
    let project = deployed()?;
    let done = apply(&project, "missing")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    assert!(
        causes(&done)?.contains(&"image_not_found".to_owned()),
        "{done}"
    );
    assert!(done.says("shop/api:missing"), "{done}");
    Ok(())
}

fn a_failing_health_check_is_rolled_back_by_name() -> Outcome {
    let project = deployed()?;
    let done = apply(&project, "unhealthy")?;
    assert_verdict(&done, "tripped", Some(true), 10)?;
    let causes = causes(&done)?;
    assert!(
        causes.iter().any(|cause| cause.ends_with("_unhealthy")),
        "{done}"
    );
    Ok(())
}

fn killed_and_run_again_it_ends_healthy() -> Outcome {
    let project = deployed()?;
    kill_mid_way(&project, "v2")?;
    let again = apply(&project, "v2")?;
    assert_eq!(again.exit, 0, "{again}");
    let writes = performed(&again)?;
    let rolled = |event: &Value| {
        event["change"]
            .as_str()
            .is_some_and(|change| change.contains("task definition"))
    };
    assert!(
        !writes.iter().any(rolled),
        "the killed run had written that already: {again}"
    );
    Ok(())
}

fn killed_and_run_again_it_still_trips() -> Outcome {
    let project = deployed()?;
    kill_mid_way(&project, "crash")?;
    let again = apply(&project, "crash")?;
    assert_verdict(&again, "tripped", Some(true), 10)?;
    Ok(())
}

fn a_second_run_over_a_failed_one_does_not_say_unchanged() -> Outcome {
    let project = Project::example()?;
    assert_eq!(apply(&project, "crash")?.exit, 11);
    let again = apply(&project, "crash")?;
    assert_verdict(&again, "tripped", Some(false), 11)?;
    Ok(())
}

fn status_and_history_know_what_happened() -> Outcome {
    let project = deployed()?;
    let status = project.run("status --target sandbox")?;
    assert_eq!(status.exit, 0, "{status}");
    assert!(status.stdout.contains("api"), "{status}");
    assert_eq!(apply(&project, "v2")?.exit, 0);
    assert_eq!(apply(&project, "crash")?.exit, 10);
    let history = project.run("history --target sandbox")?;
    assert_eq!(history.exit, 0, "{history}");
    for revision in ["api-service:1", "api-service:2", "api-service:3"] {
        assert!(
            history.stdout.contains(revision),
            "{revision} is not in\n{history}"
        );
    }
    Ok(())
}

fn a_restart_is_credited_to_whoever_ran_it() -> Outcome {
    let project = deployed()?;
    let mut command = project.command()?;
    command
        .env("DEPLOYER_BY", "bob")
        .args("restart --yes --target sandbox --output json --service api -m".split(' '))
        .arg("leaks memory");
    let restarted = Running::start(command)?.wait(PATIENCE)?;
    assert_eq!(restarted.exit, 0, "{restarted}");
    let history = project.run("history --target sandbox --output json --service api")?;
    let told = history.event("history", "api")?;
    let newest = &told["deployments"][0];
    assert_eq!(
        (&newest["verb"], &newest["by"], &newest["why"]),
        (&"restart".into(), &"bob".into(), &"leaks memory".into()),
        "{history}"
    );
    Ok(())
}

fn a_plan_that_changes_nothing_has_no_notes() -> Outcome {
    let project = Project::example()?;
    // What follows from the file is told where something is done about it.
    let notes = |words: &str| -> Outcome<Vec<Value>> {
        let plan = project.run(words)?.event("plan", "api")?;
        Ok(plan["notes"].as_array().cloned().unwrap_or_default())
    };
    let words = "plan --target sandbox --output json --image api=shop/api:v1";
    assert!(!notes(words)?.is_empty());
    assert_eq!(apply(&project, "v1")?.exit, 0);
    assert_eq!(notes(words)?, Vec::<Value>::new());
    Ok(())
}

fn rollback_goes_to_the_last_good_revision() -> Outcome {
    let project = deployed()?;
    assert_eq!(apply(&project, "v2")?.exit, 0);
    assert_eq!(apply(&project, "crash")?.exit, 10);
    let back = project.run("rollback --target sandbox --yes --output json")?;
    assert_verdict(&back, "healthy", None, 0)?;
    let again = apply(&project, "v1")?;
    assert_verdict(&again, "unchanged", None, 0)?;
    Ok(())
}

fn rollback_to_what_there_is_not_says_what_there_is() -> Outcome {
    let project = deployed()?;
    assert_eq!(apply(&project, "v2")?.exit, 0);
    let nowhere = project.run("rollback --target sandbox --yes --to 99 --output json")?;
    assert_verdict(&nowhere, "wrong", None, 2)?;
    let told = "there is no revision api-service:99; there are api-service:2, api-service:1";
    assert!(nowhere.says(told), "{nowhere}");
    Ok(())
}

fn a_saved_plan_is_performed_exactly_or_refused() -> Outcome {
    let project = deployed()?;
    let plan = project.run("plan --target sandbox --image api=shop/api:v2 --out v2.plan")?;
    assert_eq!(plan.exit, 0, "{plan}");
    let performs = "to perform exactly this: deployer apply --plan v2.plan";
    assert!(plan.says(performs), "{plan}");
    let done = project.run("apply --target sandbox --plan v2.plan --output json")?;
    assert_verdict(&done, "healthy", None, 0)?;
    // Its basis is gone now.
    let again = project.run("apply --target sandbox --plan v2.plan --output json")?;
    assert_eq!(again.exit, 4, "{again}");
    Ok(())
}

fn an_interrupt_detaches_and_watch_resumes() -> Outcome {
    let project = deployed()?;
    let mut running = project.start(&words("v2"))?;
    running.line(PATIENCE, |line| {
        line.contains("\"event\":\"following\"").then_some(())
    })?;
    running.signal(Signal::TERM)?;
    let interrupted = running.wait(PATIENCE)?;
    assert_eq!(interrupted.exit, 130, "{interrupted}");
    let resume = interrupted.event("outcome", "api")?["resume"]
        .as_str()
        .map(str::to_owned);
    let resume =
        resume.ok_or_else(|| fail(format_args!("no line to resume with\n{interrupted}")))?;
    let words = resume.strip_prefix("deployer ").unwrap_or(&resume);
    let watched = project.run(words)?;
    assert_eq!(watched.exit, 0, "{resume}\n{watched}");
    Ok(())
}

fn people_read_a_post_mortem() -> Outcome {
    let project = deployed()?;
    let done = project.run("apply --target sandbox --image api=shop/api:crash")?;
    assert_eq!(done.exit, 10, "{done}");
    assert!(
        done.says("rolled back") || done.says("rolling back"),
        "{done}"
    );
    assert!(done.stderr.contains("exit"), "{done}");
    assert!(!done.text().contains("panicked"), "{done}");
    assert!(
        !done.stderr.contains('\u{1b}'),
        "colours for a pipe\n{done}"
    );
    Ok(())
}

/// Each would take the other's away, and both would be told that all is well.
fn two_targets_that_come_to_one_service_are_refused() -> Outcome {
    let project = Project::example()?;
    for target in ["dev", "stage"] {
        project.write(&format!("config/{target}.toml"), "platform = \"sandbox\"\n")?;
    }
    let both = "apply --target dev --target stage --output json --service api";
    let refused = project.run(both)?;
    assert_eq!(refused.exit, 4, "{refused}");
    assert!(refused.says("target stage names too"), "{refused}");
    let status = project.run("status --target dev --service api")?;
    assert!(status.says("does not exist"), "{status}");
    let first = project.run("apply --target dev --output json --service api")?;
    assert_verdict(&first, "healthy", None, 0)?;
    for words in ["apply", "restart"] {
        let words = format!("{words} --target stage --output json --service api");
        let refused = project.run(&words)?;
        assert_eq!(refused.exit, 4, "{refused}");
        assert!(refused.says("at target dev"), "{refused}");
    }
    let again = project.run("apply --target dev --output json --service api")?;
    assert_verdict(&again, "unchanged", None, 0)
}
