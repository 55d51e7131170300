//! What a repository, a plugin and an endpoint get of this machine's credentials, and what anybody gets to read of them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use integration_tests::host;
use integration_tests::program::{Finished, Running, Signal};
use integration_tests::project::{PATIENCE, Project, unique};
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;

use crate::shop::deploy;

trials! { "trust":
    a_failing_plugin_is_told_without_its_secrets,
    a_plugin_that_is_missing_is_named,
    a_hanging_plugin_ends_with_an_interrupt,
    a_kubeconfig_of_the_repository_runs_nothing_unasked,
    a_failing_credential_process_is_told_without_its_secrets,
    a_credential_process_logs_in,
    an_endpoint_on_the_open_network_gets_made_up_credentials,
    a_secret_of_the_environment_is_not_handed_out_unasked,
    a_secret_of_a_variable_is_in_nothing_that_is_rendered,
    a_literal_that_is_masked_is_said_by_validate_and_not_by_a_plan,
    a_variable_that_nobody_allowed_is_told_once,
    an_answer_that_says_nothing_is_trouble_for_every_verb,
}

const ANSWER: &str = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"SECRET-TOKEN"}}"#;

/// A project whose target `kube` logs in by the plugin `sh` with this script.
fn with_plugin(script: &str) -> Outcome<Project> {
    with_program("sh", script)
}

fn with_program(command: &str, script: &str) -> Outcome<Project> {
    let project = Project::new(&deploy(&unique("api"), ""))?;
    let exec = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": command,
        "args": ["-c", script, "--client-secret=SECRET-ARG"],
        "env": [{"name": "CLIENT_SECRET", "value": "SECRET-ENV"}],
        "interactiveMode": "Never", "installHint": "get it from example.com",
    });
    let file = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"exec": exec}}],
    });
    project.write("kubeconfig", &file.to_string())?;
    let kubeconfig = project.path().join("kubeconfig");
    project.kubernetes_target("kube", &kubeconfig, "default")?;
    Ok(project)
}

/// Runs a command as GitHub Actions does, and adds what it would show as the step's summary.
fn in_actions(project: &Project, mut command: Command) -> Outcome<Finished> {
    let summary = project.path().join("summary.md");
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary);
    let mut done = Running::start(command)?.wait(PATIENCE)?;
    done.stderr += &std::fs::read_to_string(summary).unwrap_or_default();
    Ok(done)
}

fn words(project: &Project, words: &str) -> Outcome<Command> {
    let mut command = project.command()?;
    command.args(words.split_whitespace());
    Ok(command)
}

fn says(done: &Finished, parts: &[&str]) {
    for part in parts {
        assert!(done.says(part), "{part} is not said\n{done}");
    }
    for secret in ["SECRET-", "t0ken"] {
        assert!(!done.text().contains(secret), "{secret} is shown\n{done}");
    }
}

fn a_failing_plugin_is_told_without_its_secrets() -> Outcome {
    for (script, parts) in [
        (
            format!("echo '{ANSWER}'; echo \"expired: $CLIENT_SECRET, run the login\" >&2; exit 7"),
            ["plugin sh", "exit status: 7", "run the login"],
        ),
        (
            format!("echo 'a new version is available'; echo '{ANSWER}'"),
            ["plugin sh", "no ExecCredential", "may hold the token"],
        ),
        (
            format!("echo '{}'", &ANSWER[..100]),
            ["plugin sh", "no ExecCredential", "neither JSON nor YAML"],
        ),
    ] {
        let project = with_plugin(&script)?;
        for verb in ["plan", "apply --yes", "status"] {
            let line = format!("{verb} --target kube --allow-exec");
            let done = in_actions(&project, words(&project, &line)?)?;
            assert_eq!(done.exit, 1, "{done}");
            says(&done, &parts);
        }
    }
    Ok(())
}

fn a_plugin_that_is_missing_is_named() -> Outcome {
    let project = with_program("no-such-plugin", "")?;
    let done = project.run("plan --target kube --allow-exec")?;
    assert_eq!(done.exit, 1, "{done}");
    says(
        &done,
        &[
            "no-such-plugin",
            "no such program",
            "get it from example.com",
        ],
    );
    Ok(())
}

fn a_hanging_plugin_ends_with_an_interrupt() -> Outcome {
    for signal in [Signal::INT, Signal::TERM] {
        let project = with_plugin("echo $$ > pid; exec sleep 1000")?;
        let running = project.start("plan --target kube --allow-exec")?;
        let file = project.path().join("pid");
        let id = host::poll(PATIENCE, || {
            let text = std::fs::read_to_string(&file).ok()?;
            text.strip_suffix('\n').map(str::to_owned)
        });
        let id = id.ok_or_else(|| fail("the plugin was never started"))?;
        running.signal(signal)?;
        let done = running.wait(Duration::from_secs(10))?;
        assert_eq!(done.exit, 130, "{done}");
        let gone = host::poll(PATIENCE, || {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            (stat.is_empty() || stat.contains(") Z ")).then_some(())
        });
        assert!(gone.is_some(), "the plugin goes on\n{done}");
    }
    Ok(())
}

fn a_kubeconfig_of_the_repository_runs_nothing_unasked() -> Outcome {
    let project = with_plugin("touch was-run; exit 1")?;
    let ran = || project.path().join("was-run").exists();
    for line in [
        "plan --target kube",
        "apply --yes --target kube",
        "status --target kube",
    ] {
        let done = project.run(line)?;
        assert_eq!(done.exit, 4, "{done}");
        says(&done, &["plugin sh", "--allow-exec", "KUBECONFIG"]);
        assert!(!ran(), "{done}");
    }
    let mut command = words(&project, "plan --target kube")?;
    command.env("DEPLOYER_ALLOW_EXEC", "1");
    let done = Running::start(command)?.wait(PATIENCE)?;
    assert!(done.exit == 1 && ran(), "{done}");
    Ok(())
}

/// A project whose credentials come from a program, and a command with them.
fn with_process(script: &str, line: &str) -> Outcome<(Project, Command)> {
    let project = Project::new(&deploy(&unique("api"), ""))?;
    project.ecs_target("bench", "http://127.0.0.1:9", "main")?;
    project.write("process.sh", script)?;
    let program = project.path().join("process.sh");
    let profile = format!(
        "[profile dev]\ncredential_process = sh {} SECRET-ARG\n",
        program.display()
    );
    project.write("aws", &profile)?;
    let mut command = words(&project, line)?;
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_PROFILE", "dev")
        .env("AWS_CONFIG_FILE", project.path().join("aws"));
    Ok((project, command))
}

const KEYS: &str = r#"{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"SECRET-KEY","SessionToken":"SECRET-SESSION"}"#;

fn a_failing_credential_process_is_told_without_its_secrets() -> Outcome {
    for (script, part) in [
        (
            format!("echo '{KEYS}'\necho \"$1 and SECRET-KEY are old, run the login\" >&2\nexit 7"),
            "exit status: 7",
        ),
        (format!("echo '{}'", &KEYS[..60]), "is no credentials"),
    ] {
        let (project, command) = with_process(&script, "plan --target bench")?;
        let done = in_actions(&project, command)?;
        assert_eq!(done.exit, 1, "{done}");
        says(&done, &["credential_process", "profile dev", part]);
    }
    Ok(())
}

fn a_credential_process_logs_in() -> Outcome {
    let (listener, url) = listener("127.0.0.1")?;
    let (project, command) = with_process(&format!("echo '{KEYS}'"), "plan --target bench")?;
    project.ecs_target("bench", &url, "main")?;
    let asked = answer_once(listener);
    let _ = Running::start(command)?.wait(PATIENCE)?;
    let asked = asked.join().map_err(|_| fail("nobody asked"))??;
    assert!(asked.contains("AKIDPROCESS"), "{asked}");
    Ok(())
}

pub(crate) fn listener(host: &str) -> Outcome<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{host}:{}", listener.local_addr()?.port());
    Ok((listener, url))
}

/// Takes down the head of the first request, and refuses it for good.
fn answer_once(listener: TcpListener) -> std::thread::JoinHandle<Outcome<String>> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let (mut head, mut part) = (Vec::new(), [0; 4096]);
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut part)? {
                0 => break,
                count => head.extend_from_slice(&part[..count]),
            }
        }
        let body = r#"{"__type":"AccessDeniedException","message":"no"}"#;
        write!(
            stream,
            "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )?;
        Ok(String::from_utf8_lossy(&head).into_owned())
    })
}

fn an_endpoint_on_the_open_network_gets_made_up_credentials() -> Outcome {
    // 0.0.0.0 leads to this machine too, but is no loopback address.
    for (host, real) in [("127.0.0.1", true), ("localhost", true), ("0.0.0.0", false)] {
        let (listener, url) = listener(host)?;
        let project = Project::new(&deploy(&unique("api"), ""))?;
        project.ecs_target("bench", &url, "main")?;
        let asked = answer_once(listener);
        let mut command = words(&project, "plan --target bench")?;
        command.env("AWS_SESSION_TOKEN", "session-of-somebody");
        let done = Running::start(command)?.wait(PATIENCE)?;
        let asked = asked.join().map_err(|_| fail("nobody asked"))??;
        for credential in ["AKIDEXAMPLE", "session-of-somebody"] {
            assert_eq!(asked.contains(credential), real, "{host}\n{asked}\n{done}");
        }
        let validated = project.run("validate --target bench")?;
        assert_eq!(validated.says("made-up credentials"), !real, "{validated}");
    }
    Ok(())
}

/// Answers every request with this, and with success.
pub(crate) fn answer_always(listener: TcpListener, body: &'static str) {
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            std::thread::spawn(move || {
                let mut part = vec![0; 64 << 10];
                // The requests are small: head and body come together.
                if matches!(stream.read(&mut part), Ok(1..)) {
                    let length = body.len();
                    let _ = write!(
                        stream,
                        "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                    );
                }
            });
        }
    });
}

fn an_answer_that_says_nothing_is_trouble_for_every_verb() -> Outcome {
    for body in ["", "{}"] {
        let (listener, url) = listener("127.0.0.1")?;
        answer_always(listener, body);
        let project = Project::new(&deploy(&unique("api"), ""))?;
        project.ecs_target("bench", &url, "main")?;
        for verb in [
            "plan",
            "apply --yes",
            "status",
            "history",
            "watch",
            "cancel",
            "rollback --yes",
            "destroy --yes",
        ] {
            let done = project.run(&format!("{verb} --target bench"))?;
            assert_eq!(done.exit, 1, "{verb}\n{done}");
            assert!(done.says("it is empty, or not from AWS"), "{verb}\n{done}");
        }
    }
    Ok(())
}

fn with_variable(name: &str) -> Outcome<Project> {
    let more = format!("env = {{ A = \"${{{name}}}\", B = \"${{{name}}}\" }}");
    let project = Project::new(&deploy(&unique("api"), &more))?;
    project.ecs_target("bench", "http://127.0.0.1:9", "main")?;
    Ok(project)
}

fn a_secret_of_the_environment_is_not_handed_out_unasked() -> Outcome {
    let project = with_variable("DB_PASSWORD")?;
    let tried = |line: &str| -> Outcome<Finished> {
        let mut command = words(&project, line)?;
        command.env("DB_PASSWORD", "SECRET-PASSWORD");
        Running::start(command)?.wait(PATIENCE)
    };
    let done = tried("validate --target bench")?;
    assert_eq!(done.exit, 2, "{done}");
    says(&done, &["DB_PASSWORD", "--allow-env DB_PASSWORD"]);
    for allowed in ["DB_PASSWORD", "DB_*"] {
        let done = tried(&format!("validate --target bench --allow-env {allowed}"))?;
        assert_eq!(done.exit, 0, "{done}");
        assert!(!done.says("comes from the environment"), "{done}");
    }
    Ok(())
}

fn a_secret_of_a_variable_is_in_nothing_that_is_rendered() -> Outcome {
    let project = with_program("sh", "exit 1")?;
    let more = "command = [\"serve\", \"--with=${DEPLOY_PASSWORD}\"]";
    project.write("deploy.toml", &deploy(&unique("api"), more))?;
    project.ecs_target("bench", "http://127.0.0.1:9", "main")?;
    for line in [
        "render --target kube",
        "render --target kube --output json",
        "render --target bench",
        "render --target bench --output json",
    ] {
        let mut command = words(&project, line)?;
        command.env("DEPLOY_PASSWORD", "SECRET-PASSWORD");
        let done = Running::start(command)?.wait(PATIENCE)?;
        assert_eq!(done.exit, 0, "{line}\n{done}");
        says(&done, &["--with=(masked)"]);
    }
    Ok(())
}

fn a_literal_that_is_masked_is_said_by_validate_and_not_by_a_plan() -> Outcome {
    let more = "env = { SMTP_PASS = \"SECRET-LITERAL\" }";
    let project = Project::new(&deploy(&unique("api"), more))?;
    let told = "`SMTP_PASS` in `env` is masked";
    for line in ["validate", "validate --output json"] {
        let done = project.run(&format!("{line} --target sandbox"))?;
        assert_eq!(done.exit, 0, "{done}");
        says(&done, &["api", told, "its name promises a secret"]);
    }
    let plan = project.run("plan --target sandbox")?;
    assert_eq!(plan.exit, 0, "{plan}");
    assert!(!plan.says(told), "{plan}");
    Ok(())
}

fn a_variable_that_nobody_allowed_is_told_once() -> Outcome {
    for (name, told) in [
        ("COLOR", 1),
        ("TAG", 0),
        ("GITHUB_SHA", 0),
        ("DEPLOY_COLOR", 0),
    ] {
        let project = with_variable(name)?;
        let mut command = words(&project, "validate --target bench")?;
        command.env(name, "blue");
        let done = Running::start(command)?.wait(PATIENCE)?;
        assert_eq!(done.exit, 0, "{done}");
        let times = done.text().matches("comes from the environment").count();
        assert_eq!(times, told, "{done}");
        let mut command = words(&project, "validate --target bench --allow-env OTHER")?;
        command.env(name, "blue");
        let done = Running::start(command)?.wait(PATIENCE)?;
        assert_eq!(done.exit, if told == 1 { 2 } else { 0 }, "{done}");
    }
    Ok(())
}
