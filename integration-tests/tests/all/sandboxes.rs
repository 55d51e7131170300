//! The embedded cloud as its users keep it: asked for when a file says so, shared, and killed at any moment.

use std::fs;
use std::time::Duration;

use integration_tests::program::{Finished, Signal, repository};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::deploy;

trials! { "sandbox":
    a_target_file_for_the_sandbox_may_ask,
    the_account_of_the_target_is_the_sandbox_account,
    a_killed_process_leaves_a_world_that_goes_on,
    a_long_way_to_the_present_obeys_a_signal,
    a_service_under_another_name_is_told_with_the_command_that_ends_it,
    every_example_runs_and_is_no_difference_afterwards,
}

fn assert_ended(finished: &Finished, exit: i32) {
    assert_eq!(finished.exit, exit, "{finished}");
}

fn a_target_file_for_the_sandbox_may_ask() -> Outcome {
    let project = Project::new(&deploy("api", ""))?;
    project.write(
        "config/mine.toml",
        "platform = \"sandbox\"\napprove = \"ask\"\n",
    )?;
    project.write("config/free.toml", "platform = \"sandbox\"\n")?;
    let refused = project.run("apply --target mine")?;
    assert_ended(&refused, 2);
    assert!(refused.says("nobody is here to approve"), "{refused}");
    assert_ended(&project.run("apply --yes --target mine")?, 0);
    assert_ended(&project.run("apply --adopt --target free")?, 0);
    Ok(())
}

fn the_account_of_the_target_is_the_sandbox_account() -> Outcome {
    let project = Project::new(&deploy("api", ""))?;
    project.write(
        "config/theirs.toml",
        "platform = \"sandbox\"\naccount = \"111122223333\"\nregion = \"eu-west-1\"\n",
    )?;
    assert_ended(&project.run("apply --target theirs")?, 0);
    // Another account and region: nothing is there yet.
    let elsewhere = project.run("plan --target sandbox --exit-code")?;
    assert!(
        elsewhere.exit != 0 && !elsewhere.says("error"),
        "{elsewhere}"
    );
    assert_ended(&project.run("plan --target theirs --exit-code")?, 0);
    Ok(())
}

fn a_killed_process_leaves_a_world_that_goes_on() -> Outcome {
    let project = Project::new(&deploy("api", ""))?;
    assert_ended(&project.run("apply --target sandbox")?, 0);
    for tag in ["v2", "v3", "v4"] {
        let words =
            format!("apply --target sandbox --if-busy supersede --output json --set TAG={tag}");
        let mut running = project.start(&words)?;
        running.line(PATIENCE, |line| line.contains("following").then_some(()))?;
        running.signal(Signal::KILL)?;
        running.wait(PATIENCE)?;
    }
    assert_ended(&project.run("status --target sandbox")?, 0);
    assert_ended(
        &project.run("apply --target sandbox --if-busy supersede --set TAG=v5")?,
        0,
    );
    Ok(())
}

fn a_long_way_to_the_present_obeys_a_signal() -> Outcome {
    let many = deploy("api", "").replace("replicas = 2", "replicas = 1000");
    let project = Project::new(&many)?;
    // A minute of the sandbox passes in each hundredth of a second.
    let mut running =
        project.start("apply --target sandbox --output json --speed 6000 --set TAG=crash")?;
    running.line(PATIENCE, |line| line.contains("following").then_some(()))?;
    running.signal(Signal::INT)?;
    let finished = running.wait(Duration::from_secs(20))?;
    assert!(!finished.says("panicked"), "{finished}");
    Ok(())
}

fn a_service_under_another_name_is_told_with_the_command_that_ends_it() -> Outcome {
    let named = |name: &str| deploy("api", "") + &format!("service = \"{name}\"\n");
    let project = Project::new(&named("api"))?;
    assert_ended(&project.run("apply --target sandbox")?, 0);
    project.write("deploy.toml", &named("front"))?;
    let plan = project.run("plan --target sandbox")?;
    assert_ended(&plan, 0);
    let words = "aws ecs delete-service --cluster";
    assert!(
        plan.says(words) && plan.says("--service api --force"),
        "{plan}"
    );
    assert!(plan.says("ECS renames no service"), "{plan}");
    let done = project.run("apply --target sandbox")?;
    assert_ended(&done, 0);
    assert!(done.says("--service api --force"), "{done}");
    // It is there by now, and nothing is made.
    assert!(!project.run("plan --target sandbox")?.says("--service api"));
    Ok(())
}

/// A project with one of the examples as its file, and all of their targets.
fn of_example(text: &str) -> Outcome<Project> {
    let project = Project::new(text)?;
    for target in fs::read_dir(repository().join("docs/examples/config"))? {
        let path = target?.path();
        let name = path.file_name().unwrap_or_default();
        let name = format!("config/{}", name.display());
        project.write(&name, &fs::read_to_string(&path)?)?;
    }
    Ok(project)
}

fn every_example_runs_and_is_no_difference_afterwards() -> Outcome {
    let mut count = 0;
    for example in fs::read_dir(repository().join("docs/examples"))? {
        let path = example?.path();
        if path.extension().is_none_or(|kind| kind != "toml") {
            continue;
        }
        count += 1;
        let project = of_example(&fs::read_to_string(&path)?)?;
        let first = project.run("apply --target sandbox --speed 10")?;
        assert_eq!(first.exit, 0, "{}\n{first}", path.display());
        let plan = project.run("plan --target sandbox --exit-code")?;
        assert_eq!(plan.exit, 0, "{}\n{plan}", path.display());
        let next = project.run("apply --target sandbox --speed 10 --set TAG=v2")?;
        assert_eq!(next.exit, 0, "{}\n{next}", path.display());
    }
    assert!(count >= 6, "{count} examples");
    Ok(())
}
