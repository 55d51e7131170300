//! Verdicts of the binary on the cloud that it serves itself, where somebody else acts in the midst of a rollout.

use std::time::Duration;

use integration_tests::aws::Aws;
use integration_tests::host;
use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::sandbox::{self, Sandbox};
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

use crate::shop::{assert_verdict, deploy};

trials! { "verdicts":
    a_count_set_to_zero_among_failures_is_never_healthy,
    a_cancelled_rollout_that_is_back_ends_well_and_its_run_says_why,
    a_rollout_that_never_was_cannot_be_told,
}

struct Stage {
    project: Project,
    aws: Aws,
    _sandbox: Sandbox,
}

impl Stage {
    /// A cloud on which `v1` serves.
    fn serving() -> Outcome<Self> {
        let sandbox = sandbox::serve()?;
        let project = Project::new(&deploy("api", ""))?;
        project.ecs_target("stage", &sandbox.url, "main")?;
        let stage = Self {
            project,
            aws: Aws::at(&sandbox.url),
            _sandbox: sandbox,
        };
        let first = stage.run("apply --yes --set TAG=v1")?;
        assert_eq!(first.exit, 0, "{first}");
        Ok(stage)
    }

    fn run(&self, words: &str) -> Outcome<Finished> {
        self.project
            .run(&format!("{words} --target stage --output json"))
    }

    /// Starts deploying an image, and returns once the service is as `reached` says.
    fn apply_until(&self, tag: &str, reached: impl Fn(&Value) -> bool) -> Outcome<Running> {
        let words = format!("apply --yes --set TAG={tag} --target stage --output json");
        let running = self.project.start(&words)?;
        let service = || self.aws.service("main", "api").ok();
        match host::poll(Duration::from_secs(30), || service().filter(&reached)) {
            Some(_) => Ok(running),
            None => Err(fail(format_args!("never so far: {:?}", service()))),
        }
    }
}

fn a_count_set_to_zero_among_failures_is_never_healthy() -> Outcome {
    let stage = Stage::serving()?;
    let failed = |service: &Value| service["deployments"][0]["failedTasks"].as_u64() >= Some(1);
    let running = stage.apply_until("crash", failed)?;
    stage.aws.ecs(
        "UpdateService",
        &json!({"cluster": "main", "service": "api", "desiredCount": 0}),
    )?;
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "superseded", None, 12)?;
    assert!(
        done.says("the count was set to 0 while it was failing"),
        "{done}"
    );
    let evidence = done.event("post_mortem", "api")?;
    assert_ne!(evidence["groups"], json!([]), "{done}");
    Ok(())
}

fn a_cancelled_rollout_that_is_back_ends_well_and_its_run_says_why() -> Outcome {
    let stage = Stage::serving()?;
    let rolling = |service: &Value| service["deployments"].as_array().map(Vec::len) == Some(2);
    let running = stage.apply_until("slow", rolling)?;
    let cancelled = stage.run("cancel --rollback")?;
    assert_verdict(&cancelled, "healthy", Some(true), 0)?;
    assert!(!cancelled.says("Correct it"), "{cancelled}");
    let done = running.wait(PATIENCE)?;
    assert_verdict(&done, "superseded", None, 12)?;
    assert!(
        done.says("because of a stop service deployment request"),
        "{done}"
    );
    assert!(!done.says("gave up"), "{done}");
    Ok(())
}

fn a_rollout_that_never_was_cannot_be_told() -> Outcome {
    let stage = Stage::serving()?;
    let done = stage.run("watch --rollout ecs-svc/999")?;
    assert_verdict(&done, "undetermined", None, 13)?;
    assert!(done.says("ECS remembers none of that id"), "{done}");
    Ok(())
}
