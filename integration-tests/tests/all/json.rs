//! `--output json`: whatever is asked for and however it ends, standard output holds one record a line, each as the schema
//! describes it, and the last of them, and only the last, is the summary.

use integration_tests::program::{Finished, Running, Signal, repository};
use integration_tests::project::{PATIENCE, Project};
use integration_tests::schema::Schema;
use integration_tests::trial::{Outcome, fail};
use integration_tests::trials;
use serde_json::{Value, json};

trials! { "json":
    every_verb_tells_records_and_one_summary,
    every_refusal_tells_records_and_one_summary,
    a_problem_has_its_place,
    what_goes_wrong_on_the_way_tells_one_summary_too,
    an_interrupt_tells_one_summary,
    the_summary_tells_each_service,
    a_document_is_one_document,
    the_sandbox_tells_records,
}

/// The verbs that read the files.
const READERS: [&str; 13] = [
    "validate",
    "render",
    "plan",
    "apply",
    "status",
    "history",
    "logs",
    "watch",
    "cancel",
    "scale api=1",
    "restart",
    "rollback",
    "destroy",
];

const IMAGE: &str = "--image api=shop/api";

/// The records of a run, each of which is as the schema says; the last is the only summary, and says how the run ended.
pub(crate) fn records(finished: &Finished) -> Outcome<Vec<Value>> {
    let path = repository().join("config/schema/events.schema.json");
    let schema = Schema::parse(&std::fs::read_to_string(path)?)?;
    let records = finished.events()?;
    for record in &records {
        schema.check(record)?;
    }
    let is_summary = |record: &&Value| record["event"] == "summary";
    let summaries = records.iter().filter(is_summary).count();
    assert_eq!(summaries, 1, "{finished}");
    let last = summary(&records)?;
    assert_eq!(last["event"], "summary", "{finished}");
    assert_eq!(last["exit"], finished.exit, "{finished}");
    Ok(records)
}

fn summary(records: &[Value]) -> Outcome<&Value> {
    records.last().ok_or_else(|| fail("no record at all"))
}

/// Runs a command for scripts; it ends so, with nothing on standard error.
fn told(project: &Project, words: &str, exit: i32, verdict: &str) -> Outcome<Vec<Value>> {
    let finished = project.run(&format!("{words} --output json"))?;
    assert_eq!(finished.exit, exit, "{words}\n{finished}");
    let records = records(&finished)?;
    assert_eq!(
        summary(&records)?["verdict"],
        verdict,
        "{words}\n{finished}"
    );
    assert_eq!(finished.stderr, "", "{words}\n{finished}");
    Ok(records)
}

fn has(records: &[Value], kind: &str) -> bool {
    records.iter().any(|record| record["event"] == kind)
}

fn every_verb_tells_records_and_one_summary() -> Outcome {
    let project = Project::example()?;
    let v1 = format!("{IMAGE}:v1 --target sandbox");
    let v2 = format!("{IMAGE}:v2 --target sandbox");
    let at = "--target sandbox";
    let steps = [
        (format!("validate {at}"), 0, "answered", "valid"),
        (format!("plan {v1}"), 0, "changes", "plan"),
        (format!("apply {v1}"), 0, "healthy", "outcome"),
        (format!("plan {v1} --exit-code"), 0, "no_changes", "plan"),
        (format!("plan {v2} --exit-code"), 3, "changes", "plan"),
        (format!("plan {v2} --out v2.plan"), 0, "changes", "saved"),
        (
            format!("apply {at} --plan v2.plan"),
            0,
            "healthy",
            "outcome",
        ),
        (format!("apply {v2}"), 0, "unchanged", "outcome"),
        (
            format!("apply {at} --plan v2.plan"),
            4,
            "refused",
            "outcome",
        ),
        (format!("status {at}"), 0, "answered", "status"),
        (format!("history {at}"), 0, "answered", "history"),
        (format!("logs {at}"), 0, "answered", "log"),
        (format!("watch {at}"), 0, "unchanged", "outcome"),
        (format!("cancel {at}"), 0, "unchanged", "outcome"),
        (format!("scale api=3 {at} --yes"), 0, "healthy", "outcome"),
        (format!("restart {at} --yes"), 0, "healthy", "outcome"),
        (
            format!("apply {IMAGE}:crash {at}"),
            10,
            "tripped",
            "post_mortem",
        ),
        (format!("rollback {at} --yes"), 0, "healthy", "outcome"),
        (format!("destroy {at} --yes"), 0, "healthy", "outcome"),
        (format!("status {at}"), 1, "failed", "outcome"),
        (
            format!("apply {IMAGE}:crash {at}"),
            11,
            "tripped",
            "outcome",
        ),
        ("sandbox reset".to_owned(), 0, "answered", "reset"),
        ("--version".to_owned(), 0, "answered", "version"),
    ];
    for (words, exit, verdict, kind) in steps {
        let records = told(&project, &words, exit, verdict)?;
        assert!(has(&records, kind), "{kind} of {words}: {records:#?}");
    }
    Ok(())
}

fn every_refusal_tells_records_and_one_summary() -> Outcome {
    let project = Project::example()?;
    project.write(
        "config/ask.toml",
        "platform = \"sandbox\"\napprove = \"ask\"\n",
    )?;
    project.write("broken.toml", "project = \"shop\"\n[service.api\n")?;
    let broken = "-f broken.toml --target sandbox";
    let mut lines = vec![
        ("--target sandbox".to_owned(), "usage"),
        ("aply --target sandbox".to_owned(), "usage"),
        ("apply --target sandbox --nope".to_owned(), "usage"),
        ("scale --target sandbox".to_owned(), "usage"),
        ("scale api=many --target sandbox".to_owned(), "usage"),
        ("schema nothing".to_owned(), "usage"),
        ("completions fsh".to_owned(), "usage"),
        ("plan".to_owned(), "no-target"),
        ("plan --target sandbox --out".to_owned(), "usage"),
        (
            "plan --target ecs --target sandbox --out x".to_owned(),
            "usage",
        ),
        (
            "plan --target sandbox --image api=a:1 --image api=a:2".to_owned(),
            "usage",
        ),
        ("apply --target sandbox --plan no.plan".to_owned(), "plan"),
        (
            "apply --target sandbox --plan no.plan --set A=1".to_owned(),
            "usage",
        ),
        ("apply --target ask".to_owned(), "not-approved"),
        (
            "logs --target sandbox --container nope".to_owned(),
            "unknown-container",
        ),
        ("render --target nowhere".to_owned(), ""),
    ];
    for verb in READERS {
        lines.push((format!("{verb} {broken}"), ""));
    }
    for (words, code) in lines {
        let records = told(&project, &words, 2, "wrong")?;
        let problem = &records[0];
        assert_eq!(problem["event"], "problem", "{words}: {records:#?}");
        assert!(
            code.is_empty() || problem["code"] == code,
            "{words}: {problem}"
        );
        assert_ne!(problem["message"], "", "{words}: {problem}");
    }
    Ok(())
}

fn a_problem_has_its_place() -> Outcome {
    let project = Project::example()?;
    let more = "\n[service.web]\nimage = \"shop/web:v1\"\nprot = 80\n";
    let deploy = std::fs::read_to_string(project.path().join("deploy.toml"))? + more;
    project.write("deploy.toml", &deploy)?;
    let records = told(&project, "plan --target sandbox", 2, "wrong")?;
    let line = deploy.lines().count();
    let problem = records
        .iter()
        .find(|record| record["code"] == "unknown-key");
    let problem = problem.ok_or_else(|| fail(format_args!("{records:#?}")))?;
    let place = ["file", "line", "column"].map(|key| problem[key].clone());
    assert_eq!(place, [json!("deploy.toml"), json!(line), json!(1)]);
    let help = problem["help"].as_str().unwrap_or_default();
    assert!(help.contains("`port`"), "{problem}");
    assert_eq!(summary(&records)?["target"], "sandbox", "{records:#?}");
    Ok(())
}

fn what_goes_wrong_on_the_way_tells_one_summary_too() -> Outcome {
    let project = Project::example()?;
    // Nothing listens on the discard port.
    project.ecs_target("away", "http://127.0.0.1:9", "main")?;
    for verb in [
        "plan",
        "apply --yes",
        "status",
        "history",
        "logs",
        "watch",
        "rollback --yes",
        "destroy --yes",
    ] {
        let records = told(&project, &format!("{verb} --target away"), 1, "failed")?;
        let service = &summary(&records)?["services"][0];
        assert_eq!(
            (&service["target"], &service["exit"]),
            (&json!("away"), &json!(1)),
            "{records:#?}"
        );
    }
    let nowhere = "status --target sandbox --sandbox-state /dev/null/world.json";
    let records = told(&project, nowhere, 1, "failed")?;
    assert_eq!(records[0]["code"], "sandbox", "{records:#?}");
    let back = "rollback --target sandbox --yes --to 99";
    told(
        &project,
        &format!("apply --target sandbox {IMAGE}:v1"),
        0,
        "healthy",
    )?;
    told(&project, back, 2, "wrong")?;
    let slow = format!("apply --target sandbox {IMAGE}:slow --timeout 1s");
    told(&project, &slow, 13, "undetermined")?;
    Ok(())
}

fn an_interrupt_tells_one_summary() -> Outcome {
    for signals in [1, 2] {
        let project = Project::example()?;
        let mut running = project.start(&format!(
            "apply --target sandbox --output json {IMAGE}:slow"
        ))?;
        running.line(PATIENCE, |line| {
            line.contains("\"event\":\"following\"").then_some(())
        })?;
        for _ in 0..signals {
            running.signal(Signal::TERM)?;
        }
        let finished = running.wait(PATIENCE)?;
        assert_eq!(finished.exit, 130, "{finished}");
        let records = records(&finished)?;
        let last = summary(&records)?;
        assert_eq!(last["verdict"], "interrupted", "{finished}");
        assert_eq!(last["services"][0]["verdict"], "interrupted", "{finished}");
    }
    Ok(())
}

fn the_summary_tells_each_service() -> Outcome {
    let project = Project::example()?;
    for tag in ["v1", "v2"] {
        told(
            &project,
            &format!("apply --target sandbox {IMAGE}:{tag}"),
            0,
            "healthy",
        )?;
    }
    let records = told(
        &project,
        &format!("apply --target sandbox {IMAGE}:crash"),
        10,
        "tripped",
    )?;
    let last = summary(&records)?;
    assert_eq!(last["target"], "sandbox", "{last}");
    let told_of = |key: &str| last["services"][0][key].as_str().unwrap_or_default();
    let all = ["service", "verdict", "revision", "from", "to"].map(told_of);
    let right = [
        "api",
        "tripped",
        "api-service:3",
        "api-service:2",
        "api-service:2",
    ];
    assert_eq!(all, right, "{last}");
    assert_eq!(
        last["services"][0]["images"][0]["image"], "shop/api:crash",
        "{last}"
    );
    // Two targets, and so none of which the whole run is.
    project.write(
        "config/other.toml",
        "platform = \"sandbox\"\nregion = \"eu-west-1\"\n",
    )?;
    let finished = project.run("status --target sandbox --target other --output json")?;
    let records = self::records(&finished)?;
    let last = summary(&records)?;
    assert_eq!(last["target"], Value::Null, "{finished}");
    assert_eq!(last["services"][0]["images"], json!([]), "{finished}");
    let verdicts: Vec<&Value> = [0_usize, 1]
        .map(|n| &last["services"][n]["verdict"])
        .to_vec();
    assert_eq!(verdicts, ["answered", "failed"], "{finished}");
    Ok(())
}

fn a_document_is_one_document() -> Outcome {
    let project = Project::example()?;
    for words in ["render --target sandbox", "schema events", "schema deploy"] {
        let finished = project.run(&format!("{words} --output json"))?;
        assert_eq!(
            (finished.exit, finished.stderr.as_str()),
            (0, ""),
            "{words}\n{finished}"
        );
        let _: Value = serde_json::from_str(&finished.stdout)?;
    }
    for words in ["completions bash", "--help", "render --help"] {
        let plain = project.run(words)?;
        let finished = project.run(&format!("{words} --output json"))?;
        assert_eq!(finished.stdout, plain.stdout, "{words}");
    }
    Ok(())
}

fn the_sandbox_tells_records() -> Outcome {
    let project = Project::empty()?;
    let words = "sandbox --listen 127.0.0.1:0 --output json";
    let mut running: Running = project.start(words)?;
    running.line(PATIENCE, |line| {
        line.contains("\"url\":\"http://127.0.0.1:").then_some(())
    })?;
    running.signal(Signal::TERM)?;
    let finished = running.wait(PATIENCE)?;
    assert_eq!(finished.exit, 0, "{finished}");
    let records = records(&finished)?;
    assert_eq!(records[0]["event"], "listening", "{finished}");
    Ok(())
}

/// The same on Kubernetes. Needs a control plane.
pub(crate) mod on_kubernetes {
    use integration_tests::trial::Outcome;
    use integration_tests::trials;

    use crate::kube::Bench;

    trials! { "kube":
        verbs_tell_records_and_one_summary,
    }

    fn verbs_tell_records_and_one_summary() -> Outcome {
        let bench = Bench::serving("records", "v1")?;
        for (words, exit) in [
            ("status", 0),
            ("history", 0),
            ("watch", 0),
            ("cancel", 0),
            ("plan --exit-code --set TAG=v2", 3),
            ("scale api=3 --yes", 0),
            ("rollback --to 99 --yes", 2),
            ("destroy --yes", 0),
            ("status", 1),
        ] {
            let done = bench.run(words)?;
            assert_eq!(done.exit, exit, "{words}\n{done}");
            super::records(&done)?;
        }
        Ok(())
    }
}
