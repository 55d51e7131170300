//! What CI systems make of a run: a plan as a comment, GitHub's annotations, summaries and outputs, GitLab's reports.

use std::path::PathBuf;

use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::Value;

trials! { "ci":
    a_plan_is_a_comment_that_is_found_again,
    nothing_in_a_plan_breaks_out_of_its_fold,
    a_plan_that_is_too_long_is_cut_with_words,
    only_a_plan_is_markdown,
    github_gets_a_summary_of_a_plan,
    github_gets_outputs_and_a_summary_of_a_success,
    github_gets_the_outputs_of_a_failure,
    github_is_pointed_at_what_is_wrong,
    gitlab_gets_its_reports,
    a_report_that_cannot_be_written_is_no_success,
    a_summary_that_cannot_be_written_stops_nothing,
}

const HEADING: &str = "## Plan of `deploy.toml` for sandbox\n";

/// What GitHub Actions has of a step.
struct Step {
    finished: Finished,
    summary: String,
    output: String,
}

fn step(project: &Project, words: &str) -> Outcome<Step> {
    let [summary, output] = ["summary.md", "output"].map(|name| project.path().join(name));
    let mut command = project.command()?;
    command
        .args(words.split_whitespace())
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_OUTPUT", &output);
    let finished = Running::start(command)?.wait(PATIENCE)?;
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let step = Step {
        finished,
        summary: read(summary.clone()),
        output: read(output.clone()),
    };
    for path in [summary, output] {
        drop(std::fs::remove_file(path));
    }
    Ok(step)
}

/// Another image is deployed to the sandbox.
fn applied(project: &Project, tag: &str) -> Outcome<Step> {
    let words = format!("apply --target sandbox --image api=shop/api:{tag}");
    step(project, &words)
}

/// The example with one more variable in its environment.
fn with_value(value: &str) -> Outcome<Project> {
    let project = Project::example()?;
    let deploy = std::fs::read_to_string(project.path().join("deploy.toml"))?;
    let value = value.replace('"', "\\\"").replace('\n', "\\n");
    let start = "[service.api.ecs]";
    let more = format!("[service.api.env]\nNOTE = \"{value}\"\n{start}");
    let mut lines: Vec<&str> = deploy.lines().collect();
    lines.retain(|line| !line.starts_with("env "));
    project.write("deploy.toml", &lines.join("\n").replacen(start, &more, 1))?;
    Ok(project)
}

fn a_plan_is_a_comment_that_is_found_again() -> Outcome {
    let project = Project::example()?;
    let words = "plan --target sandbox --output markdown --exit-code";
    let first = project.run(words)?;
    assert_eq!(first.exit, 3, "{first}");
    assert!(first.stdout.starts_with(HEADING), "{first}");
    assert_eq!(
        first
            .stdout
            .matches("<details><summary>api at sandbox: ")
            .count(),
        1,
        "{first}"
    );
    assert!(first.stdout.contains("    "), "{first}");
    assert_eq!(project.run("apply --target sandbox")?.exit, 0);
    let again = project.run(words)?;
    assert_eq!(again.exit, 0, "{again}");
    assert!(again.stdout.starts_with(HEADING), "{again}");
    assert!(again.stdout.contains("no changes"), "{again}");
    project.write("deploy.toml", "project = 1\n")?;
    let wrong = project.run(words)?;
    assert_eq!(wrong.exit, 2, "{wrong}");
    assert!(wrong.stdout.starts_with(HEADING), "{wrong}");
    assert!(wrong.stdout.contains("    deploy.toml:1: "), "{wrong}");
    assert!(wrong.stderr.contains("deploy.toml:1"), "{wrong}");
    Ok(())
}

fn nothing_in_a_plan_breaks_out_of_its_fold() -> Outcome {
    for value in [
        "</details>\n\n@everyone",
        "```\n</details>\n# Heading",
        "<b>@me</b> #1 [a](b)",
    ] {
        let project = with_value(value)?;
        let plan = project.run("plan --target sandbox --output markdown")?;
        assert_eq!(plan.exit, 0, "{plan}");
        assert!(plan.stdout.contains("NOTE"), "{plan}");
        for line in plan.stdout.lines().filter(|line| !line.starts_with("    ")) {
            let ours = line.is_empty()
                || line == HEADING.trim_end()
                || line.starts_with("<details><summary>api at sandbox: ")
                || line == "</details>";
            assert!(ours, "{line:?}\n{plan}");
        }
    }
    Ok(())
}

fn a_plan_that_is_too_long_is_cut_with_words() -> Outcome {
    // Each below the 64 KiB that a task definition may have.
    let with = |variables: usize| -> String {
        let variables = (0..variables).map(|n| format!("VARIABLE_{n} = \"value number {n}\""));
        let variables = variables.collect::<Vec<_>>().join(", ");
        let service = |n| {
            format!(
                "[service.s{n}]\nimage = \"shop/api:v1\"\ncpu = 0.5\nmemory = \"1GiB\"\nenv = {{ {variables} }}\n\
                 ecs = {{ execution_role = \"arn:aws:iam::123456789012:role/x\" }}\n"
            )
        };
        (0..4)
            .map(service)
            .fold("project = \"shop\"\n".to_owned(), |all, one| all + &one)
    };
    let project = Project::new(&with(900))?;
    let planned = |said: &str, least: usize| -> Outcome {
        let plan = project.run("plan --output markdown --target sandbox")?;
        assert_eq!(plan.exit, 0, "{plan}");
        let length = plan.stdout.len();
        assert!((least..=65_536).contains(&length), "{length} bytes");
        assert!(plan.stdout.contains(said), "{said:?} in {length} bytes");
        assert_eq!(plan.stdout.matches("\n</details>\n").count(), 4);
        Ok(())
    };
    planned("long lines are cut in their middle here", 2_000)?;
    project.write("deploy.toml", &with(1))?;
    assert_eq!(project.run("apply --target sandbox")?.exit, 0);
    project.write("deploy.toml", &with(900))?;
    planned(
        "more lines are left out here: `deployer plan` shows them",
        60_000,
    )
}

fn only_a_plan_is_markdown() -> Outcome {
    let project = Project::example()?;
    for verb in ["status", "apply", "validate"] {
        let done = project.run(&format!("{verb} --target sandbox --output markdown"))?;
        assert_eq!(done.exit, 2, "{done}");
        assert!(done.says("only `plan` has --output markdown"), "{done}");
        assert_eq!(done.stdout, "", "{done}");
    }
    Ok(())
}

fn github_gets_a_summary_of_a_plan() -> Outcome {
    let project = Project::example()?;
    for output in ["human", "json", "markdown"] {
        let plan = step(
            &project,
            &format!("plan --target sandbox --output {output}"),
        )?;
        assert_eq!(plan.finished.exit, 0, "{}", plan.finished);
        assert!(plan.summary.starts_with(HEADING), "{}", plan.summary);
        assert!(
            plan.output.starts_with("verdict=changes\nexit=0\n"),
            "{}",
            plan.output
        );
    }
    Ok(())
}

fn github_gets_outputs_and_a_summary_of_a_success() -> Outcome {
    let project = Project::example()?;
    let apply = |tag: &str| applied(&project, tag);
    assert_eq!(apply("v1")?.finished.exit, 0);
    let done = apply("v2")?;
    assert_eq!(done.finished.exit, 0, "{}", done.finished);
    let plain = "verdict=healthy\nexit=0\nrevision=api-service:2\nfrom=api-service:1\nto=api-service:2\nservices=[";
    assert!(done.output.starts_with(plain), "{}", done.output);
    for part in [
        "✅ api at sandbox: Healthy",
        "Image: shop/api:v2",
        "Revision: api-service:1 → api-service:2",
        "Took: ",
    ] {
        assert!(done.summary.contains(part), "{part} in {}", done.summary);
    }
    assert!(!done.finished.says("::error"), "{}", done.finished);
    Ok(())
}

fn github_gets_the_outputs_of_a_failure() -> Outcome {
    let project = Project::example()?;
    let apply = |tag: &str| applied(&project, tag);
    assert_eq!(apply("v1")?.finished.exit, 0);
    let done = apply("crash")?;
    assert_eq!(done.finished.exit, 10, "{}", done.finished);
    let plain =
        "verdict=tripped\nexit=10\nrevision=api-service:2\nfrom=api-service:1\nto=api-service:1\n";
    assert!(done.output.starts_with(plain), "{}", done.output);
    let services = done
        .output
        .lines()
        .find_map(|line| line.strip_prefix("services="));
    let services: Value = serde_json::from_str(services.unwrap_or_default())?;
    assert_eq!(services[0]["verdict"], "tripped", "{services}");
    let misused = step(&project, "apply --target sandbox --nope")?;
    assert!(
        misused.output.starts_with("verdict=wrong\nexit=2\n"),
        "{}",
        misused.output
    );
    assert!(
        misused.finished.stderr.contains("::error title=usage::"),
        "{}",
        misused.finished
    );
    Ok(())
}

fn github_is_pointed_at_what_is_wrong() -> Outcome {
    let project =
        Project::new("project = \"shop\"\n[service.api]\nimage = \"shop/api:v1\"\nprot = 80\n")?;
    for output in ["human", "json"] {
        let words = format!("validate --target sandbox --output {output}");
        let wrong = step(&project, &words)?;
        assert_eq!(wrong.finished.exit, 2, "{}", wrong.finished);
        let pointed = "::error file=deploy.toml,line=4,col=1,title=unknown-key::";
        assert!(
            wrong
                .finished
                .stderr
                .lines()
                .any(|line| line.starts_with(pointed)),
            "{}",
            wrong.finished
        );
        assert!(wrong.summary.contains("deploy.toml:4"), "{}", wrong.summary);
    }
    let outside = project.run("validate --target sandbox")?;
    assert!(!outside.says("::error"), "{outside}");
    Ok(())
}

fn gitlab_gets_its_reports() -> Outcome {
    let project = Project::example()?;
    let reports = "--dotenv deploy.env --code-quality quality.json";
    let read = |name: &str| std::fs::read_to_string(project.path().join(name));
    let done = project.run(&format!(
        "apply --target sandbox --image api=shop/api:v1 {reports}"
    ))?;
    assert_eq!(done.exit, 0, "{done}");
    assert_eq!(
        read("deploy.env")?,
        "DEPLOYER_VERDICT=healthy\nDEPLOYER_EXIT=0\nDEPLOYER_REVISION=api-service:1\nDEPLOYER_FROM=\nDEPLOYER_TO=api-service:1\n"
    );
    assert_eq!(read("quality.json")?.trim(), "[]");
    project.write(
        "deploy.toml",
        "project = \"shop\"\n[service.api]\nimage = \"shop/api:v1\"\nprot = 80\n",
    )?;
    let wrong = project.run(&format!("plan --target sandbox {reports}"))?;
    assert_eq!(wrong.exit, 2, "{wrong}");
    assert_eq!(
        read("deploy.env")?,
        "DEPLOYER_VERDICT=wrong\nDEPLOYER_EXIT=2\n"
    );
    let found: Value = serde_json::from_str(&read("quality.json")?)?;
    let all = found.as_array().cloned().unwrap_or_default();
    let first = all.iter().find(|one| one["check_name"] == "unknown-key");
    let first = first.ok_or_else(|| fail(format_args!("{found}")))?;
    assert_eq!(first["location"]["path"], "deploy.toml", "{found}");
    assert_eq!(first["location"]["lines"]["begin"], 4, "{found}");
    let left: Vec<_> = std::fs::read_dir(project.path())?
        .filter_map(Result::ok)
        .collect();
    let drafts = left
        .iter()
        .filter(|file| file.file_name().to_string_lossy().ends_with(".new"));
    assert_eq!(drafts.count(), 0);
    Ok(())
}

fn a_report_that_cannot_be_written_is_no_success() -> Outcome {
    let project = Project::example()?;
    let target = project.path().join("elsewhere");
    std::fs::write(&target, "untouched")?;
    std::os::unix::fs::symlink(&target, project.path().join("link"))?;
    for file in ["no/such/place", ".", "link"] {
        for option in ["--dotenv", "--code-quality"] {
            let words = format!("plan --target sandbox {option} {file}");
            let done = project.run(&format!("{words} --output json"))?;
            assert_eq!(done.exit, 1, "{done}");
            let records = crate::json::records(&done)?;
            let told = |record: &Value| record["event"] == "problem" && record["code"] == "report";
            assert!(records.iter().any(told), "{done}");
        }
    }
    assert_eq!(std::fs::read_to_string(target)?, "untouched");
    Ok(())
}

fn a_summary_that_cannot_be_written_stops_nothing() -> Outcome {
    let project = Project::example()?;
    let mut command = project.command()?;
    command
        .args(["plan", "--target", "sandbox"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", "/dev/null/summary.md");
    let done = Running::start(command)?.wait(PATIENCE)?;
    assert_eq!(done.exit, 0, "{done}");
    assert!(
        done.says("warning: the summary of this step could not be written"),
        "{done}"
    );
    Ok(())
}
