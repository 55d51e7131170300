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
    words_of_a_file_or_an_argument_command_no_runner,
    the_only_target_is_the_default_and_the_environment_names_another,
    two_images_for_one_service_are_refused,
    a_saved_plan_takes_no_other_image_value_or_service,
    logs_of_an_unknown_container_name_the_known,
    what_only_asks_needs_no_value,
    a_missing_file_is_named,
    a_file_without_an_end_is_refused_with_words,
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

/// Runs with these words, white space in them and all.
fn words(project: &Project, words: &[&str]) -> Outcome<Finished> {
    let mut command = project.command()?;
    command.args(words);
    Running::start(command)?.wait(PATIENCE)
}

/// Keys and arguments are quoted where something is wrong with them; CI systems read commands from what is printed.
fn words_of_a_file_or_an_argument_command_no_runner() -> Outcome {
    let keys = "\"a\\n::set-output name=image::evil/x\" = 1\n\"b ##[add-mask]e\" = 2\n\"c\\u009b2J\\u202e\" = 3";
    let project = Project::new(&deploy("api", keys))?;
    let told = [
        words(&project, &["validate", "--target", "sandbox"])?,
        words(
            &project,
            &[
                "validate",
                "x\n::error::y\u{1b}[2J",
                "##vso[task.setvariable]z",
            ],
        )?,
        words(
            &project,
            &["validate", "--output", "\n  ::error::y ##[error]z"],
        )?,
    ];
    for finished in told {
        assert_eq!(finished.exit, 2, "{finished}");
        let text = finished.text();
        assert!(
            !text.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
            "{finished}"
        );
        let obeyed = |line: &&str| {
            line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[")
        };
        assert_eq!(text.lines().find(obeyed), None, "{finished}");
    }
    Ok(())
}

fn the_only_target_is_the_default_and_the_environment_names_another() -> Outcome {
    let project = Project::new(&deploy("api", ""))?;
    let only = project.run("validate")?;
    assert_eq!(only.exit, 0, "{only}");
    assert!(only.says("api at sandbox"), "{only}");
    project.write("config/lab.toml", "platform = \"sandbox\"\n")?;
    let lab = project.run("validate")?;
    assert!(lab.says("api at lab"), "{lab}");
    project.write("config/other.toml", "platform = \"sandbox\"\n")?;
    assert_refused(&project.run("validate")?, 2, &["lab", "other"]);
    let mut command = project.command()?;
    command.arg("validate").env("DEPLOYER_TARGET", "other");
    let named = Running::start(command)?.wait(PATIENCE)?;
    assert!(named.says("api at other"), "{named}");
    Ok(())
}

fn two_images_for_one_service_are_refused() -> Outcome {
    let project = Project::new(&deploy("api", ""))?;
    assert_refused(
        &project.run("validate --image api=a:1 --image api=b:2")?,
        2,
        &["api", "--image"],
    );
    Ok(())
}

fn a_saved_plan_takes_no_other_image_value_or_service() -> Outcome {
    let project = Project::new(&deploy("api", ""))?;
    for (beside, name) in [
        ("--image api=a:1", "--image"),
        ("--set A=1", "--set"),
        ("--service api", "--service"),
    ] {
        let refused = project.run(&format!("apply --plan some.plan {beside}"))?;
        assert_refused(&refused, 2, &["--plan", name]);
    }
    Ok(())
}

fn logs_of_an_unknown_container_name_the_known() -> Outcome {
    let sidecar = "[service.api.sidecar.proxy]\nimage = \"nginx:1\"";
    let project = Project::new(&deploy("api", sidecar))?;
    assert_refused(
        &project.run("logs --container porxy")?,
        2,
        &["porxy", "did you mean `proxy`?", "api, proxy"],
    );
    Ok(())
}

/// The image's tag is what a deployment brings; nothing that only looks at one needs it.
fn what_only_asks_needs_no_value() -> Outcome {
    let text = deploy("api", "env = { VERSION = \"${TAG}\" }");
    let image = text
        .lines()
        .find(|line| line.trim_start().starts_with("image"))
        .unwrap_or_default();
    let project = Project::new(&text.replace(image, "image = \"shop/api:${TAG:?the tag}\""))?;
    assert_refused(&project.run("apply --yes")?, 2, &["TAG", "the tag"]);
    let first = project.run("apply --yes --set TAG=v1")?;
    assert_eq!(first.exit, 0, "{first}");
    for verb in [
        "status",
        "history",
        "watch --timeout 2s",
        "restart --yes",
        "scale api=2 --yes",
    ] {
        let done = project.run(verb)?;
        assert!(!done.says("TAG"), "{done}");
        assert!(![1, 2].contains(&done.exit), "{verb}: {done}");
    }
    let none = project.run("rollback --to 99 --yes")?;
    assert!(!none.says("has no value"), "{none}");
    let gone = project.run("destroy --yes")?;
    assert_eq!(gone.exit, 0, "{gone}");
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

fn a_file_without_an_end_is_refused_with_words() -> Outcome {
    const MOST: usize = 4 * 1024 * 1024;
    let text = deploy(&unique("api"), "");
    let filled = |length: usize| format!("{text}\n#{}", "x".repeat(length - text.len() - 2));
    let project = Project::new(&filled(MOST))?;
    let valid = project.run("validate --target sandbox")?;
    assert_eq!(valid.exit, 0, "{valid}");
    project.write("deploy.toml", &filled(MOST + 1))?;
    for verb in ["validate", "render", "plan", "apply --yes"] {
        let refused = project.run(&format!("{verb} --target sandbox"))?;
        assert_refused(&refused, 2, &["deploy.toml", "larger than 4 MiB"]);
    }
    project.write("deploy.toml", &text)?;
    project.write("config/large.toml", &"#".repeat(MOST + 1))?;
    let refused = project.run("validate --target large")?;
    assert_refused(&refused, 2, &["large.toml", "larger than 4 MiB"]);
    let refused = project.run("validate --target sandbox -f /dev/zero")?;
    assert_refused(&refused, 2, &["/dev/zero"]);
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
    project.ecs_target("other", "http://127.0.0.1:9", "main")?;
    assert_refused(
        &project.run("apply --yes")?,
        2,
        &["--target", "bench", "other", "sandbox"],
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
