//! Time: a machine whose clock is wrong, or is set in mid-rollout, and endpoints that never answer.

use std::net::TcpListener;
use std::time::Duration;

use integration_tests::program::{Finished, Running};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::sandbox::{self, Sandbox};
use integration_tests::servers;
use integration_tests::trial::Outcome;
use integration_tests::trials;

use crate::shop::assert_verdict;

trials! { "clocks":
    a_wrong_clock_changes_no_verdict,
    a_clock_that_is_set_meanwhile_changes_no_verdict,
    a_timeout_ends_every_verb_at_an_endpoint_that_hangs,
}

/// What shows a process other times: off by so much.
const OFFSETS: [&str; 6] = ["+1m", "-1m", "+11m", "-11m", "+1h", "-1h"];

/// A sandbox that looks at the time of every signature, as AWS does.
const STRICT: &str = "[[fault]]\ntimes = 0\neffect = { kind = \"clock_skew\", ms = 0 }\n";

const DEPLOY: &str = r#"
project = "shop"

[service.api]
image   = "shop/api:${TAG:-v1}"
port    = 8080
cpu     = 0.25
memory  = "512MiB"
rollout = { deadline = "10m", breaker = { threshold = 3, rollback = true } }
"#;

struct Bench {
    project: Project,
    _sandbox: Sandbox,
}

impl Bench {
    fn new() -> Outcome<Self> {
        let sandbox = sandbox::serve_world(STRICT)?;
        let project = Project::new(DEPLOY)?;
        project.ecs_target("ecs", &sandbox.url, "main")?;
        Ok(Self {
            project,
            _sandbox: sandbox,
        })
    }

    fn set_clock(&self, off: &str) -> Outcome {
        self.project.write("clock", off)
    }

    fn start(&self, tag: &str) -> Outcome<Running> {
        let mut command = self.project.command()?;
        command.args([
            "apply", "--yes", "--target", "ecs", "--output", "json", "--set",
        ]);
        command.arg(format!("TAG={tag}"));
        let clock = self.project.path().join("clock");
        servers::other_time()?.within(&mut command, &clock);
        Running::start(command)
    }
}

fn warned(finished: &Finished) -> Outcome<bool> {
    let events = finished.events()?;
    Ok(events.iter().any(|event| event["code"] == "clock_skew"))
}

fn a_wrong_clock_changes_no_verdict() -> Outcome {
    let bench = Bench::new()?;
    bench.set_clock("+0")?;
    let first = bench.start("v1")?.wait(PATIENCE)?;
    assert_verdict(&first, "healthy", None, 0)?;
    assert!(!warned(&first)?, "{first}");
    for (number, off) in OFFSETS.into_iter().enumerate() {
        bench.set_clock(off)?;
        let done = bench.start(&format!("ok{number}"))?.wait(PATIENCE)?;
        assert_verdict(&done, "healthy", None, 0)?;
        assert!(warned(&done)?, "{off}: {done}");
        assert!(
            done.took < first.took + Duration::from_secs(15),
            "{off}: {done}"
        );
    }
    let bad = bench.start("crash")?.wait(PATIENCE)?;
    assert_verdict(&bad, "tripped", Some(true), 10)?;
    Ok(())
}

fn a_clock_that_is_set_meanwhile_changes_no_verdict() -> Outcome {
    let bench = Bench::new()?;
    bench.set_clock("+0")?;
    let first = bench.start("v1")?.wait(PATIENCE)?;
    assert_verdict(&first, "healthy", None, 0)?;
    for (number, off) in OFFSETS.into_iter().enumerate() {
        bench.set_clock("+0")?;
        let mut running = bench.start(&format!("ok{number}"))?;
        running.line(PATIENCE, |line| {
            line.contains("\"event\":\"following\"").then_some(())
        })?;
        bench.set_clock(off)?;
        let done = running.wait(PATIENCE)?;
        assert_verdict(&done, "healthy", None, 0)?;
        assert!(
            done.took < first.took + Duration::from_secs(15),
            "{off}: {done}"
        );
    }
    Ok(())
}

/// Takes connections and never answers.
fn hanging() -> Outcome<TcpListener> {
    Ok(TcpListener::bind("127.0.0.1:0")?)
}

fn a_timeout_ends_every_verb_at_an_endpoint_that_hangs() -> Outcome {
    let hanging = hanging()?;
    let url = format!("http://{}", hanging.local_addr()?);
    let project = Project::new(DEPLOY)?;
    project.ecs_target("ecs", &url, "main")?;
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n\
         clusters: [{{ name: here, cluster: {{ server: \"{url}\" }} }}]\n\
         users: [{{ name: me, user: {{ token: none }} }}]\n\
         contexts: [{{ name: here, context: {{ cluster: here, user: me, namespace: shop }} }}]\n"
    );
    project.write("kubeconfig", &kubeconfig)?;
    let path = project.path().join("kubeconfig");
    project.kubernetes_target("kube", &path, "shop")?;
    for verb in [
        "plan",
        "apply --yes",
        "status",
        "history",
        "logs",
        "watch",
        "cancel",
        "rollback --yes",
        "restart --yes",
        "scale api=2 --yes",
        "destroy --yes",
    ] {
        let mut running = Vec::new();
        for target in ["ecs", "kube"] {
            if (verb, target) == ("logs", "ecs") {
                // No log group is named: nothing is asked of anybody.
                continue;
            }
            let words = format!("{verb} --timeout 3s --target {target}");
            running.push((words.clone(), project.start(&words)?));
        }
        for (words, running) in running {
            let done = running.wait(PATIENCE)?;
            assert!(done.took < Duration::from_secs(8), "{words}: {done}");
            assert!([1, 13].contains(&done.exit), "{words}: {done}");
            assert!(done.says("--timeout"), "{words}: {done}");
        }
    }
    Ok(())
}
