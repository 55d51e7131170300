//! The command line as a shell completes it and as a newcomer meets it: help, requests, words of other tools.

use integration_tests::program::{self, Finished, Running};
use integration_tests::project::{PATIENCE, Project, unique};
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;

use crate::shop::deploy;

trials! { "shell":
    a_tab_offers_what_the_files_name,
    a_tab_is_quiet_whatever_the_files_are,
    a_tab_offers_revisions_and_rollouts,
    a_variable_that_is_there_by_chance_changes_nothing,
    the_line_for_the_rc_registers_in_bash,
    help_is_short_and_has_examples,
    requests_are_shown_and_their_secrets_are_not,
    nobody_logged_in_is_told_once_for_all_services,
    a_word_of_the_field_gets_its_answer,
    what_is_wrong_ends_with_its_line,
    what_is_named_twice_is_meant_once_or_refused,
    an_unused_value_is_refused_by_every_verb,
}

const SHOP: &str = r#"
project = "shop"
[service.api]
image  = "shop/api:${TAG:-v1}"
cpu    = 0.25
memory = "512MiB"
[service.api.sidecar.proxy]
image  = "nginx:1"
[service.web]
image  = "shop/web:v1"
cpu    = 0.25
memory = "512MiB"
"#;

/// What bash is answered for a line whose last word is being typed.
fn tab(project: &Project, line: &str) -> Outcome<Vec<String>> {
    let words: Vec<&str> = line.split(' ').collect();
    let index = words.len().saturating_sub(1).to_string();
    let mut command = project.command()?;
    command
        .env("COMPLETE", "bash")
        .env("_CLAP_IFS", "\n")
        .env("_CLAP_COMPLETE_INDEX", index)
        .arg("--")
        .args(words);
    let answered = Running::start(command)?.wait(PATIENCE)?;
    assert_eq!(
        (answered.exit, answered.stderr.as_str()),
        (0, ""),
        "{answered}"
    );
    Ok(answered.stdout.lines().map(str::to_owned).collect())
}

fn a_tab_offers_what_the_files_name() -> Outcome {
    let project = Project::new(SHOP)?;
    project.write("config/lab.toml", "platform = \"sandbox\"\n")?;
    let cases: [(&str, &[&str]); 9] = [
        ("deployer plan --target ", &["lab", "sandbox"]),
        ("deployer plan --target la", &["lab"]),
        ("deployer status --service ", &["api", "web"]),
        ("deployer logs --container ", &["api", "proxy", "web"]),
        (
            "deployer logs --service api --container ",
            &["api", "proxy"],
        ),
        ("deployer apply --image w", &["web="]),
        ("deployer apply --set ", &["TAG="]),
        ("deployer scale a", &["api="]),
        ("deployer roll", &["rollback"]),
    ];
    for (line, expected) in cases {
        assert_eq!(tab(&project, line)?, expected, "{line}");
    }
    project.write("deep/other.toml", &SHOP.replace("web", "shop"))?;
    let other = tab(
        &project,
        "deployer status --file deep/other.toml --service ",
    )?;
    assert_eq!(other, ["api", "shop"]);
    Ok(())
}

fn a_tab_is_quiet_whatever_the_files_are() -> Outcome {
    let cases: [(&str, &[&str]); 3] = [
        ("project = ", &[]),
        (
            "[service.api]\n\"a\\nb\" = {}\n[service.\"\\u001b[2J\"]\n[service.\"$(id)\"]\nx = \n",
            &["api"],
        ),
        ("\u{0}", &[]),
    ];
    for (text, services) in cases {
        let project = Project::new(text)?;
        assert_eq!(
            tab(&project, "deployer status --service ")?,
            services,
            "{text}"
        );
        assert_eq!(
            tab(&project, "deployer rollback --to ")?,
            Vec::<String>::new(),
            "{text}"
        );
    }
    let project = Project::empty()?;
    assert_eq!(tab(&project, "deployer plan --target ")?, ["sandbox"]);
    assert_eq!(
        tab(&project, "deployer logs --container ")?,
        Vec::<String>::new()
    );
    // Nobody listens there, and looking took no world into being.
    let project = Project::new(&deploy(&unique("api"), ""))?;
    project.ecs_target("bench", "http://127.0.0.1:9", "main")?;
    assert_eq!(
        tab(&project, "deployer rollback --target bench --to ")?,
        Vec::<String>::new()
    );
    assert_eq!(
        tab(&project, "deployer rollback --target sandbox --to ")?,
        Vec::<String>::new()
    );
    assert!(!project.path().join(".deployer").exists());
    Ok(())
}

fn a_tab_offers_revisions_and_rollouts() -> Outcome {
    let project = Project::new(SHOP)?;
    for tag in ["v1", "v2"] {
        let done = project.run(&format!(
            "apply --service api --set TAG={tag} --output json"
        ))?;
        assert_eq!(done.exit, 0, "{done}");
    }
    let revisions = tab(&project, "deployer rollback --service api --to ")?;
    assert_eq!(revisions, ["api:1"]);
    let rollouts = tab(&project, "deployer watch --service api --rollout ")?;
    assert_eq!(rollouts.len(), 2, "{rollouts:?}");
    Ok(())
}

fn a_variable_that_is_there_by_chance_changes_nothing() -> Outcome {
    let project = Project::new(SHOP)?;
    for value in ["bash", "1", "", "/bin/zsh"] {
        let mut command = project.command()?;
        command
            .env("COMPLETE", value)
            .args(["validate", "--target", "sandbox"]);
        let done = Running::start(command)?.wait(PATIENCE)?;
        assert!(
            done.exit == 0 && done.says("api, web at sandbox: valid"),
            "{done}"
        );
    }
    Ok(())
}

fn the_line_for_the_rc_registers_in_bash() -> Outcome {
    let project = Project::new(SHOP)?;
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let line = project.run(&format!("completions {shell}"))?;
        assert!(line.exit == 0 && line.stdout.contains("deployer"), "{line}");
        assert!(line.stdout.lines().count() == 2, "{line}");
    }
    let binary = program::binary()?;
    let directory = binary.parent().ok_or_else(|| fail("no directory"))?;
    let script = "eval \"$(deployer completions bash)\" && complete -p deployer && \
         COMP_WORDS=(deployer status --service '') COMP_CWORD=3 COMP_TYPE=9 && \
         _clap_complete_deployer deployer '' --service && echo \"offers ${COMPREPLY[*]}\"";
    let mut command = std::process::Command::new("bash");
    command
        .args(["--norc", "-c", script])
        .current_dir(project.path())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", directory.display()));
    let done = Running::start(command)?.wait(PATIENCE)?;
    assert!(
        done.stdout.contains("-F _clap_complete_deployer deployer"),
        "{done}"
    );
    assert!(done.stdout.contains("offers api web"), "{done}");
    Ok(())
}

fn help_is_short_and_has_examples() -> Outcome {
    let project = Project::empty()?;
    for verb in ["", "plan", "apply", "status", "logs", "scale"] {
        let short = project.run(&format!("{verb} -h"))?;
        let long = project.run(&format!("{verb} --help"))?;
        assert_eq!((short.exit, long.exit), (0, 0), "{short}\n{long}");
        assert!(short.stdout.contains("Examples:"), "{short}");
        assert!(short.stdout.lines().count() <= 47, "{short}");
        assert!(short.stdout.ends_with('\n'), "{short}");
        assert!(!short.stdout.contains("--allow-exec"), "{short}");
        assert!(long.stdout.contains("--allow-exec"), "{long}");
        let everywhere = long.stdout.find("Everywhere:");
        assert!(everywhere > long.stdout.find("Options:"), "{long}");
    }
    let top = project.run("--help")?;
    assert!(top.stdout.contains("Exit codes:"), "{top}");
    Ok(())
}

fn requests_are_shown_and_their_secrets_are_not() -> Outcome {
    const SECRET: &str = "hunter2-of-the-shop";
    let extra = "env = { URL = \"tcp://x/${DB_PASSWORD}/y\", API_TOKEN = \"${DB_PASSWORD}\", MODE = \"production\" }";
    let project = Project::new(&deploy("api", extra))?;
    let set = format!("--target sandbox --set DB_PASSWORD={SECRET}");
    let quiet = project.run(&format!("plan {set}"))?;
    assert!(!quiet.says("DescribeServices"), "{quiet}");
    let lines = project.run(&format!("plan {set} -v"))?;
    let told = |line: &&str| line.contains("ECS DescribeServices: 200, ") && line.ends_with(" ms");
    let count = lines.stderr.lines().filter(told).count();
    assert!(count > 0, "{lines}");
    assert!(
        !lines.stderr.contains("DEBUG") && !lines.stderr.contains("serviceName"),
        "{lines}"
    );
    let bodies = project.run(&format!("apply --yes {set} -vv"))?;
    assert_eq!(bodies.exit, 0, "{bodies}");
    let sent = bodies
        .stderr
        .lines()
        .find(|line| line.contains("RegisterTaskDefinition, sent: "))
        .ok_or_else(|| fail(format_args!("no body\n{bodies}")))?;
    assert!(
        sent.contains("API_TOKEN") && sent.contains("production"),
        "{sent}"
    );
    assert!(!bodies.text().contains(SECRET), "{bodies}");
    Ok(())
}

fn nobody_logged_in_is_told_once_for_all_services() -> Outcome {
    const LOG_IN: &str = "aws sso login";
    let project = Project::new(SHOP)?;
    let place = "account = \"123456789012\"\nregion = \"us-east-1\"\ncluster = \"main\"\n";
    let network = "network = { subnets = [\"subnet-0a\"] }\n";
    project.write(
        "config/ecs.toml",
        &format!("platform = \"ecs\"\n{place}{network}"),
    )?;
    project.write(
        "config/eks.toml",
        &format!("platform = \"eks\"\nnamespace = \"shop\"\n{place}"),
    )?;
    let roles = "[service.api.ecs]\nexecution_role = \"arn:aws:iam::123456789012:role/e\"\n\
                 [service.web.ecs]\nexecution_role = \"arn:aws:iam::123456789012:role/e\"\n";
    project.write("deploy.toml", &format!("{SHOP}{roles}"))?;
    for target in ["ecs", "eks"] {
        for verb in ["status", "plan", "apply --yes", "history"] {
            let done = without_credentials(&project, &format!("{verb} --target {target}"))?;
            assert_eq!(done.exit, 1, "{done}");
            assert_eq!(done.stderr.matches(LOG_IN).count(), 1, "{verb}\n{done}");
            assert_eq!(
                done.stderr.matches("web at").count(),
                usize::from(["plan", "apply --yes"].contains(&verb)) + 1,
                "{done}"
            );
            assert!(!done.says("credential provider"), "{done}");
        }
    }
    Ok(())
}

fn without_credentials(project: &Project, words: &str) -> Outcome<Finished> {
    let mut command = project.command()?;
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .args(words.split(' '));
    Running::start(command)?.wait(PATIENCE)
}

fn a_word_of_the_field_gets_its_answer() -> Outcome {
    let project = Project::new(&deploy(
        "api",
        "volumes = [\"data:/data\"]\ninit = true\ndesiredCount = 3",
    ))?;
    project.write(
        "config/kind.toml",
        "platform = \"kubernetes\"\nnamespace = \"shop\"\n[service.api.kubernetes]\n\
         service_type = \"LoadBalancer\"\nnodeSelector = {}\nminReady = \"3s\"\n",
    )?;
    let told = project.run("validate --target kind")?;
    assert_eq!(told.exit, 2, "{told}");
    for words in [
        "expected a table",
        "it belongs in [service.NAME.ecs]",
        "`desiredCount` is written here as `replicas`",
        "the Service is a ClusterIP unless",
        "it is written `node_selector`",
        "it is written `min_ready`",
    ] {
        assert!(told.says(words), "{words}\n{told}");
    }
    assert!(!told.says("did you mean"), "{told}");
    Ok(())
}

fn what_is_wrong_ends_with_its_line() -> Outcome {
    let project = Project::new("project = \"shop\"\nimgae = 1\n")?;
    for words in [
        "validate",
        "validate --target nowhere",
        "validate -f nowhere.toml",
        "validate --outptu json",
        "nothing",
        "apply",
        "logs --since soon",
        "rollback --to",
    ] {
        let told = project.run(words)?;
        assert_eq!(told.exit, 2, "{told}");
        assert!(told.stderr.ends_with('\n'), "{words}\n{told}");
        assert!(!told.stderr.ends_with("\n\n\n"), "{words}\n{told}");
    }
    Ok(())
}

fn what_is_named_twice_is_meant_once_or_refused() -> Outcome {
    let project = Project::new(SHOP)?;
    let plan = project.run("plan --target sandbox --target sandbox --out twice.plan")?;
    assert_eq!(plan.exit, 0, "{plan}");
    let once = "apply --yes --target sandbox --target sandbox --output json";
    let done = project.run(once)?;
    assert_eq!(done.exit, 0, "{done}");
    done.event("outcome", "api")?;
    for (words, says) in [
        ("scale api=2 api=3 --yes", "two counts for api"),
        ("scale api=2 --service web --yes", "--service web"),
        ("history -n 0", "a number from 1 on"),
        (
            "status --image api=a:1 --image api=b:1",
            "two images for api",
        ),
    ] {
        let refused = project.run(words)?;
        assert_eq!(refused.exit, 2, "{words}\n{refused}");
        assert!(refused.says(says), "{words}\n{refused}");
    }
    Ok(())
}

fn an_unused_value_is_refused_by_every_verb() -> Outcome {
    let project = Project::new(SHOP)?;
    for verb in [
        "validate",
        "render",
        "plan",
        "apply --yes",
        "status",
        "watch",
        "cancel",
        "history",
        "rollback --yes",
        "restart --yes",
        "scale api=2 --yes",
        "logs",
        "destroy --yes",
    ] {
        let refused = project.run(&format!("{verb} --set TGA=v2"))?;
        assert_eq!(refused.exit, 2, "{verb}\n{refused}");
        assert!(refused.says("did you mean `TAG`?"), "{verb}\n{refused}");
    }
    assert!(!project.path().join(".deployer").exists());
    Ok(())
}
