//! Everything that a person or a job can get wrong: one clear message, the right exit code, no panic, and nothing done.

use std::time::Duration;

use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project, unique};
use integration_tests::proxy::{Fault, Kind, Proxy};
use integration_tests::sandbox;
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::deploy;

trials! { "bad_input":
    a_broken_file_is_pointed_at,
    an_unknown_key_gets_the_nearest_spelling,
    all_problems_are_told_at_once,
    a_missing_file_is_named,
    an_unknown_target_gets_the_nearest_name,
    no_target_lists_the_known,
    an_unknown_service_is_refused,
    an_unset_variable_is_named,
    no_terminal_and_no_yes_is_refused,
    an_unreachable_endpoint_is_named,
    no_credentials_say_how_to_log_in,
    an_expired_token_is_said,
    a_missing_cluster_is_named,
    another_account_is_refused_before_any_write,
}

/// A project whose target `bench` lies behind `endpoint`.
fn project(endpoint: &str, cluster: &str) -> Outcome<Project> {
    let project = Project::new(&deploy(&unique("api"), ""))?;
    project.ecs_target("bench", endpoint, cluster)?;
    Ok(project)
}

/// What nobody can do anything about by waiting is told by then.
const SOON: Duration = Duration::from_secs(6);

const APPLY: &str = "apply --yes --target bench";

fn assert_refused(finished: &Finished, exit: i32, words: &[&str]) {
    assert_eq!(finished.exit, exit, "{finished}");
    assert!(!finished.text().contains("panicked"), "{finished}");
    assert!(!finished.text().contains("RUST_BACKTRACE"), "{finished}");
    for words in words {
        assert!(
            finished.says(words),
            "it does not say {words:?}\n{finished}"
        );
    }
}

fn a_broken_file_is_pointed_at() -> Outcome {
    let project = Project::new("project = \"shop\"\n[service.api\nimage = \"a:1\"\n")?;
    assert_refused(
        &project.run("validate --target sandbox")?,
        2,
        &["deploy.toml", "2"],
    );
    assert_refused(&project.run("apply --target sandbox")?, 2, &["deploy.toml"]);
    Ok(())
}

fn an_unknown_key_gets_the_nearest_spelling() -> Outcome {
    let project = Project::new(&deploy("api", "replcias = 3"))?;
    assert_refused(
        &project.run("apply --target sandbox")?,
        2,
        &["replcias", "replicas", "^"],
    );
    Ok(())
}

fn all_problems_are_told_at_once() -> Outcome {
    let project = Project::new(&deploy("api", "replcias = 3\nprot = 1").replace("512MiB", "much"))?;
    assert_refused(
        &project.run("validate --target sandbox")?,
        2,
        &["replcias", "prot", "much"],
    );
    Ok(())
}

fn a_missing_file_is_named() -> Outcome {
    let project = Project::empty()?;
    assert_refused(&project.run("apply --target sandbox")?, 2, &["deploy.toml"]);
    assert_refused(
        &project.run("apply -f elsewhere.toml --target sandbox")?,
        2,
        &["elsewhere.toml"],
    );
    Ok(())
}

fn an_unknown_target_gets_the_nearest_name() -> Outcome {
    let project = project("http://127.0.0.1:9", "main")?;
    assert_refused(
        &project.run("apply --yes --target bnech")?,
        2,
        &["bnech", "bench"],
    );
    Ok(())
}

fn no_target_lists_the_known() -> Outcome {
    let project = project("http://127.0.0.1:9", "main")?;
    assert_refused(
        &project.run("apply --yes")?,
        2,
        &["--target", "bench", "sandbox"],
    );
    Ok(())
}

fn an_unknown_service_is_refused() -> Outcome {
    let project = Project::new(&deploy("api", ""))?;
    assert_refused(
        &project.run("apply --target sandbox --service web")?,
        2,
        &["web", "api"],
    );
    assert_refused(
        &project.run("apply --target sandbox --image web=a:1")?,
        2,
        &["web", "api"],
    );
    Ok(())
}

fn an_unset_variable_is_named() -> Outcome {
    let project = Project::new(&deploy(
        "api",
        "env = { COMMIT = \"${COMMIT:?set it to the commit}\" }",
    ))?;
    assert_refused(
        &project.run("plan --target sandbox")?,
        2,
        &["COMMIT", "set it to the commit"],
    );
    let plan = project.run("plan --target sandbox --set COMMIT=0123abc")?;
    assert_eq!(plan.exit, 0, "{plan}");
    Ok(())
}

fn no_terminal_and_no_yes_is_refused() -> Outcome {
    let sandbox = sandbox::serve()?;
    let proxy = Proxy::before(&sandbox.url)?;
    let project = project(&proxy.url, "main")?;
    assert_refused(&project.run("apply --target bench")?, 2, &["--yes"]);
    assert_eq!(proxy.writes(), Vec::<String>::new());
    Ok(())
}

fn an_unreachable_endpoint_is_named() -> Outcome {
    // The discard port: nobody listens there.
    let project = project("http://127.0.0.1:9", "main")?;
    let finished = project.run(APPLY)?;
    assert_refused(&finished, 1, &["127.0.0.1:9", "refused", "`endpoint`"]);
    assert!(finished.took < SOON, "{finished}");
    Ok(())
}

fn no_credentials_say_how_to_log_in() -> Outcome {
    let sandbox = sandbox::serve()?;
    let project = project(&sandbox.url, "main")?;
    let mut command = project.command()?;
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .args(APPLY.split(' '));
    let finished = Running::start(command)?.wait(PATIENCE)?;
    assert_refused(&finished, 1, &["credentials", "aws sso login"]);
    let told = finished
        .stderr
        .matches("Failed, nothing was changed")
        .count();
    assert_eq!(told, 1, "{finished}");
    assert!(finished.took < SOON, "{finished}");
    Ok(())
}

fn an_expired_token_is_said() -> Outcome {
    let sandbox = sandbox::serve()?;
    let proxy = Proxy::before(&sandbox.url)?;
    for operation in [
        "GetCallerIdentity",
        "DescribeServices",
        "DescribeClusters",
        "DescribeTaskDefinition",
    ] {
        proxy.inject(Fault::always(Kind::Expire, operation));
    }
    let project = project(&proxy.url, "main")?;
    assert_refused(&project.run(APPLY)?, 1, &["expired"]);
    assert_eq!(proxy.writes(), Vec::<String>::new());
    Ok(())
}

fn a_missing_cluster_is_named() -> Outcome {
    let sandbox = sandbox::serve()?;
    let proxy = Proxy::before(&sandbox.url)?;
    let project = project(&proxy.url, "nowhere")?;
    assert_refused(&project.run(APPLY)?, 1, &["cluster", "nowhere"]);
    assert_eq!(proxy.writes(), Vec::<String>::new());
    Ok(())
}

fn another_account_is_refused_before_any_write() -> Outcome {
    let sandbox = sandbox::serve()?;
    let proxy = Proxy::before(&sandbox.url)?;
    let project = project(&proxy.url, "main")?;
    let target = std::fs::read_to_string(project.path().join("config/bench.toml"))?;
    project.write(
        "config/bench.toml",
        &target.replace("123456789012", "210987654321"),
    )?;
    assert_refused(&project.run(APPLY)?, 4, &["123456789012", "210987654321"]);
    assert_eq!(proxy.writes(), Vec::<String>::new());
    Ok(())
}
