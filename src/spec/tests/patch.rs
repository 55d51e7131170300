//! Tables in the platform's own spelling.

use super::super::Overlay;
use super::{ecs, read, sound, told, with};

fn task(more: &str) -> String {
    with(&format!("[service.api.ecs.patch.task]\n{more}\n"))
}

#[test]
fn what_the_api_does_not_know_has_a_caret_and_the_nearest_name() {
    let deploy = task(
        r#"
volumes = "scratch"
pidMod = "task"
family = "other"
[[service.api.ecs.patch.task.containerDefinitions]]
name = "api"
mountPionts = [{ containerPath = "/scratch", sourceVolume = "scratch" }]
ulimits = [{ name = "nofile", softLimit = "many", hardlimit = 4096 }]
[[service.api.ecs.patch.task.containerDefinitions]]
name = "ap"
[[service.api.ecs.patch.task.containerDefinitions]]
image = "api:v2"
[service.api.ecs.patch.service]
desiredCount = 3
clientToken = "x"
serviceConnectConfiguration = { enabeld = true }
loadBalancers = []
"#,
    );
    insta::assert_snapshot!(read(&deploy).expect_err("there are problems").render(false));
}

#[test]
fn false_takes_away_what_is_no_switch() {
    let deploy = task(
        r#"
placementConstraints = false
enableFaultInjection = false
containerDefinitions = [{ name = "api", ulimits = false, privileged = false, linuxParameters = { tmpfs = false } }]
"#,
    );
    let loaded = sound(read(&deploy));
    let Overlay { removals, .. } = &ecs(&loaded).own.patch.task;
    let removals: Vec<&str> = removals.iter().map(String::as_str).collect();
    assert_eq!(
        removals,
        [
            "containerDefinitions.0.linuxParameters.tmpfs",
            "containerDefinitions.0.ulimits",
            "placementConstraints",
        ]
    );
    let all = told(&read(&task("containerDefinitions = false")));
    assert_eq!(all, ["not-patched: the containers cannot be taken away"]);
}

#[test]
fn a_secret_does_not_belong_into_a_patch_either() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let deploy = task(&format!(
        "containerDefinitions = [{{ name = \"api\", environment = [{{ name = \"T\", value = \"{token}\" }}] }}]"
    ));
    let result = read(&deploy);
    assert_eq!(
        told(&result),
        ["secret-literal: `value` holds a GitHub token"]
    );
    assert!(!result.unwrap_err().render(false).contains(&token));
}
